#include "crypto/merkle.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>

#include "base/text.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

std::vector<Hash256> hashes_of(const std::vector<Bytes>& leaves) {
  std::vector<Hash256> hashes;
  for (const Bytes& leaf : leaves) hashes.push_back(merkle_leaf_hash(leaf));
  return hashes;
}

// RFC 6962 §2.1, word for word.
Hash256 root_by_definition(std::span<const Bytes> leaves) {
  if (leaves.empty()) return sha256("");
  if (leaves.size() == 1) return sha256(Bytes(1, 0) + leaves[0]);
  const std::size_t k = std::bit_floor(leaves.size() - 1);
  return sha256({"\1", root_by_definition(leaves.first(k)).view(),
                 root_by_definition(leaves.subspan(k)).view()});
}

// The vectors of the Certificate Transparency log.
TEST(Merkle, RootsAreThePublishedOnes) {
  const std::vector<std::string> leaves = {"",
                                           "00",
                                           "10",
                                           "2021",
                                           "3031",
                                           "40414243",
                                           "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<Bytes> prefix;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    prefix.push_back(*from_hex(leaves[i]));
    EXPECT_EQ(to_hex(merkle_root(std::span<const Bytes>(prefix)).view()), roots[i]);
  }
}

TEST(Merkle, RootOfNothingIsTheHashOfNothing) {
  EXPECT_EQ(merkle_root(std::span<const Bytes>()), sha256(""));
}

TEST(Merkle, AProofForAnotherPlaceOrRootIsRefused) {
  const std::vector<Bytes> leaves = {"a", "b", "c", "d", "e"};
  const Hash256 root = merkle_root(std::span<const Bytes>(leaves));
  const MerkleProof proof = merkle_proof(hashes_of(leaves), 2);
  ASSERT_TRUE(verify(proof, root, "c"));
  EXPECT_FALSE(verify(proof, root, "d"));
  EXPECT_FALSE(verify(proof, sha256(""), "c"));

  MerkleProof bad = proof;
  bad.index = 3;
  EXPECT_FALSE(verify(bad, root, "c"));
  bad = proof;
  bad.index = bad.total;
  EXPECT_FALSE(verify(bad, root, "c"));
  bad = proof;
  bad.total = 0;
  EXPECT_FALSE(verify(bad, root, "c"));
  bad = proof;
  bad.aunts.pop_back();
  EXPECT_FALSE(verify(bad, root, "c"));
  bad = proof;
  bad.aunts.push_back(root);
  EXPECT_FALSE(verify(bad, root, "c"));
  bad = proof;
  bad.leaf_hash = merkle_leaf_hash("x");
  EXPECT_FALSE(verify(bad, root, "c"));
}

// An inner node is not a leaf: the prefixes 00 and 01 keep them apart.
TEST(Merkle, AnInnerNodeDoesNotPassForALeaf) {
  const std::vector<Bytes> leaves = {"a", "b"};
  const Hash256 root = merkle_root(std::span<const Bytes>(leaves));
  const Bytes inner = merkle_leaf_hash("a").bytes() + merkle_leaf_hash("b").bytes();
  EXPECT_FALSE(verify({.total = 1, .index = 0, .leaf_hash = merkle_leaf_hash(inner), .aunts = {}},
                      root, inner));
}

TEST(Merkle, AProofOfAnImpossiblyWideTreeEnds) {
  MerkleProof proof{.total = ~std::uint64_t{0},
                    .index = 5,
                    .leaf_hash = merkle_leaf_hash("x"),
                    .aunts = std::vector<Hash256>(100)};
  EXPECT_FALSE(verify(proof, sha256(""), "x"));
}

RC_GTEST_PROP(MerkleProperty, RootsFollowTheDefinition, (const std::vector<std::string>& leaves)) {
  RC_ASSERT(merkle_root(std::span<const Bytes>(leaves)) == root_by_definition(leaves));
  const std::vector<BytesView> views(leaves.begin(), leaves.end());
  RC_ASSERT(merkle_root(std::span<const BytesView>(views)) == root_by_definition(leaves));
}

RC_GTEST_PROP(MerkleProperty, EveryLeafHasAProofThatHolds, ()) {
  const auto leaves = *rc::gen::nonEmpty<std::vector<std::string>>();
  const auto hashes = hashes_of(leaves);
  const Hash256 root = merkle_root(std::span<const Bytes>(leaves));
  const MerkleTree tree(hashes);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    RC_ASSERT(tree.proof(i) == merkle_proof(hashes, i));
    RC_ASSERT(verify(tree.proof(i), root, leaves[i]));
    RC_ASSERT_FALSE(verify(tree.proof(i), root, leaves[i] + "x"));
  }
}

}  // namespace
}  // namespace tp::crypto
