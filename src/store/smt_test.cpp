#include "store/smt.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "crypto/sha.h"

namespace tp::store {
namespace {

using Content = std::map<Bytes, Bytes>;

// The definition of specs/chain.md §3.2, as slow and as plain as it is written.
Hash256 reference_root(const std::vector<std::pair<TreePosition, Hash256>>& leaves, int depth) {
  if (leaves.empty()) return Hash256{};
  if (leaves.size() == 1) return leaves[0].second;
  std::vector<std::pair<TreePosition, Hash256>> left, right;
  for (const auto& leaf : leaves) {
    const bool bit = leaf.first.data[depth / 8] >> (7 - depth % 8) & 1;
    (bit ? right : left).push_back(leaf);
  }
  return crypto::sha256({BytesView("\x01", 1), reference_root(left, depth + 1).view(),
                         reference_root(right, depth + 1).view()});
}

Hash256 reference_root(const Content& content) {
  std::vector<std::pair<TreePosition, Hash256>> leaves;
  for (const auto& [key, value] : content)
    leaves.emplace_back(tree_position(key),
                        crypto::sha256({BytesView("\0", 1), crypto::sha256(key).view(),
                                        crypto::sha256(value).view()}));
  return reference_root(leaves, 0);
}

Hash256 root_of_path(const SparseMerkleTree::LeafPath& path) {
  Hash256 hash = path.leaf_hash;
  for (const auto& step : path.steps) {
    hash = step.is_right ? crypto::sha256({BytesView("\x01", 1), step.sibling.view(), hash.view()})
                         : crypto::sha256({BytesView("\x01", 1), hash.view(), step.sibling.view()});
  }
  return hash;
}

// A tree with its content beside it.
struct Grown {
  using Writes = std::map<Bytes, std::optional<Bytes>>;

  void apply(const Writes& writes) {
    std::vector<LeafChange> changes;
    for (const auto& [key, value] : writes) {
      LeafChange change{.position = tree_position(key), .leaf_hash = std::nullopt, .key = key};
      if (value) change.leaf_hash = tree_leaf_hash(change.position, *value);
      changes.push_back(change);
      if (value)
        content[key] = *value;
      else
        content.erase(key);
    }
    std::ranges::sort(changes, {}, &LeafChange::position);
    superseded = {};
    version = version.next();
    root = tree.apply(root, changes, version, executor, superseded);
  }

  // As an owner that keeps only the newest version.
  void apply_and_forget(const Writes& writes) {
    apply(writes);
    for (const auto node : superseded.nodes) tree.release(node);
  }

  ThreadExecutor executor{1};
  SparseMerkleTree tree;
  SparseMerkleTree::Root root;
  VersionNumber version;
  SupersededNodes<SparseMerkleTree::Node> superseded;
  Content content;
};

Bytes numbered(std::string_view what, int i) {
  return Bytes(what) + std::to_string(i);
}

Grown::Writes many(int from, int to, std::string_view value) {
  Grown::Writes writes;
  for (int i = from; i < to; ++i) writes[numbered("key", i)] = numbered(value, i);
  return writes;
}

Grown::Writes without(int from, int to) {
  Grown::Writes writes;
  for (int i = from; i < to; ++i) writes[numbered("key", i)] = std::nullopt;
  return writes;
}

TEST(SparseMerkleTree, AnEmptyTreeHasAZeroRoot) {
  SparseMerkleTree tree;
  EXPECT_TRUE(tree.hash({}).is_zero());
}

TEST(SparseMerkleTree, ASingleLeafIsTheRoot) {
  Grown grown;
  grown.apply({{"key", "value"}});
  EXPECT_EQ(grown.tree.hash(grown.root), tree_leaf_hash(tree_position("key"), "value"));
}

// A leaf keeps the first 48 bits of its position. Two pairs of keys that agree in them, found by
// trying: in 48 bits and in 49.
TEST(SparseMerkleTree, PositionsMayAgreeInMoreBitsThanALeafKeeps) {
  Grown grown;
  for (const auto& [one, other] : {std::pair<Bytes, Bytes>{"k13051066", "k36814461"},
                                   std::pair<Bytes, Bytes>{"k16119685", "k31139947"}}) {
    ASSERT_EQ(tree_position(one).view().substr(0, 6), tree_position(other).view().substr(0, 6));
    grown.apply_and_forget({{one, "a"}});
    const auto neighbour = grown.tree.before(grown.root, tree_position(other));
    const auto on_the_other_side = grown.tree.after(grown.root, tree_position(other));
    EXPECT_NE(neighbour.has_value() && neighbour->key == one,
              on_the_other_side.has_value() && on_the_other_side->key == one);
    EXPECT_FALSE(grown.tree.find(grown.root, tree_position(other)));
    grown.apply_and_forget({{other, "b"}});  // splits far down
    EXPECT_EQ(grown.tree.hash(grown.root), reference_root(grown.content));
    EXPECT_EQ(grown.tree.find(grown.root, tree_position(one))->key, one);
    EXPECT_EQ(grown.tree.find(grown.root, tree_position(other))->key, other);
    grown.apply_and_forget({{one, "c"}});
    EXPECT_EQ(grown.tree.hash(grown.root), reference_root(grown.content));
    grown.apply_and_forget({{one, std::nullopt}});
    EXPECT_EQ(grown.tree.hash(grown.root), reference_root(grown.content));
    EXPECT_FALSE(grown.tree.find(grown.root, tree_position(one)));
  }
}

TEST(SparseMerkleTree, ALargeBatchInParallelHasTheRootOfItsContent) {
  Grown grown;
  grown.apply(many(0, 3000, "a"));
  EXPECT_EQ(grown.tree.hash(grown.root), reference_root(grown.content));
  grown.apply(many(1000, 4000, "b"));
  EXPECT_EQ(grown.tree.hash(grown.root), reference_root(grown.content));
  grown.apply(without(500, 3900));
  EXPECT_EQ(grown.tree.hash(grown.root), reference_root(grown.content));
}

TEST(SparseMerkleTree, RemovingEverythingLeavesTheEmptyTree) {
  Grown grown;
  grown.apply_and_forget(many(0, 1000, "a"));
  grown.apply_and_forget(without(0, 1000));
  EXPECT_EQ(grown.root.node, 0u);
  EXPECT_EQ(grown.tree.bytes_used(), 0u);
}

TEST(SparseMerkleTree, WritingWhatIsThereChangesNothing) {
  Grown grown;
  grown.apply(many(0, 1000, "a"));
  const auto before = grown.root;
  grown.apply(many(0, 1000, "a"));
  EXPECT_EQ(grown.root, before);
  EXPECT_TRUE(grown.superseded.nodes.empty());
  grown.apply(many(3, 5, "a"));
  EXPECT_EQ(grown.root, before);
}

TEST(SparseMerkleTree, RemovingWhatIsNotThereChangesNothing) {
  Grown grown;
  grown.apply(many(0, 100, "a"));
  const auto before = grown.root;
  grown.apply(without(100, 500));
  EXPECT_EQ(grown.root, before);
  EXPECT_TRUE(grown.superseded.nodes.empty());
}

TEST(SparseMerkleTree, ReleasedNodesAreUsedAgain) {
  Grown grown;
  grown.apply_and_forget(many(0, 2000, "a"));
  grown.apply_and_forget(many(0, 2000, "b"));
  const std::uint64_t used = grown.tree.bytes_used();
  const std::uint64_t reserved = grown.tree.bytes_reserved();
  for (int round = 0; round < 50; ++round)
    grown.apply_and_forget(many(0, 2000, round % 2 == 0 ? "c" : "b"));
  EXPECT_EQ(grown.tree.bytes_used(), used);
  EXPECT_EQ(grown.tree.bytes_reserved(), reserved);
}

TEST(SparseMerkleTree, OldVersionsStayReadable) {
  Grown grown;
  std::vector<std::pair<SparseMerkleTree::Root, Hash256>> versions;
  for (int round = 0; round < 20; ++round) {
    grown.apply(many(round * 50, round * 50 + 300, numbered("v", round)));
    versions.emplace_back(grown.root, reference_root(grown.content));
  }
  for (const auto& [root, hash] : versions) {
    EXPECT_EQ(grown.tree.hash(root), hash);
    const auto path = grown.tree.find(root, tree_position("key299"));
    ASSERT_TRUE(path);
    EXPECT_EQ(root_of_path(*path), hash);
  }
}

TEST(SparseMerkleTree, NodesKnowTheVersionThatMadeThem) {
  Grown grown;
  grown.apply(many(0, 10, "a"));
  EXPECT_EQ(grown.tree.born(grown.root.node), VersionNumber{1});
  grown.apply(many(0, 1, "b"));
  EXPECT_EQ(grown.tree.born(grown.root.node), VersionNumber{2});
}

TEST(SparseMerkleTree, LongKeysAreKept) {
  Grown grown;
  const Bytes key(SparseMerkleTree::kMaxKeySize, 'k');
  grown.apply({{key, "value"}, {"other", "value"}});
  const auto path = grown.tree.find(grown.root, tree_position(key));
  ASSERT_TRUE(path);
  EXPECT_EQ(path->key, key);
}

// Small alphabets make keys meet again: overwriting, removing and inserting once more.
rc::Gen<std::vector<Grown::Writes>> histories() {
  const auto write = rc::gen::pair(rc::gen::inRange(0, 60), rc::gen::inRange(0, 3));
  const auto block =
      rc::gen::map(rc::gen::container<std::vector<std::pair<int, int>>>(write),
                   [](const std::vector<std::pair<int, int>>& numbers) {
                     Grown::Writes writes;
                     for (const auto& [key, value] : numbers)
                       writes[numbered("k", key)] =
                           value == 0 ? std::nullopt : std::optional<Bytes>(numbered("v", value));
                     return writes;
                   });
  return rc::gen::scale(0.3, rc::gen::container<std::vector<Grown::Writes>>(block));
}

RC_GTEST_PROP(SparseMerkleTreeProperty, TheRootIsThatOfTheContentAlone, ()) {
  Grown grown;
  for (const auto& writes : *histories()) {
    grown.apply_and_forget(writes);
    RC_ASSERT(grown.tree.hash(grown.root) == reference_root(grown.content));
  }
}

RC_GTEST_PROP(SparseMerkleTreeProperty, HistoryLeavesNoTrace, ()) {
  Grown lived;
  for (const auto& writes : *histories()) lived.apply_and_forget(writes);
  Grown fresh;
  Grown::Writes all(lived.content.begin(), lived.content.end());
  fresh.apply(all);
  RC_ASSERT(lived.tree.hash(lived.root) == fresh.tree.hash(fresh.root));
  RC_ASSERT(lived.tree.bytes_used() == fresh.tree.bytes_used());
}

RC_GTEST_PROP(SparseMerkleTreeProperty, EveryLeafIsFoundAndLeadsToTheRoot, ()) {
  Grown grown;
  for (const auto& writes : *histories()) grown.apply_and_forget(writes);
  for (const auto& [key, value] : grown.content) {
    const auto path = grown.tree.find(grown.root, tree_position(key));
    RC_ASSERT(path.has_value());
    RC_ASSERT(path->key == key);
    RC_ASSERT(path->leaf_hash == tree_leaf_hash(path->position, value));
    RC_ASSERT(root_of_path(*path) == grown.tree.hash(grown.root));
  }
}

RC_GTEST_PROP(SparseMerkleTreeProperty, NeighboursAreThoseOfTheSortedPositions, ()) {
  Grown grown;
  for (const auto& writes : *histories()) grown.apply_and_forget(writes);
  std::set<TreePosition> sorted;
  for (const auto& [key, value] : grown.content) sorted.insert(tree_position(key));
  for (int i = 0; i < 80; ++i) {
    const TreePosition position = tree_position(numbered("k", i));
    const auto before = grown.tree.before(grown.root, position);
    const auto after = grown.tree.after(grown.root, position);
    const auto expected_after = sorted.upper_bound(position);
    const auto lower = sorted.lower_bound(position);
    RC_ASSERT(after.has_value() == (expected_after != sorted.end()));
    if (after) RC_ASSERT(after->position == *expected_after);
    RC_ASSERT(before.has_value() == (lower != sorted.begin()));
    if (before) RC_ASSERT(before->position == *std::prev(lower));
    if (before) RC_ASSERT(root_of_path(*before) == grown.tree.hash(grown.root));
    if (after) RC_ASSERT(root_of_path(*after) == grown.tree.hash(grown.root));
    RC_ASSERT(grown.tree.find(grown.root, position).has_value() == sorted.contains(position));
  }
}

RC_GTEST_PROP(SparseMerkleTreeProperty, SupersededNodesAreExactlyThoseNoLongerReachable, ()) {
  // With every superseded node released at once, what is used is what one fresh tree of the content
  // uses.
  Grown lived;
  for (int round = 0; round < 2; ++round) {
    const int from = *rc::gen::inRange(0, 600);
    lived.apply_and_forget(many(from, from + *rc::gen::inRange(0, 500), numbered("r", round)));
    const int gone = *rc::gen::inRange(0, 600);
    lived.apply_and_forget(without(gone, gone + *rc::gen::inRange(0, 500)));
  }
  Grown fresh;
  fresh.apply(Grown::Writes(lived.content.begin(), lived.content.end()));
  RC_ASSERT(lived.tree.hash(lived.root) == fresh.tree.hash(fresh.root));
  RC_ASSERT(lived.tree.bytes_used() == fresh.tree.bytes_used());
}

}  // namespace
}  // namespace tp::store
