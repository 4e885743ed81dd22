#include "base/coin.h"

#include <gtest/gtest.h>

namespace tp {
namespace {

Coin coin(std::string_view text) {
  return *Coin::parse(text);
}

TEST(Denom, AcceptsWhatCosmosClientsAccept) {
  const std::string longest = "a" + std::string(127, 'b');
  for (const std::string& text : {std::string("utoll"), std::string("ibc/27394FB0"),
                                  std::string("a:._-"), std::string("A12"), longest})
    EXPECT_EQ(Denom::parse(text)->text(), text);
}

TEST(Denom, RefusesTheRest) {
  for (const std::string& text :
       {std::string(), std::string("ab"), std::string("1toll"), std::string("u toll"),
        std::string("u\xc3\xa9toll"), std::string("a") + std::string(128, 'b')})
    EXPECT_TRUE(is(Denom::parse(text).error(), BaseError::kInvalidText)) << text;
}

TEST(Coin, TextReadsBack) {
  EXPECT_EQ(coin("500utoll").amount, Amount{500});
  EXPECT_EQ(coin("500utoll").denom, Denom::of("utoll"));
  EXPECT_EQ(coin("0500utoll").to_string(), "500utoll");
}

TEST(Coin, RefusesWhatIsNoCoin) {
  for (const char* text : {"", "500", "utoll", "-5utoll", "5.5utoll", "5 utoll", "500utoll,"})
    EXPECT_TRUE(is(Coin::parse(text).error(), BaseError::kInvalidText)) << text;
  EXPECT_TRUE(is(Coin::parse("340282366920938463463374607431768211456utoll").error(),
                 BaseError::kOverflow));
}

TEST(Coins, CanonicalMeansSortedDistinctAndNonZero) {
  EXPECT_TRUE(is_canonical({}));
  EXPECT_TRUE(is_canonical({coin("5utoll"), coin("7uusd")}));
  EXPECT_FALSE(is_canonical({coin("7uusd"), coin("5utoll")}));
  EXPECT_FALSE(is_canonical({coin("5utoll"), coin("5utoll")}));
  EXPECT_FALSE(is_canonical({coin("0utoll")}));
  EXPECT_EQ(to_string({coin("5utoll"), coin("7uusd")}), "5utoll,7uusd");
  EXPECT_EQ(to_string(Coins{}), "");
}

}  // namespace
}  // namespace tp
