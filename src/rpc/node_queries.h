// Queries by gRPC path about the node, its blocks and its transactions: what the sequencer and the
// index know and the application does not. Rules: specs/chain.md §2.3 (3, 4, 9), §2.4.
//
//   cosmos.tx.v1beta1.Service                 GetTx GetTxsEvent BroadcastTx GetBlockWithTxs
//   cosmos.base.tendermint.v1beta1.Service    GetNodeInfo GetSyncing GetLatestBlock
//                                             GetBlockByHeight GetLatestValidatorSet
//                                             GetValidatorSetByHeight ABCIQuery
//   cosmos.base.node.v1beta1.Service          Config Status
#pragma once

#include <functional>
#include <map>
#include <string>

#include "chain/application.h"
#include "rpc/node_info.h"
#include "rpc/sources.h"

namespace tp::rpc {

class NodeQueries {
 public:
  // Of one answer with several transactions; more is an error. One alone is always answered.
  static constexpr std::size_t kAnswerBytesMax = 32 << 20;

  NodeQueries(const Sources& sources, NodeIdentity identity);
  NodeQueries(const NodeQueries&) = delete;  // its handlers know where it is

  using Done = std::function<void(chain::QueryResponse)>;
  // False where the path is none of these; then `done` is not called. BroadcastTx answers later,
  // from a thread of the sequencer. Heights in the response are of the latest block.
  bool answer(const chain::QueryRequest& request, Done done) const;

 private:
  template <class Request, class Response>
  void add(std::string path, std::function<Result<Response>(const Request&)> handle);
  void add_broadcast();
  void add_tx_queries();
  void add_block_queries();
  void add_node_queries();

  const Sources sources_;
  const NodeIdentity identity_;
  using Handler = std::function<void(BytesView, std::function<void(Result<Bytes>)>)>;
  std::map<std::string, Handler, std::less<>> handlers_;
};

}  // namespace tp::rpc
