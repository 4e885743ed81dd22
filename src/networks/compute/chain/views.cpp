#include "networks/compute/chain/views.h"

#include "networks/compute/chain/wire.h"

namespace tp::compute::views {
namespace {

namespace escrow_types = ::akash::escrow::types::v1;
using EscrowState = escrow_types::State;

void write_funds(const Denom& denom, const std::string& decimal, escrow_types::AccountState& out) {
  auto& funds = *out.add_funds();
  funds.set_denom(denom.text());
  funds.set_amount(decimal);
}

void write_depositor(const Core& core, const Address& owner, Height height,
                     escrow::DepositSource source, const Coin& balance,
                     escrow_types::AccountState& out) {
  using akash::base::deposit::v1::Source;
  auto& depositor = *out.add_deposits();
  depositor.set_owner(core.accounts.text(owner));
  depositor.set_height(height.value);
  depositor.set_source(source == escrow::DepositSource::kBalance ? Source::balance : Source::grant);
  wire::write_whole(balance.denom, balance.amount, *depositor.mutable_balance());
}

void write_reclamation(const market::Agreement& agreement, akash::market::v1::Reclamation& out) {
  wire::write(agreement.reclaim_window, *out.mutable_window());
  if (!agreement.reclaim) return;
  out.set_started_at(agreement.reclaim->started_height.value);
  out.set_deadline(reclaim_deadline_seconds(*agreement.reclaim));
  out.set_reason(static_cast<akash::market::v1::LeaseClosedReason>(agreement.reclaim->code.value));
}

}  // namespace

void write(const Core& core, const DeploymentId& id, const Deployment& deployment,
           akash::deployment::v1::Deployment& out) {
  wire::write(core.accounts, id, *out.mutable_id());
  out.set_state(static_cast<akash::deployment::v1::Deployment::State>(deployment.state));
  out.set_hash(deployment.hash.bytes());
  out.set_created_at(deployment.created_height.value);
  if (deployment.reclaim_window > Duration{})
    wire::write(deployment.reclaim_window, *out.mutable_reclamation()->mutable_min_window());
}

void write(const Core& core, const GroupId& id, const Group& group,
           akash::deployment::v1beta4::Group& out) {
  wire::write(core.accounts, id, *out.mutable_id());
  out.set_state(static_cast<akash::deployment::v1beta4::Group::State>(group.state));
  TP_ASSERT(out.mutable_group_spec()->ParseFromString(group.spec));
  out.set_created_at(group.created_height.value);
}

void write(const Core& core, const OrderId& id, const market::Order& order, const Bytes& spec,
           akash::market::v1beta5::Order& out) {
  wire::write(core.accounts, id, *out.mutable_id());
  out.set_state(static_cast<akash::market::v1beta5::Order::State>(order.status));
  TP_ASSERT(out.mutable_spec()->ParseFromString(spec));
  out.set_created_at(order.created_height.value);
  if (order.reclaim_window > Duration{})
    wire::write(order.reclaim_window, *out.mutable_reclamation()->mutable_min_window());
}

void write(const Core& core, const BidId& id, const market::Bid& bid,
           akash::market::v1beta5::Bid& out) {
  TP_ASSERT(out.ParseFromString(bid.offer));  // a Bid with its resources_offer only
  wire::write(core.accounts, id, *out.mutable_id());
  out.set_state(static_cast<akash::market::v1beta5::Bid::State>(bid.status));
  wire::write(bid.price, *out.mutable_price());
  out.set_created_at(bid.created_height.value);
  if (bid.reclaim_window > Duration{})
    wire::write(bid.reclaim_window, *out.mutable_reclamation_window());
}

void write(const Core& core, const LeaseId& id, const market::Agreement& agreement,
           akash::market::v1::Lease& out) {
  wire::write(core.accounts, id, *out.mutable_id());
  out.set_state(static_cast<akash::market::v1::Lease::State>(agreement.status));
  wire::write(agreement.price, *out.mutable_price());
  out.set_created_at(agreement.created_height.value);
  if (agreement.ending) {
    out.set_closed_on(agreement.ending->height.value);
    out.set_reason(
        static_cast<akash::market::v1::LeaseClosedReason>(agreement.ending->reason.code.value));
  }
  if (agreement.reclaim_window > Duration{})
    write_reclamation(agreement, *out.mutable_reclamation());
}

void write_account(const Core& core, const DeploymentId& id, const escrow::Account& account,
                   escrow_types::Account& out) {
  out.mutable_id()->set_scope(akash::escrow::id::v1::Scope::deployment);
  out.mutable_id()->set_xid(wire::xid(core.accounts, id));
  auto& state = *out.mutable_state();
  state.set_owner(core.accounts.text(account.owner));
  state.set_state(state_of(account));
  wire::write_whole(account.denom, account.transferred, *state.add_transferred());
  state.set_settled_at(account.settled_height.value);
  u128 owed = 0;
  for (const escrow::Charge& charge : account.charges) owed += charge.unsettled.units();
  write_funds(account.denom,
              owed == 0 ? wire::whole_decimal(account.deposited())
                        : "-" + wire::whole_decimal(Amount{owed}),
              state);
  for (const escrow::Deposit& deposit : account.deposits)
    write_depositor(core, deposit.owner, deposit.height, deposit.source,
                    {account.denom, deposit.balance}, state);
}

void write_account(const Core& core, const BidId& id, const market::Bid& bid,
                   escrow_types::Account& out) {
  out.mutable_id()->set_scope(akash::escrow::id::v1::Scope::bid);
  out.mutable_id()->set_xid(wire::xid(core.accounts, id));
  auto& state = *out.mutable_state();
  state.set_owner(core.accounts.text(id.provider));
  state.set_state(state_of(bid));
  wire::write_whole(bid.held.denom, Amount{}, *state.add_transferred());
  state.set_settled_at(bid.created_height.value);
  write_funds(bid.held.denom, wire::whole_decimal(bid.held.amount), state);
  if (!bid.held.amount.is_zero())
    write_depositor(core, id.provider, bid.created_height, escrow::DepositSource::kBalance,
                    bid.held, state);
}

void write_payment(const Core& core, const LeaseId& id, const market::Agreement& agreement,
                   const escrow::Charge* charge, escrow_types::Payment& out) {
  out.mutable_id()->mutable_aid()->set_scope(akash::escrow::id::v1::Scope::deployment);
  out.mutable_id()->mutable_aid()->set_xid(wire::xid(core.accounts, id.order.deployment()));
  out.mutable_id()->set_xid(wire::payment_xid(core.accounts, id));
  Amount balance, unsettled, withdrawn;
  if (charge != nullptr) {
    balance = charge->balance();
    unsettled = charge->unsettled;
    withdrawn = charge->withdrawn;
  } else if (agreement.ending) {
    unsettled = agreement.ending->unsettled;
    withdrawn = agreement.ending->paid;
  }
  const Denom& denom = agreement.price.denom;
  auto& state = *out.mutable_state();
  state.set_owner(core.accounts.text(agreement.provider));
  state.set_state(state_of(agreement));
  wire::write(agreement.price, *state.mutable_rate());
  wire::write_whole(denom, balance, *state.mutable_balance());
  wire::write_whole(denom, unsettled, *state.mutable_unsettled());
  wire::write(Coin{denom, withdrawn}, *state.mutable_withdrawn());
}

EscrowState state_of(const escrow::Account& account) {
  switch (account.status) {
    case escrow::AccountStatus::kOpen: return EscrowState::open;
    case escrow::AccountStatus::kOverdrawn: return EscrowState::overdrawn;
    case escrow::AccountStatus::kClosed: return EscrowState::closed;
  }
  TP_FATAL("AccountStatus out of range");
}

EscrowState state_of(const market::Bid& bid) {
  switch (bid.status) {
    case market::BidStatus::kOpen:
    case market::BidStatus::kWon: return EscrowState::open;
    case market::BidStatus::kLost:
    case market::BidStatus::kClosed: return EscrowState::closed;
  }
  TP_FATAL("BidStatus out of range");
}

EscrowState state_of(const market::Agreement& agreement) {
  switch (agreement.status) {
    case market::AgreementStatus::kActive:
    case market::AgreementStatus::kReclaiming: return EscrowState::open;
    case market::AgreementStatus::kInsufficientFunds: return EscrowState::overdrawn;
    case market::AgreementStatus::kClosed: return EscrowState::closed;
  }
  TP_FATAL("AgreementStatus out of range");
}

}  // namespace tp::compute::views
