// Answers are of the shapes that CometBFT documents (specs/chain.md §2.2).
#include "client/rpc_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "client/fake_server.h"
#include "cosmos/auth/v1beta1/auth.pb.h"
#include "cosmos/auth/v1beta1/query.pb.h"
#include "cosmos/bank/v1beta1/query.pb.h"
#include "cosmos/tx/v1beta1/service.pb.h"

namespace tp::client {
namespace {

using ::testing::HasSubstr;

const Hash256 kHash = Hash256::of(Bytes(32, '\xab'));
const std::string kHashHex = to_hex_upper(kHash.view());

std::string result(std::string_view json) {
  return R"({"jsonrpc":"2.0","id":1,"result":)" + std::string(json) + "}";
}

std::string query_answer(BytesView value) {
  return result(R"({"response":{"code":0,"log":"","info":"","index":"0","key":null,"value":")" +
                to_base64(value) + R"(","proofOps":null,"height":"12","codespace":""}})");
}

std::string tx_answer(std::string_view code, std::string_view events) {
  return result(R"({"hash":")" + kHashHex + R"(","height":"13","index":2,"tx_result":{"code":)" +
                std::string(code) +
                R"(,"data":null,"log":"the log","info":"","gas_wanted":"200000",)"
                R"("gas_used":"65000","events":)" +
                std::string(events) + R"(,"codespace":"sdk"},"tx":"AA=="})");
}

const std::string kNoSuchTx =
    R"({"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"Internal error","data":"tx ()" +
    kHashHex + R"() not found"}})";

// A node that answers each request with the next of its answers, the last one for ever.
class RpcClientTest : public ::testing::Test {
 protected:
  void answer(std::string body, int status = 200) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(http_reply(status, body));
  }
  std::string last_request() {
    const std::lock_guard lock(mutex_);
    return requests_.back();
  }
  std::size_t requests() {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }

  std::mutex mutex_;
  std::deque<std::string> answers_;
  std::vector<std::string> requests_;
  FakeServer server_{[this](const FakeRequest& request, FakeSocket& socket) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.body);
    socket.write(answers_.front());
    if (answers_.size() > 1) answers_.pop_front();
    return true;
  }};
  RpcClient rpc_ = *RpcClient::make(server_.url());
};

TEST_F(RpcClientTest, ReadsTheStatus) {
  answer(result(R"({"node_info":{"network":"turnpike-1","version":"0.38.25","moniker":"solo"},)"
                R"("sync_info":{"latest_block_hash":"00","latest_app_hash":")" +
                kHashHex +
                R"(","latest_block_height":"12","latest_block_time":"2026-01-02T03:04:05.5Z",)"
                R"("catching_up":false},"validator_info":{}})"));
  const auto status = rpc_.status();
  ASSERT_TRUE(status) << status.error().text;
  EXPECT_EQ(status->chain_id, "turnpike-1");
  EXPECT_EQ(status->latest_height, Height{12});
  EXPECT_EQ(status->latest_time, *from_rfc3339("2026-01-02T03:04:05.5Z"));
  EXPECT_EQ(status->latest_app_hash, kHash);
  EXPECT_FALSE(status->catching_up);
  EXPECT_EQ(last_request(), R"({"jsonrpc":"2.0","id":1,"method":"status","params":{}})");
}

TEST_F(RpcClientTest, QueriesByGrpcPath) {
  cosmos::bank::v1beta1::QueryBalanceResponse balance;
  balance.mutable_balance()->set_denom("utoll");
  balance.mutable_balance()->set_amount("5");
  answer(query_answer(balance.SerializeAsString()));
  cosmos::bank::v1beta1::QueryBalanceRequest request;
  request.set_address("a");
  const auto got = rpc_.query<cosmos::bank::v1beta1::QueryBalanceResponse>(
      "/cosmos.bank.v1beta1.Query/Balance", request, Height{9});
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->balance().amount(), "5");
  EXPECT_THAT(last_request(), HasSubstr(R"("path":"/cosmos.bank.v1beta1.Query/Balance")"));
  EXPECT_THAT(last_request(), HasSubstr(R"("data":"0a0161","height":"9")"));
}

TEST_F(RpcClientTest, ARefusedQueryKeepsTheChainsCodeAndLog) {
  answer(result(R"({"response":{"code":18,"log":"bad page","value":null,"height":"3",)"
                R"("codespace":"sdk"}})"));
  EXPECT_EQ(rpc_.abci_query("/x", "").error(), (Error{"sdk", 18, "bad page"}));
}

TEST_F(RpcClientTest, BroadcastReturnsTheVerdictGoodOrBad) {
  answer(result(R"({"code":0,"data":"","log":"","codespace":"","hash":")" + kHashHex + R"("})"));
  answer(result(R"({"code":13,"data":"","log":"insufficient fee","codespace":"sdk","hash":")" +
                kHashHex + R"("})"));
  const auto good = rpc_.broadcast_tx_sync("\x01\x02");
  ASSERT_TRUE(good) << good.error().text;
  EXPECT_EQ(good->hash, kHash);
  EXPECT_EQ(good->code, 0u);
  EXPECT_THAT(last_request(), HasSubstr(R"("params":{"tx":"AQI="})"));
  const auto bad = rpc_.broadcast_tx_sync("");
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->code, 13u);
  EXPECT_EQ(bad->log, "insufficient fee");
}

TEST_F(RpcClientTest, FindsATransactionWithItsEvents) {
  answer(tx_answer("5", R"([{"type":"transfer","attributes":[)"
                        R"({"key":"recipient","value":"bob","index":true},)"
                        R"({"key":"amount","value":"5utoll","index":true}]}])"));
  const auto found = rpc_.tx(kHash);
  ASSERT_TRUE(found) << found.error().text;
  ASSERT_TRUE(found->has_value());
  const TxOutcome& tx = **found;
  EXPECT_EQ(tx.height, Height{13});
  EXPECT_EQ(tx.index, 2u);
  EXPECT_EQ(tx.code, 5u);
  EXPECT_EQ(tx.codespace, "sdk");
  EXPECT_EQ(tx.gas_used, Gas{65'000});
  ASSERT_EQ(tx.events.size(), 1u);
  EXPECT_EQ(tx.events[0].attribute("amount"), "5utoll");
  EXPECT_EQ(tx.events[0].attribute("absent"), "");
}

TEST_F(RpcClientTest, AnUnknownTransactionIsNothingNotAnError) {
  answer(kNoSuchTx, 500);
  const auto found = rpc_.tx(kHash);
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_FALSE(found->has_value());
}

TEST_F(RpcClientTest, WaitsUntilABlockHoldsTheTransaction) {
  for (int i = 0; i < 3; ++i) answer(kNoSuchTx, 500);
  answer(tx_answer("0", "[]"));
  const auto outcome = rpc_.wait_for_tx(kHash);
  ASSERT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(outcome->height, Height{13});
  EXPECT_EQ(requests(), 4u);
}

TEST_F(RpcClientTest, WaitingEndsWhenTheTimeIsOver) {
  answer(kNoSuchTx, 500);
  const auto outcome = rpc_.wait_for_tx(kHash, Duration::milliseconds(50));
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(is(outcome.error(), ClientError::kNotIncluded));
  EXPECT_THAT(outcome.error().text, HasSubstr(kHashHex));
}

TEST_F(RpcClientTest, SimulationReturnsTheGasUsed) {
  cosmos::tx::v1beta1::SimulateResponse response;
  response.mutable_gas_info()->set_gas_used(70'001);
  answer(query_answer(response.SerializeAsString()));
  EXPECT_EQ(*rpc_.simulate("tx"), Gas{70'001});
}

TEST_F(RpcClientTest, ReadsAnAccountsNumberAndSequence) {
  cosmos::auth::v1beta1::BaseAccount account;
  account.set_account_number(42);
  account.set_sequence(7);
  cosmos::auth::v1beta1::QueryAccountResponse response;
  response.mutable_account()->set_type_url("/cosmos.auth.v1beta1.BaseAccount");
  response.mutable_account()->set_value(account.SerializeAsString());
  answer(query_answer(response.SerializeAsString()));
  const auto state = rpc_.account("turn1x");
  ASSERT_TRUE(state) << state.error().text;
  ASSERT_TRUE(state->has_value());
  EXPECT_EQ((*state)->number, AccountNumber{42});
  EXPECT_EQ((*state)->sequence, Sequence{7});
}

TEST_F(RpcClientTest, AnUnknownAccountIsNothingNotAnError) {
  answer(result(R"({"response":{"code":22,"log":"rpc error: code = NotFound desc = account x )"
                R"(not found: key not found","value":null,"height":"3","codespace":"sdk"}})"));
  const auto state = rpc_.account("x");
  ASSERT_TRUE(state) << state.error().text;
  EXPECT_FALSE(state->has_value());
}

TEST_F(RpcClientTest, AnErrorOfTheNodeKeepsItsText) {
  answer(R"({"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}})");
  const auto got = rpc_.call("nonsense", "{}");
  ASSERT_FALSE(got);
  EXPECT_TRUE(is(got.error(), ClientError::kRpc));
  EXPECT_THAT(got.error().text, HasSubstr("Method not found"));
}

TEST_F(RpcClientTest, OtherMethodsPassTheirResultThrough) {
  answer(result(R"({"n_txs":"0"})"));
  EXPECT_EQ(*rpc_.call("num_unconfirmed_txs", "{}"), R"({"n_txs":"0"})");
}

TEST_F(RpcClientTest, AProxysErrorPageShowsItsStatus) {
  answer("<html>Bad Gateway</html>", 502);
  const auto got = rpc_.status();
  ASSERT_FALSE(got);
  EXPECT_TRUE(is(got.error(), ClientError::kMalformed));
  EXPECT_THAT(got.error().text, HasSubstr("HTTP status 502"));
}

TEST_F(RpcClientTest, AnswersOfAnotherShapeAreMalformed) {
  for (const char* body :
       {"", "null", "[]", "1", "{}", R"({"result":null})", R"({"result":{}})", R"({"result":[]})",
        R"({"result":{"response":{}}})", R"({"result":{"response":{"code":"x"}}})",
        R"({"result":{"response":{"code":0,"value":"!","height":"1"}}})",
        R"({"result":{"response":{"code":0,"value":"","height":{}}}})",
        R"({"result":{"response":{"code":0,"value":5,"height":"1"}}})"}) {
    FakeServer server([&](const FakeRequest&, FakeSocket& socket) {
      socket.write(http_reply(200, body));
      return true;
    });
    RpcClient rpc = *RpcClient::make(server.url());
    EXPECT_FALSE(rpc.abci_query("/x", "")) << body;
    EXPECT_FALSE(rpc.status()) << body;
    EXPECT_FALSE(rpc.broadcast_tx_sync("x")) << body;
    EXPECT_FALSE(rpc.tx(kHash)) << body;
  }
}

TEST(RpcClient, WaitsForANodeThatIsAway) {
  const auto answer = [](const FakeRequest&, FakeSocket& socket) {
    socket.write(http_reply(200, tx_answer("0", "[]")));
    return true;
  };
  std::optional<FakeServer> server(std::in_place, answer);
  const std::uint16_t port = server->port();
  RpcClient rpc = *RpcClient::make(server->url());
  server.reset();
  std::thread starter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    server.emplace(answer, nullptr, port);
  });
  const auto outcome = rpc.wait_for_tx(kHash, Duration::seconds(10));
  EXPECT_TRUE(outcome) << outcome.error().text;
  starter.join();
}

}  // namespace
}  // namespace tp::client
