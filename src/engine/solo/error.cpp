#include "engine/solo/error.h"

namespace tp::solo {

ErrorInfo describe(SoloError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"solo", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case SoloError::kOtherChain: return info("the data belongs to another chain");
    case SoloError::kDamaged: return info("damaged block log");
    case SoloError::kUnknownHeight: return info("no such block");
    case SoloError::kCannotRecover: return info("state and blocks do not fit together");
    case SoloError::kUnsupported: return info("not possible with the embedded sequencer");
    case SoloError::kStopped: return info("the sequencer has stopped");
    case SoloError::kDropped: return info("the transaction became invalid and was dropped");
  }
  TP_FATAL("SoloError out of range");
}

}  // namespace tp::solo
