#include "client/transport.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <chrono>
#include <thread>

#include "client/error.h"

namespace tp::client {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

constexpr auto kRetryFirst = std::chrono::milliseconds(20);
constexpr auto kRetryMax = std::chrono::milliseconds(1000);

std::unexpected<Error> invalid_url(std::string_view url, std::string_view why) {
  return fail(ClientError::kInvalidUrl, "\"" + std::string(url) + "\": " + std::string(why));
}

std::unexpected<Error> unreachable(const Endpoint& endpoint, std::string_view why) {
  return fail(ClientError::kUnreachable, endpoint.origin + ": " + std::string(why));
}

error_code connect_once(asio::io_context& io, PlainStream& stream, const Endpoint& endpoint,
                        const HttpOptions& options) {
  Tcp::resolver resolver(io);
  Tcp::resolver::results_type addresses;
  error_code error = run_one(io, [&](auto done) {
    resolver.async_resolve(endpoint.host, endpoint.port,
                           [&addresses, done](const error_code& failed, auto results) mutable {
                             addresses = std::move(results);
                             done(failed);
                           });
  });
  if (error) return error;
  stream.expires_after(to_chrono(options.connect_timeout));
  error = run_one(io, [&](auto done) { stream.async_connect(addresses, done); });
  if (error) return error;
  // A request is one write: waiting to fill a segment would only delay it.
  stream.socket().set_option(Tcp::no_delay(true), error);
  return error;
}

}  // namespace

std::string Endpoint::host_header() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  const auto parsed = boost::urls::parse_uri({url.data(), url.size()});
  if (!parsed) return invalid_url(url, "expected something like http://127.0.0.1:26657");
  const boost::urls::url_view& parts = *parsed;

  const std::string scheme(parts.scheme().data(), parts.scheme().size());
  Endpoint endpoint;
  endpoint.tls = scheme == "https" || scheme == "wss";
  if (!endpoint.tls && scheme != "http" && scheme != "ws" && scheme != "tcp")
    return invalid_url(url, "the scheme must be http, https or tcp");
  if (parts.has_userinfo())
    return fail(ClientError::kInvalidUrl, "secrets do not belong into a URL");
  if (parts.has_query() || parts.has_fragment())
    return invalid_url(url, "a query or fragment means nothing here");
  endpoint.host = parts.host_address();
  if (endpoint.host.empty()) return invalid_url(url, "there is no host");
  if (parts.has_port() && parts.port_number() == 0) return invalid_url(url, "the port is invalid");
  endpoint.port =
      parts.has_port() ? std::to_string(parts.port_number()) : (endpoint.tls ? "443" : "80");
  endpoint.path = std::string(parts.encoded_path().data(), parts.encoded_path().size());
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  endpoint.origin = (endpoint.tls ? "https://" : "http://") + endpoint.host_header();
  return endpoint;
}

Result<std::unique_ptr<ssl::context>> make_tls_context(const HttpOptions& options) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  error_code error;
  context->set_options(
      ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1, error);
  context->set_verify_mode(ssl::verify_peer, error);
  if (options.tls_ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(options.tls_ca_file, error);
  }
  if (error)
    return fail(ClientError::kInvalidUrl,
                "cannot read the certificate authorities" +
                    (options.tls_ca_file.empty() ? std::string() : " in " + options.tls_ca_file) +
                    ": " + error.message());
  return context;
}

Result<void> connect_stream(asio::io_context& io, PlainStream& stream, const Endpoint& endpoint,
                            const HttpOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + to_chrono(options.patience);
  for (auto pause = kRetryFirst;; pause = std::min(pause * 2, kRetryMax)) {
    const error_code error = connect_once(io, stream, endpoint, options);
    if (!error) return {};
    const bool may_be_starting = error == asio::error::connection_refused;
    if (!may_be_starting || std::chrono::steady_clock::now() + pause > deadline)
      return unreachable(endpoint, error.message());
    stream.close();
    std::this_thread::sleep_for(pause);
  }
}

Result<void> connect_stream(asio::io_context& io, TlsStream& stream, const Endpoint& endpoint,
                            const HttpOptions& options) {
  TRY_VOID(connect_stream(io, stream.next_layer(), endpoint, options));
  if (SSL_set_tlsext_host_name(stream.native_handle(), endpoint.host.c_str()) != 1)
    return unreachable(endpoint, "the host name does not fit into TLS");
  error_code error;
  stream.set_verify_callback(ssl::host_name_verification(endpoint.host), error);
  if (error) return unreachable(endpoint, error.message());
  stream.next_layer().expires_after(to_chrono(options.connect_timeout));
  error = run_one(io, [&](auto done) { stream.async_handshake(ssl::stream_base::client, done); });
  if (error) return unreachable(endpoint, "TLS: " + error.message());
  return {};
}

std::unexpected<Error> io_failure(const Endpoint& endpoint, const error_code& error) {
  namespace beast = boost::beast;
  const std::string what = endpoint.origin + ": " + error.message();
  if (error == beast::error::timeout) return fail(ClientError::kTimeout, what);
  const bool ended = error == beast::http::error::end_of_stream ||
                     error == beast::http::error::partial_message ||
                     error == beast::websocket::error::closed;
  const bool protocol =
      error.category() ==
          beast::http::make_error_code(beast::http::error::end_of_stream).category() ||
      error.category() ==
          beast::websocket::make_error_code(beast::websocket::error::closed).category();
  return fail(protocol && !ended ? ClientError::kMalformed : ClientError::kBroken, what);
}

}  // namespace tp::client
