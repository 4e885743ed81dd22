// The parameters of one JSON-RPC call, however they came: named or positional in JSON, or in a URI.
// Rules: specs/chain.md §2.1.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "http/message.h"

namespace tp::rpc {

// A JSON-RPC error object.
struct Failure {
  int code = -32603;
  std::string message = "Internal error";
  std::string data;
};

inline std::unexpected<Failure> invalid_params(std::string data) {
  return std::unexpected(Failure{-32602, "Invalid params", std::move(data)});
}
inline std::unexpected<Failure> internal_error(std::string data) {
  return std::unexpected(Failure{-32603, "Internal error", std::move(data)});
}

template <class T>
using Answer = std::expected<T, Failure>;

class Params {
 public:
  // `names` gives positional parameters their names. Errors: invalid params.
  static Answer<Params> from_json(const boost::json::value* params,
                                  const std::vector<std::string>& names);
  static Params from_uri(const http::Headers& query);

  // Each: nothing when absent (or JSON null); an error when it is of another kind.
  Answer<std::optional<std::string>> text(std::string_view name) const;
  Answer<std::optional<std::int64_t>> integer(std::string_view name) const;
  Answer<std::optional<bool>> boolean(std::string_view name) const;
  // JSON: base64. URI: 0x-hex, or the bytes of a quoted string.
  Answer<std::optional<Bytes>> bytes(std::string_view name) const;
  // JSON: hex. URI: as bytes().
  Answer<std::optional<Bytes>> hex_bytes(std::string_view name) const;

 private:
  const boost::json::value* find(std::string_view name) const;
  Answer<std::optional<Bytes>> uri_bytes(std::string_view name) const;

  boost::json::object values_;
  bool from_uri_ = false;
};

}  // namespace tp::rpc
