#include "store/table_schema.h"

#include <gtest/gtest.h>

namespace tp::store {
namespace {

struct Row {
  static constexpr std::uint8_t kVersion = 3;
  std::string name;
  std::uint32_t count = 0;
  auto fields() { return std::tie(name, count); }
  auto fields() const { return std::tie(name, count); }
};
// Row with a field more and the same version: what somebody forgot.
struct ChangedRow {
  static constexpr std::uint8_t kVersion = 3;
  std::string name;
  std::uint32_t count = 0;
  bool open = false;
  auto fields() { return std::tie(name, count, open); }
  auto fields() const { return std::tie(name, count, open); }
};

constexpr TableId kId{StoreId{1}, 7, "rows"};
constexpr Table<std::string, Row> kRows{kId};

TEST(TableSchema, TheVersionIsThatOfTheRecords) {
  const PlacedTable placed = cold(kRows);
  EXPECT_EQ(placed.store, StoreId{1});
  EXPECT_EQ(placed.table.number, 7);
  EXPECT_EQ(placed.table.name, "rows");
  EXPECT_EQ(placed.table.record_version, 3u);
  EXPECT_EQ(placed.table.placement, Placement::kCold);
  EXPECT_EQ(hot(kRows).table.placement, Placement::kHot);
}

TEST(TableSchema, OnlyRowsThatTheTableWouldWriteAreCanonical) {
  const auto is_canonical = hot(kRows).table.is_canonical;
  const Bytes key = kRows.raw_key(std::string("a"));
  const Bytes value = encode_record(Row{"a", 5});
  EXPECT_TRUE(is_canonical(key, value));
  EXPECT_FALSE(is_canonical(key + "x", value));
  EXPECT_FALSE(is_canonical(key.substr(0, 1), value));
  EXPECT_FALSE(is_canonical(key, value + "x"));
  EXPECT_FALSE(is_canonical(key, "\4" + value.substr(1)));
}

TEST(TableSchema, ALayoutThatChangedUnderTheSameVersionIsNotCanonical) {
  const auto is_canonical = hot(Table<std::string, ChangedRow>{kId}).table.is_canonical;
  EXPECT_FALSE(is_canonical(kRows.raw_key(std::string("a")), encode_record(Row{"a", 5})));
}

}  // namespace
}  // namespace tp::store
