#include "networks/compute/chain/compute_network.h"

#include "networks/compute/chain/bid_rules.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"
#include "networks/compute/chain/index.h"
#include "networks/compute/chain/queries.h"

namespace tp::compute {
namespace {

using chain::Context;

// The order of ours that the market's `id` is; nothing when somebody else placed it.
Result<std::optional<OrderId>> ours(const Core& core, const store::Reader& state,
                                    market::OrderId id) {
  TRY(const std::optional<market::Order> order, core.market.find_order(state, id));
  if (!order) return std::nullopt;
  const std::optional<OrderId> named = order_named(order->spec);
  if (!named) return std::nullopt;
  TRY(const std::optional<OrderRow> row, kOrders.find(state, *named));
  return row && row->order == id ? named : std::nullopt;
}

// What becomes of a group whose lease has ended while it was open: the owner gets a new order at
// once, the provider leaves it paused, and one that ran dry waits for money
// (specs/compute-market.md §2.4).
Result<void> group_after(const Core& core, Context& context, const OrderId& order, Group group,
                         market::Reason reason) {
  TRY(const Deployment deployment, kDeployments.get(context, order.deployment()));
  group.order = {};
  if (reason.closer == market::Closer::kCustomer) {
    TRY(const NetworkInfo network, network_info(core, context, deployment.network));
    if (network.takes(group.price_max.denom))
      return place_order(core, context, network, order.group, deployment, std::move(group));
  }
  group.state = reason == kNetworkRanDry ? GroupState::kInsufficientFunds : GroupState::kPaused;
  TRY_VOID(kGroups.put(context, order.group, group));
  events::group_paused(context, core.accounts, order.group, reason);
  return {};
}

}  // namespace

ComputeNetwork::ComputeNetwork(accounts::Accounts& accounts, escrow::Escrow& escrow,
                               registry::Registry& registry, market::Market& market,
                               chain::Schedule& schedule, const chain::ChainParams& params)
    : core_(std::make_unique<Core>(Core{accounts, escrow, registry, market, schedule, params})),
      index_(std::make_unique<Index>(
          [&escrow](const store::Reader& state) { return active_by_accounts(escrow, state); })) {
  schedule.on(chain::HandlerId::kComputeForgets,
              [core = core_.get()](Context& context, BytesView key, std::int64_t) -> Result<void> {
                DeploymentId id;
                const bool decoded = store::take_key(key, id) && key.empty();
                TP_ASSERT(decoded);
                return forget_deployment(*core, context, id);
              });
}

ComputeNetwork::~ComputeNetwork() = default;

store::CommitObserver& ComputeNetwork::index() {
  return *index_;
}

void ComputeNetwork::add_messages(chain::MessageRouter& router) {
  add_deployment_messages(*core_, router);
  add_group_messages(*core_, router);
  add_bid_messages(*core_, router);
  add_lease_messages(*core_, router);
  add_escrow_messages(*core_, router);
  add_provider_messages(*core_, router);
  add_audit_messages(*core_, router);
  add_params_messages(*core_, router);
}

void ComputeNetwork::add_queries(chain::QueryRouter& router) {
  const Queries queries{*core_, *index_};
  add_deployment_queries(queries, router);
  add_market_queries(queries, router);
  add_escrow_queries(queries, router);
  add_provider_queries(queries, router);
  add_audit_queries(queries, router);
  add_discovery_queries(router);
}

Result<void> ComputeNetwork::admit_network(const store::Reader&, NetworkRef network) const {
  TRY(const ComputeParams params, params_of(network.record));
  return check_params(network.record, params);
}

Result<void> ComputeNetwork::validate_spec(const store::Reader& state, NetworkRef,
                                           const market::Spec& spec) const {
  // place_order() leaves a row without a number for the length of its call to the market.
  const std::optional<OrderId> id = order_named(spec);
  if (id) {
    TRY(const std::optional<OrderRow> row, kOrders.find(state, *id));
    if (row && row->order == market::OrderId{}) return {};
  }
  return fail(MarketError::kInternal, "orders of a compute network come from deployments");
}

Result<void> ComputeNetwork::admit_bid(const store::Reader& state, NetworkRef network,
                                       const market::Order& order, const Address& bidder,
                                       const market::Bid& bid) const {
  TRY(ComputeParams params, params_of(network.record));
  return check_bid(*core_, state, {network.id, network.record, std::move(params)}, order, bidder,
                   bid);
}

Result<void> ComputeNetwork::admit_offer(const store::Reader&, NetworkRef,
                                         const market::Offer&) const {
  return fail(MarketError::kInternal, "a compute network sells by auction only");
}

Result<Verified> ComputeNetwork::verify_evidence(const store::Reader&, NetworkRef,
                                                 market::AgreementId, const market::Agreement&,
                                                 const Address&, BytesView) const {
  return fail(MarketError::kInternal, "leases are paid by time and take no evidence");
}

Result<void> ComputeNetwork::agreement_formed(Context& context, NetworkRef, market::AgreementId,
                                              const market::Agreement& agreement) {
  TRY(const std::optional<OrderId> order, ours(*core_, context, agreement.order));
  if (order)
    events::lease_created(context, core_->accounts, {*order, agreement.provider}, agreement.price);
  return {};
}

Result<void> ComputeNetwork::agreement_ended(Context& context, NetworkRef, market::AgreementId,
                                             const market::Agreement& agreement) {
  TRY(const std::optional<OrderId> order, ours(*core_, context, agreement.order));
  if (!order) return {};
  TP_ASSERT(agreement.ending);
  const market::Reason reason = agreement.ending->reason;
  const LeaseId id{*order, agreement.provider};
  events::lease_closed(context, core_->accounts, id, reason);
  events::bid_closed(context, core_->accounts, id, reason);
  events::order_closed(context, core_->accounts, *order, reason);
  TRY(Group group, kGroups.get(context, order->group));
  if (group.order != agreement.order) return {};  // the group was closed or paused with it
  return group_after(*core_, context, *order, std::move(group), reason);
}

Result<void> ComputeNetwork::escrow_ran_dry(Context& context, NetworkRef, escrow::AccountId account,
                                            chain::BillableTime) {
  TRY(const std::optional<EscrowOwner> owner, kEscrowOwners.find(context, account));
  if (!owner) return {};
  // Groups with a lease have been told. Nobody should bid on the others while there is no money.
  TRY(const auto groups, kGroups.collect(context, std::tie(owner->deployment)));
  for (const auto& [id, group] : groups) {
    if (group.state != GroupState::kOpen) continue;
    TRY_VOID(end_group_order(*core_, context, id, group, GroupState::kInsufficientFunds,
                             kNetworkRanDry));
    events::group_paused(context, core_->accounts, id, kNetworkRanDry);
  }
  return {};
}

Result<void> ComputeNetwork::order_forgotten(Context& context, NetworkRef, market::OrderId id,
                                             const market::Order& order) {
  const std::optional<OrderId> named = order_named(order.spec);
  if (!named) return {};
  TRY(const std::optional<OrderRow> row, kOrders.find(context, *named));
  if (!row || row->order != id) return {};
  TRY_VOID(tell_order_left(*core_, context, *named, {id, order}));
  return kOrders.erase(context, *named);
}

}  // namespace tp::compute
