// One block as the sequencer made it: CometBFT's structures beside what the application answered.
#pragma once

#include <memory>
#include <optional>

#include "chain/committed_block.h"
#include "engine/comet_types/types.h"

namespace tp::solo {

// What is known of a block without its transactions and results.
struct BlockMeta {
  comet_types::BlockId id;
  comet_types::Header header;
  comet_types::Commit last_commit;  // for the block before this one, canonical
  comet_types::Commit seen_commit;  // for this block, signed when it was made
  std::uint32_t tx_count = 0;
  std::uint64_t size_bytes = 0;  // of the encoded block
};

// Immutable and shared between threads.
struct StoredBlock {
  BlockMeta meta;
  chain::CommittedBlock executed;

  Height height() const { return meta.header.height; }
  // Copies the transactions.
  comet_types::Block block() const {
    return {.header = meta.header,
            .txs = executed.txs,
            .evidence = {},
            .last_commit = meta.last_commit};
  }
};

// One transaction of a block and what became of it.
struct StoredTx {
  Bytes tx;
  chain::TxResult result;
};

using BlockPtr = std::shared_ptr<const StoredBlock>;

}  // namespace tp::solo
