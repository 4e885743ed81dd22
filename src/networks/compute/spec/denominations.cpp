#include "networks/compute/spec/denominations.h"

namespace tp::compute {

DenominationMap akash_denominations_to(std::string_view target) {
  return {{"uakt", std::string(target)}, {"uact", std::string(target)}};
}

std::string DenominationChange::to_string() const {
  return "line " + std::to_string(line) + ": placement \"" + placement + "\", profile \"" +
         profile + "\": " + from + " -> " + to;
}

std::vector<DenominationChange> map_denominations(Sdl& sdl, const DenominationMap& map) {
  std::vector<DenominationChange> changes;
  for (auto& [placement, part] : sdl.placement)
    for (auto& [profile, price] : part.pricing) {
      const auto found = map.find(price.price.denom);
      if (found == map.end() || found->second == price.price.denom) continue;
      changes.push_back({placement, profile, price.price.denom, found->second, price.line});
      price.price.denom = found->second;
    }
  return changes;
}

}  // namespace tp::compute
