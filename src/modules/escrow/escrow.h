// Escrow: a customer's deposits, and the charges that operators draw on them.
//
// Settlement is lazy: nothing happens per block. Whoever touches an account first pays for the time
// since the last touch, and the schedule wakes each account at the moment when it runs dry, so that
// no agreement runs free. Settled money accrues to its charge and lies in the module's account
// until it is withdrawn or the charge closes: a settlement touches one row, and the payee decides
// when a payment is worth its gas. Rules: design.md §7; specs/compute-market.md §2.5.
#pragma once

#include <span>
#include <vector>

#include "chain/module.h"
#include "chain/schedule.h"
#include "modules/accounts/accounts.h"
#include "modules/bank/bank.h"
#include "modules/escrow/account.h"

namespace tp::escrow {

// Whom escrow tells; passed in by app/.
class DryObserver {
 public:
  virtual ~DryObserver() = default;
  // The deposits of `account` stopped covering its charges at `due`, which may lie before the
  // block. The account is overdrawn, settled up to `due`, and its charges are still there: they
  // earn nothing until a deposit comes; the observer may close them. It must not fail for any
  // reason but gas.
  virtual Result<void> escrow_ran_dry(chain::Context& context, AccountId account, NetworkId network,
                                      chain::BillableTime due) = 0;
};

struct Interval {
  chain::BillableTime from;
  chain::BillableTime to;
};

// May reduce what a charge that was opened as `validated` is due; passed in by app/.
class DueValidator {
 public:
  virtual ~DueValidator() = default;
  // Of `earned` whole base units in `interval`, how many are owed: at most `earned`. What is not
  // owed stays with the depositors. For metered charges the interval is empty.
  virtual Result<Amount> payable(const store::Reader& state, AccountId account,
                                 const Charge& charge, Interval interval, Amount earned) const = 0;
};

// Money for an account, and whose it is.
struct Funding {
  Address owner;
  Amount amount;
  DepositSource source = DepositSource::kBalance;
};

struct ChargeTerms {
  ChargeId id;
  ChargeKind kind = ChargeKind::kByTime;
  Address payee;
  Decimal price;  // base units per tick, per unit, or once (then whole)
  bool validated = false;
};

// What closing an account did.
struct Closing {
  std::vector<Charge> charges;    // final figures: nothing accrued, all withdrawn
  std::vector<Deposit> refunded;  // balance: what went back to the owner
};

class Escrow final : public chain::Module {
 public:
  // A settlement costs O(deposits + charges), so both are bounded, and so are the other depositors
  // with money in either. The owner may deposit even when others have filled the list.
  static constexpr std::size_t kDepositsMax = 32;
  static constexpr std::size_t kChargesMax = 32;

  // Adds its handler to the schedule. All references must outlive the object.
  Escrow(accounts::Accounts& accounts, bank::Bank& bank, chain::Schedule& schedule,
         const chain::ChainParams& params);

  // For the composition root. Without an observer a dry account just stays overdrawn; without a
  // validator no charge may be opened as validated.
  void set_dry_observer(DryObserver& observer) { on_dry_ = &observer; }
  void set_due_validator(const DueValidator& validator) { validator_ = &validator; }

  Result<std::optional<Account>> find(const store::Reader& state, AccountId id) const;
  // Errors: kAccountNotFound.
  Result<Account> get(const store::Reader& state, AccountId id) const;

  // A new open account with these deposits. Errors: kInvalidAmount (a funding of nothing);
  // SdkError::kInsufficientFunds. Cost: two rows and a bank movement a funding.
  Result<AccountId> open(chain::Context& context, NetworkId network, const Address& owner,
                         const Denom& denom, std::span<const Funding> fundings) const;

  // Settles, then adds money. An overdrawn account first pays what its open charges are still owed
  // (`unsettled`), and is open again once nothing is: they earn from now on. Charges that the
  // observer closed when the account ran dry are not among them (the market closes all): what they
  // were owed is never paid.
  // Errors: kAccountNotFound, kAccountClosed, kInvalidAmount, kTooManyDeposits;
  // SdkError::kInsufficientFunds.
  Result<void> deposit(chain::Context& context, AccountId id, const Funding& funding) const;

  // Settles, then opens a charge that earns from now on. A one-off charge earns its whole price at
  // once and is refused when the deposits do not cover it.
  // Errors: kAccountNotFound, kAccountClosed, kAccountOverdrawn, kChargeExists, kTooManyCharges,
  // kInsufficientDeposits (one-off), kInvalidAmount (one-off price that is not whole).
  Result<void> open_charge(chain::Context& context, AccountId id, const ChargeTerms& terms) const;

  // Settles, then the charge earns at `price` from now on. The fraction earned so far stays.
  // Errors: as open_charge, kChargeNotFound, kWrongKind (one-off).
  Result<void> change_price(chain::Context& context, AccountId id, ChargeId charge,
                            Decimal price) const;

  // Settles, then the metered charge earns price x units. The caller has verified the units. When
  // the deposits do not cover it, pays what there is, notes the rest as unsettled and the account
  // is overdrawn; an observer that then closes the charge ends that debt (see deposit). Returns the
  // whole base units that accrued.
  // Errors: kAccountNotFound, kAccountClosed, kAccountOverdrawn, kChargeNotFound, kWrongKind,
  // BaseError::kOverflow.
  Result<Amount> meter(chain::Context& context, AccountId id, ChargeId charge, Units units) const;

  // Pays every open charge for the time in (settled_at, now]; does nothing on closed and overdrawn
  // accounts. May find that the account ran dry, and then tells the observer.
  // Errors: kAccountNotFound. Cost: O(open charges).
  Result<void> settle(chain::Context& context, AccountId id) const;

  // Settles and pays what has accrued to the payee: one bank movement a depositor, purpose service.
  // Returns what was paid; zero is no error.
  // Errors: kAccountNotFound, kChargeNotFound (also when this settlement made the observer close
  // it).
  Result<Amount> withdraw(chain::Context& context, AccountId id, ChargeId charge) const;

  // Settles, pays the payee and removes the charge. The fraction of a base unit that it had earned
  // stays with the customer. Returns its final figures. Errors: as withdraw.
  Result<Charge> close_charge(chain::Context& context, AccountId id, ChargeId charge) const;

  // Settles, closes every charge and returns each deposit to its owner. The closed account stays as
  // a record until `forget`. Errors: kAccountNotFound, kAccountClosed.
  Result<Closing> close(chain::Context& context, AccountId id) const;

  // Removes the record of a closed account. Errors: kAccountNotFound, kAccountNotClosed.
  Result<void> forget(chain::Context& context, AccountId id) const;

  const Address& module_address() const { return module_address_; }

  std::string_view name() const override { return "escrow"; }
  void add_messages(chain::MessageRouter& router) override;
  void add_queries(chain::QueryRouter& router) override;
  Result<void> import_genesis(chain::Context& context, const boost::json::value* json) override;
  Result<boost::json::value> export_genesis(const store::Reader& state) const override;
  // The module's account holds exactly the deposits and what has accrued, by denomination; a
  // schedule entry stands exactly for the accounts that can run dry.
  Result<void> check_invariants(const store::Reader& state) const override;

 private:
  // The account, settled in memory up to the block or the moment at which it ran dry. In the second
  // case it is stored and the observer told already; otherwise the caller stores it.
  Result<Account> settled(chain::Context& context, AccountId id, Account account) const;
  Result<Account> settled(chain::Context& context, AccountId id) const;
  Result<bool> settle_in_memory(const chain::Context& context, AccountId id,
                                Account& account) const;
  Result<Amount> owed(const chain::Context& context, AccountId id, const Charge& charge,
                      Interval interval, Amount earned) const;
  Result<void> overdraw(chain::Context& context, AccountId id, Account& account) const;
  Result<void> save(chain::Context& context, AccountId id, Account& account) const;
  Result<void> add(chain::Context& context, Account& account, const Funding& funding) const;
  Result<Amount> pay_out(chain::Context& context, const Denom& denom, Charge& charge) const;
  Result<void> runs_dry(chain::Context& context, BytesView key) const;

  accounts::Accounts& accounts_;
  bank::Bank& bank_;
  chain::Schedule& schedule_;
  const chain::ChainParams& params_;
  Address module_address_;
  DryObserver* on_dry_ = nullptr;
  const DueValidator* validator_ = nullptr;
};

}  // namespace tp::escrow
