// What a deployment asks of the market: groups of resource units, each placed with one provider.
//
// Plain structs, independent of the wire, with integers only, so that the chain may use them and
// check them. Rules: specs/compute-market.md §1.8.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"

namespace tp::compute {

struct Attribute {
  std::string key;
  std::string value;
  auto operator<=>(const Attribute&) const = default;
};
using Attributes = std::vector<Attribute>;  // sorted by key where we make them

struct Cpu {
  std::uint64_t milli_units = 0;  // 1000 = one core
  Attributes attributes;
  bool operator==(const Cpu&) const = default;
};

struct Memory {
  std::uint64_t bytes = 0;
  Attributes attributes;  // an SDL cannot set them
  bool operator==(const Memory&) const = default;
};

struct Volume {
  std::string name;
  std::uint64_t bytes = 0;
  Attributes attributes;  // none (the root disk), or `persistent` and perhaps `class`
  bool operator==(const Volume&) const = default;
};

struct Gpu {
  std::uint64_t units = 0;
  Attributes attributes;  // "vendor/nvidia/model/a100/ram/80Gi" = "true"; any one of them will do
  bool operator==(const Gpu&) const = default;
};

enum class EndpointKind : std::uint32_t { kSharedHttp = 0, kRandomPort = 1, kLeasedIp = 2 };

struct Endpoint {
  EndpointKind kind = EndpointKind::kSharedHttp;
  std::uint32_t sequence_number = 0;  // names the leased IP; 0 otherwise
  auto operator<=>(const Endpoint&) const = default;
};

struct Resources {
  std::uint32_t id = 0;  // from 1, unique in its group
  Cpu cpu;
  Memory memory;
  std::vector<Volume> storage;
  Gpu gpu;
  std::vector<Endpoint> endpoints;
  bool operator==(const Resources&) const = default;
};

struct Price {
  std::string denom;
  Decimal amount;  // the most that one replica may cost per tick
  bool operator==(const Price&) const = default;
};

struct ResourceUnit {
  Resources resources;
  std::uint32_t count = 0;  // replicas
  Price price;
  bool operator==(const ResourceUnit&) const = default;
};

struct SignedBy {
  std::vector<std::string> all_of;  // addresses of auditors
  std::vector<std::string> any_of;
  bool operator==(const SignedBy&) const = default;
};

struct PlacementRequirements {
  SignedBy signed_by;
  Attributes attributes;
  bool operator==(const PlacementRequirements&) const = default;
};

struct GroupSpec {
  std::string name;
  PlacementRequirements requirements;
  std::vector<ResourceUnit> resources;
  bool operator==(const GroupSpec&) const = default;
};

// The limits of §1.8, with the counts that the reference declares but does not enforce, and the sum
// of the volumes, which it forgets. A provider may be narrower (usually 4 volumes a unit).
struct GroupLimits {
  std::uint64_t cpu_milli_min = 10;
  std::uint64_t cpu_milli_max = 384'000;
  std::uint64_t gpu_max = 24;
  std::uint64_t memory_bytes_min = std::uint64_t{1} << 20;
  std::uint64_t memory_bytes_max = std::uint64_t{2} << 40;
  std::uint64_t volume_bytes_min = std::uint64_t{5} << 20;
  std::uint64_t volume_bytes_max = std::uint64_t{32} << 40;
  std::uint32_t volumes_max = 20;   // in one unit
  std::uint32_t replicas_max = 50;  // of one unit
  std::uint32_t groups_max = 20;    // in one deployment
  std::uint32_t units_max = 20;     // in one group
  std::uint64_t price_max = 10'000'000;
  std::uint32_t total_factor = 50;  // a group's totals may reach this many times a unit's maximum
};

// What is wrong with one unit's resources: `field` is "cpu", "gpu", "memory", "storage.<name>".
struct LimitFault {
  std::string field;
  std::string text;
};

// The limits on one unit, without its count and price.
std::vector<LimitFault> check_resources(const Resources& resources, const GroupLimits& limits);

// Everything that a deployment's groups must fulfil: at least one, unique names, unit ids, limits,
// totals, one denomination for all, prices above zero.
// Errors: kNoGroups, kDuplicateGroup, kInvalidGroup, kInvalidPrice.
Result<void> check_group_specs(std::span<const GroupSpec> groups, const GroupLimits& limits = {});

// `[A-Za-z][\w/.-]{1,126}[\w*]?`: what the key of a requirement may be; the last may be a wildcard.
bool is_attribute_key(std::string_view key);
// A Cosmos denomination: `[A-Za-z][A-Za-z0-9/:._-]{2,127}`.
bool is_denomination(std::string_view denom);

}  // namespace tp::compute
