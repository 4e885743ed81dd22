#include "store/overlay.h"

#include <algorithm>

namespace tp::store {

const WriteMap* Overlay::find_map(StoreId store) const {
  for (const StoreMap& one : stores_)
    if (one.store == store) return &one.map;
  return nullptr;
}

WriteMap& Overlay::map_of(StoreId store) const {
  for (StoreMap& one : stores_)
    if (one.store == store) return one.map;
  return stores_.emplace_back(StoreMap{store, {}}).map;
}

Result<bool> Overlay::read(StoreId store, BytesView key, ValueVisitor visit) const {
  const std::uint64_t hash = WriteMap::hash_of(key);
  WriteMap& map = map_of(store);
  if (const WriteEntry* entry = map.find(hash, key)) {
    if (!entry->erased()) {
      visit(entry->value());
      return true;
    }
    if (!*WriteMap::presence(entry)) return false;
  }
  TRY(const bool found, base_->read(store, key, [&](BytesView value) {
    map.remember(arena_, hash, key, value);
    visit(value);
  }));
  if (!found) map.remember(arena_, hash, key, {});
  return found;
}

Result<bool> Overlay::contains(StoreId store, BytesView key) const {
  const std::uint64_t hash = WriteMap::hash_of(key);
  WriteMap& map = map_of(store);
  if (const auto known = WriteMap::presence(map.find(hash, key))) return *known;
  TRY(const bool found, base_->contains(store, key));
  if (found) {
    map.remember_presence(arena_, hash, key);
  } else {
    map.remember(arena_, hash, key, {});
  }
  return found;
}

Result<void> Overlay::scan(StoreId store, const KeyRange& range, ScanVisitor visit) const {
  const WriteMap* map = find_map(store);
  if (map == nullptr) return base_->scan(store, range, visit);

  // A merge of two ordered sequences; our own writes win over the base's entry of the same key.
  return map->in_range(range.from, range.to, [&](auto own, const auto own_end) -> Result<void> {
    bool stopped = false;
    const auto visit_own_before = [&](std::optional<BytesView> bound) -> Result<Step> {
      for (; own != own_end && (!bound || (*own)->key() < *bound); ++own) {
        if ((*own)->erased() || !(*own)->written()) continue;
        TRY(const Step step, visit((*own)->key(), (*own)->value()));
        if (step == Step::kStop) {
          stopped = true;
          return Step::kStop;
        }
      }
      return Step::kGoOn;
    };
    TRY_VOID(base_->scan(store, range, [&](BytesView key, BytesView value) -> Result<Step> {
      TRY(const Step step, visit_own_before(key));
      if (step == Step::kStop) return Step::kStop;
      if (own != own_end && (*own)->key() == key && (*own)->written())
        return Step::kGoOn;  // ours, visited next
      TRY(const Step own_step, visit(key, value));
      stopped = own_step == Step::kStop;
      return own_step;
    }));
    if (stopped) return {};
    TRY_VOID(visit_own_before(std::nullopt));
    return {};
  });
}

Result<void> Overlay::put(StoreId store, BytesView key, BytesView value) {
  TP_ASSERT(!key.empty() && !value.empty());
  map_of(store).set(arena_, undo_, WriteMap::hash_of(key), key, value);
  return {};
}

Result<bool> Overlay::replace(StoreId store, BytesView key, BytesView value) {
  TP_ASSERT(!key.empty() && !value.empty());
  const std::uint64_t hash = WriteMap::hash_of(key);
  WriteMap& map = map_of(store);
  std::optional<bool> existed = WriteMap::presence(map.find(hash, key));
  if (!existed) TRY_TO(existed, base_->contains(store, key));
  map.set(arena_, undo_, hash, key, value);
  return *existed;
}

Result<void> Overlay::erase(StoreId store, BytesView key) {
  map_of(store).set(arena_, undo_, WriteMap::hash_of(key), key, {});
  return {};
}

WriteSet Overlay::writes() const {
  WriteSet out;
  for (const StoreMap& one : stores_) {
    const std::vector<const WriteEntry*> entries = one.map.sorted();
    if (entries.empty()) continue;
    StoreWrites& writes = out[one.store];
    writes.reserve(entries.size());
    for (const WriteEntry* entry : entries)
      writes.push_back(
          {entry->key(), entry->erased() ? std::nullopt : std::optional(entry->value())});
  }
  return out;
}

void Overlay::rebase(const Reader& base) {
  TP_ASSERT(!undo_.is_open());
  base_ = &base;
  for (StoreMap& one : stores_) one.map.forget_below();
}

void Overlay::clear() {
  TP_ASSERT(!undo_.is_open());
  stores_.clear();
  arena_ = Arena();
}

}  // namespace tp::store
