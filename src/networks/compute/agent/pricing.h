// What this provider asks for an order, per tick of billable time. Two ways: a rate for each
// resource (scale), or a program of the operator's own (script). Exact decimals throughout.
// Rules: specs/compute-market.md §3.1.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"
#include "networks/compute/agent/workload/host.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute::provider {

enum class PricingError : std::uint32_t {
  kZeroPrice = 2,     // nothing is free: a rate is missing
  kUnknownClass = 3,  // of storage, for which there is no rate
  kScript = 4,        // the program failed, or printed something else than one decimal
};
ErrorInfo describe(PricingError error);

// What is priced: the resources that would be promised, and what the order pays at most.
struct Quote {
  std::string owner{};
  std::vector<ResourceUnit> units{};
  Price most{};  // per tick, for the whole group
};

// The sum over units of price x count. Errors: kOverflow; kInvalidText where units disagree on the
// denomination.
Result<Price> price_max(const std::vector<ResourceUnit>& units);

class Pricing {
 public:
  virtual ~Pricing() = default;
  // Per tick, in the denomination of `quote.most`. May take its time; gives up when `stop` is
  // requested. Thread-safe. Errors: PricingError.
  virtual Result<Decimal> price(const Quote& quote, std::stop_token stop = {}) = 0;
};

// Base units for an hour of each.
struct HourlyRates {
  Decimal cpu_core{};
  Decimal memory_gib{};
  // By storage class; "ephemeral" is the disk without attributes. Memory-backed volumes cost as
  // memory does, unless "ram" stands here.
  std::map<std::string, Decimal> storage_gib{};
  Decimal gpu{};
  // By model, in place of `gpu`: "a100".
  std::map<std::string, Decimal> gpu_models{};
  Decimal endpoint{};  // a forwarded port or a host name; not multiplied by replicas
  Decimal leased_ip{};
};

class ScalePricing final : public Pricing {
 public:
  ScalePricing(HourlyRates rates, Duration tick) : rates_(std::move(rates)), tick_(tick) {}
  // Rounded up to the 18th digit. Errors: kZeroPrice, kUnknownClass; overflow.
  Result<Decimal> price(const Quote& quote, std::stop_token stop = {}) override;

 private:
  Result<Decimal> per_hour(const ResourceUnit& unit) const;
  Result<Decimal> storage_rate(const Volume& volume) const;
  Decimal gpu_rate(const Gpu& gpu) const;

  HourlyRates rates_;
  Duration tick_;
};

// Runs `program` with the order as JSON on its standard input; it prints the price as one decimal.
// Another exit code than 0: no bid. 10 s each; how many at once is the caller's to say.
class ScriptPricing final : public Pricing {
 public:
  // `host` must outlive it.
  ScriptPricing(workload::Host& host, std::string program)
      : host_(host), program_(std::move(program)) {}
  Result<Decimal> price(const Quote& quote, std::stop_token stop = {}) override;

  // What the program reads.
  static std::string input_for(const Quote& quote);

 private:
  workload::Host& host_;
  std::string program_;
};

}  // namespace tp::compute::provider
