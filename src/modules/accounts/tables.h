// The tables of accounts.
#pragma once

#include "chain/ids.h"
#include "modules/accounts/accounts.h"
#include "store/table.h"

namespace tp::accounts {

struct Counter {
  static constexpr std::uint8_t kVersion = 1;
  AccountNumber next;
  auto fields() { return std::tie(next); }
  auto fields() const { return std::tie(next); }
};

inline constexpr store::Table<Address, Account> kAccounts{chain::kAccountsTable};
inline constexpr store::Table<store::OneRow, Counter> kCounter{chain::kAccountCounterTable};

}  // namespace tp::accounts
