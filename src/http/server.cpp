#include "http/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <variant>

#include "base/log.h"

namespace tp::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

std::chrono::nanoseconds chrono(Duration span) {
  return std::chrono::nanoseconds(span.nanoseconds);
}

// What the application holds (sockets, replies) may outlive the server. It reaches into the server
// only through this, and holds nothing that belongs to the server's io_context.
class Gate {
 public:
  // Waits for those inside; nobody enters any more.
  void close() {
    const std::unique_lock lock(mutex_);
    closed_ = true;
  }

  // Calls `use` with what `weak` points to, if the server and that are still there. Not from within
  // another call.
  template <class T, class Use>
  bool enter(const std::weak_ptr<T>& weak, Use use) {
    const std::shared_lock lock(mutex_);
    if (closed_) return false;
    const std::shared_ptr<T> target = weak.lock();
    if (!target) return false;
    use(*target);
    return true;
  }

 private:
  std::shared_mutex mutex_;
  bool closed_ = false;
};

// How many connections there are, and from whom. Thread-safe.
class Connections {
 public:
  // Counts one, for as long as it lives.
  class Seat {
   public:
    Seat(Connections& all, std::string peer) : all_(&all), peer_(std::move(peer)) {}
    Seat(Seat&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)), peer_(std::move(other.peer_)) {}
    Seat& operator=(Seat&&) = delete;
    ~Seat() {
      if (all_ != nullptr) all_->leave(peer_);
    }

   private:
    Connections* all_;
    std::string peer_;
  };

  void limit(std::size_t in_all, std::size_t per_peer) {
    max_ = in_all;
    per_peer_max_ = per_peer;
  }

  // Nothing when there are too many.
  std::optional<Seat> take(const asio::ip::address& address) {
    std::string peer = peer_of(address);
    const std::lock_guard lock(mutex_);
    if (count_ >= max_) return std::nullopt;
    std::size_t& of_peer = by_peer_[peer];  // never 0 when this refuses
    if (of_peer >= per_peer_max_) return std::nullopt;
    ++of_peer;
    ++count_;
    return Seat(*this, std::move(peer));
  }

 private:
  static std::string peer_of(const asio::ip::address& address) {
    if (address.is_v4()) return address.to_string();
    const asio::ip::address_v6 v6 = address.to_v6();
    if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
    const auto bytes = v6.to_bytes();
    return std::string(bytes.begin(), bytes.begin() + 8);
  }

  void leave(const std::string& peer) {
    const std::lock_guard lock(mutex_);
    --count_;
    const auto found = by_peer_.find(peer);
    if (--found->second == 0) by_peer_.erase(found);
  }

  std::size_t max_ = 0;
  std::size_t per_peer_max_ = 0;
  std::mutex mutex_;
  std::size_t count_ = 0;
  std::map<std::string, std::size_t> by_peer_;
};

// Shared by all connections of one server.
struct Shared {
  ServerOptions options;
  Handler handler;
  WebSocketHandler websocket;
  Connections connections;
  const std::shared_ptr<Gate> gate = std::make_shared<Gate>();
};

// Within what the process may open, of which databases, logs and clients need their part.
void limit_connections(Shared& shared) {
  std::size_t in_all = shared.options.connections_max;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
    in_all = std::min<std::size_t>(in_all, files.rlim_cur / 2);
  const std::size_t per_peer =
      std::min(shared.options.connections_per_peer_max, std::max<std::size_t>(in_all / 2, 1));
  shared.connections.limit(in_all, per_peer);
}

// A WebSocket as the application holds it.
template <class Connection>
class WebSocketHandle final : public WebSocket {
 public:
  WebSocketHandle(std::shared_ptr<Gate> gate, std::weak_ptr<Connection> connection)
      : gate_(std::move(gate)), connection_(std::move(connection)) {}

  bool send(Bytes message, bool binary) override {
    bool sent = false;
    gate_->enter(connection_, [&](Connection& connection) {
      sent = connection.send(std::move(message), binary);
    });
    return sent;
  }

  void close(std::uint16_t code, std::string reason) override {
    gate_->enter(connection_,
                 [&](Connection& connection) { connection.close(code, std::move(reason)); });
  }

 private:
  const std::shared_ptr<Gate> gate_;
  const std::weak_ptr<Connection> connection_;
};

template <class Stream>
class WebSocketConnection final : public std::enable_shared_from_this<WebSocketConnection<Stream>> {
 public:
  WebSocketConnection(Stream&& stream, std::shared_ptr<Shared> shared)
      : socket_(std::move(stream)), shared_(std::move(shared)) {}

  bool send(Bytes message, bool binary) {
    const std::lock_guard lock(mutex_);
    if (closing_) return false;
    if (queued_bytes_ + message.size() > shared_->options.websocket_queue_bytes_max) {
      start_closing({beast::websocket::close_code::policy_error, "too slow"});
      return false;
    }
    queued_bytes_ += message.size();
    queue_.push_back({std::move(message), binary});
    wake_writer();
    return true;
  }

  void close(std::uint16_t code, std::string reason) {
    const std::lock_guard lock(mutex_);
    start_closing({static_cast<beast::websocket::close_code>(code), reason.substr(0, 120)});
  }

  // Accepts the upgrade and serves the socket to its end.
  awaitable<void> run(beast::http::request<beast::http::string_body> request,
                      std::shared_ptr<WebSocketSession> session) {
    socket_.set_option(
        beast::websocket::stream_base::timeout{.handshake_timeout = std::chrono::seconds(30),
                                               .idle_timeout = std::chrono::seconds(60),
                                               .keep_alive_pings = true});
    socket_.read_message_max(shared_->options.websocket_message_bytes_max);
    const auto [accept_error] = co_await socket_.async_accept(request, kNothrow);
    if (accept_error) {
      session->on_close();
      co_return;
    }
    set_accepted();
    beast::flat_buffer buffer;
    while (true) {
      const auto [error, size] = co_await socket_.async_read(buffer, kNothrow);
      if (error) break;
      session->on_message(BytesView(static_cast<const char*>(buffer.data().data()), size),
                          socket_.got_binary());
      buffer.consume(size);
    }
    set_ended();
    session->on_close();
  }

  // Answers the request that asked for the upgrade with something else.
  awaitable<void> refuse(beast::http::response<beast::http::string_body> response) {
    co_await beast::http::async_write(socket_.next_layer(), response, kNothrow);
  }

 private:
  struct Outgoing {
    Bytes data;
    bool binary;
  };

  // With mutex_ held.
  void start_closing(beast::websocket::close_reason reason) {
    if (closing_) return;
    closing_ = true;
    close_reason_ = std::move(reason);
    wake_writer();
  }

  // With mutex_ held. One writer coroutine at a time, on the connection's strand; posted, because
  // it takes the mutex.
  void wake_writer() {
    if (!accepted_ || writing_) return;
    writing_ = true;
    asio::post(socket_.get_executor(), [self = this->shared_from_this()] {
      asio::co_spawn(
          self->socket_.get_executor(), [self]() { return self->write(); }, asio::detached);
    });
  }

  using Next = std::variant<std::monostate, Outgoing, beast::websocket::close_reason>;

  Next take_next() {
    const std::lock_guard lock(mutex_);
    if (!queue_.empty()) {
      Next next = std::move(queue_.front());
      queue_.pop_front();
      return next;
    }
    if (closing_ && close_reason_) return *std::exchange(close_reason_, std::nullopt);
    writing_ = false;
    return std::monostate();
  }

  void wrote(std::size_t size, bool failed) {
    const std::lock_guard lock(mutex_);
    queued_bytes_ -= size;
    if (!failed) return;
    closing_ = true;
    queue_.clear();
    close_reason_.reset();
  }

  awaitable<void> write() {
    for (Next next = take_next(); next.index() != 0; next = take_next()) {
      if (const auto* reason = std::get_if<beast::websocket::close_reason>(&next)) {
        co_await socket_.async_close(*reason, kNothrow);
        continue;
      }
      const Outgoing& message = std::get<Outgoing>(next);
      socket_.binary(message.binary);
      const auto [error, size] = co_await socket_.async_write(asio::buffer(message.data), kNothrow);
      wrote(message.data.size(), static_cast<bool>(error));
    }
  }

  void set_accepted() {
    const std::lock_guard lock(mutex_);
    accepted_ = true;
    if (!queue_.empty() || closing_) wake_writer();
  }

  void set_ended() {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    queue_.clear();
  }

  beast::websocket::stream<Stream> socket_;
  std::shared_ptr<Shared> shared_;
  std::mutex mutex_;
  std::deque<Outgoing> queue_;
  std::size_t queued_bytes_ = 0;
  bool accepted_ = false;
  bool writing_ = false;
  bool closing_ = false;
  std::optional<beast::websocket::close_reason> close_reason_;
};

Request to_request(const beast::http::request<beast::http::string_body>& message,
                   const std::string& peer) {
  Request request{.method = std::string(message.method_string()),
                  .target = std::string(message.target()),
                  .body = message.body(),
                  .peer = peer};
  for (const auto& field : message)
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  return request;
}

beast::http::response<beast::http::string_body> to_wire(Response response, const Shared& shared,
                                                        unsigned version, bool keep_alive) {
  beast::http::response<beast::http::string_body> message;
  message.version(version);
  message.result(static_cast<unsigned>(response.status));
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  if (shared.options.cors) message.set("Access-Control-Allow-Origin", "*");
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  return message;
}

Response cors_preflight() {
  return {.status = 204,
          .headers = {{"Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"},
                      {"Access-Control-Allow-Headers", "*"},
                      {"Access-Control-Max-Age", "86400"}}};
}

struct PendingReply {
  PendingReply(std::shared_ptr<Gate> server_gate, std::weak_ptr<asio::steady_timer> waiting)
      : gate(std::move(server_gate)), timer(std::move(waiting)) {}

  const std::shared_ptr<Gate> gate;
  const std::weak_ptr<asio::steady_timer> timer;
  std::mutex mutex;
  std::optional<Response> response;
  bool replied = false;

  void set(Response value) {
    const std::lock_guard lock(mutex);
    if (std::exchange(replied, true)) return;
    response = std::move(value);
    gate->enter(timer, [this](asio::steady_timer& alive) {
      asio::post(alive.get_executor(), [weak = timer] {
        if (const auto still = weak.lock()) still->cancel();
      });
    });
  }
  std::optional<Response> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(response, std::nullopt);
  }
};

// Runs the handler and waits for its reply without holding a thread. A reply after the server is
// gone is dropped.
awaitable<Response> call_handler(const std::shared_ptr<Shared>& shared, Request request) {
  const auto executor = co_await asio::this_coro::executor;
  const auto timer =
      std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
  const auto pending = std::make_shared<PendingReply>(shared->gate, timer);
  shared->handler(std::move(request),
                  [pending](Response response) { pending->set(std::move(response)); });
  std::optional<Response> response = pending->take();
  while (!response) {
    co_await timer->async_wait(kNothrow);
    timer->expires_at(asio::steady_timer::time_point::max());
    response = pending->take();
  }
  co_return *std::move(response);
}

std::optional<int> status_of_read_error(error_code error) {
  if (error == beast::http::error::body_limit) return 413;
  if (error == beast::http::error::header_limit) return 431;
  if (error == beast::http::error::end_of_stream || error == beast::error::timeout)
    return std::nullopt;
  if (error.category() == beast::http::make_error_code(beast::http::error::bad_target).category())
    return 400;
  return std::nullopt;
}

template <class Stream>
awaitable<void> serve_stream(std::shared_ptr<Shared> shared, Stream stream, std::string peer) {
  const ServerOptions& options = shared->options;
  beast::flat_buffer buffer;
  while (true) {
    beast::http::request_parser<beast::http::string_body> parser;
    parser.body_limit(options.body_bytes_max);
    parser.header_limit(static_cast<std::uint32_t>(options.header_bytes_max));
    beast::get_lowest_layer(stream).expires_after(chrono(options.read_timeout));
    const auto [read_error, read_size] =
        co_await beast::http::async_read(stream, buffer, parser, kNothrow);
    if (read_error) {
      if (const auto status = status_of_read_error(read_error)) {
        auto refusal =
            to_wire(Response::text(read_error.message() + "\n", *status), *shared, 11, false);
        co_await beast::http::async_write(stream, refusal, kNothrow);
      }
      break;
    }
    const bool upgrade = beast::websocket::is_upgrade(parser.get());
    auto message = parser.release();
    Request request = to_request(message, peer);
    const bool keep_alive = message.keep_alive();
    const unsigned version = message.version();

    Response response;
    if (upgrade && shared->websocket) {
      beast::get_lowest_layer(stream).expires_never();
      using Connection = WebSocketConnection<Stream>;
      auto socket = std::make_shared<Connection>(std::move(stream), shared);
      auto session = shared->websocket(
          request, std::make_shared<WebSocketHandle<Connection>>(shared->gate, socket));
      if (session) {
        co_await socket->run(std::move(message), *std::move(session));
      } else {
        co_await socket->refuse(to_wire(std::move(session.error()), *shared, version, false));
      }
      co_return;
    }
    beast::get_lowest_layer(stream).expires_never();  // a handler may wait for a block
    if (request.method == "OPTIONS" && options.cors) {
      response = cors_preflight();
    } else {
      response = co_await call_handler(shared, std::move(request));
    }
    auto answer = to_wire(std::move(response), *shared, version, keep_alive);
    beast::get_lowest_layer(stream).expires_after(chrono(options.read_timeout));
    const auto [write_error, write_size] =
        co_await beast::http::async_write(stream, answer, kNothrow);
    if (write_error || !keep_alive) break;
  }
  error_code ignored;
  beast::get_lowest_layer(stream).socket().shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace

struct Server::State {
  explicit State(int concurrency) : io(concurrency), acceptor(io) {}

  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::optional<ssl::context> tls;  // before the io_context, which ends the streams that use it
  asio::io_context io;
  tcp::acceptor acceptor;
  std::vector<std::thread> threads;

  awaitable<void> serve(tcp::socket socket, std::string peer_text,
                        [[maybe_unused]] Connections::Seat seat) {
    error_code error;
    socket.set_option(tcp::no_delay(true), error);
    if (!tls) {
      co_await serve_stream(shared, PlainStream(std::move(socket)), peer_text);
      co_return;
    }
    TlsStream stream(PlainStream(std::move(socket)), *tls);
    beast::get_lowest_layer(stream).expires_after(chrono(shared->options.read_timeout));
    const auto [handshake_error] =
        co_await stream.async_handshake(ssl::stream_base::server, kNothrow);
    if (!handshake_error) co_await serve_stream(shared, std::move(stream), peer_text);
  }

  awaitable<void> accept() {
    while (true) {
      auto [error, socket] = co_await acceptor.async_accept(asio::make_strand(io), kNothrow);
      if (error == asio::error::operation_aborted) co_return;
      if (error) {  // out of descriptors: wait for some to come back
        asio::steady_timer pause(io, std::chrono::milliseconds(50));
        co_await pause.async_wait(kNothrow);
        continue;
      }
      const tcp::endpoint peer = socket.remote_endpoint(error);
      if (error) continue;  // gone already
      auto seat = shared->connections.take(peer.address());
      if (!seat) continue;  // closes it
      const auto executor = socket.get_executor();
      asio::co_spawn(executor,
                     serve(std::move(socket), peer.address().to_string(), *std::move(seat)),
                     [](std::exception_ptr failure) {
                       if (failure) log_error("http", "a connection ended by an exception");
                     });
    }
  }
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler,
                                              WebSocketHandler websocket) {
  auto state = std::make_unique<State>(static_cast<int>(options.threads));
  state->shared->handler = std::move(handler);
  state->shared->websocket = std::move(websocket);
  state->shared->options = options;
  limit_connections(*state->shared);

  const std::string where = options.address + ":" + std::to_string(options.port);
  if (options.tls) {
    state->tls.emplace(ssl::context::tls_server);
    error_code error;
    state->tls->set_options(
        ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
        error);
    if (!error) state->tls->use_certificate_chain_file(options.tls->certificate_chain, error);
    if (error)
      return fail(HttpError::kTls, options.tls->certificate_chain + ": " + error.message());
    state->tls->use_private_key_file(options.tls->private_key, ssl::context::pem, error);
    if (error) return fail(HttpError::kTls, options.tls->private_key + ": " + error.message());
  }
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) return fail(HttpError::kCannotListen, where + ": not an IP address");
  const tcp::endpoint endpoint(address, options.port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(HttpError::kCannotListen, where + ": " + error.message());

  asio::co_spawn(state->io, state->accept(), asio::detached);
  for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i)
    state->threads.emplace_back([io = &state->io] { io->run(); });
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() {
  state_->shared->gate->close();
  state_->io.stop();
  for (std::thread& thread : state_->threads) thread.join();
}

std::uint16_t Server::port() const {
  error_code error;
  return state_->acceptor.local_endpoint(error).port();
}

}  // namespace tp::http
