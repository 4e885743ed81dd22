// The methods of the CometBFT JSON-RPC over the embedded sequencer. Rules: specs/chain.md §2.2.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rpc/broadcast.h"
#include "rpc/params.h"
#include "rpc/query.h"

namespace tp::rpc {

struct Method {
  std::vector<std::string> parameters;  // names, in positional order
  // May answer later and from another thread.
  std::function<void(const Params&, Respond)> call;
};

class TxProofs;

class Methods {
 public:
  // `answer_bytes_max`: of a list of blocks or transactions, and of the blocks read to prove what
  // is in such a list; more is an error that says so. One alone is always answered.
  Methods(Sources sources, NodeIdentity identity, std::size_t answer_bytes_max);

  // Null when there is no such method. subscribe and its kin belong to WebSockets and are not here.
  const Method* find(std::string_view name) const;
  const std::map<std::string, Method, std::less<>>& all() const { return methods_; }

 private:
  using Json = boost::json::value;
  void add(std::string name, std::vector<std::string> parameters,
           Answer<Json> (Methods::*method)(const Params&) const);

  Answer<Json> health(const Params&) const;
  Answer<Json> status(const Params&) const;
  Answer<Json> net_info(const Params&) const;
  Answer<Json> abci_info(const Params&) const;
  Answer<Json> block(const Params& params) const;
  Answer<Json> block_by_hash(const Params& params) const;
  Answer<Json> block_results(const Params& params) const;
  Answer<Json> blockchain(const Params& params) const;
  Answer<Json> block_search(const Params& params) const;
  Answer<Json> header(const Params& params) const;
  Answer<Json> header_by_hash(const Params& params) const;
  Answer<Json> commit(const Params& params) const;
  Answer<Json> validators(const Params& params) const;
  Answer<Json> consensus_params(const Params& params) const;
  Answer<Json> genesis(const Params&) const;
  Answer<Json> genesis_chunked(const Params& params) const;
  Answer<Json> tx(const Params& params) const;
  Answer<Json> tx_search(const Params& params) const;
  Answer<Json> unconfirmed_txs(const Params& params) const;
  Answer<Json> num_unconfirmed_txs(const Params&) const;
  Answer<Json> check_tx(const Params& params) const;

  void abci_query(const Params& params, Respond respond) const;
  void broadcast_tx_sync(const Params& params, Respond respond) const;
  void broadcast_tx_async(const Params& params, Respond respond) const;
  void broadcast_tx_commit(const Params& params, Respond respond) const;

  Answer<Height> height_of(const Params& params) const;
  Answer<solo::BlockPtr> block_at(Height height) const;
  // `proofs`: null where none are asked for.
  Answer<Json> tx_json(index::TxPlace place, TxProofs* proofs) const;

  Sources sources_;
  NodeIdentity identity_;
  Queries queries_;
  const std::size_t answer_bytes_max_;
  std::map<std::string, Method, std::less<>> methods_;
};

}  // namespace tp::rpc
