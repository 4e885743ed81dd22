// One query by gRPC path, whoever asks (abci_query now; gRPC and REST when they come): what the
// node itself knows, then the application's state, then what left it. Rules: specs/chain.md §2.3.
#pragma once

#include "rpc/node_queries.h"

namespace tp::rpc {

class Queries {
 public:
  Queries(const Sources& sources, NodeIdentity identity)
      : sources_(sources), node_(sources, std::move(identity)) {}

  // An object that has left the state is answered from the block in which it left
  // (chain/history.h): as it last was, with the height of that block; `info` says so. `done` may be
  // called later and from another thread.
  void answer(const chain::QueryRequest& request, const NodeQueries::Done& done) const;

 private:
  chain::QueryResponse of_chain(const chain::QueryRequest& request) const;

  const Sources sources_;
  const NodeQueries node_;
};

}  // namespace tp::rpc
