#include "base/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tp {
namespace {

struct Encoded {
  const char* bytes;
  const char* text;
};

// RFC 4648 §10.
constexpr Encoded kBase64Vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};
constexpr Encoded kHexVectors[] = {
    {"", ""},
    {"f", "66"},
    {"fo", "666F"},
    {"foo", "666F6F"},
    {"foob", "666F6F62"},
    {"fooba", "666F6F6261"},
    {"foobar", "666F6F626172"},
};

void expect_refused(const Result<Bytes>& decoded, std::string_view text) {
  ASSERT_FALSE(decoded) << text;
  EXPECT_TRUE(is(decoded.error(), BaseError::kInvalidText)) << text;
}

TEST(Base64, AgreesWithRfc4648) {
  for (const auto& [bytes, text] : kBase64Vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), Bytes(bytes));
  }
}

TEST(Base64, RefusesEverythingButTheOneEncoding) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Z", "=", "==", "====", "Zg==Zg==", "Zh==", "Zm9=",
                           "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_", "Z=g=", "\xc3\xa9==", "Zm9v===="})
    expect_refused(from_base64(text), text);
}

TEST(Base64Url, UsesTheOtherAlphabetWithoutPadding) {
  EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(from_base64url("-__-"), Bytes("\xfb\xff\xfe"));
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(from_base64url("Zg"), Bytes("f"));
  for (const char* text : {"Zg==", "Z", "Zh", "+//+", "Zm9vY"})
    expect_refused(from_base64url(text), text);
}

TEST(Hex, AgreesWithRfc4648) {
  for (const auto& [bytes, text] : kHexVectors) {
    EXPECT_EQ(to_hex_upper(bytes), text);
    EXPECT_EQ(from_hex(text), Bytes(bytes));
  }
}

TEST(Hex, ReadsEitherCaseAndWritesTheOneAskedFor) {
  EXPECT_EQ(from_hex("dEaDbEeF"), Bytes("\xde\xad\xbe\xef"));
  EXPECT_EQ(to_hex("\xde\xad\xbe\xef"), "deadbeef");
  EXPECT_EQ(to_hex_upper("\xde\xad\xbe\xef"), "DEADBEEF");
}

TEST(Hex, RefusesWhatIsNotHexadecimal) {
  for (const char* text : {"0", "000", "0g", "0x00", " 00", "00 ", "-1", "\xc3\xa9"})
    expect_refused(from_hex(text), text);
}

RC_GTEST_PROP(TextProperty, EveryCodecReadsBackWhatItWrote, (const std::string& bytes)) {
  RC_ASSERT(from_hex(to_hex(bytes)).value() == bytes);
  RC_ASSERT(from_hex(to_hex_upper(bytes)).value() == bytes);
  RC_ASSERT(from_base64(to_base64(bytes)).value() == bytes);
  RC_ASSERT(from_base64url(to_base64url(bytes)).value() == bytes);
}

// Short texts over a few characters of the alphabets, so that many are nearly right.
RC_GTEST_PROP(TextProperty, WhatBase64AcceptsIsItsOwnEncoding, ()) {
  const std::string alphabet = "AQZgw0+/-_==";
  const auto text =
      *rc::gen::resize(8, rc::gen::container<std::string>(rc::gen::elementOf(alphabet)));
  if (const auto bytes = from_base64(text)) RC_ASSERT(to_base64(*bytes) == text);
  if (const auto bytes = from_base64url(text)) RC_ASSERT(to_base64url(*bytes) == text);
}

TEST(ParseInt, ReadsTheWholeRange) {
  EXPECT_EQ(parse_int<std::uint64_t>("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(parse_int<std::int64_t>("-9223372036854775808"),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_int<std::uint8_t>("255"), 255);
}

TEST(ParseInt, TellsTooLargeFromNoNumber) {
  EXPECT_TRUE(is(parse_int<std::uint8_t>("256").error(), BaseError::kOverflow));
  EXPECT_TRUE(is(parse_int<std::int8_t>("-129").error(), BaseError::kOverflow));
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3"})
    EXPECT_TRUE(is(parse_int<std::uint8_t>(text).error(), BaseError::kInvalidText)) << text;
}

}  // namespace
}  // namespace tp
