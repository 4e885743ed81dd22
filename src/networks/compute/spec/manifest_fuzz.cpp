// Manifests reach the provider from anyone who holds a lease.
#include <cstddef>
#include <cstdint>

#include "networks/compute/spec/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tp::compute;
  const auto manifest = parse_manifest_json({reinterpret_cast<const char*>(data), size});
  if (!manifest) return 0;
  // The canonical form is read as what it was written from, or the hash would not hold.
  const std::string json = canonical_json(*manifest);
  const auto again = parse_manifest_json(json);
  TP_ASSERT(json.size() > kManifestBytesMax || (again && *again == *manifest));
  (void)validate_manifest(*manifest);
  (void)check_manifest_against_groups(*manifest, {});
  TP_ASSERT(check_manifest_update(*manifest, *manifest));
  return 0;
}
