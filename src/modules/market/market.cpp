// What every part of the market uses: composition, networks and their kinds, reading.

#include "modules/market/market.h"

#include <algorithm>

#include "crypto/address.h"
#include "modules/market/instance.h"
#include "modules/market/tables.h"

namespace tp::market {

Market::Market(accounts::Accounts& accounts, bank::Bank& bank, escrow::Escrow& escrow,
               registry::Registry& registry, chain::Schedule& schedule,
               const chain::ChainParams& params)
    : accounts_(accounts),
      bank_(bank),
      escrow_(escrow),
      registry_(registry),
      schedule_(schedule),
      params_(params),
      module_address_(crypto::module_address("market")) {
  schedule.on(chain::HandlerId::kMarketForgets,
              [this](chain::Context& context, BytesView key, std::int64_t) {
                return forget(context, key);
              });
  schedule.on(chain::HandlerId::kEpochEnds,
              [this](chain::Context& context, BytesView key, std::int64_t) {
                return end_epoch(context, key);
              });
}

void Market::add_kind(NetworkKind& kind) {
  const bool added = kinds_.emplace(std::string(kind.kind()), &kind).second;
  TP_ASSERT(added);
}

Result<NetworkKind*> Market::kind(std::string_view name) const {
  const auto found = kinds_.find(name);
  if (found == kinds_.end()) return fail(MarketError::kUnknownKind, name);
  return found->second;
}

Result<Market::Instance> Market::instance(const store::Reader& state, NetworkId id) const {
  TRY(registry::Network record, registry_.get_network(state, id));
  TRY(NetworkKind* const code, kind(record.kind));
  return Instance{id, std::move(record), code};
}

Result<void> Market::check_price(const Instance& network, const DecCoin& price) const {
  const std::vector<Denom>& denoms = network.record.denoms;
  if (std::find(denoms.begin(), denoms.end(), price.denom) == denoms.end())
    return fail(MarketError::kWrongDenom,
                network.record.name + " takes no \"" + price.denom.text() + "\"");
  if (price.amount.is_zero()) return fail(MarketError::kInvalidPrice, "zero");
  return {};
}

Result<void> Market::network_saved(chain::Context& context, NetworkId id,
                                   const registry::Network& network) {
  const Result<NetworkKind*> code = kind(network.kind);
  if (!code) return fail(registry::RegistryError::kUnknownKind, network.kind);
  return (*code)->admit_network(context, {id, network});
}

Result<bool> Market::has_live_agreements(const store::Reader& state,
                                         const Address& provider) const {
  bool any = false;
  TRY_VOID(kLiveAgreements.scan(state, std::tie(provider),
                                [&any](const LiveAgreementKey&, const Marker&) {
                                  any = true;
                                  return Result<store::Step>(store::Step::kStop);
                                }));
  return any;
}

Result<Amount> Market::payable(const store::Reader& state, escrow::AccountId,
                               const escrow::Charge& charge, escrow::Interval interval,
                               Amount earned) const {
  const AgreementId id{charge.id.value};
  TRY(const Agreement agreement, get_live_agreement(state, id));
  TRY(const Instance network, instance(state, agreement.network));
  return network.kind->payable(state, network.ref(), id, agreement, interval, earned);
}

// --- Reading ---

Result<std::optional<Order>> Market::find_order(const store::Reader& state, OrderId id) const {
  return kOrders.find(state, id);
}

Result<std::optional<Bid>> Market::find_bid(const store::Reader& state, const BidKey& key) const {
  return kBids.find(state, key);
}

Result<std::optional<Offer>> Market::find_offer(const store::Reader& state, OfferId id) const {
  return kOffers.find(state, id);
}

Result<std::optional<Agreement>> Market::find_agreement(const store::Reader& state,
                                                        AgreementId id) const {
  return kAgreements.find(state, id);
}

Result<void> Market::scan_bids(const store::Reader& state, OrderId order, BidVisitor visit) const {
  return kBids.scan(state, std::tie(order), visit);
}

Result<void> Market::scan_open_orders(const store::Reader& state, NetworkId network, OrderId from,
                                      OrderIdVisitor visit) const {
  store::KeyRange range = store::KeyRange::with_prefix(kOpenOrders.raw_key(std::tie(network)));
  range.from = kOpenOrders.raw_key(OpenOrderKey{network, from});
  return kOpenOrders.scan_range(
      state, range, [&](const OpenOrderKey& key, const Marker&) { return visit(key.order); });
}

Result<void> Market::scan_live_agreements(const store::Reader& state, const Address& provider,
                                          AgreementId from, AgreementIdVisitor visit) const {
  store::KeyRange range = store::KeyRange::with_prefix(kLiveAgreements.raw_key(std::tie(provider)));
  range.from = kLiveAgreements.raw_key(LiveAgreementKey{provider, from});
  return kLiveAgreements.scan_range(state, range, [&](const LiveAgreementKey& key, const Marker&) {
    return visit(key.agreement);
  });
}

Result<MarketParams> Market::market_params(const store::Reader& state) const {
  TRY(const std::optional<MarketParams> params, kParams.find(state, kOnly));
  return params.value_or(MarketParams{});
}

Result<Order> Market::get_order(const store::Reader& state, OrderId id) const {
  TRY(std::optional<Order> order, kOrders.find(state, id));
  if (!order) return fail(MarketError::kOrderNotFound, std::to_string(id.value));
  return *std::move(order);
}

Result<Order> Market::get_open_order(const store::Reader& state, OrderId id) const {
  TRY(Order order, get_order(state, id));
  if (order.status != OrderStatus::kOpen)
    return fail(MarketError::kOrderNotOpen, std::to_string(id.value));
  return order;
}

Result<Bid> Market::get_open_bid(const store::Reader& state, const BidKey& key) const {
  TRY(std::optional<Bid> bid, kBids.find(state, key));
  const std::string place =
      "order " + std::to_string(key.order.value) + ", " + accounts_.text(key.bidder);
  if (!bid) return fail(MarketError::kBidNotFound, place);
  if (bid->status != BidStatus::kOpen) return fail(MarketError::kBidNotOpen, place);
  return *std::move(bid);
}

Result<Offer> Market::get_open_offer(const store::Reader& state, OfferId id) const {
  TRY(std::optional<Offer> offer, kOffers.find(state, id));
  if (!offer) return fail(MarketError::kOfferNotFound, std::to_string(id.value));
  if (offer->status != OfferStatus::kOpen)
    return fail(MarketError::kOfferNotOpen, std::to_string(id.value));
  return *std::move(offer);
}

Result<Agreement> Market::get_live_agreement(const store::Reader& state, AgreementId id) const {
  TRY(std::optional<Agreement> agreement, kAgreements.find(state, id));
  if (!agreement) return fail(MarketError::kAgreementNotFound, std::to_string(id.value));
  if (!is_live(agreement->status))
    return fail(MarketError::kAgreementNotLive, std::to_string(id.value));
  return *std::move(agreement);
}

}  // namespace tp::market
