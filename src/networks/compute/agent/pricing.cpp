#include "networks/compute/agent/pricing.h"

#include <algorithm>
#include <boost/json.hpp>
#include <numeric>

#include "networks/compute/agent/inventory.h"

namespace tp::compute::provider {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
constexpr Duration kScriptTime = Duration::seconds(10);

std::string_view attribute(const Attributes& attributes, std::string_view key) {
  const auto found = std::ranges::find(attributes, key, &Attribute::key);
  return found == attributes.end() ? std::string_view{} : std::string_view(found->value);
}

std::string class_of(const Volume& volume) {
  if (volume.attributes.empty()) return "ephemeral";
  const std::string_view name = attribute(volume.attributes, "class");
  return name.empty() ? "default" : std::string(name);
}

// rate x amount / whole, rounded up once, in the last digit.
Result<Decimal> share(Decimal rate, std::uint64_t amount, std::uint64_t whole) {
  const std::uint64_t common = std::gcd(amount, whole);
  amount /= common;
  whole /= common;
  TRY(const Decimal wholes, rate.times(amount / whole));
  TRY(const Decimal rest, rate.times(amount % whole));
  Decimal part = Decimal::from_scaled(rest.scaled() / whole);
  if (rest.scaled() % whole != 0) TRY_TO(part, part.plus(Decimal::from_scaled(1)));
  return wholes.plus(part);
}

std::uint64_t endpoints(const Resources& resources, bool leased_ip) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      resources.endpoints,
      [&](const Endpoint& one) { return (one.kind == EndpointKind::kLeasedIp) == leased_ip; }));
}

// "vendor/nvidia/model/a100/ram/80Gi" -> {"nvidia": {"model": "a100", "ram": "80Gi"}}
json::object gpu_json(const Gpu& gpu) {
  json::object vendors;
  for (const Attribute& one : gpu.attributes) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= one.key.size();) {
      const std::size_t slash = std::min(one.key.find('/', at), one.key.size());
      parts.push_back(one.key.substr(at, slash - at));
      at = slash + 1;
    }
    if (parts.size() < 4 || parts[0] != "vendor") continue;
    json::object model;
    for (std::size_t i = 2; i + 1 < parts.size(); i += 2) model[parts[i]] = parts[i + 1];
    vendors[parts[1]] = std::move(model);
  }
  return {{"units", gpu.units}, {"attributes", json::object{{"vendor", std::move(vendors)}}}};
}

}  // namespace

ErrorInfo describe(PricingError error) {
  switch (error) {
    case PricingError::kZeroPrice: return {"pricing", 2, "the price would be zero"};
    case PricingError::kUnknownClass: return {"pricing", 3, "there is no rate for this storage"};
    case PricingError::kScript: return {"pricing", 4, "the pricing program gave no price"};
  }
  TP_FATAL("PricingError out of range");
}

Result<Price> price_max(const std::vector<ResourceUnit>& units) {
  Price out;
  for (const ResourceUnit& unit : units) {
    if (out.denom.empty()) out.denom = unit.price.denom;
    if (out.denom != unit.price.denom)
      return fail(BaseError::kInvalidText, out.denom + " and " + unit.price.denom);
    TRY(const Decimal all, unit.price.amount.times(unit.count));
    TRY_TO(out.amount, out.amount.plus(all));
  }
  return out;
}

Result<Decimal> ScalePricing::storage_rate(const Volume& volume) const {
  const std::string name = class_of(volume);
  if (const auto found = rates_.storage_gib.find(name); found != rates_.storage_gib.end())
    return found->second;
  if (is_ram(volume)) return rates_.memory_gib;
  return fail(PricingError::kUnknownClass, "class \"" + name + "\"");
}

Decimal ScalePricing::gpu_rate(const Gpu& gpu) const {
  // A list of models is any one of them: the dearest that we have a rate for.
  Decimal rate;
  bool named = false;
  for (const Attribute& one : gpu.attributes)
    for (const auto& [model, own] : rates_.gpu_models)
      if ((one.key + "/").find("/model/" + model + "/") != std::string::npos) {
        rate = std::max(rate, own);
        named = true;
      }
  return named ? rate : rates_.gpu;
}

Result<Decimal> ScalePricing::per_hour(const ResourceUnit& unit) const {
  const Resources& resources = unit.resources;
  TRY(Decimal replica, share(rates_.cpu_core, resources.cpu.milli_units, 1000));
  TRY(const Decimal memory, share(rates_.memory_gib, resources.memory.bytes, kGib));
  TRY_TO(replica, replica.plus(memory));
  for (const Volume& volume : resources.storage) {
    TRY(const Decimal rate, storage_rate(volume));
    TRY(const Decimal cost, share(rate, volume.bytes, kGib));
    TRY_TO(replica, replica.plus(cost));
  }
  if (resources.gpu.units > 0) {
    TRY(const Decimal gpus, gpu_rate(resources.gpu).times(resources.gpu.units));
    if (gpus.is_zero()) return fail(PricingError::kZeroPrice, "of a GPU");
    TRY_TO(replica, replica.plus(gpus));
  }
  TRY(Decimal total, replica.times(unit.count));
  TRY(const Decimal ports, rates_.endpoint.times(endpoints(resources, false)));
  TRY(const Decimal addresses, rates_.leased_ip.times(endpoints(resources, true)));
  TRY_TO(total, total.plus(ports));
  return total.plus(addresses);
}

Result<Decimal> ScalePricing::price(const Quote& quote, std::stop_token) {
  Decimal hour;
  for (const ResourceUnit& unit : quote.units) {
    TRY(const Decimal cost, per_hour(unit));
    TRY_TO(hour, hour.plus(cost));
  }
  TRY(const Decimal tick, share(hour, static_cast<std::uint64_t>(tick_.nanoseconds),
                                static_cast<std::uint64_t>(Duration::hours(1).nanoseconds)));
  if (tick.is_zero()) return fail(PricingError::kZeroPrice);
  return tick;
}

std::string ScriptPricing::input_for(const Quote& quote) {
  json::array units;
  for (const ResourceUnit& unit : quote.units) {
    json::array storage;
    for (const Volume& volume : unit.resources.storage)
      storage.push_back(json::object{{"class", class_of(volume)}, {"size", volume.bytes}});
    units.push_back(json::object{{"memory", unit.resources.memory.bytes},
                                 {"cpu", unit.resources.cpu.milli_units},
                                 {"gpu", gpu_json(unit.resources.gpu)},
                                 {"storage", std::move(storage)},
                                 {"count", unit.count},
                                 {"endpoint_quantity", endpoints(unit.resources, false)},
                                 {"ip_lease_quantity", endpoints(unit.resources, true)}});
  }
  return json::serialize(json::object{
      {"resources", std::move(units)},
      {"price",
       json::object{{"denom", quote.most.denom}, {"amount", quote.most.amount.to_string()}}},
      {"price_precision", 6}});
}

Result<Decimal> ScriptPricing::price(const Quote& quote, std::stop_token stop) {
  const auto ran =
      host_.run({.argv = {program_},
                 .input = input_for(quote),
                 .env = {"AKASH_OWNER=" + quote.owner, "AKASH_DENOM=" + quote.most.denom},
                 .timeout = kScriptTime,
                 .output_bytes_max = 4096},
                stop);
  if (!ran) return fail(PricingError::kScript, ran.error().text);
  std::string_view out(ran->output);
  while (!out.empty() && (out.back() == '\n' || out.back() == '\r' || out.back() == ' '))
    out.remove_suffix(1);
  if (ran->exit_code != 0)
    return fail(PricingError::kScript, program_ + " exited with code " +
                                           std::to_string(ran->exit_code) + ": " +
                                           ran->errors.substr(0, 200));
  const auto price = Decimal::parse(out);
  if (!price)
    return fail(PricingError::kScript,
                program_ + " printed \"" + std::string(out.substr(0, 80)) + "\"");
  if (price->is_zero()) return fail(PricingError::kZeroPrice, program_);
  return *price;
}

}  // namespace tp::compute::provider
