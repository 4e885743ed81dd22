// What became of a block, for those who fold history: the index, subscriptions, analytics.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"
#include "chain/application.h"

namespace tp::chain {

// A block that can no longer be lost, with everything that followed from it.
struct CommittedBlock {
  Height height;
  BlockTime time;
  Hash256 hash;  // of the header
  std::vector<Bytes> txs;
  std::vector<Hash256> tx_hashes;  // SHA-256, one a transaction
  BlockResponse response;          // tx_results has one entry a transaction
};

// Folds blocks into something of its own that remembers how far it came.
//
// The engine calls on_block on a thread of the observer, for every height from next_height() on, in
// order, only when the block is durable. An observer that is slow, or was away, falls behind and
// catches up; it never slows a block.
class BlockObserver {
 public:
  virtual ~BlockObserver() = default;
  // The first height that it has not seen for good. 0 or less: from the beginning. Read when it is
  // attached and after each failure.
  virtual Height next_height() const = 0;
  // A failure is logged; after a pause the engine goes on at next_height(), which may be lower.
  virtual Result<void> on_block(const CommittedBlock& block) = 0;
};

}  // namespace tp::chain
