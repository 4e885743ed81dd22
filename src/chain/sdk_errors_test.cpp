#include "chain/sdk_errors.h"

#include <gtest/gtest.h>

#include <set>

namespace tp::chain {
namespace {

TEST(SdkErrors, TheTextThatWalletsParseForAWrongSequence) {
  const auto failed = [](std::string_view detail) -> Result<void> {
    return fail(SdkError::kWrongSequence, detail);
  }("account sequence mismatch, expected 8, got 7");
  EXPECT_EQ(failed.error().codespace, "sdk");
  EXPECT_EQ(failed.error().code, 32U);
  EXPECT_EQ(failed.error().text,
            "account sequence mismatch, expected 8, got 7: incorrect account sequence");
}

TEST(SdkErrors, EveryCodeFrom2To42HasATextOfItsOwn) {
  std::set<std::string_view> texts;
  for (std::uint32_t code = 2; code <= 42; ++code) {
    const ErrorInfo info = describe(static_cast<SdkError>(code));
    EXPECT_EQ(info.codespace, "sdk");
    EXPECT_EQ(info.code, code);
    EXPECT_TRUE(texts.insert(info.text).second) << info.text;
  }
}

TEST(SdkErrors, APanicHasItsCodeInTheUndefinedCodespace) {
  EXPECT_EQ(describe(UndefinedError::kPanic).codespace, "undefined");
  EXPECT_EQ(describe(UndefinedError::kPanic).code, 111222U);
}

}  // namespace
}  // namespace tp::chain
