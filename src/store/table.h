// Table<Key, Record>: a typed ordered map in a store. A table is only a name and a codec; state is
// always passed in.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/short_bytes.h"
#include "store/error.h"
#include "store/reader.h"
#include "store/record.h"
#include "store/row_names.h"

namespace tp::store {

// Where a table lives. (store, number) is the first part of every key and never reused; all stand
// in chain/ids.h.
struct TableId {
  StoreId store;
  std::uint8_t number;
  std::string_view name;
};

// The key of a table that holds one row.
struct OneRow {
  std::uint8_t zero = 0;
  auto fields() { return std::tie(zero); }
  auto fields() const { return std::tie(zero); }
};

template <class Key, VersionedRecord Record>
class Table {
 public:
  using Visitor = FunctionRef<Result<Step>(const Key& key, const Record& record)>;

  constexpr explicit Table(TableId id) : id_(id) {}

  TableId id() const { return id_; }

  // Nothing when absent. Cost: one read.
  Result<std::optional<Record>> find(const Reader& state, const Key& key) const {
    std::optional<Record> record;
    TRY_VOID(state.read(id_.store, KeyBytes(*this, key).view(),
                        [&](BytesView value) { record = decoded(value); }));
    return record;
  }

  // Errors: StoreError::kNotFound naming the table.
  Result<Record> get(const Reader& state, const Key& key) const {
    TRY(std::optional<Record> record, find(state, key));
    if (!record) return fail(StoreError::kNotFound, id_.name);
    return *std::move(record);
  }

  Result<bool> contains(const Reader& state, const Key& key) const {
    return state.contains(id_.store, KeyBytes(*this, key).view());
  }

  // Adds the name of the row to those that are to be fetched.
  void name(RowNames& rows, const Key& key) const {
    rows.add(id_.store, KeyBytes(*this, key).view());
  }

  Result<void> put(Writer& state, const Key& key, const Record& record) const {
    ShortBytes value;
    append_record(value, record);
    return state.put(id_.store, KeyBytes(*this, key).view(), value.view());
  }

  Result<void> erase(Writer& state, const Key& key) const {
    return state.erase(id_.store, KeyBytes(*this, key).view());
  }

  // Visits, in key order, the rows whose key begins with the components of `prefix` (std::tie or
  // std::make_tuple of leading key fields; std::tuple<>{} for all). The visitor must not write to
  // this store.
  template <class Prefix = std::tuple<>>
  Result<void> scan(const Reader& state, const Prefix& prefix, Visitor visit) const {
    return scan_range(state, KeyRange::with_prefix(raw_key(prefix)), visit);
  }

  // As scan, from the first key >= `from` to the last key of the table.
  Result<void> scan_from(const Reader& state, const Key& from, Visitor visit) const {
    KeyRange range = KeyRange::with_prefix(raw_key(std::tuple<>{}));
    range.from = raw_key(from);
    return scan_range(state, range, visit);
  }

  Result<void> scan_range(const Reader& state, const KeyRange& range, Visitor visit) const {
    return state.scan(id_.store, range, [&](BytesView key, BytesView value) -> Result<Step> {
      return visit(decoded_key(key), decoded(value));
    });
  }

  // The rows that scan would visit, for callers that write while they go. Cost: memory for all of
  // them.
  template <class Prefix = std::tuple<>>
  Result<std::vector<std::pair<Key, Record>>> collect(const Reader& state,
                                                      const Prefix& prefix) const {
    std::vector<std::pair<Key, Record>> rows;
    TRY_VOID(scan(state, prefix, [&rows](const Key& key, const Record& record) -> Result<Step> {
      rows.emplace_back(key, record);
      return Step::kGoOn;
    }));
    return rows;
  }

  // The bytes under which a key (or a prefix of one) stands in the store: for proofs and page keys.
  template <class KeyOrPrefix>
  Bytes raw_key(const KeyOrPrefix& key) const {
    Bytes out;
    out.push_back(static_cast<char>(id_.number));
    append_key(out, key);
    return out;
  }

  // Precondition: `bytes` is a key of this table (state is verified at start; anything else stops
  // the process).
  Key decoded_key(BytesView bytes) const {
    Key key;
    if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != id_.number) damaged("key");
    bytes.remove_prefix(1);
    if (!take_key(bytes, key) || !bytes.empty()) damaged("key");
    return key;
  }

  Record decoded(BytesView bytes) const {
    std::optional<Record> record = decode_record<Record>(bytes);
    if (!record) damaged("record");
    return *std::move(record);
  }

 private:
  // What raw_key() gives, for the length of a call.
  class KeyBytes {
   public:
    KeyBytes(const Table& table, const Key& key) {
      bytes_.push_back(static_cast<char>(table.id_.number));
      append_key(bytes_, key);
    }
    BytesView view() const { return bytes_.view(); }

   private:
    ShortBytes bytes_;
  };

  [[noreturn]] void damaged(std::string_view what) const {
    TP_FATAL("table " + std::string(id_.name) + " holds a damaged " + std::string(what));
  }

  TableId id_;
};

}  // namespace tp::store
