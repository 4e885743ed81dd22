#include "networks/compute/agent/token.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/sha.h"
#include "networks/compute/agent/fakes.h"
#include "networks/compute/agent/gateway_client.h"

namespace tp::compute::provider {
namespace {

constexpr BlockTime kNow{1'700'000'000'000'000'000};

crypto::Secp256k1PrivateKey key_of(char fill) {
  return *crypto::Secp256k1PrivateKey::from_bytes(std::string(32, fill));
}

class TokenTest : public ::testing::Test {
 protected:
  crypto::Secp256k1PrivateKey key_ = key_of('k');
  TokenChecker checker_{
      [this](const std::string& account) -> Result<std::optional<crypto::Secp256k1PublicKey>> {
        if (account != kCustomer) return std::nullopt;
        return key_.public_key();
      }};

  Result<Token> check(std::string_view text, BlockTime now = kNow) const {
    return checker_.check(text, now);
  }

  std::string sign(std::string_view header, std::string_view claims) const {
    const std::string text = to_base64url(header) + "." + to_base64url(claims);
    return text + "." + to_base64url(key_.sign(crypto::sha256(text)).view());
  }
  std::string with_claims(std::string_view claims) const {
    return sign(R"({"alg":"ES256K","typ":"JWT"})", claims);
  }
  std::string with_leases(std::string_view leases) const {
    return with_claims(R"({"iss":"turn1customer","iat":1700000000,"nbf":1700000000,)"
                       R"("exp":1700000900,"version":"v1","leases":)" +
                       std::string(leases) + "}");
  }
  // Why it is refused.
  std::string why(std::string_view text) const {
    const auto token = check(text);
    return token ? "accepted" : token.error().text;
  }
};

TEST_F(TokenTest, OurOwnTokensAreAccepted) {
  const auto token = check(make_token(key_, kCustomer, kNow));
  ASSERT_TRUE(token) << token.error().text;
  EXPECT_EQ(token->issuer(), kCustomer);
  EXPECT_TRUE(token->allows({.scope = Scope::kShell, .dseq = 5}, kUs));
}

TEST_F(TokenTest, ScopedTokensAllowOnlyTheirScopes) {
  const auto token = check(make_token(key_, kCustomer, kNow, {.scopes = {"logs", "status"}}));
  ASSERT_TRUE(token) << token.error().text;
  EXPECT_TRUE(token->allows({.scope = Scope::kLogs, .dseq = 5}, kUs));
  EXPECT_FALSE(token->allows({.scope = Scope::kSendManifest, .dseq = 5}, kUs));
}

TEST_F(TokenTest, ATokenForOneProviderIsNoneForAnother) {
  for (const std::vector<std::string>& scopes : {std::vector<std::string>{}, {"logs"}}) {
    const auto token =
        check(make_token(key_, kCustomer, kNow, {.scopes = scopes, .provider = kUs}));
    ASSERT_TRUE(token) << token.error().text;
    EXPECT_TRUE(token->allows({.scope = Scope::kLogs, .dseq = 5}, kUs));
    EXPECT_EQ(token->allows({.scope = Scope::kShell, .dseq = 5}, kUs), scopes.empty());
    EXPECT_FALSE(token->allows({.scope = Scope::kLogs, .dseq = 5}, "turn1other"));
  }
}

TEST_F(TokenTest, AnotherKeysSignatureIsRefused) {
  const auto token = check(make_token(key_of('x'), kCustomer, kNow));
  ASSERT_FALSE(token);
  EXPECT_TRUE(is(token.error(), TokenError::kBadSignature));
}

TEST_F(TokenTest, AnIssuerWithoutAKeyOnChainIsToldSo) {
  EXPECT_NE(why(make_token(key_, "turn1stranger", kNow)).find("knows no public key"),
            std::string::npos);
}

TEST_F(TokenTest, AChangedClaimBreaksTheSignature) {
  std::string text = make_token(key_, kCustomer, kNow);
  const std::string longer = with_leases(R"({"access":"scoped","scope":["shell"]})");
  const std::string forged = longer.substr(0, longer.rfind('.')) + text.substr(text.rfind('.'));
  EXPECT_TRUE(is(check(forged).error(), TokenError::kBadSignature));
}

TEST_F(TokenTest, TokensEnd) {
  const std::string text = make_token(key_, kCustomer, kNow);
  EXPECT_TRUE(check(text, kNow + Duration::minutes(15)));
  EXPECT_TRUE(is(check(text, kNow + Duration::minutes(16)).error(), TokenError::kExpired));
}

TEST_F(TokenTest, TokensOfTheFutureAreRefused) {
  const std::string text = make_token(key_, kCustomer, kNow + Duration::minutes(5));
  EXPECT_TRUE(is(check(text).error(), TokenError::kNotYetValid));
}

TEST_F(TokenTest, BrowserWalletsSignAnAdr36Document) {
  const std::string text =
      to_base64url(R"({"alg":"ES256KADR36","typ":"JWT"})") + "." +
      to_base64url(R"({"iss":"turn1customer","iat":1700000000,"nbf":1700000000,"exp":1700000900,)"
                   R"("version":"v1","leases":{"access":"full"}})");
  const std::string document =
      R"({"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[)"
      R"({"type":"sign/MsgSignData","value":{"data":")" +
      to_base64(text) + R"(","signer":"turn1customer"}}],"sequence":"0"})";
  const std::string signature = to_base64url(key_.sign(crypto::sha256(document)).view());
  EXPECT_EQ(why(text + "." + signature), "accepted");
  // The same signature under the plain algorithm is none.
  const std::string plain = to_base64url(R"({"alg":"ES256K"})") + text.substr(text.find('.'));
  EXPECT_NE(why(plain + "." + signature), "accepted");
}

TEST_F(TokenTest, GranularTokensNameProviderDeploymentAndServices) {
  const auto token = check(with_leases(
      R"({"access":"granular","permissions":[{"provider":"turn1us","access":"granular",)"
      R"("deployments":[{"dseq":5,"scope":["logs"],"services":["web"]}]}]})"));
  ASSERT_TRUE(token) << token.error().text;
  const Wish wish{.scope = Scope::kLogs, .dseq = 5, .gseq = 1, .oseq = 1, .services = {"web"}};
  EXPECT_TRUE(token->allows(wish, kUs));
  EXPECT_FALSE(token->allows(wish, "turn1other"));
  EXPECT_FALSE(token->allows({.scope = Scope::kLogs, .dseq = 6, .services = {"web"}}, kUs));
  EXPECT_FALSE(token->allows({.scope = Scope::kLogs, .dseq = 5, .services = {"db"}}, kUs));
  EXPECT_FALSE(token->allows({.scope = Scope::kLogs, .dseq = 5}, kUs));  // all services
  EXPECT_FALSE(token->allows({.scope = Scope::kShell, .dseq = 5, .services = {"web"}}, kUs));
}

TEST_F(TokenTest, WhatIsNotAsTheRulesSayIsRefusedInWords) {
  EXPECT_NE(why("abc").find("three parts"), std::string::npos);
  EXPECT_NE(why("a.b.c.d").find("three parts"), std::string::npos);
  EXPECT_NE(why("a=.b.c").find("base64url"), std::string::npos);
  EXPECT_NE(why(sign(R"({"alg":"none"})", "{}")).find("\"none\""), std::string::npos);
  EXPECT_NE(why(sign(R"({"alg":"HS256"})", "{}")).find("\"HS256\""), std::string::npos);
  EXPECT_NE(why(sign(R"({"alg":"ES256K","kid":"1"})", "{}")).find("\"kid\""), std::string::npos);
  EXPECT_NE(why(with_claims("{}")).find("\"iss\""), std::string::npos);
  EXPECT_NE(why(with_claims("[]")).find("JSON object"), std::string::npos);
  EXPECT_NE(why(with_leases(R"({"access":"all"})")).find("\"all\""), std::string::npos);
  EXPECT_NE(why(with_leases(R"({"access":"scoped"})")).find("\"scope\""), std::string::npos);
  EXPECT_NE(why(with_leases(R"({"access":"scoped","scope":["root"]})")).find("root"),
            std::string::npos);
  EXPECT_NE(why(with_leases(R"({"access":"scoped","scope":["logs","logs"]})")).find("twice"),
            std::string::npos);
  EXPECT_NE(why(with_leases(R"({"access":"full","scope":["logs"]})")).find("full access"),
            std::string::npos);
  EXPECT_NE(why(std::string(9000, 'a')).find("8192"), std::string::npos);
}

TEST_F(TokenTest, AClaimThatNobodyKnowsIsRefused) {
  EXPECT_NE(why(with_claims(R"({"iss":"turn1customer","admin":true})")).find("\"admin\""),
            std::string::npos);
}

TEST_F(TokenTest, WhenTheChainCannotBeAskedNothingIsSaidOfTheToken) {
  const TokenChecker blind(
      [](const std::string&) -> Result<std::optional<crypto::Secp256k1PublicKey>> {
        return fail(client::ClientError::kUnreachable);
      });
  EXPECT_TRUE(is(blind.check(make_token(key_, kCustomer, kNow), kNow).error(),
                 client::ClientError::kUnreachable));
}

}  // namespace
}  // namespace tp::compute::provider
