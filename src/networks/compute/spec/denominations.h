// Lets a file written for another chain deploy unchanged: its prices' denominations are renamed on
// the customer's machine, and the customer is told.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "networks/compute/spec/sdl.h"

namespace tp::compute {

using DenominationMap = std::map<std::string, std::string>;  // from -> to

// uakt and uact, Akash's coin and credit, both to `target`.
DenominationMap akash_denominations_to(std::string_view target);

struct DenominationChange {
  std::string placement;
  std::string profile;
  std::string from;
  std::string to;
  int line = 0;

  std::string to_string() const;  // "line 40: placement "akash", profile "web": uakt -> utoll"
};

// Renames in place. Amounts stay as they are. Returns what it changed, by placement and profile.
std::vector<DenominationChange> map_denominations(Sdl& sdl, const DenominationMap& map);

}  // namespace tp::compute
