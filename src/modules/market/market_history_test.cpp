// Random histories of the market: whatever customers, operators and time do, no unit is made or
// lost and every book of every module stays right.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "modules/market/fixture.h"

namespace tp::market {
namespace {

struct History : MarketChain {
  History() {
    everything = total();
    accounts = {account(alice, 2'000), account(bob, 500)};
  }

  // All money of the chain, wherever it lies.
  u128 total() { return ledger.bank().supply(ledger.state(), denom)->units(); }

  template <class Id>
  Id pick(std::uint64_t last) {
    return Id{last - std::min(last - 1, *rc::gen::inRange<std::uint64_t>(0, 4))};
  }
  // An order, bids of everybody and an acceptance, so that histories have agreements to speak of.
  void auction() {
    OrderTerms terms{
        .network = network, .customer = alice, .price_max = price("10"), .escrow = accounts[0]};
    const auto id = place(terms);
    if (!id) return;
    orders = id->value;
    for (const Address& one : {oscar, olga, otto}) (void)bid(bid_terms(*id, one));
    accepted(accept({*id, provider()}));
  }
  void accepted(const Result<Match>& match) {
    if (match) agreements = match->agreement.value;
  }
  Address customer() { return *rc::gen::element(alice, bob); }
  Address provider() { return *rc::gen::element(oscar, olga, otto); }

  // What an operation answers does not matter here: refusals must leave no trace, which `check`
  // sees.
  void step() {
    switch (*rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 17))) {
      case 0: {
        const bool alices = *rc::gen::arbitrary<bool>();
        OrderTerms terms{.network = network,
                         .customer = alices ? alice : bob,
                         .price_max = price("10"),
                         .escrow = accounts[alices ? 0 : 1],
                         .bids_open_max = *rc::gen::inRange<std::uint32_t>(1, 4)};
        if (*rc::gen::arbitrary<bool>())
          terms.deposit = coins(*rc::gen::inRange<std::uint64_t>(1, 300));
        if (const auto id = place(terms)) orders = id->value;
        break;
      }
      case 1:
      case 2: {
        BidTerms terms =
            bid_terms(pick<OrderId>(orders), provider(), *rc::gen::element("0.7", "5", "10", "11"));
        terms.deposit = coins(*rc::gen::inRange<std::uint64_t>(0, 900));
        terms.reclaim_window = *rc::gen::element(Duration{}, Duration::hours(1));
        (void)bid(terms);
        break;
      }
      case 3: (void)close_bid({pick<OrderId>(orders), provider()}); break;
      case 4:
      case 5: accepted(accept({pick<OrderId>(orders), provider()})); break;
      case 6: (void)close_order(pick<OrderId>(orders)); break;
      case 7:
        (void)close(pick<AgreementId>(agreements),
                    *rc::gen::element(Closer::kCustomer, Closer::kOperator, Closer::kNetwork));
        break;
      case 8: (void)withdraw(pick<AgreementId>(agreements)); break;
      case 9: {
        OfferTerms terms = offer_terms(
            *rc::gen::element(ChargeKind::kByTime, ChargeKind::kMetered, ChargeKind::kOneOff));
        terms.seller = provider();
        terms.agreements_max = *rc::gen::inRange<std::uint32_t>(1, 3);
        if (const auto id = post(terms)) offers = id->value;
        break;
      }
      case 10:
        if (const auto id =
                buy(pick<OfferId>(offers), customer(), *rc::gen::inRange<std::uint64_t>(1, 100)))
          agreements = id->value;
        break;
      case 11: {
        const auto evidence = std::to_string(++sequence) + " " +
                              std::to_string(*rc::gen::inRange<std::uint64_t>(0, 40));
        (void)submit(pick<AgreementId>(agreements), evidence);
        break;
      }
      case 12: {
        const escrow::Funding funding{.owner = customer(),
                                      .amount = Amount{*rc::gen::inRange<std::uint64_t>(1, 200)}};
        const auto funded = ledger.tx(
            [&](chain::Context& context) { return escrow.deposit(context, accounts[0], funding); });
        RC_ASSERT(funded.has_value());
        break;
      }
      case 13:
      case 14: auction(); break;
      default:
        ledger.pass(*rc::gen::weightedElement<Duration>({{3, Duration::seconds(1)},
                                                         {5, Duration::seconds(37)},
                                                         {5, Duration::minutes(1)},
                                                         {1, Duration::hours(25)}}));
    }
  }

  u128 everything = 0;
  std::vector<escrow::AccountId> accounts;
  std::uint64_t orders = 1, offers = 1, agreements = 1, sequence = 0;
};

RC_GTEST_PROP(MarketHistory, NoUnitIsMadeOrLostAndEveryBookStaysRight, ()) {
  History history;
  const int steps = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 80));
  for (int i = 0; i < steps; ++i) {
    history.step();
    const auto sound = history.check();
    if (!sound) RC_FAIL(sound.error().text);
    RC_ASSERT(history.ledger.bank().check_invariants(history.ledger.state()).has_value());
    RC_ASSERT(history.total() == history.everything);
    RC_ASSERT(history.ledger.count("schedule_failed") == 0u);
  }
}

// However a history went: once everything is closed and the retention window is over, the market
// and escrow hold no money and no row.
RC_GTEST_PROP(MarketHistory, AfterEverythingIsClosedNothingIsLeft, ()) {
  History history;
  const int steps = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, 60));
  for (int i = 0; i < steps; ++i) history.step();
  for (std::uint64_t id = 1; id <= history.agreements; ++id)
    (void)history.close(AgreementId{id}, Closer::kNetwork);
  for (std::uint64_t id = 1; id <= history.orders; ++id) (void)history.close_order(OrderId{id});
  for (const escrow::AccountId id : history.accounts)
    RC_ASSERT(history.ledger
                  .tx([&](chain::Context& context) { return history.escrow.close(context, id); })
                  .has_value());
  history.ledger.pass(Duration::hours(25));

  RC_ASSERT(history.ledger.balance(history.market.module_address()).is_zero());
  RC_ASSERT(history.ledger.balance(history.escrow.module_address()).is_zero());
  std::size_t rows = 0;
  const auto count = [&rows](const auto&, const auto&) {
    ++rows;
    return Result<store::Step>(store::Step::kGoOn);
  };
  const auto& state = history.ledger.state();
  for (std::uint64_t id = 1; id <= history.orders; ++id) {
    RC_ASSERT(history.market.scan_bids(state, OrderId{id}, count).has_value());
    RC_ASSERT(!history.market.find_order(state, OrderId{id})->has_value());
  }
  for (std::uint64_t id = 1; id <= history.agreements; ++id)
    RC_ASSERT(!history.market.find_agreement(state, AgreementId{id})->has_value());
  RC_ASSERT(rows == 0u);
  RC_ASSERT(history.check().has_value());
}

}  // namespace
}  // namespace tp::market
