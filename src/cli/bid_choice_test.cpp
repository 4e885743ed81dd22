#include "cli/bid_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/command.h"

namespace tp::cli {
namespace {

using ::testing::HasSubstr;

std::vector<BidView> bids(std::size_t count) {
  std::vector<BidView> out;
  for (std::size_t i = 1; i <= count; ++i)
    out.push_back({.name = {.gseq = 1, .provider = "turn1provider" + std::to_string(i)},
                   .price = {Denom::of("utoll"), *Decimal::parse(std::to_string(i))},
                   .state = "open"});
  return out;
}

struct Asked {
  Result<BidView> chosen;
  std::string shown;
};

Asked ask(std::size_t count, const std::string& typed) {
  std::istringstream in(typed);
  std::ostringstream out;
  auto chosen = ask_which_bid(bids(count), Duration::seconds(6), in, out);
  return {std::move(chosen), out.str()};
}

TEST(BidChoice, OneBidAloneIsShownAndNotTakenUnasked) {
  const Asked asked = ask(1, "");
  EXPECT_THAT(asked.shown, HasSubstr("turn1provider1"));
  ASSERT_FALSE(asked.chosen);
  EXPECT_TRUE(is(asked.chosen.error(), CliError::kUsage));
}

TEST(BidChoice, NoneOfTheseTakesNoBid) {
  const Asked asked = ask(2, "0\n");
  EXPECT_THAT(asked.shown, HasSubstr("none of these"));
  ASSERT_FALSE(asked.chosen);
  EXPECT_THAT(asked.chosen.error().text, HasSubstr("none of the bids for group 1 was wanted"));
}

TEST(BidChoice, AnEmptyLineTakesTheFirst) {
  EXPECT_EQ(ask(2, "\n").chosen->name.provider, "turn1provider1");
}

TEST(BidChoice, ANumberTakesThatOne) {
  EXPECT_EQ(ask(3, "2\n").chosen->name.provider, "turn1provider2");
}

TEST(BidChoice, WhatIsNoNumberOfTheTableIsAskedAgain) {
  EXPECT_EQ(ask(2, "3\nsecond\n2\n").chosen->name.provider, "turn1provider2");
}

}  // namespace
}  // namespace tp::cli
