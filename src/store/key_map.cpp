#include "store/key_map.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "store/key_order.h"

namespace tp::store {

using Node = KeyMap::Node;

// A header, then for a leaf:   offsets[count + 1], entries {key size, kind, key, value}
//               for an inner:  heads[count], children[count], offsets[count + 1], separators
// Offsets are from the start of the node. Separator i is <= every key under child i and > every key
// before it; separator 0 is empty and never looked at. Head i holds the first eight bytes of
// separator i (key_head), so that a search mostly reads nothing else.
struct MapNode {
  std::uint32_t born;
  std::uint32_t bytes;
  std::uint32_t count;
  std::uint32_t is_leaf;
};
static_assert(sizeof(MapNode) == 16);

namespace {

constexpr std::size_t kLeafBytes = 1'000;  // with malloc's header, close to a KiB
constexpr std::size_t kInnerBytes = 1'500;
constexpr std::size_t kPerChild = sizeof(std::uint64_t) + sizeof(Node);
constexpr std::size_t kFewBytes = 300;     // a smaller node joins its neighbour
constexpr std::size_t kJoinedBytes = 750;  // unless both together would soon split again

const char* raw(Node node) {
  return reinterpret_cast<const char*>(node);
}

std::uint32_t load32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

const char* offsets(Node node) {
  return raw(node) + sizeof(MapNode) + (node->is_leaf ? 0 : node->count * kPerChild);
}

BytesView slice(Node node, std::size_t i) {
  const char* offset = offsets(node) + i * 4;
  const std::uint32_t from = load32(offset);
  return {raw(node) + from, load32(offset + 4) - from};
}

const std::uint64_t* heads(Node inner) {
  return reinterpret_cast<const std::uint64_t*>(raw(inner) + sizeof(MapNode));
}

std::size_t child_offset(std::size_t count, std::size_t i) {
  return sizeof(MapNode) + count * sizeof(std::uint64_t) + i * sizeof(Node);
}

Node child_of(Node inner, std::size_t i) {
  Node child = nullptr;
  std::memcpy(&child, raw(inner) + child_offset(inner->count, i), sizeof child);
  return child;
}

constexpr std::size_t kEntryHeader = 3;

std::size_t key_size_at(const char* entry) {
  std::uint16_t size = 0;
  std::memcpy(&size, entry, sizeof size);
  return size;
}

BytesView key_at(Node leaf, std::size_t i) {
  const char* entry = raw(leaf) + load32(offsets(leaf) + i * 4);
  return {entry + kEntryHeader, key_size_at(entry)};
}

MapEntry entry_at(Node leaf, std::size_t i) {
  BytesView entry = slice(leaf, i);
  const bool cold = entry[2] != 0;
  entry.remove_prefix(kEntryHeader + key_size_at(entry.data()));
  if (!cold) return MapEntry{.cold = false, .value = entry, .written = {}};
  std::int64_t height = 0;
  std::memcpy(&height, entry.data(), sizeof height);
  return MapEntry{.cold = true, .value = {}, .written = Height{height}};
}

// A binary search would wait for one cache line after the other; all of a node arrive in the time
// of one.
void prefetch(Node node, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += 64) __builtin_prefetch(raw(node) + at);
}

// As a < b of bytes. Two keys mostly differ in their first eight bytes, and a call of memcmp costs
// more than to look.
bool below(BytesView a, BytesView b) {
  const std::uint64_t left = key_head(a), right = key_head(b);
  return left != right ? left < right : a < b;
}

// The first entry whose key is not below `key`.
std::size_t lower_bound(Node leaf, BytesView key) {
  std::size_t low = 0;
  std::size_t high = leaf->count;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (below(key_at(leaf, middle), key))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// The child under which `key` belongs: the last whose separator is not above it.
std::size_t child_for(Node inner, BytesView key) {
  const std::span<const std::uint64_t> all(heads(inner) + 1, inner->count - 1);
  const auto [first_same, end_same] = std::ranges::equal_range(all, key_head(key));
  auto low = static_cast<std::size_t>(first_same - all.begin()) + 1;
  auto high = static_cast<std::size_t>(end_same - all.begin()) + 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (slice(inner, middle) <= key)
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}

// The shortest bytes that are > left and <= right. Precondition: left < right.
BytesView shortest_between(BytesView left, BytesView right) {
  std::size_t same = 0;
  while (same < left.size() && left[same] == right[same]) ++same;
  return right.substr(0, same + 1);
}

struct Item {  // of a leaf to be
  BytesView key;
  MapEntry entry;
  std::size_t bytes() const {
    return 4 + kEntryHeader + key.size() + (entry.cold ? 8 : entry.value.size());
  }
};

struct Child {  // of an inner node to be
  BytesView separator;
  Node node;
  std::size_t bytes() const { return kPerChild + 4 + separator.size(); }
};

// One application of a batch. Nodes of the base live until it is over, so that keys and separators
// are views of them, or of the changes.
class Update {
  struct Touched {  // a child that some changes belong under
    std::size_t child;
    std::size_t from;
    std::size_t to;
    std::size_t results_end;  // what it became ends there
  };

 public:
  Update(std::span<const KeyMap::Change> changes, VersionNumber version, KeyMap::Replaced replaced,
         SupersededNodes<Node>& superseded, NodePool& pool, std::uint64_t& bytes_used)
      : changes_(changes),
        born_(version.value),
        replaced_(replaced),
        superseded_(superseded),
        pool_(pool),
        bytes_used_(bytes_used) {}

  Node run(Node root) {
    std::vector<Child> level;
    if (root == nullptr)
      change_leaf(nullptr, {}, 0, changes_.size(), level);
    else
      change(root, {}, 0, changes_.size(), level);
    while (level.size() > 1) {
      std::vector<Child> above;
      pack_inner(std::move(level), above);
      level = std::move(above);
    }
    if (level.empty()) return nullptr;
    Node top = level[0].node;
    while (!top->is_leaf && top->count == 1) {
      const Node below = child_of(top, 0);
      drop(top);
      top = below;
    }
    return top;
  }

 private:
  // Appends to `out` what `node` becomes under changes_[from, to): itself, or fresh nodes of the
  // same level.
  void change(Node node, BytesView separator, std::size_t from, std::size_t to,
              std::vector<Child>& out) {
    if (from == to)
      out.push_back({separator, node});
    else if (node->is_leaf)
      change_leaf(node, separator, from, to, out);
    else
      change_inner(node, separator, from, to, out);
  }

  void change_leaf(Node leaf, BytesView separator, std::size_t from, std::size_t to,
                   std::vector<Child>& out) {
    if (leaf != nullptr && patch_leaf(leaf, separator, from, to, out)) return;
    const std::size_t count = leaf == nullptr ? 0 : leaf->count;
    std::vector<Item>& items = items_;
    items.clear();
    bool changed = false;
    std::size_t old = 0;
    for (std::size_t i = from; i < to; ++i) {
      const KeyMap::Change& change = changes_[i];
      while (old < count && key_at(leaf, old) < change.key) {
        items.push_back({key_at(leaf, old), entry_at(leaf, old)});
        ++old;
      }
      std::optional<MapEntry> before;
      if (old < count && key_at(leaf, old) == change.key) before = entry_at(leaf, old++);
      replaced_(i, before);
      changed |= before != change.entry;
      if (change.entry) items.push_back({change.key, *change.entry});
    }
    if (!changed) {
      if (leaf != nullptr) out.push_back({separator, leaf});
      return;
    }
    // Keys that come in order fill their leaves; otherwise both halves get room.
    const bool appended = old == count;
    for (; old < count; ++old) items.push_back({key_at(leaf, old), entry_at(leaf, old)});
    pack_leaves(items, separator, appended, out);
    if (leaf != nullptr) drop(leaf);
  }

  // The common case, values replaced by others of their size: a copy with the new values. False,
  // and nothing done, when it is not that case.
  bool patch_leaf(Node leaf, BytesView separator, std::size_t from, std::size_t to,
                  std::vector<Child>& out) {
    places_.clear();
    bool changed = false;
    for (std::size_t i = from; i < to; ++i) {
      const KeyMap::Change& change = changes_[i];
      const std::size_t at = lower_bound(leaf, change.key);
      if (!change.entry || at == leaf->count || key_at(leaf, at) != change.key) return false;
      const MapEntry old = entry_at(leaf, at);
      if (old.cold != change.entry->cold || old.value.size() != change.entry->value.size())
        return false;
      changed |= old != *change.entry;
      places_.push_back(at);
    }
    for (std::size_t i = from; i < to; ++i) replaced_(i, entry_at(leaf, places_[i - from]));
    if (!changed) {
      out.push_back({separator, leaf});
      return true;
    }
    char* copy = allocate(leaf->bytes, leaf->count, true);
    std::memcpy(copy + sizeof(MapNode), raw(leaf) + sizeof(MapNode), leaf->bytes - sizeof(MapNode));
    for (std::size_t i = from; i < to; ++i) {
      const BytesView entry = slice(leaf, places_[i - from]);
      char* value = copy + (entry.data() - raw(leaf)) + kEntryHeader + key_size_at(entry.data());
      const MapEntry& now = *changes_[i].entry;
      if (now.cold)
        std::memcpy(value, &now.written.value, sizeof now.written.value);
      else
        std::copy(now.value.begin(), now.value.end(), value);
    }
    out.push_back({separator, reinterpret_cast<Node>(copy)});
    drop(leaf);
    return true;
  }

  void change_inner(Node inner, BytesView separator, std::size_t from, std::size_t to,
                    std::vector<Child>& out) {
    std::vector<Touched> touched;
    for (std::size_t next = from; next < to;) {
      const std::size_t child = child_for(inner, changes_[next].key);
      prefetch(child_of(inner, child), kLeafBytes);
      const std::size_t first = next;
      if (child + 1 == inner->count) {
        next = to;
      } else {
        const BytesView bound = slice(inner, child + 1);
        while (next < to && changes_[next].key < bound) ++next;
      }
      touched.push_back({.child = child, .from = first, .to = next, .results_end = 0});
    }
    std::vector<Child> results;
    results.reserve(touched.size() + 2);
    for (Touched& t : touched) {
      change(child_of(inner, t.child), slice(inner, t.child), t.from, t.to, results);
      t.results_end = results.size();
    }
    if (patch_inner(inner, separator, touched, results, out)) return;

    std::vector<Child> children;
    children.reserve(inner->count + results.size());
    std::size_t next_result = 0;
    auto t = touched.begin();
    for (std::size_t i = 0; i < inner->count; ++i) {
      if (t == touched.end() || t->child != i) {
        children.push_back({slice(inner, i), child_of(inner, i)});
        continue;
      }
      for (; next_result < t->results_end; ++next_result) children.push_back(results[next_result]);
      ++t;
    }
    join_small(children);
    if (!children.empty()) children[0].separator = separator;
    pack_inner(std::move(children), out);
    drop(inner);
  }

  // The common case, every touched child became one other: a copy with the new pointers. False, and
  // nothing done, when it is not that case, or a child became so small that it should join its
  // neighbour.
  bool patch_inner(Node inner, BytesView separator, std::span<const Touched> touched,
                   std::span<const Child> results, std::vector<Child>& out) {
    bool changed = false;
    for (std::size_t i = 0; i < touched.size(); ++i) {
      if (touched[i].results_end != i + 1) return false;
      const Node old = child_of(inner, touched[i].child);
      const Node now = results[i].node;
      if (now->bytes < kFewBytes && now->bytes < old->bytes) return false;
      changed |= now != old;
    }
    if (!changed) {
      out.push_back({separator, inner});
      return true;
    }
    char* copy = allocate(inner->bytes, inner->count, false);
    std::memcpy(copy + sizeof(MapNode), raw(inner) + sizeof(MapNode),
                inner->bytes - sizeof(MapNode));
    for (std::size_t i = 0; i < touched.size(); ++i)
      std::memcpy(copy + child_offset(inner->count, touched[i].child), &results[i].node,
                  sizeof(Node));
    out.push_back({separator, reinterpret_cast<Node>(copy)});
    drop(inner);
    return true;
  }

  // Cuts items into leaves. `separator` is that of the first; the others get the shortest that
  // divides.
  void pack_leaves(std::span<const Item> items, BytesView separator, bool fill,
                   std::vector<Child>& out) {
    std::size_t total = 0;
    for (const Item& item : items) total += item.bytes();
    constexpr std::size_t kRoom = kLeafBytes - sizeof(MapNode) - 4;
    const std::size_t pieces = (total + kRoom - 1) / kRoom;
    const std::size_t target = fill || pieces < 2 ? kRoom : total / pieces;
    for (std::size_t begin = 0; begin < items.size();) {
      std::size_t end = begin;
      std::size_t size = 0;
      while (end < items.size() && (end == begin || size + items[end].bytes() <= kRoom) &&
             (size < target))
        size += items[end++].bytes();
      if (begin > 0) separator = shortest_between(items[begin - 1].key, items[begin].key);
      out.push_back({separator, make_leaf(items.subspan(begin, end - begin), size)});
      begin = end;
    }
  }

  Node make_leaf(std::span<const Item> items, std::size_t size) {
    char* node = allocate(sizeof(MapNode) + 4 + size, items.size(), true);
    char* offset = node + sizeof(MapNode);
    char* at = offset + 4 * (items.size() + 1);
    for (const Item& item : items) {
      store_offset(offset, node, at);
      const auto key_size = static_cast<std::uint16_t>(item.key.size());
      std::memcpy(at, &key_size, sizeof key_size);
      at[2] = item.entry.cold ? 1 : 0;
      at = std::copy(item.key.begin(), item.key.end(), at + kEntryHeader);
      if (item.entry.cold) {
        std::memcpy(at, &item.entry.written.value, 8);
        at += 8;
      } else {
        at = std::copy(item.entry.value.begin(), item.entry.value.end(), at);
      }
    }
    store_offset(offset, node, at);
    return reinterpret_cast<Node>(node);
  }

  void pack_inner(std::vector<Child> children, std::vector<Child>& out) {
    std::size_t total = 0;
    for (const Child& child : children) total += child.bytes();
    constexpr std::size_t kRoom = kInnerBytes - sizeof(MapNode) - 4;
    const std::size_t pieces = (total + kRoom - 1) / kRoom;
    const std::size_t target = pieces < 2 ? kRoom : total / pieces + 1;
    for (std::size_t begin = 0; begin < children.size();) {
      std::size_t end = begin;
      std::size_t size = 0;
      // Two children at least, so that every level above is smaller.
      while (end < children.size() && (end < begin + 2 || size < target))
        size += children[end++].bytes();
      if (end + 1 == children.size()) size += children[end++].bytes();
      const BytesView separator = std::exchange(children[begin].separator, {});
      out.push_back({separator, make_inner(std::span(children).subspan(begin, end - begin))});
      begin = end;
    }
  }

  Node make_inner(std::span<const Child> children) {
    std::size_t size = 0;
    for (const Child& child : children) size += child.bytes();
    char* node = allocate(sizeof(MapNode) + 4 + size, children.size(), false);
    char* head = node + sizeof(MapNode);
    char* pointer = node + child_offset(children.size(), 0);
    char* offset = node + child_offset(children.size(), children.size());
    char* at = offset + 4 * (children.size() + 1);
    for (const Child& child : children) {
      const std::uint64_t separator_head = key_head(child.separator);
      std::memcpy(head, &separator_head, sizeof separator_head);
      head += sizeof separator_head;
      std::memcpy(pointer, &child.node, sizeof(Node));
      pointer += sizeof(Node);
      store_offset(offset, node, at);
      at = std::copy(child.separator.begin(), child.separator.end(), at);
    }
    store_offset(offset, node, at);
    return reinterpret_cast<Node>(node);
  }

  // Fresh nodes that became small join a neighbour under the same parent, so that erasing gives
  // memory back.
  void join_small(std::vector<Child>& children) {
    for (std::size_t i = 0; i + 1 < children.size();) {
      const Node left = children[i].node;
      const Node right = children[i + 1].node;
      const bool small = (is_fresh(left) && left->bytes < kFewBytes) ||
                         (is_fresh(right) && right->bytes < kFewBytes);
      if (!small || left->bytes + right->bytes > kJoinedBytes) {
        ++i;
        continue;
      }
      children[i].node = left->is_leaf ? join_leaves(left, right)
                                       : join_inners(left, right, children[i + 1].separator);
      drop(left);
      drop(right);
      children.erase(children.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
  }

  Node join_leaves(Node left, Node right) {
    std::vector<Item> items;
    std::size_t size = 0;
    for (const Node node : {left, right}) {
      for (std::size_t i = 0; i < node->count; ++i) {
        items.push_back({key_at(node, i), entry_at(node, i)});
        size += items.back().bytes();
      }
    }
    return make_leaf(items, size);
  }

  Node join_inners(Node left, Node right, BytesView between) {
    std::vector<Child> children;
    for (const Node node : {left, right}) {
      for (std::size_t i = 0; i < node->count; ++i)
        children.push_back({i == 0 && node == right ? between : slice(node, i), child_of(node, i)});
    }
    return make_inner(children);
  }

  char* allocate(std::size_t bytes, std::size_t count, bool is_leaf) {
    auto* node = static_cast<char*>(pool_.take(bytes));
    const MapNode header{.born = born_,
                         .bytes = static_cast<std::uint32_t>(bytes),
                         .count = static_cast<std::uint32_t>(count),
                         .is_leaf = is_leaf ? 1u : 0u};
    std::memcpy(node, &header, sizeof header);
    bytes_used_ += bytes;
    return node;
  }

  static void store_offset(char*& offset, const char* node, const char* at) {
    const auto value = static_cast<std::uint32_t>(at - node);
    std::memcpy(offset, &value, sizeof value);
    offset += sizeof value;
  }

  bool is_fresh(Node node) const { return node->born == born_; }

  // A node that the result does not need: nobody has seen a fresh one.
  void drop(Node node) {
    if (!is_fresh(node)) {
      superseded_.nodes.push_back(node);
      superseded_.bytes += node->bytes;
      return;
    }
    bytes_used_ -= node->bytes;
    pool_.give_back(const_cast<MapNode*>(node), node->bytes);
  }

  std::span<const KeyMap::Change> changes_;
  std::uint32_t born_;
  KeyMap::Replaced replaced_;
  SupersededNodes<Node>& superseded_;
  NodePool& pool_;
  std::uint64_t& bytes_used_;
  std::vector<Item> items_;          // of the leaf in hand
  std::vector<std::size_t> places_;  // of its changed entries
};

void release_all(KeyMap& map, Node node) {
  if (node == nullptr) return;
  if (!node->is_leaf) {
    for (std::size_t i = 0; i < node->count; ++i) release_all(map, child_of(node, i));
  }
  map.release(node);
}

Result<Step> visit_from(Node node, const KeyRange& range, bool bounded, KeyMap::Visitor visit) {
  if (node->is_leaf) {
    for (std::size_t i = bounded ? lower_bound(node, range.from) : 0; i < node->count; ++i) {
      const BytesView key = key_at(node, i);
      if (!range.to.empty() && key >= range.to) return Step::kStop;
      TRY(const Step step, visit(key, entry_at(node, i)));
      if (step == Step::kStop) return Step::kStop;
    }
    return Step::kGoOn;
  }
  const std::size_t first = bounded ? child_for(node, range.from) : 0;
  for (std::size_t i = first; i < node->count; ++i) {
    TRY(const Step step, visit_from(child_of(node, i), range, bounded && i == first, visit));
    if (step == Step::kStop) return Step::kStop;
  }
  return Step::kGoOn;
}

}  // namespace

KeyMap::~KeyMap() {
  release_all(*this, newest_);
}

KeyMap::Root KeyMap::apply(Root base, std::span<const Change> changes, VersionNumber version,
                           Replaced replaced, SupersededNodes<Node>& superseded) {
  TP_ASSERT(base == newest_ && (base == nullptr || born(base) < version));
  newest_ = Update(changes, version, replaced, superseded, pool_, bytes_used_).run(base);
  return newest_;
}

std::optional<MapEntry> KeyMap::get(Root root, BytesView key) {
  if (root == nullptr) return std::nullopt;
  Node node = root;
  while (!node->is_leaf) {
    node = child_of(node, child_for(node, key));
    prefetch(node, kLeafBytes);
  }
  const std::size_t i = lower_bound(node, key);
  if (i == node->count || key_at(node, i) != key) return std::nullopt;
  return entry_at(node, i);
}

void KeyMap::fetch(std::span<Way> ways) {
  for (bool moved = true; moved;) {
    moved = false;
    for (Way& way : ways) {
      if (way.node == nullptr || way.node->is_leaf) continue;
      way.node = child_of(way.node, child_for(way.node, way.key));
      prefetch(way.node, kLeafBytes);
      moved = true;
    }
  }
}

Result<void> KeyMap::scan(Root root, const KeyRange& range, Visitor visit) {
  if (root == nullptr) return {};
  TRY_VOID(visit_from(root, range, true, visit));
  return {};
}

VersionNumber KeyMap::born(Node node) {
  return VersionNumber{node->born};
}
void KeyMap::fetch(Node node) {
  __builtin_prefetch(node);
}

std::size_t KeyMap::release(Node node) {
  const std::size_t bytes = node->bytes;
  bytes_used_ -= bytes;
  pool_.give_back(const_cast<MapNode*>(node), bytes);
  return bytes;
}

}  // namespace tp::store
