#include "client/rpc_json.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "client/error.h"

namespace tp::client {
namespace {

namespace json = boost::json;

json::string_view to_json(std::string_view text) {
  return {text.data(), text.size()};
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ClientError::kMalformed, what);
}

std::unexpected<Error> wrong(std::string_view name, std::string_view expected) {
  return malformed("\"" + std::string(name) + "\" is not " + std::string(expected));
}

const json::value* find(const json::object& in, std::string_view name) {
  return in.if_contains(to_json(name));
}

std::string optional_text(const json::object& in, std::string_view name) {
  const json::value* value = find(in, name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(to_json(text), error);
  if (error) return malformed("not JSON: " + error.message());
  return value;
}

Result<const json::object*> object_at(const json::object& in, std::string_view name) {
  const json::value* value = find(in, name);
  if (value == nullptr || !value->is_object()) return wrong(name, "an object");
  return &value->get_object();
}

Result<std::string> text_at(const json::object& in, std::string_view name) {
  const json::value* value = find(in, name);
  if (value == nullptr || !value->is_string()) return wrong(name, "a string");
  return std::string(value->get_string());
}

Result<Bytes> base64_at(const json::object& in, std::string_view name) {
  const json::value* value = find(in, name);
  if (value != nullptr && value->is_null()) return Bytes();
  if (value == nullptr || !value->is_string()) return wrong(name, "base64");
  return from_base64(std::string_view(value->get_string()));
}

Result<Hash256> hash_at(const json::object& in, std::string_view name) {
  TRY(const std::string text, text_at(in, name));
  TRY(const Bytes bytes, from_hex(text));
  if (bytes.size() != Hash256::kSize) return wrong(name, "a hash");
  return Hash256::of(bytes);
}

Result<std::string> digits_at(const json::object& in, std::string_view name) {
  const json::value* value = find(in, name);
  if (value == nullptr) return wrong(name, "a number");
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (value->is_uint64()) return std::to_string(value->get_uint64());
  return wrong(name, "a number");
}

Result<std::vector<Event>> events_at(const json::object& in, std::string_view name) {
  std::vector<Event> events;
  const json::value* list = find(in, name);
  if (list == nullptr || list->is_null()) return events;
  if (!list->is_array()) return wrong(name, "a list of events");
  for (const json::value& item : list->get_array()) {
    if (!item.is_object()) return wrong(name, "a list of events");
    Event event;
    TRY(event.type, text_at(item.get_object(), "type"));
    if (const json::value* attributes = find(item.get_object(), "attributes");
        attributes != nullptr && attributes->is_array()) {
      for (const json::value& attribute : attributes->get_array()) {
        if (!attribute.is_object()) return wrong("attributes", "a list of attributes");
        TRY(std::string key, text_at(attribute.get_object(), "key"));
        event.attributes.push_back(
            {std::move(key), optional_text(attribute.get_object(), "value")});
      }
    }
    events.push_back(std::move(event));
  }
  return events;
}

Error rpc_error(const json::value& error) {
  if (!error.is_object()) return malformed("an error that is no object").error();
  std::string text = optional_text(error.get_object(), "message");
  const std::string data = optional_text(error.get_object(), "data");
  if (!data.empty()) text.append(": ").append(data);
  return fail(ClientError::kRpc, text).error();
}

Result<json::value> result_of(std::string_view envelope) {
  TRY(json::value value, parse_json(envelope));
  if (!value.is_object()) return malformed("not a JSON-RPC answer");
  json::object& object = value.get_object();
  if (const json::value* error = object.if_contains("error"); error != nullptr && !error->is_null())
    return std::unexpected(rpc_error(*error));
  json::value* result = object.if_contains("result");
  if (result == nullptr) return malformed("a JSON-RPC answer with neither result nor error");
  return std::move(*result);
}

}  // namespace tp::client
