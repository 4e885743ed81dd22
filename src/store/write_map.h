// What an overlay keeps for one store: final values by key, found by hash, in byte order on
// request; and what it learned of the state below, where finding a key costs more.
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
#include "base/keyed_hash.h"

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

// One key and what is known of it: the value that was written, or what the state below says.
class WriteEntry {
 public:
  BytesView key() const { return {reinterpret_cast<const char*>(this + 1), key_size_}; }
  // Without bytes: there is no such key (no value is empty), or it was erased.
  BytesView value() const { return {value_, value_size_}; }
  bool erased() const { return value_size_ == 0; }
  bool written() const { return knows_ == Knows::kWritten; }

 private:
  friend class WriteMap;
  friend class UndoLog;
  enum class Knows : std::uint8_t {
    kNothing,
    kPresence,  // the state below has a value
    kBelow,     // this is the value below
    kWritten,
  };

  std::uint64_t hash_;
  char* value_ = nullptr;
  std::uint32_t key_size_;
  std::uint32_t value_size_ = 0;
  std::uint32_t value_room_ = 0;
  std::uint32_t attempt_ = 0;  // that wrote it last; 0: none
  std::uint32_t below_ = 0;    // of which state below this is known
  Knows knows_ = Knows::kNothing;
  bool listed_ = false;  // among those that were written
};

// How entries looked before an attempt, so that its writes can be taken back.
class UndoLog {
 public:
  // From here on changes are noted. Precondition: no attempt is open.
  void begin();
  bool is_open() const { return open_; }
  void keep();       // what was written stays
  void take_back();  // what was written is gone

 private:
  friend class WriteMap;
  struct Note {
    WriteEntry* entry;
    std::uint32_t value_size;
    WriteEntry::Knows knows;
    std::size_t value_at;  // in values_
  };
  void note(WriteEntry& entry);

  bool open_ = false;
  std::uint32_t attempt_ = 0;  // counts; an entry that carries this number is noted already
  std::vector<Note> notes_;
  Bytes values_;
};

class WriteMap {
 public:
  // The hash that the functions below want.
  static std::uint64_t hash_of(BytesView key) { return keyed_hash(key); }

  // Null when nothing is known of the key. Cost: O(1).
  const WriteEntry* find(std::uint64_t hash, BytesView key) const;
  // Nothing when it is not known whether there is a value. Cost: O(1).
  static std::optional<bool> presence(const WriteEntry* entry);

  // Copies both into the arena. An empty value erases.
  void set(Arena& arena, UndoLog& undo, std::uint64_t hash, BytesView key, BytesView value);

  // Remembers what the state below says of a key of which that was not known: the value, empty
  // when there is none; or only that there is one. Values of more than kRememberedBytes are not
  // worth their memory, nor are more than kRememberedMax keys: who asks for what is not there,
  // again and again, must not fill it.
  void remember(Arena& arena, std::uint64_t hash, BytesView key, BytesView value);
  void remember_presence(Arena& arena, std::uint64_t hash, BytesView key);
  static constexpr std::size_t kRememberedBytes = 128;
  static constexpr std::size_t kRememberedMax = 200'000;
  // What was remembered no longer holds: the state below is another.
  void forget_below() { ++below_; }

  // What is written, in byte order of the keys. Cost: O(n log n).
  std::vector<const WriteEntry*> sorted() const;
  // Calls `use(begin, end)` with iterators over the entries with from <= key < to (an empty `to`:
  // no bound) in byte order; among them may be some that are no longer written(). Cost: O(log n)
  // each for what was written since the last call; not thread-safe.
  template <class Use>
  auto in_range(BytesView from, BytesView to, Use use) const {
    if (written_.size() <= kFew) {
      std::vector<const WriteEntry*> few = sorted();
      const auto before = [](const WriteEntry* entry, BytesView key) { return entry->key() < key; };
      const auto begin = std::lower_bound(few.begin(), few.end(), from, before);
      return use(begin, to.empty() ? few.end() : std::lower_bound(begin, few.end(), to, before));
    }
    for (; ordered_count_ < written_.size(); ++ordered_count_)
      ordered_.insert(written_[ordered_count_]);
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

  WriteEntry* find_entry(std::uint64_t hash, BytesView key) const;
  WriteEntry& entry_of(Arena& arena, std::uint64_t hash, BytesView key);
  WriteEntry* remembered_entry(Arena& arena, std::uint64_t hash, BytesView key);
  static void set_value(Arena& arena, WriteEntry& entry, BytesView value);
  // The hash beside the entry: who finds another hash need not fetch the entry.
  struct Slot {
    std::uint64_t hash = 0;
    WriteEntry* entry = nullptr;
  };
  void insert_slot(WriteEntry* entry);
  void place(const Slot& slot);
  void grow();

  std::vector<WriteEntry*> entries_;
  std::vector<WriteEntry*> written_;  // in the order of first writing, and what was taken back
  std::vector<Slot> slots_;           // open addressing, a power of two, at most half full
  mutable std::set<const WriteEntry*, ByKey> ordered_;
  mutable std::size_t ordered_count_ = 0;  // of written_, from the front
  std::uint32_t below_ = 1;                // counts states below
};

}  // namespace tp::store
