#include "networks/compute/chain/core.h"

#include <algorithm>

#include "crypto/sha.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"

namespace tp::compute {
namespace {

// A closed deployment whose orders the market still keeps is looked at again after this.
constexpr Duration kForgetAgain = Duration::hours(1);

Result<Duration> retention(const Core& core, const store::Reader& state) {
  TRY(const market::MarketParams params, core.market.market_params(state));
  return params.retention;
}

Result<void> schedule_forgetting_in(const Core& core, chain::Context& context,
                                    const DeploymentId& id, Duration wait) {
  Bytes key;
  store::append_key(key, id);
  TRY_VOID(core.schedule.at(context, chain::ScheduleClock::kBlockTime,
                            (context.block().time + wait).nanoseconds,
                            chain::HandlerId::kComputeForgets, key));
  return {};
}

}  // namespace

bool NetworkInfo::takes(const Denom& denom) const {
  return std::find(record.denoms.begin(), record.denoms.end(), denom) != record.denoms.end();
}

Result<ComputeParams> params_of(const registry::Network& network) {
  std::optional<ComputeParams> params = store::decode_record<ComputeParams>(network.params);
  if (!params)
    return fail(DeploymentError::kInvalidParam, "the parameters of network \"" + network.name +
                                                    "\" are not those of a compute network");
  return *std::move(params);
}

Result<void> check_params(const registry::Network& network, const ComputeParams& params) {
  const auto refuse = [](const std::string& what) {
    return fail_named(DeploymentError::kInvalidParam, what);
  };
  if (!is_canonical(params.deployment_deposits_min) || !is_canonical(params.bid_deposits_min))
    return refuse("least deposits must be sorted, positive and of different denominations");
  for (const Denom& denom : network.denoms) {
    const auto is_of = [&denom](const Coin& coin) { return coin.denom == denom; };
    if (std::none_of(params.deployment_deposits_min.begin(), params.deployment_deposits_min.end(),
                     is_of))
      return refuse("Min Deposits - " + denom.text() + " not given");
  }
  constexpr Amount kLimit{2'147'483'647};  // specs/compute-market.md §2.2
  for (const Coin& coin : params.deployment_deposits_min)
    if (coin.amount >= kLimit)
      return refuse("Min Deposit (" + coin.denom.text() +
                    ") - too large: " + coin.amount.to_string());
  if (params.bid_deposits_min.empty()) return refuse("no bid deposits given");
  if (params.order_bids_max == 0) return refuse("order max bids too low");
  if (params.order_bids_max > kOrderBidsLimit) return refuse("order max bids too high");
  if (params.reclaim_window_min < Duration{}) return refuse("min reclamation window must be >= 0");
  if (params.reclaim_window_max <= params.reclaim_window_min)
    return refuse("max reclamation window must be > min reclamation window");
  return {};
}

Result<NetworkInfo> network_info(const Core& core, const store::Reader& state, NetworkId id) {
  TRY(registry::Network record, core.registry.get_network(state, id));
  TRY(ComputeParams params, params_of(record));
  return NetworkInfo{id, std::move(record), std::move(params)};
}

Result<NetworkInfo> default_network(const Core& core, const store::Reader& state) {
  TRY(const DefaultNetwork network, kDefaultNetwork.get(state, {}));
  return network_info(core, state, network.id);
}

Result<std::optional<FoundOrder>> find_order(const Core& core, const store::Reader& state,
                                             const OrderId& id) {
  TRY(const std::optional<OrderRow> row, kOrders.find(state, id));
  if (!row) return std::nullopt;
  TRY(std::optional<market::Order> order, core.market.find_order(state, row->order));
  if (!order) return std::nullopt;
  return FoundOrder{row->order, *std::move(order)};
}

Result<std::optional<market::Bid>> find_bid(const Core& core, const store::Reader& state,
                                            const BidId& id) {
  TRY(const std::optional<OrderRow> row, kOrders.find(state, id.order));
  if (!row) return std::nullopt;
  return core.market.find_bid(state, {row->order, id.provider});
}

Result<std::optional<FoundLease>> find_lease(const Core& core, const store::Reader& state,
                                             const LeaseId& id) {
  TRY(const std::optional<FoundOrder> order, find_order(core, state, id.order));
  if (!order || order->order.agreement == market::AgreementId{}) return std::nullopt;
  TRY(std::optional<market::Agreement> agreement,
      core.market.find_agreement(state, order->order.agreement));
  if (!agreement || agreement->provider != id.provider) return std::nullopt;
  return FoundLease{order->order.agreement, *std::move(agreement)};
}

Result<std::optional<std::pair<LeaseId, FoundLease>>> lease_of(const Core& core,
                                                               const store::Reader& state,
                                                               const OrderId& id) {
  TRY(const std::optional<FoundOrder> order, find_order(core, state, id));
  if (!order || order->order.agreement == market::AgreementId{}) return std::nullopt;
  TRY(std::optional<market::Agreement> agreement,
      core.market.find_agreement(state, order->order.agreement));
  if (!agreement) return std::nullopt;
  const LeaseId lease{id, agreement->provider};
  return std::pair{lease, FoundLease{order->order.agreement, *std::move(agreement)}};
}

Result<void> place_order(const Core& core, chain::Context& context, const NetworkInfo& network,
                         const GroupId& id, const Deployment& deployment, Group group) {
  TP_ASSERT(group.order == market::OrderId{});
  const OrderId order_id{id, group.orders + 1};
  // The row without a number is what validate_spec looks for: no other order may name a group.
  TRY_VOID(kOrders.put(context, order_id, OrderRow{}));
  TRY(const market::OrderId order,
      in_akash_words(core.market.place_order(
          context, {.network = network.id,
                    .customer = id.deployment.owner,
                    .spec = {.payload = spec_payload(order_id), .hash = crypto::sha256(group.spec)},
                    .price_max = group.price_max,
                    .escrow = deployment.escrow,
                    .reclaim_window = deployment.reclaim_window,
                    .bids_open_max = network.params.order_bids_max})));
  TRY_VOID(kOrders.put(context, order_id, OrderRow{order}));
  group.state = GroupState::kOpen;
  group.orders = order_id.oseq;
  group.order = order;
  TRY_VOID(kGroups.put(context, id, group));
  events::order_created(context, core.accounts, order_id);
  return {};
}

Result<void> end_group_order(const Core& core, chain::Context& context, const GroupId& id,
                             Group group, GroupState state, market::Reason reason) {
  const market::OrderId live = group.order;
  const OrderId order_id{id, group.orders};
  group.state = state;
  group.order = {};
  TRY_VOID(kGroups.put(context, id, group));
  if (live == market::OrderId{}) return {};

  TRY(const std::optional<market::Order> order, core.market.find_order(context, live));
  TP_ASSERT(order);
  if (order->status == market::OrderStatus::kMatched)  // agreement_ended emits the events
    return core.market.close_agreement(context, order->agreement, reason);
  TRY(const std::vector<market::EndedBid> bids, core.market.close_order(context, live));
  events::order_closed(context, core.accounts, order_id, reason);
  for (const market::EndedBid& bid : bids)
    events::bid_closed(context, core.accounts, {order_id, bid.key.bidder}, reason);
  return {};
}

Result<void> end_lease(const Core& core, chain::Context& context, const FoundLease& lease,
                       market::Reason reason) {
  TRY_VOID(in_akash_words(core.escrow.settle(context, lease.agreement.escrow)));
  TRY(const std::optional<market::Agreement> agreement,
      core.market.find_agreement(context, lease.id));
  if (!agreement || !market::is_live(agreement->status)) return {};
  return in_akash_words(core.market.close_agreement(context, lease.id, reason));
}

Result<market::Reason> provider_reason(int reason) {
  if (reason < static_cast<int>(kProviderReasonMin.value) ||
      reason > static_cast<int>(kProviderReasonMax.value))
    return fail(compute::MarketError::kInvalidLeaseClosedReason,
                "value \"" + std::to_string(reason) + "\" range 10000..19999");
  return market::Reason{market::Closer::kOperator,
                        market::ReasonCode{static_cast<std::uint32_t>(reason)}};
}

std::int64_t reclaim_deadline_seconds(const market::Reclaim& reclaim) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return reclaim.deadline.nanoseconds / kSecond +
         (reclaim.deadline.nanoseconds % kSecond > 0 ? 1 : 0);
}

Result<void> schedule_forgetting(const Core& core, chain::Context& context,
                                 const DeploymentId& id) {
  TRY(const Duration wait, retention(core, context));
  return schedule_forgetting_in(core, context, id, wait);
}

Result<void> forget_deployment(const Core& core, chain::Context& context, const DeploymentId& id) {
  TRY(const std::optional<Deployment> deployment, kDeployments.find(context, id));
  if (!deployment || deployment->state != DeploymentState::kClosed) return {};
  bool has_orders = false;
  TRY_VOID(kOrders.scan(context, std::tie(id),
                        [&has_orders](const OrderId&, const OrderRow&) -> Result<store::Step> {
                          has_orders = true;
                          return store::Step::kStop;
                        }));
  if (has_orders) return schedule_forgetting_in(core, context, id, kForgetAgain);
  TRY_VOID(tell_deployment_left(core, context, id, *deployment));
  TRY_VOID(core.escrow.forget(context, deployment->escrow));
  TRY_VOID(kEscrowOwners.erase(context, deployment->escrow));
  for (std::uint32_t gseq = 1; gseq <= deployment->groups; ++gseq)
    TRY_VOID(kGroups.erase(context, {id, gseq}));
  return kDeployments.erase(context, id);
}

}  // namespace tp::compute
