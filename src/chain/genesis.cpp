#include "chain/genesis.h"

#include <algorithm>

#include "base/text.h"
#include "chain/module.h"

namespace tp::chain {
namespace json = boost::json;

std::unexpected<Error> GenesisObject::error(std::string_view member, std::string_view what) const {
  std::string detail = path_;
  if (!member.empty()) detail.append(detail.empty() ? "" : ".").append(member);
  return fail(ModuleError::kGenesis, detail + ": " + std::string(what));
}

Result<GenesisObject> GenesisObject::of(const json::value& json, std::string path) {
  if (!json.is_object()) return fail(ModuleError::kGenesis, path + ": expected an object");
  return GenesisObject(json.get_object(), std::move(path));
}

Result<void> GenesisObject::allow_only(std::initializer_list<std::string_view> names) const {
  for (const auto& entry : *object_) {
    const std::string_view key(entry.key().data(), entry.key().size());
    if (std::find(names.begin(), names.end(), key) == names.end())
      return error(key, "unknown member");
  }
  return {};
}

Result<const json::value*> GenesisObject::member(std::string_view name) const {
  const json::value* value = object_->if_contains(name);
  if (value == nullptr) return error(name, "is missing");
  return value;
}

Result<std::string> GenesisObject::text(std::string_view name) const {
  TRY(const json::value* value, member(name));
  if (!value->is_string()) return error(name, "expected a string");
  return std::string(value->get_string());
}

Result<std::uint64_t> GenesisObject::number(std::string_view name) const {
  TRY(const json::value* value, member(name));
  if (value->is_int64() && value->get_int64() >= 0)
    return static_cast<std::uint64_t>(value->get_int64());
  if (value->is_uint64()) return value->get_uint64();
  if (value->is_string()) {
    const auto parsed = parse_int<std::uint64_t>(std::string_view(value->get_string()));
    if (parsed) return *parsed;
  }
  return error(name, "expected a whole number");
}

Result<bool> GenesisObject::boolean(std::string_view name) const {
  TRY(const json::value* value, member(name));
  if (!value->is_bool()) return error(name, "expected true or false");
  return value->get_bool();
}

Result<Amount> GenesisObject::amount(std::string_view name) const {
  TRY(const std::string digits, text(name));
  const auto amount = Amount::parse(digits);
  if (!amount) return error(name, "expected an amount in digits, as a string");
  return *amount;
}

Result<Decimal> GenesisObject::decimal(std::string_view name) const {
  TRY(const std::string digits, text(name));
  const auto decimal = Decimal::parse(digits);
  if (!decimal) return error(name, "expected a decimal number, as a string");
  return *decimal;
}

Result<Denom> GenesisObject::denom(std::string_view name) const {
  TRY(const std::string name_text, text(name));
  auto denom = Denom::parse(name_text);
  if (!denom) return error(name, "is not a denomination");
  return *std::move(denom);
}

Result<Coin> GenesisObject::coin() const {
  TRY_VOID(allow_only({"denom", "amount"}));
  TRY(Denom name, denom("denom"));
  TRY(const Amount units, amount("amount"));
  return Coin{std::move(name), units};
}

Result<Duration> GenesisObject::duration(std::string_view name) const {
  TRY(const json::value* value, member(name));
  if (value->is_string()) {
    std::string_view digits(value->get_string());
    if (digits.ends_with('s')) digits.remove_suffix(1);
    const auto seconds = Decimal::parse(digits);
    if (!seconds || seconds->scaled() / 1'000'000'000 > 9'000'000'000'000'000'000u)
      return error(name, "expected seconds, like \"90s\"");
    return Duration{static_cast<std::int64_t>(seconds->scaled() / 1'000'000'000)};
  }
  TRY(const std::uint64_t seconds, number(name));
  if (seconds > 9'000'000'000) return error(name, "is too long");
  return Duration::seconds(static_cast<std::int64_t>(seconds));
}

Result<GenesisObject> GenesisObject::object(std::string_view name) const {
  TRY(const json::value* value, member(name));
  return of(*value, path_.empty() ? std::string(name) : path_ + "." + std::string(name));
}

Result<std::vector<GenesisObject>> GenesisObject::objects(std::string_view name) const {
  std::vector<GenesisObject> out;
  const json::value* value = object_->if_contains(name);
  if (value == nullptr) return out;
  if (!value->is_array()) return error(name, "expected a list");
  for (std::size_t i = 0; i < value->get_array().size(); ++i) {
    TRY(GenesisObject item,
        of(value->get_array()[i], path_ + "." + std::string(name) + "[" + std::to_string(i) + "]"));
    out.push_back(std::move(item));
  }
  return out;
}

Result<std::vector<std::string>> GenesisObject::texts(std::string_view name) const {
  std::vector<std::string> out;
  const json::value* value = object_->if_contains(name);
  if (value == nullptr) return out;
  if (!value->is_array()) return error(name, "expected a list");
  for (const json::value& item : value->get_array()) {
    if (!item.is_string()) return error(name, "expected a list of strings");
    out.emplace_back(item.get_string());
  }
  return out;
}

json::object to_json(const Coin& coin) {
  return {{"denom", coin.denom.text()}, {"amount", coin.amount.to_string()}};
}

}  // namespace tp::chain
