#include "networks/compute/spec/auditors.h"

namespace tp::compute {

std::string AuditorChange::to_string() const {
  return "line " + std::to_string(line) + ": placement \"" + placement + "\", signedBy: " + from +
         " -> " + to;
}

std::vector<AuditorChange> map_auditors(Sdl& sdl, const AuditorMap& map) {
  std::vector<AuditorChange> changes;
  for (auto& [placement, part] : sdl.placement)
    for (auto* list : {&part.signed_by.all_of, &part.signed_by.any_of})
      for (std::string& auditor : *list) {
        const auto found = map.find(auditor);
        if (found == map.end() || found->second == auditor) continue;
        changes.push_back({placement, auditor, found->second, part.signed_by_line});
        auditor = found->second;
      }
  return changes;
}

}  // namespace tp::compute
