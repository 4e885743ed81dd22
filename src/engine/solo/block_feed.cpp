#include "engine/solo/block_feed.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"

namespace tp::solo {
namespace {

// Of the block and its results: events are often larger than the transactions that gave them.
std::uint64_t size_of(const StoredBlock& block) {
  const chain::BlockResponse& response = block.executed.response;
  std::uint64_t size = block.meta.size_bytes + response.events.bytes().size();
  for (const chain::TxResult& result : response.tx_results)
    size += result.events.bytes().size() + result.data.size() + result.log.size();
  return size;
}

}  // namespace

BlockPtr Subscription::next() {
  const std::lock_guard lock(mutex_);
  if (blocks_.empty()) return nullptr;
  BlockPtr block = std::move(blocks_.front());
  blocks_.pop_front();
  return block;
}

bool Subscription::overflowed() const {
  const std::lock_guard lock(mutex_);
  return overflowed_;
}

std::shared_ptr<Subscription> BlockFeed::subscribe(std::size_t capacity,
                                                   std::function<void()> wake) {
  const std::shared_ptr<Subscription> subscription(new Subscription(capacity, std::move(wake)));
  const std::lock_guard lock(mutex_);
  subscriptions_.push_back(subscription);
  return subscription;
}

void BlockFeed::publish(BlockPtr block) {
  std::vector<std::shared_ptr<Subscription>> subscribers;
  std::vector<BlockPtr> old;  // destroyed without the lock
  {
    const std::lock_guard lock(mutex_);
    recent_.push_back(block);
    recent_size_ += size_of(*block);
    while (recent_.size() > 1 && recent_size_ > recent_bytes_) {
      recent_size_ -= size_of(*recent_.front());
      old.push_back(std::move(recent_.front()));
      recent_.pop_front();
    }
    std::erase_if(subscriptions_, [](const auto& weak) { return weak.expired(); });
    for (const auto& weak : subscriptions_) {
      if (auto subscription = weak.lock()) subscribers.push_back(std::move(subscription));
    }
  }
  published_.notify_all();
  for (const auto& subscription : subscribers) {
    {
      const std::lock_guard lock(subscription->mutex_);
      if (subscription->overflowed_) continue;
      if (subscription->blocks_.size() >= subscription->capacity_) {
        subscription->overflowed_ = true;
        subscription->blocks_.clear();
      } else {
        subscription->blocks_.push_back(block);
      }
    }
    if (subscription->wake_) subscription->wake_();
  }
}

BlockPtr BlockFeed::latest() const {
  const std::lock_guard lock(mutex_);
  return recent_.empty() ? nullptr : recent_.back();
}

BlockPtr BlockFeed::recent(Height height) const {
  const std::lock_guard lock(mutex_);
  if (recent_.empty() || height < recent_.front()->height() || height > recent_.back()->height())
    return nullptr;
  return recent_[static_cast<std::size_t>(height.value - recent_.front()->height().value)];
}

Result<BlockPtr> BlockFeed::block(Height height) const {
  if (BlockPtr block = recent(height)) return block;
  return store_.block(height);
}

Result<BlockMeta> BlockFeed::meta(Height height) const {
  if (const BlockPtr block = recent(height)) return block->meta;
  return store_.meta(height);
}

Result<StoredTx> BlockFeed::tx(Height height, std::size_t index) const {
  const BlockPtr block = recent(height);
  if (!block || index >= block->executed.txs.size()) return store_.tx(height, index);
  return StoredTx{block->executed.txs[index], block->executed.response.tx_results[index]};
}

BlockPtr BlockFeed::wait_for(Height height, const std::function<bool()>& stop) const {
  std::unique_lock lock(mutex_);
  while (true) {
    if (stop()) return nullptr;
    if (!recent_.empty() && recent_.back()->height() >= height) break;
    published_.wait(lock);
  }
  lock.unlock();
  auto block = this->block(height);
  if (block) return *std::move(block);
  log_error("solo",
            "cannot read block " + std::to_string(height.value) + " again: " + block.error().text);
  return nullptr;
}

void BlockFeed::wake_waiters() {
  // Taking the lock orders this after a waiter's look at its `stop`.
  const std::lock_guard lock(mutex_);
  published_.notify_all();
}

ObserverThread::ObserverThread(BlockFeed& feed, chain::BlockObserver& observer, Height first)
    : feed_(feed), observer_(observer), thread_([this, first] { run(first); }) {}

ObserverThread::~ObserverThread() {
  {
    const std::lock_guard lock(pause_mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  feed_.wake_waiters();
  thread_.join();
}

void ObserverThread::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(pause_mutex_);
  stopped_.wait_for(lock, time, [this] { return stopping_.load(); });
}

void ObserverThread::run(Height first) {
  (void)::pthread_setname_np(::pthread_self(), "solo observer");
  constexpr std::chrono::milliseconds kPauseMin{100}, kPauseMax{30'000};
  std::chrono::milliseconds next_pause = kPauseMin;
  std::optional<Height> failed_at;
  Height next = std::max(observer_.next_height(), first);
  while (const BlockPtr block = feed_.wait_for(next, [this] { return stopping_.load(); })) {
    if (const auto seen = observer_.on_block(block->executed); !seen) {
      log_error("solo", "an observer (the index) is behind, it failed at block " +
                            std::to_string(next.value) + " and tries again in " +
                            std::to_string(next_pause.count()) + " ms: " + seen.error().text);
      failed_at = std::max(next, failed_at.value_or(next));
      pause(next_pause);
      next_pause = std::min(2 * next_pause, kPauseMax);
      next = std::max(observer_.next_height(), first);
      continue;
    }
    if (failed_at && next >= *failed_at) {
      log_info("solo", "the observer has seen block " + std::to_string(next.value) + " now");
      failed_at.reset();
      next_pause = kPauseMin;
    }
    next = next.next();
  }
}

}  // namespace tp::solo
