#include "store/overlay.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <vector>

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
  Overlay top(static_cast<const Reader&>(base));
  ASSERT_TRUE(top.erase(kStore, "a"));
  EXPECT_EQ(top.get(kStore, "a").value(), std::nullopt);
  EXPECT_EQ(base.get(kStore, "a").value(), "1");
  EXPECT_TRUE(contents(top).empty());
}

TEST(Overlay, AScanStopsWhereTheVisitorSays) {
  EmptyReader empty;
  Overlay base(empty);
  ASSERT_TRUE(base.put(kStore, "b", "1"));
  Overlay top(static_cast<const Reader&>(base));
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

std::vector<Op> some_ops() {
  return *rc::gen::container<std::vector<Op>>(rc::gen::construct<Op>(
      rc::gen::arbitrary<bool>(), rc::gen::inRange('a', 'z'), rc::gen::inRange('0', '9')));
}

TEST(Attempt, WhatIsNotKeptIsGone) {
  EmptyReader empty;
  Overlay overlay(empty);
  ASSERT_TRUE(overlay.put(kStore, "old", "1"));
  {
    const Attempt attempt(overlay);
    ASSERT_TRUE(overlay.put(kStore, "old", "a longer value"));
    ASSERT_TRUE(overlay.put(kStore, "new", "2"));
    EXPECT_EQ(overlay.get(kStore, "old").value(), "a longer value");
  }
  EXPECT_EQ(contents(overlay), (std::map<Bytes, Bytes>{{"old", "1"}}));
  EXPECT_FALSE(overlay.contains(kStore, "new").value());
  EXPECT_EQ(overlay.writes().at(kStore).size(), 1u);
}

TEST(Attempt, AKeyThatWasTakenBackCanBeWrittenAgain) {
  EmptyReader empty;
  Overlay overlay(empty);
  {
    const Attempt attempt(overlay);
    ASSERT_TRUE(overlay.put(kStore, "a", "1"));
  }
  EXPECT_FALSE(overlay.replace(kStore, "a", "2").value());
  EXPECT_EQ(contents(overlay), (std::map<Bytes, Bytes>{{"a", "2"}}));
}

TEST(Attempt, WhatOneKeptTheNextTakesBackToThere) {
  EmptyReader empty;
  Overlay overlay(empty);
  Attempt first(overlay);
  ASSERT_TRUE(overlay.put(kStore, "a", "1"));
  first.keep();
  {
    const Attempt second(overlay);
    ASSERT_TRUE(overlay.put(kStore, "a", "2"));
    ASSERT_TRUE(overlay.erase(kStore, "a"));
  }
  EXPECT_EQ(overlay.get(kStore, "a").value(), "1");
}

TEST(Attempt, ErasingIsTakenBackAsWritingIs) {
  EmptyReader empty;
  Overlay base(empty);
  ASSERT_TRUE(base.put(kStore, "a", "1"));
  Overlay overlay(static_cast<const Reader&>(base));
  {
    const Attempt attempt(overlay);
    ASSERT_TRUE(overlay.erase(kStore, "a"));
    EXPECT_TRUE(contents(overlay).empty());
  }
  EXPECT_EQ(contents(overlay), (std::map<Bytes, Bytes>{{"a", "1"}}));
  EXPECT_TRUE(overlay.writes().empty());
}

// A base that counts how often it is asked.
class CountingReader final : public Reader {
 public:
  explicit CountingReader(const Reader& base) : base_(base) {}
  Result<bool> read(StoreId store, BytesView key, ValueVisitor visit) const override {
    ++asked;
    return base_.read(store, key, visit);
  }
  Result<bool> contains(StoreId store, BytesView key) const override {
    ++asked;
    return base_.contains(store, key);
  }
  Result<void> scan(StoreId store, const KeyRange& range, ScanVisitor visit) const override {
    return base_.scan(store, range, visit);
  }
  mutable int asked = 0;

 private:
  const Reader& base_;
};

TEST(Overlay, AsksItsBaseOnceForASmallValueOrItsAbsence) {
  EmptyReader empty;
  Overlay below(empty);
  ASSERT_TRUE(below.put(kStore, "there", "1"));
  const CountingReader base(below);
  Overlay overlay(base);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(overlay.get(kStore, "there").value(), "1");
    EXPECT_TRUE(overlay.contains(kStore, "there").value());
    EXPECT_EQ(overlay.get(kStore, "absent").value(), std::nullopt);
    EXPECT_FALSE(overlay.contains(kStore, "absent").value());
  }
  EXPECT_EQ(base.asked, 2);
  EXPECT_TRUE(overlay.writes().empty());  // to know is not to write
  EXPECT_EQ(contents(overlay), (std::map<Bytes, Bytes>{{"there", "1"}}));
}

TEST(Overlay, ALargeValueThatIsKnownToBeThereIsReadBelowEachTime) {
  EmptyReader empty;
  Overlay below(empty);
  const Bytes large(WriteMap::kRememberedBytes + 1, 'x');
  ASSERT_TRUE(below.put(kStore, "a", large));
  Overlay overlay(static_cast<const Reader&>(below));
  EXPECT_TRUE(overlay.contains(kStore, "a").value());
  EXPECT_EQ(overlay.get(kStore, "a").value(), large);
  EXPECT_EQ(overlay.get(kStore, "a").value(), large);
}

TEST(Overlay, WhoAsksForEverMoreThatIsNotThereFillsNoMemory) {
  EmptyReader empty;
  const CountingReader base(empty);
  Overlay overlay(base);
  const auto key = [](std::size_t i) { return "key " + std::to_string(i); };
  for (std::size_t i = 0; i <= WriteMap::kRememberedMax; ++i)
    ASSERT_FALSE(overlay.contains(kStore, key(i)).value());
  base.asked = 0;
  EXPECT_FALSE(overlay.contains(kStore, key(0)).value());
  EXPECT_EQ(base.asked, 0);
  EXPECT_FALSE(overlay.contains(kStore, key(WriteMap::kRememberedMax)).value());
  EXPECT_EQ(base.asked, 1);
  ASSERT_TRUE(overlay.put(kStore, key(WriteMap::kRememberedMax), "1"));  // to write is no question
  EXPECT_EQ(overlay.get(kStore, key(WriteMap::kRememberedMax)).value(), "1");
}

TEST(Overlay, OnAnotherBaseWhatWasRememberedDoesNotCount) {
  EmptyReader empty;
  Overlay before(empty), after(empty);
  ASSERT_TRUE(before.put(kStore, "changed", "1"));
  ASSERT_TRUE(before.put(kStore, "gone", "1"));
  ASSERT_TRUE(after.put(kStore, "changed", "2"));
  ASSERT_TRUE(after.put(kStore, "new", "2"));
  Overlay overlay(static_cast<const Reader&>(before));
  ASSERT_TRUE(overlay.put(kStore, "own", "0"));
  for (const char* key : {"changed", "gone", "new"}) ASSERT_TRUE(overlay.get(kStore, key));
  overlay.rebase(after);
  EXPECT_EQ(overlay.get(kStore, "changed").value(), "2");
  EXPECT_EQ(overlay.get(kStore, "gone").value(), std::nullopt);
  EXPECT_FALSE(overlay.contains(kStore, "gone").value());
  EXPECT_EQ(overlay.get(kStore, "new").value(), "2");
  EXPECT_EQ(overlay.get(kStore, "own").value(), "0");
}

TEST(Attempt, WhatWasKnownBeforeIsKnownAgain) {
  EmptyReader empty;
  Overlay below(empty);
  ASSERT_TRUE(below.put(kStore, "a", "1"));
  Overlay overlay(static_cast<const Reader&>(below));
  EXPECT_EQ(overlay.get(kStore, "a").value(), "1");
  {
    const Attempt attempt(overlay);
    ASSERT_TRUE(overlay.put(kStore, "a", "22"));
  }
  EXPECT_EQ(overlay.get(kStore, "a").value(), "1");
  EXPECT_TRUE(overlay.writes().empty());
}

TEST(Overlay, AVisitorOfAScanMayReadAndWriteOtherStores) {
  EmptyReader empty;
  Overlay overlay(empty);
  for (char key = 'a'; key <= 'z'; ++key) ASSERT_TRUE(overlay.put(kStore, Bytes(1, key), "1"));
  int visited = 0;
  ASSERT_TRUE(overlay.scan(kStore, {}, [&](BytesView key, BytesView value) -> Result<Step> {
    ++visited;
    TRY_VOID(overlay.get(kStore, "z" + Bytes(key)));
    TRY_VOID(overlay.put(StoreId{static_cast<std::uint8_t>(visited + 1)}, key, value));
    return Step::kGoOn;
  }));
  EXPECT_EQ(visited, 26);
}

RC_GTEST_PROP(OverlayProperty, LayersReadAsOneMapWhateverWasKeptOrTakenBack, ()) {
  EmptyReader empty;
  std::map<Bytes, Bytes> model;
  Overlay base(empty);
  for (const Op& op : some_ops()) apply(base, model, op);
  Overlay block(static_cast<const Reader&>(base));
  const auto rounds = *rc::gen::inRange(0, 6);
  for (int i = 0; i < rounds; ++i) {
    Attempt attempt(block);
    auto attempted = model;
    for (const Op& op : some_ops()) {
      // Asked before and after, so that what is remembered is tried too.
      const Bytes key(1, op.key);
      RC_ASSERT(block.contains(kStore, key).value() == attempted.contains(key));
      const bool existed = attempted.contains(key);
      if (!op.erase) RC_ASSERT(block.replace(kStore, key, "?").value() == existed);
      apply(block, attempted, op);
      RC_ASSERT(block.contains(kStore, key).value() == !op.erase);
    }
    RC_ASSERT(contents(block) == attempted);
    if (*rc::gen::arbitrary<bool>()) {
      attempt.keep();
      model = attempted;
    }
  }
  RC_ASSERT(contents(block) == model);
  const std::map<Bytes, Bytes> middle(model.lower_bound("c"), model.lower_bound("p"));
  RC_ASSERT(contents(block, KeyRange{"c", "p"}) == middle);
  for (char key = 'a'; key <= 'z'; ++key) {
    const auto found = model.find(Bytes(1, key));
    RC_ASSERT(block.get(kStore, Bytes(1, key)).value() ==
              (found == model.end() ? std::nullopt : std::optional(found->second)));
  }
}

}  // namespace
}  // namespace tp::store
