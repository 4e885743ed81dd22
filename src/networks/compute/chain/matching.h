// Whether a provider may serve a group: attributes, signatures of auditors, capabilities. None of
// this looks at free capacity; that is the provider's own business.
// Rules: specs/compute-market.md §2.3.
#pragma once

#include <span>
#include <string_view>

#include "modules/registry/records.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute {

// A shell glob as Go's path/filepath has it: `*` any bytes but '/', `?` one character but '/',
// `[a-z]` and `[^a-z]` classes, `\` the next character itself. A malformed pattern matches nothing.
// Cost: O(pattern x text).
bool glob_matches(std::string_view pattern, std::string_view text);

// What one auditor, by the text of its address, says about the provider.
struct Signed {
  std::string auditor;
  registry::Attributes attributes;
};

// Every required attribute is the provider's own, or, when auditors are named, signed by all of
// all_of and by one of any_of. The required key is a glob; the values are equal.
bool matches_requirements(const PlacementRequirements& requirements,
                          const registry::Attributes& own, std::span<const Signed> audits);

// Every volume with attributes has them all in one of the provider's groups
// `capabilities/storage/<n>/...`, and every unit with GPUs finds one of the models that it names
// among `capabilities/gpu/...`.
bool matches_capabilities(std::span<const ResourceUnit> units, const registry::Attributes& own);

}  // namespace tp::compute
