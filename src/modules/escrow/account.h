// What escrow stores: an account with its deposits and the charges against them, in one row,
// because whoever touches one of them settles all of them.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "base/address.h"
#include "base/coin.h"
#include "chain/block_info.h"
#include "chain/schedule.h"
#include "modules/network_id.h"

namespace tp::escrow {

using AccountId = Strong<struct AccountIdTag, std::uint64_t>;  // from 1, never reused
// Chosen by the module that opens the charge (the market: the number of the agreement); unique
// among the open charges of an account.
using ChargeId = Strong<struct ChargeIdTag, std::uint64_t>;
using Units = Strong<struct UnitsTag, std::uint64_t>;  // of a metered service

enum class AccountStatus : std::uint8_t {
  kOpen = 1,
  kOverdrawn = 2,  // nothing accrues until a deposit opens it again
  kClosed = 3,     // all paid out; only a record
};

enum class DepositSource : std::uint8_t {
  kBalance = 1,  // the depositor's own decision
  kGrant = 2,    // spent by the account's owner under the depositor's authorisation
};

// What is left of one payment into the account. Deposits are drawn on in the order in which they
// came.
struct Deposit {
  Address owner;  // who paid it, and to whom the rest goes back
  DepositSource source = DepositSource::kBalance;
  Height height;  // at which it came
  Amount balance;

  auto fields() { return std::tie(owner, source, height, balance); }
  auto fields() const { return std::tie(owner, source, height, balance); }
  bool operator==(const Deposit&) const = default;
};

enum class ChargeKind : std::uint8_t {
  kByTime = 1,   // price per tick of billable time
  kMetered = 2,  // price per unit, when a module reports verified units
  kOneOff = 3,   // the price once, earned when the charge is opened
};

// Money taken from one depositor for a charge, so that its payment names the true payer.
struct Drawn {
  Address owner;
  Amount amount;

  auto fields() { return std::tie(owner, amount); }
  auto fields() const { return std::tie(owner, amount); }
  bool operator==(const Drawn&) const = default;
};

struct Charge {
  ChargeId id;
  ChargeKind kind = ChargeKind::kByTime;
  bool validated = false;  // the DueValidator is asked at every settlement
  Address payee;
  Decimal price;  // base units per tick, per unit, or once
  // What is earned beyond whole base units: over tick nanoseconds x 10^18 for time, over 10^18 for
  // metered units. Kept exactly, so that every way of cutting an interval pays the same.
  u128 remainder = 0;
  std::vector<Drawn> accrued;  // earned and not yet paid out; still lies in the module's account
  Amount withdrawn;            // paid out so far
  Amount unsettled;            // due, but the deposits had run out

  // Earned and not yet paid out.
  Amount balance() const;

  auto fields() {
    return std::tie(id, kind, validated, payee, price, remainder, accrued, withdrawn, unsettled);
  }
  auto fields() const {
    return std::tie(id, kind, validated, payee, price, remainder, accrued, withdrawn, unsettled);
  }
  bool operator==(const Charge&) const = default;
};

struct Account {
  static constexpr std::uint8_t kVersion = 1;

  NetworkId network;
  Address owner;
  Denom denom;  // of every deposit and charge
  AccountStatus status = AccountStatus::kOpen;
  chain::BillableTime settled_at;  // charges are paid up to here
  Height settled_height;
  Amount transferred;  // taken from deposits for charges since the account was opened
  std::vector<Deposit> deposits;
  std::vector<Charge> charges;  // open ones, in the order in which they were opened
  // Stands exactly while the account is open and has a charge by time with a price.
  std::optional<chain::ScheduleTicket> runs_dry;

  // What the deposits still hold.
  Amount deposited() const;
  const Charge* find(ChargeId charge) const;

  auto fields() {
    return std::tie(network, owner, denom, status, settled_at, settled_height, transferred,
                    deposits, charges, runs_dry);
  }
  auto fields() const {
    return std::tie(network, owner, denom, status, settled_at, settled_height, transferred,
                    deposits, charges, runs_dry);
  }
  bool operator==(const Account&) const = default;
};

enum class EscrowError : std::uint32_t {
  kAccountNotFound = 2,
  kAccountClosed = 3,
  kAccountOverdrawn = 4,
  kChargeNotFound = 5,
  kChargeExists = 6,
  kWrongKind = 7,
  kInsufficientDeposits = 8,
  kTooManyDeposits = 9,
  kTooManyCharges = 10,
  kInvalidAmount = 11,
  kAccountNotClosed = 12,
  kValidatorMissing = 13,
};
ErrorInfo describe(EscrowError error);

}  // namespace tp::escrow
