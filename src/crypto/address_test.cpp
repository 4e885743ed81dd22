#include "crypto/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/error.h"

namespace tp::crypto {
namespace {

// specs/chain.md §2.5, made with CosmJS 0.39.0.
TEST(Address, OfAnAccountIsWhatCosmosWalletsShow) {
  const auto key = Secp256k1PublicKey::of(
      *from_hex("024f4e2ad99c34d60b9ba6283c9431a8418af8673212961f97a77b6377fcd05b62"));
  const std::string text = "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4";
  EXPECT_EQ(address_text("cosmos", address_of(key)), text);
  EXPECT_EQ(parse_address(text, "cosmos"), address_of(key));
}

// Known to every Cosmos chain: SHA-256("fee_collector")[0..20).
TEST(Address, OfAModuleFollowsFromItsName) {
  EXPECT_EQ(address_text("cosmos", module_address("fee_collector")),
            "cosmos17xpfvakm2amg962yls6f84z3kell8c5lserqta");
}

// CometBFT: the first 20 bytes of SHA-256 of the key.
TEST(Address, OfAValidatorIsCutFromItsKeysHash) {
  const auto key = Ed25519PublicKey::of(
      *from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  EXPECT_EQ(to_hex(address_of(key).view()), "21fe31dfa154a261626bf854046fd2271b7bed4b");
}

TEST(Address, RefusesAnotherNumberOfBytes) {
  const auto parsed = parse_address(to_bech32("turn", Bytes(32, 'x')), "turn");
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(is(parsed.error(), CryptoError::kInvalidAddress));
  EXPECT_THAT(parsed.error().text, ::testing::HasSubstr("holds 32 bytes, an address has 20"));
}

}  // namespace
}  // namespace tp::crypto
