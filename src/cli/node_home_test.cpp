#include "cli/node_home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tp::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Duration kGap = Duration::minutes(2);

TEST(BlockIntervals, AnIdleIntervalAboveHalfTheBillableGapIsRefusedWithBothNumbers) {
  const NodeConfig config{.idle_interval = Duration::minutes(5)};
  const auto checked = check_intervals(config, kGap);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().text,
              AllOf(HasSubstr("blocks.idle_interval: 5m"), HasSubstr("billable_gap_max of 2m")));
}

TEST(BlockIntervals, AFixedIntervalAboveHalfTheBillableGapIsRefusedWithBothNumbers) {
  const NodeConfig config{.fixed_interval = Duration::seconds(61)};
  const auto checked = check_intervals(config, kGap);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().text,
              AllOf(HasSubstr("blocks.fixed_interval: 61s"), HasSubstr("billable_gap_max of 2m")));
}

TEST(BlockIntervals, AnIntervalOfNothingIsRefused) {
  EXPECT_FALSE(check_intervals({.idle_interval = Duration{0}}, kGap));
  EXPECT_FALSE(check_intervals({.fixed_interval = Duration::milliseconds(9)}, kGap));
}

TEST(BlockIntervals, ABlockAMinuteIsTaken) {
  EXPECT_TRUE(check_intervals(
      {.idle_interval = Duration::minutes(1), .fixed_interval = Duration::minutes(1)}, kGap));
}

TEST(BlockIntervals, TheDefaultsAreTaken) {
  EXPECT_TRUE(check_intervals({}, kGap));
}

TEST(BlockIntervals, FollowTheChainsOwnGap) {
  EXPECT_FALSE(check_intervals({.idle_interval = Duration::seconds(5)}, Duration::seconds(6)));
}

}  // namespace
}  // namespace tp::cli
