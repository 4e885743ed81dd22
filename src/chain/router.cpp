#include "chain/router.h"

#include <google/protobuf/descriptor.h>

namespace tp::chain {

const MessageRoute* MessageRouter::find(std::string_view type_url) const {
  const auto found = routes_.find(type_url);
  return found == routes_.end() ? nullptr : &found->second;
}

void MessageRouter::insert(const google::protobuf::Descriptor* descriptor, MessageRoute route) {
  const bool added = routes_.emplace("/" + descriptor->full_name(), std::move(route)).second;
  TP_ASSERT(added);  // two modules claim one message
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

const QueryRouter::Handler* QueryRouter::find(std::string_view path) const {
  const auto found = handlers_.find(path);
  return found == handlers_.end() ? nullptr : &found->second;
}

void QueryRouter::insert(std::string path, Handler handler) {
  const bool added = handlers_.emplace(std::move(path), std::move(handler)).second;
  TP_ASSERT(added);
}

}  // namespace tp::chain
