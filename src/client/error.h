// What can go wrong between us and a node. Codespace "client". What the chain itself refuses comes
// with the chain's own codespace, code and log instead.
#pragma once

#include "base/result.h"

namespace tp::client {

enum class ClientError : std::uint32_t {
  kInvalidUrl = 2,
  kUnreachable = 3,  // nobody answers there; nothing was sent
  kBroken = 4,       // the connection ended early; what was sent may have arrived
  kTimeout = 5,      // the same, by the clock
  kMalformed = 6,    // the answer is not what the protocol says
  kRpc = 7,          // the node answered with an error
  kNotFound = 8,
  kNotIncluded = 9,  // a transaction did not show up in a block in time; it still may
};
ErrorInfo describe(ClientError error);

}  // namespace tp::client
