// What an overlay keeps for one store: final values by key, found by hash, in byte order on
// request.
//
// Transactions write a handful of keys and read them many times; blocks collect them by the hundred
// thousand. So keys and values lie in an arena that is dropped as a whole, lookups go by hash, and
// an order is made only for those who scan.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/bytes.h"

namespace tp::store {

// Memory that is given back all at once. What it hands out is aligned to 8 bytes.
class Arena {
 public:
  char* allocate(std::size_t size);

 private:
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t chunk_size_ = 1'024;  // of the next chunk; doubles
};

// One key and its final value; a value without bytes means erased (no value is empty).
class WriteEntry {
 public:
  BytesView key() const { return {reinterpret_cast<const char*>(this + 1), key_size_}; }
  BytesView value() const { return {value_, value_size_}; }
  bool erased() const { return value_size_ == 0; }
  std::uint64_t hash() const { return hash_; }

 private:
  friend class WriteMap;
  std::uint64_t hash_;
  std::uint32_t key_size_;
  std::uint32_t value_size_;
  std::uint32_t value_room_;
  char* value_;
};

class WriteMap {
 public:
  // The hash that the functions below want. Differs between processes, so that nobody can choose
  // keys that collide.
  static std::uint64_t hash_of(BytesView key);

  std::size_t size() const { return entries_.size(); }
  // Null when the key was not written. Cost: O(1).
  const WriteEntry* find(std::uint64_t hash, BytesView key) const;
  // Copies both into the arena. An empty value erases.
  void set(Arena& arena, std::uint64_t hash, BytesView key, BytesView value);

  // In the order of first writing.
  const std::vector<WriteEntry*>& entries() const { return entries_; }
  // In byte order of their keys. Cost: O(n log n).
  std::vector<const WriteEntry*> sorted() const;
  // Calls `use(begin, end)` with iterators over the entries with from <= key < to (an empty `to`:
  // no bound) in byte order. Cost: O(log n) each for what was written since the last call; not
  // thread-safe.
  template <class Use>
  auto in_range(BytesView from, BytesView to, Use use) const {
    if (entries_.size() <= kFew) {
      std::vector<const WriteEntry*> few = sorted();
      const auto before = [](const WriteEntry* entry, BytesView key) { return entry->key() < key; };
      const auto begin = std::lower_bound(few.begin(), few.end(), from, before);
      return use(begin, to.empty() ? few.end() : std::lower_bound(begin, few.end(), to, before));
    }
    for (; ordered_count_ < entries_.size(); ++ordered_count_)
      ordered_.insert(entries_[ordered_count_]);
    return use(ordered_.lower_bound(from), to.empty() ? ordered_.end() : ordered_.lower_bound(to));
  }

 private:
  struct ByKey {
    using is_transparent = void;
    bool operator()(const WriteEntry* a, const WriteEntry* b) const { return a->key() < b->key(); }
    bool operator()(const WriteEntry* a, BytesView b) const { return a->key() < b; }
    bool operator()(BytesView a, const WriteEntry* b) const { return a < b->key(); }
  };
  // So many are compared one by one, and sorted for each scan.
  static constexpr std::size_t kFew = 8;

  void insert_slot(WriteEntry* entry);
  void grow();

  std::vector<WriteEntry*> entries_;
  std::vector<WriteEntry*> slots_;  // open addressing, a power of two, at most half full
  mutable std::set<const WriteEntry*, ByKey> ordered_;
  mutable std::size_t ordered_count_ = 0;  // of entries_, from the front
};

}  // namespace tp::store
