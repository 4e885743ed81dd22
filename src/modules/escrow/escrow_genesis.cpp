// How escrow begins, leaves a chain, and proves itself.

#include <boost/json.hpp>
#include <map>
#include <set>

#include "modules/escrow/escrow.h"
#include "modules/escrow/settlement.h"
#include "modules/escrow/tables.h"

namespace tp::escrow {
namespace {

constexpr store::OneRow kOnly{};

std::unexpected<Error> broken(AccountId id, std::string_view what) {
  return fail(chain::ModuleError::kInvariant,
              "escrow account " + std::to_string(id.value) + ": " + std::string(what));
}

// What the module must hold for one account.
Result<Amount> held_for(const Account& account) {
  Amount held = account.deposited();
  for (const Charge& charge : account.charges) TRY_TO(held, held.plus(charge.balance()));
  return held;
}

}  // namespace

Result<void> Escrow::import_genesis(chain::Context& context, const boost::json::value* json) {
  TRY_VOID(accounts_.ensure_module_account(context, name()));
  if (json == nullptr) return {};
  TRY(const auto genesis, chain::GenesisObject::of(*json, "escrow"));
  TRY_VOID(genesis.allow_only({"next_account", "accounts"}));
  TRY(const std::uint64_t next, genesis.number("next_account"));
  TRY_VOID(kCounter.put(context, kOnly, {next}));
  return modules::rows_from_json<AccountId, Account>(
      kAccounts, genesis, "accounts", [&](const AccountId& id, const Account& row) {
        Account account = row;
        account.runs_dry.reset();  // the schedule of the new chain is empty
        return save(context, id, account);
      });
}

Result<boost::json::value> Escrow::export_genesis(const store::Reader& state) const {
  TRY(const auto counter, kCounter.find(state, kOnly));
  TRY(boost::json::array rows, modules::rows_to_json(kAccounts, state));
  return boost::json::object{{"next_account", counter.value_or(modules::Counter{}).next},
                             {"accounts", std::move(rows)}};
}

Result<void> Escrow::check_invariants(const store::Reader& state) const {
  TRY(const auto counter, kCounter.find(state, kOnly));
  std::map<Denom, Amount> held;
  std::set<std::pair<chain::ScheduleTicket, AccountId>> tickets;
  const auto look_at = [&](const AccountId& id, const Account& account) -> Result<store::Step> {
    if (id.value >= counter.value_or(modules::Counter{}).next)
      return broken(id, "its number was never given");
    TRY(const Amount mine, held_for(account));
    TRY_TO(held[account.denom], held[account.denom].plus(mine));
    const bool closed = account.status == AccountStatus::kClosed;
    if (closed && (!mine.is_zero() || !account.charges.empty()))
      return broken(id, "is closed and not empty");

    const bool can_run_dry =
        account.status == AccountStatus::kOpen && runs_dry_at(account, params_.tick);
    if (can_run_dry != account.runs_dry.has_value())
      return broken(id, can_run_dry ? "no schedule entry" : "a schedule entry without a charge");
    if (account.runs_dry) tickets.emplace(*account.runs_dry, id);
    return store::Step::kGoOn;
  };
  TRY_VOID(kAccounts.scan(state, std::tuple<>{}, look_at));

  TRY(const Coins balances, bank_.balances(state, module_address_));
  std::map<Denom, Amount> banked;
  for (const Coin& coin : balances) banked[coin.denom] = coin.amount;
  std::erase_if(held, [](const auto& entry) { return entry.second.is_zero(); });
  if (banked != held)
    return fail(chain::ModuleError::kInvariant,
                "the escrow module's balance is not the sum of deposits and accrued payments");

  TRY_VOID(schedule_.scan(state,
                          [&](const chain::ScheduleTicket& ticket, chain::HandlerId handler,
                              BytesView key) -> Result<store::Step> {
                            AccountId id;
                            if (handler != chain::HandlerId::kEscrowRunsDry)
                              return store::Step::kGoOn;
                            if (!store::take_key(key, id) || tickets.erase({ticket, id}) == 0)
                              return broken(id, "a schedule entry that it does not know");
                            return store::Step::kGoOn;
                          }));
  if (!tickets.empty()) return broken(tickets.begin()->second, "its schedule entry is missing");
  return {};
}

}  // namespace tp::escrow
