// Reading the JSON of a node without trusting its shape. Only for the .cpp files of this folder: it
// brings in Boost.JSON.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "client/rpc_client.h"

namespace tp::client {

// Errors: kMalformed.
Result<boost::json::value> parse_json(std::string_view text);

// The member `name`. Errors: kMalformed (absent, or of another type), naming it.
Result<const boost::json::object*> object_at(const boost::json::object& in, std::string_view name);
Result<std::string> text_at(const boost::json::object& in, std::string_view name);
// base64, or null for none.
Result<Bytes> base64_at(const boost::json::object& in, std::string_view name);
Result<Hash256> hash_at(const boost::json::object& in, std::string_view name);

// A number, or digits in a string: CometBFT writes 64-bit integers so (specs/chain.md §2.1).
Result<std::string> digits_at(const boost::json::object& in, std::string_view name);
template <std::integral T>
Result<T> number_at(const boost::json::object& in, std::string_view name) {
  TRY(const std::string digits, digits_at(in, name));
  return parse_int<T>(digits);
}

// A list of events; none for null or an absent member.
Result<std::vector<Event>> events_at(const boost::json::object& in, std::string_view name);

// The "result" of a JSON-RPC envelope. Errors: kRpc with the node's text, kMalformed.
Result<boost::json::value> result_of(std::string_view envelope);
// An error member as an Error.
Error rpc_error(const boost::json::value& error);

}  // namespace tp::client
