#include "store/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

#include "base/cutting_disk.h"
#include "base/log.h"
#include "base/text.h"
#include "store/owned_writes.h"

namespace tp::store {
namespace {

using testing::HasSubstr;

constexpr StoreId kBank{1};
constexpr StoreId kMarket{2};
constexpr std::uint8_t kHot = 'h';
constexpr std::uint8_t kCold = 'c';

class ManualClock final : public Clock {
 public:
  BlockTime now() const override { return {time}; }
  Duration elapsed() const override { return {time}; }
  std::int64_t time = 0;
};

StateSchema schema() {
  return {
      .version = 1,
      .stores = {{.id = kMarket,
                  .name = "market",
                  .tables = {{.number = kHot, .name = "orders"},
                             {.number = kCold, .name = "specs", .placement = Placement::kCold}}},
                 {.id = kBank, .name = "bank", .tables = {{.number = kHot, .name = "balances"}}}}};
}

Bytes hot(int i) {
  return "h" + std::to_string(i);
}
Bytes cold(int i) {
  return "c" + std::to_string(i);
}
Bytes large(std::string_view what) {
  return Bytes(what) + Bytes(100, '.');
}

using Content = std::map<StoreId, std::map<Bytes, Bytes>>;

Content content_of(const Reader& state) {
  Content out;
  for (const StoreId store : {kBank, kMarket}) {
    EXPECT_TRUE(state.scan(store, {}, [&](BytesView key, BytesView value) -> Result<Step> {
      out[store][Bytes(key)] = Bytes(value);
      return Step::kGoOn;
    }));
  }
  std::erase_if(out, [](const auto& store) { return store.second.empty(); });
  return out;
}

void apply(Content& content, const OwnedWrites& writes) {
  for (const auto& [store, store_writes] : writes) {
    for (const auto& [key, value] : store_writes) {
      if (value)
        content[store][key] = *value;
      else
        content[store].erase(key);
    }
  }
  std::erase_if(content, [](const auto& store) { return store.second.empty(); });
}

class StateTest : public testing::Test {
 protected:
  StateTest() {
    set_log_level(LogLevel::kError);  // RocksDB's complaints about what these tests do to it
    options_.schema = schema();
  }

  StateOptions options_{.directory = "data/state"};
  MemoryDisk disk_;
  ManualClock clock_;
  InlineExecutor executor_;
  std::unique_ptr<StateStore> store_;

  Result<void> try_open() {
    store_.reset();
    TRY(store_, StateStore::open(options_, disk_, clock_, executor_, executor_));
    return {};
  }
  void open() {
    const auto opened = try_open();
    if (!opened) throw std::runtime_error(opened.error().text);  // ends the test
  }
  std::string refusal() {
    const auto opened = try_open();
    EXPECT_FALSE(opened);
    return opened ? "" : opened.error().text;
  }
  void lose_power() {
    disk_.power_cut();
    store_.reset();
    disk_.power_on();
  }
  Hash256 commit(int height, const OwnedWrites& writes) {
    const auto root =
        store_->commit(Height{height}, views_of(writes), "meta" + std::to_string(height));
    EXPECT_TRUE(root) << root.error().text;
    return root.value_or(Hash256{});
  }
  void make_durable() {
    const auto durable = store_->make_durable();
    ASSERT_TRUE(durable) << durable.error().text;
  }
  std::optional<Bytes> get(StoreId store, BytesView key) {
    return *store_->latest()->get(store, key);
  }
};

TEST_F(StateTest, ANewStateIsEmptyAtHeightZero) {
  open();
  EXPECT_EQ(store_->latest()->height(), Height{0});
  EXPECT_EQ(store_->durable_height(), Height{0});
  EXPECT_TRUE(content_of(*store_->latest()).empty());
  EXPECT_TRUE(store_->latest()->store_root(kBank)->is_zero());
}

TEST_F(StateTest, WhatIsCommittedIsRead) {
  open();
  commit(1, {{kBank, {{hot(1), "one"}}}, {kMarket, {{hot(2), "two"}, {cold(3), large("three")}}}});
  EXPECT_EQ(get(kBank, hot(1)), "one");
  EXPECT_EQ(get(kMarket, hot(2)), "two");
  EXPECT_EQ(get(kMarket, cold(3)), large("three"));
  EXPECT_EQ(get(kBank, hot(2)), std::nullopt);
  EXPECT_EQ(store_->latest()->meta(), "meta1");
}

// 64 MiB are read at a time; a batch also ends with its store.
TEST_F(StateTest, AStateThatIsReadInSeveralBatchesIsWhole) {
  ThreadExecutor threads(1);
  OwnedWrites writes;
  for (int i = 0; i < 9; ++i) writes[kBank][hot(i)] = Bytes(16u << 20, 'x');
  writes[kMarket] = {{hot(1), "one"}, {cold(2), large("two")}};
  open();
  const Hash256 root = commit(1, writes);
  make_durable();
  for (Executor* executor : std::initializer_list<Executor*>{&executor_, &threads}) {
    store_.reset();
    auto opened = StateStore::open(options_, disk_, clock_, *executor, executor_);
    ASSERT_TRUE(opened) << opened.error().text;
    store_ = std::move(*opened);
    EXPECT_EQ(store_->latest()->root(), root);
    EXPECT_EQ(store_->stats().keys, 11u);
    EXPECT_EQ(get(kBank, hot(8)), Bytes(16u << 20, 'x'));
    EXPECT_EQ(get(kMarket, cold(2)), large("two"));
  }
  store_.reset();  // before the threads
}

TEST_F(StateTest, TheRootIsTheMultistoreRootOfTheStoreRoots) {
  open();
  const Hash256 root = commit(1, {{kBank, {{hot(1), "one"}}}});
  EXPECT_EQ(*store_->latest()->store_root(kBank), tree_leaf_hash(tree_position(hot(1)), "one"));
  EXPECT_EQ(root, multistore_root(std::vector<NamedRoot>{
                      {"bank", *store_->latest()->store_root(kBank)}, {"market", Hash256{}}}));
}

TEST_F(StateTest, GenesisMayBeHeightZeroOnce) {
  open();
  commit(0, {{kBank, {{hot(1), "genesis"}}}});
  EXPECT_FALSE(store_->commit(Height{0}, {}, ""));
  commit(1, {});
}

TEST_F(StateTest, HeightsOnlyRise) {
  open();
  commit(5, {});
  for (const int height : {5, 4, -1}) {
    const auto result = store_->commit(Height{height}, {}, "");
    ASSERT_FALSE(result);
    EXPECT_TRUE(is(result.error(), StoreError::kHeightOutOfOrder));
  }
  commit(9, {});
}

TEST_F(StateTest, WritesThatCannotBeProvenAreRefusedWhole) {
  open();
  for (const OwnedWrites& writes :
       {OwnedWrites{{kBank, {{hot(1), "one"}, {"", "x"}}}}, OwnedWrites{{kBank, {{hot(1), ""}}}},
        OwnedWrites{{kBank, {{Bytes(65'536, 'k'), "x"}}}}}) {
    const auto result = store_->commit(Height{1}, views_of(writes), "");
    ASSERT_FALSE(result);
    EXPECT_TRUE(is(result.error(), StoreError::kInvalidWrite));
  }
  const auto unknown = store_->commit(Height{1}, {{StoreId{77}, {{"k", "v"}}}}, "");
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(is(unknown.error(), StoreError::kUnknownStore));
  EXPECT_TRUE(content_of(*store_->latest()).empty());
}

TEST_F(StateTest, OnlyWhatIsSettledBecomesDurable) {
  options_.settle_explicitly = true;
  options_.flush_after = Duration{0};  // at every settlement
  open();
  commit(1, {{kBank, {{hot(1), "one"}, {hot(2), "two"}}}});
  store_->settle();
  EXPECT_EQ(store_->durable_height(), Height{1});
  commit(2, {{kBank, {{hot(1), "changed"}, {hot(2), std::nullopt}, {hot(3), "new"}}}});
  make_durable();
  EXPECT_EQ(store_->durable_height(), Height{1});
  lose_power();
  open();
  EXPECT_EQ(store_->latest()->height(), Height{1});
  EXPECT_EQ(get(kBank, hot(1)), "one");
  EXPECT_EQ(get(kBank, hot(2)), "two");
  EXPECT_EQ(get(kBank, hot(3)), std::nullopt);
}

TEST_F(StateTest, AFlushMayBeBegunBeforeItIsDue) {
  options_.settle_explicitly = true;
  open();
  EXPECT_TRUE(store_->begin_flush());  // nothing waits
  commit(1, {{kBank, {{hot(1), "one"}}}});
  store_->settle();
  commit(2, {{kBank, {{hot(1), "two"}}}});
  EXPECT_EQ(store_->durable_height(), Height{0});
  EXPECT_TRUE(store_->begin_flush());
  EXPECT_EQ(store_->durable_height(), Height{1});
}

TEST_F(StateTest, AFlushWritesTheSettledVersionAndTheNextTheRest) {
  options_.settle_explicitly = true;
  open();
  commit(1, {{kMarket, {{cold(1), large("one")}, {hot(1), "one"}}}});
  store_->settle();
  commit(2, {{kMarket, {{cold(1), large("two")}, {hot(1), std::nullopt}, {hot(2), "two"}}}});
  make_durable();  // height 1, while 2 is the latest
  store_->settle();
  make_durable();
  lose_power();
  open();  // compares the root
  EXPECT_EQ(store_->latest()->height(), Height{2});
  EXPECT_EQ(get(kMarket, cold(1)), large("two"));
  EXPECT_EQ(get(kMarket, hot(1)), std::nullopt);
  EXPECT_EQ(get(kMarket, hot(2)), "two");
}

TEST_F(StateTest, FetchingIsOnlyAdvice) {
  open();
  commit(1, {{kBank, {{hot(1), "one"}}}});
  RowNames rows;
  rows.add(kBank, hot(1));
  rows.add(kBank, hot(2));
  rows.add(kMarket, hot(1));
  rows.add(StoreId{77}, "in no store");
  for (int i = 0; i < 1'000; ++i) rows.add(kBank, hot(i));
  EXPECT_EQ(rows.size(), RowNames::kMost);
  store_->latest()->fetch(rows);
  EXPECT_EQ(get(kBank, hot(1)), "one");
}

TEST_F(StateTest, UnknownStoresAreErrorsForReaders) {
  open();
  EXPECT_TRUE(is(store_->latest()->get(StoreId{77}, "k").error(), StoreError::kUnknownStore));
  EXPECT_TRUE(is(store_->latest()->prove(StoreId{77}, "k").error(), StoreError::kUnknownStore));
}

TEST_F(StateTest, EveryKeptHeightIsReadable) {
  open();
  for (int height = 1; height <= 5; ++height)
    commit(
        height,
        {{kMarket, {{cold(1), large(std::to_string(height))}, {hot(1), std::to_string(height)}}}});
  for (int height = 1; height <= 5; ++height) {
    const auto version = store_->at(Height{height});
    ASSERT_TRUE(version);
    EXPECT_EQ(*(*version)->get(kMarket, cold(1)), large(std::to_string(height)));
    EXPECT_EQ(*(*version)->get(kMarket, hot(1)), std::to_string(height));
  }
  const auto future = store_->at(Height{6});
  ASSERT_FALSE(future);
  EXPECT_TRUE(is(future.error(), StoreError::kHeightNotKept));
  EXPECT_THAT(future.error().text, HasSubstr("height 6 (kept are 0 to 5)"));
}

TEST_F(StateTest, VersionsAreKeptForATime) {
  options_.retain_for = Duration::seconds(10);
  open();
  for (int height = 1; height <= 20; ++height) {
    clock_.time += Duration::seconds(1).nanoseconds;
    commit(height, {{kBank, {{hot(1), std::to_string(height)}}}});
  }
  EXPECT_EQ(store_->oldest_height(), Height{10});
  EXPECT_FALSE(store_->at(Height{9}));
}

TEST_F(StateTest, VersionsAreKeptWithinTheirBytes) {
  options_.retain_bytes = 100'000;
  open();
  for (int height = 1; height <= 100; ++height) {
    commit(height, {{kMarket, {{cold(1), Bytes(5'000, static_cast<char>(height))}}}});
    EXPECT_LE(store_->stats().retained_bytes, 100'000u);
  }
  EXPECT_GT(store_->oldest_height(), Height{80});
  EXPECT_LT(store_->oldest_height(), Height{95});
}

TEST_F(StateTest, AHeldVersionOutlivesItsRetention) {
  options_.retain_for = Duration{0};
  open();
  commit(1, {{kMarket, {{cold(1), large("old")}, {hot(1), "old"}}}});
  const StatePtr held = store_->latest();
  const Content before = content_of(*held);
  for (int height = 2; height <= 30; ++height) {
    clock_.time += 1;
    commit(height, {{kMarket,
                     {{cold(1), large(std::to_string(height))},
                      {hot(height), "new"},
                      {hot(1), std::nullopt}}}});
    if (height % 7 == 0) make_durable();
  }
  EXPECT_FALSE(store_->at(Height{1}));
  EXPECT_EQ(content_of(*held), before);
}

TEST_F(StateTest, WhenNobodyHoldsOldVersionsNothingOfThemIsLeft) {
  options_.retain_for = Duration{0};
  open();
  StatePtr held;
  for (int height = 1; height <= 40; ++height) {
    clock_.time += 1;
    commit(height,
           {{kMarket, {{cold(height % 5), large(std::to_string(height))}, {hot(height), "new"}}}});
    if (height == 10) held = store_->latest();
    if (height % 6 == 0) make_durable();
  }
  EXPECT_GT(store_->stats().retained_bytes, 0u);
  held.reset();
  clock_.time += 1;
  commit(41, {});
  EXPECT_EQ(store_->stats().retained_bytes, 0u);
}

TEST_F(StateTest, AVersionMayOutliveTheStore) {
  open();
  commit(1, {{kMarket, {{cold(1), large("x")}}}});
  make_durable();
  const StatePtr held = store_->latest();
  store_.reset();
  EXPECT_EQ(*held->get(kMarket, cold(1)), large("x"));
}

// --- durability ---

TEST_F(StateTest, WhatIsDurableSurvivesAPowerCut) {
  open();
  const Hash256 root =
      commit(3, {{kBank, {{hot(1), "one"}}}, {kMarket, {{cold(1), large("cold")}}}});
  const Content content = content_of(*store_->latest());
  make_durable();
  EXPECT_EQ(store_->durable_height(), Height{3});
  lose_power();
  open();
  EXPECT_EQ(store_->latest()->height(), Height{3});
  EXPECT_EQ(store_->latest()->root(), root);
  EXPECT_EQ(store_->latest()->meta(), "meta3");
  EXPECT_EQ(store_->durable_height(), Height{3});
  EXPECT_EQ(content_of(*store_->latest()), content);
}

TEST_F(StateTest, WhatIsNotDurableIsLostWhole) {
  open();
  commit(1, {{kBank, {{hot(1), "one"}}}});
  make_durable();
  commit(2, {{kBank, {{hot(1), "two"}, {hot(2), "two"}}}});
  EXPECT_EQ(store_->durable_height(), Height{1});
  lose_power();
  open();
  EXPECT_EQ(store_->latest()->height(), Height{1});
  EXPECT_EQ(content_of(*store_->latest()), (Content{{kBank, {{hot(1), "one"}}}}));
}

TEST_F(StateTest, AStateWithoutSyncsIsNoticed) {
  open();
  disk_.ignore_syncs(true);
  commit(1, {{kBank, {{hot(1), "one"}}}});
  make_durable();
  ASSERT_EQ(store_->durable_height(), Height{1});
  lose_power();
  // Either nothing opens, or what opens is not what was promised.
  if (try_open()) {
    EXPECT_LT(store_->latest()->height(), Height{1});
  }
}

TEST_F(StateTest, ADatabaseThatLostWhatWasDurableIsRefused) {
  open();
  commit(1, {{kBank, {{hot(1), "one"}}}});
  make_durable();
  store_.reset();
  for (const std::string& path : disk_.files()) {
    if (!path.starts_with("data/state/db/")) continue;
    ASSERT_TRUE(disk_.remove(path));
  }
  const std::string text = refusal();
  EXPECT_THAT(text, HasSubstr("data/state/db: its MANIFEST is damaged or files are missing: it "
                              "holds no state, but height 1 with root"));
}

TEST_F(StateTest, EnoughBytesAreFlushedInTheBackground) {
  options_.flush_bytes = 10'000;
  open();
  commit(1, {{kMarket, {{cold(1), Bytes(4'000, 'x')}}}});
  EXPECT_EQ(store_->durable_height(), Height{0});
  commit(2, {{kMarket, {{cold(2), Bytes(8'000, 'x')}}}});
  EXPECT_EQ(store_->durable_height(), Height{2});
}

TEST_F(StateTest, OldCommitsAreFlushedInTheBackground) {
  options_.flush_after = Duration::seconds(5);
  open();
  commit(1, {{kBank, {{hot(1), "one"}}}});
  clock_.time += Duration::seconds(5).nanoseconds;
  commit(2, {{kBank, {{hot(1), "two"}}}});
  EXPECT_EQ(store_->durable_height(), Height{2});
}

TEST_F(StateTest, AFullDiskStopsCommitsUntilThereIsRoom) {
  open();
  commit(1, {{kBank, {{hot(1), "one"}}}});
  make_durable();
  disk_.set_capacity(1);
  commit(2, {{kBank, {{hot(1), "two"}}}});
  const auto full = store_->make_durable();
  ASSERT_FALSE(full);
  EXPECT_TRUE(is(full.error(), StoreError::kDisk)) << full.error().text;
  EXPECT_THAT(full.error().text, HasSubstr("No space left"));
  EXPECT_EQ(store_->durable_height(), Height{1});
  EXPECT_TRUE(is(store_->commit(Height{3}, {}, "").error(), StoreError::kDisk));
  EXPECT_EQ(get(kBank, hot(1)), "two");
  disk_.set_capacity(1u << 30);
  make_durable();
  commit(3, {{kBank, {{hot(2), "three"}}}});
  make_durable();
  lose_power();
  open();
  EXPECT_EQ(content_of(*store_->latest()),
            (Content{{kBank, {{hot(1), "two"}, {hot(2), "three"}}}}));
}

TEST_F(StateTest, ColdValuesAreReadFromDiskWhenTheCacheIsSmall) {
  options_.cold_cache_bytes = 0;
  open();
  OwnedWrites writes;
  for (int i = 0; i < 100; ++i) writes[kMarket][cold(i)] = large(std::to_string(i));
  commit(1, writes);
  EXPECT_GT(store_->stats().cold_memory_bytes, 10'000u);
  make_durable();
  EXPECT_EQ(store_->stats().cold_memory_bytes, 0u);
  EXPECT_EQ(store_->stats().cold_cache_bytes, 0u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(get(kMarket, cold(i)), large(std::to_string(i)));
}

TEST_F(StateTest, OldColdValuesAreReadableAfterTheDiskHoldsNewOnes) {
  options_.cold_cache_bytes = 0;
  open();
  commit(1, {{kMarket, {{cold(1), large("a")}, {cold(2), large("b")}}}});
  make_durable();
  const StatePtr old = store_->latest();
  commit(2, {{kMarket, {{cold(1), large("c")}, {cold(2), std::nullopt}}}});
  make_durable();
  EXPECT_EQ(*old->get(kMarket, cold(1)), large("a"));
  EXPECT_EQ(*old->get(kMarket, cold(2)), large("b"));
  EXPECT_EQ(get(kMarket, cold(1)), large("c"));
  EXPECT_EQ(get(kMarket, cold(2)), std::nullopt);
}

TEST_F(StateTest, TheSecondProcessOnADirectoryIsRefused) {
  open();
  const auto second = StateStore::open(options_, disk_, clock_, executor_, executor_);
  ASSERT_FALSE(second);
  EXPECT_TRUE(is(second.error(), StoreError::kInUse));
  EXPECT_THAT(second.error().text, HasSubstr("data/state: another process has this state open"));
}

TEST_F(StateTest, AFlippedByteIsNamedOrHarmless) {
  open();
  for (int height = 1; height <= 3; ++height) {
    OwnedWrites writes;
    for (int i = 0; i < 40; ++i) {
      writes[kBank][hot(i * height)] = std::to_string(i);
      writes[kMarket][cold(i)] = large(std::to_string(i * height));
    }
    commit(height, writes);
    make_durable();
  }
  const Content content = content_of(*store_->latest());
  store_.reset();
  int refused = 0;
  for (const std::string& path : disk_.files()) {
    const std::uint64_t size = *disk_.file_size(path);
    const std::uint64_t step = std::max<std::uint64_t>(1, size / 60);
    for (std::uint64_t offset = 0; offset < size; offset += step) {
      const auto damaged = disk_.clone();
      damaged->flip_byte(path, offset);
      const std::string where = path + " at " + std::to_string(offset);
      const auto opened = StateStore::open(options_, *damaged, clock_, executor_, executor_);
      if (opened) {
        EXPECT_EQ((*opened)->latest()->height(), Height{3}) << where;
        EXPECT_EQ(content_of(*(*opened)->latest()), content) << where;
        continue;
      }
      ++refused;
      EXPECT_TRUE(is(opened.error(), StoreError::kCorrupt)) << where << ": " << opened.error().text;
      EXPECT_THAT(opened.error().text, HasSubstr("data/state/")) << where;
      // RocksDB has begun a new MANIFEST by the time the old one proves to be cut short.
      const std::string name = path.substr(path.rfind('/') + 1);
      EXPECT_THAT(opened.error().text, HasSubstr(name.substr(0, name.find('-')))) << where;
    }
  }
  EXPECT_GT(refused, 100);
}

// --- versions of the schema ---

TEST_F(StateTest, AStateOfANewerProgramIsRefusedNamingBothVersions) {
  options_.schema.version = 7;
  open();
  commit(1, {});
  make_durable();
  options_.schema.version = 6;
  const std::string text = refusal();
  EXPECT_THAT(text, HasSubstr("schema version 7"));
  EXPECT_THAT(text, HasSubstr("this program has version 6"));
}

TEST_F(StateTest, AnOlderStateWithoutAMigrationIsRefusedNamingBothVersions) {
  open();
  commit(1, {});
  make_durable();
  options_.schema.version = 3;
  options_.migrations = {{.from = 2, .to = 3, .run = [](Writer&) -> Result<void> { return {}; }}};
  const std::string text = refusal();
  EXPECT_THAT(text, HasSubstr("schema version 1"));
  EXPECT_THAT(text, HasSubstr("this program has version 3"));
  EXPECT_THAT(text, HasSubstr("no migration from version 1"));
}

TEST_F(StateTest, OtherRecordsUnderTheSameSchemaVersionAreRefused) {
  open();
  commit(1, {});
  make_durable();
  options_.schema.stores[0].tables[0].record_version = 2;
  EXPECT_THAT(
      refusal(),
      HasSubstr("table \"market/orders\" holds records of version 1, this program has version 2"));
}

TEST_F(StateTest, APlacementMayChangeWithoutAMigration) {
  open();
  commit(1, {{kMarket, {{hot(1), large("x")}, {cold(1), large("y")}}}});
  const Content content = content_of(*store_->latest());
  make_durable();
  std::swap(options_.schema.stores[0].tables[0].placement,
            options_.schema.stores[0].tables[1].placement);
  open();
  EXPECT_EQ(content_of(*store_->latest()), content);
  commit(2, {{kMarket, {{hot(1), large("z")}, {cold(1), std::nullopt}}}});
  make_durable();
  open();
  EXPECT_EQ(content_of(*store_->latest()), (Content{{kMarket, {{hot(1), large("z")}}}}));
}

TEST_F(StateTest, AnOlderStateIsMigratedStepByStep) {
  open();
  commit(9, {{kMarket, {{cold(1), large("old")}, {cold(2), large("kept")}}},
             {kBank, {{hot(1), "old"}}}});
  make_durable();
  constexpr StoreId kNew{3};
  options_.schema.version = 3;
  options_.schema.stores.push_back(
      {.id = kNew, .name = "audit", .tables = {{.number = kHot, .name = "rows"}}});
  options_.schema.stores.erase(options_.schema.stores.begin() + 1);  // bank
  options_.migrations = {
      {.from = 1,
       .to = 2,
       .run = [&](Writer& state) { return state.put(kMarket, cold(1), large("new")); }},
      {.from = 2, .to = 3, .run = [&](Writer& state) -> Result<void> {
         TRY(const auto moved, state.get(kBank, hot(1)));
         TRY_VOID(state.put(kNew, hot(1), *moved));
         return state.erase(kBank, hot(1));
       }}};
  for (int start = 0; start < 2; ++start) {
    open();
    EXPECT_EQ(store_->latest()->height(), Height{9});
    EXPECT_EQ(store_->latest()->meta(), "meta9");
    EXPECT_EQ(get(kMarket, cold(1)), large("new"));
    EXPECT_EQ(get(kMarket, cold(2)), large("kept"));
    EXPECT_EQ(get(kNew, hot(1)), "old");
    EXPECT_TRUE(is(store_->latest()->get(kBank, hot(1)).error(), StoreError::kUnknownStore));
  }
}

TEST_F(StateTest, AMigrationThatLeavesKeysOfADroppedStoreIsRefused) {
  open();
  commit(1, {{kBank, {{hot(1), "left"}}}});
  make_durable();
  options_.schema.version = 2;
  options_.schema.stores.pop_back();
  options_.migrations = {{.from = 1, .to = 2, .run = [](Writer&) -> Result<void> { return {}; }}};
  EXPECT_THAT(refusal(), HasSubstr("store \"bank\" still holds keys"));
}

TEST_F(StateTest, AFailedMigrationLeavesTheStateAsItWas) {
  open();
  commit(1, {{kBank, {{hot(1), "one"}}}});
  make_durable();
  options_.schema.version = 2;
  options_.migrations = {{.from = 1, .to = 2, .run = [](Writer& state) -> Result<void> {
                            TRY_VOID(state.put(kBank, hot(1), "changed"));
                            return fail(StoreError::kNotFound, "what the migration needs");
                          }}};
  EXPECT_THAT(refusal(), HasSubstr("what the migration needs"));
  options_.schema.version = 1;
  open();
  EXPECT_EQ(get(kBank, hot(1)), "one");
}

// What the tests below migrate: a version 1 whose last block is 9, to a version 2.
class MigrationTest : public StateTest {
 protected:
  MigrationTest() {
    open();
    before_ = commit(9, {{kBank, {{hot(1), "old"}}}, {kMarket, {{cold(1), large("old")}}}});
    make_durable();
    store_.reset();
    to_version(2);
  }
  // Each step says so in two rows, so that running twice would show.
  void to_version(std::uint32_t version) {
    options_.schema.version = version;
    options_.migrations.push_back(
        {.from = version - 1, .to = version, .run = [](Writer& state) -> Result<void> {
           TRY(const auto row, state.get(kBank, hot(1)));
           TRY_VOID(state.put(kBank, hot(1), *row + "+"));
           return state.put(kMarket, cold(1), large(*row + "+"));
         }});
  }
  Hash256 before_;
};

TEST_F(MigrationTest, TheRootThatItReplacedIsRememberedUntilTheNextBlock) {
  for (int start = 0; start < 2; ++start) {
    open();
    EXPECT_NE(store_->latest()->root(), before_);
    EXPECT_EQ(store_->latest()->replaced_roots(), std::vector{before_});
  }
  const Hash256 second = store_->latest()->root();
  to_version(3);
  open();
  EXPECT_EQ(store_->latest()->replaced_roots(), (std::vector{before_, second}));
  commit(10, {});
  make_durable();
  open();
  EXPECT_TRUE(store_->latest()->replaced_roots().empty());
}

TEST_F(MigrationTest, WaitsUntilEveryBlockWasExecuted) {
  options_.last_block = [](Height) { return Result<Height>(Height{12}); };
  EXPECT_THAT(refusal(),
              HasSubstr("the state at height 9 has schema version 1 and would be migrated to "
                        "version 2, but blocks 10 to 12 wait to be executed again; start the "
                        "program that made them once more and stop it, then start this one"));
  options_.last_block = [](Height state) { return Result<Height>(state); };
  open();
  EXPECT_EQ(get(kBank, hot(1)), "old+");
}

TEST_F(MigrationTest, APowerCutAnywhereInItLeavesTheOldOrTheNewState) {
  int cuts = 0;
  for (const std::uint64_t seed : {0, 1, 2}) {
    for (std::uint64_t writes = 0;; ++writes) {
      const auto disk = disk_.clone();
      CuttingDisk cutting(*disk, writes, seed);
      (void)StateStore::open(options_, cutting, clock_, executor_, executor_);
      if (!cutting.was_cut()) break;
      ++cuts;
      disk->power_on();
      const std::string where = std::to_string(writes) + " writes, seed " + std::to_string(seed);
      const auto opened = StateStore::open(options_, *disk, clock_, executor_, executor_);
      ASSERT_TRUE(opened) << where << ": " << opened.error().text;
      const StatePtr state = (*opened)->latest();
      EXPECT_EQ(state->height(), Height{9}) << where;
      EXPECT_EQ(*state->get(kBank, hot(1)), "old+") << where;
      EXPECT_EQ(*state->get(kMarket, cold(1)), large("old+")) << where;
      EXPECT_EQ(state->replaced_roots(), std::vector{before_}) << where;
    }
  }
  EXPECT_GT(cuts, 60);
}

TEST_F(MigrationTest, ADatabaseThatLostItIsRefused) {
  const auto old = disk_.clone();
  open();
  store_.reset();
  // The old database under the new promise.
  const Bytes promise = *disk_.read("data/state/durable");
  ASSERT_TRUE(write_atomically(*old, "data/state/durable", promise));
  const auto opened = StateStore::open(options_, *old, clock_, executor_, executor_);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(is(opened.error(), StoreError::kCorrupt));
}

TEST_F(StateTest, ARowThatIsNotOfItsFormIsNamed) {
  open();
  commit(1, {{kMarket, {{hot(1), "good"}, {cold(2), "good"}}}});
  options_.schema.stores[0].tables[0].is_canonical = [](BytesView, BytesView value) {
    return value == "good";
  };
  EXPECT_TRUE(check_rows(*store_->latest(), options_.schema));
  commit(2, {{kMarket, {{hot(3), "bad"}}}});
  EXPECT_THAT(check_rows(*store_->latest(), options_.schema).error().text,
              HasSubstr("table \"market/orders\": the row with key 6833 is not of the form"));
  commit(3, {{kMarket, {{hot(3), std::nullopt}, {"x", "of no table"}}}});
  EXPECT_THAT(check_rows(*store_->latest(), options_.schema).error().text,
              HasSubstr("store \"market\" holds key 78 of no table"));
}

// --- observers ---

class Recorder final : public CommitObserver {
 public:
  void loaded(const StateVersion& state) override {
    seen.push_back("loaded " + std::to_string(state.height().value));
  }
  void committed(const WriteSet& writes, const StateVersion& before,
                 const StateVersion& after) override {
    seen.push_back(std::to_string(writes.size()) + " stores, " +
                   std::to_string(before.height().value) + " -> " +
                   std::to_string(after.height().value));
  }
  std::vector<std::string> seen;
};

TEST_F(StateTest, ObserversSeeTheStateAndEveryCommitAfter) {
  open();
  commit(1, {});
  Recorder recorder;
  store_->add_observer(recorder);
  commit(2, {{kBank, {{hot(1), "one"}}}});
  store_->remove_observer(recorder);
  commit(3, {});
  EXPECT_THAT(recorder.seen, testing::ElementsAre("loaded 1", "1 stores, 1 -> 2"));
}

// --- proofs ---

TEST_F(StateTest, PresenceAndAbsenceAreProvenAtEveryKeptHeight) {
  open();
  for (int height = 1; height <= 4; ++height) {
    OwnedWrites writes;
    for (int i = 0; i < 20; ++i)
      writes[kMarket][(i % 2 == 0 ? hot : cold)(i * height)] = large(std::to_string(i));
    commit(height, writes);
  }
  make_durable();
  for (int height = 1; height <= 4; ++height) {
    const StatePtr state = *store_->at(Height{height});
    int present = 0;
    for (int i = 0; i < 100; ++i) {
      const Bytes key = (i % 2 == 0 ? hot : cold)(i);
      const auto proven = state->prove(kMarket, key);
      ASSERT_TRUE(proven);
      ASSERT_EQ(proven->value, *state->get(kMarket, key));
      ASSERT_EQ(proven->ops.size(), 2u);
      EXPECT_EQ(proven->ops[0].type, "ics23:smt");
      EXPECT_EQ(proven->ops[0].key, key);
      EXPECT_EQ(proven->ops[1].type, "ics23:simple");
      EXPECT_EQ(proven->ops[1].key, "market");
      const Hash256 store_root = *state->store_root(kMarket);
      if (proven->value) {
        ++present;
        EXPECT_TRUE(
            verify_membership(smt_spec(), store_root, proven->ops[0].data, key, *proven->value));
        EXPECT_FALSE(verify_absence(smt_spec(), store_root, proven->ops[0].data, key));
      } else {
        EXPECT_TRUE(verify_absence(smt_spec(), store_root, proven->ops[0].data, key));
      }
      EXPECT_TRUE(verify_membership(simple_spec(), state->root(), proven->ops[1].data, "market",
                                    store_root.view()));
    }
    EXPECT_GE(present, 20);
  }
}

TEST_F(StateTest, NothingCanBeProvenOfAnEmptyStore) {
  open();
  EXPECT_TRUE(is(store_->latest()->prove(kBank, hot(1)).error(), StoreError::kNotProvable));
}

// --- threads ---

TEST_F(StateTest, ReadersSeeWholeVersionsWhileBlocksAreCommittedAndFlushed) {
  // Every block writes its height under every key; a reader that sees two heights in one version
  // saw a torn one.
  ThreadExecutor compute(1);
  ThreadExecutor background(1);
  options_.flush_bytes = 20'000;
  options_.retain_bytes = 200'000;
  options_.cold_cache_bytes = 2'000;
  auto store = *StateStore::open(options_, disk_, clock_, compute, background);
  constexpr int kKeys = 300;
  const auto block = [](int height) {
    OwnedWrites writes;
    for (int i = 0; i < kKeys; ++i) {
      writes[kMarket][cold(i)] = Bytes(40, '.') + std::to_string(height);
      writes[kBank][hot(i)] = std::to_string(height);
    }
    return writes;
  };
  ASSERT_TRUE(store->commit(Height{1}, views_of(block(1)), ""));
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::atomic<int> reads = 0;
  const auto read = [&] {
    while (!stop) {
      const StatePtr state = store->latest();
      const Bytes expected = std::to_string(state->height().value);
      for (int i = reads % 7; i < kKeys; i += 7) {
        if (*state->get(kMarket, cold(i)) != Bytes(40, '.') + expected) ++torn;
        if (*state->get(kBank, hot(i)) != expected) ++torn;
      }
      const auto proven = state->prove(kBank, hot(1));
      if (!proven || !verify_membership(smt_spec(), *state->store_root(kBank), proven->ops[0].data,
                                        hot(1), expected))
        ++torn;
      ++reads;
    }
  };
  std::thread first(read);
  std::thread second(read);
  int height = 1;
  while (height < 60 || reads < 20) {
    ++height;
    EXPECT_TRUE(store->commit(Height{height}, views_of(block(height)), ""));
  }
  stop = true;
  first.join();
  second.join();
  EXPECT_EQ(torn, 0);
  ASSERT_TRUE(store->make_durable());
  EXPECT_EQ(store->durable_height(), Height{height});
  store.reset();
  open();
  EXPECT_EQ(get(kMarket, cold(7)), Bytes(40, '.') + std::to_string(height));
}

// --- everything together, against the obvious ---

struct Block {
  std::vector<std::tuple<int, int, int>> writes;  // which table, which key, which value (0 erases)
  int after;                                      // what happens then: see below
};

OwnedWrites writes_of(const Block& block) {
  OwnedWrites out;
  for (const auto& [table, key, value] : block.writes) {
    const StoreId store = table == 0 ? kBank : kMarket;
    auto& slot = out[store][table == 2 ? cold(key) : hot(key)];
    slot = value == 0
               ? std::nullopt
               : std::optional(Bytes(static_cast<std::size_t>(value), 'v') + std::to_string(key));
  }
  return out;
}

RC_GTEST_PROP(StateProperty, ACrashedStateIsTheOneOfItsDurableHeight, ()) {
  MemoryDisk disk;
  ManualClock clock;
  InlineExecutor executor;
  StateOptions options{.directory = "data/state", .schema = schema()};
  options.retain_bytes = *rc::gen::element(0ull, 20'000ull, 1ull << 30);
  options.cold_cache_bytes = *rc::gen::element(0ull, 10'000ull, 1ull << 30);
  options.flush_bytes = *rc::gen::element(500ull, 1ull << 30);
  auto store = *StateStore::open(options, disk, clock, executor, executor);
  std::map<Height, std::pair<Content, Hash256>> history{{Height{0}, {{}, store->latest()->root()}}};
  std::vector<StatePtr> held;
  int height = 0;
  const int blocks = *rc::gen::inRange(1, 25);
  for (int b = 0; b < blocks; ++b) {
    const Block block{
        *rc::gen::container<std::vector<std::tuple<int, int, int>>>(rc::gen::tuple(
            rc::gen::inRange(0, 3), rc::gen::inRange(0, 30), rc::gen::inRange(0, 60))),
        *rc::gen::inRange(0, 12)};
    const OwnedWrites writes = writes_of(block);
    Content content = history.at(store->latest()->height()).first;
    apply(content, writes);
    ++height;
    clock.time += 1'000'000'000;
    const auto root = store->commit(Height{height}, views_of(writes), "m");
    RC_ASSERT(root.has_value());
    RC_ASSERT(content_of(*store->latest()) == content);
    history[Height{height}] = {std::move(content), *root};
    if (block.after < 3) held.push_back(store->latest());
    if (block.after == 3 && !held.empty())
      held.erase(held.begin() + *rc::gen::inRange<std::size_t>(0, held.size()));
    if (block.after >= 4 && block.after < 7) RC_ASSERT(store->make_durable().has_value());
    if (block.after == 7) {
      const Height durable = store->durable_height();
      held.clear();
      disk.power_cut(*rc::gen::inRange<std::uint64_t>(0, 1'000));
      store.reset();
      disk.power_on();
      auto reopened = StateStore::open(options, disk, clock, executor, executor);
      if (!reopened) RC_FAIL(reopened.error().text);
      store = *std::move(reopened);
      RC_ASSERT(store->latest()->height() >= durable);
      const auto& [lasting, lasting_root] = history.at(store->latest()->height());
      RC_ASSERT(content_of(*store->latest()) == lasting);
      RC_ASSERT(store->latest()->root() == lasting_root);
      height = static_cast<int>(store->latest()->height().value);
    }
    for (const StatePtr& version : held)
      RC_ASSERT(content_of(*version) == history.at(version->height()).first);
  }
}

}  // namespace
}  // namespace tp::store
