#include "store/versions.h"

#include <iterator>

namespace tp::store {
namespace {

// Moves to `keep` what `older` needs too, releases the rest of `nodes`; returns the bytes released.
template <class Structure, class Node>
std::uint64_t settle(Structure& structure, const SupersededNodes<Node>& gone,
                     const VersionNumber* older, SupersededNodes<Node>* keep) {
  constexpr std::size_t kAhead = 12;  // nodes fetched before their turn
  std::uint64_t released = 0;
  for (std::size_t i = 0; i < gone.nodes.size(); ++i) {
    if (i + kAhead < gone.nodes.size()) structure.fetch(gone.nodes[i + kAhead]);
    const Node node = gone.nodes[i];
    if (older != nullptr && structure.born(node) <= *older)
      keep->nodes.push_back(node);
    else
      released += structure.release(node);
  }
  if (older != nullptr) keep->bytes += gone.bytes - released;
  return released;
}

}  // namespace

Versions::~Versions() {
  while (!alive_.empty()) died(alive_.begin()->first);
}

void Versions::born(VersionNumber number, Height height) {
  TP_ASSERT(alive_.empty() || alive_.rbegin()->first < number);
  alive_.emplace(number, Version{.height = height, .waiting = {}});
}

void Versions::superseded(VersionNumber base, Superseded gone) {
  for (const auto& [store, nodes] : gone.stores)
    waiting_bytes_ += nodes.map.bytes + nodes.tree.bytes;
  for (const ColdName& name : gone.cold) waiting_bytes_ += name.bytes;
  Superseded& waiting = alive_.at(base).waiting;
  TP_ASSERT(waiting.stores.empty() && waiting.cold.empty());
  waiting = std::move(gone);
}

void Versions::died(VersionNumber number) {
  const auto it = alive_.find(number);
  TP_ASSERT(it != alive_.end());
  const Superseded waiting = std::move(it->second.waiting);
  const bool has_older = it != alive_.begin();
  const VersionNumber older_number = has_older ? std::prev(it)->first : VersionNumber{};
  Version* older = has_older ? &std::prev(it)->second : nullptr;
  const VersionNumber* older_or_none = has_older ? &older_number : nullptr;
  for (const auto& [store, nodes] : waiting.stores) {
    Superseded::PerStore* keep = has_older ? &older->waiting.stores[store] : nullptr;
    waiting_bytes_ -=
        settle(stores_[store]->map, nodes.map, older_or_none, keep ? &keep->map : nullptr);
    waiting_bytes_ -=
        settle(stores_[store]->tree, nodes.tree, older_or_none, keep ? &keep->tree : nullptr);
  }
  for (const ColdName& name : waiting.cold) {
    if (has_older && name.written <= older->height) {
      older->waiting.cold.push_back(name);
      continue;
    }
    waiting_bytes_ -= name.bytes;
    cold_.drop(name.store, name.key, name.written);
  }
  alive_.erase(it);
}

}  // namespace tp::store
