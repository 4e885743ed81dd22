// What HTTP requests and WebSockets share: addresses, connecting, TLS, and running one asynchronous
// operation to its end. Only for the .cpp files of this folder: it brings in Boost.Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/http_client.h"

namespace tp::client {

struct Endpoint {
  bool tls = false;
  std::string host;    // without the brackets of an IPv6 address
  std::string port;    // digits
  std::string path;    // prefix of every target, without "/" at its end
  std::string origin;  // "http://host:port", for messages

  std::string host_header() const;
};

// Errors: kInvalidUrl.
Result<Endpoint> parse_endpoint(std::string_view url);

using PlainStream = boost::beast::tcp_stream;
using TlsStream = boost::asio::ssl::stream<boost::beast::tcp_stream>;

// The authorities that we trust, and TLS 1.2 or newer. Errors: kInvalidUrl (an unreadable CA file).
Result<std::unique_ptr<boost::asio::ssl::context>> make_tls_context(const HttpOptions& options);

// Resolves the name and connects, again and again within the options' patience. Errors:
// kUnreachable.
Result<void> connect_stream(boost::asio::io_context& io, PlainStream& stream,
                            const Endpoint& endpoint, const HttpOptions& options);
// The same, and the TLS handshake with the server's certificate checked for its host name.
Result<void> connect_stream(boost::asio::io_context& io, TlsStream& stream,
                            const Endpoint& endpoint, const HttpOptions& options);

// Starts one asynchronous operation and runs `io` until it has completed.
template <class Start>
boost::system::error_code run_one(boost::asio::io_context& io, Start start) {
  boost::system::error_code outcome;
  start([&outcome](const boost::system::error_code& error, auto&&...) { outcome = error; });
  io.restart();
  io.run();
  return outcome;
}

inline std::chrono::nanoseconds to_chrono(Duration duration) {
  return std::chrono::nanoseconds(duration.nanoseconds);
}

// What a failed read or write means to a caller.
std::unexpected<Error> io_failure(const Endpoint& endpoint, const boost::system::error_code& error);

}  // namespace tp::client
