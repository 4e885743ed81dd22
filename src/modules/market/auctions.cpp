// Auctions: orders, bids, and the bid that is accepted. specs/compute-market.md §2.3, §2.4.

#include "modules/market/instance.h"
#include "modules/market/market.h"
#include "modules/market/tables.h"

namespace tp::market {

Result<void> Market::check_account(const store::Reader& state, const OrderTerms& terms) const {
  TRY(const escrow::Account account, escrow_.get(state, terms.escrow));
  const std::string number = "escrow account " + std::to_string(terms.escrow.value);
  if (account.owner != terms.customer || account.network != terms.network)
    return fail(MarketError::kUnauthorized, number + " is not this customer's in this network");
  if (account.denom != terms.price_max.denom)
    return fail(MarketError::kWrongDenom, number + " holds " + account.denom.text());
  return {};
}

Result<OrderId> Market::place_order(chain::Context& context, const OrderTerms& terms) const {
  TRY(const Instance network, instance(context, terms.network));
  TRY_VOID(check_price(network, terms.price_max));
  if (terms.bids_open_max == 0 || terms.bids_open_max > kBiddersEverMax)
    return fail(MarketError::kInvalidTerms,
                "an order takes 1 to " + std::to_string(kBiddersEverMax) + " bids");
  if (terms.reclaim_window < Duration{})
    return fail(MarketError::kInvalidTerms, "the notice before reclaiming is negative");
  if (terms.spec.payload.size() > kSpecBytesMax)
    return fail(MarketError::kSpecTooLong, std::to_string(terms.spec.payload.size()) + " bytes");
  TRY_VOID(network.kind->validate_spec(context, network.ref(), terms.spec));

  Order order{.network = terms.network,
              .customer = terms.customer,
              .spec = terms.spec,
              .price_max = terms.price_max,
              .escrow = terms.escrow,
              .owns_escrow = terms.deposit.has_value(),
              .reclaim_window = terms.reclaim_window,
              .bids_open_max = terms.bids_open_max,
              .created_height = context.block().height};
  if (terms.deposit) {
    if (terms.deposit->denom != terms.price_max.denom)
      return fail(MarketError::kWrongDenom, "deposit and price differ");
    const escrow::Funding funding{.owner = terms.customer, .amount = terms.deposit->amount};
    TRY_TO(order.escrow, escrow_.open(context, terms.network, terms.customer, terms.deposit->denom,
                                      std::span(&funding, 1)));
  } else {
    TRY_VOID(check_account(context, terms));
  }

  TRY(const std::optional<Counters> found, kCounters.find(context, kOnly));
  Counters counters = found.value_or(Counters{});
  const OrderId id = counters.order;
  counters.order = id.next();
  TRY_VOID(kCounters.put(context, kOnly, counters));
  TRY_VOID(kOrders.put(context, id, order));
  TRY_VOID(kOpenOrders.put(context, {terms.network, id}, {}));
  return id;
}

Result<void> Market::check_bid(const store::Reader& state, const Order& order,
                               const BidTerms& terms) const {
  if (order.customer == terms.key.bidder)
    return fail(MarketError::kOwnOrder, accounts_.text(terms.key.bidder));
  TRY(const bool registered, registry_.is_operator(state, terms.key.bidder));
  if (!registered) return fail(MarketError::kNotAnOperator, accounts_.text(terms.key.bidder));
  TRY(const std::optional<Bid> earlier, kBids.find(state, terms.key));
  if (earlier && earlier->status == BidStatus::kOpen)
    return fail(MarketError::kBidExists, accounts_.text(terms.key.bidder));
  // Whoever has bid before takes his own row again: one operator fills no order by turning round in
  // it.
  const bool full = !earlier && order.bidders_ever >= kBiddersEverMax;
  if (order.bids_open >= order.bids_open_max || full)
    return fail(MarketError::kTooManyBids, std::to_string(order.bids_open) + " open, " +
                                               std::to_string(order.bidders_ever) +
                                               " bidders in all");
  if (terms.price.denom != order.price_max.denom)
    return fail(MarketError::kWrongDenom,
                terms.price.denom.text() + " instead of " + order.price_max.denom.text());
  if (terms.price.amount.is_zero()) return fail(MarketError::kInvalidPrice, "zero");
  if (terms.price.amount > order.price_max.amount)
    return fail(MarketError::kPriceTooHigh, terms.price.amount.to_string_trimmed() + " above " +
                                                order.price_max.amount.to_string_trimmed());
  if (terms.reclaim_window < order.reclaim_window) return fail(MarketError::kReclaimWindowTooShort);
  if (terms.offer.size() > kOfferBytesMax)
    return fail(MarketError::kSpecTooLong, std::to_string(terms.offer.size()) + " bytes");
  return {};
}

Result<void> Market::place_bid(chain::Context& context, const BidTerms& terms) const {
  TRY(Order order, get_open_order(context, terms.key.order));
  TRY_VOID(check_bid(context, order, terms));
  const Bid bid{.price = terms.price,
                .offer = terms.offer,
                .reclaim_window = terms.reclaim_window,
                .held = terms.deposit,
                .created_height = context.block().height};
  TRY(const Instance network, instance(context, order.network));
  TRY_VOID(network.kind->admit_bid(context, network.ref(), order, terms.key.bidder, bid));

  TRY_VOID(bank_.move(context, {.from = terms.key.bidder,
                                .to = module_address_,
                                .coin = terms.deposit,
                                .purpose = bank::Purpose::kDeposit,
                                .payer = std::nullopt}));
  TRY(const bool is_again, kBids.contains(context, terms.key));
  ++order.bids_open;
  if (!is_again) ++order.bidders_ever;
  TRY_VOID(kBids.put(context, terms.key, bid));
  return kOrders.put(context, terms.key.order, order);
}

// Gives the deposit back. The order's count of open bids is the caller's.
Result<EndedBid> Market::end_bid(chain::Context& context, const BidKey& key, Bid bid,
                                 BidStatus status) const {
  const Coin held = bid.held;
  TRY_VOID(bank_.move(context, {.from = module_address_,
                                .to = key.bidder,
                                .coin = held,
                                .purpose = bank::Purpose::kRefund,
                                .payer = key.bidder}));
  bid.held.amount = Amount{};
  bid.status = status;
  TRY_VOID(kBids.put(context, key, bid));
  return EndedBid{key, std::move(bid), held};
}

Result<std::vector<EndedBid>> Market::end_open_bids(chain::Context& context, OrderId order,
                                                    BidStatus status) const {
  TRY(auto bids, kBids.collect(context, std::tie(order)));
  std::vector<EndedBid> ended;
  for (auto& [key, bid] : bids) {
    if (bid.status != BidStatus::kOpen) continue;
    TRY(EndedBid one, end_bid(context, key, std::move(bid), status));
    ended.push_back(std::move(one));
  }
  return ended;
}

Result<EndedBid> Market::close_bid(chain::Context& context, const BidKey& key) const {
  TRY(Bid bid, get_open_bid(context, key));
  TRY(Order order, get_order(context, key.order));
  --order.bids_open;
  TRY_VOID(kOrders.put(context, key.order, order));
  return end_bid(context, key, std::move(bid), BidStatus::kClosed);
}

Result<Match> Market::accept_bid(chain::Context& context, const BidKey& key) const {
  TRY(Order order, get_open_order(context, key.order));
  TRY(Bid bid, get_open_bid(context, key));
  // Since the bid the bidder may have left: a provider may whose agreements have all ended.
  TRY(const bool registered, registry_.is_operator(context, key.bidder));
  if (!registered) return fail(MarketError::kNotAnOperator, accounts_.text(key.bidder));
  TRY(const Instance network, instance(context, order.network));

  bid.status = BidStatus::kWon;
  TRY_VOID(kBids.put(context, key, bid));
  Match match;
  TRY_TO(match.lost, end_open_bids(context, key.order, BidStatus::kLost));

  TRY(const std::optional<Counters> counters, kCounters.find(context, kOnly));
  order.status = OrderStatus::kMatched;
  order.bids_open = 0;
  order.agreement = counters.value_or(Counters{}).agreement;  // which `form` gives next
  TRY_VOID(kOrders.put(context, key.order, order));
  TRY_VOID(kOpenOrders.erase(context, {order.network, key.order}));
  TRY_TO(match.agreement, form(context, network,
                               {.network = order.network,
                                .formation = Formation::kAuction,
                                .customer = order.customer,
                                .provider = key.bidder,
                                .spec = order.spec,
                                .order = key.order,
                                .escrow = order.escrow,
                                .owns_escrow = order.owns_escrow,
                                .charge = ChargeKind::kByTime,
                                .price = bid.price,
                                .reclaim_window = bid.reclaim_window}));
  TP_ASSERT(match.agreement == order.agreement);
  return match;
}

Result<std::vector<EndedBid>> Market::close_order(chain::Context& context, OrderId id) const {
  TRY(Order order, get_order(context, id));
  if (order.status == OrderStatus::kMatched)
    return fail(MarketError::kOrderHasAgreement, std::to_string(order.agreement.value));
  if (order.status != OrderStatus::kOpen)
    return fail(MarketError::kOrderNotOpen, std::to_string(id.value));
  TRY(std::vector<EndedBid> ended, end_open_bids(context, id, BidStatus::kClosed));
  order.status = OrderStatus::kClosed;
  order.bids_open = 0;
  TRY_VOID(kOrders.put(context, id, order));
  TRY_VOID(kOpenOrders.erase(context, {order.network, id}));
  if (order.owns_escrow) TRY_VOID(escrow_.close(context, order.escrow));
  TRY_VOID(forget_later(context, id, {}));
  return ended;
}

}  // namespace tp::market
