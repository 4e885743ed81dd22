// The schema of a table, from the table itself: so that the version by which a state is compared
// when it is opened is the version that its records carry.
#pragma once

#include "store/schema.h"
#include "store/table.h"

namespace tp::store {

// A table and the store that it belongs to.
struct PlacedTable {
  StoreId store;
  TableSchema table;
};

template <class Key, VersionedRecord Record>
PlacedTable placed(const Table<Key, Record>& table, Placement placement) {
  const auto is_canonical = [](BytesView key, BytesView value) {
    key.remove_prefix(1);  // the number of the table, by which it was found
    BytesView rest = key;
    Key typed_key{};
    if (!take_key(rest, typed_key) || !rest.empty()) return false;
    Bytes key_again;
    append_key(key_again, typed_key);
    const std::optional<Record> record = decode_record<Record>(value);
    return key_again == key && record && encode_record(*record) == value;
  };
  return {.store = table.id().store,
          .table = {.number = table.id().number,
                    .name = std::string(table.id().name),
                    .placement = placement,
                    .record_version = Record::kVersion,
                    .is_canonical = is_canonical}};
}

template <class Key, VersionedRecord Record>
PlacedTable hot(const Table<Key, Record>& table) {
  return placed(table, Placement::kHot);
}
template <class Key, VersionedRecord Record>
PlacedTable cold(const Table<Key, Record>& table) {
  return placed(table, Placement::kCold);
}

}  // namespace tp::store
