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

// accounts::Account before balances of the fee's denomination came to it.
struct AccountBefore3 {
  static constexpr std::uint8_t kVersion = 1;

  accounts::AccountNumber number;
  accounts::Sequence sequence;
  Bytes secp256k1_public_key;
  std::string module_name;

  auto fields() { return std::tie(number, sequence, secp256k1_public_key, module_name); }
  auto fields() const { return std::tie(number, sequence, secp256k1_public_key, module_name); }
};

Result<void> move_fee_balances_to_accounts(store::Writer& state) {
  constexpr store::Table<Address, AccountBefore3> accounts_before{chain::kAccountsTable};
  TRY(const chain::ChainParams params, chain::kParams.get(state, store::OneRow{}));
  TRY(const auto rows, accounts_before.collect(state, std::tuple<>{}));
  for (const auto& [address, before] : rows) {
    const bank::BalanceKey key{address, params.fee_denom};
    TRY(const std::optional<bank::Balance> balance, bank::kBalances.find(state, key));
    if (balance) TRY_VOID(bank::kBalances.erase(state, key));
    TRY_VOID(accounts::kAccounts.put(state, address,
                                     {.number = before.number,
                                      .sequence = before.sequence,
                                      .fee_balance = balance.value_or(bank::Balance{}).amount,
                                      .secp256k1_public_key = before.secp256k1_public_key,
                                      .module_name = before.module_name}));
  }
  return {};
}

}  // namespace

store::StateSchema state_schema() {
  return {.version = 3,
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
      // Since 3 balances of the fee's denomination lie in the accounts' rows.
      {.from = 2, .to = 3, .run = move_fee_balances_to_accounts},
  };
}

}  // namespace tp::app
