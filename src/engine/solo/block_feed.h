// How blocks reach those who watch: subscriptions, which must keep up, and observers, which may
// fall behind.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/solo/block_store.h"

namespace tp::solo {

// What one subscriber has not fetched yet. Thread-safe.
class Subscription {
 public:
  // The oldest block not fetched; null when there is none (yet).
  BlockPtr next();
  // True once the subscriber fell too far behind: it gets nothing more and should be told so.
  bool overflowed() const;

 private:
  friend class BlockFeed;
  Subscription(std::size_t capacity, std::function<void()> wake)
      : capacity_(capacity), wake_(std::move(wake)) {}

  const std::size_t capacity_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::deque<BlockPtr> blocks_;
  bool overflowed_ = false;
};

// Hands each block to subscribers and keeps the newest blocks in memory for all other readers.
// Thread-safe.
class BlockFeed {
 public:
  // `recent_bytes`: how much of the newest blocks is kept in memory (encoded, with their results).
  BlockFeed(const BlockStore& store, std::uint64_t recent_bytes)
      : store_(store), recent_bytes_(recent_bytes) {}

  // From the next block on, for as long as the caller holds the subscription. `wake` is called
  // after each new block and on overflow, from the sequencer's thread: it must not block. A
  // subscriber with `capacity` blocks unfetched overflows with the next.
  std::shared_ptr<Subscription> subscribe(std::size_t capacity, std::function<void()> wake);

  void publish(BlockPtr block);
  // Null before the first block.
  BlockPtr latest() const;
  // From memory or from the store. Errors: those of BlockStore::block.
  Result<BlockPtr> block(Height height) const;
  // The same for parts of a block, at the cost of the part. Errors: those of BlockStore.
  Result<BlockMeta> meta(Height height) const;
  Result<StoredTx> tx(Height height, std::size_t index) const;
  // Waits until the block of `height` is published, or `stop` is asked for: then null.
  BlockPtr wait_for(Height height, const std::function<bool()>& stop) const;
  // Makes waiting threads look at their `stop` again.
  void wake_waiters();

 private:
  BlockPtr recent(Height height) const;

  const BlockStore& store_;
  const std::uint64_t recent_bytes_;
  mutable std::mutex mutex_;
  mutable std::condition_variable published_;
  std::deque<BlockPtr> recent_;  // consecutive heights
  std::uint64_t recent_size_ = 0;
  std::vector<std::weak_ptr<Subscription>> subscriptions_;
};

// Runs one observer on a thread of its own. After a failure it tries again, for as long as it runs,
// after pauses from a tenth of a second to half a minute.
class ObserverThread {
 public:
  ObserverThread(BlockFeed& feed, chain::BlockObserver& observer, Height first_stored);
  ~ObserverThread();  // after the block that is being observed

 private:
  void run(Height first);
  void pause(std::chrono::milliseconds time);

  BlockFeed& feed_;
  chain::BlockObserver& observer_;
  std::atomic<bool> stopping_ = false;
  std::mutex pause_mutex_;
  std::condition_variable stopped_;
  std::thread thread_;
};

}  // namespace tp::solo
