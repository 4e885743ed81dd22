#include "chain/params_json.h"

#include <algorithm>
#include <array>

#include "chain/genesis.h"
#include "chain/module.h"

namespace tp::chain {
namespace {

// The members of the gas table by name, for both directions.
template <class Table>
auto gas_members(Table& gas) {
  using Member = std::pair<std::string_view, decltype(&gas.per_tx_byte)>;
  return std::array{
      Member{"per_tx_byte", &gas.per_tx_byte},
      Member{"per_secp256k1_verify", &gas.per_secp256k1_verify},
      Member{"per_ed25519_verify", &gas.per_ed25519_verify},
      Member{"per_message", &gas.per_message},
      Member{"per_row_read", &gas.per_row_read},
      Member{"per_row_written", &gas.per_row_written},
      Member{"per_row_created", &gas.per_row_created},
      Member{"per_byte_read", &gas.per_byte_read},
      Member{"per_byte_written", &gas.per_byte_written},
      Member{"per_event", &gas.per_event},
  };
}

Result<GasTable> read_gas_table(const GenesisObject& json) {
  GasTable gas;
  TRY_VOID(json.allow_only({"per_tx_byte", "per_secp256k1_verify", "per_ed25519_verify",
                            "per_message", "per_row_read", "per_row_written", "per_row_created",
                            "per_byte_read", "per_byte_written", "per_event"}));
  for (const auto& [name, member] : gas_members(gas)) {
    if (!json.has(name)) continue;
    TRY(const std::uint64_t price, json.number(name));
    if (price > 1'000'000'000) return json.error(name, "is above 1000000000");
    *member = Gas{price};
  }
  return gas;
}

bool is_prefix(std::string_view text) {
  return !text.empty() && text.size() <= 20 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

Result<ChainParams> read_chain_params(const boost::json::value& app_state,
                                      const std::string& chain_id) {
  ChainParams params;
  params.chain_id = chain_id;
  if (chain_id.empty() || chain_id.size() > 50)
    return fail(ModuleError::kGenesis, "chain_id: needs 1 to 50 characters");
  const boost::json::value* member = app_state.get_object().if_contains("chain");
  if (member == nullptr) return params;

  TRY(const GenesisObject json, GenesisObject::of(*member, "chain"));
  TRY_VOID(
      json.allow_only({"prefix", "fee_denom", "stake_denom", "coin_type", "tick",
                       "billable_gap_max", "min_gas_price", "schedule_gas", "max_memo_characters",
                       "max_tx_signatures", "row_deposit", "gas", "billable_time_ns"}));
  if (json.has("prefix")) {
    TRY_TO(params.prefix, json.text("prefix"));
    if (!is_prefix(params.prefix)) return json.error("prefix", "needs 1 to 20 letters a to z");
  }
  if (json.has("fee_denom")) TRY_TO(params.fee_denom, json.denom("fee_denom"));
  params.stake_denom = params.fee_denom;
  if (json.has("stake_denom")) TRY_TO(params.stake_denom, json.denom("stake_denom"));
  if (json.has("tick")) TRY_TO(params.tick, json.duration("tick"));
  if (params.tick <= Duration{0} || params.tick > Duration::hours(24))
    return json.error("tick", "must be above 0 and at most a day");
  if (json.has("billable_gap_max"))
    TRY_TO(params.billable_gap_max, json.duration("billable_gap_max"));
  if (params.billable_gap_max <= Duration{0})
    return json.error("billable_gap_max", "must be above 0");
  if (json.has("min_gas_price")) TRY_TO(params.min_gas_price, json.decimal("min_gas_price"));
  if (json.has("row_deposit")) TRY_TO(params.row_deposit, json.amount("row_deposit"));

  const auto small_number = [&json](std::string_view name, std::uint32_t& target) -> Result<void> {
    if (!json.has(name)) return {};
    TRY(const std::uint64_t value, json.number(name));
    if (value > 1'000'000) return json.error(name, "is above 1000000");
    target = static_cast<std::uint32_t>(value);
    return {};
  };
  TRY_VOID(small_number("coin_type", params.coin_type));
  TRY_VOID(small_number("max_memo_characters", params.max_memo_characters));
  TRY_VOID(small_number("max_tx_signatures", params.max_tx_signatures));
  if (json.has("schedule_gas")) {
    TRY(const std::uint64_t gas, json.number("schedule_gas"));
    params.schedule_gas = Gas{gas};
  }
  if (json.has("gas")) {
    TRY(const GenesisObject gas, json.object("gas"));
    TRY_TO(params.gas, read_gas_table(gas));
  }
  return params;
}

boost::json::object chain_params_json(const ChainParams& params) {
  const auto seconds = [](Duration span) {
    return Decimal::from_scaled(u128(static_cast<std::uint64_t>(span.nanoseconds)) * 1'000'000'000)
               .to_string_trimmed() +
           "s";
  };
  boost::json::object gas;
  for (const auto& [name, member] : gas_members(params.gas)) gas[name] = member->value;
  return {{"prefix", params.prefix},
          {"fee_denom", params.fee_denom.text()},
          {"stake_denom", params.stake_denom.text()},
          {"coin_type", params.coin_type},
          {"tick", seconds(params.tick)},
          {"billable_gap_max", seconds(params.billable_gap_max)},
          {"min_gas_price", params.min_gas_price.to_string_trimmed()},
          {"schedule_gas", params.schedule_gas.value},
          {"max_memo_characters", params.max_memo_characters},
          {"max_tx_signatures", params.max_tx_signatures},
          {"row_deposit", params.row_deposit.to_string()},
          {"gas", std::move(gas)}};
}

}  // namespace tp::chain
