// Any registered protobuf message from and to JSON, by its name: so that every message and query of
// the chain can be used from the command line. Field names as on the wire (snake_case); Any as
// {"@type": "/...", ...}.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tp::cli {

// "akash.market.v1beta5.MsgCreateBid" or with a leading slash. Errors: CliError::kUsage.
Result<std::unique_ptr<google::protobuf::Message>> new_message(std::string_view name);
// Errors: CliError::kUsage with protobuf's reason.
Result<std::unique_ptr<google::protobuf::Message>> message_from_json(std::string_view name,
                                                                     std::string_view json);
// Errors: CliError::kFailed where an Any holds a type that nobody here knows.
Result<std::string> message_to_json(const google::protobuf::Message& message);

// The request and response of a gRPC method, "/cosmos.bank.v1beta1.Query/Balance". Errors:
// CliError::kUsage.
struct MethodTypes {
  std::string request;
  std::string response;
};
Result<MethodTypes> method_types(std::string_view path);

}  // namespace tp::cli
