// A blocking HTTP/1.1 and WebSocket client with deadlines. For wallets, agents and tests; one
// request at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "http/message.h"

namespace tp::http {

struct ClientOptions {
  Duration timeout = Duration::seconds(30);  // for a whole request, connecting included
  std::size_t body_bytes_max = 64 << 20;
  std::string unix_socket;  // connect here instead of to the URL's host
  // TLS: the system's authorities, unless one of these is set.
  std::string certificate_authority;  // PEM path
  std::string pinned_sha256_hex;  // of the server's certificate (DER); any chain is then accepted
};

class Client {
 public:
  // `base`: scheme, host and port; its path is put before every target. Errors: kInvalidUrl.
  static Result<Client> to(std::string_view base, ClientOptions options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Any status is an answer, not an error. The connection is kept for the next request; one that
  // the server closed meanwhile is opened again. Not thread-safe. Errors: kCannotConnect, kTimeout,
  // kBroken, kTooLarge, kTls.
  Result<Response> send(const Request& request);
  Result<Response> get(std::string target);
  Result<Response> post(std::string target, Bytes body,
                        std::string content_type = "application/json");

 private:
  struct State;
  explicit Client(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class WebSocketClient {
 public:
  // Connects and upgrades. Errors: as Client; kBroken with the status when the server refuses.
  static Result<WebSocketClient> connect(std::string_view url, Headers headers = {},
                                         ClientOptions options = {});
  WebSocketClient(WebSocketClient&&) noexcept;
  WebSocketClient& operator=(WebSocketClient&&) noexcept;
  ~WebSocketClient();

  struct Message {
    Bytes data;
    bool binary = false;
  };

  Result<void> send(BytesView message, bool binary = false);
  // Nothing when none came in time. Errors: kBroken after the other side closed.
  Result<std::optional<Message>> receive(Duration timeout);
  // Of the closing frame, once receive() has failed; 0 without one.
  std::uint16_t close_code() const;

 private:
  struct State;
  explicit WebSocketClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tp::http
