#include "rpc/broadcast.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "chain/sdk_errors.h"
#include "engine/solo/error.h"

namespace tp::rpc {
namespace {

namespace json = boost::json;

class CommitAnswerTest : public testing::Test {
 protected:
  static solo::Admission admission(std::uint32_t code = 0) {
    solo::Admission out;
    out.hash.data.fill(0xab);
    out.check.code = code;
    out.check.gas_wanted = 5;
    return out;
  }
  static solo::TxInBlock in_block() {
    auto block = std::make_shared<solo::StoredBlock>();
    block->meta.header.height = Height{7};
    block->executed.response.tx_results.resize(2);
    block->executed.response.tx_results[1].gas_used = 3;
    return {.block = std::move(block), .index = 1};
  }

  std::vector<Answer<json::value>> answers_;
  CommitAnswer commit_{
      [this](Answer<json::value> answer) { answers_.push_back(std::move(answer)); }};
};

void expect_whole(const std::vector<Answer<json::value>>& answers) {
  ASSERT_EQ(answers.size(), 1u);
  ASSERT_TRUE(answers[0]);
  const json::value& answer = *answers[0];
  std::string hash;
  for (int i = 0; i < 32; ++i) hash += "AB";
  EXPECT_EQ(answer.at("hash"), json::value(hash));
  EXPECT_EQ(answer.at("height"), json::value("7"));
  EXPECT_EQ(answer.at("check_tx").at("gas_wanted"), json::value("5"));
  EXPECT_EQ(answer.at("tx_result").at("gas_used"), json::value("3"));
}

TEST_F(CommitAnswerTest, TheCheckThenTheBlockGiveOneWholeAnswer) {
  commit_.admitted(admission());
  EXPECT_TRUE(answers_.empty());
  commit_.committed(in_block());
  expect_whole(answers_);
}

TEST_F(CommitAnswerTest, ABlockBeforeTheCheckGivesTheSameAnswer) {
  commit_.committed(in_block());
  EXPECT_TRUE(answers_.empty());
  commit_.admitted(admission());
  expect_whole(answers_);
}

TEST_F(CommitAnswerTest, ARefusedTransactionIsAnsweredWithoutABlock) {
  commit_.admitted(admission(13));
  ASSERT_EQ(answers_.size(), 1u);
  ASSERT_TRUE(answers_[0]);
  EXPECT_EQ(answers_[0]->at("check_tx").at("code"), json::value(13));
  EXPECT_EQ(answers_[0]->at("height"), json::value("0"));
}

TEST_F(CommitAnswerTest, WhatWasDroppedIsAnErrorInEitherOrder) {
  const Result<solo::TxInBlock> dropped = fail(solo::SoloError::kDropped);
  commit_.admitted(admission());
  commit_.committed(dropped);
  CommitAnswer other([this](Answer<json::value> answer) { answers_.push_back(std::move(answer)); });
  other.committed(dropped);
  other.admitted(admission());
  ASSERT_EQ(answers_.size(), 2u);
  for (const auto& answer : answers_) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, -32603);
    EXPECT_NE(answer.error().data.find("dropped"), std::string::npos);
  }
}

// specs/chain.md §1.7.
TEST(Refusal, UsesTheWordsThatClientsOfCometBftLookFor) {
  const auto data = [](chain::SdkError error) { return refusal(fail(error).error()).data; };
  EXPECT_EQ(data(chain::SdkError::kTxInMempoolCache), "tx already exists in cache");
  EXPECT_TRUE(data(chain::SdkError::kMempoolIsFull).starts_with("mempool is full"));
}

}  // namespace
}  // namespace tp::rpc
