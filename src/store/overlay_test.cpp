#include "store/overlay.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tp::store {
namespace {

constexpr StoreId kStore{1};

std::map<Bytes, Bytes> contents(const Reader& reader, const KeyRange& range = {}) {
  std::map<Bytes, Bytes> out;
  Bytes last;
  EXPECT_TRUE(reader.scan(kStore, range, [&](BytesView key, BytesView value) -> Result<Step> {
    EXPECT_LT(last, key);
    last = Bytes(key);
    out.emplace(key, value);
    return Step::kGoOn;
  }));
  return out;
}

TEST(Overlay, ErasingHidesWhatTheBaseHolds) {
  EmptyReader empty;
  Overlay base(empty);
  ASSERT_TRUE(base.put(kStore, "a", "1"));
  auto top = Overlay::over(base);
  ASSERT_TRUE(top.erase(kStore, "a"));
  EXPECT_EQ(top.get(kStore, "a").value(), std::nullopt);
  EXPECT_EQ(base.get(kStore, "a").value(), "1");
  EXPECT_TRUE(contents(top).empty());
}

TEST(Overlay, AScanStopsWhereTheVisitorSays) {
  EmptyReader empty;
  Overlay base(empty);
  ASSERT_TRUE(base.put(kStore, "b", "1"));
  auto top = Overlay::over(base);
  ASSERT_TRUE(top.put(kStore, "a", "1"));
  ASSERT_TRUE(top.put(kStore, "c", "1"));
  int visits = 0;
  ASSERT_TRUE(top.scan(kStore, {}, [&visits](BytesView, BytesView) -> Result<Step> {
    return ++visits == 2 ? Step::kStop : Step::kGoOn;
  }));
  EXPECT_EQ(visits, 2);
}

TEST(KeyRange, APrefixOfAllOnesHasNoUpperBound) {
  EXPECT_EQ(KeyRange::with_prefix("\xff\xff").to, "");
  EXPECT_EQ(KeyRange::with_prefix("a\xff").to, "b");
}

// One-letter keys, so that operations meet.
struct Op {
  bool erase;
  char key;
  char value;
};

void apply(Writer& writer, std::map<Bytes, Bytes>& model, const Op& op) {
  const Bytes key(1, op.key), value(1, op.value);
  if (op.erase) {
    RC_ASSERT(writer.erase(kStore, key).has_value());
    model.erase(key);
  } else {
    RC_ASSERT(writer.put(kStore, key, value).has_value());
    model[key] = value;
  }
}

RC_GTEST_PROP(OverlayProperty, LayersReadAsOneMapBeforeAndAfterMerging, ()) {
  const auto ops = [] {
    return *rc::gen::container<std::vector<Op>>(rc::gen::construct<Op>(
        rc::gen::arbitrary<bool>(), rc::gen::inRange('a', 'h'), rc::gen::inRange('0', '9')));
  };
  EmptyReader empty;
  std::map<Bytes, Bytes> model;
  Overlay block(empty);
  for (const Op& op : ops()) apply(block, model, op);
  auto tx = Overlay::over(block);
  for (const Op& op : ops()) apply(tx, model, op);

  RC_ASSERT(contents(tx) == model);
  std::map<Bytes, Bytes> middle(model.lower_bound("c"), model.lower_bound("f"));
  RC_ASSERT(contents(tx, KeyRange{"c", "f"}) == middle);
  tx.merge_into(block);
  RC_ASSERT(contents(block) == model);
  RC_ASSERT(tx.writes().empty());
}

}  // namespace
}  // namespace tp::store
