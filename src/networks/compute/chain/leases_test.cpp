#include <gtest/gtest.h>

#include <functional>

#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/testing.h"

namespace tp::compute {
namespace {

class LeasesTest : public ::testing::Test, protected ComputeChain {
 protected:
  void TearDown() override {
    const auto checked = check();
    EXPECT_TRUE(checked) << checked.error().text;
    EXPECT_EQ(ledger.count("schedule_failed"), 0u);
  }

  Result<void> start_reclaim(const LeaseId& id, int reason = 10'001) {
    auto message = with_id<market_pb::MsgLeaseStartReclaim>(id);
    message.set_reason(static_cast<market_v1::LeaseClosedReason>(reason));
    return send(message);
  }
  // Alice's deployment 1, leased from oscar with an hour's notice.
  LeaseId reclaimable() {
    const LeaseId id{order(1), oscar};
    TP_ASSERT(create(alice, 1).has_value());
    auto message = bidding(id);
    message.mutable_reclamation_window()->set_seconds(3'600);
    TP_ASSERT(send(message).has_value());
    TP_ASSERT(accept(id).has_value());
    return id;
  }
};

TEST_F(LeasesTest, ALeaseMatchesOrderAndBid) {
  const LeaseId id = lease();
  EXPECT_EQ(order_status(id.order), market::OrderStatus::kMatched);
  EXPECT_EQ(find_bid(id).status, market::BidStatus::kWon);
  EXPECT_EQ(find_lease(id).status, market::AgreementStatus::kActive);
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseCreated"), "price"),
            R"({"denom":"utoll","amount":"10.000000000000000000"})");
}

TEST_F(LeasesTest, TheOwnerSignsForTheLeaseAndTheProviderForItsPay) {
  market_pb::MsgCreateLease message;
  wire::write(ledger.accounts(), LeaseId{order(1), oscar}, *message.mutable_bid_id());
  EXPECT_EQ(signers(message), std::vector{alice});
  const LeaseId id{order(1), oscar};
  EXPECT_EQ(signers(with_id<market_pb::MsgCloseLease>(id)), std::vector{alice});
  EXPECT_EQ(signers(with_id<market_pb::MsgWithdrawLease>(id)), std::vector{oscar});
  EXPECT_EQ(signers(with_id<market_pb::MsgLeaseStartReclaim>(id)), std::vector{oscar});
}

TEST_F(LeasesTest, EveryLosingBidGetsItsDepositBackAtOnce) {
  ASSERT_TRUE(create(alice, 1));
  std::vector<std::pair<Address, std::uint64_t>> losers;
  for (const std::string name : {"p1", "p2", "p3", "p4", "p5"}) {
    const Address provider = testing::address_of(name);
    ledger.give(provider, {denom, Amount{kGiven}});
    ASSERT_TRUE(provide(provider));
    losers.emplace_back(provider, balance(provider));
    ASSERT_TRUE(bid({order(1), provider}));
  }
  ASSERT_TRUE(bid({order(1), oscar}));
  ASSERT_TRUE(accept({order(1), oscar}));
  for (const auto& [provider, before] : losers) {
    EXPECT_EQ(balance(provider), before);
    EXPECT_EQ(find_bid({order(1), provider}).status, market::BidStatus::kLost);
  }
}

TEST_F(LeasesTest, OnlyOpenBidsOnOpenOrdersBecomeLeases) {
  EXPECT_TRUE(refused(accept({order(1), oscar}), MarketError::kBidNotFound));
  ASSERT_TRUE(create(alice, 1));
  EXPECT_TRUE(
      refused(accept({order(1), oscar}), MarketError::kBidNotFound, "invalid bid: bid not found"));
  ASSERT_TRUE(bid({order(1), oscar}));
  ASSERT_TRUE(bid({order(1), olga}));
  ASSERT_TRUE(accept({order(1), oscar}));
  EXPECT_TRUE(refused(accept({order(1), olga}), MarketError::kBidNotOpen));
  EXPECT_TRUE(refused(accept({order(1), oscar}), MarketError::kBidNotOpen));
}

TEST_F(LeasesTest, AnOwnersClosingOpensANewOrderAtOnce) {
  const LeaseId id = lease();
  ledger.pass_blocks(3, Duration::seconds(6));
  ASSERT_TRUE(close_lease(id));
  EXPECT_EQ(group_state(group(1)), GroupState::kOpen);
  EXPECT_EQ(order_status(id.order), market::OrderStatus::kClosed);
  EXPECT_EQ(order_status(order(1, 1, 2)), market::OrderStatus::kOpen);
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseClosed"), "reason"),
            "\"lease_closed_owner\"");
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseClosed"), "actor"), "\"owner\"");
  EXPECT_EQ(balance(oscar) + 1'000, kGiven + 30);  // all pay, the bid's deposit, less the row's
  EXPECT_TRUE(refused(close_lease(id), MarketError::kOrderClosed));
}

TEST_F(LeasesTest, AProvidersClosingPausesTheGroup) {
  const LeaseId id = lease();
  ASSERT_TRUE(close_bid(id, 10'000));
  EXPECT_EQ(group_state(group(1)), GroupState::kPaused);
  EXPECT_EQ(ledger.count("akash.market.v1.EventOrderCreated"), 1u);
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseClosed"), "reason"),
            "\"lease_closed_reason_unstable\"");
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseClosed"), "actor"), "\"provider\"");
  EXPECT_EQ(attribute(last("akash.deployment.v1.EventGroupPaused"), "actor"), "\"provider\"");
  EXPECT_TRUE(refused(close_bid(id), MarketError::kLeaseNotActive));
  ASSERT_TRUE(start(group(1)));
  EXPECT_EQ(order_status(order(1, 1, 2)), market::OrderStatus::kOpen);
}

TEST_F(LeasesTest, ALeaseThatIsNotThereCannotBeClosedOrDrawnOn) {
  EXPECT_TRUE(refused(close_lease({order(1), oscar}), MarketError::kOrderNotFound));
  EXPECT_TRUE(refused(withdraw({order(1), oscar}), MarketError::kUnknownLease));
  const LeaseId id = lease();
  EXPECT_TRUE(refused(close_lease({id.order, olga}), MarketError::kBidNotFound));
  EXPECT_TRUE(refused(withdraw({id.order, olga}), MarketError::kUnknownLease));
  ASSERT_TRUE(close_lease(id));
  EXPECT_TRUE(refused(withdraw(id), EscrowError::kPaymentClosed));
}

TEST_F(LeasesTest, AWithdrawalPaysWhatWasEarned) {
  const LeaseId id = lease();
  const std::uint64_t before = balance(oscar);
  ledger.pass_blocks(7, Duration::seconds(6));
  ASSERT_TRUE(withdraw(id));
  EXPECT_EQ(balance(oscar), before + 70);
  EXPECT_EQ(account().transferred, Amount{70});
}

TEST_F(LeasesTest, AWithdrawalInTheBlockOfASettlementDoesNothing) {
  const LeaseId id = lease();
  ASSERT_TRUE(withdraw(id));
  ledger.pass(Duration::seconds(6));
  ASSERT_TRUE(withdraw(id));
  const std::uint64_t before = balance(oscar);
  ASSERT_TRUE(withdraw(id));
  EXPECT_EQ(balance(oscar), before);
}

// --- Running dry ---

TEST_F(LeasesTest, AnAccountThatRunsDryLeavesTheDeploymentAndEndsItsLeasesOnTime) {
  const LeaseId id = lease(1, "100");  // 5,000 ticks
  const std::uint64_t before = balance(oscar);
  ledger.pass_blocks(5'000, Duration::seconds(6));
  EXPECT_EQ(find_lease(id).status, market::AgreementStatus::kActive);
  ledger.pass(Duration::seconds(6));
  EXPECT_EQ(find_lease(id).status, market::AgreementStatus::kInsufficientFunds);
  EXPECT_EQ(deployment_state(1), DeploymentState::kActive);
  EXPECT_EQ(group_state(group(1)), GroupState::kInsufficientFunds);
  EXPECT_EQ(balance(oscar), before + 2 * kDeposit);  // all pay and the bid's deposit
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseClosed"), "reason"),
            "\"lease_closed_reason_insufficient_funds\"");
  EXPECT_EQ(attribute(last("akash.market.v1.EventLeaseClosed"), "actor"), "\"network\"");
  EXPECT_EQ(ledger.count("akash.deployment.v1.EventDeploymentClosed"), 0u);
}

TEST_F(LeasesTest, RunningDryTakesUnleasedOrdersOffTheMarketToo) {
  ASSERT_TRUE(create(alice, 1, kDeposit, 2));
  const LeaseId id{order(1, 1), oscar};
  ASSERT_TRUE(bid(id, "100"));
  ASSERT_TRUE(accept(id));
  const std::uint64_t before = balance(olga);
  ASSERT_TRUE(bid({order(1, 2), olga}));
  ledger.pass_blocks(5'001, Duration::seconds(6));
  EXPECT_EQ(group_state(group(1, 2)), GroupState::kInsufficientFunds);
  EXPECT_EQ(order_status(order(1, 2)), market::OrderStatus::kClosed);
  EXPECT_EQ(balance(olga), before);
}

// As many groups as there may be, each as long as it may be; half are leased, and on each of the
// others stand as many bids as may be open, with long offers.
TEST_F(LeasesTest, TheLargestDeploymentRunsDryInOneBlock) {
  constexpr std::uint32_t kCount = 20;
  auto message = creation(alice, 1, kDeposit, static_cast<int>(kCount));
  for (wire::GroupSpec& spec : *message.mutable_groups()) {
    auto& note = *spec.mutable_resources(0)->mutable_resource()->mutable_cpu()->add_attributes();
    note.set_key("note");
    note.set_value(Bytes(7'900, 'x'));
  }
  ASSERT_TRUE(send(message));
  std::vector<Address> bidders;
  for (int i = 0; i < 20; ++i) {
    bidders.push_back(testing::address_of("bidder " + std::to_string(i)));
    ledger.give(bidders.back(), {denom, Amount{kGiven}});
    ASSERT_TRUE(provide(bidders.back()));
  }
  for (std::uint32_t gseq = 1; gseq <= kCount; ++gseq) {
    if (gseq % 2 == 0) {
      const LeaseId lease_id{order(1, gseq), oscar};
      ASSERT_TRUE(bid(lease_id, "100"));
      ASSERT_TRUE(accept(lease_id));
      continue;
    }
    for (const Address& bidder : bidders) {
      auto offer = bidding({order(1, gseq), bidder}, "100");
      auto& unit = *offer.add_resources_offer();
      *unit.mutable_resources() = message.groups(0).resources(0).resource();
      unit.set_count(1);
      ASSERT_TRUE(send(offer));
    }
  }
  ledger.pass_blocks(501, Duration::seconds(6));  // ten leases at 100 a tick
  for (std::uint32_t gseq = 1; gseq <= kCount; ++gseq)
    EXPECT_EQ(group_state(group(1, gseq)), GroupState::kInsufficientFunds) << gseq;
  for (const Address& bidder : bidders) EXPECT_EQ(balance(bidder), kGiven - 1'000);  // its row
}

TEST_F(LeasesTest, AFundedDeploymentStartsAgain) {
  lease(1, "100");
  ledger.pass_blocks(5'001, Duration::seconds(6));
  EXPECT_TRUE(refused(start(group(1)), EscrowError::kAccountOverdrawn, "deposit into"));
  ASSERT_TRUE(deposit(bob, deployment(1), 1'000));
  ASSERT_TRUE(start(group(1)));
  const LeaseId again{order(1, 1, 2), oscar};
  ASSERT_TRUE(bid(again));
  ASSERT_TRUE(accept(again));
  ledger.pass_blocks(10, Duration::seconds(6));
  EXPECT_EQ(find_lease(again).status, market::AgreementStatus::kActive);
  ASSERT_TRUE(close(deployment(1)));
  EXPECT_EQ(balance(bob), kGiven - 100);  // what bob deposited comes back to bob
}

TEST_F(LeasesTest, ADeploymentThatRanDryCanBeClosed) {
  lease(1, "100");
  ledger.pass_blocks(5'001, Duration::seconds(6));
  ASSERT_TRUE(close(deployment(1)));
  EXPECT_EQ(group_state(group(1)), GroupState::kClosed);
  EXPECT_EQ(balance(alice), kGiven - kDeposit);
}

TEST_F(LeasesTest, AMessageThatComesBeforeTheScheduleFindsTheLeaseDry) {
  // Transactions of a block run before what is due in it.
  for (const auto& [dseq, act] :
       std::vector<std::pair<std::uint64_t, std::function<Result<void>(const LeaseId&)>>>{
           {1, [this](const LeaseId& id) { return withdraw(id); }},
           {2, [this](const LeaseId& id) { return close_lease(id); }},
           {3, [this](const LeaseId& id) { return close_bid(id); }},
           {4, [this](const LeaseId& id) { return pause(id.order.group); }},
           {5, [this](const LeaseId& id) { return close(id.order.deployment()); }}}) {
    const LeaseId id = lease(dseq, "100");
    // Six hours in blocks of a minute, then the block in which the message stands.
    ledger.pass_blocks(500, Duration::minutes(1));
    ledger.begin(Duration::minutes(1));
    ASSERT_TRUE(act(id)) << dseq;
    EXPECT_EQ(find_lease(id).ending->reason.code, market::kRanDry) << dseq;
    EXPECT_EQ(find_lease(id).ending->paid, Amount{kDeposit}) << dseq;
    ledger.end();
  }
}

TEST_F(LeasesTest, DepositsOfOthersAndOfOtherMoneyAreCheckedClearly) {
  lease();
  EXPECT_TRUE(refused(deposit(bob, deployment(2), 5), EscrowError::kAccountNotFound));
  EXPECT_TRUE(refused(deposit(bob, deployment(1), 0), EscrowError::kInvalidDeposit));
  EXPECT_TRUE(refused(deposit(bob, deployment(1), kGiven + 1), MarketError::kInvalidDeposit,
                      "insufficient balance"));
  escrow_pb::MsgAccountDeposit message;
  message.set_signer(text(bob));
  put_deposit(5, *message.mutable_deposit(), Denom::of("uakt"));
  message.mutable_id()->set_scope(akash::escrow::id::v1::Scope::deployment);
  message.mutable_id()->set_xid("nonsense");
  EXPECT_TRUE(refused(send(message), EscrowError::kInvalidId, "invalid xid format"));
  message.mutable_id()->set_xid(wire::xid(ledger.accounts(), deployment(1)));
  EXPECT_TRUE(refused(send(message), EscrowError::kInvalidDenomination, "uakt"));
  message.mutable_id()->set_scope(akash::escrow::id::v1::Scope::bid);
  EXPECT_TRUE(refused(send(message), EscrowError::kInvalidId));
  ASSERT_TRUE(close(deployment(1)));
  EXPECT_TRUE(refused(deposit(bob, deployment(1), 5), EscrowError::kAccountClosed));
}

// --- Reclamation (AEP-82) ---

TEST_F(LeasesTest, AProviderThatPromisedNoticeMustGiveIt) {
  const LeaseId id = reclaimable();
  EXPECT_TRUE(refused(close_bid(id), MarketError::kReclamationNotStarted));
  EXPECT_TRUE(refused(start_reclaim(id, 1), MarketError::kInvalidLeaseClosedReason));
  ASSERT_TRUE(start_reclaim(id));
  EXPECT_EQ(find_lease(id).status, market::AgreementStatus::kReclaiming);
  const chain::Event& event = last("akash.market.v1.EventLeaseReclaimStarted");
  EXPECT_EQ(attribute(event, "deadline"), "\"1767229200\"");  // 2026-01-01T01:00:00Z
  EXPECT_TRUE(refused(start_reclaim(id), MarketError::kLeaseNotActive));
  ledger.pass(Duration::seconds(3'599));
  EXPECT_TRUE(refused(close_bid(id), MarketError::kReclamationWindowNotElapsed));
  ledger.pass(Duration::seconds(1));
  ASSERT_TRUE(close_bid(id));
  EXPECT_EQ(group_state(group(1)), GroupState::kPaused);
}

TEST_F(LeasesTest, AReclaimedLeaseIsPaidInFullAndTheOwnerMayCloseItAnyTime) {
  const LeaseId id = reclaimable();
  ASSERT_TRUE(start_reclaim(id));
  const std::uint64_t before = balance(oscar);
  ledger.pass_blocks(5, Duration::seconds(6));
  ASSERT_TRUE(withdraw(id));
  EXPECT_EQ(balance(oscar), before + 50);
  ASSERT_TRUE(close_lease(id));
  EXPECT_EQ(order_status(order(1, 1, 2)), market::OrderStatus::kOpen);
}

TEST_F(LeasesTest, ALeaseWithoutNoticeCannotBeReclaimed) {
  const LeaseId id = lease();
  EXPECT_TRUE(refused(start_reclaim(id), MarketError::kLeaseNotReclaimable));
  EXPECT_TRUE(refused(start_reclaim({order(9), oscar}), MarketError::kUnknownLease));
}

// --- What an hour costs ---

class AnHour : public ::testing::TestWithParam<int> {};

TEST_P(AnHour, CostsTheSameHoweverManyBlocksItHas) {
  ComputeChain chain;
  const LeaseId id = chain.lease(1, "7.123456789");
  const std::uint64_t before = chain.balance(ComputeChain::oscar);
  const int blocks_per_minute = GetParam();
  chain.ledger.pass_blocks(60 * blocks_per_minute, Duration{60'000'000'000 / blocks_per_minute});
  ASSERT_TRUE(chain.withdraw(id));
  EXPECT_EQ(chain.balance(ComputeChain::oscar), before + 4'274);  // 600 ticks x 7.123456789, down
}

INSTANTIATE_TEST_SUITE_P(BlocksPerMinute, AnHour, ::testing::Values(1, 10, 600));

}  // namespace
}  // namespace tp::compute
