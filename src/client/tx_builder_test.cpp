#include "client/tx_builder.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"
#include "crypto/bip39.h"
#include "crypto/hd.h"
#include "crypto/sha.h"

namespace tp::client {
namespace {

const std::string kSelf = "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4";

crypto::Secp256k1PrivateKey vector_key() {
  const auto seed = crypto::seed_from_mnemonic(
      "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
      "about");
  return *crypto::derive_key(seed->view(), crypto::cosmos_path());
}

Message send_12345() {
  cosmos::bank::v1beta1::MsgSend send;
  send.set_from_address(kSelf);
  send.set_to_address(kSelf);
  auto& coin = *send.add_amount();
  coin.set_denom("udep");
  coin.set_amount("12345");
  return to_message(send);
}

TxDraft vector_draft() {
  return {.messages = {send_12345()},
          .memo = "vector",
          .fee = {.amount = {{Denom::of("udep"), Amount{500}}},
                  .gas_limit = Gas{200'000},
                  .payer = {},
                  .granter = {}},
          .timeout_height = Height{0}};
}

const SignerState kVectorSigner{"dep-test-1", AccountNumber{42}, Sequence{7}};

// specs/chain.md §2.5, made with CosmJS 0.39.0.
TEST(TxBuilder, GivesTheBytesAndHashOfCosmJs) {
  const SignedTx tx = sign_tx(vector_draft(), kVectorSigner, vector_key());
  EXPECT_EQ(tx.bytes.size(), 324u);
  EXPECT_EQ(to_hex_upper(tx.hash.view()),
            "22376BA50FD03A7CEAE68DA6F3D0FC98D12DBDE7CEB8E2B2280B9623A3062D66");

  cosmos::tx::v1beta1::TxRaw raw;
  ASSERT_TRUE(raw.ParseFromString(tx.bytes));
  EXPECT_EQ(to_hex(sign_digest(raw.body_bytes(), raw.auth_info_bytes(), kVectorSigner).view()),
            "c7ae1fc27887d49a7fb5e2476ee01171edee7d11043ef9016a98e538dbcd3421");
  EXPECT_EQ(
      to_base64(raw.signatures(0)),
      "VfVbD8HavKVi838NCZk61RpTRK/CJckfLr5r99QtbhpAgrSpb9LJnkOOuRDFOuoY5+VQ+oEyVOc7LPr7r6mqnw==");
}

TEST(TxBuilder, NamesMessagesAsTheChainDoes) {
  EXPECT_EQ(send_12345().type_url, "/cosmos.bank.v1beta1.MsgSend");
}

TEST(TxBuilder, ASimulatedTransactionDiffersOnlyInItsSignature) {
  const auto key = vector_key();
  cosmos::tx::v1beta1::TxRaw with;
  cosmos::tx::v1beta1::TxRaw without;
  ASSERT_TRUE(with.ParseFromString(sign_tx(vector_draft(), kVectorSigner, key).bytes));
  ASSERT_TRUE(without.ParseFromString(unsigned_tx(vector_draft(), Sequence{7}, key.public_key())));
  EXPECT_EQ(without.body_bytes(), with.body_bytes());
  EXPECT_EQ(without.auth_info_bytes(), with.auth_info_bytes());
  ASSERT_EQ(without.signatures_size(), 1);
  EXPECT_EQ(without.signatures(0), "");
}

// Each of these makes another transaction: none may be left out of what is signed.
TEST(TxBuilder, EveryPartIsSigned) {
  const auto key = vector_key();
  const auto hash = [&](const TxDraft& draft, const SignerState& signer) {
    return sign_tx(draft, signer, key).hash;
  };
  const Hash256 base = hash(vector_draft(), kVectorSigner);
  const auto changed = [&](auto change) {
    TxDraft draft = vector_draft();
    SignerState signer = kVectorSigner;
    change(draft, signer);
    return hash(draft, signer) != base;
  };
  EXPECT_TRUE(changed([](TxDraft& d, SignerState&) { d.memo = "other"; }));
  EXPECT_TRUE(changed([](TxDraft& d, SignerState&) { d.messages.push_back(d.messages[0]); }));
  EXPECT_TRUE(changed([](TxDraft& d, SignerState&) { d.timeout_height = Height{9}; }));
  EXPECT_TRUE(changed([](TxDraft& d, SignerState&) { d.fee.gas_limit = Gas{1}; }));
  EXPECT_TRUE(changed([](TxDraft& d, SignerState&) { d.fee.amount.clear(); }));
  EXPECT_TRUE(changed([](TxDraft& d, SignerState&) { d.fee.payer = "p"; }));
  EXPECT_TRUE(changed([](TxDraft& d, SignerState&) { d.fee.granter = "g"; }));
  EXPECT_TRUE(changed([](TxDraft&, SignerState& s) { s.chain_id = "dep-test-2"; }));
  EXPECT_TRUE(changed([](TxDraft&, SignerState& s) { s.account_number = AccountNumber{43}; }));
  EXPECT_TRUE(changed([](TxDraft&, SignerState& s) { s.sequence = Sequence{8}; }));
}

}  // namespace
}  // namespace tp::client
