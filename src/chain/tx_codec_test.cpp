#include "chain/tx_codec.h"

#include <gmock/gmock.h>
#include <google/protobuf/unknown_field_set.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "base/varint.h"
#include "chain/sign_doc.h"
#include "chain/wire_check.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "cosmos/crypto/multisig/keys.pb.h"
#include "cosmos/crypto/secp256k1/keys.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"

namespace tp::chain {
namespace {

using cosmos::bank::v1beta1::MsgMultiSend;
using cosmos::bank::v1beta1::MsgSend;
using cosmos::crypto::multisig::LegacyAminoPubKey;
using cosmos::tx::v1beta1::AuthInfo;
using cosmos::tx::v1beta1::TxBody;
using cosmos::tx::v1beta1::TxRaw;
using testing::HasSubstr;

constexpr std::string_view kAddress = "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4";

template <class T>
void pack(const T& message, google::protobuf::Any& any) {
  any.set_type_url("/" + T::descriptor()->full_name());
  any.set_value(message.SerializeAsString());
}

MsgSend a_send() {
  MsgSend send;
  send.set_from_address(std::string(kAddress));
  send.set_to_address(std::string(kAddress));
  auto* coin = send.add_amount();
  coin->set_denom("udep");
  coin->set_amount("12345");
  return send;
}

TxBody a_body() {
  TxBody body;
  pack(a_send(), *body.add_messages());
  body.set_memo("vector");
  return body;
}

AuthInfo an_auth_info() {
  AuthInfo auth_info;
  auto* signer = auth_info.add_signer_infos();
  cosmos::crypto::secp256k1::PubKey key;
  key.set_key(*from_hex("024f4e2ad99c34d60b9ba6283c9431a8418af8673212961f97a77b6377fcd05b62"));
  pack(key, *signer->mutable_public_key());
  signer->mutable_mode_info()->mutable_single()->set_mode(
      cosmos::tx::signing::v1beta1::SIGN_MODE_DIRECT);
  signer->set_sequence(7);
  auto* fee = auth_info.mutable_fee();
  auto* coin = fee->add_amount();
  coin->set_denom("udep");
  coin->set_amount("500");
  fee->set_gas_limit(200000);
  return auth_info;
}

TxRaw a_raw(const TxBody& body = a_body(), const AuthInfo& auth_info = an_auth_info()) {
  TxRaw raw;
  raw.set_body_bytes(body.SerializeAsString());
  raw.set_auth_info_bytes(auth_info.SerializeAsString());
  raw.add_signatures(*from_base64(
      "VfVbD8HavKVi838NCZk61RpTRK/CJckfLr5r99QtbhpAgrSpb9LJnkOOuRDFOuoY5+VQ+oEyVOc7LPr7r6mqnw=="));
  return raw;
}

// A field with `number` that holds `value` as bytes.
Bytes field(std::uint32_t number, BytesView value) {
  Bytes out;
  append_varint(out, number << 3 | 2);
  append_varint(out, value.size());
  return out.append(value);
}

class TxCodecTest : public testing::Test {
 protected:
  TxCodecTest() {
    types_.add_message<MsgSend>();
    types_.add_message<MsgMultiSend>();
  }

  Result<DecodedTx> decode(BytesView raw) { return TxCodec(types_).decode(raw); }
  Result<DecodedTx> decode(const TxRaw& raw) { return decode(raw.SerializeAsString()); }
  Result<DecodedTx> decode_body(BytesView body) {
    TxRaw raw = a_raw();
    raw.set_body_bytes(Bytes(body));
    return decode(raw);
  }
  Result<DecodedTx> decode_auth_info(BytesView auth_info) {
    TxRaw raw = a_raw();
    raw.set_auth_info_bytes(Bytes(auth_info));
    return decode(raw);
  }

  MessageTypes types_;
};

#define EXPECT_REFUSED(result, kind, words)                         \
  do {                                                              \
    const auto refused = (result);                                  \
    ASSERT_FALSE(refused.has_value());                              \
    EXPECT_TRUE(is(refused.error(), kind)) << refused.error().code; \
    EXPECT_THAT(refused.error().text, HasSubstr(words));            \
  } while (false)

// specs/chain.md §2.5: made by CosmJS 0.39.0.
TEST_F(TxCodecTest, ATransactionOfCosmJsHasItsHashAndSignBytes) {
  const Bytes raw = a_raw().SerializeAsString();
  ASSERT_EQ(raw.size(), 324U);
  const auto tx = decode(raw);
  ASSERT_TRUE(tx.has_value()) << tx.error().text;
  EXPECT_EQ(to_hex_upper(tx->hash.view()),
            "22376BA50FD03A7CEAE68DA6F3D0FC98D12DBDE7CEB8E2B2280B9623A3062D66");
  const SignerContext signer{.chain_id = "dep-test-1", .account_number = 42};
  EXPECT_EQ(to_hex(sign_doc_hash(tx->body_bytes, tx->auth_info_bytes, signer).view()),
            "c7ae1fc27887d49a7fb5e2476ee01171edee7d11043ef9016a98e538dbcd3421");
}

TEST_F(TxCodecTest, ADecodedTransactionShowsEveryPart) {
  const auto tx = decode(a_raw());
  ASSERT_TRUE(tx.has_value()) << tx.error().text;
  EXPECT_EQ(tx->body->memo(), "vector");
  EXPECT_EQ(tx->auth_info->fee().gas_limit(), 200000U);
  EXPECT_EQ(tx->signatures.size(), 1U);
  EXPECT_EQ(tx->signatures[0].size(), 64U);
  ASSERT_EQ(tx->messages.size(), 1U);
  EXPECT_EQ(tx->messages[0].type, types_.find("/cosmos.bank.v1beta1.MsgSend"));
  EXPECT_EQ(tx->messages[0].as<MsgSend>().amount(0).amount(), "12345");
  EXPECT_FALSE(tx->has_unknown_fields);
}

TEST_F(TxCodecTest, ADecodedTransactionOutlivesItsBytesAndItsFirstCopy) {
  DecodedTx kept;
  {
    Bytes raw = a_raw().SerializeAsString();
    kept = DecodedTx(*decode(raw));
    raw.assign(raw.size(), 'x');
  }
  EXPECT_EQ(kept.raw, a_raw().SerializeAsString());
  EXPECT_EQ(kept.body_bytes, a_body().SerializeAsString());
  EXPECT_EQ(kept.messages[0].as<MsgSend>().from_address(), kAddress);
}

TEST_F(TxCodecTest, NoBytesAreATransactionWithoutAnything) {
  const auto tx = decode("");
  ASSERT_TRUE(tx.has_value());
  EXPECT_TRUE(tx->messages.empty());
  EXPECT_TRUE(tx->signatures.empty());
}

// TxRaw: one form only, or others could change the hash without touching a signature.

TEST_F(TxCodecTest, FieldsOfTxRawOutOfOrderAreRefused) {
  const TxRaw raw = a_raw();
  EXPECT_REFUSED(decode(field(2, raw.auth_info_bytes()) + field(1, raw.body_bytes()) +
                        field(3, raw.signatures(0))),
                 SdkError::kTxDecode, "out of order");
}

TEST_F(TxCodecTest, ABodyTwiceIsRefused) {
  const TxRaw raw = a_raw();
  EXPECT_REFUSED(decode(field(1, raw.body_bytes()) + raw.SerializeAsString()), SdkError::kTxDecode,
                 "field 1 of TxRaw is there twice");
}

TEST_F(TxCodecTest, AuthInfoTwiceIsRefused) {
  const TxRaw raw = a_raw();
  EXPECT_REFUSED(decode(field(1, raw.body_bytes()) + field(2, raw.auth_info_bytes()) +
                        field(2, raw.auth_info_bytes())),
                 SdkError::kTxDecode, "field 2 of TxRaw is there twice");
}

TEST_F(TxCodecTest, AnUnknownFieldOfTxRawIsRefusedEvenWhenNonCritical) {
  const Bytes raw = a_raw().SerializeAsString();
  EXPECT_REFUSED(decode(raw + field(4, "x")), SdkError::kTxDecode, "field 4 of TxRaw is unknown");
  EXPECT_REFUSED(decode(raw + field(1024, "x")), SdkError::kTxDecode, "unknown");
}

TEST_F(TxCodecTest, ALengthLongerThanNecessaryIsRefused) {
  const TxRaw raw = a_raw();
  const Bytes tail = field(2, raw.auth_info_bytes()) + field(3, raw.signatures(0));
  Bytes long_length;
  append_varint(long_length, raw.body_bytes().size() | 1U << 14);
  ASSERT_EQ(long_length.size(), 3U);
  long_length[2] = '\0';
  EXPECT_REFUSED(decode("\x0a" + long_length + raw.body_bytes() + tail), SdkError::kTxDecode,
                 "not as short as possible");
}

TEST_F(TxCodecTest, ATagLongerThanNecessaryIsRefused) {
  const Bytes raw = a_raw().SerializeAsString();
  ASSERT_EQ(raw[0], '\x0a');
  EXPECT_REFUSED(decode(Bytes("\x8a\x00", 2) + raw.substr(1)), SdkError::kTxDecode,
                 "malformed tag");
}

TEST_F(TxCodecTest, AFieldOfTxRawThatIsNotBytesIsRefused) {
  EXPECT_REFUSED(decode(Bytes("\x08\x01", 2)), SdkError::kTxDecode, "not bytes");
}

TEST_F(TxCodecTest, AnEmptyFieldOfTxRawIsRefusedBecauseItCouldBeLeftOut) {
  EXPECT_REFUSED(decode(field(1, "")), SdkError::kTxDecode, "field 1 of TxRaw is empty");
  EXPECT_REFUSED(decode(field(2, "")), SdkError::kTxDecode, "field 2 of TxRaw is empty");
}

TEST_F(TxCodecTest, AnEmptySignatureIsASignatureAsSimulationSendsIt) {
  const auto tx = decode(field(3, ""));
  ASSERT_TRUE(tx.has_value());
  EXPECT_EQ(tx->signatures.size(), 1U);
}

TEST_F(TxCodecTest, EveryTruncationOfATransactionIsRefusedOrAnother) {
  const Bytes raw = a_raw().SerializeAsString();
  const auto whole = decode(raw);
  for (std::size_t size = 0; size < raw.size(); ++size) {
    const auto cut = decode(BytesView(raw).substr(0, size));
    EXPECT_TRUE(!cut || cut->hash != whole->hash) << size;
  }
}

// Unknown fields.

TEST_F(TxCodecTest, AnUnknownFieldOfTheBodyIsRefused) {
  EXPECT_REFUSED(decode_body(a_body().SerializeAsString() + field(9, "x")), SdkError::kTxDecode,
                 "field 9 of cosmos.tx.v1beta1.TxBody is unknown: tx parse error");
}

TEST_F(TxCodecTest, ANonCriticalUnknownFieldOfTheBodyIsAdmittedAndReported) {
  const auto tx = decode_body(a_body().SerializeAsString() + field(1024, "x"));
  ASSERT_TRUE(tx.has_value()) << tx.error().text;
  EXPECT_TRUE(tx->has_unknown_fields);
}

TEST_F(TxCodecTest, BitElevenDecidesWhatIsNonCritical) {
  for (const std::uint32_t number : {1024U, 1500U, 3072U})
    EXPECT_TRUE(decode_body(field(number, "x")).has_value()) << number;
  for (const std::uint32_t number : {512U, 2048U, 4096U})
    EXPECT_FALSE(decode_body(field(number, "x")).has_value()) << number;
}

TEST_F(TxCodecTest, AnUnknownFieldOfAMessageIsRefused) {
  TxBody body;
  auto* any = body.add_messages();
  pack(a_send(), *any);
  any->mutable_value()->append(field(4, "x"));
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kTxDecode,
                 "field 4 of cosmos.bank.v1beta1.MsgSend is unknown");
}

TEST_F(TxCodecTest, AnUnknownFieldDeepInAMessageIsRefused) {
  MsgSend send = a_send();
  send.mutable_amount(0)
      ->GetReflection()
      ->MutableUnknownFields(send.mutable_amount(0))
      ->AddVarint(9, 1);
  TxBody body;
  pack(send, *body.add_messages());
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kTxDecode,
                 "field 9 of cosmos.base.v1beta1.Coin is unknown");
}

TEST_F(TxCodecTest, ANonCriticalUnknownFieldOfAMessageIsAdmitted) {
  TxBody body;
  auto* any = body.add_messages();
  pack(a_send(), *any);
  any->mutable_value()->append(field(1025, "x"));
  const auto tx = decode_body(body.SerializeAsString());
  ASSERT_TRUE(tx.has_value()) << tx.error().text;
  EXPECT_TRUE(tx->has_unknown_fields);
}

TEST_F(TxCodecTest, AnUnknownFieldOfAuthInfoIsRefusedEvenWhenNonCritical) {
  EXPECT_REFUSED(decode_auth_info(an_auth_info().SerializeAsString() + field(1024, "x")),
                 SdkError::kTxDecode, "field 1024 of cosmos.tx.v1beta1.AuthInfo is unknown");
}

TEST_F(TxCodecTest, AnUnknownFieldOfAPublicKeyIsRefused) {
  AuthInfo auth_info = an_auth_info();
  auth_info.mutable_signer_infos(0)->mutable_public_key()->mutable_value()->append(
      field(1024, "x"));
  EXPECT_REFUSED(decode_auth_info(auth_info.SerializeAsString()), SdkError::kTxDecode,
                 "field 1024 of cosmos.crypto.secp256k1.PubKey is unknown");
}

// Any.

TEST_F(TxCodecTest, AnAnyOfAnUnknownTypeIsRefused) {
  TxBody body;
  body.add_messages()->set_type_url("/cosmos.evil.v1.MsgSteal");
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kTxDecode,
                 "unable to resolve type URL /cosmos.evil.v1.MsgSteal: tx parse error");
}

TEST_F(TxCodecTest, ATypeThatNobodyRegisteredIsUnknownEvenWhenItIsLinked) {
  TxBody body;
  pack(cosmos::bank::v1beta1::MsgUpdateParams(), *body.add_messages());
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kTxDecode, "unable to resolve");
}

TEST_F(TxCodecTest, ATypeUrlWithoutItsSlashIsUnknown) {
  TxBody body;
  pack(a_send(), *body.add_messages());
  body.mutable_messages(0)->set_type_url("cosmos.bank.v1beta1.MsgSend");
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kTxDecode, "unable to resolve");
}

TEST_F(TxCodecTest, AnEmptyAnyIsRefused) {
  EXPECT_REFUSED(decode_body(field(1, "")), SdkError::kTxDecode, "unable to resolve type URL");
}

TEST_F(TxCodecTest, AKeyIsNotAMessage) {
  TxBody body;
  pack(cosmos::crypto::secp256k1::PubKey(), *body.add_messages());
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kTxDecode,
                 "may not be a /cosmos.crypto.secp256k1.PubKey");
}

TEST_F(TxCodecTest, AMessageIsNotAKey) {
  AuthInfo auth_info = an_auth_info();
  pack(a_send(), *auth_info.mutable_signer_infos(0)->mutable_public_key());
  EXPECT_REFUSED(decode_auth_info(auth_info.SerializeAsString()), SdkError::kTxDecode,
                 "may not be a /cosmos.bank.v1beta1.MsgSend");
}

// protobuf would take the URL of the second copy and the value of the first, which was checked
// against another type.
TEST_F(TxCodecTest, TwoCopiesOfASingleAnyAreRefused) {
  const Bytes key = an_auth_info().signer_infos(0).public_key().SerializeAsString();
  EXPECT_REFUSED(decode_auth_info(field(1, field(1, key) + field(1, key))), SdkError::kTxDecode,
                 "field 1 of cosmos.tx.v1beta1.SignerInfo is there twice");
}

TEST_F(TxCodecTest, TwoTypeUrlsInOneAnyAreRefused) {
  const Bytes url = field(1, "/cosmos.bank.v1beta1.MsgSend");
  EXPECT_REFUSED(decode_body(field(1, url + url)), SdkError::kTxDecode, "not a valid Any");
}

TEST_F(TxCodecTest, AnUnknownFieldOfAnAnyIsRefused) {
  const Bytes any = a_body().messages(0).SerializeAsString();
  EXPECT_REFUSED(decode_body(field(1, any + field(3, "x"))), SdkError::kTxDecode,
                 "field 3 of google.protobuf.Any is unknown");
}

TEST_F(TxCodecTest, KeysInsideAMultisigKeyAreCheckedToo) {
  LegacyAminoPubKey multisig;
  multisig.set_threshold(1);
  multisig.add_public_keys()->set_type_url("/cosmos.crypto.unknown.PubKey");
  AuthInfo auth_info = an_auth_info();
  pack(multisig, *auth_info.mutable_signer_infos(0)->mutable_public_key());
  EXPECT_REFUSED(decode_auth_info(auth_info.SerializeAsString()), SdkError::kTxDecode,
                 "unable to resolve type URL /cosmos.crypto.unknown.PubKey");
}

// Options and retired fields.

TEST_F(TxCodecTest, ExtensionOptionsAreRefused) {
  TxBody body = a_body();
  pack(a_send(), *body.add_extension_options());
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kUnknownExtensionOptions,
                 "unknown extension options");
}

TEST_F(TxCodecTest, NonCriticalExtensionOptionsOfAKnownTypeAreAdmitted) {
  TxBody body = a_body();
  pack(a_send(), *body.add_non_critical_extension_options());
  EXPECT_TRUE(decode_body(body.SerializeAsString()).has_value());
}

TEST_F(TxCodecTest, ATipIsRefused) {
  EXPECT_REFUSED(decode_auth_info(an_auth_info().SerializeAsString() + field(3, "")),
                 SdkError::kNotSupported, "tip");
}

// Shape.

TEST_F(TxCodecTest, AFieldOfTheWrongWireTypeIsRefused) {
  EXPECT_REFUSED(decode_body(Bytes("\x10\x01", 2)), SdkError::kTxDecode,
                 "field 2 of cosmos.tx.v1beta1.TxBody has wire type 0");
}

TEST_F(TxCodecTest, ASingleFieldTwiceIsRefused) {
  EXPECT_REFUSED(decode_body(field(2, "a") + field(2, "b")), SdkError::kTxDecode,
                 "field 2 of cosmos.tx.v1beta1.TxBody is there twice");
}

TEST_F(TxCodecTest, AStringThatIsNotUtf8IsRefused) {
  EXPECT_REFUSED(decode_body(field(2, "\xff")), SdkError::kTxDecode,
                 "field 2 of cosmos.tx.v1beta1.TxBody is not UTF-8");
}

TEST_F(TxCodecTest, AGroupIsRefused) {
  EXPECT_REFUSED(decode_body(Bytes("\x83\x40\x84\x40", 4)), SdkError::kTxDecode, "malformed");
}

TEST_F(TxCodecTest, FieldNumberZeroIsRefused) {
  EXPECT_REFUSED(decode_body(Bytes("\x02\x00", 2)), SdkError::kTxDecode, "malformed");
}

TEST_F(TxCodecTest, MoreBytesThanTheLimitAreRefusedAsTooLarge) {
  const Bytes raw = a_raw().SerializeAsString();
  EXPECT_TRUE(TxCodec(types_, {.bytes_max = raw.size()}).decode(raw).has_value());
  EXPECT_REFUSED(TxCodec(types_, {.bytes_max = raw.size() - 1}).decode(raw), SdkError::kTxTooLarge,
                 "tx too large");
}

TEST_F(TxCodecTest, DeepNestingIsRefused) {
  const auto nested = [this](int levels) {
    AuthInfo auth_info = an_auth_info();
    google::protobuf::Any key = auth_info.signer_infos(0).public_key();
    for (int i = 0; i < levels; ++i) {
      LegacyAminoPubKey multisig;
      multisig.set_threshold(1);
      *multisig.add_public_keys() = key;
      pack(multisig, key);
    }
    *auth_info.mutable_signer_infos(0)->mutable_public_key() = key;
    return decode_auth_info(auth_info.SerializeAsString());
  };
  EXPECT_TRUE(nested(10).has_value());
  EXPECT_REFUSED(nested(20), SdkError::kTxDecode, "nested more than 32 deep");
  EXPECT_REFUSED(nested(2000), SdkError::kTxDecode, "nested more than 32 deep");
}

TEST_F(TxCodecTest, MoreValuesThanTheLimitAreRefused) {
  Bytes inputs;
  for (int i = 0; i < 160'000; ++i) inputs += field(1, "");
  TxBody body;
  auto* any = body.add_messages();
  any->set_type_url("/cosmos.bank.v1beta1.MsgMultiSend");
  any->set_value(inputs);
  EXPECT_REFUSED(decode_body(body.SerializeAsString()), SdkError::kTxDecode,
                 "more than 150000 values");
}

// UTF-8.

TEST(Utf8, AcceptsEveryLengthOfSequence) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain and long enough for two steps"));
  EXPECT_TRUE(
      is_utf8("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}

TEST(Utf8, RefusesOverlongSurrogatesRangesAndTruncation) {
  for (const std::string_view bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xc2", "\xe0\xa0",
        "\xf0\x90\x80", "\xc2\x41", "12345678\xff"})
    EXPECT_FALSE(is_utf8(bad)) << to_hex(bad);
}

// Properties.

rc::Gen<std::string> a_text() {
  return rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
}

RC_GTEST_FIXTURE_PROP(TxCodecTest, WhatProtobufWritesIsDecodedToTheSame, ()) {
  TxBody body;
  const int count = *rc::gen::inRange(0, 5);
  for (int i = 0; i < count; ++i) {
    MsgSend send;
    send.set_from_address(*a_text());
    send.set_to_address(*a_text());
    const int coins = *rc::gen::inRange(0, 4);
    for (int c = 0; c < coins; ++c) {
      auto* coin = send.add_amount();
      coin->set_denom(*a_text());
      coin->set_amount(*a_text());
    }
    pack(send, *body.add_messages());
  }
  body.set_memo(*a_text());
  body.set_timeout_height(*rc::gen::arbitrary<std::uint64_t>());
  AuthInfo auth_info = an_auth_info();
  auth_info.mutable_fee()->set_gas_limit(*rc::gen::arbitrary<std::uint64_t>());
  auth_info.mutable_signer_infos(0)->set_sequence(*rc::gen::arbitrary<std::uint64_t>());

  const Bytes raw = a_raw(body, auth_info).SerializeAsString();
  const auto tx = decode(raw);
  RC_ASSERT(tx.has_value());
  RC_ASSERT(tx->raw == raw);
  RC_ASSERT(tx->body->SerializeAsString() == body.SerializeAsString());
  RC_ASSERT(tx->auth_info->SerializeAsString() == auth_info.SerializeAsString());
  RC_ASSERT(tx->messages.size() == static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    RC_ASSERT(tx->messages[i].message->SerializeAsString() == body.messages(i).value());
}

// What is accepted has one encoding of TxRaw: no change of bytes outside the signed parts and the
// signatures can be accepted as the same transaction.
RC_GTEST_FIXTURE_PROP(TxCodecTest, AnAcceptedTransactionIsInItsOnlyEncoding, ()) {
  Bytes raw = a_raw().SerializeAsString();
  const int changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, raw.size());
    const auto byte = static_cast<char>(*rc::gen::arbitrary<std::uint8_t>());
    if (*rc::gen::arbitrary<bool>()) {
      raw[at] = byte;
    } else {
      raw.insert(at, 1, byte);
    }
  }
  const auto tx = decode(raw);
  if (!tx) return;
  TxRaw again;
  again.set_body_bytes(Bytes(tx->body_bytes));
  again.set_auth_info_bytes(Bytes(tx->auth_info_bytes));
  for (const BytesView signature : tx->signatures) again.add_signatures(Bytes(signature));
  RC_ASSERT(again.SerializeAsString() == raw);
}

}  // namespace
}  // namespace tp::chain
