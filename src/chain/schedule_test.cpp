#include "chain/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "chain/sdk_errors.h"
#include "chain/tables.h"

namespace tp::chain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kDue = HandlerId::kEscrowRunsDry;
constexpr auto kBillable = ScheduleClock::kBillableTime;
constexpr auto kBlock = ScheduleClock::kBlockTime;
constexpr std::int64_t kNow = 1'000;

// What lies below a block, and how many of its rows a scan was shown.
class CountingReader final : public store::Reader {
 public:
  explicit CountingReader(const store::Reader& base) : base_(&base) {}
  Result<bool> read(store::StoreId store, BytesView key, store::ValueVisitor visit) const override {
    return base_->read(store, key, visit);
  }
  Result<bool> contains(store::StoreId store, BytesView key) const override {
    return base_->contains(store, key);
  }
  Result<void> scan(store::StoreId store, const store::KeyRange& range,
                    store::ScanVisitor visit) const override {
    return base_->scan(store, range, [&](BytesView key, BytesView value) {
      ++rows;
      return visit(key, value);
    });
  }

  mutable std::size_t rows = 0;

 private:
  const store::Reader* base_;
};

class ScheduleTest : public ::testing::Test {
 protected:
  ScheduleTest() {
    schedule_.on(kDue, [this](Context& context, BytesView key, std::int64_t due) -> Result<void> {
      ran_.emplace_back(key);
      return handle_ ? handle_(context, key, due) : Result<void>();
    });
  }

  // Adds an entry as a transaction of an earlier block would.
  ScheduleTicket at(ScheduleClock clock, std::int64_t time, BytesView key) {
    EventList events;
    GasMeter meter(GasMeter::kUnlimited);
    Context context(before_, block_, params_, meter, events);
    return schedule_.at(context, clock, time, kDue, key).value();
  }

  // Runs a block on what was added; its writes stay apart. What ran, in order.
  std::vector<Bytes> run() {
    store::Overlay state(below_);
    ran_.clear();
    events_ = schedule_.run_due(state, block_, params_).value();
    left_.clear();
    EXPECT_TRUE(schedule_.scan(state, [this](const ScheduleTicket&, HandlerId, BytesView key) {
      left_.emplace_back(key);
      return Result<store::Step>(store::Step::kGoOn);
    }));
    return ran_;
  }

  store::EmptyReader empty_;
  store::Overlay before_{empty_};
  CountingReader below_{before_};
  BlockInfo block_{.time = BlockTime{kNow}, .billable_now = BillableTime{kNow}, .proposer = {}};
  ChainParams params_;
  Schedule schedule_;
  Schedule::Handler handle_;  // what an entry does; nothing without one
  EventList events_;
  std::vector<Bytes> ran_;
  std::vector<Bytes> left_;  // after the block
};

TEST_F(ScheduleTest, WhatIsDueRunsInOrderMoneyFirst) {
  at(kBlock, -5, "b");
  at(kBlock, kNow, "c");
  at(kBillable, 7, "second");
  at(kBillable, 7, "third");
  at(kBillable, 6, "first");
  at(kBillable, kNow + 1, "later");
  at(kBlock, kNow + 1, "later still");
  EXPECT_THAT(run(), ElementsAre("first", "second", "third", "b", "c"));
  EXPECT_THAT(left_, ElementsAre("later still", "later"));  // in the order of the clocks' numbers
}

TEST_F(ScheduleTest, EachEntryCostsOneRowHoweverManyRanBefore) {
  constexpr std::size_t kEntries = 2'000;
  for (std::size_t i = 0; i < kEntries; ++i) at(kBillable, static_cast<std::int64_t>(i % 10), "x");
  at(kBillable, kNow + 1, "later");
  params_.schedule_gas = GasMeter::kUnlimited;
  below_.rows = 0;
  store::Overlay state(below_);
  ASSERT_TRUE(schedule_.run_due(state, block_, params_));
  EXPECT_EQ(ran_.size(), kEntries);
  EXPECT_EQ(below_.rows, kEntries + 1);  // and the one that is not due
}

TEST_F(ScheduleTest, CancelledEntriesArePassedOnce) {
  constexpr std::size_t kEntries = 2'000;
  std::vector<ScheduleTicket> odd;
  for (std::size_t i = 0; i < kEntries; ++i) {
    const ScheduleTicket ticket = at(kBillable, 1, "x");
    if (i % 2 == 1) odd.push_back(ticket);
  }
  handle_ = [&](Context& context, BytesView, std::int64_t) -> Result<void> {
    for (const ScheduleTicket& ticket : std::exchange(odd, {}))
      TRY_VOID(schedule_.cancel(context, ticket));
    return {};
  };
  params_.schedule_gas = GasMeter::kUnlimited;
  below_.rows = 0;
  store::Overlay state(below_);
  ASSERT_TRUE(schedule_.run_due(state, block_, params_));
  EXPECT_EQ(ran_.size(), kEntries / 2);
  EXPECT_EQ(below_.rows, kEntries);
}

TEST_F(ScheduleTest, WhatAHandlerAddsRunsInItsPlaceAlsoBehindTheOthers) {
  at(kBillable, 10, "a");
  at(kBillable, 20, "b");
  at(kBlock, 5, "housekeeping");
  handle_ = [&](Context& context, BytesView key, std::int64_t) -> Result<void> {
    if (key == "a") {
      TRY_VOID(schedule_.at(context, kBillable, 20, kDue, "after b"));
      TRY_VOID(schedule_.at(context, kBillable, 4, kDue, "second"));
      TRY_VOID(schedule_.at(context, kBillable, 3, kDue, "first"));
      TRY_VOID(schedule_.at(context, kBlock, 1, kDue, "before housekeeping"));
    }
    if (key == "housekeeping")  // money's turn is over in this block
      TRY_VOID(schedule_.at(context, kBillable, 1, kDue, "in the next"));
    return {};
  };
  EXPECT_THAT(run(), ElementsAre("a", "first", "second", "b", "after b", "before housekeeping",
                                 "housekeeping"));
  EXPECT_THAT(left_, ElementsAre("in the next"));
}

TEST_F(ScheduleTest, WhatWasAddedMayBeCancelledAgain) {
  at(kBillable, 10, "a");
  std::optional<ScheduleTicket> added;
  handle_ = [&](Context& context, BytesView key, std::int64_t) -> Result<void> {
    if (key == "a") {
      TRY_VOID(schedule_.at(context, kBillable, 1, kDue, "first"));
      TRY_TO(added, schedule_.at(context, kBillable, 2, kDue, "second"));
    }
    if (key == "first") TRY_VOID(schedule_.cancel(context, *added));
    return {};
  };
  EXPECT_THAT(run(), ElementsAre("a", "first"));
  EXPECT_THAT(left_, IsEmpty());
}

TEST_F(ScheduleTest, WhatAFailingHandlerAddedIsGoneWithIt) {
  at(kBillable, 10, "fails");
  at(kBillable, 11, "runs");
  handle_ = [&](Context& context, BytesView key, std::int64_t) -> Result<void> {
    if (key != "fails") return {};
    TRY_VOID(schedule_.at(context, kBillable, 1, kDue, "never"));
    return fail(SdkError::kInvalidRequest, "no");
  };
  EXPECT_THAT(run(), ElementsAre("fails", "runs"));
  EXPECT_THAT(left_, IsEmpty());
  EXPECT_EQ((*events_.begin()).type, "schedule_failed");
}

TEST_F(ScheduleTest, WhatDoesNotFitStaysAndWhatIsTooBigRunsAlone) {
  at(kBillable, 1, "small");
  at(kBillable, 2, "big");
  at(kBillable, 3, "next");
  params_.schedule_gas = Gas{1'000};
  handle_ = [](Context& context, BytesView key, std::int64_t) {
    return context.charge(Gas{key == "big" ? 5'000u : 10u}, "work");
  };
  EXPECT_THAT(run(), ElementsAre("small", "big"));  // tried, and taken back
  EXPECT_THAT(left_, ElementsAre("big", "next"));
}

TEST_F(ScheduleTest, TheFirstRunsWithoutALimitWhenItDoesNotFit) {
  at(kBillable, 2, "big");
  at(kBillable, 3, "next");
  params_.schedule_gas = Gas{1'000};
  handle_ = [](Context& context, BytesView, std::int64_t) {
    return context.charge(Gas{5'000}, "work");
  };
  EXPECT_THAT(run(), ElementsAre("big", "big"));  // within the limit in vain, then alone
  EXPECT_THAT(left_, ElementsAre("next"));
}

// Against the rule itself: whatever runs next is the first that is due, of all that there are.
RC_GTEST_FIXTURE_PROP(ScheduleTest, AlwaysTheFirstThatIsDueRuns, ()) {
  const auto time = rc::gen::inRange<std::int64_t>(kNow - 6, kNow + 2);
  std::set<std::pair<ScheduleTicket, Bytes>> model;
  for (int i = *rc::gen::inRange(1, 20); i > 0; --i) {
    const Bytes key = "k" + std::to_string(i);
    model.emplace(at(kBillable, *time, key), key);
  }
  int budget = 40;  // of entries that handlers add, so that a block ends
  std::vector<Bytes> expected;
  handle_ = [&](Context& context, BytesView key, std::int64_t) -> Result<void> {
    expected.push_back(model.begin()->second);
    RC_ASSERT(key == expected.back());
    model.erase(model.begin());
    const bool fails = *rc::gen::inRange(0, 5) == 0;
    auto after = model;
    for (int i = *rc::gen::inRange(0, 3); i > 0 && budget > 0; --i) {
      const Bytes name = "a" + std::to_string(budget--);
      TRY(const ScheduleTicket ticket, schedule_.at(context, kBillable, *time, kDue, name));
      after.emplace(ticket, name);
    }
    if (!after.empty() && *rc::gen::inRange(0, 3) == 0) {
      const auto gone =
          std::next(after.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(after)));
      TRY_VOID(schedule_.cancel(context, gone->first));
      after.erase(gone);
    }
    if (fails) return fail(SdkError::kInvalidRequest, "no");
    model = std::move(after);
    return {};
  };
  RC_ASSERT(run() == expected);
  std::vector<Bytes> left;
  for (const auto& [ticket, key] : model) {
    RC_ASSERT(ticket.time > kNow);
    left.push_back(key);
  }
  RC_ASSERT(left_ == left);
}

}  // namespace
}  // namespace tp::chain
