#include "store/key_map.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "base/text.h"

namespace tp::store {
namespace {

using Model = std::map<Bytes, Bytes>;
using Writes = std::map<Bytes, std::optional<Bytes>>;

Bytes numbered(std::string_view what, int i) {
  Bytes digits = std::to_string(i);
  return Bytes(what) + Bytes(6 - std::min<std::size_t>(6, digits.size()), '0') + digits;
}

// Values that begin with "cold" stand for cold entries whose height follows.
std::optional<MapEntry> entry_of(const std::optional<Bytes>& value) {
  if (!value) return std::nullopt;
  if (value->starts_with("cold"))
    return MapEntry{.cold = true, .value = {}, .written = Height{std::stoll(value->substr(4))}};
  return MapEntry{.cold = false, .value = *value, .written = {}};
}

Bytes shown(const MapEntry& entry) {
  return entry.cold ? "cold" + std::to_string(entry.written.value) : Bytes(entry.value);
}

struct Grown {
  void apply(const Writes& writes) {
    std::vector<KeyMap::Change> changes;
    for (const auto& [key, value] : writes) changes.push_back({key, entry_of(value)});
    superseded = {};
    version = version.next();
    std::vector<std::optional<Bytes>> replaced;
    root = map.apply(
        root, changes, version,
        [&](std::size_t i, const std::optional<MapEntry>& old) {
          EXPECT_EQ(i, replaced.size());
          replaced.push_back(old ? std::optional<Bytes>(shown(*old)) : std::nullopt);
        },
        superseded);
    std::vector<std::optional<Bytes>> expected;
    for (const auto& [key, value] : writes) {
      expected.push_back(model.contains(key) ? std::optional<Bytes>(model[key]) : std::nullopt);
      if (value)
        model[key] = *value;
      else
        model.erase(key);
    }
    EXPECT_EQ(replaced, expected);
  }

  void forget_old() {
    for (const KeyMap::Node node : superseded.nodes) map.release(node);
    superseded = {};
  }

  void apply_and_forget(const Writes& writes) {
    apply(writes);
    forget_old();
  }

  static Model content(KeyMap::Root root, const KeyRange& range = {}) {
    Model out;
    Bytes last;
    const auto result =
        KeyMap::scan(root, range, [&](BytesView key, const MapEntry& entry) -> Result<Step> {
          EXPECT_TRUE(out.empty() || last < key) << "keys must come in order";
          last = Bytes(key);
          out[last] = shown(entry);
          return Step::kGoOn;
        });
    EXPECT_TRUE(result);
    return out;
  }

  KeyMap map;
  KeyMap::Root root = nullptr;
  VersionNumber version;
  SupersededNodes<KeyMap::Node> superseded;
  Model model;
};

Writes many(int from, int to, std::string_view value, int step = 1) {
  Writes writes;
  for (int i = from; i < to; i += step) writes[numbered("key", i)] = numbered(value, i);
  return writes;
}

Writes without(int from, int to, int step = 1) {
  Writes writes;
  for (int i = from; i < to; i += step) writes[numbered("key", i)] = std::nullopt;
  return writes;
}

TEST(KeyMap, AnEmptyMapFindsNothing) {
  EXPECT_FALSE(KeyMap::get(nullptr, "key"));
  EXPECT_TRUE(Grown::content(nullptr).empty());
}

TEST(KeyMap, EveryKeyOfALargeMapIsFound) {
  Grown grown;
  grown.apply_and_forget(many(0, 20'000, "v"));
  grown.apply_and_forget(many(10'000, 30'000, "w", 3));
  for (const auto& [key, value] : grown.model) {
    const auto entry = KeyMap::get(grown.root, key);
    ASSERT_TRUE(entry) << key;
    ASSERT_EQ(shown(*entry), value);
  }
  EXPECT_FALSE(KeyMap::get(grown.root, "key"));
  EXPECT_FALSE(KeyMap::get(grown.root, "zzz"));
  EXPECT_FALSE(KeyMap::get(grown.root, numbered("key", 29'999) + "x"));
  EXPECT_EQ(Grown::content(grown.root), grown.model);
}

// Keys of up to twelve bytes of which each is zero or one: many begin others, and differ from them
// by zeros alone, or behind the first eight bytes.
TEST(KeyMap, KeysThatBeginOthersAreToldApart) {
  Writes writes;
  for (std::size_t size = 1; size <= 12; ++size) {
    for (unsigned bits = 0; bits < 1u << size; bits += size > 9 ? 3 : 1) {
      Bytes key;
      for (std::size_t i = 0; i < size; ++i) key.push_back(static_cast<char>(bits >> i & 1));
      writes[key] = Bytes(60, 'v');
    }
  }
  Grown grown;
  grown.apply_and_forget(writes);
  std::vector<KeyMap::Way> ways;
  for (const auto& [key, value] : grown.model) {
    ASSERT_TRUE(KeyMap::get(grown.root, key)) << to_hex(key);
    ways.push_back({grown.root, key});
  }
  EXPECT_FALSE(KeyMap::get(grown.root, Bytes(13, '\0')));
  EXPECT_FALSE(KeyMap::get(grown.root, Bytes(9, '\0') + '\2'));
  EXPECT_EQ(Grown::content(grown.root), grown.model);

  ways.push_back({nullptr, "of an empty map"});
  KeyMap::fetch(ways);
  for (const KeyMap::Way& way : ways) {  // where a way ends, the key is
    EXPECT_EQ(KeyMap::get(way.node, way.key).has_value(), grown.model.contains(Bytes(way.key)));
    EXPECT_NE(way.node, grown.root);
  }
}

TEST(KeyMap, ErasingEverythingLeavesNothing) {
  Grown grown;
  grown.apply_and_forget(many(0, 5'000, "v"));
  grown.apply_and_forget(without(0, 5'000, 2));
  grown.apply_and_forget(without(0, 5'000));
  EXPECT_EQ(grown.root, nullptr);
  EXPECT_EQ(grown.map.bytes_used(), 0u);
}

TEST(KeyMap, ErasingGivesMemoryBack) {
  Grown grown;
  grown.apply_and_forget(many(0, 20'000, "v"));
  const std::uint64_t full = grown.map.bytes_used();
  for (int residue = 1; residue < 20; ++residue) {
    Writes writes;
    for (int i = residue; i < 20'000; i += 20) writes[numbered("key", i)] = std::nullopt;
    grown.apply_and_forget(writes);
  }
  EXPECT_EQ(Grown::content(grown.root), grown.model);
  EXPECT_LT(grown.map.bytes_used(), full / 20 * 4);
}

TEST(KeyMap, KeysThatComeInOrderFillTheirLeaves) {
  Grown one_by_one;
  for (int i = 0; i < 5'000; ++i) one_by_one.apply_and_forget(many(i, i + 1, "value"));
  Grown at_once;
  at_once.apply_and_forget(many(0, 5'000, "value"));
  EXPECT_LT(one_by_one.map.bytes_used(), at_once.map.bytes_used() * 12 / 10);
}

TEST(KeyMap, WritingWhatIsThereChangesNothing) {
  Grown grown;
  grown.apply_and_forget(many(0, 5'000, "v"));
  const auto before = grown.root;
  grown.apply(many(0, 5'000, "v", 7));
  EXPECT_EQ(grown.root, before);
  grown.apply(without(5'000, 6'000));
  EXPECT_EQ(grown.root, before);
  EXPECT_TRUE(grown.superseded.nodes.empty());
}

TEST(KeyMap, OldVersionsStayReadable) {
  Grown grown;
  std::vector<std::pair<KeyMap::Root, Model>> versions;
  std::vector<KeyMap::Node> garbage;
  for (int round = 0; round < 15; ++round) {
    grown.apply(many(round * 100, round * 100 + 500, numbered("v", round)));
    garbage.insert(garbage.end(), grown.superseded.nodes.begin(), grown.superseded.nodes.end());
    grown.apply(without(round * 150, round * 150 + 90));
    garbage.insert(garbage.end(), grown.superseded.nodes.begin(), grown.superseded.nodes.end());
    versions.emplace_back(grown.root, grown.model);
  }
  for (const auto& [root, model] : versions) EXPECT_EQ(Grown::content(root), model);
  for (const KeyMap::Node node : garbage) grown.map.release(node);
}

TEST(KeyMap, ColdEntriesKeepTheirHeight) {
  Grown grown;
  grown.apply_and_forget({{"a", "cold17"}, {"b", "hot"}, {"c", "cold9223372036854775807"}});
  EXPECT_EQ(Grown::content(grown.root), grown.model);
  EXPECT_TRUE(KeyMap::get(grown.root, "a")->cold);
  EXPECT_EQ(KeyMap::get(grown.root, "a")->written, Height{17});
}

TEST(KeyMap, LargeKeysAndValuesAreKept) {
  Grown grown;
  grown.apply_and_forget({{Bytes(KeyMap::kMaxKeySize, 'k'), Bytes(1 << 20, 'v')}, {"small", "v"}});
  grown.apply_and_forget({{Bytes(KeyMap::kMaxKeySize, 'j'), Bytes(5'000, 'v')}});
  EXPECT_EQ(Grown::content(grown.root), grown.model);
}

TEST(KeyMap, AScanStopsWhenToldTo) {
  Grown grown;
  grown.apply_and_forget(many(0, 1'000, "v"));
  int seen = 0;
  ASSERT_TRUE(KeyMap::scan(grown.root, {}, [&](BytesView, const MapEntry&) -> Result<Step> {
    return ++seen == 300 ? Step::kStop : Step::kGoOn;
  }));
  EXPECT_EQ(seen, 300);
}

rc::Gen<std::vector<Writes>> histories() {
  const auto write = rc::gen::pair(rc::gen::inRange(0, 400), rc::gen::inRange(0, 6));
  const auto block = rc::gen::map(rc::gen::container<std::vector<std::pair<int, int>>>(write),
                                  [](const std::vector<std::pair<int, int>>& numbers) {
                                    Writes writes;
                                    for (const auto& [key, value] : numbers) {
                                      auto& slot = writes[numbered("k", key * 7919 % 400)];
                                      if (value == 0)
                                        slot = std::nullopt;
                                      else if (value == 1)
                                        slot = "cold" + std::to_string(key);
                                      else
                                        slot = Bytes(static_cast<std::size_t>(value / 2) * 40,
                                                     value % 2 == 0 ? 'v' : 'w');
                                    }
                                    return writes;
                                  });
  return rc::gen::container<std::vector<Writes>>(block);
}

RC_GTEST_PROP(KeyMapProperty, AHistoryLeavesWhatAnOrderedMapHolds, ()) {
  Grown grown;
  for (const auto& writes : *histories()) {
    grown.apply_and_forget(writes);
    RC_ASSERT(Grown::content(grown.root) == grown.model);
  }
}

RC_GTEST_PROP(KeyMapProperty, RangesHoldExactlyTheirKeys, ()) {
  Grown grown;
  for (const auto& writes : *histories()) grown.apply_and_forget(writes);
  for (int i = 0; i < 20; ++i) {
    const KeyRange range{
        .from = numbered("k", *rc::gen::inRange(0, 401)),
        .to = *rc::gen::inRange(0, 5) == 0 ? Bytes() : numbered("k", *rc::gen::inRange(0, 401))};
    Model expected;
    for (const auto& [key, value] : grown.model) {
      if (key >= range.from && (range.to.empty() || key < range.to)) expected[key] = value;
    }
    RC_ASSERT(Grown::content(grown.root, range) == expected);
  }
}

RC_GTEST_PROP(KeyMapProperty, NoNodeIsLostOrFreedTwice, ()) {
  // Everything reachable from the newest root plus what is superseded is all the memory there is.
  Grown grown;
  for (const auto& writes : *histories()) grown.apply_and_forget(writes);
  Writes all_gone;
  for (const auto& [key, value] : grown.model) all_gone[key] = std::nullopt;
  grown.apply_and_forget(all_gone);
  RC_ASSERT(grown.map.bytes_used() == 0u);
}

}  // namespace
}  // namespace tp::store
