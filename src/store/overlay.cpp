#include "store/overlay.h"

namespace tp::store {

const StoreWrites* Overlay::writes_of(StoreId store) const {
  const auto found = writes_.find(store);
  return found == writes_.end() ? nullptr : &found->second;
}

Result<std::optional<Bytes>> Overlay::get(StoreId store, BytesView key) const {
  if (const StoreWrites* writes = writes_of(store)) {
    if (const auto found = writes->find(key); found != writes->end()) return found->second;
  }
  return base_->get(store, key);
}

Result<void> Overlay::scan(StoreId store, const KeyRange& range, ScanVisitor visit) const {
  const StoreWrites* writes = writes_of(store);
  if (writes == nullptr) return base_->scan(store, range, visit);

  // A merge of two ordered sequences; our own writes win over the base's entry of the same key.
  auto own = writes->lower_bound(range.from);
  const auto own_end = range.to.empty() ? writes->end() : writes->lower_bound(range.to);
  bool stopped = false;
  const auto visit_own_before = [&](std::optional<BytesView> bound) -> Result<Step> {
    for (; own != own_end && (!bound || BytesView(own->first) < *bound); ++own) {
      if (!own->second) continue;
      TRY(const Step step, visit(own->first, *own->second));
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
    if (own != own_end && BytesView(own->first) == key) return Step::kGoOn;  // ours, visited next
    TRY(const Step own_step, visit(key, value));
    stopped = own_step == Step::kStop;
    return own_step;
  }));
  if (stopped) return {};
  TRY_VOID(visit_own_before(std::nullopt));
  return {};
}

Result<void> Overlay::put(StoreId store, BytesView key, BytesView value) {
  TP_ASSERT(!key.empty() && !value.empty());
  StoreWrites& writes = writes_[store];
  if (const auto found = writes.find(key); found != writes.end()) {
    found->second = Bytes(value);
  } else {
    writes.emplace(Bytes(key), Bytes(value));
  }
  return {};
}

Result<void> Overlay::erase(StoreId store, BytesView key) {
  StoreWrites& writes = writes_[store];
  if (const auto found = writes.find(key); found != writes.end()) {
    found->second = std::nullopt;
  } else {
    writes.emplace(Bytes(key), std::nullopt);
  }
  return {};
}

void Overlay::merge_into(Overlay& target) {
  for (auto& [store, writes] : writes_) {
    StoreWrites& into = target.writes_[store];
    while (!writes.empty()) {
      auto node = writes.extract(writes.begin());
      auto inserted = into.insert(std::move(node));
      if (!inserted.inserted) inserted.position->second = std::move(inserted.node.mapped());
    }
  }
  writes_.clear();
}

}  // namespace tp::store
