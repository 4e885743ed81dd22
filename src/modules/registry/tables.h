// The tables of the registry.
#pragma once

#include "chain/ids.h"
#include "modules/genesis_rows.h"
#include "modules/registry/records.h"
#include "store/table.h"

namespace tp::registry {

struct NameKey {
  std::string name;
  auto fields() { return std::tie(name); }
  auto fields() const { return std::tie(name); }
};

struct NamedNetwork {
  static constexpr std::uint8_t kVersion = 1;
  NetworkId id;
  auto fields() { return std::tie(id); }
  auto fields() const { return std::tie(id); }
};

inline constexpr store::Table<NetworkId, Network> kNetworks{chain::kNetworksTable};
inline constexpr store::Table<NameKey, NamedNetwork> kNames{chain::kNetworkNamesTable};
inline constexpr store::Table<Address, Provider> kProviders{chain::kProvidersTable};
inline constexpr store::Table<AuditKey, Audit> kAudits{chain::kAuditsTable};
inline constexpr store::Table<store::OneRow, modules::Counter> kCounter{
    chain::kRegistryCounterTable};

// What the deposit for an audit stands for, in the bank's books.
Bytes deposit_key(const AuditKey& key);

}  // namespace tp::registry
