#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "base/text.h"
#include "crypto/ed25519.h"
#include "crypto/error.h"
#include "crypto/secp256k1.h"
#include "crypto/secp256k1_key_cache.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

Bytes hex(std::string_view text) {
  return *from_hex(text);
}

Secp256k1PrivateKey secp_key(std::string_view scalar) {
  return *Secp256k1PrivateKey::from_bytes(hex(scalar));
}

const std::string kOne(std::string(63, '0') + "1");
const std::string kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

// order - s: the other signature of the same meaning.
Secp256k1Signature with_s_negated(Secp256k1Signature signature) {
  const Bytes order = hex(kOrder);
  int borrow = 0;
  for (int i = 31; i >= 0; --i) {
    int digit = static_cast<std::uint8_t>(order[i]) - signature.data[32 + i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    signature.data[32 + i] = static_cast<std::uint8_t>(digit + 256 * borrow);
  }
  return signature;
}

// RFC 6979 on this curve, as the libraries of Bitcoin publish it: message hashed by SHA-256.
TEST(Secp256k1, SignsAsRfc6979Says) {
  const auto sign = [](std::string_view scalar, std::string_view message) {
    return to_hex(secp_key(scalar).sign(sha256(message)).view());
  };
  EXPECT_EQ(sign(kOne, "Satoshi Nakamoto"),
            "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
            "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
  EXPECT_EQ(
      sign(kOne, "All those moments will be lost in time, like tears in rain. Time to die..."),
      "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
      "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21");
}

TEST(Secp256k1, OnesPublicKeyIsTheGenerator) {
  EXPECT_EQ(to_hex(secp_key(kOne).public_key().view()),
            "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
}

TEST(Secp256k1, RefusesTheSignatureWithHighS) {
  const auto key = secp_key(kOne);
  const Hash256 digest = sha256("pay 1");
  const auto signature = key.sign(digest);
  ASSERT_TRUE(verify(key.public_key(), digest, signature));
  EXPECT_FALSE(verify(key.public_key(), digest, with_s_negated(signature)));
  EXPECT_FALSE(Secp256k1ParsedKey::parse(key.public_key().view())
                   ->verify(digest, with_s_negated(signature)));
}

TEST(Secp256k1, RefusesZeroAndTheOrderInBothHalvesOfASignature) {
  const auto key = secp_key(kOne);
  const Hash256 digest = sha256("pay 1");
  const Bytes good = key.sign(digest).bytes();
  for (const Bytes& bad : {Bytes(32, '\0'), hex(kOrder), Bytes(32, '\xff')}) {
    EXPECT_FALSE(verify(key.public_key(), digest, Secp256k1Signature::of(bad + good.substr(32))));
    EXPECT_FALSE(
        verify(key.public_key(), digest, Secp256k1Signature::of(good.substr(0, 32) + bad)));
  }
}

TEST(Secp256k1, RefusesScalarsOutsideTheGroup) {
  for (const Bytes& bad : {Bytes(32, '\0'), hex(kOrder), Bytes(32, '\xff'), Bytes(31, '\1'),
                           Bytes(33, '\1'), Bytes()}) {
    const auto key = Secp256k1PrivateKey::from_bytes(bad);
    ASSERT_FALSE(key) << to_hex(bad);
    EXPECT_TRUE(is(key.error(), CryptoError::kInvalidKey));
  }
}

TEST(Secp256k1, RefusesKeysThatAreNoCompressedPoint) {
  const Bytes good = secp_key(kOne).public_key().bytes();
  const Bytes uncompressed =
      hex("0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
          "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
  for (const Bytes& bad : {Bytes(), good.substr(1), good + '\0', Bytes(33, '\0'), Bytes(33, '\xff'),
                           "\4" + good.substr(1), uncompressed}) {
    const auto key = Secp256k1ParsedKey::parse(bad);
    ASSERT_FALSE(key) << to_hex(bad);
    EXPECT_TRUE(is(key.error(), CryptoError::kInvalidKey));
  }
  EXPECT_FALSE(verify(Secp256k1PublicKey{}, sha256(""), secp_key(kOne).sign(sha256(""))));
}

// Each of many keys takes the place of others, and comes back.
TEST(Secp256k1KeyCache, AnswersAsTheVerificationWithoutIt) {
  Secp256k1KeyCache cache;
  const Hash256 digest = sha256("message"), other = sha256("other");
  Bytes scalar(32, '\0');
  for (int round = 0; round < 2; ++round) {
    for (int i = 1; i < 50; ++i) {
      scalar[31] = static_cast<char>(i);
      const auto key = Secp256k1PrivateKey::from_bytes(scalar).value();
      const Secp256k1Signature signature = key.sign(digest);
      EXPECT_TRUE(cache.verify(key.public_key(), digest, signature));
      EXPECT_FALSE(cache.verify(key.public_key(), other, signature));
    }
  }
  // No point, though it looks like a place that nobody has taken.
  EXPECT_FALSE(cache.verify(Secp256k1PublicKey{}, digest, Secp256k1Signature{}));
}

TEST(Secp256k1, ManyThreadsShareTheContext) {
  const auto key = secp_key(kOne);
  std::array<bool, 4> all_good{};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < all_good.size(); ++t)
    threads.emplace_back([&, t] {
      bool good = true;
      for (int i = 0; i < 50; ++i) {
        const Hash256 digest = sha256(std::to_string(t * 1000 + i));
        good = good && verify(key.public_key(), digest, key.sign(digest));
      }
      all_good[t] = good;
    });
  for (std::thread& thread : threads) thread.join();
  for (const bool good : all_good) EXPECT_TRUE(good);
}

RC_GTEST_PROP(Secp256k1Property, SignaturesHoldForTheirKeyAndMessageOnly,
              (const std::string& message, const std::string& other)) {
  RC_PRE(message != other);
  SystemRandom random;
  const auto key = Secp256k1PrivateKey::generate(random);
  const auto stranger = Secp256k1PrivateKey::generate(random);
  const Hash256 digest = sha256(message);
  const auto signature = key.sign(digest);
  RC_ASSERT(verify(key.public_key(), digest, signature));
  RC_ASSERT_FALSE(verify(key.public_key(), digest, with_s_negated(signature)));
  RC_ASSERT_FALSE(verify(key.public_key(), sha256(other), signature));
  RC_ASSERT_FALSE(verify(stranger.public_key(), digest, signature));

  const auto parsed = Secp256k1ParsedKey::parse(key.public_key().view());
  RC_ASSERT(parsed->verify(digest, signature));
  RC_ASSERT_FALSE(parsed->verify(sha256(other), signature));
  RC_ASSERT(parsed->compressed() == key.public_key());
}

RC_GTEST_PROP(Secp256k1Property, EveryFlippedBitSpoilsASignature, ()) {
  const auto key = secp_key(kOne);
  const Hash256 digest = sha256("pay 1");
  auto signature = key.sign(digest);
  const auto bit = *rc::gen::inRange(0, 512);
  signature.data[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
  RC_ASSERT_FALSE(verify(key.public_key(), digest, signature));
}

// RFC 8032 §7.1, tests 1 to 3.
TEST(Ed25519, SignsAsThePublishedVectors) {
  const struct {
    std::string_view seed, key, message, signature;
  } cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
       "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
       "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const auto& [seed, key_hex, message, signature] : cases) {
    const auto key = *Ed25519PrivateKey::from_seed(hex(seed));
    EXPECT_EQ(to_hex(key.public_key().view()), key_hex);
    EXPECT_EQ(to_hex(key.sign(hex(message)).view()), signature);
    EXPECT_EQ(to_hex(key.seed()), seed);
    EXPECT_TRUE(verify(key.public_key(), hex(message), key.sign(hex(message))));
  }
}

TEST(Ed25519, RefusesSeedsOfAnotherSize) {
  for (const std::size_t size : {0, 31, 33, 64})
    EXPECT_TRUE(
        is(Ed25519PrivateKey::from_seed(Bytes(size, 'x')).error(), CryptoError::kInvalidKey));
}

// The all-zero signature holds for the neutral element and every message unless small orders are
// refused.
TEST(Ed25519, RefusesKeysOfSmallOrder) {
  const auto neutral = Ed25519PublicKey::of("\x01" + Bytes(31, '\0'));
  const auto forged = Ed25519Signature::of("\x01" + Bytes(63, '\0'));
  EXPECT_FALSE(verify(neutral, "anything", forged));
}

TEST(Ed25519, RefusesSBeyondTheOrder) {
  const auto key = *Ed25519PrivateKey::from_seed(Bytes(32, '\7'));
  auto signature = key.sign("vote");
  // s + order, little-endian: the same point, another text.
  const Bytes order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (int i = 0; i < 32; ++i) {
    carry += signature.data[32 + i] + static_cast<std::uint8_t>(order[i]);
    signature.data[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  ASSERT_EQ(carry, 0u);
  EXPECT_FALSE(verify(key.public_key(), "vote", signature));
}

RC_GTEST_PROP(Ed25519Property, SignaturesHoldForTheirKeyAndMessageOnly,
              (const std::string& message, const std::string& other)) {
  RC_PRE(message != other);
  SystemRandom random;
  const auto key = Ed25519PrivateKey::generate(random);
  const auto signature = key.sign(message);
  RC_ASSERT(verify(key.public_key(), message, signature));
  RC_ASSERT_FALSE(verify(key.public_key(), other, signature));
  RC_ASSERT_FALSE(verify(Ed25519PrivateKey::generate(random).public_key(), message, signature));
}

}  // namespace
}  // namespace tp::crypto
