#include "chain/sign_doc.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "cosmos/tx/v1beta1/tx.pb.h"
#include "crypto/sha.h"

namespace tp::chain {
namespace {

Bytes by_protobuf(const Bytes& body, const Bytes& auth_info, const SignerContext& signer) {
  cosmos::tx::v1beta1::SignDoc doc;
  doc.set_body_bytes(body);
  doc.set_auth_info_bytes(auth_info);
  doc.set_chain_id(std::string(signer.chain_id));
  doc.set_account_number(signer.account_number);
  return doc.SerializeAsString();
}

TEST(SignDoc, LeavesOutAccountNumberZero) {
  EXPECT_EQ(sign_doc("b", "a", {.chain_id = "c", .account_number = 0}), Bytes("\x0a\x01"
                                                                              "b\x12\x01"
                                                                              "a\x1a\x01"
                                                                              "c"));
}

TEST(SignDoc, EveryPartChangesTheDigest) {
  const Hash256 digest = sign_doc_hash("b", "a", {.chain_id = "c", .account_number = 1});
  EXPECT_NE(digest, sign_doc_hash("x", "a", {.chain_id = "c", .account_number = 1}));
  EXPECT_NE(digest, sign_doc_hash("b", "x", {.chain_id = "c", .account_number = 1}));
  EXPECT_NE(digest, sign_doc_hash("b", "a", {.chain_id = "x", .account_number = 1}));
  EXPECT_NE(digest, sign_doc_hash("b", "a", {.chain_id = "c", .account_number = 2}));
}

RC_GTEST_PROP(SignDocProperty, IsWhatProtobufWrites,
              (const std::string& body, const std::string& auth_info, std::uint64_t number)) {
  const auto chain_id =
      *rc::gen::container<std::string>(rc::gen::inRange<char>('!', '~'));  // proto3 wants UTF-8
  const SignerContext signer{.chain_id = chain_id, .account_number = number};
  RC_ASSERT(sign_doc(body, auth_info, signer) == by_protobuf(body, auth_info, signer));
  RC_ASSERT(sign_doc_hash(body, auth_info, signer) ==
            crypto::sha256(by_protobuf(body, auth_info, signer)));
}

}  // namespace
}  // namespace tp::chain
