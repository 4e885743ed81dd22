#include "crypto/bech32.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "crypto/error.h"

namespace tp::crypto {
namespace {

using ::testing::HasSubstr;

// BIP-173, "Test vectors".
TEST(Bech32, ReadsTheValidTextsOfTheStandard) {
  const struct {
    std::string text, hrp, hex;
  } cases[] = {
      {"A12UEL5L", "a", ""},
      {"a12uel5l", "a", ""},
      {"an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
       "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio", ""},
      {"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef",
       "00443214c74254b635cf84653a56d7c675be77df"},
      {"11" + std::string(82, 'q') + "c8247j", "1", std::string(102, '0')},
      {"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split",
       "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d"},
      {"?1ezyfcl", "?", ""},
  };
  for (const auto& [text, hrp, hex] : cases) {
    const auto read = from_bech32(text);
    ASSERT_TRUE(read) << text << ": " << read.error().text;
    EXPECT_EQ(read->hrp, hrp);
    EXPECT_EQ(to_hex(read->bytes), hex);
    std::string lower = text;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(to_bech32(read->hrp, read->bytes), lower);
  }
}

// BIP-173's invalid texts, but for the overlong one: Cosmos raises the limit of 90.
TEST(Bech32, RefusesTheInvalidTextsOfTheStandardAndSaysWhy) {
  const struct {
    std::string text, why;
  } cases[] = {
      {"\x20"
       "1nwldj5",
       "printable"},
      {"\x7f"
       "1axkwrx",
       "printable"},
      {"\x80"
       "1eym55h",
       "printable"},
      {"pzry9x0s0muk", "no \"1\""},
      {"1pzry9x0s0muk", "printable"},
      {"x1b4n0q5v", "character 3 is not in the bech32 alphabet"},
      {"li1dgmt3", "too short"},
      {"de1lg7wt\xff", "character 9 is not"},
      {"A1G7SGD8", "checksum does not match"},
      {"10a06t8", "printable"},
      {"1qzzfhee", "printable"},
      {"tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sL5k7", "mixed"},
      {"", "no \"1\""},
  };
  for (const auto& [text, why] : cases) {
    const auto read = from_bech32(text);
    ASSERT_FALSE(read) << text;
    EXPECT_TRUE(is(read.error(), CryptoError::kInvalidAddress));
    EXPECT_THAT(read.error().text, HasSubstr(why)) << text;
  }
}

// BIP-350's valid bech32m texts.
TEST(Bech32, RefusesTheChecksumOfBech32m) {
  for (const char* text : {"A1LQFN3A", "a1lqfn3a", "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx"})
    EXPECT_THAT(from_bech32(text).error().text, HasSubstr("bech32m")) << text;
}

TEST(Bech32, RefusesAnotherPrefixAndNamesBoth) {
  const std::string text = to_bech32("akash", Bytes(20, 'x'));
  EXPECT_TRUE(from_bech32(text, "akash"));
  EXPECT_THAT(from_bech32(text, "turn").error().text,
              HasSubstr("the prefix is \"akash\", expected \"turn\""));
}

TEST(Bech32, RefusesTextLongerThanTheCodeProtects) {
  EXPECT_TRUE(from_bech32(to_bech32("a", Bytes(630, 'x'))));
  EXPECT_THAT(from_bech32(to_bech32("a", Bytes(640, 'x'))).error().text, HasSubstr("1023"));
}

// Otherwise one address would have several texts.
TEST(Bech32, RefusesStrayBitsAfterTheLastByte) {
  EXPECT_EQ(from_bech32("a1lu9cgf6y")->bytes, "\xff");  // one byte and two zero bits
  for (const char* text : {"a1q3g6mn3",                 // no byte, five zero bits
                           "a1pzq3kfjw4",               // one byte, seven bits
                           "a1lpu3jwrz"})               // one byte, then bits 01
    EXPECT_THAT(from_bech32(text).error().text, HasSubstr("stray bits")) << text;
}

RC_GTEST_PROP(Bech32Property, WhatIsWrittenIsRead, (const std::string& bytes)) {
  RC_PRE(bytes.size() < 600);
  RC_ASSERT(*from_bech32(to_bech32("turn", bytes), "turn") == bytes);
}

// BIP-173 promises to find up to four wrong characters.
RC_GTEST_PROP(Bech32Property, FourMistypedCharactersAreFound, ()) {
  const auto bytes = *rc::gen::container<std::string>(20, rc::gen::arbitrary<char>());
  const std::string right = to_bech32("turn", bytes);
  std::string wrong = right;
  for (int i = 0; i < 4; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(5, right.size());
    wrong[at] = *rc::gen::elementOf(std::string("qpzry9x8gf2tvdw0s3jn54khce6mua7l"));
  }
  RC_PRE(wrong != right);
  RC_ASSERT_FALSE(from_bech32(wrong).has_value());
}

}  // namespace
}  // namespace tp::crypto
