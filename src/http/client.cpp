#include "http/client.h"

#include <openssl/sha.h>
#include <openssl/x509.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>
#include <variant>

#include "base/text.h"

namespace tp::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

using UnixStream = beast::basic_stream<asio::local::stream_protocol, asio::any_io_executor,
                                       beast::unlimited_rate_policy>;
using TcpStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

struct Deadline {
  Clock::time_point at;
  static Deadline in(Duration span) {
    return {Clock::now() + std::chrono::nanoseconds(span.nanoseconds)};
  }
};

// Runs the io_context until `done` or the deadline. The caller's operation must own its timeout
// only through this.
bool run_until(asio::io_context& io, const bool& done, Deadline deadline) {
  io.restart();
  while (!done) {
    if (Clock::now() >= deadline.at) return false;
    io.run_one_until(deadline.at);
    if (io.stopped()) io.restart();
  }
  return true;
}

// Starts an asynchronous operation on `stream` and waits for its error code. After the deadline the
// stream is closed, and what was under way has ended: nothing of it touches the caller any more.
template <class Stream, class Start>
error_code await(asio::io_context& io, Deadline deadline, Stream& stream, Start start) {
  bool done = false;
  error_code result;
  start([&done, &result](error_code error, auto&&...) {
    result = error;
    done = true;
  });
  if (run_until(io, done, deadline)) return result;
  beast::get_lowest_layer(stream).close();
  io.restart();
  while (!done && io.run_one() > 0) {
  }
  return beast::error::timeout;
}

// The system's resolver cannot be stopped: after the deadline its answer goes nowhere.
error_code resolve(asio::io_context& io, Deadline deadline, const Url& url,
                   tcp::resolver::results_type& endpoints) {
  struct Outcome {
    bool done = false;
    error_code error;
    tcp::resolver::results_type endpoints;
  };
  const auto outcome = std::make_shared<Outcome>();
  tcp::resolver resolver(io);
  resolver.async_resolve(url.host, url.port,
                         [outcome](error_code error, tcp::resolver::results_type found) {
                           *outcome = {true, error, std::move(found)};
                         });
  if (!run_until(io, outcome->done, deadline)) return beast::error::timeout;
  endpoints = std::move(outcome->endpoints);
  return outcome->error;
}

std::unexpected<Error> failure(HttpError kind, const std::string& where, error_code error) {
  if (error == beast::error::timeout) return fail(HttpError::kTimeout, where);
  return fail(kind, where + ": " + error.message());
}

bool matches_pin(SSL* connection, const std::string& pin_hex) {
  X509* certificate = SSL_get1_peer_certificate(connection);
  if (certificate == nullptr) return false;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  unsigned int size = 0;
  const bool hashed = X509_digest(certificate, EVP_sha256(), digest, &size) == 1;
  X509_free(certificate);
  return hashed && to_hex(BytesView(reinterpret_cast<const char*>(digest), size)) == pin_hex;
}

// One connection of any of the three kinds. `io` must outlive it.
struct Connection {
  std::optional<ssl::context> tls;  // declared before the stream that uses it
  std::variant<std::monostate, std::unique_ptr<TcpStream>, std::unique_ptr<TlsStream>,
               std::unique_ptr<UnixStream>>
      stream;

  Result<void> open(asio::io_context& io, const Url& url, const ClientOptions& options,
                    Deadline deadline) {
    if (!options.unix_socket.empty()) {
      auto unix = std::make_unique<UnixStream>(io);
      const error_code error = await(io, deadline, *unix, [&](auto handler) {
        unix->async_connect(asio::local::stream_protocol::endpoint(options.unix_socket), handler);
      });
      if (error) return failure(HttpError::kCannotConnect, options.unix_socket, error);
      stream = std::move(unix);
      return {};
    }
    const std::string where = url.host + ":" + url.port;
    tcp::resolver::results_type endpoints;
    error_code error = resolve(io, deadline, url, endpoints);
    if (error) return failure(HttpError::kCannotConnect, where, error);

    if (!url.is_secure()) {
      auto plain = std::make_unique<TcpStream>(io);
      error = await(io, deadline, *plain,
                    [&](auto handler) { plain->async_connect(endpoints, handler); });
      if (error) return failure(HttpError::kCannotConnect, where, error);
      plain->socket().set_option(tcp::no_delay(true), error);
      stream = std::move(plain);
      return {};
    }
    return open_tls(io, url, endpoints, options, deadline);
  }

  Result<void> open_tls(asio::io_context& io, const Url& url,
                        const tcp::resolver::results_type& endpoints, const ClientOptions& options,
                        Deadline deadline) {
    const std::string where = url.host + ":" + url.port;
    tls.emplace(ssl::context::tls_client);
    error_code error;
    const bool pinned = !options.pinned_sha256_hex.empty();
    if (!options.certificate_authority.empty()) {
      tls->load_verify_file(options.certificate_authority, error);
      if (error) return failure(HttpError::kTls, options.certificate_authority, error);
    } else {
      tls->set_default_verify_paths(error);
    }
    auto secure = std::make_unique<TlsStream>(io, *tls);
    secure->set_verify_mode(pinned ? ssl::verify_none : ssl::verify_peer, error);
    if (!pinned) secure->set_verify_callback(ssl::host_name_verification(url.host), error);
    SSL_set_tlsext_host_name(secure->native_handle(), url.host.c_str());
    error = await(io, deadline, *secure, [&](auto handler) {
      beast::get_lowest_layer(*secure).async_connect(endpoints, handler);
    });
    if (error) return failure(HttpError::kCannotConnect, where, error);
    error = await(io, deadline, *secure, [&](auto handler) {
      secure->async_handshake(ssl::stream_base::client, handler);
    });
    if (error) return failure(HttpError::kTls, where, error);
    if (pinned && !matches_pin(secure->native_handle(), options.pinned_sha256_hex))
      return fail(HttpError::kTls, where + ": the server's certificate is not the pinned one");
    stream = std::move(secure);
    return {};
  }

  bool is_open() const { return !std::holds_alternative<std::monostate>(stream); }
  void close() { stream = std::monostate(); }

  template <class Visit>
  auto visit(Visit visitor) {
    return std::visit(
        [&visitor](auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
            TP_FATAL("a closed connection was used");
            return visitor(*std::unique_ptr<TcpStream>());
          } else {
            return visitor(*held);
          }
        },
        stream);
  }
};

std::string host_header(const Url& url) {
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const bool usual = url.port == (url.is_secure() ? "443" : "80");
  return usual ? host : host + ":" + url.port;
}

}  // namespace

struct Client::State {
  Url base;
  ClientOptions options;
  asio::io_context io;
  Connection connection;

  Result<Response> exchange(const Request& request, Deadline deadline, bool& nothing_received) {
    const std::string where = base.host + ":" + base.port + request.target;
    beast::http::request<beast::http::string_body> message;
    message.version(11);
    message.method_string(request.method);
    message.target((base.target == "/" ? "" : base.target) + request.target);
    message.set(beast::http::field::host, host_header(base));
    message.set(beast::http::field::user_agent, "turnpike");
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.body() = request.body;
    message.prepare_payload();

    beast::flat_buffer buffer;
    beast::http::response_parser<beast::http::string_body> parser;
    parser.body_limit(options.body_bytes_max);
    if (request.method == "HEAD") parser.skip(true);
    const error_code error = connection.visit([&](auto& stream) {
      error_code e = await(io, deadline, stream, [&](auto handler) {
        beast::http::async_write(stream, message, handler);
      });
      if (!e)
        e = await(io, deadline, stream,
                  [&](auto handler) { beast::http::async_read(stream, buffer, parser, handler); });
      return e;
    });
    nothing_received = error && !parser.got_some();
    if (error == beast::http::error::body_limit) return fail(HttpError::kTooLarge, where);
    if (error) return failure(HttpError::kBroken, where, error);

    auto answer = parser.release();
    Response response{.status = static_cast<int>(answer.result_int()),
                      .body = std::move(answer.body())};
    for (const auto& field : answer)
      response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    if (!answer.keep_alive()) connection.close();
    return response;
  }
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::to(std::string_view base, ClientOptions options) {
  TRY(Url url, Url::parse(base));
  while (url.target.size() > 1 && url.target.ends_with('/')) url.target.pop_back();
  auto state = std::make_unique<State>();
  state->base = std::move(url);
  state->options = std::move(options);
  return Client(std::move(state));
}

Result<Response> Client::send(const Request& request) {
  const Deadline deadline = Deadline::in(state_->options.timeout);
  const bool reused = state_->connection.is_open();
  while (true) {
    const bool fresh = !state_->connection.is_open();
    if (fresh) {
      if (auto opened =
              state_->connection.open(state_->io, state_->base, state_->options, deadline);
          !opened) {
        state_->connection.close();
        return std::unexpected(std::move(opened).error());
      }
    }
    bool nothing_received = false;
    Result<Response> response = state_->exchange(request, deadline, nothing_received);
    if (response) return response;
    state_->connection.close();
    // The server may have closed a kept connection while we were idle: then the request never
    // reached it.
    const bool stale =
        reused && !fresh && nothing_received && is(response.error(), HttpError::kBroken);
    if (!stale) return response;
  }
}

Result<Response> Client::get(std::string target) {
  return send({.method = "GET", .target = std::move(target)});
}

Result<Response> Client::post(std::string target, Bytes body, std::string content_type) {
  return send({.method = "POST",
               .target = std::move(target),
               .headers = {{"Content-Type", std::move(content_type)}},
               .body = std::move(body)});
}

struct WebSocketClient::State {
  Url url;
  asio::io_context io;
  std::optional<ssl::context> tls;
  std::variant<std::monostate, std::unique_ptr<beast::websocket::stream<TcpStream>>,
               std::unique_ptr<beast::websocket::stream<TlsStream>>,
               std::unique_ptr<beast::websocket::stream<UnixStream>>>
      socket;
  beast::flat_buffer buffer;
  bool reading = false;  // an asynchronous read is under way
  bool read_done = false;
  error_code read_error;
  Duration timeout;

  template <class Visit>
  auto visit(Visit visitor) {
    return std::visit(
        [&visitor](auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
            TP_FATAL("a WebSocket was used before it was open");
            return visitor(*std::unique_ptr<beast::websocket::stream<TcpStream>>());
          } else {
            return visitor(*held);
          }
        },
        socket);
  }
};

WebSocketClient::WebSocketClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
WebSocketClient::WebSocketClient(WebSocketClient&&) noexcept = default;
WebSocketClient& WebSocketClient::operator=(WebSocketClient&&) noexcept = default;
WebSocketClient::~WebSocketClient() = default;

Result<WebSocketClient> WebSocketClient::connect(std::string_view url_text, Headers headers,
                                                 ClientOptions options) {
  auto state = std::make_unique<State>();
  TRY_TO(state->url, Url::parse(url_text));
  state->timeout = options.timeout;
  const Deadline deadline = Deadline::in(options.timeout);
  Connection connection;
  TRY_VOID(connection.open(state->io, state->url, options, deadline));
  state->tls = std::move(connection.tls);
  std::visit(
      [&state](auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (!std::is_same_v<Held, std::monostate>) {
          using Stream = typename Held::element_type;
          state->socket = std::make_unique<beast::websocket::stream<Stream>>(std::move(*held));
        }
      },
      connection.stream);

  beast::websocket::response_type response;
  const error_code error = state->visit([&](auto& socket) {
    socket.set_option(beast::websocket::stream_base::decorator(
        [headers](beast::websocket::request_type& request) {
          for (const auto& [name, value] : headers) request.set(name, value);
        }));
    socket.read_message_max(options.body_bytes_max);
    return await(state->io, deadline, socket, [&](auto handler) {
      socket.async_handshake(response, host_header(state->url), state->url.target, handler);
    });
  });
  if (error == beast::websocket::error::upgrade_declined)
    return fail(HttpError::kBroken, std::string(url_text) + ": the server answered " +
                                        std::to_string(response.result_int()) + " " +
                                        response.body());
  if (error) return failure(HttpError::kBroken, std::string(url_text), error);
  return WebSocketClient(std::move(state));
}

Result<void> WebSocketClient::send(BytesView message, bool binary) {
  const error_code error = state_->visit([&](auto& socket) {
    socket.binary(binary);
    return await(state_->io, Deadline::in(state_->timeout), socket, [&](auto handler) {
      socket.async_write(asio::buffer(message.data(), message.size()), handler);
    });
  });
  if (error) return failure(HttpError::kBroken, state_->url.host, error);
  return {};
}

// A read that did not finish in time stays under way and is taken up by the next call, so that no
// message is torn.
Result<std::optional<WebSocketClient::Message>> WebSocketClient::receive(Duration timeout) {
  State& state = *state_;
  if (!state.reading) {
    state.reading = true;
    state.read_done = false;
    state.visit([&state](auto& socket) {
      socket.async_read(state.buffer, [&state](error_code error, std::size_t) {
        state.read_error = error;
        state.read_done = true;
      });
    });
  }
  if (!run_until(state.io, state.read_done, Deadline::in(timeout))) return std::nullopt;
  state.reading = false;
  if (state.read_error) return failure(HttpError::kBroken, state.url.host, state.read_error);
  Message message{.data = beast::buffers_to_string(state.buffer.data()),
                  .binary = state.visit([](auto& socket) { return socket.got_binary(); })};
  state.buffer.consume(state.buffer.size());
  return message;
}

std::uint16_t WebSocketClient::close_code() const {
  return state_->visit(
      [](auto& socket) { return static_cast<std::uint16_t>(socket.reason().code); });
}

}  // namespace tp::http
