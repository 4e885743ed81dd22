// Queries over a whole node: what the node itself knows, the state, and what left it.
#include "rpc/query.h"

#include <gtest/gtest.h>

#include <thread>

#include "akash/deployment/v1beta4/query.pb.h"
#include "akash/escrow/v1/query.pb.h"
#include "akash/market/v1beta5/query.pb.h"
#include "app/testing/people.h"
#include "rpc/testing/node.h"

namespace tp::rpc {
namespace {

namespace json = boost::json;
namespace deployment = ::akash::deployment::v1beta4;
namespace market = ::akash::market::v1beta5;
namespace people = ::tp::app::testing;

constexpr std::uint64_t kTenant = 0, kProvider = 1;

// Of abci_query.
struct Told {
  std::int64_t code = 0;
  std::string log, info;
  std::int64_t height = 0;
  Bytes value;
};

// A node whose market forgets a second after something has closed.
class HistoryTest : public testing::Test {
 protected:
  template <class Request>
  Told ask(std::string_view path, const Request& request, std::int64_t height = 0) {
    const json::value answer =
        node_
            .call("abci_query", json::object{{"path", path},
                                             {"data", to_hex(request.SerializeAsString())},
                                             {"height", std::to_string(height)}})
            .at("result")
            .at("response");
    const json::value& value = answer.at("value");
    return {.code = answer.at("code").as_int64(),
            .log = std::string(answer.at("log").as_string()),
            .info = std::string(answer.at("info").as_string()),
            .height = *parse_int<std::int64_t>(std::string(answer.at("height").as_string())),
            .value = value.is_null() ? Bytes() : *from_base64(value.as_string())};
  }

  // A life: created, bid on, leased, closed.
  void live(std::uint64_t dseq) {
    if (!provider_registered_) {
      provider_registered_ = true;
      commit(kProvider, people::registration(TestNode::address(kProvider)));
    }
    const std::string tenant = TestNode::address(kTenant);
    commit(kTenant, people::deployment(tenant, dseq));
    const auto bid = people::bid(tenant, dseq, TestNode::address(kProvider));
    commit(kProvider, bid);
    commit(kTenant, people::acceptance(bid));
    commit(kTenant, people::closing(tenant, dseq));
  }
  template <class Message>
  void commit(std::uint64_t signer, const Message& message) {
    node_.commit(node_.sign(signer, client::to_message(message)));
  }
  static akash::deployment::v1::DeploymentID id(std::uint64_t dseq) {
    akash::deployment::v1::DeploymentID id;
    id.set_owner(TestNode::address(kTenant));
    id.set_dseq(dseq);
    return id;
  }
  Told ask_deployment(std::uint64_t dseq, std::int64_t height = 0) {
    deployment::QueryDeploymentRequest request;
    *request.mutable_id() = id(dseq);
    return ask("/akash.deployment.v1beta4.Query/Deployment", request, height);
  }
  template <class Request>
  Told ask_lease(const char* path, std::uint64_t dseq) {
    Request request;
    request.mutable_id()->set_owner(TestNode::address(kTenant));
    request.mutable_id()->set_dseq(dseq);
    request.mutable_id()->set_gseq(1);
    request.mutable_id()->set_oseq(1);
    if constexpr (requires { request.mutable_id()->set_provider(""); })
      request.mutable_id()->set_provider(TestNode::address(kProvider));
    return ask(path, request);
  }

  // Makes blocks until the deployment is no more in the state; returns what the query says then.
  Told wait_until_left(std::uint64_t dseq) {
    for (int i = 0; i < 100; ++i) {
      const Told told = ask_deployment(dseq);
      if (!told.info.empty() && told.code == 0) return told;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      node_.commit(node_.send_tx(2, 3));
    }
    ADD_FAILURE() << "the deployment never left the state";
    return {};
  }

  TestNode node_{json::object{{"retention", 1}}};
  bool provider_registered_ = false;
};

TEST_F(HistoryTest, WhatLeftTheStateIsAnsweredAsItWasAndFromWhere) {
  live(1);
  const Told before = ask_deployment(1);
  ASSERT_EQ(before.code, 0) << before.log;
  EXPECT_EQ(before.info, "");
  const Told after = wait_until_left(1);
  EXPECT_EQ(after.value, before.value);
  deployment::QueryDeploymentResponse response;
  ASSERT_TRUE(response.ParseFromString(after.value));
  EXPECT_EQ(response.deployment().state(), akash::deployment::v1::Deployment::closed);
  EXPECT_EQ(response.escrow_account().state().state(), akash::escrow::types::v1::State::closed);
  EXPECT_EQ(after.info,
            "left the state in block " + std::to_string(after.height) + "; this is how it was");
  // The block itself says so.
  const json::value results =
      node_.call("block_results", json::object{{"height", std::to_string(after.height)}});
  EXPECT_NE(json::serialize(results).find("left_state"), std::string::npos);
}

TEST_F(HistoryTest, OrderBidLeaseAndAccountsGoOnBeingAnswered) {
  live(1);
  wait_until_left(1);
  const Told order = ask_lease<market::QueryOrderRequest>("/akash.market.v1beta5.Query/Order", 1);
  const Told bid = ask_lease<market::QueryBidRequest>("/akash.market.v1beta5.Query/Bid", 1);
  const Told lease = ask_lease<market::QueryLeaseRequest>("/akash.market.v1beta5.Query/Lease", 1);
  for (const Told& told : {order, bid, lease}) {
    EXPECT_EQ(told.code, 0) << told.log;
    EXPECT_NE(told.info.find("left the state"), std::string::npos);
  }
  market::QueryLeaseResponse response;
  ASSERT_TRUE(response.ParseFromString(lease.value));
  EXPECT_EQ(response.lease().state(), akash::market::v1::Lease::closed);
  EXPECT_GT(response.lease().closed_on(), 0);

  akash::escrow::v1::QueryAccountsRequest request;
  request.set_xid("deployment/" + TestNode::address(kTenant) + "/1");
  akash::escrow::v1::QueryAccountsResponse accounts;
  ASSERT_TRUE(accounts.ParseFromString(ask("/akash.escrow.v1.Query/Accounts", request).value));
  ASSERT_EQ(accounts.accounts_size(), 1);
  EXPECT_EQ(accounts.accounts(0).id().xid(), TestNode::address(kTenant) + "/1");
}

TEST_F(HistoryTest, AnIndexThatIsMadeAgainAnswersTheSame) {
  live(1);
  const Told before = wait_until_left(1);
  node_.close();
  node_.forget_index();
  node_.open();
  ASSERT_TRUE(
      node_.index->wait_for(node_.sequencer->feed().latest()->height(), Duration::seconds(20)));
  const Told after = ask_deployment(1);
  EXPECT_EQ(after.value, before.value);
  EXPECT_EQ(after.height, before.height);
  EXPECT_EQ(after.info, before.info);
}

TEST_F(HistoryTest, WhatNeverWasIsStillNotFound) {
  live(1);
  wait_until_left(1);
  const Told told = ask_deployment(2);
  EXPECT_NE(told.code, 0);
  EXPECT_NE(told.log.find("rpc error: code = NotFound"), std::string::npos);
  EXPECT_EQ(told.info, "");
}

TEST_F(HistoryTest, AtAHeightBeforeItWasThereItIsNotFound) {
  live(1);
  wait_until_left(1);
  EXPECT_NE(ask_deployment(1, 1).code, 0);
}

TEST_F(HistoryTest, OfANameThatIsUsedAgainTheLastCounts) {
  live(1);
  const Told first = wait_until_left(1);
  live(1);
  EXPECT_EQ(ask_deployment(1).info, "");
  const Told second = wait_until_left(1);
  EXPECT_GT(second.height, first.height);
  EXPECT_NE(second.value, first.value);
}

}  // namespace
}  // namespace tp::rpc
