#include "store/table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "store/overlay.h"

namespace tp::store {
namespace {

enum class Colour : std::uint8_t { kRed = 1, kBlue = 2 };

struct Key {
  std::uint32_t group = 0;
  std::string name;
  std::int64_t height = 0;
  auto fields() { return std::tie(group, name, height); }
  auto fields() const { return std::tie(group, name, height); }
  auto operator<=>(const Key&) const = default;
};

struct Row {
  static constexpr std::uint8_t kVersion = 1;
  Amount amount;
  Decimal rate;
  Colour colour = Colour::kRed;
  std::optional<std::string> note;
  std::vector<std::int32_t> numbers;
  bool open = false;
  auto fields() { return std::tie(amount, rate, colour, note, numbers, open); }
  auto fields() const { return std::tie(amount, rate, colour, note, numbers, open); }
  bool operator==(const Row&) const = default;
};

constexpr Table<Key, Row> kRows{TableId{StoreId{1}, 7, "rows"}};

rc::Gen<Key> any_key() {
  return rc::gen::construct<Key>(
      rc::gen::arbitrary<std::uint32_t>(),
      rc::gen::container<std::string>(rc::gen::element('\0', '\1', 'a', '\xff')),
      rc::gen::arbitrary<std::int64_t>());
}

RC_GTEST_PROP(KeyProperty, ByteOrderIsTupleOrder, ()) {
  const Key a = *any_key(), b = *any_key();
  RC_ASSERT((kRows.raw_key(a) <=> kRows.raw_key(b)) == (a <=> b));
  RC_ASSERT(kRows.decoded_key(kRows.raw_key(a)) == a);
}

RC_GTEST_PROP(RecordProperty, DecodingUndoesEncodingAndRefusesEveryOtherForm,
              (std::uint64_t amount, std::uint64_t rate, bool open,
               std::vector<std::int32_t> numbers, std::string note, bool has_note)) {
  const Row row{.amount = Amount{u128{amount} << 40},
                .rate = Decimal::from_scaled(rate),
                .colour = Colour::kBlue,
                .note = has_note ? std::optional(note) : std::nullopt,
                .numbers = numbers,
                .open = open};
  const Bytes bytes = encode_record(row);
  RC_ASSERT(decode_record<Row>(bytes) == row);
  RC_ASSERT(!decode_record<Row>(bytes + '\0').has_value());
  RC_ASSERT(!decode_record<Row>(bytes.substr(0, bytes.size() - 1)).has_value());

  Bytes flipped = bytes;
  flipped[*rc::gen::inRange<std::size_t>(0, bytes.size())] ^=
      static_cast<char>(*rc::gen::inRange(1, 256));
  if (const auto other = decode_record<Row>(flipped)) RC_ASSERT(encode_record(*other) == flipped);
}

TEST(Table, AnAbsentRowIsAnErrorThatNamesTheTable) {
  EmptyReader empty;
  const auto row = kRows.get(empty, Key{1, "x", 2});
  ASSERT_FALSE(row);
  EXPECT_TRUE(is(row.error(), StoreError::kNotFound));
  EXPECT_EQ(row.error().text, "rows: not found");
}

TEST(Table, AScanByPrefixVisitsOnlyItsRowsInOrder) {
  EmptyReader empty;
  Overlay state(empty);
  for (const auto& [group, name] :
       std::vector<std::pair<std::uint32_t, std::string>>{{1, "b"}, {1, "a"}, {2, "a"}})
    ASSERT_TRUE(kRows.put(state, Key{group, name, 0}, Row{}));
  const auto rows = kRows.collect(state, std::make_tuple(std::uint32_t{1}));
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ((*rows)[0].first.name, "a");
  EXPECT_EQ((*rows)[1].first.name, "b");
}

TEST(TableDeathTest, ADamagedRecordStopsTheProcessAndNamesTheTable) {
  EXPECT_DEATH(kRows.decoded("garbage"), "table rows holds a damaged record");
}

}  // namespace
}  // namespace tp::store
