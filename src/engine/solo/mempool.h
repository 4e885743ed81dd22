// Transactions that wait for a block, in the order of their admission.
//
// Thread-safe. Bounded by count and bytes, counting also what is still being checked. Remembers
// the hashes of what it saw lately, so that a transaction sent again is answered at once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/keyed_hash.h"
#include "base/result.h"
#include "chain/application.h"

namespace tp::solo {

struct MempoolOptions {
  std::size_t max_txs = 50'000;
  std::size_t max_bytes = 256 * 1024 * 1024;
  std::size_t max_tx_bytes = 1024 * 1024;
  std::size_t remembered_txs = 200'000;
};

struct PooledTxs {
  std::vector<Bytes> txs;
  std::vector<Hash256> hashes;  // one a transaction
};

class Mempool {
 public:
  explicit Mempool(MempoolOptions options) : options_(options) {}

  // Takes room for a transaction that is about to be checked.
  // Errors: SdkError::kTxTooLarge, kTxInMempoolCache, kMempoolIsFull.
  Result<void> reserve(const Hash256& hash, std::size_t size);
  // Ends a reservation: the check failed; the transaction may come again.
  void release(const Hash256& hash, std::size_t size);
  // Ends a reservation: the transaction waits for a block.
  void add(Bytes tx, const Hash256& hash, std::int64_t gas_wanted);

  // Removes the longest run from the front that fits both limits. `max_bytes` counts each
  // transaction as comet_types::tx_size does; -1 gas means no limit.
  PooledTxs take(std::size_t max_bytes, std::int64_t max_gas);

  // Shows `visit` all that waits, in order; what it answers false for is removed and returned.
  // Blocks the pool meanwhile.
  std::vector<Hash256> keep_if(
      const std::function<std::vector<bool>(const chain::TxBatch&)>& visit);

  // Lets a transaction come again: its block's execution failed it.
  void forget(const Hash256& hash);

  struct Size {
    std::size_t txs = 0;
    std::size_t bytes = 0;
  };
  Size size() const;
  // The first `limit` in order.
  std::vector<Bytes> list(std::size_t limit) const;

 private:
  void remember(const Hash256& hash);

  const MempoolOptions options_;
  mutable std::mutex mutex_;
  std::span<Bytes> waiting() { return std::span(txs_).subspan(taken_); }
  std::span<const Bytes> waiting() const { return std::span(txs_).subspan(taken_); }
  void drop_taken();

  // What waits, in order, after `taken_` that were taken; each has one entry a transaction.
  std::size_t taken_ = 0;
  std::vector<Bytes> txs_;
  std::vector<Hash256> hashes_;
  std::vector<std::int64_t> gas_wanted_;
  std::size_t bytes_ = 0;
  Size reserved_;
  std::unordered_set<Hash256, DigestHash> seen_;
  std::deque<Hash256> seen_order_;  // oldest first; may name hashes that were forgotten
};

}  // namespace tp::solo
