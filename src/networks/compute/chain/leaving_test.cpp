// What closed a retention window ago leaves the state, and says how it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "akash/escrow/v1/query.pb.h"
#include "chain/history.h"
#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/queries.h"

namespace tp::compute {
namespace {

using chain::QueryError;

class LeavingTest : public ::testing::Test, protected ComputeChain {
 protected:
  void TearDown() override {
    const auto sound = check();
    EXPECT_TRUE(sound) << sound.error().text;
    EXPECT_EQ(ledger.count("schedule_failed"), 0u);
  }

  // A query with what it answers while the object is in the state.
  struct Asked {
    std::string path;
    Bytes request;
    Bytes answer;
  };
  Result<Bytes> ask(const std::string& path, const Bytes& request) {
    return (*queries.find(path))({ledger.state(), ledger.block(), ledger.params()}, request);
  }
  void remember(std::string_view path, const google::protobuf::Message& request) {
    const Bytes bytes = request.SerializeAsString();
    const auto answer = ask(std::string(path), bytes);
    ASSERT_TRUE(answer) << path << ": " << answer.error().text;
    asked_.push_back({std::string(path), bytes, *answer});
  }
  template <class Request>
  Request about(const auto& id) {
    Request request;
    wire::write(ledger.accounts(), id, *request.mutable_id());
    return request;
  }
  static akash::escrow::v1::QueryAccountsRequest account_named(const std::string& xid) {
    akash::escrow::v1::QueryAccountsRequest request;
    request.set_xid(xid);
    return request;
  }

  // Everything about a deployment with a lease and a bid that lost.
  void remember_all(const LeaseId& lease, const BidId& lost) {
    const DeploymentId id = lease.order.deployment();
    remember(kDeploymentQuery, about<deployment_pb::QueryDeploymentRequest>(id));
    remember(kOrderQuery, about<market_pb::QueryOrderRequest>(lease.order));
    remember(kBidQuery, about<market_pb::QueryBidRequest>(lease));
    remember(kBidQuery, about<market_pb::QueryBidRequest>(lost));
    remember(kLeaseQuery, about<market_pb::QueryLeaseRequest>(lease));
    remember(kAccountsQuery, account_named("deployment/" + wire::xid(ledger.accounts(), id)));
    remember(kAccountsQuery, account_named("bid/" + wire::xid(ledger.accounts(), lost)));
  }

  std::vector<Asked> asked_;
};

TEST_F(LeavingTest, HistoryAnswersWhatTheStateAnsweredLast) {
  const LeaseId lease{order(1), oscar};
  const BidId lost{order(1), olga};
  ASSERT_TRUE(create(alice, 1));
  ASSERT_TRUE(bid(lease, "10"));
  ASSERT_TRUE(bid(lost, "20"));
  ASSERT_TRUE(accept(lease));
  ledger.pass(Duration::minutes(1));
  ASSERT_TRUE(close(deployment(1)));
  ledger.pass(Duration::hours(23));
  remember_all(lease, lost);
  EXPECT_EQ(ledger.count(chain::kLeftState), 0u);

  ledger.pass(Duration::hours(1));
  const chain::EventList events{std::span<const chain::Event>(ledger.events())};
  for (const Asked& one : asked_) {
    const auto now = ask(one.path, one.request);
    const std::string key = queries.asks_history(one.path, one.request, now);
    ASSERT_FALSE(key.empty()) << one.path;
    const auto then = chain::answer_in(events, key);
    ASSERT_TRUE(then) << key;
    EXPECT_EQ(*then, one.answer) << key;
  }
}

TEST_F(LeavingTest, WhatIsInTheStateIsNoQuestionForHistory) {
  const LeaseId id = lease();
  remember_all(id, id);
  for (const Asked& one : asked_)
    EXPECT_EQ(queries.asks_history(one.path, one.request, one.answer), "") << one.path;
}

TEST_F(LeavingTest, AQuestionThatIsWrongIsNoneForHistory) {
  const Bytes request =
      about<deployment_pb::QueryDeploymentRequest>(deployment(0)).SerializeAsString();
  const auto refused = ask(std::string(kDeploymentQuery), request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(queries.asks_history(kDeploymentQuery, request, refused), "");
}

// Only the schedule's work of a block says so, once for each object.
TEST_F(LeavingTest, EachObjectLeavesOnce) {
  lease(1);
  lease(2);
  ASSERT_TRUE(close(deployment(1)));
  ASSERT_TRUE(close(deployment(2)));
  ledger.pass(Duration::hours(24));
  ledger.pass(Duration::hours(24));
  // Deployment, its account, order, bid, the bid's account, lease; the market's order and
  // agreement.
  EXPECT_EQ(ledger.count(chain::kLeftState), 2u * 8u);
}

}  // namespace
}  // namespace tp::compute
