#include "rpc/envelope.h"

namespace tp::rpc {
namespace json = boost::json;

Answer<json::value> parse_request(BytesView text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  json::value request = json::parse(text, error, {}, options);
  if (error) return std::unexpected(Failure{-32700, "Parse error", error.message()});
  return request;
}

Answer<Call> read_call(const json::value& request) {
  const auto invalid = [](std::string why) {
    return std::unexpected(Failure{-32600, "Invalid Request", std::move(why)});
  };
  if (!request.is_object()) return invalid("a call is an object");
  const json::object& object = request.get_object();
  const json::value* version = object.if_contains("jsonrpc");
  if (version != nullptr && (!version->is_string() || version->get_string() != "2.0"))
    return invalid("jsonrpc must be \"2.0\"");
  const json::value* method = object.if_contains("method");
  if (method == nullptr || !method->is_string()) return invalid("method is missing");

  Call call{.method = std::string(method->get_string()), .params = object.if_contains("params")};
  const json::value* id = object.if_contains("id");
  if (id == nullptr) {
    call.is_notification = true;
  } else if (id->is_string() || id->is_int64() || id->is_uint64() || id->is_null()) {
    call.id = *id;
  } else {
    return invalid("id must be an integer or a string");
  }
  return call;
}

json::object answer_envelope(const json::value& id, Answer<json::value> answer) {
  json::object envelope{{"jsonrpc", "2.0"}, {"id", id}};
  if (answer) {
    envelope["result"] = *std::move(answer);
  } else {
    envelope["error"] = json::object{{"code", answer.error().code},
                                     {"message", answer.error().message},
                                     {"data", answer.error().data}};
  }
  return envelope;
}

}  // namespace tp::rpc
