#include "index/runs.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tp::index {
namespace {

TxPlace place(std::int64_t n) {
  return {Height{1 + n / 100}, static_cast<std::uint32_t>(n % 100)};
}

// A value is not watched before it has been seen a few times.
constexpr std::int64_t kFull = RunTracker::kFull + RunTracker::kWorthWatching;

TEST(RunTracker, AFullRunIsWrittenOnce) {
  RunTracker tracker;
  for (std::int64_t n = 0; n < kFull - 1; ++n) tracker.add(RunKind::kTx, "v", place(n));
  EXPECT_TRUE(tracker.take_rows().empty());
  tracker.add(RunKind::kTx, "v", place(kFull - 1));
  EXPECT_EQ(tracker.take_rows().size(), 1u);
  EXPECT_TRUE(tracker.take_rows().empty());
}

TEST(RunTracker, EventsOfOneTransactionCountOnce) {
  RunTracker tracker;
  for (std::int64_t n = 0; n < 2 * RunTracker::kFull; ++n)
    tracker.add(RunKind::kTx, "v", place(n / 2));
  EXPECT_TRUE(tracker.take_rows().empty());
}

TEST(RunTracker, ValuesAndKindsAreCountedApart) {
  RunTracker tracker;
  for (std::int64_t n = 0; n < kFull / 2; ++n) {
    tracker.add(RunKind::kTx, "v", place(n));
    tracker.add(RunKind::kTx, "w", place(n));
    tracker.add(RunKind::kBlock, "v", place(n));
  }
  EXPECT_TRUE(tracker.take_rows().empty());
}

// A value between others, of which some come often for a while: whatever becomes of its runs, each
// counts exactly what lies in it.
TEST(RunTracker, RunsCountWhatLiesInThem) {
  RunTracker tracker;
  std::vector<TxPlace> places;
  const auto add_others = [&](std::int64_t n) {
    for (std::int64_t i = 0; i < 40; ++i) {
      tracker.add(RunKind::kTx, "once " + std::to_string(40 * n + i), place(n));
      tracker.add(RunKind::kTx, "for a while " + std::to_string(n / 20 * 40 + i), place(n));
    }
  };
  for (std::int64_t n = 0; n < 50'000; ++n) {
    // Now and then it is rare for long.
    if (n / 10'000 % 2 == 0 || n % 500 == 0) {
      tracker.add(RunKind::kTx, "v", place(n));
      places.push_back(place(n));
    }
    add_others(n);
  }
  std::size_t runs = 0, counted = 0;
  for (const auto& [key, value] : tracker.take_rows()) {
    if (!key.starts_with("tv")) continue;
    const auto place_in = [](std::string_view bytes) {
      std::uint64_t height = 0, index = 0;
      for (std::size_t i = 0; i < 8; ++i)
        height = height << 8 | static_cast<std::uint8_t>(bytes[i]);
      for (std::size_t i = 8; i < 12; ++i) index = index << 8 | static_cast<std::uint8_t>(bytes[i]);
      return TxPlace{Height{static_cast<std::int64_t>(height)}, static_cast<std::uint32_t>(index)};
    };
    const auto first = std::find(places.begin(), places.end(), place_in(key.substr(2)));
    const auto last = std::find(places.begin(), places.end(), place_in(value));
    ASSERT_TRUE(first != places.end() && last != places.end());
    const auto count =
        static_cast<std::uint8_t>(value[14]) * 256u + static_cast<std::uint8_t>(value[15]);
    EXPECT_EQ(static_cast<std::size_t>(last - first + 1), count);
    counted += count;
    ++runs;
  }
  EXPECT_GE(runs, 20u);
  EXPECT_GE(counted, places.size() * 9 / 10);
}

}  // namespace
}  // namespace tp::index
