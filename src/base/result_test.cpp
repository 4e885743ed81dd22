#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/bytes.h"

namespace tp {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(BaseError::kInvalidText, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  TRY(const int once, half(n));
  TRY(const int twice, half(once));
  return twice;
}

Result<void> check(int n) {
  TRY_VOID(half(n));
  return {};
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12), 3);
  EXPECT_TRUE(is(quarter(6).error(), BaseError::kInvalidText));
  EXPECT_TRUE(check(2));
  EXPECT_FALSE(check(1));
}

TEST(Result, TryMovesWhatCannotBeCopied) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    TRY(const auto pointer, make());
    return *pointer;
  };
  EXPECT_EQ(use(), 7);
}

TEST(Error, TheDetailComesBeforeTheRegisteredText) {
  const Error error = half(1).error();
  EXPECT_EQ(error.text, "odd: invalid text");
  EXPECT_EQ(error.codespace, "base");
  EXPECT_EQ(fail(BaseError::kOverflow).error().text, "overflow");
}

TEST(Error, IsOfItsKindWhateverTheDetail) {
  EXPECT_TRUE(is(half(1).error(), BaseError::kInvalidText));
  EXPECT_FALSE(is(half(1).error(), BaseError::kOverflow));
  EXPECT_FALSE(is(Error{.codespace = "sdk", .code = 2, .text = ""}, BaseError::kInvalidText));
}

TEST(AssertDeathTest, ABrokenInvariantStopsTheProcessAndSaysWhere) {
  EXPECT_DEATH(TP_ASSERT(1 + 1 == 3), "assertion failed: 1 \\+ 1 == 3 \\(.*result_test.cpp:");
}

TEST(FixedBytes, FromRefusesAnotherLength) {
  EXPECT_EQ(Hash256::from(Bytes(32, 'x'))->bytes(), Bytes(32, 'x'));
  EXPECT_TRUE(is(Hash256::from(Bytes(31, 'x')).error(), BaseError::kInvalidText));
  EXPECT_EQ(Hash256::from("abc").error().text, "3 bytes where 32 are needed: invalid text");
}

TEST(FixedBytesDeathTest, OfStopsOnAnotherLength) {
  EXPECT_DEATH(Hash256::of("abc"), "assertion failed");
}

}  // namespace
}  // namespace tp
