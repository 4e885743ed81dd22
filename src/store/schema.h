// What a state is made of: its stores, their tables, and the version of each. Stored beside the
// state and compared when it is opened, so that a program never reads records that it does not
// understand.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "store/reader.h"

namespace tp::store {

// Hot values live in memory. Cold ones live on disk behind a bounded cache; their keys and tree
// leaves stay in memory.
enum class Placement : std::uint8_t { kHot, kCold };

struct TableSchema {
  std::uint8_t number = 0;  // the first byte of every key of the table
  std::string name;
  Placement placement = Placement::kHot;
  std::uint32_t record_version = 1;  // stored; a state with another one needs a migration
  // Whether a row is of the form that this program writes. Not stored; null: anything is.
  bool (*is_canonical)(BytesView key, BytesView value) = nullptr;

  bool operator==(const TableSchema&) const = default;
};

struct StoreSchema {
  StoreId id;
  std::string name;  // the key under the multistore root
  std::vector<TableSchema> tables;
  Placement other_keys = Placement::kHot;  // keys of no listed table

  bool operator==(const StoreSchema&) const = default;
};

struct StateSchema {
  std::uint32_t version = 1;
  std::vector<StoreSchema> stores;

  bool operator==(const StateSchema&) const = default;
};

// Turns a state of schema version `from` into one of version `to` when it is opened. What it writes
// becomes part of the state at the height it stands at, with a new root; height, versions and the
// root that was replaced are recorded (StateVersion::replaced_roots).
struct Migration {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::function<Result<void>(Writer& state)> run;
};

// Reads every row of every listed table and compares it with its canonical form. Errors: kCorrupt,
// naming the table and the key. Cost: the whole state, once.
Result<void> check_rows(const Reader& state, const StateSchema& schema);

}  // namespace tp::store
