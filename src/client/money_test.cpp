#include "client/money.h"

#include <gtest/gtest.h>

namespace tp::client {
namespace {

Decimal decimal(std::string_view text) {
  return *Decimal::parse(text);
}

TEST(Money, APricePerTickBecomesOnePerHourExactly) {
  EXPECT_EQ(*per_hour(decimal("0.440625"), Duration::seconds(6)), decimal("264.375"));
  EXPECT_EQ(*per_hour(decimal("1"), Duration::hours(2)), decimal("0.5"));
  EXPECT_FALSE(per_hour(Decimal::from_scaled(kU128Max), Duration::seconds(1)));
}

TEST(Money, SixDigitsThatMatterAreShownTheNearest) {
  EXPECT_EQ(short_decimal(decimal("0.333333333333333334")), "0.333333");
  EXPECT_EQ(short_decimal(decimal("0.666666666666666667")), "0.666667");
  EXPECT_EQ(short_decimal(decimal("0.440625000000000089")), "0.440625");
  EXPECT_EQ(short_decimal(decimal("0.000264375")), "0.000264375");
  EXPECT_EQ(short_decimal(decimal("0.9999999")), "1");
  EXPECT_EQ(short_decimal(decimal("12345.65")), "12345.7");
  EXPECT_EQ(short_decimal(decimal("0")), "0");
}

TEST(Money, DigitsBeforeThePointAllStay) {
  EXPECT_EQ(short_decimal(decimal("123456789")), "123456789");
  EXPECT_EQ(short_decimal(decimal("123456789.5")), "123456790");
  EXPECT_EQ(short_decimal(Decimal::from_scaled(kU128Max)), "340282366920938463463");
}

TEST(Money, MicroDenominationsAreShownInTheirUnit) {
  EXPECT_EQ(money_for_people(decimal("264.375"), "utoll"), "0.000264375 toll");
  EXPECT_EQ(money_for_people(decimal("2"), "toll"), "2 toll");
}

}  // namespace
}  // namespace tp::client
