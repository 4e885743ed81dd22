// The market as it is spoken on the wire. Posted prices and evidence: tests/networks/toy.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "modules/market/fixture.h"
#include "modules/testing/wire.h"
#include "turnpike/market/v1/query.pb.h"
#include "turnpike/market/v1/tx.pb.h"

namespace tp::market {
namespace {

namespace pb = turnpike::market::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A kind with messages of its own.
class Private final : public NetworkKind {
 public:
  std::string_view kind() const override { return "private"; }
  Result<void> admit_network(const store::Reader&, NetworkRef) const override { return {}; }
  Result<void> validate_spec(const store::Reader&, NetworkRef, const Spec&) const override {
    return {};
  }
  Result<void> admit_bid(const store::Reader&, NetworkRef, const Order&, const Address&,
                         const Bid&) const override {
    return {};
  }
  Result<void> admit_offer(const store::Reader&, NetworkRef, const Offer&) const override {
    return {};
  }
  Result<Verified> verify_evidence(const store::Reader&, NetworkRef, AgreementId, const Agreement&,
                                   const Address&, BytesView) const override {
    return Verified{};
  }
  Result<void> agreement_formed(chain::Context&, NetworkRef, AgreementId,
                                const Agreement&) override {
    return {};
  }
  Result<void> agreement_ended(chain::Context&, NetworkRef, AgreementId,
                               const Agreement&) override {
    return {};
  }
  Result<void> escrow_ran_dry(chain::Context&, NetworkRef, escrow::AccountId,
                              chain::BillableTime) override {
    return {};
  }
  Result<void> order_forgotten(chain::Context&, NetworkRef, OrderId, const Order&) override {
    return {};
  }
};

class MarketWireTest : public ::testing::Test, protected MarketChain {
 protected:
  MarketWireTest() { wire.add(market); }

  std::string text(const Address& address) { return ledger.accounts().text(address); }
  template <class Price>
  void set_price(Price* out, const std::string& amount) {
    out->set_denom("utoll");
    out->set_amount(amount);
  }
  pb::MsgPlaceOrder order_message() {
    pb::MsgPlaceOrder message;
    message.set_customer(text(alice));
    message.set_network(network.value);
    message.mutable_spec()->set_payload("a spec");
    set_price(message.mutable_price_max(), "10");
    set_price(message.mutable_deposit(), "1000");
    message.set_bids_open_max(5);
    return message;
  }
  std::uint64_t place_order() {
    const auto placed = wire.send<pb::MsgPlaceOrderResponse>(order_message());
    TP_ASSERT(placed.has_value());
    return placed->order();
  }
  Result<pb::MsgPlaceBidResponse> place_bid(std::uint64_t order, const Address& bidder) {
    pb::MsgPlaceBid message;
    message.set_bidder(text(bidder));
    message.set_order(order);
    set_price(message.mutable_price(), "2.5");
    set_price(message.mutable_deposit(), "500");
    return wire.send<pb::MsgPlaceBidResponse>(message);
  }
  Result<pb::MsgAcceptBidResponse> accept_bid(std::uint64_t order, const Address& customer) {
    pb::MsgAcceptBid message;
    message.set_customer(text(customer));
    message.set_order(order);
    message.set_bidder(text(oscar));
    return wire.send<pb::MsgAcceptBidResponse>(message);
  }
  template <class Request>
  Request with_id(std::uint64_t id) {
    Request request;
    request.set_id(id);
    return request;
  }
  const std::string service = "/turnpike.market.v1.Query/";
  testing::Wire wire{ledger};
};

TEST_F(MarketWireTest, AnAuctionRunsFromOrderToClose) {
  const std::uint64_t order_id = place_order();
  EXPECT_THAT(wire.signers, ElementsAre(alice));
  ASSERT_TRUE(place_bid(order_id, oscar));
  EXPECT_THAT(wire.signers, ElementsAre(oscar));
  const auto accepted = accept_bid(order_id, alice);
  ASSERT_TRUE(accepted) << accepted.error().text;
  ledger.pass(Duration::seconds(60));

  pb::MsgWithdraw withdraw_message;
  withdraw_message.set_provider(text(oscar));
  withdraw_message.set_agreement(accepted->agreement());
  EXPECT_EQ(wire.send<pb::MsgWithdrawResponse>(withdraw_message)->paid(), "25");
  pb::MsgCloseAgreement close_message;
  close_message.set_closer(text(oscar));
  close_message.set_agreement(accepted->agreement());
  close_message.set_reason(10'001);
  ASSERT_TRUE(wire.send<pb::MsgCloseAgreementResponse>(close_message));

  const auto ended = wire.ask<pb::QueryAgreementResponse>(
      service + "Agreement", with_id<pb::QueryAgreementRequest>(accepted->agreement()));
  EXPECT_EQ(ended->agreement().status(), "closed");
  EXPECT_EQ(ended->agreement().ending().closer(), "operator");
  EXPECT_EQ(ended->agreement().ending().reason(), 10'001u);
  EXPECT_EQ(ledger.balance(alice), Amount{999'975});
}

TEST_F(MarketWireTest, OpenOrdersBidsAndLiveAgreementsAreListed) {
  const std::uint64_t open = place_order(), matched = place_order();
  ASSERT_TRUE(place_bid(open, olga));
  ASSERT_TRUE(place_bid(matched, oscar));
  ASSERT_TRUE(accept_bid(matched, alice));

  pb::QueryOpenOrdersRequest orders_request;
  orders_request.set_network(network.value);
  const auto orders = wire.ask<pb::QueryOpenOrdersResponse>(service + "OpenOrders", orders_request);
  ASSERT_EQ(orders->orders_size(), 1);
  EXPECT_EQ(orders->orders(0).id(), open);
  EXPECT_EQ(orders->orders(0).bids_open(), 1u);

  pb::QueryBidsRequest bids_request;
  bids_request.set_order(open);
  const auto bids = wire.ask<pb::QueryBidsResponse>(service + "Bids", bids_request);
  ASSERT_EQ(bids->bids_size(), 1);
  EXPECT_EQ(bids->bids(0).held().amount(), "500");

  pb::QueryLiveAgreementsRequest live_request;
  live_request.set_provider(text(oscar));
  const auto live =
      wire.ask<pb::QueryLiveAgreementsResponse>(service + "LiveAgreements", live_request);
  ASSERT_EQ(live->agreements_size(), 1);
  EXPECT_EQ(live->agreements(0).order(), matched);
  EXPECT_EQ(
      wire.ask<pb::QueryOrderResponse>(service + "Order", with_id<pb::QueryOrderRequest>(matched))
          ->order()
          .status(),
      "matched");
}

TEST_F(MarketWireTest, OnlyTheCustomerAcceptsAndClosesAnOrder) {
  const std::uint64_t id = place_order();
  ASSERT_TRUE(place_bid(id, oscar));
  EXPECT_TRUE(is(accept_bid(id, bob).error(), MarketError::kUnauthorized));
  pb::MsgCloseOrder message;
  message.set_customer(text(bob));
  message.set_order(id);
  EXPECT_TRUE(
      is(wire.send<pb::MsgCloseOrderResponse>(message).error(), MarketError::kUnauthorized));
  message.set_customer(text(alice));
  EXPECT_TRUE(wire.send<pb::MsgCloseOrderResponse>(message));
}

TEST_F(MarketWireTest, ABidderTakesABidBack) {
  const std::uint64_t id = place_order();
  ASSERT_TRUE(place_bid(id, oscar));
  pb::MsgCloseBid message;
  message.set_bidder(text(oscar));
  message.set_order(id);
  ASSERT_TRUE(wire.send<pb::MsgCloseBidResponse>(message));
  EXPECT_EQ(ledger.balance(market.module_address()), Amount{0});
}

TEST_F(MarketWireTest, AnOfferIsPostedAndTakenDown) {
  pb::MsgPostOffer post_message;
  post_message.set_seller(text(oscar));
  post_message.set_network(network.value);
  post_message.set_charge("time");
  set_price(post_message.mutable_price(), "3");
  post_message.set_agreements_max(1);
  const auto posted = wire.send<pb::MsgPostOfferResponse>(post_message);
  ASSERT_TRUE(posted) << posted.error().text;
  EXPECT_EQ(wire.ask<pb::QueryOfferResponse>(service + "Offer",
                                             with_id<pb::QueryOfferRequest>(posted->offer()))
                ->offer()
                .charge(),
            "time");
  pb::MsgWithdrawOffer withdraw_message;
  withdraw_message.set_seller(text(oscar));
  withdraw_message.set_offer(posted->offer());
  EXPECT_TRUE(wire.send<pb::MsgWithdrawOfferResponse>(withdraw_message));
}

TEST_F(MarketWireTest, AnUnknownChargeIsNamed) {
  pb::MsgPostOffer message;
  message.set_seller(text(oscar));
  message.set_network(network.value);
  message.set_charge("weekly");
  set_price(message.mutable_price(), "3");
  EXPECT_THAT(wire.send<pb::MsgPostOfferResponse>(message).error().text, HasSubstr("one_off"));
}

TEST_F(MarketWireTest, AMemberJoinsAndGivesNoticeOfNothing) {
  pb::MsgJoin join_message;
  join_message.set_provider(text(olga));
  join_message.set_network(network.value);
  const auto joined = wire.send<pb::MsgJoinResponse>(join_message);
  ASSERT_TRUE(joined);
  pb::MsgStartReclaim message;
  message.set_provider(text(olga));
  message.set_agreement(joined->agreement());
  EXPECT_TRUE(
      is(wire.send<pb::MsgStartReclaimResponse>(message).error(), MarketError::kNoticeNotPossible));
}

TEST_F(MarketWireTest, OnlyTheOperatorWithdrawsAndGivesNotice) {
  const AgreementId id = agreement(1'000, Duration::hours(1));
  pb::MsgWithdraw withdraw_message;
  withdraw_message.set_provider(text(alice));
  withdraw_message.set_agreement(id.value);
  EXPECT_TRUE(
      is(wire.send<pb::MsgWithdrawResponse>(withdraw_message).error(), MarketError::kUnauthorized));
  pb::MsgStartReclaim notice;
  notice.set_provider(text(alice));
  notice.set_agreement(id.value);
  EXPECT_TRUE(
      is(wire.send<pb::MsgStartReclaimResponse>(notice).error(), MarketError::kUnauthorized));
  notice.set_provider(text(oscar));
  EXPECT_EQ(wire.send<pb::MsgStartReclaimResponse>(notice)->deadline_ns(),
            (ledger.block().time + Duration::hours(1)).nanoseconds);
}

TEST_F(MarketWireTest, ANetworkWithMessagesOfItsOwnIsLeftAlone) {
  Private own;
  market.add_kind(own);
  const NetworkId id =
      create({.kind = "private", .name = "own", .admin = admin, .denoms = {denom}});
  pb::MsgPlaceOrder message = order_message();
  message.set_network(id.value);
  EXPECT_THAT(wire.send<pb::MsgPlaceOrderResponse>(message).error().text,
              HasSubstr("own has messages of its own"));
  OrderTerms terms = order_terms();
  terms.network = id;
  terms.deposit = coins(100);
  const OrderId order_id = *place(terms);
  EXPECT_FALSE(place_bid(order_id.value, oscar));
  pb::MsgCloseOrder close_message;
  close_message.set_customer(text(alice));
  close_message.set_order(order_id.value);
  EXPECT_FALSE(wire.send<pb::MsgCloseOrderResponse>(close_message));
}

TEST_F(MarketWireTest, ASpecsHashHas32BytesOrNone) {
  pb::MsgPlaceOrder message = order_message();
  message.mutable_spec()->set_hash("short");
  EXPECT_TRUE(
      is(wire.send<pb::MsgPlaceOrderResponse>(message).error(), MarketError::kInvalidTerms));
}

}  // namespace
}  // namespace tp::market
