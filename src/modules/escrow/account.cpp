#include "modules/escrow/account.h"

#include <algorithm>

namespace tp::escrow {

// Sums here cannot overflow: every unit is part of the supply, which the bank keeps in an Amount.

Amount Charge::balance() const {
  u128 sum = 0;
  for (const Drawn& drawn : accrued) sum += drawn.amount.units();
  return Amount{sum};
}

Amount Account::deposited() const {
  u128 sum = 0;
  for (const Deposit& deposit : deposits) sum += deposit.balance.units();
  return Amount{sum};
}

const Charge* Account::find(ChargeId charge) const {
  const auto found = std::find_if(charges.begin(), charges.end(),
                                  [charge](const Charge& one) { return one.id == charge; });
  return found == charges.end() ? nullptr : &*found;
}

ErrorInfo describe(EscrowError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"turnpike.escrow", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case EscrowError::kAccountNotFound: return info("escrow account not found");
    case EscrowError::kAccountClosed: return info("escrow account is closed");
    case EscrowError::kAccountOverdrawn: return info("escrow account is overdrawn: deposit first");
    case EscrowError::kChargeNotFound: return info("the escrow account has no such open charge");
    case EscrowError::kChargeExists: return info("the escrow account has this charge already");
    case EscrowError::kWrongKind: return info("the charge is of another kind");
    case EscrowError::kInsufficientDeposits: return info("the deposits do not cover it");
    case EscrowError::kTooManyDeposits: return info("the escrow account has too many depositors");
    case EscrowError::kTooManyCharges: return info("the escrow account has too many open charges");
    case EscrowError::kInvalidAmount: return info("invalid amount");
    case EscrowError::kAccountNotClosed: return info("escrow account is not closed");
    case EscrowError::kValidatorMissing: return info("this chain has nobody who validates dues");
  }
  TP_FATAL("EscrowError out of range");
}

}  // namespace tp::escrow
