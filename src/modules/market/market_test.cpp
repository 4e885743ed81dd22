#include "modules/market/market.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chain/history.h"
#include "chain/sdk_errors.h"
#include "modules/market/fixture.h"
#include "modules/market/wire.h"
#include "turnpike/market/v1/query.pb.h"

namespace tp::market {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

class MarketTest : public ::testing::Test, protected MarketChain {
 protected:
  void TearDown() override {
    const auto sound = check();
    EXPECT_TRUE(sound) << sound.error().text;
    EXPECT_EQ(ledger.count("schedule_failed"), 0u);
  }
  std::vector<OrderId> open_orders() {
    std::vector<OrderId> ids;
    EXPECT_TRUE(market.scan_open_orders(ledger.state(), network, OrderId{}, [&](OrderId id) {
      ids.push_back(id);
      return Result<store::Step>(store::Step::kGoOn);
    }));
    return ids;
  }
  std::vector<AgreementId> live_of(const Address& provider) {
    std::vector<AgreementId> ids;
    EXPECT_TRUE(
        market.scan_live_agreements(ledger.state(), provider, AgreementId{}, [&](AgreementId id) {
          ids.push_back(id);
          return Result<store::Step>(store::Step::kGoOn);
        }));
    return ids;
  }
};

// --- Orders ---

TEST_F(MarketTest, OrdersAreNumberedInOrderAndListedWhileOpen) {
  const OrderId first = order(), second = order();
  EXPECT_EQ(first, OrderId{1});
  EXPECT_EQ(second, OrderId{2});
  ASSERT_TRUE(close_order(first));
  EXPECT_THAT(open_orders(), ElementsAre(second));
}

TEST_F(MarketTest, AnOrderOfAnUnknownNetworkIsRefused) {
  OrderTerms terms = order_terms();
  terms.network = NetworkId{9};
  EXPECT_TRUE(is(place(terms).error(), registry::RegistryError::kNetworkNotFound));
}

TEST_F(MarketTest, AnOrderInAnotherDenominationIsRefused) {
  OrderTerms terms = order_terms();
  terms.price_max.denom = Denom::of("uother");
  EXPECT_TRUE(is(place(terms).error(), MarketError::kWrongDenom));
}

TEST_F(MarketTest, AnOrderOnSomebodyElsesEscrowIsRefused) {
  OrderTerms terms = order_terms();
  terms.customer = bob;
  EXPECT_TRUE(is(place(terms).error(), MarketError::kUnauthorized));
}

TEST_F(MarketTest, AnOrderForNothingIsRefused) {
  OrderTerms terms = order_terms();
  terms.price_max.amount = Decimal{};
  EXPECT_TRUE(is(place(terms).error(), MarketError::kInvalidPrice));
}

TEST_F(MarketTest, ASpecThatTheNetworkRefusesIsNotOrdered) {
  OrderTerms terms = order_terms();
  terms.spec.payload = "bad";
  EXPECT_TRUE(is(place(terms).error(), BaseError::kInvalidText));
}

TEST_F(MarketTest, SpecsAndOffersHaveABoundedLength) {
  BidTerms long_offer = bid_terms(order(), oscar);
  long_offer.offer = Bytes(kOfferBytesMax + 1, 'x');
  EXPECT_TRUE(is(bid(long_offer).error(), MarketError::kSpecTooLong));
  OrderTerms terms = order_terms();
  terms.spec.payload = Bytes(kSpecBytesMax + 1, 'x');
  EXPECT_TRUE(is(place(terms).error(), MarketError::kSpecTooLong));
}

TEST_F(MarketTest, AnOrderWithADepositOpensAndClosesItsOwnEscrow) {
  OrderTerms terms = order_terms();
  terms.deposit = coins(700);
  const Amount before = ledger.balance(alice);
  const OrderId id = *place(terms);
  EXPECT_EQ(ledger.balance(alice), *before.minus(Amount{700}));
  ASSERT_TRUE(close_order(id));
  EXPECT_EQ(ledger.balance(alice), before);
}

TEST_F(MarketTest, AnOrderClosesOnce) {
  const OrderId id = order();
  ASSERT_TRUE(close_order(id));
  EXPECT_TRUE(is(close_order(id).error(), MarketError::kOrderNotOpen));
}

TEST_F(MarketTest, AMatchedOrderClosesOnlyWithItsAgreement) {
  const AgreementId id = agreement();
  EXPECT_TRUE(is(close_order(get(id).order).error(), MarketError::kOrderHasAgreement));
}

// --- Bids ---

TEST_F(MarketTest, ABidHoldsItsDepositAndGivesItBackWhenClosed) {
  const OrderId id = order();
  ASSERT_TRUE(bid(bid_terms(id, oscar)));
  EXPECT_EQ(ledger.balance(oscar), Amount{998'500});  // and 1000 for the provider's row
  ASSERT_TRUE(close_bid({id, oscar}));
  EXPECT_EQ(ledger.balance(oscar), Amount{999'000});
  EXPECT_EQ(get({id, oscar}).status, BidStatus::kClosed);
}

TEST_F(MarketTest, ABidWithoutTheMoneyForItsDepositIsRefused) {
  BidTerms terms = bid_terms(order(), oscar);
  terms.deposit = coins(2'000'000);
  EXPECT_TRUE(is(bid(terms).error(), chain::SdkError::kInsufficientFunds));
}

TEST_F(MarketTest, ABidOnNoOrderIsRefused) {
  EXPECT_TRUE(is(bid(bid_terms(OrderId{5}, oscar)).error(), MarketError::kOrderNotFound));
}

TEST_F(MarketTest, ABidOnAClosedOrderIsRefused) {
  const OrderId id = order();
  ASSERT_TRUE(close_order(id));
  EXPECT_TRUE(is(bid(bid_terms(id, oscar)).error(), MarketError::kOrderNotOpen));
}

TEST_F(MarketTest, CustomersDoNotBidOnTheirOwnOrders) {
  ASSERT_TRUE(provide(alice));
  EXPECT_TRUE(is(bid(bid_terms(order(), alice)).error(), MarketError::kOwnOrder));
}

TEST_F(MarketTest, OnlyRegisteredProvidersBid) {
  EXPECT_TRUE(is(bid(bid_terms(order(), bob)).error(), MarketError::kNotAnOperator));
}

TEST_F(MarketTest, AnOperatorHasOneOpenBidAnOrder) {
  const OrderId id = order();
  ASSERT_TRUE(bid(bid_terms(id, oscar)));
  EXPECT_TRUE(is(bid(bid_terms(id, oscar)).error(), MarketError::kBidExists));
}

TEST_F(MarketTest, AnOperatorWhoseBidWasClosedMayBidAgain) {
  const OrderId id = order();
  ASSERT_TRUE(bid(bid_terms(id, oscar)));
  ASSERT_TRUE(close_bid({id, oscar}));
  EXPECT_TRUE(bid(bid_terms(id, oscar, "4")));
}

TEST_F(MarketTest, AnOperatorWhoBidsAgainAndAgainKeepsNobodyElseOut) {
  const OrderId id = order();
  for (std::uint32_t i = 0; i <= Market::kBiddersEverMax; ++i) {
    ASSERT_TRUE(bid(bid_terms(id, oscar)));
    ASSERT_TRUE(close_bid({id, oscar}));
  }
  EXPECT_EQ(get(id).bidders_ever, 1u);
  EXPECT_TRUE(bid(bid_terms(id, olga)));
}

TEST_F(MarketTest, AnOrderTakesExactlyItsNumberOfOpenBids) {
  OrderTerms terms = order_terms();
  terms.bids_open_max = 2;
  const OrderId id = *place(terms);
  ASSERT_TRUE(bid(bid_terms(id, oscar)));
  ASSERT_TRUE(bid(bid_terms(id, olga)));
  EXPECT_TRUE(is(bid(bid_terms(id, otto)).error(), MarketError::kTooManyBids));
}

TEST_F(MarketTest, ClosedBidsDoNotFillAnOrder) {
  OrderTerms terms = order_terms();
  terms.bids_open_max = 1;
  const OrderId id = *place(terms);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(bid(bid_terms(id, oscar)));
    ASSERT_TRUE(close_bid({id, oscar}));
  }
  EXPECT_TRUE(bid(bid_terms(id, olga)));
}

TEST_F(MarketTest, ABidAboveTheOrdersPriceIsRefused) {
  const OrderId id = order();
  EXPECT_TRUE(bid(bid_terms(id, oscar, "10")));
  EXPECT_TRUE(
      is(bid(bid_terms(id, olga, "10.000000000000000001")).error(), MarketError::kPriceTooHigh));
}

TEST_F(MarketTest, ABidMustGrantTheNoticeThatTheOrderAsks) {
  OrderTerms terms = order_terms();
  terms.reclaim_window = Duration::hours(2);
  const OrderId id = *place(terms);
  BidTerms short_notice = bid_terms(id, oscar);
  short_notice.reclaim_window = Duration::hours(1);
  EXPECT_TRUE(is(bid(short_notice).error(), MarketError::kReclaimWindowTooShort));
}

TEST_F(MarketTest, ABidThatTheNetworkRefusesHoldsNothing) {
  BidTerms terms = bid_terms(order(), oscar);
  terms.offer = "bad";
  EXPECT_TRUE(is(bid(terms).error(), BaseError::kInvalidText));
  EXPECT_EQ(ledger.balance(market.module_address()), Amount{0});
}

TEST_F(MarketTest, BidsOfAnOrderAreEnumeratedByBidder) {
  const OrderId id = order();
  order();
  for (const Address& one : {oscar, olga, otto}) ASSERT_TRUE(bid(bid_terms(id, one)));
  std::vector<Address> bidders;
  ASSERT_TRUE(market.scan_bids(ledger.state(), id, [&](const BidKey& key, const Bid&) {
    bidders.push_back(key.bidder);
    return Result<store::Step>(store::Step::kGoOn);
  }));
  EXPECT_THAT(bidders, SizeIs(3));
  EXPECT_TRUE(std::is_sorted(bidders.begin(), bidders.end()));
}

// --- Acceptance ---

TEST_F(MarketTest, AcceptingABidRefundsEveryLoserAtOnce) {
  const OrderId id = order();
  for (const Address& one : {oscar, olga, otto}) ASSERT_TRUE(bid(bid_terms(id, one)));
  const auto match = accept({id, oscar});
  ASSERT_TRUE(match);
  EXPECT_THAT(match->lost, SizeIs(2));
  EXPECT_EQ(ledger.balance(olga), Amount{999'000});
  EXPECT_EQ(ledger.balance(otto), Amount{999'000});
  EXPECT_EQ(get({id, olga}).status, BidStatus::kLost);
  EXPECT_EQ(get({id, oscar}).status, BidStatus::kWon);
  EXPECT_EQ(get({id, oscar}).held, coins(500));
}

TEST_F(MarketTest, AnAcceptedBidOpensTheChargeAtItsPrice) {
  const AgreementId id = agreement();
  const escrow::Account account = *escrow.get(ledger.state(), get(id).escrow);
  ASSERT_THAT(account.charges, SizeIs(1));
  EXPECT_EQ(account.charges[0].price, *Decimal::parse("5"));
  EXPECT_EQ(account.charges[0].payee, oscar);
  EXPECT_THAT(kind.formed, ElementsAre(id));
  EXPECT_THAT(live_of(oscar), ElementsAre(id));
  EXPECT_THAT(open_orders(), SizeIs(0));
}

TEST_F(MarketTest, AnOrderIsMatchedOnce) {
  const AgreementId id = agreement();
  EXPECT_TRUE(is(accept({get(id).order, oscar}).error(), MarketError::kOrderNotOpen));
}

TEST_F(MarketTest, AClosedBidIsNotAccepted) {
  const OrderId id = order();
  ASSERT_TRUE(bid(bid_terms(id, oscar)));
  ASSERT_TRUE(close_bid({id, oscar}));
  EXPECT_TRUE(is(accept({id, oscar}).error(), MarketError::kBidNotOpen));
}

TEST_F(MarketTest, AMatchThatFailsKeepsEveryBidOpen) {
  const OrderId id = order();
  ASSERT_TRUE(bid(bid_terms(id, oscar)));
  ASSERT_TRUE(bid(bid_terms(id, olga)));
  ASSERT_TRUE(
      ledger.tx([&](chain::Context& context) { return escrow.close(context, get(id).escrow); }));
  EXPECT_TRUE(is(accept({id, oscar}).error(), escrow::EscrowError::kAccountClosed));
  EXPECT_EQ(get({id, olga}).status, BidStatus::kOpen);
}

// --- Ending ---

TEST_F(MarketTest, ClosingPaysTheOperatorAndReturnsTheBidsDeposit) {
  const AgreementId id = agreement();
  ledger.pass(Duration::seconds(60));
  ASSERT_TRUE(close(id, Closer::kCustomer, 1));
  EXPECT_EQ(ledger.balance(oscar), Amount{999'050});
  EXPECT_EQ(get(id).status, AgreementStatus::kClosed);
  EXPECT_EQ(get(id).ending->paid, Amount{50});
  EXPECT_EQ(get(get(id).order).status, OrderStatus::kClosed);
  EXPECT_THAT(kind.ended, ElementsAre(Pair(id, Reason{Closer::kCustomer, ReasonCode{1}})));
  EXPECT_THAT(live_of(oscar), SizeIs(0));
}

TEST_F(MarketTest, EveryEndingNamesCloserAndReason) {
  const AgreementId id = agreement();
  ASSERT_TRUE(close(id, Closer::kOperator, 10'001));
  const chain::Event& event = ledger.events().back();
  EXPECT_EQ(event.type, "agreement_ended");
  EXPECT_EQ(event.attributes[2].value, "operator");
  EXPECT_EQ(event.attributes[3].value, "10001");
}

TEST_F(MarketTest, AnAgreementEndsOnce) {
  const AgreementId id = agreement();
  ASSERT_TRUE(close(id));
  EXPECT_TRUE(is(close(id).error(), MarketError::kAgreementNotLive));
  EXPECT_TRUE(is(withdraw(id).error(), MarketError::kAgreementNotLive));
}

TEST_F(MarketTest, WithdrawingPaysWhatWasEarnedSoFar) {
  const AgreementId id = agreement();
  ledger.pass(Duration::seconds(12));
  EXPECT_EQ(*withdraw(id), Amount{10});
  EXPECT_EQ(*withdraw(id), Amount{0});
}

TEST_F(MarketTest, AProviderWithALiveAgreementCannotLeave) {
  const AgreementId id = agreement();
  const auto leave = [&] {
    return ledger.tx(
        [&](chain::Context& context) { return registry.delete_provider(context, oscar); });
  };
  EXPECT_TRUE(is(leave().error(), registry::RegistryError::kProviderInUse));
  ASSERT_TRUE(close(id));
  EXPECT_TRUE(leave());
}

// --- Running dry ---

TEST_F(MarketTest, AnAgreementEndsWhenItsEscrowRunsDry) {
  const AgreementId id = agreement(50);
  ledger.pass(Duration::seconds(60));
  EXPECT_EQ(get(id).status, AgreementStatus::kActive);
  ledger.pass(Duration::seconds(1));
  const Agreement ended = get(id);
  EXPECT_EQ(ended.status, AgreementStatus::kInsufficientFunds);
  EXPECT_EQ(ended.ending->reason, (Reason{Closer::kNetwork, kRanDry}));
  EXPECT_EQ(ended.ending->paid, Amount{50});
  EXPECT_GT(ended.ending->at.value, 60'000'000'000);
  EXPECT_LT(ended.ending->at.value, 60'000'000'010);
  EXPECT_THAT(kind.dried, SizeIs(1));
  EXPECT_EQ(ledger.balance(oscar), Amount{999'050});
}

TEST_F(MarketTest, AnEscrowThatRanDryCanBeFundedAndUsedAgain) {
  const AgreementId id = agreement(50);
  ledger.pass_blocks(2, Duration::seconds(60));
  const escrow::AccountId account = get(id).escrow;
  ASSERT_TRUE(ledger.tx([&](chain::Context& context) {
    return escrow.deposit(context, account, {.owner = bob, .amount = Amount{100}});
  }));
  OrderTerms terms = order_terms();
  terms.escrow = account;
  const OrderId again = *place(terms);
  ASSERT_TRUE(bid(bid_terms(again, olga)));
  ASSERT_TRUE(accept({again, olga}));
  ledger.pass(Duration::seconds(60));
  EXPECT_THAT(live_of(olga), SizeIs(1));
}

TEST_F(MarketTest, WithdrawingFromADryEscrowEndsTheAgreementAndSaysWhatThatPaid) {
  agreement(50);
  const AgreementId id = agreement(50);
  ledger.params().schedule_gas = Gas{1};  // the first fills the block, this one waits
  ledger.pass_blocks(2, Duration::seconds(31));
  ASSERT_EQ(get(id).status, AgreementStatus::kActive);
  EXPECT_EQ(*withdraw(id), Amount{50});
  EXPECT_EQ(get(id).status, AgreementStatus::kInsufficientFunds);
}

TEST_F(MarketTest, TwoAgreementsOnOneDryEscrowBothEnd) {
  OrderTerms terms = order_terms(100);
  const OrderId first = *place(terms), second = *place(terms);
  ASSERT_TRUE(bid(bid_terms(first, oscar)));
  ASSERT_TRUE(bid(bid_terms(second, olga)));
  ASSERT_TRUE(accept({first, oscar}));
  ASSERT_TRUE(accept({second, olga}));
  ledger.pass_blocks(2, Duration::seconds(60));
  EXPECT_THAT(kind.ended, SizeIs(2));
  EXPECT_THAT(kind.dried, SizeIs(1));
  EXPECT_EQ(ledger.balance(oscar), Amount{999'050});
  EXPECT_EQ(ledger.balance(olga), Amount{999'050});
}

TEST_F(MarketTest, AnEscrowRunsDryHoweverLittleGasABlockHasForIt) {
  ledger.params().schedule_gas = Gas{1};
  const AgreementId first = agreement(50), second = agreement(50);
  ledger.pass_blocks(2, Duration::seconds(31));
  EXPECT_EQ(get(first).status, AgreementStatus::kInsufficientFunds);
  EXPECT_EQ(get(second).status, AgreementStatus::kActive);  // one a block
  ledger.pass(Duration::seconds(1));
  EXPECT_EQ(get(second).status, AgreementStatus::kInsufficientFunds);
  EXPECT_EQ(get(second).ending->paid, Amount{50});
}

// Every agreement that an account can hold, each with money of every depositor that it can have.
TEST_F(MarketTest, TheLargestEscrowRunsDryInOneBlock) {
  constexpr std::uint64_t kPerTick = 10 * escrow::Escrow::kChargesMax;
  OrderTerms terms = order_terms(kPerTick);
  terms.spec.payload = Bytes(kSpecBytesMax, 's');
  for (std::size_t i = 0; i < escrow::Escrow::kChargesMax; ++i) {
    const OrderId id = *place(terms);
    BidTerms offer = bid_terms(id, oscar, "10");
    offer.offer = Bytes(kOfferBytesMax, 'o');
    ASSERT_TRUE(bid(offer));
    ASSERT_TRUE(accept({id, oscar}));
  }
  const auto deposit = [&](std::size_t i) {
    const Address depositor = testing::address_of("depositor " + std::to_string(i));
    ledger.give(depositor, coins(kPerTick));
    return ledger.tx([&](chain::Context& context) {
      return escrow.deposit(context, terms.escrow,
                            {.owner = depositor, .amount = Amount{kPerTick}});
    });
  };
  // Each pays for a tick of all agreements.
  for (std::size_t i = 0; i < escrow::Escrow::kDepositsMax; ++i) {
    ASSERT_TRUE(deposit(i));
    ledger.pass(ledger.params().tick);
  }
  EXPECT_TRUE(
      is(deposit(escrow::Escrow::kDepositsMax).error(), escrow::EscrowError::kTooManyDeposits));
  ASSERT_TRUE(
      ledger.tx([&](chain::Context& context) { return escrow.settle(context, terms.escrow); }));
  const auto account = *escrow.get(ledger.state(), terms.escrow);
  ASSERT_THAT(account.charges.back().accrued, SizeIs(escrow::Escrow::kDepositsMax));
  ledger.pass(Duration::seconds(12));
  EXPECT_THAT(live_of(oscar), SizeIs(0));
  EXPECT_EQ(ledger.count("agreement_ended"), escrow::Escrow::kChargesMax);
}

TEST_F(MarketTest, AKindThatReducesDuesLeavesTheRestWithTheCustomer) {
  kind.halves = true;
  const AgreementId id = agreement();
  ledger.pass(Duration::seconds(60));
  ASSERT_TRUE(close(id));
  EXPECT_EQ(get(id).ending->paid, Amount{25});
}

// --- Notice ---

TEST_F(MarketTest, AnOperatorWhoPromisedNoticeMustGiveIt) {
  const AgreementId id = agreement(100'000, Duration::hours(1));
  EXPECT_TRUE(is(close(id, Closer::kOperator).error(), MarketError::kNoticeRequired));
  const auto notice = ledger.tx([&](chain::Context& context) {
    return market.start_reclaim(context, id, ReasonCode{10'001});
  });
  ASSERT_TRUE(notice);
  EXPECT_EQ(get(id).status, AgreementStatus::kReclaiming);
  ledger.pass(Duration::minutes(59));
  EXPECT_TRUE(is(close(id, Closer::kOperator).error(), MarketError::kNoticeRequired));
  ledger.pass(Duration::minutes(1));
  EXPECT_TRUE(close(id, Closer::kOperator));
}

TEST_F(MarketTest, TheCustomerMayCloseWithoutNotice) {
  EXPECT_TRUE(close(agreement(1'000, Duration::hours(1)), Closer::kCustomer));
}

TEST_F(MarketTest, NoticeThatWasNotAgreedIsNotGiven) {
  const AgreementId id = agreement();
  const auto notice = ledger.tx([&](chain::Context& context) {
    return market.start_reclaim(context, id, ReasonCode{10'001});
  });
  EXPECT_TRUE(is(notice.error(), MarketError::kNoticeNotPossible));
}

// --- Posted prices ---

TEST_F(MarketTest, AnAcceptedOfferIsMeteredAndPaidByTheUnit) {
  const OfferId offer = *post(offer_terms());
  const AgreementId id = *buy(offer, alice, 100);
  ASSERT_TRUE(submit(id, "1 30"));
  EXPECT_EQ(*withdraw(id), Amount{60});
  ASSERT_TRUE(close(id));
  EXPECT_EQ(ledger.balance(alice), Amount{999'940});
  EXPECT_EQ(get(id).units, 30u);
}

TEST_F(MarketTest, EvidenceCountsOnce) {
  const AgreementId id = *buy(*post(offer_terms()), alice, 100);
  ASSERT_TRUE(submit(id, "2 1"));
  EXPECT_TRUE(is(submit(id, "2 1").error(), MarketError::kEvidenceReplayed));
  EXPECT_TRUE(is(submit(id, "1 1").error(), MarketError::kEvidenceReplayed));
  EXPECT_TRUE(submit(id, "3 1"));
}

TEST_F(MarketTest, UnitsBeyondTheDepositEndTheAgreement) {
  const AgreementId id = *buy(*post(offer_terms()), alice, 100);
  ASSERT_TRUE(submit(id, "1 60"));
  EXPECT_EQ(get(id).status, AgreementStatus::kInsufficientFunds);
  EXPECT_EQ(get(id).ending->paid, Amount{100});
  EXPECT_EQ(get(id).ending->unsettled, Amount{20});
  EXPECT_EQ(get(id).units, 60u);
}

TEST_F(MarketTest, AnOfferTakesExactlyItsNumberOfAgreements) {
  const OfferId offer = *post(offer_terms());
  const AgreementId id = *buy(offer, alice, 100);
  EXPECT_TRUE(is(buy(offer, bob, 100).error(), MarketError::kOfferFull));
  ASSERT_TRUE(close(id));
  EXPECT_TRUE(buy(offer, bob, 100));
}

TEST_F(MarketTest, AWithdrawnOfferLeavesWithItsLastAgreement) {
  const OfferId offer = *post(offer_terms());
  const AgreementId id = *buy(offer, alice, 100);
  const Amount before = ledger.balance(oscar);
  ASSERT_TRUE(take_down(offer, oscar));
  EXPECT_TRUE(is(buy(offer, bob, 100).error(), MarketError::kOfferNotOpen));
  ASSERT_TRUE(close(id));
  EXPECT_FALSE(*market.find_offer(ledger.state(), offer));
  EXPECT_EQ(ledger.balance(oscar), *before.plus(Amount{1'000}));  // the row's deposit
}

TEST_F(MarketTest, OnlyTheSellerWithdrawsAnOffer) {
  EXPECT_TRUE(is(take_down(*post(offer_terms()), bob).error(), MarketError::kUnauthorized));
}

TEST_F(MarketTest, AnOfferThatTheNetworkRefusesIsNotPosted) {
  OfferTerms terms = offer_terms();
  terms.spec.payload = "unsellable";
  EXPECT_TRUE(is(post(terms).error(), BaseError::kInvalidText));
}

TEST_F(MarketTest, AOneOffOfferIsPaidAtOnce) {
  const AgreementId id = *buy(*post(offer_terms(ChargeKind::kOneOff)), alice, 100);
  EXPECT_EQ(*withdraw(id), Amount{2});
}

// --- Memberships and epochs ---

class EpochTest : public MarketTest {
 protected:
  EpochTest() {
    epochal = create({.kind = "fake",
                      .name = "epochal",
                      .admin = admin,
                      .denoms = {denom},
                      .epoch_length = Duration::hours(1),
                      .epoch_offset = Duration::minutes(10),
                      .epoch_reward = coins(1'000)});
    ledger.give(treasury(), coins(1'500));
  }
  Address treasury() { return registry.get_network(ledger.state(), epochal)->treasury; }
  NetworkId epochal;
};

TEST_F(EpochTest, ARewardIsSharedOutByWeightAtTheEndOfTheEpoch) {
  const AgreementId one = *join(epochal, olga), two = *join(epochal, otto);
  ASSERT_TRUE(submit(one, "1 1"));
  ASSERT_TRUE(submit(two, "1 2"));
  ledger.pass(Duration::minutes(9));
  EXPECT_EQ(ledger.balance(olga), Amount{998'000});  // less the deposits of its record and of this
  ledger.pass(Duration::minutes(1));                 // 00:10, where the first epoch ends
  EXPECT_EQ(ledger.balance(olga), Amount{998'333});
  EXPECT_EQ(ledger.balance(otto), Amount{998'666});
  EXPECT_EQ(ledger.balance(treasury()), Amount{501});  // rounding stays in the treasury
}

TEST_F(EpochTest, ATreasuryPaysNoMoreThanItHas) {
  const AgreementId id = *join(epochal, olga);
  for (const std::string_view evidence : {"1 1", "2 1", "3 1"}) {
    ASSERT_TRUE(submit(id, evidence));
    ledger.pass(Duration::hours(1));
  }
  EXPECT_EQ(ledger.balance(olga), Amount{999'500});
  EXPECT_EQ(ledger.balance(treasury()), Amount{0});
}

TEST_F(EpochTest, AnEpochWithoutEvidenceCostsNothing) {
  ledger.pass_blocks(10, Duration::hours(1));
  EXPECT_EQ(ledger.count("epoch_ended"), 0u);
}

TEST_F(EpochTest, ManyOperatorsArePaidInPages) {
  for (int i = 0; i < 120; ++i) {
    const Address one = testing::address_of("operator " + std::to_string(i));
    ledger.give(one, coins(10'000));
    ASSERT_TRUE(provide(one));
    ASSERT_TRUE(submit(*join(epochal, one), "1 1"));
  }
  ledger.pass(Duration::hours(1));
  EXPECT_EQ(ledger.count("epoch_ended"), 1u);
  EXPECT_EQ(ledger.balance(treasury()), Amount{1'500 - 120 * 8});
}

TEST_F(EpochTest, AMembershipIsEndedLikeAnyAgreement) {
  const AgreementId id = *join(epochal, olga);
  ASSERT_TRUE(close(id, Closer::kOperator));
  EXPECT_THAT(live_of(olga), SizeIs(0));
}

TEST_F(EpochTest, EveryMembershipHoldsADepositUntilItEnds) {
  const Amount before = ledger.balance(olga);
  const AgreementId one = *join(epochal, olga);
  const AgreementId two = *join(epochal, olga);
  const Amount deposit = ledger.params().row_deposit;
  EXPECT_EQ(ledger.balance(olga), *before.minus(*deposit.times(2)));
  ASSERT_TRUE(close(one, Closer::kOperator));
  ASSERT_TRUE(close(two, Closer::kOperator));
  EXPECT_EQ(ledger.balance(olga), before);
}

TEST_F(EpochTest, WhoCannotPayTheDepositDoesNotJoin) {
  const Amount all = ledger.balance(olga);
  ASSERT_TRUE(ledger.tx([&](chain::Context& context) {
    return ledger.bank().move(context, {.from = olga, .to = bob, .coin = {denom, all}});
  }));
  EXPECT_TRUE(is(join(epochal, olga).error(), chain::SdkError::kInsufficientFunds));
  EXPECT_THAT(live_of(olga), SizeIs(0));
}

// --- Closed things leave ---

TEST_F(MarketTest, AClosedOrderLeavesAfterTheRetentionWindowWithItsBidsAndAgreement) {
  const AgreementId id = agreement();
  const OrderId order_id = get(id).order;
  ASSERT_TRUE(close(id));
  ledger.pass(Duration::hours(23));
  EXPECT_TRUE(*market.find_agreement(ledger.state(), id));
  ledger.pass(Duration::hours(1));
  EXPECT_FALSE(*market.find_agreement(ledger.state(), id));
  EXPECT_FALSE(*market.find_order(ledger.state(), order_id));
  EXPECT_FALSE(*market.find_bid(ledger.state(), {order_id, oscar}));
  EXPECT_THAT(kind.forgotten, ElementsAre(order_id));
}

TEST_F(MarketTest, AnOrderAndItsAgreementSayHowTheyWereWhenTheyLeave) {
  const AgreementId id = agreement();
  const OrderId order_id = get(id).order;
  ASSERT_TRUE(close(id));
  pb::QueryOrderResponse order;
  write(ledger.accounts(), order_id, **market.find_order(ledger.state(), order_id),
        *order.mutable_order());
  pb::QueryAgreementResponse agreement;
  write(ledger.accounts(), id, get(id), *agreement.mutable_agreement());
  ledger.pass(Duration::hours(24));

  const chain::EventList events{std::span<const chain::Event>(ledger.events())};
  const auto left = [&events](std::string_view query, std::uint64_t number) {
    return chain::answer_in(events, chain::history_key(query, std::to_string(number)));
  };
  EXPECT_EQ(left(kOrderQuery, order_id.value), order.SerializeAsString());
  EXPECT_EQ(left(kAgreementQuery, id.value), agreement.SerializeAsString());
}

TEST_F(MarketTest, TheLargestOrderLeavesWithinTheGasOfOneBlock) {
  OrderTerms terms = order_terms();
  terms.bids_open_max = Market::kBiddersEverMax;
  const OrderId id = *place(terms);
  for (std::uint32_t i = 0; i < Market::kBiddersEverMax; ++i) {
    const Address one = testing::address_of("bidder " + std::to_string(i));
    ledger.give(one, coins(10'000));
    ASSERT_TRUE(provide(one));
    BidTerms offer = bid_terms(id, one);
    offer.offer = Bytes(kOfferBytesMax, 'o');
    ASSERT_TRUE(bid(offer));
  }
  // In the end one makes room among the open ones: it may bid again, and nobody new.
  const Address first = testing::address_of("bidder 0");
  ASSERT_TRUE(close_bid({id, first}));
  EXPECT_TRUE(is(bid(bid_terms(id, oscar)).error(), MarketError::kTooManyBids));
  ASSERT_TRUE(bid(bid_terms(id, first)));
  ASSERT_TRUE(close_order(id));
  ledger.pass(Duration::hours(24));
  EXPECT_FALSE(*market.find_order(ledger.state(), id));
}

TEST_F(MarketTest, AnAgreementOfAPostedPriceLeavesWithItsEscrow) {
  const AgreementId id = *buy(*post(offer_terms()), alice, 100);
  const escrow::AccountId account = get(id).escrow;
  ASSERT_TRUE(close(id));
  ledger.pass(Duration::hours(24));
  EXPECT_FALSE(*market.find_agreement(ledger.state(), id));
  EXPECT_FALSE(*escrow.find(ledger.state(), account));
}

TEST_F(MarketTest, NumbersAreNotUsedAgain) {
  const AgreementId id = agreement();
  ASSERT_TRUE(close(id));
  ledger.pass(Duration::hours(24));
  EXPECT_GT(agreement(), id);
}

// --- Networks and genesis ---

TEST_F(MarketTest, ANetworkOfAnUnknownKindIsRefused) {
  const auto created = ledger.tx([&](chain::Context& context) {
    return registry.create_network(
        context, {.kind = "unheard-of", .name = "x", .admin = admin, .denoms = {denom}});
  });
  EXPECT_TRUE(is(created.error(), registry::RegistryError::kUnknownKind));
}

TEST_F(MarketTest, ANetworkThatItsKindDoesNotAdmitIsRefused) {
  const auto created = ledger.tx([&](chain::Context& context) {
    return registry.create_network(
        context, {.kind = "fake", .name = "x", .admin = admin, .denoms = {denom}, .params = "bad"});
  });
  EXPECT_TRUE(is(created.error(), BaseError::kInvalidText));
}

TEST_F(MarketTest, AnExportedMarketGoesOnAfterImport) {
  const AgreementId live = agreement(), closed = agreement();
  ASSERT_TRUE(close(closed));
  const auto bank_json = ledger.bank().export_genesis(ledger.state());
  const auto escrow_json = escrow.export_genesis(ledger.state());
  const auto registry_json = registry.export_genesis(ledger.state());
  const auto market_json = market.export_genesis(ledger.state());
  ASSERT_TRUE(bank_json && escrow_json && registry_json && market_json);

  testing::Ledger other;
  escrow::Escrow other_escrow{other.accounts(), other.bank(), other.schedule(), other.params()};
  registry::Registry other_registry{other.accounts(), other.bank(), other.params()};
  Market imported{other.accounts(), other.bank(),     other_escrow,
                  other_registry,   other.schedule(), other.params()};
  FakeKind other_kind;
  imported.add_kind(other_kind);
  other_escrow.set_dry_observer(imported);
  other_registry.set_network_observer(imported);
  const auto done = other.tx([&](chain::Context& context) -> Result<void> {
    TRY_VOID(other.bank().import_genesis(context, &*bank_json));
    TRY_VOID(other_escrow.import_genesis(context, &*escrow_json));
    TRY_VOID(other_registry.import_genesis(context, &*registry_json));
    return imported.import_genesis(context, &*market_json);
  });
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(imported.check_invariants(other.state()));
  other.pass(Duration::hours(24));
  EXPECT_FALSE(*imported.find_agreement(other.state(), closed));
  EXPECT_TRUE(*imported.find_agreement(other.state(), live));
}

}  // namespace
}  // namespace tp::market
