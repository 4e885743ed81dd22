// HTTP requests and responses, for servers and clients alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tp::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string target = "/";  // path and query as received
  Headers headers;
  Bytes body;
  std::string peer;  // the other side's IP address; set by the server

  // The target up to "?".
  std::string_view path() const;
  // The decoded value of a query parameter; nothing when absent or not decodable.
  std::optional<std::string> query(std::string_view name) const;
  // All query parameters in order, decoded; those that do not decode are left out.
  Headers query_parameters() const;
  // Case-insensitive; the first of that name.
  std::optional<std::string_view> header(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length is added when it is sent
  Bytes body;

  std::optional<std::string_view> header(std::string_view name) const;
  static Response json(Bytes body, int status = 200);
  static Response text(std::string body, int status = 200);
};

// "a%20b" to "a b"; "+" stays. Nothing when an escape is broken.
std::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);

struct Url {
  std::string scheme;  // "http", "https", "ws" or "wss"
  std::string host;
  std::string port;    // digits; the scheme's default when the text has none
  std::string target;  // begins with "/"

  // Errors: HttpError::kInvalidUrl.
  static Result<Url> parse(std::string_view text);
  bool is_secure() const { return scheme == "https" || scheme == "wss"; }
};

enum class HttpError : std::uint32_t {
  kInvalidUrl = 2,
  kCannotConnect = 3,
  kTimeout = 4,
  kBroken = 5,  // the connection ended or the other side does not speak HTTP
  kTooLarge = 6,
  kTls = 7,
  kCannotListen = 8,
};
ErrorInfo describe(HttpError error);

}  // namespace tp::http
