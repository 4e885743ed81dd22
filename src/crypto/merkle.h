// Merkle trees as CometBFT and RFC 6962 build them (specs/chain.md §3.2, §9): leaf
// SHA-256(00 || bytes), inner SHA-256(01 || left || right), the left subtree as large a power of
// two as is smaller than the whole; the root of no leaves is SHA-256("").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace tp::crypto {

Hash256 merkle_leaf_hash(BytesView leaf);
Hash256 merkle_inner_hash(const Hash256& left, const Hash256& right);

// Cost: 2n hashes.
Hash256 merkle_root(std::span<const Bytes> leaves);
Hash256 merkle_root(std::span<const BytesView> leaves);
// The same over leaves already hashed by merkle_leaf_hash.
Hash256 merkle_root_of_hashes(std::span<const Hash256> leaf_hashes);

// That a leaf stands at `index` among `total`. Aunts run from the leaf's sibling up.
struct MerkleProof {
  std::uint64_t total = 0;
  std::uint64_t index = 0;
  Hash256 leaf_hash;
  std::vector<Hash256> aunts;

  bool operator==(const MerkleProof&) const = default;
};

// Precondition: index < leaf_hashes.size(). Cost: 2n hashes.
MerkleProof merkle_proof(std::span<const Hash256> leaf_hashes, std::uint64_t index);

// For several proofs out of one tree.
class MerkleTree {
 public:
  // At least one leaf. Cost: 2n hashes, which are kept.
  explicit MerkleTree(std::vector<Hash256> leaf_hashes);
  // Precondition: index < number of leaves. Cost: log n copies.
  MerkleProof proof(std::uint64_t index) const;

 private:
  std::vector<std::vector<Hash256>> levels_;  // from the leaves to the root
};

// False for anything malformed: index out of range, too few or too many aunts, another leaf.
bool verify(const MerkleProof& proof, const Hash256& root, BytesView leaf);

}  // namespace tp::crypto
