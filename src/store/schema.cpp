#include "store/schema.h"

#include <algorithm>

#include "base/text.h"
#include "store/error.h"

namespace tp::store {
namespace {

Result<Step> check_row(const StoreSchema& store, BytesView key, BytesView value) {
  const auto table =
      std::ranges::find(store.tables, static_cast<std::uint8_t>(key[0]), &TableSchema::number);
  if (table == store.tables.end())
    return fail(StoreError::kCorrupt,
                "store \"" + store.name + "\" holds key " + to_hex(key) + " of no table");
  if (table->is_canonical == nullptr || table->is_canonical(key, value)) return Step::kGoOn;
  return fail(StoreError::kCorrupt,
              "table \"" + store.name + "/" + table->name + "\": the row with key " + to_hex(key) +
                  " is not of the form of version " + std::to_string(table->record_version));
}

}  // namespace

Result<void> check_rows(const Reader& state, const StateSchema& schema) {
  for (const StoreSchema& store : schema.stores) {
    if (store.tables.empty()) continue;  // holds what others define
    TRY_VOID(state.scan(store.id, {}, [&store](BytesView key, BytesView value) {
      return check_row(store, key, value);
    }));
  }
  return {};
}

}  // namespace tp::store
