#include "store/smt.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "base/result.h"
#include "crypto/sha.h"
#include "store/node_pool.h"

namespace tp::store {

using Node = SparseMerkleTree::Node;

namespace {

// Bits of the position that choose a lane: parallel work and its memory are cut along subtrees of
// this depth.
constexpr int kLaneBits = 4;
constexpr std::size_t kLanes = std::size_t{1} << kLaneBits;
constexpr std::size_t kSequentialLane =
    kLanes;  // for small batches and for the nodes above the lanes
// Below this many changes, starting threads costs more than it saves.
constexpr std::size_t kParallelFrom = 256;

constexpr std::size_t kTogether = 16;  // changes whose ways are fetched together

constexpr std::size_t kUnit = 4;  // bytes
constexpr std::size_t kChunkUnits = kChunkBytes / kUnit;
constexpr std::size_t kChunks = (std::size_t{1} << 32) / kChunkUnits;

struct Header {
  std::uint32_t born_and_kind;  // born << 1 | is_leaf
};

struct Inner {
  Header header;
  Node left;
  Node right;
  std::array<std::uint8_t, 32> hash;
};

// How a position begins. The rest follows from the key, and is asked for where two of 2^48 leaves
// meet, and by proofs.
using Place = std::array<std::uint8_t, 6>;
constexpr int kPlaceBits = 48;

struct Leaf {
  Header header;
  std::uint16_t key_size;
  Place place;
  std::array<std::uint8_t, 32> hash;
  // the key follows
};
static_assert(sizeof(Inner) == 44 && sizeof(Leaf) == 44);
static_assert(offsetof(Inner, hash) == offsetof(Leaf, hash));
static_assert(SparseMerkleTree::kMaxKeySize <= UINT16_MAX);

template <std::size_t kSize>
bool bit_of(const std::array<std::uint8_t, kSize>& position, int depth) {
  return (position[static_cast<std::size_t>(depth) / 8] >> (7 - depth % 8) & 1) != 0;
}

std::size_t lane_of(const TreePosition& position) {
  return position.data[0] >> (8 - kLaneBits);
}

std::array<std::uint8_t, 32> inner_hash(const std::uint8_t* left, const std::uint8_t* right) {
  std::array<char, 65> input;
  input[0] = 1;
  std::memcpy(input.data() + 1, left, 32);
  std::memcpy(input.data() + 33, right, 32);
  return crypto::sha256(BytesView(input.data(), input.size())).data;
}

// Size classes of free lists: exact up to 64 units, then powers of two.
std::size_t rounded_units(std::size_t units) {
  return units <= 64 ? units : std::bit_ceil(units);
}
std::size_t class_of(std::size_t rounded) {
  return rounded <= 64 ? rounded : 64 + static_cast<std::size_t>(std::countr_zero(rounded)) - 6;
}
constexpr std::size_t kClasses = 64 + 14;  // up to 2^19 units

}  // namespace

TreePosition tree_position(BytesView key) {
  return TreePosition{crypto::sha256(key).data};
}

Hash256 tree_leaf_hash(const TreePosition& position, BytesView value) {
  const Hash256 value_hash = crypto::sha256(value);
  std::array<char, 65> input;
  input[0] = 0;
  std::memcpy(input.data() + 1, position.data.data(), 32);
  std::memcpy(input.data() + 33, value_hash.data.data(), 32);
  return crypto::sha256(BytesView(input.data(), input.size()));
}

// Memory of nodes. A node's index is its offset in units of four bytes; chunks never move, so that
// readers need no lock. Each lane takes whole chunks and has its own free lists, so that lanes can
// allocate at the same time.
struct SparseMerkleTree::Arena {
  struct Lane {
    Node next = 0;  // of the current chunk
    Node end = 0;
    std::array<Node, kClasses> free{};
    std::int64_t used_units = 0;
  };

  std::atomic<std::byte*>* chunks;
  std::size_t chunk_count = 0;
  std::mutex growing;
  std::array<Lane, kLanes + 1> lanes;

  // calloc: the table is large and mostly never touched.
  Arena()
      : chunks(static_cast<std::atomic<std::byte*>*>(
            std::calloc(kChunks, sizeof(std::atomic<std::byte*>)))) {
    if (chunks == nullptr) TP_FATAL("out of memory");
  }
  ~Arena() {
    for (std::size_t i = 0; i < chunk_count; ++i)
      std::free(chunks[i].load(std::memory_order_relaxed));
    std::free(static_cast<void*>(chunks));
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::byte* at(Node node) const {
    return chunks[node / kChunkUnits].load(std::memory_order_relaxed) + node % kChunkUnits * kUnit;
  }
  const Header& header(Node node) const { return *reinterpret_cast<const Header*>(at(node)); }
  bool is_leaf(Node node) const { return (header(node).born_and_kind & 1) != 0; }
  const Inner& inner(Node node) const { return *reinterpret_cast<const Inner*>(at(node)); }
  const Leaf& leaf(Node node) const { return *reinterpret_cast<const Leaf*>(at(node)); }
  BytesView key(Node node) const {
    const Leaf& l = leaf(node);
    return {reinterpret_cast<const char*>(&l + 1), l.key_size};
  }
  TreePosition position(Node leaf) const { return tree_position(key(leaf)); }
  bool position_bit(Node node, int depth) const {
    return depth < kPlaceBits ? bit_of(leaf(node).place, depth)
                              : bit_of(position(node).data, depth);
  }
  const std::uint8_t* hash(Node node) const {
    static constexpr std::array<std::uint8_t, 32> kEmpty{};
    if (node == 0) return kEmpty.data();
    return inner(node).hash.data();  // at the same place in a leaf
  }

  std::size_t units_of(Node node) const {
    const std::size_t bytes = is_leaf(node) ? sizeof(Leaf) + leaf(node).key_size : sizeof(Inner);
    return rounded_units((bytes + kUnit - 1) / kUnit);
  }

  // The first unit of a chunk names its lane; thereby index 0 is never a node.
  void take_chunk(Lane& lane, std::size_t lane_number) {
    const std::lock_guard lock(growing);
    if (chunk_count == kChunks) TP_FATAL("Merkle tree: more than 16 GiB of nodes");
    std::byte* memory = store::take_chunk(chunk_count >= kLargeFromChunks);
    const auto number = static_cast<std::uint32_t>(lane_number);
    std::memcpy(memory, &number, sizeof number);
    chunks[chunk_count].store(memory, std::memory_order_relaxed);
    const std::size_t first = chunk_count * kChunkUnits;
    lane.next = static_cast<Node>(first + 1);
    lane.end = static_cast<Node>(first + kChunkUnits -
                                 1);  // the last unit stays unused: `end` fits 32 bits
    ++chunk_count;
  }

  // A node may lie across two cache lines.
  void fetch(Node node) const {
    __builtin_prefetch(at(node));
    __builtin_prefetch(at(node) + sizeof(Inner) - 1);
  }

  // What is given back was last used long ago, and where the one after the next lies is written in
  // the next: so the next is fetched in advance.
  Node allocate(std::size_t lane_number, std::size_t bytes) {
    Lane& lane = lanes[lane_number];
    const std::size_t units = rounded_units((bytes + kUnit - 1) / kUnit);
    lane.used_units += static_cast<std::int64_t>(units);
    Node& free = lane.free[class_of(units)];
    if (free != 0) {
      const Node node = free;
      std::memcpy(&free, at(node), sizeof free);
      if (free != 0) fetch(free);
      return node;
    }
    if (lane.end - lane.next < units) take_chunk(lane, lane_number);
    const Node node = lane.next;
    lane.next += static_cast<Node>(units);
    return node;
  }

  std::size_t release(Node node) {
    std::uint32_t lane_number = 0;
    std::memcpy(&lane_number, chunks[node / kChunkUnits].load(std::memory_order_relaxed),
                sizeof lane_number);
    Lane& lane = lanes[lane_number];
    const std::size_t units = units_of(node);
    lane.used_units -= static_cast<std::int64_t>(units);
    Node& free = lane.free[class_of(units)];
    std::memcpy(at(node), &free, sizeof free);
    free = node;
    return units * kUnit;
  }
};

namespace {

using Changes = std::span<const LeafChange>;

// One application of sorted changes to one subtree, in one lane. Every node that it makes is part
// of the result.
template <class Arena>
class Update {
 public:
  Update(Arena& arena, std::size_t lane, VersionNumber version, SupersededNodes<Node>& superseded)
      : arena_(arena), lane_(lane), born_(version.value << 1), superseded_(superseded) {}

  // `warm`: the nodes on the way are in the cache.
  Node apply(Node node, Changes changes, int depth, bool warm = false) {
    if (changes.empty()) return node;
    if (node == 0 || arena_.is_leaf(node)) return build(node, changes, depth);
    if (!warm && changes.size() <= kTogether) {
      fetch_ways(node, changes, depth);
      warm = true;
    }
    const auto [left, right] = children(node);
    const std::size_t middle = split(changes, depth);
    const Node new_left = apply(left, changes.first(middle), depth + 1, warm);
    const Node new_right = apply(right, changes.subspan(middle), depth + 1, warm);
    if (new_left == left && new_right == right) return node;
    supersede(node);
    return join(new_left, new_right);
  }

  // The subtree over two subtrees: the one rule by which the tree stays compact (specs/chain.md
  // §3.2).
  Node join(Node left, Node right) {
    if (left == 0 && (right == 0 || arena_.is_leaf(right))) return right;
    if (right == 0 && arena_.is_leaf(left)) return left;
    const Node node = arena_.allocate(lane_, sizeof(Inner));
    auto* inner = reinterpret_cast<Inner*>(arena_.at(node));
    inner->header.born_and_kind = born_;
    inner->left = left;
    inner->right = right;
    inner->hash = inner_hash(arena_.hash(left), arena_.hash(right));
    return node;
  }

  void supersede(Node node) {
    superseded_.nodes.push_back(node);
    superseded_.bytes += arena_.units_of(node) * kUnit;
  }

  // The two halves of a subtree of any kind at `depth`.
  std::pair<Node, Node> halves(Node node, int depth) const {
    if (node == 0) return {0, 0};
    if (!arena_.is_leaf(node)) return children(node);
    return arena_.position_bit(node, depth) ? std::pair<Node, Node>{0, node}
                                            : std::pair<Node, Node>{node, 0};
  }

  static std::size_t split(Changes changes, int depth) {
    const auto first_right = std::partition_point(
        changes.begin(), changes.end(),
        [depth](const LeafChange& change) { return !bit_of(change.position.data, depth); });
    return static_cast<std::size_t>(first_right - changes.begin());
  }

 private:
  std::pair<Node, Node> children(Node node) const {
    const Inner& inner = arena_.inner(node);
    return {inner.left, inner.right};
  }

  // Brings the nodes between `node` and the changed leaves, and their siblings, into the cache. The
  // changes take each step together, so that they wait for memory at the same time and not one
  // after the other: most of the cost of an update.
  void fetch_ways(Node node, Changes changes, int depth) const {
    std::array<Node, kTogether> at;
    at.fill(node);
    for (bool moved = true; moved; ++depth) {
      moved = false;
      for (std::size_t i = 0; i < changes.size(); ++i) {
        if (at[i] == 0 || arena_.is_leaf(at[i])) continue;
        const auto [left, right] = children(at[i]);
        if (left != 0) arena_.fetch(left);
        if (right != 0) arena_.fetch(right);
        at[i] = bit_of(changes[i].position.data, depth) ? right : left;
        moved = true;
      }
    }
  }

  // A subtree of what was empty or the single leaf `old_leaf`.
  Node build(Node old_leaf, Changes changes, int depth) {
    if (changes.empty()) return old_leaf;
    if (changes.size() == 1) {
      const LeafChange& change = changes.front();
      if (old_leaf == 0) return change.leaf_hash ? make_leaf(change) : 0;
      if (arena_.key(old_leaf) == change.key) return replace(old_leaf, change);
      if (!change.leaf_hash) return old_leaf;
    }
    const auto [old_left, old_right] = halves(old_leaf, depth);
    const std::size_t middle = split(changes, depth);
    const Node left = build(old_left, changes.first(middle), depth + 1);
    const Node right = build(old_right, changes.subspan(middle), depth + 1);
    return join(left, right);
  }

  Node replace(Node old_leaf, const LeafChange& change) {
    if (change.leaf_hash && change.leaf_hash->data == arena_.leaf(old_leaf).hash) return old_leaf;
    supersede(old_leaf);
    return change.leaf_hash ? make_leaf(change) : 0;
  }

  Node make_leaf(const LeafChange& change) {
    TP_ASSERT(change.key.size() <= SparseMerkleTree::kMaxKeySize);
    const Node node = arena_.allocate(lane_, sizeof(Leaf) + change.key.size());
    auto* leaf = reinterpret_cast<Leaf*>(arena_.at(node));
    leaf->header.born_and_kind = born_ | 1;
    leaf->key_size = static_cast<std::uint16_t>(change.key.size());
    std::memcpy(leaf->place.data(), change.position.data.data(), leaf->place.size());
    leaf->hash = change.leaf_hash->data;
    std::memcpy(leaf + 1, change.key.data(), change.key.size());
    return node;
  }

  Arena& arena_;
  std::size_t lane_;
  std::uint32_t born_;
  SupersededNodes<Node>& superseded_;
};

}  // namespace

SparseMerkleTree::SparseMerkleTree() : arena_(std::make_unique<Arena>()) {}
SparseMerkleTree::~SparseMerkleTree() = default;

SparseMerkleTree::Root SparseMerkleTree::apply(Root base, std::span<const LeafChange> changes,
                                               VersionNumber version, Executor& executor,
                                               SupersededNodes<Node>& superseded) {
  Update<Arena> top(*arena_, kSequentialLane, version, superseded);
  if (changes.size() < kParallelFrom) return Root{top.apply(base.node, changes, 0)};

  // Open the top of the tree to one subtree per lane, change those side by side, and join them
  // again.
  std::array<std::array<Node, kLanes>, kLaneBits + 1> levels{};
  levels[0][0] = base.node;
  for (int depth = 0; depth < kLaneBits; ++depth) {
    for (std::size_t i = 0; i < std::size_t{1} << depth; ++i)
      std::tie(levels[depth + 1][2 * i], levels[depth + 1][2 * i + 1]) =
          top.halves(levels[depth][i], depth);
  }
  std::array<Changes, kLanes> parts;
  std::array<SupersededNodes<Node>, kLanes> lane_superseded;
  auto first = changes.begin();
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const auto last = std::partition_point(first, changes.end(), [lane](const LeafChange& change) {
      return lane_of(change.position) <= lane;
    });
    parts[lane] = Changes(first, last);
    first = last;
  }
  std::array<Node, kLanes> nodes{};
  executor.parallel(kLanes, [&](std::size_t lane) {
    Update<Arena> update(*arena_, lane, version, lane_superseded[lane]);
    nodes[lane] = update.apply(levels[kLaneBits][lane], parts[lane], kLaneBits);
  });
  for (const auto& [gone, bytes] : lane_superseded) {
    superseded.nodes.insert(superseded.nodes.end(), gone.begin(), gone.end());
    superseded.bytes += bytes;
  }

  for (int depth = kLaneBits - 1; depth >= 0; --depth) {
    for (std::size_t i = 0; i < std::size_t{1} << depth; ++i) {
      const Node old = levels[depth][i];
      const bool was_inner = old != 0 && !arena_->is_leaf(old);
      const bool same = nodes[2 * i] == levels[depth + 1][2 * i] &&
                        nodes[2 * i + 1] == levels[depth + 1][2 * i + 1];
      if (same && (was_inner || old == 0)) {
        nodes[i] = old;
        continue;
      }
      if (was_inner) top.supersede(old);
      nodes[i] = top.join(nodes[2 * i], nodes[2 * i + 1]);
    }
  }
  return Root{nodes[0]};
}

Hash256 SparseMerkleTree::hash(Root root) const {
  return Hash256::of({reinterpret_cast<const char*>(arena_->hash(root.node)), 32});
}

namespace {

SparseMerkleTree::LeafPath leaf_path(const auto& arena, Node leaf, const std::vector<Node>& above) {
  SparseMerkleTree::LeafPath path{.position = arena.position(leaf),
                                  .key = Bytes(arena.key(leaf)),
                                  .leaf_hash = Hash256{arena.leaf(leaf).hash},
                                  .steps = {}};
  Node child = leaf;
  for (auto it = above.rbegin(); it != above.rend(); ++it) {
    const Inner& inner = arena.inner(*it);
    const bool is_right = inner.right == child;
    const Node sibling = is_right ? inner.left : inner.right;
    path.steps.push_back(
        {is_right, Hash256::of({reinterpret_cast<const char*>(arena.hash(sibling)), 32})});
    child = *it;
  }
  return path;
}

}  // namespace

std::optional<SparseMerkleTree::LeafPath> SparseMerkleTree::find(
    Root root, const TreePosition& position) const {
  std::vector<Node> above;
  Node node = root.node;
  for (int depth = 0; node != 0 && !arena_->is_leaf(node); ++depth) {
    above.push_back(node);
    const Inner& inner = arena_->inner(node);
    node = bit_of(position.data, depth) ? inner.right : inner.left;
  }
  if (node == 0 || arena_->position(node) != position) return std::nullopt;
  return leaf_path(*arena_, node, above);
}

namespace {

// The leaf nearest to `position` on one side: descend as far as the position leads; where that
// ends, or when the leaf there is on the wrong side, go back to the last turn with something on the
// wanted side and take its near edge.
std::optional<SparseMerkleTree::LeafPath> nearest(const auto& arena, Node root,
                                                  const TreePosition& position, bool wanted_right) {
  std::vector<Node> above;
  std::size_t turn = 0;  // 1 + index in `above` of the last node whose wanted child was passed by
  Node node = root;
  for (int depth = 0; node != 0 && !arena.is_leaf(node); ++depth) {
    above.push_back(node);
    const Inner& inner = arena.inner(node);
    const bool right = bit_of(position.data, depth);
    if (right != wanted_right && (wanted_right ? inner.right : inner.left) != 0)
      turn = above.size();
    node = right ? inner.right : inner.left;
  }
  if (node != 0) {
    const TreePosition found = arena.position(node);
    if (wanted_right ? found > position : found < position) return leaf_path(arena, node, above);
  }
  if (turn == 0) return std::nullopt;
  above.resize(turn);
  node = wanted_right ? arena.inner(above.back()).right : arena.inner(above.back()).left;
  while (!arena.is_leaf(node)) {
    above.push_back(node);
    const Inner& inner = arena.inner(node);
    const Node near = wanted_right ? inner.left : inner.right;
    const Node far = wanted_right ? inner.right : inner.left;
    node = near != 0 ? near : far;
  }
  return leaf_path(arena, node, above);
}

}  // namespace

std::optional<SparseMerkleTree::LeafPath> SparseMerkleTree::before(
    Root root, const TreePosition& position) const {
  return nearest(*arena_, root.node, position, false);
}

std::optional<SparseMerkleTree::LeafPath> SparseMerkleTree::after(
    Root root, const TreePosition& position) const {
  return nearest(*arena_, root.node, position, true);
}

VersionNumber SparseMerkleTree::born(Node node) const {
  return VersionNumber{arena_->header(node).born_and_kind >> 1};
}

void SparseMerkleTree::fetch(Node node) const {
  __builtin_prefetch(arena_->at(node));
}

std::size_t SparseMerkleTree::release(Node node) {
  return arena_->release(node);
}

std::uint64_t SparseMerkleTree::bytes_used() const {
  std::int64_t units = 0;
  for (const Arena::Lane& lane : arena_->lanes) units += lane.used_units;
  return static_cast<std::uint64_t>(units) * kUnit;
}

std::uint64_t SparseMerkleTree::bytes_reserved() const {
  return arena_->chunk_count * kChunkUnits * kUnit;
}

}  // namespace tp::store
