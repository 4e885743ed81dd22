#include "engine/solo/mempool.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "base/result.h"
#include "chain/sdk_errors.h"
#include "engine/comet_types/encoding.h"

namespace tp::solo {

Result<void> Mempool::reserve(const Hash256& hash, std::size_t size) {
  if (size > options_.max_tx_bytes) {
    return fail(chain::SdkError::kTxTooLarge, std::to_string(size) + " bytes, at most " +
                                                  std::to_string(options_.max_tx_bytes) +
                                                  " are accepted");
  }
  const std::lock_guard lock(mutex_);
  if (seen_.contains(hash)) return fail(chain::SdkError::kTxInMempoolCache);
  const std::size_t txs = waiting().size() + reserved_.txs;
  const std::size_t bytes = bytes_ + reserved_.bytes;
  if (txs >= options_.max_txs || bytes + size > options_.max_bytes) {
    return fail(chain::SdkError::kMempoolIsFull, std::to_string(txs) + " transactions with " +
                                                     std::to_string(bytes) + " bytes wait");
  }
  remember(hash);
  ++reserved_.txs;
  reserved_.bytes += size;
  return {};
}

void Mempool::remember(const Hash256& hash) {
  seen_.insert(hash);
  seen_order_.push_back(hash);
  while (seen_order_.size() > options_.remembered_txs) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
}

void Mempool::release(const Hash256& hash, std::size_t size) {
  const std::lock_guard lock(mutex_);
  --reserved_.txs;
  reserved_.bytes -= size;
  seen_.erase(hash);
}

void Mempool::add(Bytes tx, const Hash256& hash, std::int64_t gas_wanted) {
  const std::lock_guard lock(mutex_);
  --reserved_.txs;
  reserved_.bytes -= tx.size();
  bytes_ += tx.size();
  txs_.push_back(std::move(tx));
  hashes_.push_back(hash);
  gas_wanted_.push_back(gas_wanted);
}

PooledTxs Mempool::take(std::size_t max_bytes, std::int64_t max_gas) {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  std::int64_t gas = 0;
  std::size_t end = taken_;
  for (; end < txs_.size(); ++end) {
    bytes += comet_types::tx_size(txs_[end]);
    if (bytes > max_bytes) break;
    const std::int64_t wanted = std::max<std::int64_t>(gas_wanted_[end], 0);
    if (max_gas >= 0 && wanted > max_gas - gas) break;
    gas += max_gas >= 0 ? wanted : 0;
  }
  const auto from = static_cast<std::ptrdiff_t>(taken_), to = static_cast<std::ptrdiff_t>(end);
  PooledTxs out{
      .txs = {std::move_iterator(txs_.begin() + from), std::move_iterator(txs_.begin() + to)},
      .hashes = {hashes_.begin() + from, hashes_.begin() + to}};
  for (const Bytes& tx : out.txs) bytes_ -= tx.size();
  taken_ = end;
  // Not each time: what waits would be moved again and again.
  if (taken_ >= txs_.size() - taken_) drop_taken();
  return out;
}

void Mempool::drop_taken() {
  const auto end = static_cast<std::ptrdiff_t>(std::exchange(taken_, 0));
  txs_.erase(txs_.begin(), txs_.begin() + end);
  hashes_.erase(hashes_.begin(), hashes_.begin() + end);
  gas_wanted_.erase(gas_wanted_.begin(), gas_wanted_.begin() + end);
}

std::vector<Hash256> Mempool::keep_if(
    const std::function<std::vector<bool>(const chain::TxBatch&)>& visit) {
  const std::lock_guard lock(mutex_);
  drop_taken();
  if (txs_.empty()) return {};
  const std::vector<bool> keep = visit({txs_, hashes_});
  TP_ASSERT(keep.size() == txs_.size());
  std::vector<Hash256> removed;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) {
      bytes_ -= txs_[i].size();
      seen_.erase(hashes_[i]);
      removed.push_back(hashes_[i]);
      continue;
    }
    if (kept != i) {
      txs_[kept] = std::move(txs_[i]);
      hashes_[kept] = hashes_[i];
      gas_wanted_[kept] = gas_wanted_[i];
    }
    ++kept;
  }
  txs_.resize(kept);
  hashes_.resize(kept);
  gas_wanted_.resize(kept);
  return removed;
}

void Mempool::forget(const Hash256& hash) {
  const std::lock_guard lock(mutex_);
  seen_.erase(hash);
}

Mempool::Size Mempool::size() const {
  const std::lock_guard lock(mutex_);
  return {waiting().size(), bytes_};
}

std::vector<Bytes> Mempool::list(std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  const auto first = waiting().first(std::min(limit, waiting().size()));
  return {first.begin(), first.end()};
}

}  // namespace tp::solo
