// What can go wrong in the sequencer. Codespace "solo". Admission to the mempool answers with the
// SDK's own codes (chain/sdk_errors.h): 19 already there, 20 full, 21 too large.
#pragma once

#include "base/result.h"

namespace tp::solo {

enum class SoloError : std::uint32_t {
  kOtherChain = 2,
  kDamaged = 3,
  kUnknownHeight = 4,
  kCannotRecover = 5,
  kUnsupported = 6,
  kStopped = 7,
  kDropped = 8,
};
ErrorInfo describe(SoloError error);

}  // namespace tp::solo
