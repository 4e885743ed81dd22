// Every number that stands in state: stores, tables, schedule handlers, modules' accounts. Never
// reused, never renumbered; scripts/lint compares with ids.lock. To add one: take the next free
// number here and run `scripts/lint --record-ids`.
#pragma once

#include <cstdint>

#include "store/table.h"

namespace tp::chain {

// Stores: one Merkle tree each. The name is in the multistore root (specs/chain.md §3.2), the
// number in memory only.
inline constexpr store::StoreId kChainStore{1};
inline constexpr store::StoreId kAccountsStore{2};
inline constexpr store::StoreId kBankStore{3};
inline constexpr store::StoreId kEscrowStore{4};
inline constexpr store::StoreId kRegistryStore{5};
inline constexpr store::StoreId kMarketStore{6};
inline constexpr store::StoreId kComputeStore{7};

struct StoreName {
  store::StoreId id;
  std::string_view name;
};
inline constexpr StoreName kStoreNames[] = {
    {kChainStore, "chain"},     {kAccountsStore, "accounts"}, {kBankStore, "bank"},
    {kEscrowStore, "escrow"},   {kRegistryStore, "registry"}, {kMarketStore, "market"},
    {kComputeStore, "compute"},
};

// Tables: (store, number, name).
inline constexpr store::TableId kChainParamsTable{kChainStore, 1, "chain.params"};
inline constexpr store::TableId kBlockClockTable{kChainStore, 2, "chain.block_clock"};
inline constexpr store::TableId kScheduleTable{kChainStore, 3, "chain.schedule"};
inline constexpr store::TableId kScheduleCounterTable{kChainStore, 4, "chain.schedule_counter"};

inline constexpr store::TableId kAccountsTable{kAccountsStore, 1, "accounts.accounts"};
inline constexpr store::TableId kAccountCounterTable{kAccountsStore, 2, "accounts.counter"};

inline constexpr store::TableId kBalancesTable{kBankStore, 1, "bank.balances"};
inline constexpr store::TableId kSupplyTable{kBankStore, 2, "bank.supply"};
inline constexpr store::TableId kDenomMetadataTable{kBankStore, 3, "bank.denom_metadata"};
inline constexpr store::TableId kRowDepositsTable{kBankStore, 4, "bank.row_deposits"};
inline constexpr store::TableId kFlowsTable{kBankStore, 5, "bank.flows"};
inline constexpr store::TableId kFoundationTable{kBankStore, 6, "bank.foundation"};

inline constexpr store::TableId kEscrowAccountsTable{kEscrowStore, 1, "escrow.accounts"};
inline constexpr store::TableId kEscrowCounterTable{kEscrowStore, 4, "escrow.counter"};

inline constexpr store::TableId kNetworksTable{kRegistryStore, 1, "registry.networks"};
inline constexpr store::TableId kProvidersTable{kRegistryStore, 2, "registry.providers"};
inline constexpr store::TableId kAuditsTable{kRegistryStore, 3, "registry.audits"};
inline constexpr store::TableId kRegistryCounterTable{kRegistryStore, 4, "registry.counter"};
inline constexpr store::TableId kNetworkNamesTable{kRegistryStore, 5, "registry.network_names"};

inline constexpr store::TableId kOrdersTable{kMarketStore, 1, "market.orders"};
inline constexpr store::TableId kBidsTable{kMarketStore, 2, "market.bids"};
inline constexpr store::TableId kAgreementsTable{kMarketStore, 3, "market.agreements"};
inline constexpr store::TableId kMarketCounterTable{kMarketStore, 4, "market.counter"};
inline constexpr store::TableId kAgreementsByOperatorTable{kMarketStore, 5,
                                                           "market.agreements_by_operator"};
inline constexpr store::TableId kOpenOrdersTable{kMarketStore, 6, "market.open_orders"};
inline constexpr store::TableId kOffersTable{kMarketStore, 7, "market.offers"};
inline constexpr store::TableId kMarketParamsTable{kMarketStore, 8, "market.params"};
inline constexpr store::TableId kEpochsTable{kMarketStore, 9, "market.epochs"};
inline constexpr store::TableId kEpochWeightsTable{kMarketStore, 10, "market.epoch_weights"};

inline constexpr store::TableId kDeploymentsTable{kComputeStore, 1, "compute.deployments"};
inline constexpr store::TableId kGroupsTable{kComputeStore, 2, "compute.groups"};
inline constexpr store::TableId kComputeOrdersTable{kComputeStore, 3, "compute.orders"};
inline constexpr store::TableId kComputeParamsTable{kComputeStore, 6, "compute.params"};
inline constexpr store::TableId kComputeEscrowOwnersTable{kComputeStore, 7,
                                                          "compute.escrow_owners"};

// Schedule handlers: who is woken.
enum class HandlerId : std::uint8_t {
  kEscrowRunsDry = 1,
  kMarketForgets = 2,  // the retention window of something closed is over
  kEpochEnds = 3,
  kComputeForgets = 4,  // the retention window of a closed deployment is over
};

}  // namespace tp::chain
