#include "client/error.h"

namespace tp::client {

ErrorInfo describe(ClientError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"client", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case ClientError::kInvalidUrl: return info("invalid URL");
    case ClientError::kUnreachable: return info("server unreachable");
    case ClientError::kBroken: return info("connection broken");
    case ClientError::kTimeout: return info("timed out");
    case ClientError::kMalformed: return info("malformed answer");
    case ClientError::kRpc: return info("the node refused");
    case ClientError::kNotFound: return info("not found");
    case ClientError::kNotIncluded: return info("not in a block yet");
  }
  TP_FATAL("ClientError out of range");
}

}  // namespace tp::client
