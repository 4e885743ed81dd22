#include "base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

namespace tp {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

struct Moment {
  std::int64_t nanoseconds;
  const char* text;
};

// From `date -u -d @SECONDS`.
constexpr Moment kMoments[] = {
    {0, "1970-01-01T00:00:00Z"},
    {1, "1970-01-01T00:00:00.000000001Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {951'782'400'000'000'000, "2000-02-29T00:00:00Z"},
    {1'709'210'096'500'000'000, "2024-02-29T12:34:56.5Z"},
    {4'107'542'399'000'000'000, "2100-02-28T23:59:59Z"},
    {4'107'542'400'000'000'000, "2100-03-01T00:00:00Z"},
    {-2'203'891'200'000'000'000, "1900-03-01T00:00:00Z"},
};

TEST(Rfc3339, WritesTrimmedFractionsAsGoDoes) {
  for (const auto& [nanoseconds, text] : kMoments) EXPECT_EQ(to_rfc3339({nanoseconds}), text);
}

TEST(Rfc3339, ReadsWhatItWrites) {
  for (const auto& [nanoseconds, text] : kMoments)
    EXPECT_EQ(from_rfc3339(text), BlockTime{nanoseconds}) << text;
}

TEST(Rfc3339, ReadsOffsetsAndAllNineDigits) {
  EXPECT_EQ(from_rfc3339("2024-02-29T14:34:56.500000000+02:00"),
            BlockTime{1'709'210'096'500'000'000});
  EXPECT_EQ(from_rfc3339("2024-02-29T07:04:56.5-05:30"), BlockTime{1'709'210'096'500'000'000});
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2024-02-29",
                           "2024-02-29T12:34:56",
                           "2024-02-29 12:34:56Z",
                           "2024-02-30T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2100-02-29T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-01-00T00:00:00Z",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T00:60:00Z",
                           "2024-01-01T00:00:60Z",
                           "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00.1234567890Z",
                           "2024-01-01T00:00:00+24:00",
                           "2024-01-01T00:00:00+0100",
                           "2024-01-01T00:00:00Zx",
                           "2024-01-01T00:00:00,5Z",
                           "-024-01-01T00:00:00Z",
                           "1677-12-31T00:00:00Z",
                           "2262-01-01T00:00:00Z"}) {
    const auto time = from_rfc3339(text);
    ASSERT_FALSE(time) << text;
    EXPECT_TRUE(is(time.error(), BaseError::kInvalidText)) << text;
  }
}

RC_GTEST_PROP(Rfc3339Property, EveryTimeReadsBack, ()) {
  const auto first = from_rfc3339("1678-01-01T00:00:00Z")->nanoseconds;
  const auto last = from_rfc3339("2261-12-31T23:59:59.999999999Z")->nanoseconds;
  const BlockTime time{*rc::gen::inRange(first, last)};
  RC_ASSERT(from_rfc3339(to_rfc3339(time)).value() == time);
}

TEST(BlockTime, DifferencesAndSumsStopAtTheEndOfTheRange) {
  EXPECT_EQ((BlockTime{kMax} - BlockTime{-1}).nanoseconds, kMax);
  EXPECT_EQ((BlockTime{kMin} - BlockTime{1}).nanoseconds, kMin);
  EXPECT_EQ((BlockTime{kMax} + Duration{1}).nanoseconds, kMax);
  EXPECT_EQ((BlockTime{kMin} + Duration{-1}).nanoseconds, kMin);
  EXPECT_EQ(BlockTime{5} - BlockTime{3}, Duration{2});
  EXPECT_EQ(BlockTime{5} + Duration::seconds(1), BlockTime{1'000'000'005});
}

}  // namespace
}  // namespace tp
