// What this folder stores. Orders, bids and leases are the market's orders, bids and agreements;
// here stands only by which name Akash's clients know them.
#pragma once

#include "base/bytes.h"
#include "base/coin.h"
#include "base/time.h"
#include "chain/ids.h"
#include "modules/escrow/account.h"
#include "modules/market/records.h"
#include "networks/compute/chain/ids.h"
#include "store/table.h"

namespace tp::compute {

// The parameters of one network: Network::params in the registry holds this record.
struct ComputeParams {
  static constexpr std::uint8_t kVersion = 1;

  Coins deployment_deposits_min;  // by denomination; one for each of the network's denominations
  Coins bid_deposits_min;
  std::uint32_t order_bids_max = 20;  // open at once, 1..kOrderBidsLimit
  Duration reclaim_window_min = Duration::hours(1);
  Duration reclaim_window_max = Duration::hours(720);

  auto fields() {
    return std::tie(deployment_deposits_min, bid_deposits_min, order_bids_max, reclaim_window_min,
                    reclaim_window_max);
  }
  auto fields() const {
    return std::tie(deployment_deposits_min, bid_deposits_min, order_bids_max, reclaim_window_min,
                    reclaim_window_max);
  }
  bool operator==(const ComputeParams&) const = default;
};
inline constexpr std::uint32_t kOrderBidsLimit = 500;

// Which network the akash.* messages mean.
struct DefaultNetwork {
  static constexpr std::uint8_t kVersion = 1;

  NetworkId id;

  auto fields() { return std::tie(id); }
  auto fields() const { return std::tie(id); }
};

enum class DeploymentState : std::uint8_t { kActive = 1, kClosed = 2 };

struct Deployment {
  static constexpr std::uint8_t kVersion = 1;

  NetworkId network;
  DeploymentState state = DeploymentState::kActive;
  Hash256 hash;  // of the manifest
  Height created_height;
  Duration reclaim_window;  // the least that a bid must grant; zero: none asked
  escrow::AccountId escrow;
  std::uint32_t groups = 0;  // numbered from 1

  auto fields() {
    return std::tie(network, state, hash, created_height, reclaim_window, escrow, groups);
  }
  auto fields() const {
    return std::tie(network, state, hash, created_height, reclaim_window, escrow, groups);
  }
};

enum class GroupState : std::uint8_t {
  kOpen = 1,
  kPaused = 2,
  kInsufficientFunds = 3,
  kClosed = 4,
};

struct Group {
  static constexpr std::uint8_t kVersion = 1;

  GroupState state = GroupState::kOpen;
  Height created_height;
  Bytes spec;                // an akash.deployment.v1beta4.GroupSpec, as it came
  DecCoin price_max;         // per tick: the sum of price x count over its units
  std::uint32_t orders = 0;  // that it ever had; the oseq of the newest
  market::OrderId order;     // the one that is open or matched: exactly while the group is open

  auto fields() { return std::tie(state, created_height, spec, price_max, orders, order); }
  auto fields() const { return std::tie(state, created_height, spec, price_max, orders, order); }
};

struct OrderRow {
  static constexpr std::uint8_t kVersion = 1;

  market::OrderId order;  // 0 while it is being placed, inside one call

  auto fields() { return std::tie(order); }
  auto fields() const { return std::tie(order); }
};

struct EscrowOwner {
  static constexpr std::uint8_t kVersion = 1;

  DeploymentId deployment;

  auto fields() { return std::tie(deployment); }
  auto fields() const { return std::tie(deployment); }
};

inline constexpr store::Table<DeploymentId, Deployment> kDeployments{chain::kDeploymentsTable};
inline constexpr store::Table<GroupId, Group> kGroups{chain::kGroupsTable};
inline constexpr store::Table<OrderId, OrderRow> kOrders{chain::kComputeOrdersTable};
inline constexpr store::Table<store::OneRow, DefaultNetwork> kDefaultNetwork{
    chain::kComputeParamsTable};
inline constexpr store::Table<escrow::AccountId, EscrowOwner> kEscrowOwners{
    chain::kComputeEscrowOwnersTable};

// The payload of the market's order is the name of ours.
Bytes spec_payload(const OrderId& id);
// Nothing when the bytes are not such a payload.
std::optional<OrderId> order_named(const market::Spec& spec);

}  // namespace tp::compute
