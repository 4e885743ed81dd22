#include <gtest/gtest.h>

#include "chain/sdk_errors.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/testing.h"

namespace tp::compute {
namespace {

class DeploymentsTest : public ::testing::Test, protected ComputeChain {
 protected:
  void TearDown() override {
    const auto checked = check();
    EXPECT_TRUE(checked) << checked.error().text;
  }
};

TEST_F(DeploymentsTest, ADeploymentOpensWithOneOrderForEachGroupAndItsDepositInEscrow) {
  ASSERT_TRUE(create(alice, 7, 600'000, 2));
  EXPECT_EQ(deployment_state(7), DeploymentState::kActive);
  EXPECT_EQ(order_status(order(7, 1)), market::OrderStatus::kOpen);
  EXPECT_EQ(order_status(order(7, 2)), market::OrderStatus::kOpen);
  EXPECT_EQ(account(7).deposited(), Amount{600'000});
  EXPECT_EQ(balance(alice), kGiven - 600'000);
}

TEST_F(DeploymentsTest, TheOwnerSigns) {
  EXPECT_EQ(signers(creation(alice, 1)), std::vector{alice});
  EXPECT_EQ(signers(with_id<deployment_pb::MsgPauseGroup>(group(1))), std::vector{alice});
}

TEST_F(DeploymentsTest, EventsAreTypedEventsOfCosmos) {
  ASSERT_TRUE(create(alice, 7));
  const std::string owner = "\"owner\":\"" + text(alice) + "\",\"dseq\":\"7\"";
  const chain::Event& created = last("akash.deployment.v1.EventDeploymentCreated");
  ASSERT_EQ(created.attributes.size(), 2u);
  EXPECT_EQ(created.attributes[0].key, "hash");
  EXPECT_EQ(created.attributes[0].value, "\"aGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGg=\"");
  EXPECT_EQ(created.attributes[1].key, "id");
  EXPECT_EQ(created.attributes[1].value, "{" + owner + "}");
  const chain::Event& order = last("akash.market.v1.EventOrderCreated");
  ASSERT_EQ(order.attributes.size(), 1u);
  EXPECT_EQ(order.attributes[0].value, "{" + owner + ",\"gseq\":1,\"oseq\":1}");
}

TEST_F(DeploymentsTest, AnIdIsUsedOnce) {
  ASSERT_TRUE(create(alice, 1));
  EXPECT_TRUE(refused(create(alice, 1), DeploymentError::kDeploymentExists, "Deployment exists"));
  EXPECT_TRUE(create(bob, 1));
}

TEST_F(DeploymentsTest, BadIdsAndHashesAreRefused) {
  auto message = creation(alice, 0);
  EXPECT_TRUE(refused(send(message), chain::SdkError::kInvalidSequence,
                      "DeploymentID: Invalid Deployment Sequence"));
  message = creation(alice, 1);
  message.mutable_id()->set_owner("nobody");
  EXPECT_TRUE(refused(send(message), chain::SdkError::kInvalidAddress));
  message = creation(alice, 1);
  message.clear_hash();
  EXPECT_TRUE(refused(send(message), DeploymentError::kEmptyHash));
  message.set_hash("short");
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidHash));
}

TEST_F(DeploymentsTest, DepositsBelowTheLeastOrOfOtherMoneyAreRefused) {
  EXPECT_TRUE(refused(create(alice, 1, 499'999), DeploymentError::kInvalidDeposit,
                      "Deposit too low - 499999 < 500000utoll: Deposit invalid"));
  auto message = creation(alice, 1);
  message.mutable_deposit()->mutable_amount()->set_denom("uakt");
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidDeposit,
                      "Deposit invalid: Invalid deposit denomination uakt"));
}

TEST_F(DeploymentsTest, MoneyThatIsNotThereReadsAsInAkash) {
  EXPECT_TRUE(refused(create(alice, 1, kGiven + 1), MarketError::kInvalidDeposit,
                      "deposit invalid: insufficient balance"));
  EXPECT_EQ(balance(alice), kGiven);
}

TEST_F(DeploymentsTest, SourcesOfDepositsAreChecked) {
  using akash::base::deposit::v1::Source;
  auto message = creation(alice, 1);
  message.mutable_deposit()->clear_sources();
  EXPECT_TRUE(refused(send(message), CommonError::kInvalidDepositSource));
  message.mutable_deposit()->add_sources(Source::grant);
  EXPECT_TRUE(refused(send(message), MarketError::kInvalidDeposit, "no deposit grants"));
  message.mutable_deposit()->add_sources(Source::balance);
  EXPECT_TRUE(send(message));
  message.mutable_deposit()->add_sources(Source::balance);
  message.mutable_id()->set_dseq(2);
  EXPECT_TRUE(refused(send(message), CommonError::kInvalidDepositSource, "duplicate"));
}

TEST_F(DeploymentsTest, CountsOfGroupsUnitsAndReplicasAreBounded) {
  auto message = creation(alice, 1, kDeposit, 0);
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups));
  EXPECT_TRUE(refused(create(alice, 1, kDeposit, 21), DeploymentError::kInvalidGroups,
                      "too many groups (21 > 20)"));
  message = creation(alice, 1);
  message.mutable_groups(0)->mutable_resources(0)->set_count(51);
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups, "count 51"));
  message = creation(alice, 1);
  for (std::uint32_t id = 2; id <= 21; ++id) {
    auto& unit = *message.mutable_groups(0)->add_resources();
    unit = message.groups(0).resources(0);
    unit.mutable_resource()->set_id(id);
  }
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups, "too many units"));
}

TEST_F(DeploymentsTest, GroupNamesAreDifferent) {
  auto message = creation(alice, 1, kDeposit, 2);
  message.mutable_groups(1)->set_name("group-1");
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups, "duplicate"));
}

TEST_F(DeploymentsTest, NumbersThatAreNoneAreRefused) {
  auto message = creation(alice, 1);
  auto& unit = *message.mutable_groups(0)->mutable_resources(0);
  unit.mutable_resource()->mutable_memory()->mutable_quantity()->set_val("much");
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups, "memory"));
  message = creation(alice, 1);
  message.mutable_groups(0)->mutable_resources(0)->mutable_price()->set_amount("-1");
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups, "price"));
  message = creation(alice, 1);
  message.mutable_groups(0)->mutable_resources(0)->mutable_resource()->clear_cpu();
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups, "CPU"));
}

TEST_F(DeploymentsTest, PricesStandInTheNetworksDenominationAndTheDeposits) {
  auto message = creation(alice, 1);
  message.mutable_groups(0)->mutable_resources(0)->mutable_price()->set_denom("uakt");
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidPrice,
                      "unsupported denomination uakt: invalid price"));
}

TEST_F(DeploymentsTest, AWindowForReclaimingLiesWithinTheNetworksBounds) {
  auto message = creation(alice, 1);
  auto& window = *message.mutable_reclamation()->mutable_min_window();
  window.set_seconds(3'599);
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidReclamation, "below"));
  window.set_seconds(720 * 3'600 + 1);
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidReclamation, "above"));
  window.set_seconds(-1);
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidReclamation));
  window.set_seconds(3'600);
  EXPECT_TRUE(send(message));
}

TEST_F(DeploymentsTest, AnUpdateChangesTheHash) {
  ASSERT_TRUE(create(alice, 1));
  auto message = with_id<deployment_pb::MsgUpdateDeployment>(deployment(1));
  message.set_hash(std::string(32, 'h'));
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidHash, "Invalid: deployment hash"));
  message.set_hash(std::string(32, 'i'));
  ASSERT_TRUE(send(message));
  EXPECT_EQ(ledger.count("akash.deployment.v1.EventDeploymentUpdated"), 1u);
  message.mutable_id()->set_dseq(2);
  EXPECT_TRUE(refused(send(message), DeploymentError::kDeploymentNotFound));
  ASSERT_TRUE(close(deployment(1)));
  message.mutable_id()->set_dseq(1);
  EXPECT_TRUE(refused(send(message), DeploymentError::kDeploymentClosed));
}

TEST_F(DeploymentsTest, ClosingWithoutALeaseClosesTheOrderAndReturnsEveryDeposit) {
  ASSERT_TRUE(create(alice, 1, kDeposit, 2));
  ASSERT_TRUE(bid({order(1, 1), oscar}));
  ASSERT_TRUE(bid({order(1, 2), olga}));
  ASSERT_TRUE(close(deployment(1)));
  EXPECT_EQ(ledger.count("akash.market.v1.EventOrderClosed"), 2u);
  EXPECT_EQ(ledger.count("akash.market.v1.EventBidClosed"), 2u);
  EXPECT_EQ(ledger.count("akash.deployment.v1.EventGroupClosed"), 2u);
  EXPECT_EQ(balance(alice), kGiven);
  EXPECT_EQ(balance(olga) + 1'000, kGiven);  // the deposit for the provider's row
  EXPECT_EQ(group_state(group(1, 2)), GroupState::kClosed);
  EXPECT_TRUE(refused(close(deployment(1)), DeploymentError::kDeploymentClosed));
  EXPECT_TRUE(refused(close(deployment(2)), DeploymentError::kDeploymentNotFound));
}

TEST_F(DeploymentsTest, EveryEndingNamesItsReasonAndItsActor) {
  ASSERT_TRUE(create(alice, 1));
  ASSERT_TRUE(bid({order(1), oscar}));
  ASSERT_TRUE(close(deployment(1)));
  for (const std::string_view type :
       {"akash.deployment.v1.EventDeploymentClosed", "akash.deployment.v1.EventGroupClosed",
        "akash.market.v1.EventOrderClosed", "akash.market.v1.EventBidClosed"}) {
    EXPECT_EQ(attribute(last(type), "actor"), "\"owner\"") << type;
    EXPECT_EQ(attribute(last(type), "reason"), "\"lease_closed_owner\"") << type;
  }
}

TEST_F(DeploymentsTest, ALeaseIsClosedAndPaidWithItsDeployment) {
  const LeaseId id = lease();
  const std::uint64_t before = balance(oscar);
  ledger.pass_blocks(10, Duration::seconds(6));
  ASSERT_TRUE(close(deployment(1)));
  EXPECT_EQ(find_lease(id).status, market::AgreementStatus::kClosed);
  EXPECT_EQ(balance(oscar), before + 10 * 10 + kDeposit);
  EXPECT_EQ(balance(alice), kGiven - 10 * 10);
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseClosed"), "reason"),
            "\"lease_closed_owner\"");
}

TEST_F(DeploymentsTest, AClosedDeploymentLeavesAfterTheRetentionWindow) {
  lease();
  ASSERT_TRUE(close(deployment(1)));
  ledger.pass(Duration::hours(25));
  ledger.pass(Duration::hours(2));
  EXPECT_FALSE(*kDeployments.contains(ledger.state(), deployment(1)));
  EXPECT_FALSE(*kGroups.contains(ledger.state(), group(1)));
  EXPECT_FALSE(*kOrders.contains(ledger.state(), order(1)));
  EXPECT_EQ(ledger.count("schedule_failed"), 0u);
}

// --- Groups ---

TEST_F(DeploymentsTest, APausedGroupHasNoOrderUntilItIsStarted) {
  ASSERT_TRUE(create(alice, 1));
  ASSERT_TRUE(pause(group(1)));
  EXPECT_EQ(group_state(group(1)), GroupState::kPaused);
  EXPECT_EQ(order_status(order(1)), market::OrderStatus::kClosed);
  EXPECT_TRUE(refused(pause(group(1)), DeploymentError::kGroupPaused));
  ASSERT_TRUE(start(group(1)));
  EXPECT_EQ(group_state(group(1)), GroupState::kOpen);
  EXPECT_EQ(order_status(order(1, 1, 2)), market::OrderStatus::kOpen);
  EXPECT_TRUE(refused(start(group(1)), DeploymentError::kGroupOpen));
}

TEST_F(DeploymentsTest, AClosedGroupStaysClosed) {
  ASSERT_TRUE(create(alice, 1, kDeposit, 2));
  ASSERT_TRUE(close_group(group(1)));
  EXPECT_EQ(deployment_state(1), DeploymentState::kActive);
  EXPECT_EQ(group_state(group(1, 2)), GroupState::kOpen);
  EXPECT_TRUE(refused(close_group(group(1)), DeploymentError::kGroupClosed, "already closed"));
  EXPECT_TRUE(refused(start(group(1)), DeploymentError::kGroupClosed));
  EXPECT_TRUE(refused(pause(group(1)), DeploymentError::kGroupClosed));
  EXPECT_TRUE(refused(start(group(1, 3)), DeploymentError::kGroupNotFound));
}

TEST_F(DeploymentsTest, PausingALeasedGroupEndsTheLeaseAndOpensNoOrder) {
  const LeaseId id = lease();
  ASSERT_TRUE(pause(group(1)));
  EXPECT_EQ(find_lease(id).status, market::AgreementStatus::kClosed);
  EXPECT_EQ(group_state(group(1)), GroupState::kPaused);
  EXPECT_EQ(ledger.count("akash.market.v1.EventOrderCreated"), 1u);
}

TEST_F(DeploymentsTest, AGroupIsStoredInAFewKibibytesWithoutWhatNobodyReads) {
  auto message = creation(alice, 1);
  const Bytes field_1024 = "\x82\x40\x64" + Bytes(100, 'x');
  ASSERT_TRUE(message.mutable_groups(0)->MergeFromString(field_1024));
  ASSERT_TRUE(send(message));
  EXPECT_EQ(kGroups.get(ledger.state(), group(1))->spec,
            creation(alice, 1).groups(0).SerializeAsString());

  message = creation(alice, 2);
  auto& cpu = *message.mutable_groups(0)->mutable_resources(0)->mutable_resource()->mutable_cpu();
  auto& attribute = *cpu.add_attributes();
  attribute.set_key("note");
  attribute.set_value(Bytes(8 * 1024, 'x'));
  EXPECT_TRUE(refused(send(message), DeploymentError::kInvalidGroups, "bytes of at most 8192"));
}

}  // namespace
}  // namespace tp::compute
