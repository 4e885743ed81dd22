#include "rpc/node_queries.h"

#include <gtest/gtest.h>

#include "chain/sdk_errors.h"
#include "cosmos/bank/v1beta1/query.pb.h"
#include "cosmos/base/node/v1beta1/query.pb.h"
#include "cosmos/base/tendermint/v1beta1/query.pb.h"
#include "cosmos/crypto/ed25519/keys.pb.h"
#include "cosmos/tx/v1beta1/service.pb.h"
#include "rpc/testing/node.h"

namespace tp::rpc {
namespace {

namespace json = boost::json;
namespace tx = ::cosmos::tx::v1beta1;
namespace comet = ::cosmos::base::tendermint::v1beta1;
namespace node = ::cosmos::base::node::v1beta1;

const std::string kTxs = "/cosmos.tx.v1beta1.Service/";
const std::string kComet = "/cosmos.base.tendermint.v1beta1.Service/";

class NodeQueriesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    node_ = std::make_unique<TestNode>();
    tx_ = node_->send_tx(0, 1, 5);
    height_ = node_->commit(tx_).block->height();
    node_->commit(node_->send_tx(0, 1, 6));
  }
  static void TearDownTestSuite() { node_.reset(); }

  // Over abci_query, as clients ask.
  template <class Response, class Request>
  static std::expected<Response, std::string> ask(const std::string& path, const Request& request) {
    const json::value answer =
        node_
            ->call("abci_query",
                   json::object{{"path", path}, {"data", to_hex(request.SerializeAsString())}})
            .at("result")
            .at("response");
    if (answer.at("code") != json::value(0))
      return std::unexpected(std::string(answer.at("log").as_string()));
    EXPECT_NE(answer.at("height"), json::value("0"));
    const json::value& value = answer.at("value");
    Response response;
    EXPECT_TRUE(
        response.ParseFromString(value.is_null() ? Bytes() : *from_base64(value.as_string())));
    return response;
  }
  static std::string hash() { return to_hex_upper(crypto::sha256(tx_).view()); }

  static inline std::unique_ptr<TestNode> node_;
  static inline Bytes tx_;
  static inline Height height_;
};

TEST_F(NodeQueriesTest, GetTxFindsATransactionWithItsOutcome) {
  tx::GetTxRequest request;
  request.set_hash(hash());
  const auto found = ask<tx::GetTxResponse>(kTxs + "GetTx", request);
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->tx().body().messages(0).type_url(), "/cosmos.bank.v1beta1.MsgSend");
  EXPECT_EQ(found->tx().signatures_size(), 1);
  const auto& outcome = found->tx_response();
  EXPECT_EQ(outcome.height(), height_.value);
  EXPECT_EQ(outcome.txhash(), hash());
  EXPECT_EQ(outcome.code(), 0u);
  EXPECT_GT(outcome.gas_used(), 0);
  EXPECT_GT(outcome.events_size(), 0);
  EXPECT_EQ(outcome.tx().type_url(), "/cosmos.tx.v1beta1.Tx");
  EXPECT_EQ(outcome.tx().value(), found->tx().SerializeAsString());
  const auto data = from_hex(outcome.data());
  ASSERT_TRUE(data);
  EXPECT_EQ(outcome.data(), to_hex_upper(*data));
  EXPECT_TRUE(from_rfc3339(outcome.timestamp()));
  EXPECT_EQ(outcome.timestamp().find('.'), std::string::npos);
}

TEST_F(NodeQueriesTest, GetTxOfAnUnknownHashIsNotFound) {
  tx::GetTxRequest request;
  request.set_hash(to_hex_upper(crypto::sha256("none").view()));
  const auto found = ask<tx::GetTxResponse>(kTxs + "GetTx", request);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), "rpc error: code = NotFound desc = tx not found: " + request.hash() +
                               ": key not found");
}

TEST_F(NodeQueriesTest, GetTxOfNoHashIsRefused) {
  for (const char* hash : {"", "xyz", "00"}) {
    tx::GetTxRequest request;
    request.set_hash(hash);
    const auto found = ask<tx::GetTxResponse>(kTxs + "GetTx", request);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().find("InvalidArgument"), std::string::npos) << found.error();
  }
}

TEST_F(NodeQueriesTest, GetTxsEventPagesInBothOrders) {
  tx::GetTxsEventRequest request;
  request.set_query("message.sender='" + TestNode::address(0) + "'");
  request.set_limit(1);
  request.set_order_by(tx::ORDER_BY_ASC);
  auto found = ask<tx::GetTxsEventResponse>(kTxs + "GetTxsEvent", request);
  ASSERT_TRUE(found) << found.error();
  EXPECT_GE(found->total(), 2u);
  ASSERT_EQ(found->txs_size(), 1);
  ASSERT_EQ(found->tx_responses_size(), 1);
  EXPECT_EQ(found->tx_responses(0).txhash(), hash());
  request.set_page(static_cast<std::uint64_t>(found->total()));
  request.set_order_by(tx::ORDER_BY_DESC);
  found = ask<tx::GetTxsEventResponse>(kTxs + "GetTxsEvent", request);
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->tx_responses(0).txhash(), hash());
}

TEST_F(NodeQueriesTest, GetTxsEventTakesTheOlderListOfConditions) {
  tx::GetTxsEventRequest request;
  request.add_events("message.sender='" + TestNode::address(0) + "'");
  request.add_events("tx.height=" + std::to_string(height_.value));
  const auto found = ask<tx::GetTxsEventResponse>(kTxs + "GetTxsEvent", request);
  ASSERT_TRUE(found) << found.error();
  ASSERT_EQ(found->tx_responses_size(), 1);
  EXPECT_EQ(found->tx_responses(0).txhash(), hash());
}

TEST_F(NodeQueriesTest, GetTxsEventRefusesWhatIsNoQuery) {
  for (const char* query : {"", "a ="}) {
    tx::GetTxsEventRequest request;
    request.set_query(query);
    EXPECT_FALSE(ask<tx::GetTxsEventResponse>(kTxs + "GetTxsEvent", request)) << query;
  }
}

TEST_F(NodeQueriesTest, BroadcastTxAnswersTheCheckAndTheMempoolsRefusalAsCodes) {
  tx::BroadcastTxRequest request;
  request.set_tx_bytes(node_->send_tx(1, 2));
  request.set_mode(tx::BROADCAST_MODE_SYNC);
  const auto sent = ask<tx::BroadcastTxResponse>(kTxs + "BroadcastTx", request);
  ASSERT_TRUE(sent) << sent.error();
  EXPECT_EQ(sent->tx_response().code(), 0u);
  EXPECT_EQ(sent->tx_response().txhash(), to_hex_upper(crypto::sha256(request.tx_bytes()).view()));
  const auto again = ask<tx::BroadcastTxResponse>(kTxs + "BroadcastTx", request);
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->tx_response().code(), 19u);
  EXPECT_EQ(again->tx_response().codespace(), "sdk");

  request.set_tx_bytes("no transaction");
  const auto refused = ask<tx::BroadcastTxResponse>(kTxs + "BroadcastTx", request);
  ASSERT_TRUE(refused) << refused.error();
  EXPECT_EQ(refused->tx_response().code(), 2u);
}

TEST_F(NodeQueriesTest, BroadcastTxAsyncSaysNothingOfTheCheck) {
  tx::BroadcastTxRequest request;
  request.set_tx_bytes("nor this");
  request.set_mode(tx::BROADCAST_MODE_ASYNC);
  const auto sent = ask<tx::BroadcastTxResponse>(kTxs + "BroadcastTx", request);
  ASSERT_TRUE(sent) << sent.error();
  EXPECT_EQ(sent->tx_response().code(), 0u);
}

TEST_F(NodeQueriesTest, BroadcastTxInBlockModeIsGone) {
  tx::BroadcastTxRequest request;
  request.set_tx_bytes("x");
  request.set_mode(tx::BROADCAST_MODE_BLOCK);
  EXPECT_FALSE(ask<tx::BroadcastTxResponse>(kTxs + "BroadcastTx", request));
}

TEST_F(NodeQueriesTest, GetBlockWithTxsHasTheBlockAndItsTransactions) {
  tx::GetBlockWithTxsRequest request;
  request.set_height(height_.value);
  const auto found = ask<tx::GetBlockWithTxsResponse>(kTxs + "GetBlockWithTxs", request);
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->block().header().height(), height_.value);
  EXPECT_EQ(found->block().data().txs(0), tx_);
  ASSERT_EQ(found->txs_size(), 1);
  EXPECT_EQ(found->txs(0).body().messages(0).type_url(), "/cosmos.bank.v1beta1.MsgSend");
  EXPECT_EQ(found->pagination().total(), 1u);

  request.mutable_pagination()->set_offset(1);
  EXPECT_FALSE(ask<tx::GetBlockWithTxsResponse>(kTxs + "GetBlockWithTxs", request));
}

TEST_F(NodeQueriesTest, BlocksAreThoseOfTheRpcWithABech32Proposer) {
  comet::GetBlockByHeightRequest request;
  request.set_height(height_.value);
  const auto found = ask<comet::GetBlockByHeightResponse>(kComet + "GetBlockByHeight", request);
  ASSERT_TRUE(found) << found.error();
  const json::value block =
      node_->call("block", json::object{{"height", std::to_string(height_.value)}}).at("result");
  EXPECT_EQ(json::value(to_hex_upper(found->block_id().hash())), block.at("block_id").at("hash"));
  EXPECT_EQ(json::value(to_hex_upper(found->block().header().app_hash())),
            block.at("block").at("header").at("app_hash"));
  EXPECT_TRUE(found->sdk_block().header().proposer_address().starts_with("turnvalcons1"));
  EXPECT_EQ(found->sdk_block().header().height(), height_.value);
  EXPECT_EQ(found->sdk_block().data().txs(0), tx_);
  EXPECT_EQ(found->sdk_block().last_commit().SerializeAsString(),
            found->block().last_commit().SerializeAsString());

  const auto newest =
      ask<comet::GetLatestBlockResponse>(kComet + "GetLatestBlock", comet::GetLatestBlockRequest());
  ASSERT_TRUE(newest) << newest.error();
  EXPECT_GT(newest->block().header().height(), height_.value);
}

TEST_F(NodeQueriesTest, AHeightThatIsNotThereIsRefusedNamingTheLast) {
  for (const std::int64_t height : {-1, 0, 1'000'000}) {
    comet::GetBlockByHeightRequest request;
    request.set_height(height);
    const auto found = ask<comet::GetBlockByHeightResponse>(kComet + "GetBlockByHeight", request);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().find("InvalidArgument"), std::string::npos);
    EXPECT_NE(found.error().find("current height"), std::string::npos);
  }
}

TEST_F(NodeQueriesTest, TheValidatorSetIsTheSequencersAtAnyHeight) {
  const auto found = ask<comet::GetLatestValidatorSetResponse>(
      kComet + "GetLatestValidatorSet", comet::GetLatestValidatorSetRequest());
  ASSERT_TRUE(found) << found.error();
  ASSERT_EQ(found->validators_size(), 1);
  EXPECT_TRUE(found->validators(0).address().starts_with("turnvalcons1"));
  EXPECT_EQ(found->validators(0).voting_power(), 10);
  EXPECT_EQ(found->pagination().total(), 1u);
  cosmos::crypto::ed25519::PubKey key;
  EXPECT_EQ(found->validators(0).pub_key().type_url(), "/cosmos.crypto.ed25519.PubKey");
  ASSERT_TRUE(key.ParseFromString(found->validators(0).pub_key().value()));
  EXPECT_EQ(key.key(), solo::test_key().public_key().view());

  comet::GetValidatorSetByHeightRequest request;
  request.set_height(1);
  const auto first =
      ask<comet::GetValidatorSetByHeightResponse>(kComet + "GetValidatorSetByHeight", request);
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->block_height(), 1);
  EXPECT_EQ(first->validators_size(), 1);
}

TEST_F(NodeQueriesTest, NodeInfoIsThatOfStatus) {
  const auto found =
      ask<comet::GetNodeInfoResponse>(kComet + "GetNodeInfo", comet::GetNodeInfoRequest());
  ASSERT_TRUE(found) << found.error();
  const json::value status = node_->call("status").at("result").at("node_info");
  const auto& info = found->default_node_info();
  EXPECT_EQ(json::value(info.network()), status.at("network"));
  EXPECT_EQ(json::value(info.default_node_id()), status.at("id"));
  EXPECT_EQ(json::value(info.moniker()), status.at("moniker"));
  EXPECT_EQ(json::value(info.version()), status.at("version"));
  EXPECT_EQ(json::value(to_hex_upper(info.channels())), status.at("channels"));
  EXPECT_EQ(json::value(std::to_string(info.protocol_version().block())),
            status.at("protocol_version").at("block"));
  EXPECT_EQ(info.other().tx_index(), "on");
  EXPECT_EQ(found->application_version().app_name(), "turnpike");
}

TEST_F(NodeQueriesTest, NothingIsEverSyncing) {
  const auto found =
      ask<comet::GetSyncingResponse>(kComet + "GetSyncing", comet::GetSyncingRequest());
  ASSERT_TRUE(found) << found.error();
  EXPECT_FALSE(found->syncing());
}

TEST_F(NodeQueriesTest, AbciQueryAsksTheApplicationAndNeverItself) {
  comet::ABCIQueryRequest request;
  request.set_path("/cosmos.bank.v1beta1.Query/SupplyOf");
  cosmos::bank::v1beta1::QuerySupplyOfRequest supply;
  supply.set_denom("utoll");
  request.set_data(supply.SerializeAsString());
  const auto found = ask<comet::ABCIQueryResponse>(kComet + "ABCIQuery", request);
  ASSERT_TRUE(found) << found.error();
  cosmos::bank::v1beta1::QuerySupplyOfResponse response;
  ASSERT_TRUE(response.ParseFromString(found->value()));
  EXPECT_EQ(response.amount().denom(), "utoll");
  EXPECT_GT(found->height(), 0);

  request.set_path(kComet + "ABCIQuery");
  const auto nested = ask<comet::ABCIQueryResponse>(kComet + "ABCIQuery", request);
  ASSERT_TRUE(nested) << nested.error();
  EXPECT_NE(nested->code(), 0u);
}

TEST_F(NodeQueriesTest, ConfigAndStatusAreThoseOfTheChain) {
  const auto config =
      ask<node::ConfigResponse>("/cosmos.base.node.v1beta1.Service/Config", node::ConfigRequest());
  ASSERT_TRUE(config) << config.error();
  EXPECT_TRUE(config->minimum_gas_price().ends_with("utoll")) << config->minimum_gas_price();
  const auto status =
      ask<node::StatusResponse>("/cosmos.base.node.v1beta1.Service/Status", node::StatusRequest());
  ASSERT_TRUE(status) << status.error();
  EXPECT_GT(status->height(), static_cast<std::uint64_t>(height_.value));
  EXPECT_GT(status->timestamp().seconds(), 0);
  EXPECT_EQ(status->app_hash().size(), 32u);
  EXPECT_EQ(status->validator_hash().size(), 32u);
}

TEST_F(NodeQueriesTest, BytesThatAreNoRequestAreRefused) {
  const json::value answer =
      node_->call("abci_query", json::object{{"path", kTxs + "GetTx"}, {"data", "ff"}});
  EXPECT_NE(answer.at("result")
                .at("response")
                .at("log")
                .as_string()
                .find("is not a cosmos.tx.v1beta1.GetTxRequest"),
            json::string::npos);
}

}  // namespace
}  // namespace tp::rpc
