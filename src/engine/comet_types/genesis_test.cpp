#include "engine/comet_types/genesis.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/sha.h"
#include "engine/comet_types/keys.h"

namespace tp::comet_types {
namespace {

// As CometBFT v0.38.25 saves it.
constexpr std::string_view kGenesis = R"({
  "genesis_time": "2026-01-02T03:04:05.123456789Z",
  "chain_id": "turnpike-1",
  "initial_height": "1",
  "consensus_params": {
    "block": {
      "max_bytes": "22020096",
      "max_gas": "-1"
    },
    "evidence": {
      "max_age_num_blocks": "100000",
      "max_age_duration": "172800000000000",
      "max_bytes": "1048576"
    },
    "validator": {
      "pub_key_types": [
        "ed25519"
      ]
    },
    "version": {
      "app": "0"
    },
    "abci": {
      "vote_extensions_enable_height": "0"
    }
  },
  "validators": [
    {
      "address": "3D2CBFE4C3453847B020FA4388522EAC3FD641D3",
      "pub_key": {
        "type": "tendermint/PubKeyEd25519",
        "value": "QVnkk7rUskJd24nkyvj1SDPxdz2lZNI81UwhZ4hhxBY="
      },
      "power": "10",
      "name": "solo"
    }
  ],
  "app_hash": "",
  "app_state": {
    "a": 1
  }
}
)";

std::string replaced(std::string_view from, std::string_view to) {
  std::string text(kGenesis);
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::string error_of(const std::string& text) {
  const auto genesis = parse_genesis(text);
  return genesis ? "" : genesis.error().text;
}

TEST(Genesis, CometBftsFileIsReadAndWrittenAsItWas) {
  const auto genesis = parse_genesis(kGenesis);
  ASSERT_TRUE(genesis) << genesis.error().text;
  EXPECT_EQ(genesis->chain_id, "turnpike-1");
  EXPECT_EQ(genesis->validators.size(), 1u);
  EXPECT_EQ(genesis->validators[0].validator.power, 10);
  EXPECT_EQ(genesis->params, ConsensusParams{});
  EXPECT_EQ(write_genesis(*genesis), kGenesis);
}

TEST(Genesis, AppStateKeepsEveryByte) {
  const std::string state = R"({ "amount" : 340282366920938463463374607431768211455, "}": "\"]" })";
  const auto genesis = parse_genesis(replaced("{\n    \"a\": 1\n  }", state));
  ASSERT_TRUE(genesis) << genesis.error().text;
  EXPECT_EQ(genesis->app_state_json, state);
  EXPECT_EQ(parse_genesis(write_genesis(*genesis)), genesis);
}

TEST(Genesis, AStringEndsAtTheFirstQuoteThatIsNotEscaped) {
  for (const std::string string :
       {R"("")", R"("\\")", R"("\\\"}")", R"("\"\\\\")", R"("a\\b\"")", R"("[{\\\\\"")"}) {
    const std::string state = "{\"in\": " + string + ", " + string + ": [" + string + "]}";
    const auto genesis = parse_genesis(replaced("{\n    \"a\": 1\n  }", state));
    ASSERT_TRUE(genesis) << string << ": " << genesis.error().text;
    EXPECT_EQ(genesis->app_state_json, state);
  }
  EXPECT_FALSE(parse_genesis(R"({"chain_id": "ends in an escaped quote\"})"));
  EXPECT_FALSE(parse_genesis(R"({"chain_id": "\)"));
}

TEST(Genesis, AppStateIsLeftOutWhereItIsNotWanted) {
  auto whole = parse_genesis(kGenesis);
  ASSERT_TRUE(whole);
  ASSERT_FALSE(whole->app_state_json.empty());
  whole->app_state_json.clear();
  EXPECT_EQ(parse_genesis(kGenesis, AppState::kLeftOut), whole);
}

TEST(Genesis, UnknownAndRepeatedMembersAreNamed) {
  EXPECT_NE(error_of(replaced("app_state", "app_sate")).find("\"app_sate\""), std::string::npos);
  EXPECT_NE(error_of(replaced("app_hash", "chain_id")).find("\"chain_id\" stands twice"),
            std::string::npos);
  EXPECT_NE(error_of(replaced("max_gas", "max_gaz")).find("block.max_gaz"), std::string::npos);
}

TEST(Genesis, WhatIsMissingIsNamed) {
  EXPECT_NE(error_of("{}").find("genesis_time is missing"), std::string::npos);
  EXPECT_NE(error_of(replaced("turnpike-1", "")).find("chain_id is missing"), std::string::npos);
  EXPECT_FALSE(parse_genesis(kGenesis.substr(0, kGenesis.size() / 2)));
  EXPECT_FALSE(parse_genesis(""));
  EXPECT_FALSE(parse_genesis("[]"));
}

TEST(Genesis, AValidatorsAddressMustBeThatOfItsKey) {
  EXPECT_NE(error_of(replaced("3D2C", "3D2D")).find("validators[0].address"), std::string::npos);
  EXPECT_NE(error_of(replaced("\"10\"", "\"0\"")).find("validators[0].power"), std::string::npos);
}

TEST(Genesis, AMemberOfAnotherTypeIsNamed) {
  EXPECT_NE(
      error_of(replaced("\"tendermint/PubKeyEd25519\"", "7")).find("pub_key.type is not a string"),
      std::string::npos);
}

// As CometBFT v0.38.25 saves them, from the seed SHA-256("turnpike").
constexpr std::string_view kValidatorKey = R"({
  "address": "3D2CBFE4C3453847B020FA4388522EAC3FD641D3",
  "pub_key": {
    "type": "tendermint/PubKeyEd25519",
    "value": "QVnkk7rUskJd24nkyvj1SDPxdz2lZNI81UwhZ4hhxBY="
  },
  "priv_key": {
    "type": "tendermint/PrivKeyEd25519",
    "value": "bpeojbj+9j+6ynuQPzSWZAR/b1m9Khjm2F+bv0kI7LdBWeSTutSyQl3bieTK+PVIM/F3PaVk0jzVTCFniGHEFg=="
  }
})";
constexpr std::string_view kNodeKey =
    R"({"priv_key":{"type":"tendermint/PrivKeyEd25519","value":"bpeojbj+9j+6ynuQPzSWZAR/b1m9Khjm2F+bv0kI7LdBWeSTutSyQl3bieTK+PVIM/F3PaVk0jzVTCFniGHEFg=="}})";

TEST(Keys, ValidatorAndNodeKeysAreCometBftsFiles) {
  const auto key = parse_validator_key(kValidatorKey);
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(key->seed(), crypto::sha256("turnpike").view());
  EXPECT_EQ(write_validator_key(*key), kValidatorKey);
  EXPECT_EQ(write_node_key(*parse_node_key(kNodeKey)), kNodeKey);
  EXPECT_EQ(node_id(key->public_key()), "3d2cbfe4c3453847b020fa4388522eac3fd641d3");
}

TEST(Keys, AMemberOfAnotherTypeIsNamed) {
  for (const auto& [value, name] :
       {std::pair("\"tendermint/PrivKeyEd25519\"", "priv_key.type"),
        std::pair("\"tendermint/PubKeyEd25519\"", "pub_key.type"),
        std::pair("\"3D2CBFE4C3453847B020FA4388522EAC3FD641D3\"", "address")}) {
    std::string text(kValidatorKey);
    text.replace(text.find(value), std::string_view(value).size(), "7");
    EXPECT_NE(parse_validator_key(text).error().text.find(std::string(name) + " is not a string"),
              std::string::npos)
        << name;
  }
}

TEST(Keys, AKeyThatDoesNotFitItselfIsRefused) {
  std::string text(kValidatorKey);
  text.replace(text.find("3D2C"), 4, "3D2D");
  EXPECT_NE(parse_validator_key(text).error().text.find("address"), std::string::npos);
  text = kValidatorKey;
  text.replace(text.find("bpeo"), 4, "cpeo");
  EXPECT_NE(parse_validator_key(text).error().text.find("second half"), std::string::npos);
  EXPECT_FALSE(parse_validator_key("not JSON"));
  EXPECT_FALSE(parse_node_key("{}"));
}

TEST(Keys, AMissingFileIsMadeOnceAndReadAgain) {
  SystemDisk disk;
  crypto::SystemRandom random;
  const std::string path = testing::TempDir() + "turnpike_keys_test.json";
  if (disk.exists(path)) (void)disk.remove(path);
  const auto made = load_or_make_validator_key(disk, path, random);
  ASSERT_TRUE(made) << made.error().text;
  const auto read = load_or_make_validator_key(disk, path, random);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(made->seed(), read->seed());
  ASSERT_TRUE(write_atomically(disk, path, "{"));
  EXPECT_NE(load_or_make_validator_key(disk, path, random).error().text.find(path),
            std::string::npos);
  (void)disk.remove(path);
}

}  // namespace
}  // namespace tp::comet_types
