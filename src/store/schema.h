// What a state is made of: its stores, their tables, and the version of each. Stored beside the
// state and compared when it is opened, so that a program never reads records that it does not
// understand.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

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
// becomes part of the state at the height it stands at, with a new root; height and versions are
// recorded.
struct Migration {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::function<Result<void>(Writer& state)> run;
};

}  // namespace tp::store
