// What a transaction or block tells the world besides its state changes. Events enter the index and
// the subscriptions, not the state root.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tp::chain {

struct Attribute {
  std::string key;  // never empty: clients refuse that (specs/chain.md §2.2)
  std::string value;
  bool index = true;  // findable by tx_search and subscriptions
  bool operator==(const Attribute&) const = default;
};

struct Event {
  std::string type;
  std::vector<Attribute> attributes;
  bool operator==(const Event&) const = default;
};

}  // namespace tp::chain
