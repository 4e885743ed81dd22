// akash.market.v1beta5: leases, opened, drawn on, given notice of and ended by the owner.
#include "akash/market/v1beta5/leasemsg.pb.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace msg = ::akash::market::v1beta5;
using chain::Context;

Result<msg::MsgCreateLeaseResponse> create(const Core& core, Context& context,
                                           const msg::MsgCreateLease& message) {
  TRY(const BidId id, wire::read(core.accounts, message.bid_id()));
  TRY(const std::optional<FoundOrder> order, find_order(core, context, id.order));
  if (!order) return fail(MarketError::kBidNotFound);
  const market::BidKey key{order->id, id.provider};
  TRY(const std::optional<market::Bid> bid, core.market.find_bid(context, key));
  if (!bid) return fail(MarketError::kBidNotFound);
  if (bid->status != market::BidStatus::kOpen) return fail(MarketError::kBidNotOpen);
  if (order->order.status != market::OrderStatus::kOpen) return fail(MarketError::kOrderNotOpen);
  TRY(const std::optional<Group> group, kGroups.find(context, id.order.group));
  if (!group) return fail(MarketError::kGroupNotFound);
  if (group->state != GroupState::kOpen) return fail(MarketError::kGroupNotOpen);

  // Every losing bid closes with it and gets its deposit back, or nothing happens at all
  // (specs/compute-market.md §2.4).
  TRY_VOID(in_akash_words(core.market.accept_bid(context, key)));
  return msg::MsgCreateLeaseResponse();
}

Result<msg::MsgCloseLeaseResponse> close(const Core& core, Context& context,
                                         const msg::MsgCloseLease& message) {
  TRY(const LeaseId id, wire::read(core.accounts, message.id()));
  TRY(const std::optional<FoundOrder> order, find_order(core, context, id.order));
  if (!order) return fail(MarketError::kOrderNotFound);
  if (order->order.status != market::OrderStatus::kMatched) return fail(MarketError::kOrderClosed);
  TRY(const std::optional<market::Bid> bid,
      core.market.find_bid(context, {order->id, id.provider}));
  if (!bid) return fail(MarketError::kBidNotFound);
  if (bid->status != market::BidStatus::kWon) return fail(MarketError::kBidNotActive);
  TRY(const std::optional<FoundLease> lease, find_lease(core, context, id));
  if (!lease) return fail(MarketError::kLeaseNotFound);

  TRY_VOID(end_lease(core, context, *lease, kOwnerCloses));
  return msg::MsgCloseLeaseResponse();
}

Result<msg::MsgWithdrawLeaseResponse> withdraw(const Core& core, Context& context,
                                               const msg::MsgWithdrawLease& message) {
  TRY(const LeaseId id, wire::read(core.accounts, message.id()));
  TRY(const std::optional<FoundLease> lease, find_lease(core, context, id));
  if (!lease) return fail(MarketError::kUnknownLease);
  if (!market::is_live(lease->agreement.status)) return fail(EscrowError::kPaymentClosed);

  // Running dry ends the lease and pays out everything that was earned.
  TRY_VOID(in_akash_words(core.escrow.settle(context, lease->agreement.escrow)));
  TRY(const std::optional<market::Agreement> agreement,
      core.market.find_agreement(context, lease->id));
  if (agreement && market::is_live(agreement->status))
    TRY_VOID(in_akash_words(core.market.withdraw(context, lease->id)));
  return msg::MsgWithdrawLeaseResponse();
}

Result<msg::MsgLeaseStartReclaimResponse> start_reclaim(const Core& core, Context& context,
                                                        const msg::MsgLeaseStartReclaim& message) {
  TRY(const LeaseId id, wire::read(core.accounts, message.id()));
  TRY(const market::Reason reason, provider_reason(message.reason()));
  TRY(const std::optional<FoundLease> lease, find_lease(core, context, id));
  if (!lease) return fail(MarketError::kUnknownLease);
  if (lease->agreement.status != market::AgreementStatus::kActive)
    return fail(MarketError::kLeaseNotActive);
  if (lease->agreement.reclaim_window == Duration{}) return fail(MarketError::kLeaseNotReclaimable);

  TRY(const market::Reclaim reclaim,
      in_akash_words(core.market.start_reclaim(context, lease->id, reason.code)));
  events::lease_reclaim_started(context, core.accounts, id, reason.code,
                                reclaim_deadline_seconds(reclaim));
  return msg::MsgLeaseStartReclaimResponse();
}

}  // namespace

void add_lease_messages(const Core& core, chain::MessageRouter& router) {
  const auto provider = [&core](const auto& message) -> Result<std::vector<Address>> {
    TRY(const Address signer, core.accounts.parse(message.id().provider()));
    return std::vector{signer};
  };
  router.add<msg::MsgCreateLease, msg::MsgCreateLeaseResponse>(
      [&core](const msg::MsgCreateLease& message) -> Result<std::vector<Address>> {
        TRY(const Address signer, core.accounts.parse(message.bid_id().owner()));
        return std::vector{signer};
      },
      [&core](Context& context, const msg::MsgCreateLease& message) {
        return create(core, context, message);
      });
  router.add<msg::MsgCloseLease, msg::MsgCloseLeaseResponse>(
      [&core](const msg::MsgCloseLease& message) -> Result<std::vector<Address>> {
        TRY(const Address signer, core.accounts.parse(message.id().owner()));
        return std::vector{signer};
      },
      [&core](Context& context, const msg::MsgCloseLease& message) {
        return close(core, context, message);
      });
  router.add<msg::MsgWithdrawLease, msg::MsgWithdrawLeaseResponse>(
      provider, [&core](Context& context, const msg::MsgWithdrawLease& message) {
        return withdraw(core, context, message);
      });
  router.add<msg::MsgLeaseStartReclaim, msg::MsgLeaseStartReclaimResponse>(
      provider, [&core](Context& context, const msg::MsgLeaseStartReclaim& message) {
        return start_reclaim(core, context, message);
      });
}

}  // namespace tp::compute
