// The tables of escrow.
#pragma once

#include "chain/ids.h"
#include "modules/escrow/account.h"
#include "modules/genesis_rows.h"
#include "store/table.h"

namespace tp::escrow {

inline constexpr store::Table<AccountId, Account> kAccounts{chain::kEscrowAccountsTable};
inline constexpr store::Table<store::OneRow, modules::Counter> kCounter{chain::kEscrowCounterTable};

}  // namespace tp::escrow
