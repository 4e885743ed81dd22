#include "base/wide.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>

namespace tp {
namespace {

using Big = boost::multiprecision::cpp_int;  // unbounded, written by others

Big big(u128 value) {
  return Big{to_string(value)};
}

u128 number(std::string_view text) {
  return *parse_u128(text);
}

// Numbers of every length: half of all 128-bit numbers would otherwise have their top bit set.
u128 arbitrary() {
  const auto high = *rc::gen::arbitrary<std::uint64_t>();
  const auto low = *rc::gen::arbitrary<std::uint64_t>();
  const int shift = *rc::gen::inRange(0, 128);
  return (u128{high} << 64 | low) >> shift;
}

struct Vector {
  const char* a;
  const char* b;
  const char* addend;
  const char* divisor;
  const char* quotient;
  const char* remainder;
};

// Computed with Python's integers.
constexpr Vector kVectors[] = {
    {"985", "782", "278471212384611629093491461530617762802", "740797452999610352387291759170",
     "375907356", "495993832497356328340435078552"},
    {"23398818434083025352632486073801638683", "967", "12858156566043329065",
     "238705366401622798530836988075993978546", "94", "188352984005742454109795310788793952202"},
    {"10728629367260437474", "1797276903956378115", "20281227247268170410559107841670308898",
     "180935023174378532854964880320172242399", "0", "39563545020153485399049150769129790408"},
    {"540279011431855596052708421977", "474296786760202816909223553594",
     "78520671499120881389954466871116461573", "753058706493733694021",
     "340282366920938463463345641904700486557", "396151543747481621214"},
    {"335065022321845066517492886125224622376", "2993965375437990961", "0",
     "192866469067051577921606314747940411485", "5201386639184027913",
     "76777870948610069218919185806380562531"},
    {"152730362061528600312040076332308693703", "85027732944185759937339899132",
     "116395560122980762378338994594821839080", "38163354026668410105940995294",
     "340282366920938463463374607423763623391", "35015726994908240417206082922"},
    {"187511663845513135275015529792981306255", "42127622249869454753346867022916607414", "1",
     "196377957021414987207507829851793869041", "40225596913949208263457815170098190331",
     "193056238127413115549523900171831132000"},
    {"340282366920938463463374607431768211455", "2", "1", "3",
     "226854911280625642308916404954512140970", "1"},
    {"340282366920938463463374607431768211455", "340282366920938463463374607431768211455", "0",
     "340282366920938463463374607431768211455", "340282366920938463463374607431768211455", "0"},
    {"170141183460469231731687303715884105728", "2", "0", "2",
     "170141183460469231731687303715884105728", "0"},
    {"18446744073709551616", "18446744073709551616", "0", "36893488147419103232",
     "9223372036854775808", "0"},
    {"1000000000000000000", "100000000000000000000", "999999999999999999", "1000000000000000000",
     "100000000000000000000", "999999999999999999"},
};

TEST(MultiplyDivide, AgreesWithPython) {
  for (const Vector& v : kVectors) {
    const auto got = multiply_divide(number(v.a), number(v.b), number(v.addend), number(v.divisor));
    ASSERT_TRUE(got) << v.a;
    EXPECT_EQ(to_string(got->quotient), v.quotient) << v.a;
    EXPECT_EQ(to_string(got->remainder), v.remainder) << v.a;
  }
}

TEST(MultiplyDivide, RefusesAQuotientOfMoreThan128Bits) {
  EXPECT_TRUE(
      is(multiply_divide(kU128Max, kU128Max, kU128Max, kU128Max).error(), BaseError::kOverflow));
  EXPECT_TRUE(is(multiply_divide(kU128Max, 2, 0, 1).error(), BaseError::kOverflow));
}

TEST(MultiplyDivide, RefusesToDivideByZero) {
  EXPECT_TRUE(is(multiply_divide(1, 1, 1, 0).error(), BaseError::kDivisionByZero));
}

RC_GTEST_PROP(MultiplyDivideProperty, AgreesWithUnboundedIntegers, ()) {
  const u128 a = arbitrary(), b = arbitrary(), addend = arbitrary(), divisor = arbitrary();
  const auto got = multiply_divide(a, b, addend, divisor);
  if (divisor == 0) {
    RC_ASSERT(is(got.error(), BaseError::kDivisionByZero));
    return;
  }
  const Big sum = big(a) * big(b) + big(addend);
  const Big quotient = sum / big(divisor);
  if (quotient > big(kU128Max)) {
    RC_ASSERT(is(got.error(), BaseError::kOverflow));
    return;
  }
  RC_ASSERT(big(got->quotient) == quotient);
  RC_ASSERT(big(got->remainder) == Big(sum % big(divisor)));
}

RC_GTEST_PROP(U128Property, TextReadsBack, ()) {
  const u128 value = arbitrary();
  RC_ASSERT(*parse_u128(to_string(value)) == value);
}

TEST(U128, LeadingZerosAreAllowed) {
  EXPECT_EQ(to_string(number("0000000000000000000000000000000000000000000000042")), "42");
}

}  // namespace
}  // namespace tp
