// A chain with a market and one network of FakeKind, for the market's own tests.
#pragma once

#include <boost/json.hpp>

#include "modules/market/fake_kind.h"
#include "modules/market/market.h"
#include "modules/testing/ledger.h"

namespace tp::market {

struct MarketChain {
  MarketChain() {
    ledger.bank().set_operator_directory(registry);
    escrow.set_dry_observer(market);
    escrow.set_due_validator(market);
    registry.set_network_observer(market);
    registry.set_live_agreements(market);
    market.add_kind(kind);
    const auto begun = ledger.tx([&](chain::Context& context) -> Result<void> {
      TRY_VOID(escrow.import_genesis(context, nullptr));
      TRY_VOID(registry.import_genesis(context, nullptr));
      return market.import_genesis(context, nullptr);
    });
    TP_ASSERT(begun.has_value());
    for (const Address& person : people()) ledger.give(person, {denom, Amount{1'000'000}});
    network = create({.kind = "fake", .name = "one", .admin = admin, .denoms = {denom}});
    for (const Address& one : {oscar, olga, otto}) TP_ASSERT(provide(one).has_value());
  }

  std::vector<Address> people() const { return {admin, alice, bob, oscar, olga, otto}; }

  NetworkId create(registry::Network record) {
    const auto id = ledger.tx(
        [&](chain::Context& context) { return registry.create_network(context, record); });
    TP_ASSERT(id.has_value());
    return *id;
  }
  Result<void> provide(const Address& owner) {
    return ledger.tx([&](chain::Context& context) {
      return registry.register_provider(context, owner, {.host_uri = "https://provider.example"});
    });
  }
  DecCoin price(std::string_view amount) const { return {denom, *Decimal::parse(amount)}; }
  Coin coins(std::uint64_t amount) const { return {denom, Amount{amount}}; }

  escrow::AccountId account(const Address& owner, std::uint64_t amount) {
    const auto id = ledger.tx([&](chain::Context& context) {
      const escrow::Funding funding{.owner = owner, .amount = Amount{amount}};
      return escrow.open(context, network, owner, denom, std::span(&funding, 1));
    });
    TP_ASSERT(id.has_value());
    return *id;
  }
  OrderTerms order_terms(std::uint64_t deposit = 1'000) {
    return {.network = network,
            .customer = alice,
            .spec = {.payload = "a spec", .hash = {}},
            .price_max = price("10"),
            .escrow = account(alice, deposit)};
  }
  Result<OrderId> place(const OrderTerms& terms) {
    return ledger.tx([&](chain::Context& context) { return market.place_order(context, terms); });
  }
  OrderId order(std::uint64_t deposit = 1'000) {
    const auto id = place(order_terms(deposit));
    TP_ASSERT(id.has_value());
    return *id;
  }
  BidTerms bid_terms(OrderId order_id, const Address& bidder, std::string_view amount = "5") const {
    return {.key = {order_id, bidder}, .price = price(amount), .deposit = coins(500)};
  }
  Result<void> bid(const BidTerms& terms) {
    return ledger.tx([&](chain::Context& context) { return market.place_bid(context, terms); });
  }
  Result<EndedBid> close_bid(const BidKey& key) {
    return ledger.tx([&](chain::Context& context) { return market.close_bid(context, key); });
  }
  Result<Match> accept(const BidKey& key) {
    return ledger.tx([&](chain::Context& context) { return market.accept_bid(context, key); });
  }
  // An agreement between alice and oscar at 5 a tick.
  AgreementId agreement(std::uint64_t deposit = 1'000, Duration window = {}) {
    const OrderId id = order(deposit);
    BidTerms terms = bid_terms(id, oscar);
    terms.reclaim_window = window;
    TP_ASSERT(bid(terms).has_value());
    const auto match = accept({id, oscar});
    TP_ASSERT(match.has_value());
    return match->agreement;
  }
  Result<std::vector<EndedBid>> close_order(OrderId id) {
    return ledger.tx([&](chain::Context& context) { return market.close_order(context, id); });
  }
  Result<void> close(AgreementId id, Closer closer = Closer::kCustomer, std::uint32_t code = 1) {
    return ledger.tx([&](chain::Context& context) {
      return market.close_agreement(context, id, {closer, ReasonCode{code}});
    });
  }
  Result<Amount> withdraw(AgreementId id) {
    return ledger.tx([&](chain::Context& context) { return market.withdraw(context, id); });
  }
  OfferTerms offer_terms(ChargeKind charge = ChargeKind::kMetered) const {
    return {.network = network, .seller = oscar, .charge = charge, .price = price("2")};
  }
  Result<OfferId> post(const OfferTerms& terms) {
    return ledger.tx([&](chain::Context& context) { return market.post_offer(context, terms); });
  }
  Result<void> take_down(OfferId id, const Address& seller) {
    return ledger.tx(
        [&](chain::Context& context) { return market.withdraw_offer(context, id, seller); });
  }
  Result<AgreementId> buy(OfferId id, const Address& customer, std::uint64_t deposit) {
    return ledger.tx([&](chain::Context& context) {
      return market.accept_offer(context, id, customer, coins(deposit));
    });
  }
  Result<AgreementId> join(NetworkId id, const Address& provider) {
    return ledger.tx(
        [&](chain::Context& context) { return market.join(context, id, provider, {}); });
  }
  Result<Verified> submit(AgreementId id, std::string_view evidence) {
    return ledger.tx([&](chain::Context& context) {
      return market.submit_evidence(context, id, oscar, evidence);
    });
  }
  Order get(OrderId id) { return **market.find_order(ledger.state(), id); }
  Bid get(const BidKey& key) { return **market.find_bid(ledger.state(), key); }
  Agreement get(AgreementId id) { return **market.find_agreement(ledger.state(), id); }

  // Errors: what is broken, in any module.
  Result<void> check() const {
    TRY_VOID(escrow.check_invariants(ledger.state()));
    TRY_VOID(registry.check_invariants(ledger.state()));
    return market.check_invariants(ledger.state());
  }

  testing::Ledger ledger;
  escrow::Escrow escrow{ledger.accounts(), ledger.bank(), ledger.schedule(), ledger.params()};
  registry::Registry registry{ledger.accounts(), ledger.bank(), ledger.params()};
  Market market{ledger.accounts(), ledger.bank(),     escrow,
                registry,          ledger.schedule(), ledger.params()};
  FakeKind kind;
  NetworkId network;
  const Denom denom = Denom::of("utoll");
  const Address admin = testing::address_of("admin"), alice = testing::address_of("alice"),
                bob = testing::address_of("bob"), oscar = testing::address_of("oscar"),
                olga = testing::address_of("olga"), otto = testing::address_of("otto");
};

}  // namespace tp::market
