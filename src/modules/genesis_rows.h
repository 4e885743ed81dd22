// Rows in the genesis file as they stand in state: base64 of key and record. For tables that only
// an exported chain fills; what a founder writes by hand has named members instead.
#pragma once

#include <boost/json.hpp>

#include "base/text.h"
#include "chain/genesis.h"
#include "store/table.h"

namespace tp::modules {

template <class Key, store::VersionedRecord Record>
Result<boost::json::array> rows_to_json(const store::Table<Key, Record>& table,
                                        const store::Reader& state) {
  boost::json::array rows;
  TRY_VOID(table.scan(
      state, std::tuple<>{}, [&rows](const Key& key, const Record& record) -> Result<store::Step> {
        Bytes raw_key;
        store::append_key(raw_key, key);
        rows.push_back(
            {{"key", to_base64(raw_key)}, {"record", to_base64(store::encode_record(record))}});
        return store::Step::kGoOn;
      }));
  return rows;
}

// Calls `visit(key, record)` for each row of `member`. Errors: ModuleError::kGenesis for a row that
// is not of this table.
template <class Key, store::VersionedRecord Record>
Result<void> rows_from_json(const store::Table<Key, Record>& table,
                            const chain::GenesisObject& genesis, std::string_view member,
                            FunctionRef<Result<void>(const Key&, const Record&)> visit) {
  TRY(const std::vector<chain::GenesisObject> rows, genesis.objects(member));
  for (const chain::GenesisObject& row : rows) {
    TRY_VOID(row.allow_only({"key", "record"}));
    TRY(const std::string key_text, row.text("key"));
    TRY(const std::string record_text, row.text("record"));
    const Result<Bytes> key_bytes = from_base64(key_text);
    const Result<Bytes> record_bytes = from_base64(record_text);
    if (!key_bytes || !record_bytes) return row.error("", "key and record must be base64");

    Key key{};
    BytesView rest = *key_bytes;
    const std::optional<Record> record = store::decode_record<Record>(*record_bytes);
    if (!store::take_key(rest, key) || !rest.empty() || !record)
      return row.error("", "is not a row of table " + std::string(table.id().name));
    TRY_VOID(visit(key, *record));
  }
  return {};
}

// The same, straight into the table.
template <class Key, store::VersionedRecord Record>
Result<void> put_rows_from_json(const store::Table<Key, Record>& table, store::Writer& state,
                                const chain::GenesisObject& genesis, std::string_view member) {
  return rows_from_json<Key, Record>(
      table, genesis, member,
      [&](const Key& key, const Record& record) { return table.put(state, key, record); });
}

// Numbers that are given in order.
struct Counter {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t next = 1;
  auto fields() { return std::tie(next); }
  auto fields() const { return std::tie(next); }
};

}  // namespace tp::modules
