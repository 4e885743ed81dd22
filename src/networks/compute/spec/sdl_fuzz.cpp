// SDL files are written by customers; the provider's and the gateway's machines parse them too.
#include <cstddef>
#include <cstdint>

#include "networks/compute/spec/compile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tp::compute;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::optional<tp::Hash256> strict;
  for (const SdlMode mode : {SdlMode::kStrict, SdlMode::kLenient}) {
    const auto sdl = check_sdl(text, "fuzz.yaml", {.mode = mode});
    // Strict never takes what lenient refuses.
    TP_ASSERT(sdl || !strict);
    if (!sdl) continue;
    // What is accepted compiles to groups and a manifest that fit each other and come back whole.
    const CompiledSdl compiled = compile_sdl(*sdl);
    TP_ASSERT(check_group_specs(compiled.groups));
    TP_ASSERT(check_manifest_against_groups(compiled.manifest, compiled.groups));
    const auto back = parse_manifest_json(canonical_json(compiled.manifest));
    TP_ASSERT(back && manifest_hash(*back) == compiled.hash);
    TP_ASSERT(!strict || *strict == compiled.hash);
    strict = compiled.hash;
    (void)compile_sdl(*sdl, ClientRules::kTypeScript);
  }
  return 0;
}
