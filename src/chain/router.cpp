#include "chain/router.h"

#include "chain/history.h"
#include "chain/sdk_errors.h"

namespace tp::chain {

const MessageRoute* MessageRouter::find(const MessageType& type) const {
  if (type.index >= routes_.size() || !routes_[type.index]) return nullptr;
  return &*routes_[type.index];
}

void MessageRouter::insert(const MessageType& type, MessageRoute route) {
  if (routes_.size() <= type.index) routes_.resize(type.index + 1);
  routes_[type.index] = std::move(route);
}

ErrorInfo describe(QueryError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"grpc", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case QueryError::kInvalidArgument: return info("invalid request");
    case QueryError::kNotFound: return info("key not found");
    case QueryError::kPermissionDenied: return info("permission denied");
    case QueryError::kUnimplemented: return info("unknown query path");
    case QueryError::kInternal: return info("internal");
  }
  TP_FATAL("QueryError out of range");
}

Error as_query_error(Error error) {
  if (error.codespace != describe(QueryError::kNotFound).codespace) return error;
  const bool not_found = is(error, QueryError::kNotFound);
  const char* status = not_found                                  ? "NotFound"
                       : is(error, QueryError::kInvalidArgument)  ? "InvalidArgument"
                       : is(error, QueryError::kPermissionDenied) ? "PermissionDenied"
                       : is(error, QueryError::kUnimplemented)    ? "Unimplemented"
                                                                  : "Internal";
  const ErrorInfo sdk = describe(not_found ? SdkError::kKeyNotFound : SdkError::kInvalidRequest);
  return {std::string(sdk.codespace), sdk.code,
          "rpc error: code = " + std::string(status) + " desc = " + error.text};
}

const QueryRouter::Handler* QueryRouter::find(std::string_view path) const {
  const auto found = handlers_.find(path);
  return found == handlers_.end() ? nullptr : &found->second;
}

std::string QueryRouter::asks_history(std::string_view path, BytesView request,
                                      const Result<Bytes>& answer) const {
  const auto leaving = leaving_.find(path);
  if (leaving == leaving_.end()) return {};
  const std::optional<std::string> id = leaving->second(request, answer);
  return id ? history_key(path, *id) : std::string();
}

void QueryRouter::insert(std::string path, Handler handler) {
  const bool added = handlers_.emplace(std::move(path), std::move(handler)).second;
  TP_ASSERT(added);
}

}  // namespace tp::chain
