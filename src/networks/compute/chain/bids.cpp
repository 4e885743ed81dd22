// akash.market.v1beta5: bids, made and taken back. The lease that a bid became is ended here too,
// when its provider closes it.
#include "akash/market/v1beta5/bid.pb.h"
#include "akash/market/v1beta5/bidmsg.pb.h"
#include "chain/sdk_errors.h"
#include "networks/compute/chain/bid_rules.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace msg = ::akash::market::v1beta5;
using chain::Context;
using chain::SdkError;

Result<void> check_order(const FoundOrder& found) {
  if (found.order.bids_open >= found.order.bids_open_max)
    return fail_named(MarketError::kInvalidBid,
                      "too many existing bids (" + std::to_string(found.order.bids_open_max) + ")");
  switch (found.order.status) {
    case market::OrderStatus::kOpen: return {};
    case market::OrderStatus::kMatched: return fail(MarketError::kOrderActive);
    case market::OrderStatus::kClosed: return fail(MarketError::kOrderClosed);
  }
  TP_FATAL("OrderStatus out of range");
}

Result<DecCoin> read_price(const wire::DecCoin& wire_price, const market::Order& order) {
  std::optional<DecCoin> price = wire::read(wire_price);
  if (!price || price->denom != order.price_max.denom || price->amount > order.price_max.amount)
    return fail(MarketError::kBidInvalidPrice);
  return *std::move(price);
}

Result<msg::MsgCreateBidResponse> create(const Core& core, Context& context,
                                         const msg::MsgCreateBid& message) {
  TRY(const BidId id, wire::read(core.accounts, message.id()));
  TRY(Coin deposit, wire::read_deposit(message.deposit()));
  if (const auto price = wire::read(message.price()); price && price->amount.is_zero())
    return fail(MarketError::kBidZeroPrice);
  std::optional<Duration> window;
  if (message.has_reclamation_window()) {
    TRY_TO(window, wire::read(message.reclamation_window()));
    if (*window < Duration{}) return fail(MarketError::kReclamationWindowInvalid);
  }

  // The order comes before the deposit here: it names the network whose least deposit counts.
  TRY(const std::optional<FoundOrder> order, find_order(core, context, id.order));
  if (!order) return fail(MarketError::kOrderNotFound);
  TRY(const NetworkInfo network, network_info(core, context, order->order.network));
  TRY_VOID(check_bid_deposit(network, deposit));
  TRY_VOID(check_order(*order));
  TRY(DecCoin price, read_price(message.price(), order->order));

  msg::Bid offer;  // of a stored bid, only this field
  *offer.mutable_resources_offer() = message.resources_offer();
  auto placed = core.market.place_bid(context, {.key = {order->id, id.provider},
                                                .price = price,
                                                .offer = offer.SerializeAsString(),
                                                .reclaim_window = window.value_or(Duration{}),
                                                .deposit = std::move(deposit)});
  if (!placed && is(placed.error(), SdkError::kInsufficientFunds))
    return fail_named(MarketError::kInvalidDeposit, "insufficient balance");
  if (!placed && is(placed.error(), market::MarketError::kReclaimWindowTooShort) && !window)
    return fail(MarketError::kReclamationRequired);
  TRY_VOID(in_akash_words(std::move(placed)));
  events::bid_created(context, core.accounts, id, price);
  return msg::MsgCreateBidResponse();
}

// Ends the lease that the bid became: the provider takes its hardware back.
Result<void> close_leased(const Core& core, Context& context, const LeaseId& id,
                          market::BidStatus bid, market::Reason reason) {
  TRY(const std::optional<FoundLease> lease, find_lease(core, context, id));
  if (!lease) return fail(MarketError::kUnknownLeaseForBid);
  const market::Agreement& agreement = lease->agreement;
  if (!market::is_live(agreement.status)) return fail(MarketError::kLeaseNotActive);
  if (agreement.reclaim_window > Duration{}) {
    if (!agreement.reclaim) return fail(MarketError::kReclamationNotStarted);
    if (context.block().time < agreement.reclaim->deadline)
      return fail(MarketError::kReclamationWindowNotElapsed);
  }
  if (bid != market::BidStatus::kWon) return fail(MarketError::kBidNotActive);
  return end_lease(core, context, *lease, reason);
}

Result<msg::MsgCloseBidResponse> close(const Core& core, Context& context,
                                       const msg::MsgCloseBid& message) {
  TRY(const BidId id, wire::read(core.accounts, message.id()));
  TRY(const market::Reason reason, provider_reason(message.reason()));
  TRY(const std::optional<FoundOrder> order, find_order(core, context, id.order));
  if (!order) return fail(MarketError::kUnknownBid);
  TRY(const std::optional<market::Bid> bid,
      core.market.find_bid(context, {order->id, id.provider}));
  if (!bid) return fail(MarketError::kUnknownBid);

  if (bid->status == market::BidStatus::kOpen) {
    TRY_VOID(in_akash_words(core.market.close_bid(context, {order->id, id.provider})));
    events::bid_closed(context, core.accounts, id, reason);
  } else {
    TRY_VOID(close_leased(core, context, id, bid->status, reason));
  }
  return msg::MsgCloseBidResponse();
}

}  // namespace

void add_bid_messages(const Core& core, chain::MessageRouter& router) {
  const auto provider = [&core](const auto& message) -> Result<std::vector<Address>> {
    TRY(const Address signer, core.accounts.parse(message.id().provider()));
    return std::vector{signer};
  };
  router.add<msg::MsgCreateBid, msg::MsgCreateBidResponse>(
      provider, [&core](Context& context, const msg::MsgCreateBid& message) {
        return create(core, context, message);
      });
  router.add<msg::MsgCloseBid, msg::MsgCloseBidResponse>(
      provider, [&core](Context& context, const msg::MsgCloseBid& message) {
        return close(core, context, message);
      });
}

}  // namespace tp::compute
