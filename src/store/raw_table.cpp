#include "store/raw_table.h"

#include "store/key_map.h"

namespace tp::store {
namespace {

Result<void> check_key(BytesView key) {
  if (key.empty() || key.size() > KeyMap::kMaxKeySize)
    return fail(StoreError::kInvalidWrite, "a key of " + std::to_string(key.size()) +
                                               " bytes; it needs 1 to " +
                                               std::to_string(KeyMap::kMaxKeySize));
  return {};
}

}  // namespace

Result<std::optional<Bytes>> RawTable::find(const Reader& state, BytesView key) const {
  return state.get(store_, key);
}

Result<bool> RawTable::contains(const Reader& state, BytesView key) const {
  return state.contains(store_, key);
}

Result<void> RawTable::put(Writer& state, BytesView key, BytesView value) const {
  TRY_VOID(check_key(key));
  if (value.empty()) return fail(StoreError::kInvalidWrite, "an empty value");
  return state.put(store_, key, value);
}

Result<void> RawTable::erase(Writer& state, BytesView key) const {
  TRY_VOID(check_key(key));
  return state.erase(store_, key);
}

Result<void> RawTable::scan(const Reader& state, BytesView prefix, ScanVisitor visit) const {
  return state.scan(store_, KeyRange::with_prefix(prefix), visit);
}

}  // namespace tp::store
