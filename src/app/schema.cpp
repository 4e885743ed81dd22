#include <initializer_list>

#include "app/app.h"
#include "chain/ids.h"

namespace tp::app {
namespace {

struct TablePlace {
  store::TableId id;
  store::Placement placement;
};

store::StoreSchema store_of(store::StoreId id, std::initializer_list<TablePlace> tables) {
  store::StoreSchema schema{.id = id};
  for (const chain::StoreName& named : chain::kStoreNames)
    if (named.id == id) schema.name = named.name;
  for (const TablePlace& table : tables) {
    TP_ASSERT(table.id.store == id);
    schema.tables.push_back({.number = table.id.number,
                             .name = std::string(table.id.name),
                             .placement = table.placement});
  }
  return schema;
}

}  // namespace

store::StateSchema state_schema() {
  using enum store::Placement;
  return {.version = 1,
          .stores = {
              store_of(chain::kChainStore, {{chain::kChainParamsTable, kHot},
                                            {chain::kBlockClockTable, kHot},
                                            {chain::kScheduleTable, kHot},
                                            {chain::kScheduleCounterTable, kHot}}),
              store_of(chain::kAccountsStore,
                       {{chain::kAccountsTable, kHot}, {chain::kAccountCounterTable, kHot}}),
              store_of(chain::kBankStore, {{chain::kBalancesTable, kHot},
                                           {chain::kSupplyTable, kHot},
                                           {chain::kDenomMetadataTable, kCold},
                                           {chain::kRowDepositsTable, kCold},
                                           {chain::kFlowsTable, kHot},
                                           {chain::kFoundationTable, kHot}}),
              store_of(chain::kEscrowStore,
                       {{chain::kEscrowAccountsTable, kHot}, {chain::kEscrowCounterTable, kHot}}),
              store_of(chain::kRegistryStore, {{chain::kNetworksTable, kHot},
                                               {chain::kProvidersTable, kCold},
                                               {chain::kAuditsTable, kCold},
                                               {chain::kRegistryCounterTable, kHot},
                                               {chain::kNetworkNamesTable, kHot}}),
              store_of(chain::kMarketStore, {{chain::kOrdersTable, kCold},
                                             {chain::kBidsTable, kCold},
                                             {chain::kAgreementsTable, kCold},
                                             {chain::kMarketCounterTable, kHot},
                                             {chain::kAgreementsByOperatorTable, kHot},
                                             {chain::kOpenOrdersTable, kHot},
                                             {chain::kOffersTable, kCold},
                                             {chain::kMarketParamsTable, kHot},
                                             {chain::kEpochsTable, kHot},
                                             {chain::kEpochWeightsTable, kHot}}),
              store_of(chain::kComputeStore, {{chain::kDeploymentsTable, kCold},
                                              {chain::kGroupsTable, kCold},
                                              {chain::kComputeOrdersTable, kCold},
                                              {chain::kComputeBidsTable, kCold},
                                              {chain::kComputeLeasesTable, kCold},
                                              {chain::kComputeParamsTable, kHot},
                                              {chain::kComputeEscrowOwnersTable, kHot}}),
          }};
}

}  // namespace tp::app
