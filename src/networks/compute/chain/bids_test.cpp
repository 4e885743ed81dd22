#include <gtest/gtest.h>

#include "chain/sdk_errors.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/fixture.h"
#include "networks/compute/chain/testing.h"

namespace tp::compute {
namespace {

class BidsTest : public ::testing::Test, protected ComputeChain {
 protected:
  BidsTest() { TP_ASSERT(create(alice, 1).has_value()); }
  void TearDown() override {
    const auto checked = check();
    EXPECT_TRUE(checked) << checked.error().text;
  }

  // A deployment of alice's whose only group is changed by `change`.
  template <class Change>
  OrderId special(std::uint64_t dseq, Change change) {
    auto message = creation(alice, dseq);
    change(*message.mutable_groups(0));
    TP_ASSERT(send(message).has_value());
    return order(dseq);
  }
  static void add_attribute(std::string key, std::string value,
                            wire::List<wire::Attribute>& attributes) {
    wire::Attribute& attribute = *attributes.Add();
    attribute.set_key(std::move(key));
    attribute.set_value(std::move(value));
  }
  Result<void> provide_with(const Address& owner, std::string key, std::string value) {
    provider_pb::MsgUpdateProvider message;
    message.set_owner(text(owner));
    message.set_host_uri("https://provider.example.com");
    add_attribute(std::move(key), std::move(value), *message.mutable_attributes());
    return send(message);
  }
  Result<void> sign(const Address& by, const Address& provider, std::string key,
                    std::string value) {
    audit_pb::MsgSignProviderAttributes message;
    message.set_owner(text(provider));
    message.set_auditor(text(by));
    add_attribute(std::move(key), std::move(value), *message.mutable_attributes());
    return send(message);
  }

  const BidId id{order(1), oscar};
};

TEST_F(BidsTest, ABidHoldsItsDeposit) {
  const std::uint64_t before = balance(oscar);
  ASSERT_TRUE(bid(id));
  EXPECT_EQ(find_bid(id).status, market::BidStatus::kOpen);
  EXPECT_EQ(balance(oscar), before - kDeposit);
  const chain::Event& event = last("akash.market.v1.EventBidCreated");
  EXPECT_EQ(attribute(event, "price"), R"({"denom":"utoll","amount":"10.000000000000000000"})");
  EXPECT_EQ(attribute(event, "id"), "{\"owner\":\"" + text(alice) +
                                        "\",\"dseq\":\"1\",\"gseq\":1,\"oseq\":1,\"provider\":\"" +
                                        text(oscar) + "\",\"bseq\":0}");
}

TEST_F(BidsTest, TheProviderSigns) {
  EXPECT_EQ(signers(bidding(id)), std::vector{oscar});
  EXPECT_EQ(signers(with_id<market_pb::MsgCloseBid>(id)), std::vector{oscar});
}

TEST_F(BidsTest, DepositsAreCheckedWithTheRegisteredTextFirst) {
  auto message = bidding(id);
  message.mutable_deposit()->mutable_amount()->set_denom("uakt");
  EXPECT_TRUE(refused(send(message), MarketError::kInvalidDeposit,
                      "deposit invalid: unsupported denom uakt"));
  message = bidding(id);
  message.mutable_deposit()->mutable_amount()->set_amount("499999");
  EXPECT_TRUE(refused(send(message), MarketError::kInvalidDeposit,
                      "deposit invalid: minimum:500000utoll received:499999utoll"));
  message.mutable_deposit()->mutable_amount()->set_amount("900000000");
  EXPECT_TRUE(refused(send(message), MarketError::kInvalidDeposit,
                      "deposit invalid: insufficient balance"));
}

TEST_F(BidsTest, PricesAreAboveZeroAndUpToTheGroups) {
  EXPECT_TRUE(refused(bid(id, "0"), MarketError::kBidZeroPrice));
  EXPECT_TRUE(refused(bid(id, "100.000000000000000001"), MarketError::kBidInvalidPrice));
  EXPECT_TRUE(bid(id, "100"));
  auto message = bidding({order(1), olga});
  message.mutable_price()->set_denom("uakt");
  EXPECT_TRUE(refused(send(message), MarketError::kBidInvalidPrice, "bid price is invalid"));
}

TEST_F(BidsTest, TheMostThatMayBeBidIsTheSumOverUnitsAndReplicas) {
  const OrderId big = special(2, [](wire::GroupSpec& group) {
    group.mutable_resources(0)->set_count(3);
    auto& second = *group.add_resources();
    second = group.resources(0);
    second.set_count(1);
    second.mutable_resource()->set_id(2);
  });
  EXPECT_TRUE(refused(bid({big, oscar}, "400.5"), MarketError::kBidInvalidPrice));
  EXPECT_TRUE(bid({big, oscar}, "400"));
}

TEST_F(BidsTest, UnknownOrdersAndProvidersAreRefused) {
  EXPECT_TRUE(refused(bid({order(1, 1, 2), oscar}), MarketError::kOrderNotFound,
                      "invalid order: order not found"));
  EXPECT_TRUE(refused(bid({order(1), bob}), MarketError::kUnknownProvider));
}

TEST_F(BidsTest, NobodyBidsOnTheirOwnOrder) {
  ASSERT_TRUE(create(oscar, 1));
  EXPECT_TRUE(refused(bid({{{{oscar, 1}, 1}, 1}, oscar}), chain::SdkError::kConflict, "self-bid"));
}

TEST_F(BidsTest, OneBidForAProviderAndOrder) {
  ASSERT_TRUE(bid(id));
  EXPECT_TRUE(refused(bid(id), MarketError::kBidExists, "bid exists from provider"));
}

TEST_F(BidsTest, OtherSequencesThanZeroAreRefused) {
  auto message = bidding(id);
  message.mutable_id()->set_bseq(1);
  EXPECT_TRUE(refused(send(message), chain::SdkError::kConflict, "bseq"));
}

TEST_F(BidsTest, ExactlyAsManyBidsAsTheNetworkAllowsAndClosedOnesDoNotCount) {
  std::vector<BidId> bids;
  for (int i = 0; i < 21; ++i) {
    const Address provider = testing::address_of("provider " + std::to_string(i));
    ledger.give(provider, {denom, Amount{kGiven}});
    ASSERT_TRUE(provide(provider));
    bids.push_back({order(1), provider});
  }
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(bid(bids[static_cast<std::size_t>(i)])) << i;
  EXPECT_TRUE(
      refused(bid(bids[20]), MarketError::kInvalidBid, "invalid bid: too many existing bids (20)"));
  ASSERT_TRUE(close_bid(bids[3]));
  EXPECT_TRUE(bid(bids[20]));
}

TEST_F(BidsTest, AClosedBidReturnsItsDeposit) {
  const std::uint64_t before = balance(oscar);
  ASSERT_TRUE(bid(id));
  ASSERT_TRUE(close_bid(id, 10'001));
  EXPECT_EQ(balance(oscar), before);
  EXPECT_EQ(find_bid(id).status, market::BidStatus::kClosed);
  EXPECT_EQ(attribute(last("akash.market.v1.EventBidClosed"), "actor"), "\"provider\"");
  EXPECT_EQ(attribute(last("akash.market.v1.EventBidClosed"), "reason"),
            "\"lease_closed_reason_decommission\"");
  EXPECT_EQ(order_status(order(1)), market::OrderStatus::kOpen);
}

TEST_F(BidsTest, AProviderGivesAReasonOfItsOwnRange) {
  ASSERT_TRUE(bid(id));
  EXPECT_TRUE(refused(close_bid(id, 1), MarketError::kInvalidLeaseClosedReason,
                      "value \"1\" range 10000..19999: invalid lease closed reason"));
  EXPECT_TRUE(refused(close_bid(id, 20'000), MarketError::kInvalidLeaseClosedReason));
  ASSERT_TRUE(close_bid(id, 19'999));
  EXPECT_EQ(attribute(last("akash.market.v1.EventBidClosed"), "reason"), "19999");
}

TEST_F(BidsTest, ABidThatIsNotThereCannotBeClosed) {
  EXPECT_TRUE(refused(close_bid(id), MarketError::kUnknownBid));
  EXPECT_TRUE(refused(close_bid({order(9), oscar}), MarketError::kUnknownBid));
  ASSERT_TRUE(bid(id));
  ASSERT_TRUE(close_bid(id));
  EXPECT_TRUE(refused(close_bid(id), MarketError::kUnknownLeaseForBid));
}

TEST_F(BidsTest, OrdersThatAreMatchedOrClosedTakeNoBids) {
  ASSERT_TRUE(bid(id));
  ASSERT_TRUE(accept(id));
  EXPECT_TRUE(refused(bid({order(1), olga}), MarketError::kOrderActive));
  ASSERT_TRUE(close(deployment(1)));
  EXPECT_TRUE(refused(bid({order(1), olga}), MarketError::kOrderClosed));
}

TEST_F(BidsTest, AnOfferNamesUnitsOfTheGroupWithTheirCounts) {
  auto message = bidding(id);
  auto& offer = *message.add_resources_offer();
  *offer.mutable_resources() = creation(alice, 1).groups(0).resources(0).resource();
  offer.set_count(2);
  EXPECT_TRUE(refused(send(message), MarketError::kCapabilitiesMismatch));
  offer.set_count(1);
  *message.add_resources_offer() = offer;
  EXPECT_TRUE(refused(send(message), MarketError::kCapabilitiesMismatch));
  message.mutable_resources_offer()->RemoveLast();
  EXPECT_TRUE(send(message));
}

TEST_F(BidsTest, RequiredAttributesAreTheProvidersOwn) {
  const OrderId order_id = special(2, [](wire::GroupSpec& group) {
    add_attribute("region", "eu-west", *group.mutable_requirements()->mutable_attributes());
  });
  EXPECT_TRUE(
      refused(bid({order_id, oscar}), MarketError::kAttributeMismatch, "attribute mismatch"));
  ASSERT_TRUE(provide_with(oscar, "region", "eu-west"));
  EXPECT_TRUE(bid({order_id, oscar}));
}

TEST_F(BidsTest, RequiredSignaturesComeFromTheNamedAuditors) {
  const OrderId order_id = special(2, [this](wire::GroupSpec& group) {
    add_attribute("region", "eu-west", *group.mutable_requirements()->mutable_attributes());
    group.mutable_requirements()->mutable_signed_by()->add_all_of(text(auditor));
    group.mutable_requirements()->mutable_signed_by()->add_any_of(text(bob));
  });
  ASSERT_TRUE(provide_with(oscar, "region", "eu-west"));
  EXPECT_TRUE(refused(bid({order_id, oscar}), MarketError::kAttributeMismatch));
  ASSERT_TRUE(sign(auditor, oscar, "region", "eu-west"));
  EXPECT_TRUE(refused(bid({order_id, oscar}), MarketError::kAttributeMismatch));
  ASSERT_TRUE(sign(bob, oscar, "region", "eu-west"));
  EXPECT_TRUE(bid({order_id, oscar}));
}

TEST_F(BidsTest, GpusThatAProviderDoesNotHaveAreNotBidFor) {
  const OrderId order_id = special(2, [](wire::GroupSpec& group) {
    auto& gpu = *group.mutable_resources(0)->mutable_resource()->mutable_gpu();
    gpu.mutable_units()->set_val("1");
    add_attribute("vendor/nvidia/model/a100", "true", *gpu.mutable_attributes());
  });
  EXPECT_TRUE(
      refused(bid({order_id, oscar}), MarketError::kCapabilitiesMismatch, "capabilities mismatch"));
  ASSERT_TRUE(provide_with(oscar, "capabilities/gpu/vendor/nvidia/model/a100", "true"));
  EXPECT_TRUE(bid({order_id, oscar}));
}

TEST_F(BidsTest, AnOrderThatAsksForNoticeIsNotBidForWithout) {
  auto creation_message = creation(alice, 2);
  creation_message.mutable_reclamation()->mutable_min_window()->set_seconds(7'200);
  ASSERT_TRUE(send(creation_message));
  auto message = bidding({order(2), oscar});
  EXPECT_TRUE(refused(send(message), MarketError::kReclamationRequired));
  message.mutable_reclamation_window()->set_seconds(7'199);
  EXPECT_TRUE(refused(send(message), MarketError::kReclamationWindowTooShort));
  message.mutable_reclamation_window()->set_seconds(-1);
  EXPECT_TRUE(refused(send(message), MarketError::kReclamationWindowInvalid));
  message.mutable_reclamation_window()->set_seconds(7'200);
  EXPECT_TRUE(send(message));
}

TEST_F(BidsTest, NoticeLiesWithinTheNetworksBounds) {
  auto message = bidding(id);
  message.mutable_reclamation_window()->set_seconds(60);
  EXPECT_TRUE(refused(send(message), MarketError::kReclamationWindowInvalid));
  message.mutable_reclamation_window()->set_seconds(721 * 3'600);
  EXPECT_TRUE(refused(send(message), MarketError::kReclamationWindowInvalid));
}

TEST_F(BidsTest, WhatOthersSignedCostsABidderNothing) {
  const OrderId order_id = special(2, [this](wire::GroupSpec& group) {
    add_attribute("region", "eu-west", *group.mutable_requirements()->mutable_attributes());
    group.mutable_requirements()->mutable_signed_by()->add_all_of(text(auditor));
  });
  ASSERT_TRUE(sign(auditor, oscar, "region", "eu-west"));
  ASSERT_TRUE(bid({order_id, oscar}));
  const Gas alone = gas_used;
  ASSERT_TRUE(close_bid({order_id, oscar}));
  for (int i = 0; i < 20; ++i) {
    const Address stranger = testing::address_of("stranger " + std::to_string(i));
    ledger.give(stranger, {denom, Amount{10'000}});
    ASSERT_TRUE(sign(stranger, oscar, "region", Bytes(1'000, 'x')));
  }
  ASSERT_TRUE(bid({order_id, oscar}));
  EXPECT_LE(gas_used.value, alone.value + 10'000);  // the earlier bid is read and overwritten
}

TEST_F(BidsTest, ABidOfAProviderWhoHasLeftIsNotAccepted) {
  ASSERT_TRUE(bid(id));
  provider_pb::MsgDeleteProvider message;
  message.set_owner(text(oscar));
  ASSERT_TRUE(send(message));
  EXPECT_TRUE(refused(accept(id), MarketError::kUnknownProvider));
  ASSERT_TRUE(close_bid(id));  // and its deposit comes back
}

}  // namespace
}  // namespace tp::compute
