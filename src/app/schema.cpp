#include <initializer_list>

#include "app/app.h"
#include "chain/tables.h"
#include "modules/accounts/tables.h"
#include "modules/bank/tables.h"
#include "modules/escrow/tables.h"
#include "modules/market/tables.h"
#include "modules/registry/tables.h"
#include "networks/compute/chain/records.h"
#include "store/table_schema.h"

namespace tp::app {
namespace {

using store::cold;
using store::hot;

store::StoreSchema store_of(store::StoreId id, std::initializer_list<store::PlacedTable> tables) {
  store::StoreSchema schema{.id = id};
  for (const chain::StoreName& named : chain::kStoreNames)
    if (named.id == id) schema.name = named.name;
  for (const store::PlacedTable& table : tables) {
    TP_ASSERT(table.store == id);
    schema.tables.push_back(table.table);
  }
  return schema;
}

}  // namespace

store::StateSchema state_schema() {
  return {.version = 2,
          .stores = {
              store_of(chain::kChainStore,
                       {hot(chain::kParams), hot(chain::kClock), hot(chain::kScheduleEntries),
                        hot(chain::kScheduleCounter)}),
              store_of(chain::kAccountsStore, {hot(accounts::kAccounts), hot(accounts::kCounter)}),
              store_of(chain::kBankStore,
                       {hot(bank::kBalances), hot(bank::kSupply), cold(bank::kMetadata),
                        cold(bank::kRowDeposits), hot(bank::kFlows), hot(bank::kFoundation)}),
              store_of(chain::kEscrowStore, {hot(escrow::kAccounts), hot(escrow::kCounter)}),
              store_of(chain::kRegistryStore,
                       {hot(registry::kNetworks), cold(registry::kProviders),
                        cold(registry::kAudits), hot(registry::kCounter), hot(registry::kNames)}),
              store_of(chain::kMarketStore,
                       {cold(market::kOrders), cold(market::kBids), cold(market::kAgreements),
                        hot(market::kCounters), hot(market::kLiveAgreements),
                        hot(market::kOpenOrders), cold(market::kOffers), hot(market::kParams),
                        hot(market::kEpochs), hot(market::kEpochWeights)}),
              store_of(chain::kComputeStore,
                       {cold(compute::kDeployments), cold(compute::kGroups), cold(compute::kOrders),
                        hot(compute::kDefaultNetwork), hot(compute::kEscrowOwners)}),
          }};
}

std::vector<store::Migration> state_migrations() {
  const auto nothing = [](store::Writer&) -> Result<void> { return {}; };
  return {
      // Since 2 the versions of records stand in the schema, and two tables of compute that never
      // held a row (bids, leases) have left it.
      {.from = 1, .to = 2, .run = nothing},
  };
}

}  // namespace tp::app
