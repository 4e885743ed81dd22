// The values of cold tables: those that are not on disk, and a bounded cache of those that are.
//
// A value is named by (store, key, height that wrote it). The disk holds for each key only the
// value of the flushed height; everything else that somebody may still read is held here:
//
//   hold()      a commit wrote it                            on disk: no    current: yes
//   flushed()   a flush put it on disk                       on disk: yes   -> cache, may be
//   evicted supersede() a later commit replaced it                   held, because the next flush
//   overwrites it on disk drop()      no version that reads it is left             gone
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

#include "base/bytes.h"
#include "store/flat_state.h"
#include "store/reader.h"

namespace tp::store {

class ColdValues {
 public:
  // `disk` must outlive this.
  ColdValues(FlatState& disk, std::uint64_t cache_bytes);

  void hold(StoreId store, BytesView key, Height written, BytesView value);
  void flushed(StoreId store, BytesView key, Height written);
  // Stops the process when the value has to be read from a damaged disk. Returns the bytes it takes
  // in memory.
  std::size_t supersede(StoreId store, BytesView key, Height written);
  void drop(StoreId store, BytesView key, Height written);

  // Precondition: the value is read by a living version. Stops the process when the disk is
  // damaged, naming the file.
  Bytes read(StoreId store, BytesView key, Height written);

  std::uint64_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t cached_bytes() const { return cached_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(BytesView bytes) const { return std::hash<BytesView>()(bytes); }
  };
  using Recent = std::list<const Bytes*>;  // names of cached values, most recently used first
  struct Entry {
    Bytes value;
    bool on_disk = false;
    bool superseded = false;
    Recent::iterator recent;  // when cached
    bool cached() const { return on_disk && !superseded; }
  };
  using Entries = std::unordered_map<Bytes, Entry, Hash, std::equal_to<>>;
  struct Shard {
    std::mutex mutex;
    Entries entries;
    Recent recent;
    std::uint64_t cached_bytes = 0;
  };
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(BytesView name) { return shards_[Hash()(name) / 64 % kShards]; }
  void become_cached(Shard& shard, Entries::iterator it);
  void leave_cache(Shard& shard, Entry& entry, const Bytes& name);
  Bytes read_disk(StoreId store, BytesView key, Height written, bool& found);

  FlatState& disk_;
  const std::uint64_t cache_bytes_per_shard_;
  std::array<Shard, kShards> shards_;
  std::atomic<std::uint64_t> held_bytes_{0};
  std::atomic<std::uint64_t> cached_bytes_{0};
};

}  // namespace tp::store
