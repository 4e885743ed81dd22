#include "modules/bank/bank.h"

#include <algorithm>

#include "chain/ids.h"
#include "chain/sdk_errors.h"
#include "crypto/address.h"
#include "modules/bank/tables.h"

namespace tp::bank {

using chain::Context;
using chain::SdkError;

std::string_view to_string(Purpose purpose) {
  switch (purpose) {
    case Purpose::kService: return "service";
    case Purpose::kOnboarding: return "onboarding";
    case Purpose::kStake: return "stake";
    case Purpose::kPenalty: return "penalty";
    case Purpose::kBuyback: return "buyback";
    case Purpose::kTransfer: return "transfer";
    case Purpose::kFee: return "fee";
    case Purpose::kDeposit: return "deposit";
    case Purpose::kRefund: return "refund";
    case Purpose::kReward: return "reward";
    case Purpose::kMint: return "mint";
    case Purpose::kBurn: return "burn";
    case Purpose::kCompensation: return "compensation";
    case Purpose::kGrant: return "grant";
  }
  TP_FATAL("Purpose out of range");
}

std::string_view to_string(PayerClass payer) {
  switch (payer) {
    case PayerClass::kFoundation: return "foundation";
    case PayerClass::kOperator: return "operator";
    case PayerClass::kOther: return "other";
  }
  TP_FATAL("PayerClass out of range");
}

Bank::Bank(accounts::Accounts& accounts, const chain::ChainParams& params)
    : accounts_(accounts), params_(params) {}

Result<Amount> Bank::balance(const store::Reader& state, const Address& address,
                             const Denom& denom) const {
  if (denom == params_.fee_denom) {
    TRY(const std::optional<accounts::Account> account, accounts_.find(state, address));
    return account ? account->fee_balance : Amount();
  }
  TRY(const std::optional<Balance> row, kBalances.find(state, {address, denom}));
  return row.value_or(Balance{}).amount;
}

// In `state`, what the address holds of the fee's denomination then stands as if it were a row of
// the table like the others.
Result<void> Bank::list_fee_balance(store::Overlay& state, const Address& address) const {
  TRY(const Amount amount, balance(state, address, params_.fee_denom));
  if (amount.is_zero()) return {};
  return kBalances.put(state, {address, params_.fee_denom}, Balance{amount});
}

Result<Amount> Bank::supply(const store::Reader& state, const Denom& denom) const {
  TRY(const std::optional<Balance> row, kSupply.find(state, {denom}));
  return row.value_or(Balance{}).amount;
}

Result<Coins> Bank::balances(const store::Reader& state, const Address& address) const {
  Coins coins;
  store::Overlay all(state);
  TRY_VOID(list_fee_balance(all, address));
  TRY_VOID(
      kBalances.scan(all, std::tie(address),
                     [&coins](const BalanceKey& key, const Balance& row) -> Result<store::Step> {
                       coins.push_back({key.denom, row.amount});
                       return store::Step::kGoOn;
                     }));
  return coins;
}

// Creates the account where there is none.
Result<void> Bank::add_balance(Context& context, const Address& address, const Coin& coin) const {
  if (coin.denom == params_.fee_denom) {
    TRY(accounts::Account account, accounts_.find_or_create(context, address));
    TRY_TO(account.fee_balance, account.fee_balance.plus(coin.amount));
    return accounts_.put(context, address, account);
  }
  TRY_VOID(accounts_.ensure_exists(context, address));
  TRY(const Amount held, balance(context, address, coin.denom));
  TRY(const Amount sum, held.plus(coin.amount));
  return kBalances.put(context, {address, coin.denom}, Balance{sum});
}

// An empty balance leaves the table.
Result<void> Bank::take_balance(Context& context, const Address& address, const Coin& coin) const {
  const bool is_fee_denom = coin.denom == params_.fee_denom;
  std::optional<accounts::Account> account;
  if (is_fee_denom) TRY_TO(account, accounts_.find(context, address));
  Amount held;
  if (account) {
    held = account->fee_balance;
  } else if (!is_fee_denom) {
    TRY_TO(held, balance(context, address, coin.denom));
  }
  const auto rest = held.minus(coin.amount);
  if (!rest)
    return fail(SdkError::kInsufficientFunds, "spendable balance " +
                                                  Coin{coin.denom, held}.to_string() +
                                                  " is smaller than " + coin.to_string());
  if (account) {
    account->fee_balance = *rest;
    return accounts_.put(context, address, *account);
  }
  if (rest->is_zero()) return kBalances.erase(context, {address, coin.denom});
  return kBalances.put(context, {address, coin.denom}, Balance{*rest});
}

Result<PayerClass> Bank::payer_class(const store::Reader& state, const Address& payer) const {
  TRY(const bool foundation, kFoundation.contains(state, {payer}));
  if (foundation) return PayerClass::kFoundation;
  if (operators_ == nullptr) return PayerClass::kOther;
  TRY(const bool is_operator, operators_->is_operator(state, payer));
  return is_operator ? PayerClass::kOperator : PayerClass::kOther;
}

Result<void> Bank::record_flow(Context& context, const Coin& coin, Purpose purpose,
                               PayerClass payer) const {
  const FlowKey key{purpose, payer, coin.denom};
  TRY(const std::optional<Balance> row, kFlows.find(context, key));
  TRY(const Amount total, row.value_or(Balance{}).amount.plus(coin.amount));
  return kFlows.put(context, key, Balance{total});
}

Result<void> Bank::move(Context& context, const Movement& movement) const {
  const Coin& coin = movement.coin;
  if (coin.amount.is_zero()) return {};
  TRY(const PayerClass payer, payer_class(context, movement.payer.value_or(movement.from)));
  TRY_VOID(take_balance(context, movement.from, coin));
  TRY_VOID(add_balance(context, movement.to, coin));
  TRY_VOID(record_flow(context, coin, movement.purpose, payer));

  context.emit(3, [&](const auto& add) {
    const std::string from = accounts_.text(movement.from), to = accounts_.text(movement.to);
    const std::string amount = coin.to_string();
    add("coin_spent", {{"spender", from}, {"amount", amount}});
    add("coin_received", {{"receiver", to}, {"amount", amount}});
    add("transfer", {{"recipient", to},
                     {"sender", from},
                     {"amount", amount},
                     {"purpose", to_string(movement.purpose)},
                     {"payer_class", to_string(payer)}});
  });
  return {};
}

Result<void> Bank::mint(Context& context, const Address& to, const Coin& coin) const {
  if (coin.amount.is_zero()) return {};
  TRY(const Amount held, supply(context, coin.denom));
  TRY(const Amount sum, held.plus(coin.amount));
  TRY_VOID(kSupply.put(context, {coin.denom}, Balance{sum}));
  TRY_VOID(add_balance(context, to, coin));
  TRY(const PayerClass payer, payer_class(context, to));
  TRY_VOID(record_flow(context, coin, Purpose::kMint, payer));
  context.emit({"coinbase", {{"minter", accounts_.text(to)}, {"amount", coin.to_string()}}});
  context.emit({"coin_received", {{"receiver", accounts_.text(to)}, {"amount", coin.to_string()}}});
  return {};
}

Result<void> Bank::burn(Context& context, const Address& from, const Coin& coin) const {
  if (coin.amount.is_zero()) return {};
  TRY(const PayerClass payer, payer_class(context, from));
  TRY_VOID(take_balance(context, from, coin));
  TRY(const Amount held, supply(context, coin.denom));
  TRY(const Amount rest, held.minus(coin.amount));
  TRY_VOID(rest.is_zero() ? kSupply.erase(context, {coin.denom})
                          : kSupply.put(context, {coin.denom}, Balance{rest}));
  TRY_VOID(record_flow(context, coin, Purpose::kBurn, payer));
  context.emit({"coin_spent", {{"spender", accounts_.text(from)}, {"amount", coin.to_string()}}});
  context.emit({"burn", {{"burner", accounts_.text(from)}, {"amount", coin.to_string()}}});
  return {};
}

Result<void> Bank::pay_fee(Context& context, const Address& payer, const Coins& fee) const {
  static const Address collector = crypto::module_address(kFeeCollector);
  for (const Coin& coin : fee)
    TRY_VOID(
        move(context, {.from = payer, .to = collector, .coin = coin, .purpose = Purpose::kFee}));
  return {};
}

void Bank::name_fee_rows(const Address& payer, const Coins& fee, store::RowNames& rows) const {
  for (const Coin& coin : fee) name_balance(payer, coin.denom, rows);
}

// That of the fee's denomination is in the account's own row.
void Bank::name_balance(const Address& address, const Denom& denom, store::RowNames& rows) const {
  if (denom != params_.fee_denom) kBalances.name(rows, {address, denom});
}

Result<void> Bank::set_fee_aside(Context& context, const Address& payer, const Coins& fee) const {
  for (const Coin& coin : fee) TRY_VOID(take_balance(context, payer, coin));
  return {};
}

Result<void> Bank::hold_row_deposit(Context& context, const Address& payer, BytesView key,
                                    std::uint32_t rows) const {
  TRY(const Amount amount, context.params().row_deposit.times(rows));
  const Coin coin{context.params().fee_denom, amount};
  TRY(const bool exists, kRowDeposits.contains(context, {Bytes(key)}));
  if (exists)  // the callers' keys are unique, so that only a genesis file can have brought it
    return fail(chain::ModuleError::kInvariant, "bank: a deposit for this row is held already");
  TRY_VOID(move(context, {.from = payer,
                          .to = crypto::module_address(kRowDepositHolder),
                          .coin = coin,
                          .purpose = Purpose::kDeposit}));
  return kRowDeposits.put(context, {Bytes(key)}, RowDeposit{payer, coin});
}

Result<void> Bank::release_row_deposit(Context& context, BytesView key) const {
  TRY(const RowDeposit deposit, kRowDeposits.get(context, {Bytes(key)}));
  TRY_VOID(kRowDeposits.erase(context, {Bytes(key)}));
  return move(context, {.from = crypto::module_address(kRowDepositHolder),
                        .to = deposit.payer,
                        .coin = deposit.coin,
                        .purpose = Purpose::kRefund,
                        .payer = deposit.payer});
}

Result<bool> Bank::holds_row_deposit(const store::Reader& state, BytesView key) const {
  return kRowDeposits.contains(state, {Bytes(key)});
}

Result<void> Bank::check_invariants(const store::Reader& state) const {
  std::map<Denom, u128> held;
  TRY_VOID(accounts_.scan(
      state, [&](const Address&, const accounts::Account& account) -> Result<store::Step> {
        if (!account.fee_balance.is_zero()) held[params_.fee_denom] += account.fee_balance.units();
        return store::Step::kGoOn;
      }));
  TRY_VOID(kBalances.scan(
      state, std::tuple<>{}, [&](const BalanceKey& key, const Balance& row) -> Result<store::Step> {
        if (key.denom == params_.fee_denom)
          return fail(chain::ModuleError::kInvariant,
                      "bank: a balance of the fee's denomination has a row of its own");
        held[key.denom] += row.amount.units();
        return store::Step::kGoOn;
      }));
  std::map<Denom, u128> supplied;
  TRY_VOID(
      kSupply.scan(state, std::tuple<>{},
                   [&supplied](const SupplyKey& key, const Balance& row) -> Result<store::Step> {
                     supplied[key.denom] = row.amount.units();
                     return store::Step::kGoOn;
                   }));
  if (held != supplied)
    return fail(chain::ModuleError::kInvariant, "bank: balances do not add up to the supply");

  std::map<Denom, u128> deposited;
  TRY_VOID(kRowDeposits.scan(
      state, std::tuple<>{},
      [&deposited](const RowDepositKey&, const RowDeposit& row) -> Result<store::Step> {
        if (!row.coin.amount.is_zero()) deposited[row.coin.denom] += row.coin.amount.units();
        return store::Step::kGoOn;
      }));
  std::map<Denom, u128> holding;
  TRY(const Coins coins, balances(state, crypto::module_address(kRowDepositHolder)));
  for (const Coin& coin : coins) holding[coin.denom] = coin.amount.units();
  if (holding != deposited)
    return fail(chain::ModuleError::kInvariant,
                "bank: the account of row deposits does not hold what its rows say");
  return {};
}

}  // namespace tp::bank
