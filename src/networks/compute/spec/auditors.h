// Lets a file written for another chain deploy unchanged: the auditors that it trusts there are
// replaced on the customer's machine by those whom the customer trusts here, and the customer is
// told. Requirements are not in the manifest, so that its hash stays.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "networks/compute/spec/sdl.h"

namespace tp::compute {

using AuditorMap = std::map<std::string, std::string>;  // from -> to, as addresses

struct AuditorChange {
  std::string placement;
  std::string from;
  std::string to;
  int line = 0;

  std::string to_string() const;  // "line 80: placement "akash", signedBy: akash1... -> turn1..."
};

// Replaces in place. Returns what it changed, by placement.
std::vector<AuditorChange> map_auditors(Sdl& sdl, const AuditorMap& map);

}  // namespace tp::compute
