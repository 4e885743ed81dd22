// The node's public port: JSON-RPC over HTTP POST, URIs and WebSockets, as CometBFT serves them.
// Rules: specs/chain.md §2.1, §2.2.
#pragma once

#include <memory>

#include "http/server.h"
#include "rpc/methods.h"

namespace tp::rpc {

struct ServerOptions {
  http::ServerOptions http;
  std::size_t batch_max = 10;  // calls in one POST
  // Of a list of blocks or transactions, and of a batch; what goes beyond is answered by an error.
  std::size_t answer_bytes_max = 32 << 20;
  std::size_t batch_bytes_max = 64 << 20;
  std::size_t subscriptions_per_client_max = 5;
  std::size_t subscription_clients_max = 100;
  std::size_t subscription_blocks_max = 200;  // a client that is so many blocks behind is dropped
};

class Server {
 public:
  // Errors: those of http::Server::start.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Sources sources,
                                               NodeIdentity identity);
  ~Server();

  std::uint16_t port() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tp::rpc
