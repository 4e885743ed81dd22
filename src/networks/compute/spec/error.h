// The errors of a deployment's text: SDL, groups, manifest.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tp::compute {

// Codespace "sdl". The texts of kInvalidManifest and kManifestMismatch begin as the reference's do,
// because its clients search for them (specs/compute-market.md §1.10).
enum class SpecError : std::uint32_t {
  kInvalidSdl = 2,       // the text names file, line and field of every fault
  kTooLarge = 3,         // longer, deeper or with more nodes than a parser here will read
  kInvalidQuantity = 4,  // a size, a share of a CPU or a span of time that is not one
  kNoGroups = 5,
  kDuplicateGroup = 6,
  kInvalidGroup = 7,  // a limit of §1.8 on units, counts or totals
  kInvalidPrice = 8,
  kInvalidManifest = 9,
  kManifestMismatch = 10,  // the manifest does not fit the groups that are on chain
  kRenamedService = 11,    // an update may not rename, add or drop services
};
ErrorInfo describe(SpecError error);

// `text` alone, without the registered text behind it: for texts that clients know whole.
std::unexpected<Error> fail_with_text(SpecError error, std::string text);

}  // namespace tp::compute
