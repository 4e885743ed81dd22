// Looking at a chain through its public port: to remember what it showed, and to compare later.
#pragma once

#include <random>
#include <stop_token>
#include <string>

#include "client/rpc_client.h"
#include "crash/load/seen.h"

namespace tp::crash {

// Block `height` with the place and result of each transaction in it.
struct WholeBlock {
  SeenBlock block;
  std::vector<SeenTx> txs;
};
// Errors: also that there is no such block yet.
Result<WholeBlock> read_block(client::RpcClient& rpc, Height height);

// Notes every block, as soon as it can be read, until told to stop; survives the node's death.
Result<void> follow_blocks(client::RpcClient& rpc, SeenFile& seen, std::stop_token stop);
// Notes the deployments that a WebSocket tells of.
Result<void> follow_events(const std::string& url, SeenFile& seen, std::stop_token stop);

struct Verdict {
  std::size_t blocks = 0;
  std::size_t txs = 0;  // that were compared
  std::vector<std::string> differences;
};

// Compares what was seen with what the node shows now: the header of every block; blocks from
// `whole_from` on in full; and `by_hash` transactions by their hashes, half of them the last seen.
// Errors: the node does not answer.
Result<Verdict> compare(client::RpcClient& rpc, const Seen& seen, Height whole_from,
                        std::size_t by_hash, std::mt19937_64& dice);

}  // namespace tp::crash
