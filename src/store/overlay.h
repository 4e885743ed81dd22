// Uncommitted writes on top of any Reader. A block runs on one; each of its transactions is an
// attempt on it that is kept or taken back as a whole (design.md §5).
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "store/reader.h"
#include "store/write_map.h"

namespace tp::store {

// The final value of a key; nothing means erased. The bytes belong to whoever made the write set.
struct Write {
  BytesView key;
  std::optional<BytesView> value;
};
using StoreWrites = std::vector<Write>;  // ascending by key, each key once
using WriteSet = std::map<StoreId, StoreWrites>;

// Not thread-safe, also not for readers side by side.
class Overlay final : public Writer {
 public:
  // `base` must outlive the overlay and must not change while the overlay lives. What small values
  // and absences it was asked for are remembered.
  explicit Overlay(const Reader& base) : base_(&base) {}
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  Result<bool> read(StoreId store, BytesView key, ValueVisitor visit) const override;
  Result<bool> contains(StoreId store, BytesView key) const override;
  Result<void> scan(StoreId store, const KeyRange& range, ScanVisitor visit) const override;
  Result<void> put(StoreId store, BytesView key, BytesView value) override;
  // As put(), and says whether the key was there before.
  Result<bool> replace(StoreId store, BytesView key, BytesView value);
  Result<void> erase(StoreId store, BytesView key) override;

  // Valid until the overlay changes or ends. Cost: O(n log n).
  WriteSet writes() const;
  // Puts the same writes on top of another state, which must outlive the overlay.
  void rebase(const Reader& base);
  void clear();

 private:
  friend class Attempt;

  struct StoreMap {
    StoreId store;
    WriteMap map;
  };
  const WriteMap* find_map(StoreId store) const;
  WriteMap& map_of(StoreId store) const;

  const Reader* base_;
  // Reading changes them too: what the base says is remembered.
  mutable Arena arena_;
  mutable std::deque<StoreMap> stores_;  // the few that were used; a scan may use more
  UndoLog undo_;
};

// Writes to an overlay that count only when they are kept: all of them, or none. One at a time.
// Cost: a copy of each value that is overwritten.
class Attempt {
 public:
  // `overlay` must outlive this, and not be cleared meanwhile.
  explicit Attempt(Overlay& overlay) : overlay_(overlay) { overlay_.undo_.begin(); }
  ~Attempt() {
    if (!kept_) overlay_.undo_.take_back();
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  // Ends the attempt; what is written later is no part of it.
  void keep() {
    overlay_.undo_.keep();
    kept_ = true;
  }

 private:
  Overlay& overlay_;
  bool kept_ = false;
};

}  // namespace tp::store
