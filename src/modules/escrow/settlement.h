// The arithmetic of escrow: what charges earn, when deposits end, how a shortage is shared. Pure
// functions on an account in memory; escrow.cpp stores and pays.
//
// With M = tick_ns x 10^18, a charge by time of price p (scaled by 10^18) earns p / M base units a
// nanosecond. Whole units are taken from the deposits, the remainder is kept over M. Nothing is
// ever rounded while an account can pay, so the state after a settlement at t does not depend on
// the settlements before t.
#pragma once

#include <optional>
#include <vector>

#include "modules/escrow/account.h"

namespace tp::escrow {

// The highest price of a charge, in base units per tick or unit. Keeps every sum below in 128 bits:
// kChargesMax prices, scaled by 10^18, stay under 2^127.
inline constexpr Decimal kPriceMax = Decimal::from_scaled(Decimal::kOne * Decimal::kOne);

// Earned since the last settlement: whole base units, and what stays below one.
struct Due {
  Amount whole;
  u128 remainder = 0;
};

// Errors: kOverflow, in spans that no chain sees (2^63 ns at the highest price fit).
Result<Due> due_for_time(const Charge& charge, Duration elapsed, Duration tick);
Result<Due> due_for_units(const Charge& charge, Units units);

// The first moment, not before settled_at, at which the deposits no longer cover what the charges
// by time have earned, fractions included; saturates at the end of time. Nothing when no charge
// earns by time.
std::optional<chain::BillableTime> runs_dry_at(const Account& account, Duration tick);

// The fractions that charges by time have earned exceed the deposits.
bool is_dry(const Account& account, Duration tick);

// Moves `amount` from the deposits to the charge, oldest deposit first; drained deposits go.
// Precondition: the deposits hold it.
void draw(Account& account, Charge& charge, Amount amount);

// Of `available`, a share for each due in proportion to it. The shares add up to `available`
// exactly: what the divisions leave goes, a unit each, to the largest remainders, the earlier first
// among equals. Precondition: the dues add up to more than `available`.
Result<std::vector<Amount>> share_out(Amount available, const std::vector<Amount>& dues);

// Takes what the charges have earned, or their shares of what there is; the rest is `unsettled`.
// Returns the rest of all charges.
// `dues` runs parallel to account.charges; a charge that earned nothing has an unchanged remainder.
Result<Amount> take_dues(Account& account, const std::vector<Due>& dues);

// The last units of a dry account, fewer than there are charges, go to the largest fractions, which
// are then paid up. Afterwards the deposits are empty.
void take_last_units(Account& account);

}  // namespace tp::escrow
