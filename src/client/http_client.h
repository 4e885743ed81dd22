// HTTP requests to one server, blocking, with deadlines.
//
// Connections are kept and used again, so a request on a warm one costs one round trip. Safe to
// call from many threads; each call has a connection to itself.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace tp::client {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";  // GET, POST, PUT, DELETE, HEAD
  std::string target = "/";    // path and query, percent-encoded
  HttpHeaders headers;
  Bytes body;
};

struct HttpResponse {
  unsigned status = 0;
  HttpHeaders headers;  // as received
  Bytes body;

  // The first header of that name, whatever its case; "" where there is none.
  std::string_view header(std::string_view name) const;
};

struct HttpOptions {
  Duration connect_timeout = Duration::seconds(5);
  Duration request_timeout = Duration::seconds(30);  // from sending to the last byte received
  // How long to go on trying while the server refuses connections: it may be starting.
  Duration patience = Duration::seconds(0);
  std::size_t response_bytes_max = 64 << 20;
  std::string tls_ca_file;  // PEM; the system's authorities when empty
};

class HttpClient {
 public:
  // "http://host:port", "https://host"; "tcp://" means http, as CometBFT writes it. A path is a
  // prefix of every target. Errors: kInvalidUrl.
  static Result<HttpClient> make(std::string_view url, HttpOptions options = {});
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any status is a response, not an error. A kept connection that the server has closed is noticed
  // before it is used; nothing is ever sent twice.
  // Errors: kUnreachable, kBroken, kTimeout, kMalformed (not HTTP, or larger than allowed).
  Result<HttpResponse> send(const HttpRequest& request);

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tp::client
