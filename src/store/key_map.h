// The ordered map of one store: a B+-tree of packed, immutable nodes.
//
// A batch of changes makes a new root that shares every node that it did not touch, so that
// versions are cheap and readers need no lock. Within a batch each node is rewritten once, however
// many of its keys change. An entry holds its value, or, for a cold value, the height at which it
// was written; the value is then on disk or in ColdValues.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "store/node_pool.h"
#include "store/reader.h"
#include "store/smt.h"

namespace tp::store {

struct MapNode;  // private to key_map.cpp

// What the map knows about a key.
struct MapEntry {
  bool cold = false;
  BytesView value;  // when hot; valid as long as the version is
  Height written;   // when cold

  bool operator==(const MapEntry&) const = default;
};

class KeyMap {
 public:
  using Node = const MapNode*;
  using Root = Node;  // nullptr is the empty map

  // One key of a batch and what it becomes.
  struct Change {
    BytesView key;
    std::optional<MapEntry> entry;  // nothing: the key is erased (no effect when it is not there)
  };
  // Called once for each change, in order, with what the base holds.
  using Replaced = FunctionRef<void(std::size_t change, const std::optional<MapEntry>& old)>;

  static constexpr std::size_t kMaxKeySize = 65'535;

  KeyMap() = default;
  ~KeyMap();  // precondition: what was superseded has been released
  KeyMap(const KeyMap&) = delete;
  KeyMap& operator=(const KeyMap&) = delete;

  // The map `base` with `changes` applied; as SparseMerkleTree::apply. `base` must be what the last
  // call returned. Precondition: `changes` is sorted by key without duplicates. Cost: for n changes
  // at most n leaves of about a KiB copied, and the nodes above them.
  Root apply(Root base, std::span<const Change> changes, VersionNumber version, Replaced replaced,
             SupersededNodes<Node>& superseded);

  // Cost: O(log N), about four cache misses at a million keys.
  static std::optional<MapEntry> get(Root root, BytesView key);

  // From a root to where `key` is.
  struct Way {
    Node node;
    BytesView key;
  };
  // Brings the nodes on these ways into the cache. The ways take each step together, so that they
  // wait for memory at the same time and not one after the other. Moves them on.
  static void fetch(std::span<Way> ways);

  using Visitor = FunctionRef<Result<Step>(BytesView key, const MapEntry& entry)>;
  static Result<void> scan(Root root, const KeyRange& range, Visitor visit);

  static VersionNumber born(Node node);
  static void fetch(Node node);    // brings what born() and release() read into the cache
  std::size_t release(Node node);  // returns its bytes
  std::uint64_t bytes_used() const { return bytes_used_; }  // of all living nodes

 private:
  NodePool pool_;
  Root newest_ = nullptr;
  std::uint64_t bytes_used_ = 0;
};

}  // namespace tp::store
