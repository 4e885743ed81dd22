#include "crypto/merkle.h"

#include "base/result.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

template <class Leaf>
std::vector<Hash256> hash_leaves(std::span<const Leaf> leaves) {
  std::vector<Hash256> hashes;
  hashes.reserve(leaves.size());
  for (const BytesView leaf : leaves) hashes.push_back(merkle_leaf_hash(leaf));
  return hashes;
}

// The level above: pairs hashed, a last odd node carried up as it is. That builds the same tree as
// splitting at the largest power of two from the top.
std::vector<Hash256> parents_of(std::span<const Hash256> level) {
  std::vector<Hash256> parents;
  parents.reserve(level.size() / 2 + 1);
  for (std::size_t i = 0; i + 1 < level.size(); i += 2)
    parents.push_back(merkle_inner_hash(level[i], level[i + 1]));
  if (level.size() % 2 != 0) parents.push_back(level.back());
  return parents;
}

}  // namespace

Hash256 merkle_leaf_hash(BytesView leaf) {
  return sha256({BytesView("\x00", 1), leaf});
}

Hash256 merkle_inner_hash(const Hash256& left, const Hash256& right) {
  std::array<char, 65> bytes;
  bytes[0] = 1;
  std::copy_n(left.view().data(), 32, bytes.data() + 1);
  std::copy_n(right.view().data(), 32, bytes.data() + 33);
  return sha256(BytesView(bytes.data(), bytes.size()));
}

Hash256 merkle_root_of_hashes(std::span<const Hash256> leaf_hashes) {
  if (leaf_hashes.empty()) return sha256(BytesView());
  std::vector<Hash256> level(leaf_hashes.begin(), leaf_hashes.end());
  while (level.size() > 1) level = parents_of(level);
  return level.front();
}

Hash256 merkle_root(std::span<const Bytes> leaves) {
  return merkle_root_of_hashes(hash_leaves(leaves));
}

Hash256 merkle_root(std::span<const BytesView> leaves) {
  return merkle_root_of_hashes(hash_leaves(leaves));
}

MerkleTree::MerkleTree(std::vector<Hash256> leaf_hashes) {
  TP_ASSERT(!leaf_hashes.empty());
  levels_.push_back(std::move(leaf_hashes));
  while (levels_.back().size() > 1) levels_.push_back(parents_of(levels_.back()));
}

MerkleProof MerkleTree::proof(std::uint64_t index) const {
  const std::vector<Hash256>& leaves = levels_.front();
  TP_ASSERT(index < leaves.size());
  MerkleProof proof{
      .total = leaves.size(), .index = index, .leaf_hash = leaves[index], .aunts = {}};
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i, index /= 2)
    if (const std::uint64_t sibling = index ^ 1; sibling < levels_[i].size())
      proof.aunts.push_back(levels_[i][sibling]);
  return proof;
}

MerkleProof merkle_proof(std::span<const Hash256> leaf_hashes, std::uint64_t index) {
  TP_ASSERT(index < leaf_hashes.size());
  return MerkleTree({leaf_hashes.begin(), leaf_hashes.end()}).proof(index);
}

bool verify(const MerkleProof& proof, const Hash256& root, BytesView leaf) {
  if (proof.index >= proof.total || merkle_leaf_hash(leaf) != proof.leaf_hash) return false;
  Hash256 hash = proof.leaf_hash;
  std::size_t used = 0;
  // `width` nodes on the level, ours at `index`; the last of an odd level has no sibling.
  for (std::uint64_t index = proof.index, width = proof.total; width > 1;
       index /= 2, width = width / 2 + width % 2) {
    if (index % 2 == 0 && index + 1 == width) continue;
    if (used == proof.aunts.size()) return false;
    const Hash256& aunt = proof.aunts[used++];
    hash = index % 2 == 0 ? merkle_inner_hash(hash, aunt) : merkle_inner_hash(aunt, hash);
  }
  return used == proof.aunts.size() && hash == root;
}

}  // namespace tp::crypto
