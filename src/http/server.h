// An HTTP/1.1 and WebSocket server, with or without TLS: the one that every daemon of the house
// uses.
//
// Handlers run on the server's threads and answer through a callback, at once or later and from any
// thread, so that a request may wait for a block without holding a thread. Every limit is stated in
// ServerOptions: what exceeds one is refused with the HTTP status that says so, or the connection
// is closed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "http/message.h"

namespace tp::http {

struct TlsFiles {
  std::string certificate_chain;  // PEM path
  std::string private_key;        // PEM path
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one; see Server::port()
  std::size_t threads = 1;
  std::size_t body_bytes_max = 1 << 20;     // more: 413
  std::size_t header_bytes_max = 16 << 10;  // more: 431
  // More than either: closed at once. Never more than half of the files that the process may have
  // open, and of those at most half by one peer. An IPv6 peer is its /64.
  std::size_t connections_max = 10'000;
  std::size_t connections_per_peer_max = 1'000;
  Duration read_timeout =
      Duration::seconds(30);  // for a whole request; also closes idle connections
  std::size_t websocket_message_bytes_max = 1 << 20;
  std::size_t websocket_queue_bytes_max = 16 << 20;  // unsent to one peer; more: closed
  bool cors = false;                                 // answer any origin, and OPTIONS
  std::optional<TlsFiles> tls;
};

// Call it exactly once, from any thread.
using Reply = std::function<void(Response)>;
using Handler = std::function<void(Request request, Reply reply)>;

// The server's end of one WebSocket. Thread-safe.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // Queues a message. False when the peer is too slow or gone; it is then being closed.
  virtual bool send(Bytes message, bool binary) = 0;
  virtual void close(std::uint16_t code, std::string reason) = 0;
};

// What the application does with one WebSocket; called from one thread at a time.
class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;
  virtual void on_message(BytesView message, bool binary) = 0;
  virtual void on_close() = 0;  // last call
};

// Returns the session, or a response that refuses the upgrade.
using WebSocketHandler = std::function<std::expected<std::shared_ptr<WebSocketSession>, Response>(
    const Request& request, std::shared_ptr<WebSocket> socket)>;

class Server {
 public:
  // Listens at once; handlers may be called before this returns. `websocket` may be null: no
  // upgrades then. Errors: kCannotListen naming address, port and reason; kTls.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Handler handler,
                                               WebSocketHandler websocket = {});
  // Closes every connection and joins the threads. Replies that come later go nowhere.
  ~Server();

  std::uint16_t port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tp::http
