#include "networks/compute/spec/error.h"

#include <utility>

namespace tp::compute {

ErrorInfo describe(SpecError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"sdl", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case SpecError::kInvalidSdl: return info("SDL invalid");
    case SpecError::kTooLarge: return info("input too large");
    case SpecError::kInvalidQuantity: return info("invalid quantity");
    case SpecError::kNoGroups: return info("no groups present");
    case SpecError::kDuplicateGroup: return info("duplicate deployment group name");
    case SpecError::kInvalidGroup: return info("invalid group");
    case SpecError::kInvalidPrice: return info("invalid price");
    case SpecError::kInvalidManifest: return info("invalid manifest");
    case SpecError::kManifestMismatch: return info("manifest cross-validation error");
    case SpecError::kRenamedService: return info("manifest service rename is not allowed");
  }
  TP_FATAL("SpecError out of range");
}

std::unexpected<Error> fail_with_text(SpecError error, std::string text) {
  const ErrorInfo info = describe(error);
  return std::unexpected(Error{std::string(info.codespace), info.code, std::move(text)});
}

}  // namespace tp::compute
