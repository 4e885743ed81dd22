#include "base/amount.h"

#include <gtest/gtest.h>

namespace tp {
namespace {

const Amount kMax{kU128Max};

TEST(Amount, ReadsAndWritesEveryDigitOf128Bits) {
  EXPECT_EQ(kMax.to_string(), "340282366920938463463374607431768211455");
  EXPECT_EQ(Amount::parse("340282366920938463463374607431768211455"), kMax);
  EXPECT_EQ(Amount{}.to_string(), "0");
  EXPECT_EQ(Amount::parse("0"), Amount{});
}

TEST(Amount, RefusesOneMoreThan128Bits) {
  const auto parsed = Amount::parse("340282366920938463463374607431768211456");
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(is(parsed.error(), BaseError::kOverflow));
}

TEST(Amount, RefusesWhatIsNotAWholeNumber) {
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "١"}) {
    const auto parsed = Amount::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_TRUE(is(parsed.error(), BaseError::kInvalidText)) << text;
  }
}

TEST(Amount, OverflowIsAnErrorNeverAWrap) {
  EXPECT_TRUE(is(kMax.plus(Amount{1}).error(), BaseError::kOverflow));
  EXPECT_TRUE(is(Amount{kU128Max / 2 + 1}.times(2).error(), BaseError::kOverflow));
  EXPECT_EQ(kMax.plus(Amount{0}), kMax);
  EXPECT_EQ(kMax.times(1), kMax);
  EXPECT_EQ(kMax.times(0), Amount{});
}

TEST(Amount, NothingIsLessThanZero) {
  EXPECT_TRUE(is(Amount{1}.minus(Amount{2}).error(), BaseError::kUnderflow));
  EXPECT_EQ(Amount{2}.minus(Amount{2}), Amount{});
  EXPECT_EQ(Amount{1}.minus_or_zero(Amount{2}), Amount{});
  EXPECT_EQ(Amount{5}.minus_or_zero(Amount{2}), Amount{3});
}

}  // namespace
}  // namespace tp
