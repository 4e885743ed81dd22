// Uncommitted writes on top of any Reader. A transaction runs on one, a block on another below it;
// success merges, failure drops (design.md §5).
#pragma once

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
  // `base` must outlive the overlay and must not change while the overlay lives, except by
  // merge_into.
  explicit Overlay(const Reader& base) : base_(&base) {}
  // The same, for bases that are overlays themselves: there the constructor would mean a copy.
  static Overlay over(const Reader& base) { return Overlay(base); }
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  Result<std::optional<Bytes>> get(StoreId store, BytesView key) const override;
  Result<bool> contains(StoreId store, BytesView key) const override;
  Result<void> scan(StoreId store, const KeyRange& range, ScanVisitor visit) const override;
  Result<void> put(StoreId store, BytesView key, BytesView value) override;
  // As put(), and says whether the key was there before.
  Result<bool> replace(StoreId store, BytesView key, BytesView value);
  Result<void> erase(StoreId store, BytesView key) override;

  // Valid until the overlay changes or ends. Cost: O(n log n).
  WriteSet writes() const;
  // Applies all writes to `target` and leaves this overlay empty. Cost: O(writes).
  void merge_into(Overlay& target);
  // Puts the same writes on top of another state, which must outlive the overlay.
  void rebase(const Reader& base) { base_ = &base; }
  void clear();

 private:
  struct StoreMap {
    StoreId store;
    WriteMap map;
  };
  const WriteMap* find_map(StoreId store) const;
  WriteMap& map_of(StoreId store);
  const WriteEntry* find(StoreId store, BytesView key) const;

  const Reader* base_;
  Arena arena_;
  std::vector<StoreMap> stores_;  // the few that were written to
};

}  // namespace tp::store
