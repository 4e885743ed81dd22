// What every file of this folder works with: the modules below, and the few steps that several
// messages share. Private to the folder.
#pragma once

#include <optional>

#include "modules/accounts/accounts.h"
#include "modules/escrow/escrow.h"
#include "modules/market/market.h"
#include "modules/registry/registry.h"
#include "networks/compute/chain/records.h"

namespace tp::compute {

struct Core {
  accounts::Accounts& accounts;
  escrow::Escrow& escrow;
  registry::Registry& registry;
  market::Market& market;
  chain::Schedule& schedule;
  const chain::ChainParams& chain;
};

// --- Networks ---

struct NetworkInfo {
  NetworkId id;
  registry::Network record;
  ComputeParams params;

  bool takes(const Denom& denom) const;
};

// Errors: DeploymentError::kInvalidParam saying what is wrong.
Result<ComputeParams> params_of(const registry::Network& network);
Result<void> check_params(const registry::Network& network, const ComputeParams& params);

Result<NetworkInfo> network_info(const Core& core, const store::Reader& state, NetworkId id);
// The one that the akash.* messages mean.
Result<NetworkInfo> default_network(const Core& core, const store::Reader& state);

// --- Looking up ---

struct FoundOrder {
  market::OrderId id;
  market::Order order;
};
Result<std::optional<FoundOrder>> find_order(const Core& core, const store::Reader& state,
                                             const OrderId& id);
// Nothing when the order or the bid is not there.
Result<std::optional<market::Bid>> find_bid(const Core& core, const store::Reader& state,
                                            const BidId& id);

struct FoundLease {
  market::AgreementId id;
  market::Agreement agreement;
};
Result<std::optional<FoundLease>> find_lease(const Core& core, const store::Reader& state,
                                             const LeaseId& id);

// The lease that came of an order, if any.
Result<std::optional<std::pair<LeaseId, FoundLease>>> lease_of(const Core& core,
                                                               const store::Reader& state,
                                                               const OrderId& id);

// --- Steps ---

inline constexpr market::ReasonCode kClosedByOwner{1};
inline constexpr market::ReasonCode kProviderReasonMin{10'000};
inline constexpr market::ReasonCode kProviderReasonMax{19'999};
inline constexpr market::Reason kOwnerCloses{market::Closer::kCustomer, kClosedByOwner};
inline constexpr market::Reason kNetworkRanDry{market::Closer::kNetwork, market::kRanDry};

// Opens the group's next order and saves the group. Precondition: it has none; `deployment` is its.
// Errors: those of Market::place_order in Akash's words.
Result<void> place_order(const Core& core, chain::Context& context, const NetworkInfo& network,
                         const GroupId& id, const Deployment& deployment, Group group);

// Closes the order that the group has, if any, with its bids and its lease, and emits their events.
// The group is saved, with `state`, before anything is told, so that no new order opens.
Result<void> end_group_order(const Core& core, chain::Context& context, const GroupId& id,
                             Group group, GroupState state, market::Reason reason);

// Ends a live lease, after settling: one that has run dry by now ends for that reason instead.
// Errors: those of Market::close_agreement in Akash's words.
Result<void> end_lease(const Core& core, chain::Context& context, const FoundLease& lease,
                       market::Reason reason);

// The reason that a provider gives, out of a message. Errors:
// compute::MarketError::kInvalidLeaseClosedReason outside 10000..19999.
Result<market::Reason> provider_reason(int reason);

// In whole seconds since 1970, as Akash's clients know it; rounded up, so that whoever waits for it
// is not refused.
std::int64_t reclaim_deadline_seconds(const market::Reclaim& reclaim);

// Removes a deployment that closed a retention window ago; called by the schedule.
Result<void> forget_deployment(const Core& core, chain::Context& context, const DeploymentId& id);
Result<void> schedule_forgetting(const Core& core, chain::Context& context, const DeploymentId& id);

// Says how they were, before they are erased (chain/history.h): an order with its bids and its
// lease; a deployment with its account.
Result<void> tell_order_left(const Core& core, chain::Context& context, const OrderId& id,
                             const FoundOrder& order);
Result<void> tell_deployment_left(const Core& core, chain::Context& context, const DeploymentId& id,
                                  const Deployment& deployment);

// --- Messages and queries, by subject ---

void add_deployment_messages(const Core& core, chain::MessageRouter& router);
void add_group_messages(const Core& core, chain::MessageRouter& router);
void add_bid_messages(const Core& core, chain::MessageRouter& router);
void add_lease_messages(const Core& core, chain::MessageRouter& router);
void add_escrow_messages(const Core& core, chain::MessageRouter& router);
void add_provider_messages(const Core& core, chain::MessageRouter& router);
void add_audit_messages(const Core& core, chain::MessageRouter& router);
void add_params_messages(const Core& core, chain::MessageRouter& router);

}  // namespace tp::compute
