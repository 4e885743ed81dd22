#include "store/raw_table.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "base/memory_disk.h"
#include "store/ics23.h"
#include "store/overlay.h"
#include "store/state.h"

namespace tp::store {
namespace {

constexpr RawTable kIbc{StoreId{9}};
// As the counterparty writes it: no number of a table before it.
constexpr std::string_view kPath = "clients/07-tendermint-0/clientState";
const Bytes kValue = "\x0a\x2b/ibc.lightclients.tendermint.v1.ClientState" + Bytes(60, '.');

class RawTableTest : public testing::TestWithParam<Placement> {
 protected:
  RawTableTest() {
    set_log_level(LogLevel::kError);
    open();
  }
  void open() {
    state_.reset();
    state_ =
        StateStore::open({.directory = "state",
                          .schema = {.version = 1, .stores = {kIbc.schema("ibc", GetParam())}}},
                         disk_, clock_, executor_, executor_)
            .value();
  }
  // Commits what `change` writes.
  void commit(FunctionRef<Result<void>(Writer&)> change) {
    const StatePtr base = state_->latest();
    Overlay overlay(*base);
    ASSERT_TRUE(change(overlay));
    ASSERT_TRUE(state_->commit(base->height().next(), overlay.writes(), {}));
  }

  MemoryDisk disk_;
  SystemClock clock_;
  InlineExecutor executor_;
  std::unique_ptr<StateStore> state_;
};
INSTANTIATE_TEST_SUITE_P(HotAndCold, RawTableTest,
                         testing::Values(Placement::kHot, Placement::kCold),
                         [](const auto& placement) {
                           return placement.param == Placement::kHot ? "Hot" : "Cold";
                         });

TEST_P(RawTableTest, KeysAndValuesStandInTheStoreByteForByte) {
  commit([](Writer& state) { return kIbc.put(state, kPath, kValue); });
  EXPECT_EQ(*state_->latest()->get(kIbc.store(), kPath), kValue);
  EXPECT_EQ(*kIbc.find(*state_->latest(), kPath), kValue);
  EXPECT_TRUE(*kIbc.contains(*state_->latest(), kPath));
}

TEST_P(RawTableTest, WhatIsErasedIsGone) {
  commit([](Writer& state) { return kIbc.put(state, kPath, kValue); });
  commit([](Writer& state) { return kIbc.erase(state, kPath); });
  EXPECT_EQ(*kIbc.find(*state_->latest(), kPath), std::nullopt);
  EXPECT_FALSE(*kIbc.contains(*state_->latest(), kPath));
}

TEST_P(RawTableTest, AScanVisitsThePrefixInByteOrder) {
  commit([](Writer& state) -> Result<void> {
    for (const char* key : {"a/2", "a/1", "a", "b", "\xff"}) TRY_VOID(kIbc.put(state, key, kValue));
    return {};
  });
  const auto scanned = [this](BytesView prefix) {
    std::vector<Bytes> keys;
    EXPECT_TRUE(kIbc.scan(*state_->latest(), prefix, [&](BytesView key, BytesView) -> Result<Step> {
      keys.emplace_back(key);
      return Step::kGoOn;
    }));
    return keys;
  };
  EXPECT_EQ(scanned("a/"), (std::vector<Bytes>{"a/1", "a/2"}));
  EXPECT_EQ(scanned(""), (std::vector<Bytes>{"a", "a/1", "a/2", "b", "\xff"}));
}

TEST_P(RawTableTest, WhatCannotBeProvenIsRefusedAndChangesNothing) {
  commit([](Writer& state) -> Result<void> {
    EXPECT_TRUE(is(kIbc.put(state, "", kValue).error(), StoreError::kInvalidWrite));
    EXPECT_TRUE(is(kIbc.put(state, kPath, "").error(), StoreError::kInvalidWrite));
    EXPECT_TRUE(is(kIbc.put(state, Bytes(65'536, 'k'), kValue).error(), StoreError::kInvalidWrite));
    EXPECT_TRUE(is(kIbc.erase(state, "").error(), StoreError::kInvalidWrite));
    return kIbc.put(state, Bytes(65'535, 'k'), kValue);
  });
  EXPECT_EQ(state_->stats().keys, 1u);
}

TEST_P(RawTableTest, PresenceAndAbsenceAreProvenUnderTheVerbatimKey) {
  commit([](Writer& state) -> Result<void> {
    TRY_VOID(kIbc.put(state, "clients/07-tendermint-1/clientState", "another"));
    return kIbc.put(state, kPath, kValue);
  });
  ASSERT_TRUE(state_->make_durable());
  open();
  const StatePtr state = state_->latest();
  const auto proven = state->prove(kIbc.store(), kPath);
  ASSERT_TRUE(proven) << proven.error().text;
  const Hash256 store_root = *state->store_root(kIbc.store());
  EXPECT_EQ(proven->value, kValue);
  EXPECT_TRUE(verify_membership(smt_spec(), store_root, proven->ops[0].data, kPath, kValue));
  EXPECT_FALSE(verify_membership(smt_spec(), store_root, proven->ops[0].data, kPath, "another"));
  EXPECT_TRUE(verify_membership(simple_spec(), state->root(), proven->ops[1].data, "ibc",
                                store_root.view()));

  const Bytes absent = "receipts/ports/transfer/channels/channel-0/sequences/1";
  const auto missing = state->prove(kIbc.store(), absent);
  ASSERT_TRUE(missing) << missing.error().text;
  EXPECT_EQ(missing->value, std::nullopt);
  EXPECT_TRUE(verify_absence(smt_spec(), store_root, missing->ops[0].data, absent));
  EXPECT_FALSE(verify_absence(smt_spec(), store_root, missing->ops[0].data, kPath));
}

}  // namespace
}  // namespace tp::store
