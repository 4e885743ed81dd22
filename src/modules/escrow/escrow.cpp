#include "modules/escrow/escrow.h"

#include <algorithm>
#include <set>

#include "crypto/address.h"
#include "modules/escrow/settlement.h"
#include "modules/escrow/tables.h"

namespace tp::escrow {
namespace {

constexpr store::OneRow kOnly{};

std::string text(AccountId id) {
  return std::to_string(id.value);
}
std::string text(AccountId id, ChargeId charge) {
  return "account " + text(id) + ", charge " + std::to_string(charge.value);
}

Result<Charge*> find_charge(Account& account, AccountId id, ChargeId charge) {
  const auto found = std::find_if(account.charges.begin(), account.charges.end(),
                                  [charge](const Charge& one) { return one.id == charge; });
  if (found == account.charges.end()) return fail(EscrowError::kChargeNotFound, text(id, charge));
  return &*found;
}

Result<void> require_open(const Account& account, AccountId id) {
  if (account.status == AccountStatus::kClosed) return fail(EscrowError::kAccountClosed, text(id));
  if (account.status == AccountStatus::kOverdrawn)
    return fail(EscrowError::kAccountOverdrawn, text(id));
  return {};
}

Result<void> check_price(const ChargeTerms& terms) {
  if (terms.price > kPriceMax)
    return fail(EscrowError::kInvalidAmount, "price " + terms.price.to_string_trimmed() +
                                                 " is above " + kPriceMax.to_string_trimmed());
  if (terms.kind == ChargeKind::kOneOff && !terms.price.fraction().is_zero())
    return fail(EscrowError::kInvalidAmount,
                "a one-off price is whole, not " + terms.price.to_string_trimmed());
  return {};
}

bool earns_by_validated_time(const Charge& charge) {
  return charge.validated && charge.kind == ChargeKind::kByTime;
}

// Whose money is here besides the owner's: each of them costs a movement when a charge is paid out.
std::size_t other_depositors(const Account& account) {
  std::set<Address> others;
  for (const Deposit& deposit : account.deposits) others.insert(deposit.owner);
  for (const Charge& charge : account.charges)
    for (const Drawn& drawn : charge.accrued) others.insert(drawn.owner);
  others.erase(account.owner);
  return others.size();
}

bool has_money_of(const Account& account, const Address& owner) {
  const auto is_his = [&owner](const auto& part) { return part.owner == owner; };
  return std::any_of(account.deposits.begin(), account.deposits.end(), is_his) ||
         std::any_of(account.charges.begin(), account.charges.end(), [&](const Charge& charge) {
           return std::any_of(charge.accrued.begin(), charge.accrued.end(), is_his);
         });
}

// Pays old debts from what has been deposited, the oldest charge first. True when nothing is owed.
bool pay_debts(Account& account) {
  bool paid = true;
  for (Charge& charge : account.charges) {
    const Amount amount = std::min(charge.unsettled, account.deposited());
    draw(account, charge, amount);
    charge.unsettled = charge.unsettled.minus_or_zero(amount);
    paid = paid && charge.unsettled.is_zero();
  }
  return paid;
}

}  // namespace

Escrow::Escrow(accounts::Accounts& accounts, bank::Bank& bank, chain::Schedule& schedule,
               const chain::ChainParams& params)
    : accounts_(accounts),
      bank_(bank),
      schedule_(schedule),
      params_(params),
      module_address_(crypto::module_address("escrow")) {
  schedule.on(chain::HandlerId::kEscrowRunsDry,
              [this](chain::Context& context, BytesView key, std::int64_t) {
                return runs_dry(context, key);
              });
}

Result<std::optional<Account>> Escrow::find(const store::Reader& state, AccountId id) const {
  return kAccounts.find(state, id);
}

Result<Account> Escrow::get(const store::Reader& state, AccountId id) const {
  TRY(std::optional<Account> account, kAccounts.find(state, id));
  if (!account) return fail(EscrowError::kAccountNotFound, text(id));
  return *std::move(account);
}

Result<AccountId> Escrow::open(chain::Context& context, NetworkId network, const Address& owner,
                               const Denom& denom, std::span<const Funding> fundings) const {
  Account account{.network = network,
                  .owner = owner,
                  .denom = denom,
                  .settled_at = context.block().billable_now,
                  .settled_height = context.block().height};
  for (const Funding& funding : fundings) TRY_VOID(add(context, account, funding));

  TRY(const auto counter, kCounter.find(context, kOnly));
  const AccountId id{counter.value_or(modules::Counter{}).next};
  TRY_VOID(kCounter.put(context, kOnly, {id.value + 1}));
  TRY_VOID(save(context, id, account));
  return id;
}

Result<void> Escrow::deposit(chain::Context& context, AccountId id, const Funding& funding) const {
  TRY(Account account, settled(context, id));
  if (account.status == AccountStatus::kClosed) return fail(EscrowError::kAccountClosed, text(id));
  TRY_VOID(add(context, account, funding));
  if (account.status == AccountStatus::kOverdrawn && pay_debts(account)) {
    account.status = AccountStatus::kOpen;
    account.settled_at = context.block().billable_now;
    account.settled_height = context.block().height;
  }
  return save(context, id, account);
}

Result<void> Escrow::open_charge(chain::Context& context, AccountId id,
                                 const ChargeTerms& terms) const {
  TRY_VOID(check_price(terms));
  if (terms.validated && validator_ == nullptr)
    return fail(EscrowError::kValidatorMissing, text(id, terms.id));
  TRY(Account account, settled(context, id));
  TRY_VOID(require_open(account, id));
  if (account.find(terms.id) != nullptr)
    return fail(EscrowError::kChargeExists, text(id, terms.id));
  if (account.charges.size() >= kChargesMax)
    return fail(EscrowError::kTooManyCharges,
                "account " + text(id) + " has " + std::to_string(kChargesMax));

  Charge& charge = account.charges.emplace_back(Charge{.id = terms.id,
                                                       .kind = terms.kind,
                                                       .validated = terms.validated,
                                                       .payee = terms.payee,
                                                       .price = terms.price});
  if (terms.kind == ChargeKind::kOneOff) {
    TRY(const Amount amount,
        owed(context, id, charge, {account.settled_at, account.settled_at}, terms.price.floor()));
    if (amount > account.deposited())
      return fail(EscrowError::kInsufficientDeposits,
                  amount.to_string() + " of " + account.deposited().to_string());
    draw(account, charge, amount);
  }
  return save(context, id, account);
}

Result<void> Escrow::change_price(chain::Context& context, AccountId id, ChargeId charge_id,
                                  Decimal price) const {
  TRY(Account account, settled(context, id));
  TRY_VOID(require_open(account, id));
  TRY(Charge * charge, find_charge(account, id, charge_id));
  if (charge->kind == ChargeKind::kOneOff)
    return fail(EscrowError::kWrongKind, text(id, charge_id) + " is one-off");
  TRY_VOID(check_price({.id = charge_id, .kind = charge->kind, .payee = {}, .price = price}));
  charge->price = price;
  return save(context, id, account);
}

Result<Amount> Escrow::meter(chain::Context& context, AccountId id, ChargeId charge_id,
                             Units units) const {
  TRY(Account account, settled(context, id));
  TRY_VOID(require_open(account, id));
  TRY(Charge * charge, find_charge(account, id, charge_id));
  if (charge->kind != ChargeKind::kMetered)
    return fail(EscrowError::kWrongKind, text(id, charge_id) + " is not metered");

  TRY(const Due due, due_for_units(*charge, units));
  TRY(const Amount amount,
      owed(context, id, *charge, {account.settled_at, account.settled_at}, due.whole));
  const Amount paid = std::min(amount, account.deposited());
  draw(account, *charge, paid);
  charge->remainder = due.remainder;
  if (paid == amount) {
    TRY_VOID(save(context, id, account));
    return paid;
  }
  TRY_TO(charge->unsettled, charge->unsettled.plus(amount.minus_or_zero(paid)));
  TRY_VOID(overdraw(context, id, account));
  return paid;
}

Result<void> Escrow::settle(chain::Context& context, AccountId id) const {
  TRY(Account account, settled(context, id));
  return account.status == AccountStatus::kOpen ? save(context, id, account) : Result<void>{};
}

Result<Amount> Escrow::withdraw(chain::Context& context, AccountId id, ChargeId charge_id) const {
  TRY(Account account, settled(context, id));
  TRY(Charge * charge, find_charge(account, id, charge_id));
  TRY(const Amount paid, pay_out(context, account.denom, *charge));
  TRY_VOID(save(context, id, account));
  return paid;
}

Result<Charge> Escrow::close_charge(chain::Context& context, AccountId id,
                                    ChargeId charge_id) const {
  TRY(Account account, settled(context, id));
  TRY(Charge * charge, find_charge(account, id, charge_id));
  TRY_VOID(pay_out(context, account.denom, *charge));
  Charge last = std::move(*charge);
  account.charges.erase(account.charges.begin() + (charge - account.charges.data()));
  TRY_VOID(save(context, id, account));
  return last;
}

Result<Closing> Escrow::close(chain::Context& context, AccountId id) const {
  TRY(Account account, settled(context, id));
  if (account.status == AccountStatus::kClosed) return fail(EscrowError::kAccountClosed, text(id));
  for (Charge& charge : account.charges) TRY_VOID(pay_out(context, account.denom, charge));
  for (const Deposit& deposit : account.deposits)
    TRY_VOID(bank_.move(context, {.from = module_address_,
                                  .to = deposit.owner,
                                  .coin = {account.denom, deposit.balance},
                                  .purpose = bank::Purpose::kRefund,
                                  .payer = deposit.owner}));
  Closing closing{.charges = std::move(account.charges), .refunded = std::move(account.deposits)};
  account.charges.clear();
  account.deposits.clear();
  account.status = AccountStatus::kClosed;
  TRY_VOID(save(context, id, account));
  return closing;
}

Result<void> Escrow::forget(chain::Context& context, AccountId id) const {
  TRY(const Account account, get(context, id));
  if (account.status != AccountStatus::kClosed)
    return fail(EscrowError::kAccountNotClosed, text(id));
  return kAccounts.erase(context, id);
}

Result<Account> Escrow::settled(chain::Context& context, AccountId id) const {
  TRY(Account account, get(context, id));
  return settled(context, id, std::move(account));
}

Result<Account> Escrow::settled(chain::Context& context, AccountId id, Account account) const {
  if (account.status != AccountStatus::kOpen) return account;
  TRY(const bool dry, settle_in_memory(context, id, account));
  if (!dry) return account;
  TRY_VOID(overdraw(context, id, account));
  return get(context, id);
}

// True when the account has run dry: settled_at is the moment.
Result<bool> Escrow::settle_in_memory(const chain::Context& context, AccountId id,
                                      Account& account) const {
  const Duration tick = params_.tick;
  const chain::BillableTime from = account.settled_at;
  chain::BillableTime to = context.block().billable_now;
  const std::optional<chain::BillableTime> dry_at = runs_dry_at(account, tick);
  // Where a validator may leave money that the forecast counts as spent, nobody can say at which
  // moment before the block the account ran dry; then it is the block's.
  const bool foreseeable =
      std::none_of(account.charges.begin(), account.charges.end(), earns_by_validated_time);
  if (dry_at && foreseeable) to = std::min(to, *dry_at);

  std::vector<Due> dues;
  for (const Charge& charge : account.charges) {
    Due due{Amount{}, charge.remainder};
    if (charge.kind == ChargeKind::kByTime) {
      TRY_TO(due, due_for_time(charge, to - from, tick));
      TRY_TO(due.whole, owed(context, id, charge, {from, to}, due.whole));
    }
    dues.push_back(due);
  }
  TRY(const Amount missing, take_dues(account, dues));
  account.settled_at = to;
  account.settled_height = context.block().height;
  return !missing.is_zero() || (dry_at && is_dry(account, tick));
}

Result<Amount> Escrow::owed(const chain::Context& context, AccountId id, const Charge& charge,
                            Interval interval, Amount earned) const {
  if (!charge.validated || earned.is_zero()) return earned;
  if (validator_ == nullptr) TP_FATAL("a validated charge, but nobody validates");
  TRY(const Amount payable, validator_->payable(context, id, charge, interval, earned));
  TP_ASSERT(payable <= earned);
  return payable;
}

Result<void> Escrow::overdraw(chain::Context& context, AccountId id, Account& account) const {
  take_last_units(account);
  account.status = AccountStatus::kOverdrawn;
  TRY_VOID(save(context, id, account));
  if (on_dry_ == nullptr) return {};
  return on_dry_->escrow_ran_dry(context, id, account.network, account.settled_at);
}

// Stores the account with the schedule entry that belongs to it.
Result<void> Escrow::save(chain::Context& context, AccountId id, Account& account) const {
  std::optional<chain::BillableTime> dry_at;
  if (account.status == AccountStatus::kOpen) dry_at = runs_dry_at(account, params_.tick);
  const bool unchanged = dry_at && account.runs_dry && account.runs_dry->time == dry_at->value;
  if (!unchanged) {
    if (account.runs_dry) TRY_VOID(schedule_.cancel(context, *account.runs_dry));
    account.runs_dry.reset();
    if (dry_at) {
      Bytes key;
      store::append_key(key, id);
      TRY_TO(account.runs_dry, schedule_.at(context, chain::ScheduleClock::kBillableTime,
                                            dry_at->value, chain::HandlerId::kEscrowRunsDry, key));
    }
  }
  return kAccounts.put(context, id, account);
}

Result<void> Escrow::add(chain::Context& context, Account& account, const Funding& funding) const {
  if (funding.amount.is_zero()) return fail(EscrowError::kInvalidAmount, "a deposit of nothing");
  const bool grows = account.deposits.empty() || account.deposits.back().owner != funding.owner ||
                     account.deposits.back().source != funding.source;
  if (funding.owner != account.owner) {
    const bool is_full = grows && account.deposits.size() >= kDepositsMax;
    const bool is_new = !has_money_of(account, funding.owner);
    if (is_full || (is_new && other_depositors(account) >= kDepositsMax))
      return fail(EscrowError::kTooManyDeposits, std::to_string(kDepositsMax));
  }
  TRY_VOID(bank_.move(context, {.from = funding.owner,
                                .to = module_address_,
                                .coin = {account.denom, funding.amount},
                                .purpose = bank::Purpose::kDeposit,
                                .payer = std::nullopt}));
  if (grows)
    account.deposits.push_back({.owner = funding.owner,
                                .source = funding.source,
                                .height = context.block().height,
                                .balance = {}});
  Deposit& last = account.deposits.back();
  TRY_TO(last.balance, last.balance.plus(funding.amount));
  return {};
}

Result<Amount> Escrow::pay_out(chain::Context& context, const Denom& denom, Charge& charge) const {
  const Amount paid = charge.balance();
  for (const Drawn& drawn : charge.accrued)
    TRY_VOID(bank_.move(context, {.from = module_address_,
                                  .to = charge.payee,
                                  .coin = {denom, drawn.amount},
                                  .purpose = bank::Purpose::kService,
                                  .payer = drawn.owner}));
  charge.accrued.clear();
  TRY_TO(charge.withdrawn, charge.withdrawn.plus(paid));
  return paid;
}

Result<void> Escrow::runs_dry(chain::Context& context, BytesView key) const {
  AccountId id;
  const bool decoded = store::take_key(key, id) && key.empty();
  TP_ASSERT(decoded);
  TRY(Account account, get(context, id));
  account.runs_dry.reset();  // the entry that runs now is gone
  TRY_TO(account, settled(context, id, std::move(account)));
  return account.status == AccountStatus::kOpen ? save(context, id, account) : Result<void>{};
}

}  // namespace tp::escrow
