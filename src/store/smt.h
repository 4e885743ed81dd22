// The sparse Merkle tree under every store's root, with exactly ICS-23's SmtSpec hashing
// (specs/chain.md §3.2):
//
//   leaf(key, value) = SHA-256(00 || SHA-256(key) || SHA-256(value))      inner(l, r) = SHA-256(01
//   || l || r) an empty subtree is 32 zero bytes; a subtree of one leaf is that leaf; bit d of
//   SHA-256(key) chooses the side at depth d
//
// The root depends on the content only. Nodes live in memory, in arenas addressed by 32-bit index,
// and are never changed once written: a batch of changes makes a new root that shares what it did
// not touch, and says which nodes the new root no longer needs. Values are not kept here, only
// their hashes; keys are, because proofs of absence name neighbours.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/executor.h"
#include "base/strong.h"

namespace tp::store {

// SHA-256 of a key: where its leaf stands.
using TreePosition = FixedBytes<32, struct TreePositionTag>;

TreePosition tree_position(BytesView key);
Hash256 tree_leaf_hash(const TreePosition& position, BytesView value);

// Counts commits since the process opened the state; orders versions (heights may have gaps). Below
// 2^31.
using VersionNumber = Strong<struct VersionNumberTag, std::uint32_t>;

// What a batch of changes replaced: nodes that its base has and its result has not.
template <class Node>
struct SupersededNodes {
  std::vector<Node> nodes;
  std::uint64_t bytes = 0;  // of all of them
};

// One key of a batch and what it becomes.
struct LeafChange {
  TreePosition position;             // of `key`
  std::optional<Hash256> leaf_hash;  // nothing: the key is removed (no effect when it is not there)
  BytesView key;
};

class SparseMerkleTree {
 public:
  using Node = std::uint32_t;  // index of a node; 0 is the empty subtree

  struct Root {
    Node node = 0;
    bool operator==(const Root&) const = default;
  };

  SparseMerkleTree();
  ~SparseMerkleTree();
  SparseMerkleTree(const SparseMerkleTree&) = delete;
  SparseMerkleTree& operator=(const SparseMerkleTree&) = delete;

  // The tree `base` with `changes` applied. `base` stays readable. Nodes that `base` has and the
  // result has not are appended to `superseded`; give each to release() when no living version from
  // its birth to before `version` is left. Precondition: `changes` is sorted by position without
  // duplicates; keys are at most kMaxKeySize bytes. One caller at a time, together with release();
  // readers are never disturbed. Cost: for n changes in a tree of N keys about n · log2(N/n) + 2n
  // hashes, on executor.width() cores.
  Root apply(Root base, std::span<const LeafChange> changes, VersionNumber version,
             Executor& executor, SupersededNodes<Node>& superseded);
  static constexpr std::size_t kMaxKeySize = 65'535;

  Hash256 hash(Root root) const;  // 32 zero bytes when empty. Cost: O(1).

  // A leaf and the way from it up to the root: which side of its parent the node is on, and its
  // sibling's hash.
  struct Step {
    bool is_right = false;
    Hash256 sibling;
  };
  struct LeafPath {
    TreePosition position;
    Bytes key;
    Hash256 leaf_hash;
    std::vector<Step> steps;  // from the leaf to the root
  };

  // The leaf at `position`, or nothing. Cost: O(log N).
  std::optional<LeafPath> find(Root root, const TreePosition& position) const;
  // The last leaf before `position` and the first after it; nothing at an edge.
  std::optional<LeafPath> before(Root root, const TreePosition& position) const;
  std::optional<LeafPath> after(Root root, const TreePosition& position) const;

  // For the owner of the versions.
  VersionNumber born(Node node) const;   // the version whose apply() made it
  void fetch(Node node) const;           // brings what born() and release() read into the cache
  std::size_t release(Node node);        // its memory is used again; returns how much
  std::uint64_t bytes_used() const;      // of living nodes
  std::uint64_t bytes_reserved() const;  // of memory taken from the system

 private:
  struct Arena;
  std::unique_ptr<Arena> arena_;
};

}  // namespace tp::store
