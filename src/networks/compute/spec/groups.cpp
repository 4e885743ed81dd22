#include "networks/compute/spec/groups.h"

#include <algorithm>
#include <optional>
#include <set>

#include "networks/compute/spec/error.h"

namespace tp::compute {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

// Bytes as a person writes them: whole powers of 1024 with their suffix.
std::string size_text(std::uint64_t bytes) {
  constexpr std::string_view kSuffixes[] = {"", "Ki", "Mi", "Gi", "Ti"};
  std::size_t power = 0;
  while (power < 4 && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++power;
  }
  return number(bytes).append(kSuffixes[power]);
}

// What a bid is compared with is bounded, by rules of ours: the reference has none.
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kAttributesMax = 64;  // in one list
constexpr std::size_t kAuditorsMax = 16;    // in all_of and any_of together

std::optional<std::string> attributes_fault(const Attributes& attributes) {
  if (attributes.size() > kAttributesMax)
    return "too many attributes (" + number(attributes.size()) + " > " + number(kAttributesMax) +
           ")";
  std::set<std::string_view> seen;
  for (const Attribute& attribute : attributes) {
    if (!is_attribute_key(attribute.key))
      return "attribute key \"" + attribute.key +
             "\" does not match: letters, digits and _ / . - only, beginning with a letter, 2 to "
             "128 bytes";
    if (!seen.insert(attribute.key).second)
      return "attributes cannot have duplicate keys: \"" + attribute.key + "\"";
  }
  return std::nullopt;
}

// Each bid compares the attributes once for each auditor.
std::optional<std::string> auditors_fault(const SignedBy& by) {
  const std::size_t count = by.all_of.size() + by.any_of.size();
  if (count > kAuditorsMax)
    return "too many auditors (" + number(count) + " > " + number(kAuditorsMax) + ")";
  for (const auto* list : {&by.all_of, &by.any_of}) {
    std::set<std::string_view> seen;
    for (const std::string& auditor : *list)
      if (!seen.insert(auditor).second) return "auditor \"" + auditor + "\" stands twice";
  }
  return std::nullopt;
}

std::unexpected<Error> invalid(SpecError error, const GroupSpec& group, const std::string& text) {
  return fail_with_text(error, "group \"" + group.name + "\": " + text);
}

// Sums over a group. Each addend is at most 2^55 (32 TiB x 20 volumes x 50 replicas) after its own
// check, and there are at most units_max of them.
struct Totals {
  std::uint64_t cpu = 0;
  std::uint64_t gpu = 0;
  std::uint64_t memory = 0;
  std::uint64_t storage = 0;
};

Result<void> check_unit(const GroupSpec& group, const ResourceUnit& unit,
                        const GroupLimits& limits) {
  const std::string name = "resources ID (" + number(unit.resources.id) + "): ";
  if (const auto faults = check_resources(unit.resources, limits); !faults.empty())
    return invalid(SpecError::kInvalidGroup, group,
                   name + "invalid unit " + faults[0].field + ": " + faults[0].text);
  if (unit.count < 1 || unit.count > limits.replicas_max)
    return invalid(
        SpecError::kInvalidGroup, group,
        name + "count " + number(unit.count) + " is outside 1.." + number(limits.replicas_max));
  if (!is_denomination(unit.price.denom))
    return invalid(SpecError::kInvalidPrice, group,
                   name + "\"" + unit.price.denom + "\" is not a denomination");
  if (unit.price.amount.is_zero())
    return invalid(SpecError::kInvalidPrice, group, name + "invalid coin amount: amount is zero");
  if (unit.price.amount.scaled() > u128{limits.price_max} * Decimal::kOne)
    return invalid(SpecError::kInvalidPrice, group,
                   name + "price " + unit.price.amount.to_string_trimmed() + " is above " +
                       number(limits.price_max));
  return {};
}

Result<void> check_total(const GroupSpec& group, std::string_view what, std::uint64_t total,
                         std::uint64_t unit_max, const GroupLimits& limits) {
  const std::uint64_t most = unit_max * limits.total_factor;
  if (total <= most) return {};
  return invalid(
      SpecError::kInvalidGroup, group,
      "invalid total " + std::string(what) + ": " + number(total) + " is above " + number(most));
}

Result<void> check_group(const GroupSpec& group, const GroupLimits& limits) {
  if (group.name.empty())
    return fail_with_text(SpecError::kInvalidGroup, "empty group spec name denomination");
  if (group.name.size() > kNameBytesMax)
    return fail_with_text(SpecError::kInvalidGroup,
                          "a group's name has " + number(group.name.size()) + " bytes of at most " +
                              number(kNameBytesMax));
  if (const auto fault = attributes_fault(group.requirements.attributes))
    return invalid(SpecError::kInvalidGroup, group, "requirements: " + *fault);
  if (const auto fault = auditors_fault(group.requirements.signed_by))
    return invalid(SpecError::kInvalidGroup, group, "requirements: " + *fault);
  if (group.resources.empty())
    return invalid(SpecError::kInvalidGroup, group, "it has no resources");
  if (group.resources.size() > limits.units_max)
    return invalid(SpecError::kInvalidGroup, group,
                   "too many units (" + number(group.resources.size()) + " > " +
                       number(limits.units_max) + ")");
  std::set<std::uint32_t> ids;
  Totals totals;
  for (const ResourceUnit& unit : group.resources) {
    const Resources& resources = unit.resources;
    if (resources.id == 0)
      return invalid(SpecError::kInvalidGroup, group, "resources ID must be > 0");
    if (!ids.insert(resources.id).second)
      return invalid(SpecError::kInvalidGroup, group,
                     "duplicate resources ID (" + number(resources.id) + ") within group");
    TRY_VOID(check_unit(group, unit, limits));
    totals.cpu += resources.cpu.milli_units * unit.count;
    totals.gpu += resources.gpu.units * unit.count;
    totals.memory += resources.memory.bytes * unit.count;
    for (const Volume& volume : resources.storage) totals.storage += volume.bytes * unit.count;
  }
  TRY_VOID(check_total(group, "CPU", totals.cpu, limits.cpu_milli_max, limits));
  TRY_VOID(check_total(group, "GPU", totals.gpu, limits.gpu_max, limits));
  TRY_VOID(check_total(group, "memory", totals.memory, limits.memory_bytes_max, limits));
  return check_total(group, "storage", totals.storage, limits.volume_bytes_max, limits);
}

}  // namespace

bool is_attribute_key(std::string_view key) {
  if (key.size() < 2 || key.size() > 128 || !is_letter(key[0])) return false;
  const auto inner = [](char c) { return is_word(c) || c == '/' || c == '.' || c == '-'; };
  const char last = key.back();
  // 1 + (1..126) + at most one more, which may be "*" but then not "/", "." or "-".
  const bool last_is_inner = inner(last) && key.size() <= 127;
  const bool last_is_extra = (is_word(last) || last == '*') && key.size() >= 3;
  return std::all_of(key.begin() + 1, key.end() - 1, inner) && (last_is_inner || last_is_extra);
}

bool is_denomination(std::string_view denom) {
  if (denom.size() < 3 || denom.size() > 128 || !is_letter(denom[0])) return false;
  return std::ranges::all_of(
      denom, [](char c) { return is_word(c) || c == '/' || c == ':' || c == '.' || c == '-'; });
}

std::vector<LimitFault> check_resources(const Resources& resources, const GroupLimits& limits) {
  std::vector<LimitFault> faults;
  const auto attributes = [&faults](const std::string& field, const Attributes& list) {
    if (const auto fault = attributes_fault(list)) faults.push_back({field, *fault});
  };
  const std::uint64_t cpu = resources.cpu.milli_units;
  if (cpu < limits.cpu_milli_min || cpu > limits.cpu_milli_max)
    faults.push_back({"cpu", number(cpu) + "m is outside " + number(limits.cpu_milli_min) + "m.." +
                                 number(limits.cpu_milli_max) + "m"});
  attributes("cpu", resources.cpu.attributes);

  if (resources.gpu.units > limits.gpu_max)
    faults.push_back(
        {"gpu", number(resources.gpu.units) + " is outside 0.." + number(limits.gpu_max)});
  if (resources.gpu.units == 0 && !resources.gpu.attributes.empty())
    faults.push_back({"gpu", "attributes cannot be present if units == 0"});
  attributes("gpu", resources.gpu.attributes);

  const std::uint64_t memory = resources.memory.bytes;
  if (memory < limits.memory_bytes_min || memory > limits.memory_bytes_max)
    faults.push_back({"memory", size_text(memory) + " is outside " +
                                    size_text(limits.memory_bytes_min) + ".." +
                                    size_text(limits.memory_bytes_max)});
  attributes("memory", resources.memory.attributes);

  if (resources.storage.empty()) faults.push_back({"storage", "there must be at least one volume"});
  if (resources.storage.size() > limits.volumes_max)
    faults.push_back({"storage", number(resources.storage.size()) + " volumes are more than " +
                                     number(limits.volumes_max)});
  for (const Volume& volume : resources.storage) {
    const std::string field = "storage." + volume.name;
    if (volume.bytes < limits.volume_bytes_min || volume.bytes > limits.volume_bytes_max)
      faults.push_back({field, size_text(volume.bytes) + " is outside " +
                                   size_text(limits.volume_bytes_min) + ".." +
                                   size_text(limits.volume_bytes_max)});
    attributes(field, volume.attributes);
  }
  return faults;
}

Result<void> check_group_specs(std::span<const GroupSpec> groups, const GroupLimits& limits) {
  if (groups.empty()) return fail(SpecError::kNoGroups);
  if (groups.size() > limits.groups_max)
    return fail_with_text(SpecError::kInvalidGroup, "too many groups (" + number(groups.size()) +
                                                        " > " + number(limits.groups_max) + ")");
  std::set<std::string_view> names;
  const std::string* denom = nullptr;
  for (const GroupSpec& group : groups) {
    TRY_VOID(check_group(group, limits));
    if (!names.insert(group.name).second) return fail(SpecError::kDuplicateGroup, group.name);
    for (const ResourceUnit& unit : group.resources) {
      if (denom == nullptr) denom = &unit.price.denom;
      if (unit.price.denom != *denom)
        return invalid(SpecError::kInvalidPrice, group,
                       "inconsistent group denomination: " + *denom + " != " + unit.price.denom);
    }
  }
  return {};
}

}  // namespace tp::compute
