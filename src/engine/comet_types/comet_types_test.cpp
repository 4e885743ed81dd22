// The expected bytes and hashes were made by CometBFT v0.38.25 itself from the same values, but for
// the header vector, which is of its own tests (specs/chain.md §9).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "crypto/address.h"
#include "crypto/sha.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/hash.h"
#include "engine/comet_types/vote.h"
#include "engine/comet_types/wire.h"

namespace tp::comet_types {
namespace {

const BlockTime kTime = *from_rfc3339("2026-01-02T03:04:05.123456789Z");

Bytes digest(BytesView text) {
  return crypto::sha256(text).bytes();
}

crypto::Ed25519PrivateKey test_key() {
  return *crypto::Ed25519PrivateKey::from_seed(digest("turnpike"));
}

BlockId test_block_id() {
  return {.hash = digest("block"), .parts = {.total = 3, .hash = digest("parts")}};
}

Commit test_commit() {
  return {.height = Height{12},
          .round = 1,
          .block_id = test_block_id(),
          .signatures = {{.flag = BlockIdFlag::kCommit,
                          .validator_address = crypto::address_of(test_key().public_key()),
                          .timestamp = kTime,
                          .signature = Bytes(64, '\0')},
                         {}}};
}

Block test_block() {
  Block block;
  block.txs = {"one", "two", "three"};
  block.last_commit = test_commit();
  const std::vector<Hash256> hashes{crypto::sha256("one"), crypto::sha256("two"),
                                    crypto::sha256("three")};
  block.header = {.block_version = 11,
                  .app_version = 1,
                  .chain_id = "turnpike-1",
                  .height = Height{13},
                  .time = kTime,
                  .last_block_id = test_block_id(),
                  .last_commit_hash = hash(block.last_commit).bytes(),
                  .data_hash = data_hash(hashes).bytes(),
                  .validators_hash = digest("v"),
                  .next_validators_hash = digest("nv"),
                  .consensus_hash = digest("c"),
                  .app_hash = digest("a"),
                  .last_results_hash = digest("r"),
                  .evidence_hash = evidence_hash({}).bytes(),
                  .proposer_address = crypto::address_of(test_key().public_key())};
  return block;
}

constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string hex(const Hash256& value) {
  return to_hex(value.view());
}

TEST(CometHash, CometBftsOwnHeaderVector) {
  const Header header{
      .block_version = 1,
      .app_version = 2,
      .chain_id = "chainId",
      .height = Height{3},
      .time = *from_rfc3339("2019-10-13T16:14:44Z"),
      .last_block_id = {Bytes(32, '\0'), {6, Bytes(32, '\0')}},
      .last_commit_hash = digest("last_commit_hash"),
      .data_hash = digest("data_hash"),
      .validators_hash = digest("validators_hash"),
      .next_validators_hash = digest("next_validators_hash"),
      .consensus_hash = digest("consensus_hash"),
      .app_hash = digest("app_hash"),
      .last_results_hash = digest("last_results_hash"),
      .evidence_hash = digest("evidence_hash"),
      .proposer_address = Address::of(digest("proposer_address").substr(0, 20)),
  };
  EXPECT_EQ(to_hex_upper(hash(header).view()),
            "F740121F553B5418C3EFBD343C2DBFE9E007BB67B0D020A0741374BAB65242A4");
}

TEST(CometHash, AHeaderWithEveryFieldHashesAsCometBft) {
  EXPECT_EQ(hex(hash(test_block().header)),
            "7c1408df70661d2e52ba2dbac40c19aa09e88f3628b268bbcfe3db3bae46cce8");
}

TEST(CometHash, TheFirstHeaderHasNoLastBlock) {
  Header header = test_block().header;
  header.app_version = 0;
  header.height = Height{1};
  header.last_block_id = {};
  header.last_commit_hash = *from_hex(kEmptyHash);
  header.data_hash = *from_hex(kEmptyHash);
  header.next_validators_hash = digest("v");
  header.app_hash.clear();
  header.last_results_hash = *from_hex(kEmptyHash);
  EXPECT_EQ(hex(hash(header)), "b4c179c87cba4770f3742eff19996e325c0769250abd8a64c73b02360997210c");
}

TEST(CometHash, DataHashIsTheRootOverTransactionHashes) {
  EXPECT_EQ(to_hex(test_block().header.data_hash),
            "20f4ee52d1e1a101805861876569a852e8f5dfeed221da87aea446788a12f4c8");
}

TEST(CometHash, EmptyListsHashAsTheEmptyString) {
  EXPECT_EQ(hex(data_hash({})), kEmptyHash);
  EXPECT_EQ(hex(results_hash({})), kEmptyHash);
  EXPECT_EQ(hex(evidence_hash({})), kEmptyHash);
  EXPECT_EQ(hex(hash(Commit{})), kEmptyHash);
}

TEST(CometHash, ACommitCoversAbsentSignaturesWithGosZeroTime) {
  EXPECT_EQ(hex(hash(test_commit())),
            "ad1308276e4d4bc9ce8227d9cecd926a155e8a07ddc4500f7a1a4fe450483d54");
}

TEST(CometHash, ResultsCoverCodeDataAndGasOnly) {
  const std::vector<DeterministicResult> results{
      {.code = 0, .data = "x", .gas_wanted = 200'000, .gas_used = 65'000},
      {.code = 5, .gas_wanted = -1},
      {},
  };
  EXPECT_EQ(hex(results_hash(results)),
            "a99e4d26b3802362c316a05529e9af2f73dc734c5b8fdbdec5ff76243a6e6e51");
}

TEST(CometHash, ConsensusParamsCoverBlockLimits) {
  ConsensusParams params;
  EXPECT_EQ(hex(hash(params)), "048091bc7ddc283f77bfbf91d73c44da58c3df8a9cbc867405d8b7f3daada22f");
  params.block_max_gas = 5'000'000;
  EXPECT_EQ(hex(hash(params)), "08031a74567e6811f166c41efffe070dc34a93ae1a1f57f68119dd496fb6b095");
}

TEST(CometHash, ValidatorsHashInOrderOfPower) {
  const Validator first{test_key().public_key(), 10};
  EXPECT_EQ(hex(hash(ValidatorSet{first})),
            "972939ba46effc22709f14d1ea0164fba909092e9948731ceb53cb2ddccd2f8e");
  const auto second_key = *crypto::Ed25519PrivateKey::from_seed(digest("second"));
  ValidatorSet both{first, {second_key.public_key(), 20}};
  sort_validators(both);
  EXPECT_EQ(both.front().power, 20);
  EXPECT_EQ(hex(hash(both)), "d4971e358927452f5f8bf6d9edee18b3fb571ee736b49acec9bebfa1c5e2c9b4");
}

TEST(CometHash, PartSetsAreCutAt65536Bytes) {
  Bytes big(200'000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i % 251);
  const PartSetHeader parts = part_set_header(big);
  EXPECT_EQ(parts.total, 4u);
  EXPECT_EQ(to_hex(parts.hash), "c7146da68f4593e15ffb60072286355de3701e079f247e426a08e67e61c35722");
}

TEST(CometEncoding, ACommitIsWrittenAsCometBftWritesIt) {
  EXPECT_EQ(to_hex(encode(test_commit())),
            "080c10011a480a20496aca80e4d8f29fb8e8cd816c3afb48d3f103970b3a2ee1600c08ca67326dee"
            "122408031220d887db09649dab0d83951d8d5d69b2e7d8bb70e79daa2a3a279b4fd6b8346cea2267"
            "080212143d2cbfe4c3453847b020fa4388522eac3fd641d31a0b08a5ebdcca0610959aef3a224000"
            "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000000000000000000000000000220f08011a0b088092b8c398feffffff01");
  EXPECT_EQ(to_hex(encode(Commit{})), "1a021200");
}

TEST(CometEncoding, ABlockAndItsPartsAreThoseOfCometBft) {
  const Bytes bytes = encode(test_block());
  EXPECT_EQ(to_hex(bytes),
            "0a91030a04080b1001120a7475726e70696b652d31180d220b08a5ebdcca0610959aef3a2a480a20"
            "496aca80e4d8f29fb8e8cd816c3afb48d3f103970b3a2ee1600c08ca67326dee122408031220d887"
            "db09649dab0d83951d8d5d69b2e7d8bb70e79daa2a3a279b4fd6b8346cea3220ad1308276e4d4bc9"
            "ce8227d9cecd926a155e8a07ddc4500f7a1a4fe450483d543a2020f4ee52d1e1a101805861876569"
            "a852e8f5dfeed221da87aea446788a12f4c842204c94485e0c21ae6c41ce1dfe7b6bfaceea5ab68e"
            "40a2476f50208e526f5060804a20b3c51f8a64fa28ac50ec1233d1178413cc04536d4ae21bb290ff"
            "c8d05307445652202e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"
            "5a20ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb6220454349e4"
            "22f05297191ead13e21d3db520e5abef52055e4964b82fb213f593a16a20e3b0c44298fc1c149afb"
            "f4c8996fb92427ae41e4649b934ca495991b7852b85572143d2cbfe4c3453847b020fa4388522eac"
            "3fd641d312110a036f6e650a0374776f0a0574687265651a0022c801080c10011a480a20496aca80"
            "e4d8f29fb8e8cd816c3afb48d3f103970b3a2ee1600c08ca67326dee122408031220d887db09649d"
            "ab0d83951d8d5d69b2e7d8bb70e79daa2a3a279b4fd6b8346cea2267080212143d2cbfe4c3453847"
            "b020fa4388522eac3fd641d31a0b08a5ebdcca0610959aef3a224000000000000000000000000000"
            "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
            "0000000000000000000000220f08011a0b088092b8c398feffffff01");
  const PartSetHeader parts = part_set_header(bytes);
  EXPECT_EQ(parts.total, 1u);
  EXPECT_EQ(to_hex(parts.hash), "936ba5efafce3180af392d862a750cc4eeac01a233c6a3e78c8a106c60569388");
}

TEST(CometEncoding, WhatIsWrittenReadsBackEqual) {
  const Block block = test_block();
  EXPECT_EQ(*decode_block(encode(block)), block);
  EXPECT_EQ(*decode_header_of_block(encode(block)), block.header);
  EXPECT_EQ(*decode_commit(encode(block.last_commit)), block.last_commit);
  EXPECT_EQ(*decode_commit(encode(Commit{})), Commit{});
  ConsensusParams params;
  params.block_max_gas = 7;
  params.app_version = 3;
  EXPECT_EQ(*decode_consensus_params(encode(params)), params);
}

TEST(CometEncoding, ABlockIsNeverLargerThanItsAccountedSize) {
  const Block block = test_block();
  std::size_t accounted = size_without_txs(block);
  for (const Bytes& tx : block.txs) accounted += tx_size(tx);
  EXPECT_GE(accounted, encode(block).size());
}

TEST(CometEncoding, HashesOfAnotherLengthAreRefused) {
  const Bytes bytes = ProtoWriter().bytes(6, "short").take();
  const auto header = decode_header(bytes);
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().text, "last_commit_hash is not 32 bytes: value out of range");
}

RC_GTEST_PROP(CometEncodingProperty, CutOrChangedBytesNeverCrashADecoder, (std::uint32_t seed)) {
  Bytes bytes = encode(test_block());
  const std::size_t at = seed % bytes.size();
  bytes[at] = static_cast<char>(seed >> 16);
  const auto changed = decode_block(bytes);
  const auto cut = decode_block(BytesView(bytes).substr(0, at));
  RC_CLASSIFY(changed.has_value(), "still a block");
  if (cut) RC_ASSERT(cut->txs.size() <= 3);
}

TEST(CometVote, AnOtherwiseEmptyPrecommitHasTheDocumentedSignBytes) {
  const Bytes bytes = sign_bytes({.height = Height{1}, .round = 1}, "");
  EXPECT_EQ(to_hex(bytes),
            "21080211010000000000000019010000000000000"
            "02a0b088092b8c398feffffff01");
}

TEST(CometVote, PrecommitsAreSignedAsCometBftSignsThem) {
  const Precommit vote{Height{12}, 0, test_block_id(), kTime};
  EXPECT_EQ(
      to_hex(sign_bytes(vote, "turnpike-1")),
      "6e0802110c0000000000000022480a20496aca80e4d8f29fb8e8cd816c3afb48d3f103970b3a2ee1600c08ca"
      "67326dee122408031220d887db09649dab0d83951d8d5d69b2e7d8bb70e79daa2a3a279b4fd6b8346cea2a0b"
      "08a5ebdcca0610959aef3a320a7475726e70696b652d31");
  const Commit commit = sign_commit(test_key(), "turnpike-1", Height{12}, test_block_id(), kTime);
  EXPECT_EQ(
      to_hex(commit.signatures[0].signature),
      "23442f991b8c7a96bc8743ded7a1fddb51df1c63d9884ea920877d0b3644fc110768d59a1f5bee108ef52ac8"
      "f68455a293f8a02e418d2b3711ee9450ae224a06");
}

class VerifyCommit : public testing::Test {
 protected:
  Result<void> verify(const Commit& commit) {
    return verify_commit(validators_, "turnpike-1", test_block_id(), Height{12}, commit);
  }

  ValidatorSet validators_{{test_key().public_key(), 10}};
  Commit commit_ = sign_commit(test_key(), "turnpike-1", Height{12}, test_block_id(), kTime);
};

TEST_F(VerifyCommit, TheOnlyValidatorProvesABlock) {
  EXPECT_TRUE(verify(commit_));
}

TEST_F(VerifyCommit, AChangedTimestampBreaksTheSignature) {
  commit_.signatures[0].timestamp = BlockTime{kTime.nanoseconds + 1};
  EXPECT_TRUE(is(verify(commit_).error(), CommitError::kBadSignature));
}

TEST_F(VerifyCommit, AnotherHeightOrBlockDoesNotFit) {
  Commit other = commit_;
  other.height = Height{13};
  EXPECT_TRUE(is(verify(other).error(), CommitError::kWrongShape));
  other = commit_;
  other.block_id.parts.total = 4;
  EXPECT_TRUE(is(verify(other).error(), CommitError::kWrongShape));
}

TEST_F(VerifyCommit, ExactlyTwoThirdsAreTooLittle) {
  const auto second = *crypto::Ed25519PrivateKey::from_seed(digest("second"));
  validators_.push_back({second.public_key(), 5});
  commit_.signatures.push_back({});
  EXPECT_TRUE(is(verify(commit_).error(), CommitError::kTooLittlePower));
  validators_[1].power = 4;
  EXPECT_TRUE(verify(commit_));
}

TEST(ConsensusParamsTest, LimitsThatStopAChainAreRefused) {
  EXPECT_TRUE(validate(ConsensusParams{}));
  ConsensusParams params;
  params.block_max_bytes = 0;
  EXPECT_FALSE(validate(params));
  params = {};
  params.block_max_bytes = kMaxBlockBytes + 1;
  EXPECT_FALSE(validate(params));
  params = {};
  params.pub_key_types = {"bls"};
  EXPECT_FALSE(validate(params));
}

TEST(Wire, UnreadFieldsAreSkippedAndWrongTypesReported) {
  const Bytes bytes = ProtoWriter().varint(1, 300).bytes(2, "text").sfixed64(3, -5).take();
  ProtoReader in(bytes);
  std::int64_t last = 0;
  while (in.next()) {
    if (in.field() == 3) last = in.sfixed64();
  }
  EXPECT_TRUE(in.finish("Test"));
  EXPECT_EQ(last, -5);

  ProtoReader wrong(bytes);
  while (wrong.next()) {
    if (wrong.field() == 2) (void)wrong.varint();
  }
  EXPECT_TRUE(is(wrong.finish("Test").error(), WireError::kMalformed));
}

}  // namespace
}  // namespace tp::comet_types
