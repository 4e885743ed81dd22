// Agreements: formed in three ways, ended in one.

#include "chain/history.h"
#include "modules/market/instance.h"
#include "modules/market/market.h"
#include "modules/market/tables.h"
#include "modules/market/wire.h"
#include "turnpike/market/v1/query.pb.h"

namespace tp::market {
Result<AgreementId> Market::form(chain::Context& context, const Instance& network,
                                 Agreement agreement) const {
  TRY(const std::optional<Counters> found, kCounters.find(context, kOnly));
  Counters counters = found.value_or(Counters{});
  const AgreementId id = counters.agreement;
  counters.agreement = id.next();
  TRY_VOID(kCounters.put(context, kOnly, counters));

  agreement.created_height = context.block().height;
  TRY_VOID(kAgreements.put(context, id, agreement));
  TRY_VOID(kLiveAgreements.put(context, {agreement.provider, id}, {}));
  if (agreement.escrow != escrow::AccountId{})
    TRY_VOID(escrow_.open_charge(context, agreement.escrow,
                                 {.id = agreement.charge_id(id),
                                  .kind = agreement.charge,
                                  .payee = agreement.provider,
                                  .price = agreement.price.amount,
                                  .validated = network.kind->reduces_dues()}));
  context.emit(
      {"agreement_formed",
       {{"agreement", std::to_string(id.value)},
        {"network", std::to_string(agreement.network.value)},
        {"customer", accounts_.text(agreement.customer)},
        {"provider", accounts_.text(agreement.provider)},
        {"price", agreement.price.amount.to_string_trimmed() + agreement.price.denom.text()}}});
  TRY_VOID(network.kind->agreement_formed(context, network.ref(), id, agreement));
  return id;
}

Result<void> Market::close_agreement(chain::Context& context, AgreementId id, Reason reason) const {
  TRY(Agreement agreement, get_live_agreement(context, id));
  const bool notice_over = agreement.reclaim && context.block().time >= agreement.reclaim->deadline;
  if (reason.closer == Closer::kOperator && agreement.reclaim_window > Duration{} && !notice_over)
    return fail(MarketError::kNoticeRequired, std::to_string(id.value));
  if (agreement.escrow != escrow::AccountId{}) {
    // Settling may find the escrow dry, which ends the agreement for that reason.
    TRY_VOID(escrow_.settle(context, agreement.escrow));
    TRY_TO(agreement, get_live_agreement(context, id));
  }
  return end(context, id, std::move(agreement), AgreementStatus::kClosed, reason,
             context.block().billable_now);
}

// The only way out. The escrow is settled up to `at`.
Result<void> Market::end(chain::Context& context, AgreementId id, Agreement agreement,
                         AgreementStatus status, Reason reason, chain::BillableTime at) const {
  Ending ending{.reason = reason, .height = context.block().height, .at = at};
  if (agreement.escrow != escrow::AccountId{}) {
    TRY(const escrow::Charge last,
        escrow_.close_charge(context, agreement.escrow, agreement.charge_id(id)));
    ending.paid = last.withdrawn;
    ending.unsettled = last.unsettled;
  }
  agreement.status = status;
  agreement.ending = ending;
  TRY_VOID(kAgreements.put(context, id, agreement));
  TRY_VOID(kLiveAgreements.erase(context, {agreement.provider, id}));
  TRY_VOID(release_order(context, agreement));
  TRY_VOID(release_offer(context, agreement));
  TRY_VOID(release_membership(context, id, agreement));
  if (agreement.owns_escrow) TRY_VOID(escrow_.close(context, agreement.escrow));
  TRY_VOID(forget_later(context, agreement.order, id));

  context.emit({"agreement_ended",
                {{"agreement", std::to_string(id.value)},
                 {"network", std::to_string(agreement.network.value)},
                 {"closer", name_of(reason.closer)},
                 {"reason", std::to_string(reason.code.value)},
                 {"paid", ending.paid.to_string() + agreement.price.denom.text()}}});
  TRY(const Instance network, instance(context, agreement.network));
  return network.kind->agreement_ended(context, network.ref(), id, agreement);
}

// The order and the winning bid of an agreement that ends; the bid's deposit goes back.
Result<void> Market::release_order(chain::Context& context, const Agreement& agreement) const {
  if (agreement.order == OrderId{}) return {};
  TRY(Order order, get_order(context, agreement.order));
  order.status = OrderStatus::kClosed;
  TRY_VOID(kOrders.put(context, agreement.order, order));
  const BidKey key{agreement.order, agreement.provider};
  TRY(Bid bid, kBids.get(context, key));
  TRY_VOID(end_bid(context, key, std::move(bid), BidStatus::kClosed));
  return {};
}

Result<Reclaim> Market::start_reclaim(chain::Context& context, AgreementId id,
                                      ReasonCode code) const {
  TRY(Agreement agreement, get_live_agreement(context, id));
  if (agreement.reclaim_window == Duration{} || agreement.reclaim)
    return fail(MarketError::kNoticeNotPossible, std::to_string(id.value));
  agreement.status = AgreementStatus::kReclaiming;
  agreement.reclaim = Reclaim{.started_height = context.block().height,
                              .deadline = context.block().time + agreement.reclaim_window,
                              .code = code};
  TRY_VOID(kAgreements.put(context, id, agreement));
  return *agreement.reclaim;
}

Result<Amount> Market::withdraw(chain::Context& context, AgreementId id) const {
  TRY(const Agreement agreement, get_live_agreement(context, id));
  if (agreement.escrow == escrow::AccountId{}) return Amount{};
  const escrow::ChargeId charge = agreement.charge_id(id);
  TRY(const escrow::Account account, escrow_.get(context, agreement.escrow));
  TP_ASSERT(account.find(charge) != nullptr);
  const Amount before = account.find(charge)->withdrawn;

  TRY_VOID(escrow_.settle(context, agreement.escrow));
  TRY(const Agreement after, kAgreements.get(context, id));
  if (after.ending) return after.ending->paid.minus(before);
  return escrow_.withdraw(context, agreement.escrow, charge);
}

Result<void> Market::escrow_ran_dry(chain::Context& context, escrow::AccountId account_id,
                                    NetworkId network_id, chain::BillableTime due) {
  TRY(const escrow::Account account, escrow_.get(context, account_id));
  bool owned = false;
  for (const escrow::Charge& charge : account.charges) {
    const AgreementId id{charge.id.value};
    TRY(Agreement agreement, get_live_agreement(context, id));
    owned = owned || agreement.owns_escrow;
    TRY_VOID(end(context, id, std::move(agreement), AgreementStatus::kInsufficientFunds,
                 {Closer::kNetwork, kRanDry}, due));
  }
  if (owned) return {};
  TRY(const Instance network, instance(context, network_id));
  return network.kind->escrow_ran_dry(context, network.ref(), account_id, due);
}

// --- Closed things leave ---

Result<void> Market::forget_later(chain::Context& context, OrderId order,
                                  AgreementId agreement) const {
  TRY(const MarketParams params, market_params(context));
  Bytes key;
  store::append_key(key, ForgetKey{order, agreement});
  const BlockTime at = context.block().time + params.retention;
  TRY_VOID(schedule_.at(context, chain::ScheduleClock::kBlockTime, at.nanoseconds,
                        chain::HandlerId::kMarketForgets, key));
  return {};
}

Result<void> Market::forget(chain::Context& context, BytesView bytes) const {
  ForgetKey key;
  const bool decoded = store::take_key(bytes, key) && bytes.empty();
  TP_ASSERT(decoded);
  if (key.order != OrderId{}) {
    TRY(const Order order, get_order(context, key.order));
    TRY(const Instance network, instance(context, order.network));
    TRY_VOID(network.kind->order_forgotten(context, network.ref(), key.order, order));
    pb::QueryOrderResponse answer;
    write(accounts_, key.order, order, *answer.mutable_order());
    chain::tell_left_state(context, kOrderQuery, std::to_string(key.order.value), answer);
    TRY(const auto bids, kBids.collect(context, std::tie(key.order)));
    for (const auto& [bid_key, bid] : bids) TRY_VOID(kBids.erase(context, bid_key));
    TRY_VOID(kOrders.erase(context, key.order));
    if (order.owns_escrow) TRY_VOID(escrow_.forget(context, order.escrow));
  }
  if (key.agreement == AgreementId{}) return {};
  TRY(const Agreement agreement, kAgreements.get(context, key.agreement));
  pb::QueryAgreementResponse answer;
  write(accounts_, key.agreement, agreement, *answer.mutable_agreement());
  chain::tell_left_state(context, kAgreementQuery, std::to_string(key.agreement.value), answer);
  TRY_VOID(kAgreements.erase(context, key.agreement));
  if (agreement.owns_escrow && key.order == OrderId{})
    TRY_VOID(escrow_.forget(context, agreement.escrow));
  return {};
}

}  // namespace tp::market
