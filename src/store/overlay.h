// Uncommitted writes on top of any Reader. A transaction runs on one, a block on another below it;
// success merges, failure drops (design.md §5).
#pragma once

#include <map>
#include <optional>

#include "store/reader.h"

namespace tp::store {

// Final values by key in byte order; nothing means erased.
using StoreWrites = std::map<Bytes, std::optional<Bytes>, std::less<>>;
using WriteSet = std::map<StoreId, StoreWrites>;

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
  Result<void> scan(StoreId store, const KeyRange& range, ScanVisitor visit) const override;
  Result<void> put(StoreId store, BytesView key, BytesView value) override;
  Result<void> erase(StoreId store, BytesView key) override;

  const WriteSet& writes() const { return writes_; }
  // Leaves the overlay empty.
  WriteSet take_writes() { return std::exchange(writes_, {}); }
  // Applies all writes to `target` and leaves this overlay empty. Cost: O(writes · log).
  void merge_into(Overlay& target);
  // Puts the same writes on top of another state, which must outlive the overlay.
  void rebase(const Reader& base) { base_ = &base; }
  void clear() { writes_.clear(); }

 private:
  const StoreWrites* writes_of(StoreId store) const;

  const Reader* base_;
  WriteSet writes_;
};

}  // namespace tp::store
