#include "store/overlay.h"

#include <algorithm>

namespace tp::store {

const WriteMap* Overlay::find_map(StoreId store) const {
  for (const StoreMap& one : stores_)
    if (one.store == store) return &one.map;
  return nullptr;
}

WriteMap& Overlay::map_of(StoreId store) {
  for (StoreMap& one : stores_)
    if (one.store == store) return one.map;
  return stores_.emplace_back(StoreMap{store, {}}).map;
}

const WriteEntry* Overlay::find(StoreId store, BytesView key) const {
  const WriteMap* map = find_map(store);
  return map == nullptr ? nullptr : map->find(WriteMap::hash_of(key), key);
}

Result<std::optional<Bytes>> Overlay::get(StoreId store, BytesView key) const {
  const WriteEntry* entry = find(store, key);
  if (entry == nullptr) return base_->get(store, key);
  if (entry->erased()) return std::nullopt;
  return Bytes(entry->value());
}

Result<bool> Overlay::contains(StoreId store, BytesView key) const {
  const WriteEntry* entry = find(store, key);
  if (entry == nullptr) return base_->contains(store, key);
  return !entry->erased();
}

Result<void> Overlay::scan(StoreId store, const KeyRange& range, ScanVisitor visit) const {
  const WriteMap* map = find_map(store);
  if (map == nullptr) return base_->scan(store, range, visit);

  // A merge of two ordered sequences; our own writes win over the base's entry of the same key.
  return map->in_range(range.from, range.to, [&](auto own, const auto own_end) -> Result<void> {
    bool stopped = false;
    const auto visit_own_before = [&](std::optional<BytesView> bound) -> Result<Step> {
      for (; own != own_end && (!bound || (*own)->key() < *bound); ++own) {
        if ((*own)->erased()) continue;
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
      if (own != own_end && (*own)->key() == key) return Step::kGoOn;  // ours, visited next
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
  map_of(store).set(arena_, WriteMap::hash_of(key), key, value);
  return {};
}

Result<bool> Overlay::replace(StoreId store, BytesView key, BytesView value) {
  TP_ASSERT(!key.empty() && !value.empty());
  const std::uint64_t hash = WriteMap::hash_of(key);
  WriteMap& map = map_of(store);
  const WriteEntry* before = map.find(hash, key);
  bool existed = before != nullptr && !before->erased();
  if (before == nullptr) TRY_TO(existed, base_->contains(store, key));
  map.set(arena_, hash, key, value);
  return existed;
}

Result<void> Overlay::erase(StoreId store, BytesView key) {
  map_of(store).set(arena_, WriteMap::hash_of(key), key, {});
  return {};
}

WriteSet Overlay::writes() const {
  WriteSet out;
  for (const StoreMap& one : stores_) {
    StoreWrites& writes = out[one.store];
    writes.reserve(one.map.size());
    for (const WriteEntry* entry : one.map.sorted())
      writes.push_back(
          {entry->key(), entry->erased() ? std::nullopt : std::optional(entry->value())});
  }
  return out;
}

void Overlay::merge_into(Overlay& target) {
  for (const StoreMap& one : stores_) {
    WriteMap& into = target.map_of(one.store);
    for (const WriteEntry* entry : one.map.entries())
      into.set(target.arena_, entry->hash(), entry->key(), entry->value());
  }
  clear();
}

void Overlay::clear() {
  stores_.clear();
  arena_ = Arena();
}

}  // namespace tp::store
