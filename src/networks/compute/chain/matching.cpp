#include "networks/compute/chain/matching.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace tp::compute {
namespace {

constexpr std::string_view kStorage = "capabilities/storage/";
constexpr std::string_view kGpu = "capabilities/gpu/";

// The bytes of the UTF-8 character that `text` begins with; 1 for what is none. Precondition: not
// empty.
std::size_t character_size(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return std::min(size, text.size());
}

std::string_view take_character(std::string_view& text) {
  const std::string_view character = text.substr(0, character_size(text));
  text.remove_prefix(character.size());
  return character;
}

// One character of a class or of a literal, after a possible backslash.
std::optional<std::string_view> take_escaped(std::string_view& pattern) {
  if (!pattern.empty() && pattern[0] == '\\') pattern.remove_prefix(1);
  if (pattern.empty()) return std::nullopt;
  return take_character(pattern);
}

enum class ClassMatch { kNo, kYes, kMalformed };

// `pattern` stands behind the '['; it is advanced behind the ']'.
ClassMatch match_class(std::string_view& pattern, std::string_view character) {
  const bool negated = !pattern.empty() && pattern[0] == '^';
  if (negated) pattern.remove_prefix(1);
  bool found = false;
  for (bool first = true; first || pattern.empty() || pattern[0] != ']'; first = false) {
    if (pattern.empty() || pattern[0] == '-' || pattern[0] == ']') return ClassMatch::kMalformed;
    const auto low = take_escaped(pattern);
    if (!low) return ClassMatch::kMalformed;
    auto high = low;
    if (!pattern.empty() && pattern[0] == '-') {
      pattern.remove_prefix(1);
      if (pattern.empty() || pattern[0] == '-' || pattern[0] == ']') return ClassMatch::kMalformed;
      high = take_escaped(pattern);
      if (!high) return ClassMatch::kMalformed;
    }
    // UTF-8 orders as the characters do.
    found = found || (*low <= character && character <= *high);
  }
  pattern.remove_prefix(1);
  return found != negated ? ClassMatch::kYes : ClassMatch::kNo;
}

// Matches the front of `pattern`, which is no star, with the front of `text`, and advances both.
bool match_one(std::string_view& pattern, std::string_view& text) {
  const std::string_view character = take_character(text);
  switch (pattern[0]) {
    case '?': pattern.remove_prefix(1); return character != "/";
    case '[': pattern.remove_prefix(1); return match_class(pattern, character) == ClassMatch::kYes;
    default: {
      const auto literal = take_escaped(pattern);
      return literal && *literal == character;
    }
  }
}

bool satisfies(const Attribute& required, const registry::Attribute& offered) {
  return required.value == offered.value && glob_matches(required.key, offered.key);
}

bool subset_of(const Attributes& required, const registry::Attributes& offered) {
  return std::all_of(required.begin(), required.end(), [&](const Attribute& need) {
    return std::any_of(offered.begin(), offered.end(),
                       [&](const registry::Attribute& one) { return satisfies(need, one); });
  });
}

// The provider's storage groups: what stands behind `capabilities/storage/<n>/`, by n.
std::vector<registry::Attributes> storage_groups(const registry::Attributes& own) {
  std::map<std::string_view, registry::Attributes> by_number;
  for (const registry::Attribute& attribute : own) {
    std::string_view key = attribute.key;
    if (!key.starts_with(kStorage)) continue;
    key.remove_prefix(kStorage.size());
    const std::size_t slash = key.find('/');
    if (slash == std::string_view::npos || key.find('/', slash + 1) != std::string_view::npos)
      continue;
    by_number[key.substr(0, slash)].push_back(
        {std::string(key.substr(slash + 1)), attribute.value});
  }
  std::vector<registry::Attributes> groups;
  for (auto& [number, group] : by_number) groups.push_back(std::move(group));
  return groups;
}

registry::Attributes gpu_models(const registry::Attributes& own) {
  registry::Attributes models;
  for (const registry::Attribute& attribute : own) {
    const std::string_view key = attribute.key;
    if (key.starts_with(kGpu) && key.find('/', kGpu.size()) != std::string_view::npos)
      models.push_back({std::string(key.substr(kGpu.size())), attribute.value});
  }
  return models;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  // Where to go on when what follows the last star does not match: that star takes one byte more.
  std::optional<std::string_view> star_pattern;
  std::string_view star_text;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star_pattern = pattern;
      star_text = text;
      continue;
    }
    if (pattern.empty() && text.empty()) return true;
    std::string_view next_pattern = pattern, next_text = text;
    if (!pattern.empty() && !text.empty() && match_one(next_pattern, next_text)) {
      pattern = next_pattern;
      text = next_text;
      continue;
    }
    if (!star_pattern || star_text.empty() || star_text[0] == '/') return false;
    star_text.remove_prefix(1);
    pattern = *star_pattern;
    text = star_text;
  }
}

bool matches_requirements(const PlacementRequirements& requirements,
                          const registry::Attributes& own, std::span<const Signed> audits) {
  const SignedBy& by = requirements.signed_by;
  if (by.all_of.empty() && by.any_of.empty()) return subset_of(requirements.attributes, own);
  std::set<std::string_view> signers;  // of all that is required; each is compared once
  for (const Signed& audit : audits)
    if (subset_of(requirements.attributes, audit.attributes)) signers.insert(audit.auditor);
  const auto has_signed = [&](const std::string& auditor) { return signers.contains(auditor); };
  return std::all_of(by.all_of.begin(), by.all_of.end(), has_signed) &&
         (by.any_of.empty() || std::any_of(by.any_of.begin(), by.any_of.end(), has_signed));
}

bool matches_capabilities(std::span<const ResourceUnit> units, const registry::Attributes& own) {
  const std::vector<registry::Attributes> storage = storage_groups(own);
  const registry::Attributes gpus = gpu_models(own);
  for (const ResourceUnit& unit : units) {
    for (const Volume& volume : unit.resources.storage) {
      const auto holds = [&volume](const registry::Attributes& group) {
        return subset_of(volume.attributes, group);
      };
      if (!volume.attributes.empty() && std::none_of(storage.begin(), storage.end(), holds))
        return false;
    }
    const Gpu& gpu = unit.resources.gpu;
    if (gpu.units == 0 || gpu.attributes.empty()) continue;
    const auto offered = [&gpus](const Attribute& model) {
      return std::any_of(gpus.begin(), gpus.end(), [&model](const registry::Attribute& one) {
        return satisfies(model, one);
      });
    };
    if (std::none_of(gpu.attributes.begin(), gpu.attributes.end(), offered)) return false;
  }
  return true;
}

}  // namespace tp::compute
