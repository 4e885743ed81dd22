#include "client/wallet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "client/fake_server.h"
#include "cosmos/auth/v1beta1/auth.pb.h"
#include "cosmos/auth/v1beta1/query.pb.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "cosmos/tx/v1beta1/service.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"

namespace tp::client {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

// One account on a chain that checks what a wallet must get right: signature, sequence and gas.
// What is accepted is in a block at once, unless the test says otherwise.
class FakeNode {
 public:
  explicit FakeNode(crypto::Secp256k1PublicKey key) : key_(key) {}

  std::string answer(const std::string& body) {
    const std::lock_guard lock(mutex_);
    const json::object request = json::parse(body).as_object();
    const std::string method(request.at("method").as_string());
    const json::object& params = request.at("params").as_object();
    if (method == "status") return result(status());
    if (method == "abci_query") return result({{"response", query(params)}});
    if (method == "broadcast_tx_sync") return result(broadcast(params));
    if (method == "tx") return find(params);
    return R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}})";
  }

  std::mutex mutex_;
  bool account_exists = true;
  std::uint64_t sequence = 7;
  bool simulation_checks_sequence = false;  // as the Cosmos SDK does
  bool reports_expected_sequence = true;
  std::uint32_t broadcast_code = 0;
  std::uint32_t block_code = 0;
  bool includes = true;
  bool breaks_after_broadcast = false;  // the next accepted transaction's answer is lost
  std::vector<cosmos::tx::v1beta1::AuthInfo> accepted;
  int broadcasts = 0;

 private:
  static std::string result(json::object value) {
    return json::serialize(json::object{{"jsonrpc", "2.0"}, {"id", 1}, {"result", value}});
  }

  static json::object status() {
    return {{"node_info", {{"network", "test-1"}, {"version", "0.38.25"}, {"moniker", "m"}}},
            {"sync_info",
             {{"latest_app_hash", std::string(64, '0')},
              {"latest_block_height", "12"},
              {"latest_block_time", "2026-01-02T03:04:05Z"},
              {"catching_up", false}}}};
  }

  static json::object refusal(std::uint32_t code, const std::string& log) {
    return {
        {"code", code}, {"log", log}, {"codespace", "sdk"}, {"value", nullptr}, {"height", "12"}};
  }

  std::string mismatch(std::uint64_t got) const {
    return reports_expected_sequence
               ? "account sequence mismatch, expected " + std::to_string(sequence) + ", got " +
                     std::to_string(got) + ": incorrect account sequence"
               : "account sequence mismatch: incorrect account sequence";
  }

  json::object query(const json::object& params) {
    const Bytes data = *from_hex(std::string_view(params.at("data").as_string()));
    Bytes value;
    if (params.at("path").as_string().ends_with("Account")) {
      if (!account_exists) return refusal(22, "rpc error: code = NotFound desc = no account");
      cosmos::auth::v1beta1::BaseAccount account;
      account.set_account_number(42);
      account.set_sequence(sequence);
      cosmos::auth::v1beta1::QueryAccountResponse response;
      response.mutable_account()->set_type_url("/cosmos.auth.v1beta1.BaseAccount");
      response.mutable_account()->set_value(account.SerializeAsString());
      value = response.SerializeAsString();
    } else {
      cosmos::tx::v1beta1::SimulateRequest request;
      cosmos::tx::v1beta1::TxRaw raw;
      cosmos::tx::v1beta1::AuthInfo auth;
      EXPECT_TRUE(request.ParseFromString(data) && raw.ParseFromString(request.tx_bytes()) &&
                  auth.ParseFromString(raw.auth_info_bytes()));
      const std::uint64_t got = auth.signer_infos(0).sequence();
      if (simulation_checks_sequence && got != sequence)
        return refusal(2, "rpc error: code = Unknown desc = " + mismatch(got));
      cosmos::tx::v1beta1::SimulateResponse response;
      response.mutable_gas_info()->set_gas_used(70'001);
      value = response.SerializeAsString();
    }
    return {
        {"code", 0}, {"log", ""}, {"codespace", ""}, {"value", to_base64(value)}, {"height", "12"}};
  }

  json::object broadcast(const json::object& params) {
    ++broadcasts;
    const Bytes tx = *from_base64(std::string_view(params.at("tx").as_string()));
    cosmos::tx::v1beta1::TxRaw raw;
    cosmos::tx::v1beta1::AuthInfo auth;
    EXPECT_TRUE(raw.ParseFromString(tx) && auth.ParseFromString(raw.auth_info_bytes()));
    json::object verdict = {{"data", ""}, {"hash", to_hex_upper(crypto::sha256(tx).view())}};
    const auto with = [&](std::uint32_t code, std::string log) {
      verdict["code"] = code;
      verdict["codespace"] = code == 0 ? "" : "sdk";
      verdict["log"] = std::move(log);
      return verdict;
    };
    const std::uint64_t got = auth.signer_infos(0).sequence();
    if (got != sequence) return with(32, mismatch(got));
    const Hash256 digest = sign_digest(raw.body_bytes(), raw.auth_info_bytes(),
                                       {"test-1", AccountNumber{42}, Sequence{sequence}});
    EXPECT_TRUE(crypto::verify(key_, digest, crypto::Secp256k1Signature::of(raw.signatures(0))));
    if (broadcast_code != 0) return with(broadcast_code, "refused by the mempool");
    ++sequence;
    accepted.push_back(auth);
    in_blocks_.insert(crypto::sha256(tx).bytes());
    return with(0, "");
  }

  std::string find(const json::object& params) {
    const Bytes hash = *from_base64(std::string_view(params.at("hash").as_string()));
    if (!includes || !in_blocks_.contains(hash))
      return R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error",)"
             R"("data":"tx not found"}})";
    return result({{"hash", to_hex_upper(hash)},
                   {"height", "13"},
                   {"index", 0},
                   {"tx_result",
                    {{"code", block_code},
                     {"codespace", block_code == 0 ? "" : "bank"},
                     {"log", block_code == 0 ? "" : "the block said no"},
                     {"data", nullptr},
                     {"gas_wanted", "91002"},
                     {"gas_used", "70001"},
                     {"events", json::array{}}}}});
  }

  crypto::Secp256k1PublicKey key_;
  std::set<Bytes> in_blocks_;
};

class WalletTest : public ::testing::Test {
 protected:
  static crypto::Secp256k1PrivateKey key() {
    return *crypto::Secp256k1PrivateKey::from_bytes(Bytes(32, '\7'));
  }

  static Message some_message() {
    cosmos::bank::v1beta1::MsgSend send;
    send.set_from_address("a");
    return to_message(send);
  }

  FakeNode node_{key().public_key()};
  FakeServer server_{[this](const FakeRequest& request, FakeSocket& socket) {
    const std::string reply = node_.answer(request.body);
    const std::lock_guard lock(node_.mutex_);
    if (node_.breaks_after_broadcast && reply.find("\"hash\"") != std::string::npos) {
      node_.breaks_after_broadcast = false;
      return false;
    }
    socket.write(http_reply(200, reply));
    return true;
  }};
  RpcClient rpc_ = *RpcClient::make(server_.url());
  Wallet wallet_{rpc_,
                 key(),
                 {.hrp = "turn",
                  .gas_price = {Denom::of("utoll"), *Decimal::parse("0.025")},
                  .gas_percent = 130,
                  .inclusion_timeout = Duration::milliseconds(200)}};
};

TEST_F(WalletTest, SendsAndReturnsWhatTheBlockDid) {
  const auto outcome = wallet_.send({some_message()}, "hello");
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(outcome->height, Height{13});
  EXPECT_EQ(outcome->gas_used, Gas{70'001});
}

// 70,001 × 1.3 = 91,001.3 gas; × 0.025 = 2,275.05 utoll: both rounded up.
TEST_F(WalletTest, BuysGasAThirdAboveTheSimulationAndRoundsUp) {
  ASSERT_TRUE(wallet_.send({some_message()}));
  const auto& fee = node_.accepted.at(0).fee();
  EXPECT_EQ(fee.gas_limit(), 91'002u);
  ASSERT_EQ(fee.amount_size(), 1);
  EXPECT_EQ(fee.amount(0).denom(), "utoll");
  EXPECT_EQ(fee.amount(0).amount(), "2276");

  const auto estimate = wallet_.estimate({some_message()});
  ASSERT_TRUE(estimate);
  EXPECT_EQ(estimate->gas_limit, Gas{91'002});
  EXPECT_EQ(to_string(estimate->amount), "2276utoll");
}

TEST_F(WalletTest, CountsItsSequenceOn) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(wallet_.send({some_message()}));
  ASSERT_EQ(node_.accepted.size(), 3u);
  EXPECT_EQ(node_.accepted[2].signer_infos(0).sequence(), 9u);
  EXPECT_EQ(node_.broadcasts, 3);
}

TEST_F(WalletTest, TakesTheChainsSequenceWhenAnotherProgramUsedTheKey) {
  ASSERT_TRUE(wallet_.send({some_message()}));
  node_.sequence = 20;
  const auto outcome = wallet_.send({some_message()});
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(node_.accepted.back().signer_infos(0).sequence(), 20u);
}

TEST_F(WalletTest, ReadsTheAccountAgainWhenTheRefusalNamesNoSequence) {
  ASSERT_TRUE(wallet_.send({some_message()}));
  node_.sequence = 20;
  node_.reports_expected_sequence = false;
  EXPECT_TRUE(wallet_.send({some_message()}));
}

TEST_F(WalletTest, CorrectsItsSequenceWhereTheSimulationChecksIt) {
  node_.simulation_checks_sequence = true;
  ASSERT_TRUE(wallet_.send({some_message()}));
  node_.sequence = 20;
  const auto outcome = wallet_.send({some_message()});
  EXPECT_TRUE(outcome) << outcome.error().text;
}

TEST_F(WalletTest, WhatTheMempoolRefusesKeepsItsCodeAndLog) {
  node_.broadcast_code = 13;
  EXPECT_EQ(wallet_.send({some_message()}).error(), (Error{"sdk", 13, "refused by the mempool"}));
  EXPECT_EQ(node_.broadcasts, 1) << "a refusal for good is not tried again";
  node_.broadcast_code = 0;
  EXPECT_TRUE(wallet_.send({some_message()}));
}

TEST_F(WalletTest, WhatTheBlockRefusesKeepsItsCodeAndNamesTheTransaction) {
  node_.block_code = 5;
  const auto outcome = wallet_.send({some_message()});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().codespace, "bank");
  EXPECT_EQ(outcome.error().code, 5u);
  EXPECT_THAT(outcome.error().text, HasSubstr("the block said no (transaction "));
  EXPECT_THAT(outcome.error().text, HasSubstr("in block 13"));
  node_.block_code = 0;
  EXPECT_TRUE(wallet_.send({some_message()})) << "the failed one used up its sequence";
}

TEST_F(WalletTest, AnAccountWithoutMoneyIsToldSo) {
  node_.account_exists = false;
  const auto outcome = wallet_.send({some_message()});
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(is(outcome.error(), ClientError::kNotFound));
  EXPECT_THAT(outcome.error().text,
              HasSubstr(wallet_.address_text() + " has never held money on test-1"));
}

TEST_F(WalletTest, ATransactionThatNoBlockTakesIsNotIncluded) {
  node_.includes = false;
  const auto outcome = wallet_.send({some_message()});
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(is(outcome.error(), ClientError::kNotIncluded));
}

// The answer is lost, the transaction is not: sending it again would pay twice.
TEST_F(WalletTest, ALostAnswerIsNotSentAgain) {
  ASSERT_TRUE(wallet_.send({some_message()}));
  node_.breaks_after_broadcast = true;
  const auto outcome = wallet_.send({some_message()});
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(node_.broadcasts, 2);
  EXPECT_TRUE(wallet_.send({some_message()}));
}

TEST_F(WalletTest, ALostAnswerWithoutABlockSaysThatItMayHaveArrived) {
  ASSERT_TRUE(wallet_.send({some_message()}));
  node_.breaks_after_broadcast = true;
  node_.includes = false;
  const auto outcome = wallet_.send({some_message()});
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().text, HasSubstr("may have been accepted"));
}

TEST_F(WalletTest, SubmitReturnsTheHashWithoutWaiting) {
  node_.includes = false;
  const auto hash = wallet_.submit({some_message()});
  ASSERT_TRUE(hash) << hash.error().text;
  node_.includes = true;
  EXPECT_TRUE(rpc_.wait_for_tx(*hash));
}

TEST_F(WalletTest, ThreadsOfOneWalletNeverUseASequenceTwice) {
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i)
        if (!wallet_.send({some_message()})) ++failed;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(node_.broadcasts, 20);
}

}  // namespace
}  // namespace tp::client
