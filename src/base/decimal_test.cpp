#include "base/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>

namespace tp {
namespace {

using Big = boost::multiprecision::cpp_int;  // the slow reference: unbounded, written by others

const Big kOne{"1000000000000000000"};
const Big kMax = (Big{1} << 128) - 1;

Big big(Decimal value) {
  return Big{to_string(value.scaled())};
}

Decimal decimal(std::string_view text) {
  return *Decimal::parse(text);
}

Decimal arbitrary() {
  const auto high = *rc::gen::arbitrary<std::uint64_t>();
  const auto low = *rc::gen::arbitrary<std::uint64_t>();
  return Decimal::from_scaled((u128{high} << 64 | low) >> *rc::gen::inRange(0, 128));
}

// `got` is `expected` where that fits 128 bits, and an overflow otherwise.
void check(const Result<Decimal>& got, const Big& expected) {
  if (expected > kMax)
    RC_ASSERT(is(got.error(), BaseError::kOverflow));
  else
    RC_ASSERT(big(*got) == expected);
}

RC_GTEST_PROP(DecimalProperty, SumsAgreeWithUnboundedIntegers, ()) {
  const Decimal a = arbitrary(), b = arbitrary();
  check(a.plus(b), big(a) + big(b));
  if (a < b)
    RC_ASSERT(is(a.minus(b).error(), BaseError::kUnderflow));
  else
    check(a.minus(b), big(a) - big(b));
}

RC_GTEST_PROP(DecimalProperty, ProductsAgreeWithUnboundedIntegers, ()) {
  const Decimal a = arbitrary(), b = arbitrary();
  const auto count = *rc::gen::arbitrary<std::uint64_t>();
  const Big product = big(a) * big(b);
  check(a.times(count), big(a) * count);
  check(a.times_rounding_down(b), product / kOne);
  check(a.times_rounding_up(b), (product + kOne - 1) / kOne);
}

RC_GTEST_PROP(DecimalProperty, QuotientsAgreeWithUnboundedIntegers, ()) {
  const Decimal a = arbitrary(), b = arbitrary();
  if (b.is_zero())
    RC_ASSERT(is(a.divided_by_rounding_down(b).error(), BaseError::kDivisionByZero));
  else
    check(a.divided_by_rounding_down(b), big(a) * kOne / big(b));
}

RC_GTEST_PROP(DecimalProperty, FloorAndFractionMakeTheWhole, ()) {
  const Decimal value = arbitrary();
  const auto whole = Decimal::from_amount(value.floor());
  RC_ASSERT(*whole->plus(value.fraction()) == value);
  const u128 up = value.ceil().units() - value.floor().units();
  RC_ASSERT(up == (value.fraction().is_zero() ? 0 : 1));
}

RC_GTEST_PROP(DecimalProperty, TextReadsBack, ()) {
  const Decimal value = arbitrary();
  RC_ASSERT(Decimal::parse(value.to_string()).value() == value);
  RC_ASSERT(Decimal::parse(value.to_string_trimmed()).value() == value);
}

TEST(Decimal, WritesEighteenDigitsForClientsAndFewForPeople) {
  EXPECT_EQ(decimal("0.5").to_string(), "0.500000000000000000");
  EXPECT_EQ(decimal("0.5").to_string_trimmed(), "0.5");
  EXPECT_EQ(decimal("10").to_string_trimmed(), "10");
  EXPECT_EQ(Decimal{}.to_string_trimmed(), "0");
  EXPECT_EQ(decimal("1.000000000000000001").to_string(), "1.000000000000000001");
}

TEST(Decimal, RefusesWhatIsNoDecimal) {
  for (const char* text : {"", ".", ".5", "1.", "-1", "+1", "1.2.3", "1e3", " 1", "1,5", "0x1",
                           "1.0000000000000000001"}) {
    const auto parsed = Decimal::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_TRUE(is(parsed.error(), BaseError::kInvalidText)) << text;
  }
}

TEST(Decimal, TheLargestIsThatOf128Bits) {
  const Decimal largest = Decimal::from_scaled(kU128Max);
  EXPECT_EQ(largest.to_string(), "340282366920938463463.374607431768211455");
  EXPECT_EQ(decimal("340282366920938463463.374607431768211455"), largest);
  EXPECT_TRUE(
      is(Decimal::parse("340282366920938463463.374607431768211456").error(), BaseError::kOverflow));
  EXPECT_TRUE(is(Decimal::from_amount(Amount{kU128Max}).error(), BaseError::kOverflow));
}

}  // namespace
}  // namespace tp
