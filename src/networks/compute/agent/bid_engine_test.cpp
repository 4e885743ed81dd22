#include "networks/compute/agent/bid_engine.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <fstream>
#include <thread>

#include "networks/compute/agent/fakes.h"

namespace tp::compute::provider {
namespace {

class FixedPrice final : public Pricing {
 public:
  Decimal asked = *Decimal::parse("5");
  Result<Decimal> price(const Quote&, std::stop_token) override { return asked; }
};

// Keeps tasks until the test lets one go.
class HeldExecutor final : public Executor {
 public:
  std::deque<std::function<void()>> tasks;

  void parallel(std::size_t count, FunctionRef<void(std::size_t)> task) override {
    for (std::size_t i = 0; i < count; ++i) task(i);
  }
  void post(std::function<void()> task) override { tasks.push_back(std::move(task)); }
  std::size_t width() const override { return 1; }
  void run_one() {
    tasks.front()();
    tasks.pop_front();
  }
};

class Winners final : public LeaseSink {
 public:
  std::vector<OrderId> won;
  void lease_won(const Lease& lease, const GroupSpec&) override { won.push_back(lease.id); }
};

class BidEngineTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  FakeMarket market_;
  Inventory inventory_{{.cpu_milli = 1000, .memory_bytes = 1 << 30, .disk_bytes = 1 << 30}, {}, {}};
  FixedPrice pricing_;
  InlineExecutor executor_;
  Winners winners_;
  BidEngine engine_ = fresh();

  BidEngine fresh() {
    return BidEngine(market_, inventory_, pricing_, executor_, winners_, clock_,
                     {.timeout = Duration::minutes(5), .batch_max = 3});
  }
  void SetUp() override { engine_.set_profile({.address = kUs, .denom = "utoll"}); }

  OrderId add(Order asked) {
    market_.orders[asked.id] = asked;
    return asked.id;
  }
  // Until nothing waits.
  void settle(BidEngine& engine) {
    for (int i = 0; i < 20; ++i) {
      const auto more = engine.work();
      ASSERT_TRUE(more) << more.error().text;
      if (!*more) return;
    }
    FAIL() << "it never comes to rest";
  }
  void settle() { settle(engine_); }
  void hear_of(const OrderId& id) {
    engine_.order_created(id);
    settle();
  }
};

TEST_F(BidEngineTest, BidsOnAnOrderThatItHearsOf) {
  const OrderId id = add(order(1));
  hear_of(id);
  ASSERT_EQ(market_.sent.size(), 1u);
  const auto& bid = std::get<PlaceBid>(market_.sent[0]);
  EXPECT_EQ(bid.id, id);
  EXPECT_EQ(bid.price, (Price{"utoll", *Decimal::parse("5")}));
  EXPECT_EQ(bid.offer.size(), 1u);
  EXPECT_EQ(inventory_.report().pending.cpu_milli, 100);
}

TEST_F(BidEngineTest, FindsOpenOrdersAtTheStart) {
  for (std::uint64_t dseq = 1; dseq <= 7; ++dseq) add(order(dseq));
  ASSERT_TRUE(engine_.sync());
  settle();
  EXPECT_EQ(market_.bids.size(), 7u);
  EXPECT_EQ(market_.transactions, 3u);  // of at most 3 bids each
}

TEST_F(BidEngineTest, BidsOnceHoweverOftenItHearsOfAnOrder) {
  const OrderId id = add(order(1));
  hear_of(id);
  hear_of(id);
  ASSERT_TRUE(engine_.sync());
  settle();
  EXPECT_EQ(market_.sent.size(), 1u);
}

TEST_F(BidEngineTest, BidsAtMostWhatTheOrderPays) {
  pricing_.asked = *Decimal::parse("100");
  hear_of(add(order(1)));
  EXPECT_EQ(market_.sent.size(), 1u);
  pricing_.asked = *Decimal::parse("100.000000000000000001");
  hear_of(add(order(2)));
  EXPECT_EQ(market_.sent.size(), 1u);
  EXPECT_EQ(engine_.report().rejected.back().reasons[0].reason, RejectReason::kPrice);
  EXPECT_EQ(inventory_.report().pending_count, 1u);
}

TEST_F(BidEngineTest, SaysWhyItDoesNotBid) {
  Order asked = order(1);
  asked.spec.requirements.attributes = {{"region", "elsewhere"}};
  hear_of(add(asked));
  ASSERT_EQ(engine_.report().rejected.size(), 1u);
  EXPECT_EQ(engine_.report().rejected[0].reasons[0].reason, RejectReason::kAttributes);
}

TEST_F(BidEngineTest, RefusesOnceHoweverOftenItHearsOfAnOrder) {
  Order asked = order(1);
  asked.spec.requirements.attributes = {{"region", "elsewhere"}};
  const OrderId id = add(asked);
  hear_of(id);
  ASSERT_EQ(engine_.report().rejected.size(), 1u);
  hear_of(id);
  EXPECT_EQ(engine_.report().rejected.size(), 1u);
}

TEST_F(BidEngineTest, AsksForAuditsWhenAnOrderNamesAuditors) {
  Order asked = order(1);
  asked.spec.requirements.signed_by.any_of = {"turn1auditor"};
  market_.audits_signed = {{"turn1auditor", {}}};
  hear_of(add(asked));
  EXPECT_EQ(market_.sent.size(), 1u);
}

TEST_F(BidEngineTest, LooksAgainWhenAnAuditorHasSigned) {
  Order asked = order(1);
  asked.spec.requirements.signed_by.any_of = {"turn1auditor"};
  const OrderId id = add(asked);
  hear_of(id);
  EXPECT_TRUE(market_.sent.empty());
  market_.audits_signed = {{"turn1auditor", {}}};
  ASSERT_TRUE(engine_.sync());
  settle();
  EXPECT_TRUE(market_.bids.contains(id));
}

TEST_F(BidEngineTest, AWonBidBecomesALease) {
  const OrderId id = add(order(1));
  hear_of(id);
  market_.accept(id);
  engine_.touch(id);
  settle();
  EXPECT_EQ(winners_.won, std::vector<OrderId>{id});
  EXPECT_EQ(inventory_.report().active_count, 1u);
  EXPECT_EQ(engine_.report().open_bids, 0u);
}

TEST_F(BidEngineTest, ALostBidFreesWhatItReserved) {
  const OrderId id = add(order(1));
  hear_of(id);
  market_.orders[id].state = OrderState::kActive;
  market_.bids[id].state = BidState::kLost;
  engine_.touch(id);
  settle();
  EXPECT_TRUE(winners_.won.empty());
  EXPECT_EQ(inventory_.report().pending_count, 0u);
}

TEST_F(BidEngineTest, ABidThatNobodyChoosesIsTakenBack) {
  const OrderId id = add(order(1));
  hear_of(id);
  clock_.at = clock_.at + Duration::minutes(5);
  settle();
  ASSERT_EQ(market_.sent.size(), 2u);
  EXPECT_EQ(std::get<CloseBid>(market_.sent[1]).reason, CloseReason::kUnspecified);
  EXPECT_EQ(inventory_.report().pending_count, 0u);
  // The order is still open; one bid a provider and order.
  ASSERT_TRUE(engine_.sync());
  settle();
  EXPECT_EQ(market_.sent.size(), 2u);
}

TEST_F(BidEngineTest, AnOrderWithoutRoomIsLookedAtAgainWhenRoomIsFreed) {
  const OrderId large = add(order(1, {unit(900, 32, 64)}));
  hear_of(large);
  const OrderId second = add(order(2, {unit(200, 32, 64)}));
  hear_of(second);
  EXPECT_FALSE(market_.bids.contains(second));
  EXPECT_EQ(engine_.report().rejected[0].reasons[0].reason, RejectReason::kCapacity);
  market_.orders[large].state = OrderState::kClosed;
  market_.bids[large].state = BidState::kLost;
  engine_.touch(large);
  settle();
  settle();
  EXPECT_TRUE(market_.bids.contains(second));
}

TEST_F(BidEngineTest, ABidThatTheChainRefusesSpoilsNoOther) {
  const OrderId bad = add(order(1));
  const OrderId good = add(order(2));
  market_.refused.insert(bad);
  ASSERT_TRUE(engine_.sync());
  settle();
  EXPECT_TRUE(market_.bids.contains(good));
  EXPECT_EQ(engine_.report().rejected[0].reasons[0].reason, RejectReason::kRefused);
  EXPECT_EQ(inventory_.report().pending_count, 1u);
}

TEST_F(BidEngineTest, ARefusedBidIsTriedAgainLater) {
  const OrderId id = add(order(1));
  market_.refused.insert(id);
  hear_of(id);
  EXPECT_TRUE(market_.sent.empty());
  market_.refused.clear();
  settle();
  EXPECT_TRUE(market_.sent.empty());  // not at once
  ASSERT_TRUE(engine_.sync());
  settle();
  EXPECT_TRUE(market_.bids.contains(id));
}

TEST_F(BidEngineTest, AnOrderThatCannotBeReadStopsNoOther) {
  const OrderId bad = add(order(1));
  const OrderId good = add(order(2));
  market_.unreadable.insert(bad);
  ASSERT_TRUE(engine_.sync());
  settle();
  EXPECT_TRUE(market_.bids.contains(good));
  EXPECT_FALSE(market_.bids.contains(bad));
}

TEST_F(BidEngineTest, WhatWaitsStillWaitsWhenTheNodeComesBack) {
  const OrderId id = add(order(1));
  engine_.order_created(id);
  market_.away = true;
  EXPECT_FALSE(engine_.work());
  market_.away = false;
  settle();
  EXPECT_TRUE(market_.bids.contains(id));
}

TEST_F(BidEngineTest, AfterARestartItGoesOnWithItsBids) {
  const OrderId id = add(order(1));
  hear_of(id);
  Inventory inventory{{.cpu_milli = 1000, .memory_bytes = 1 << 30, .disk_bytes = 1 << 30}, {}, {}};
  BidEngine next(market_, inventory, pricing_, executor_, winners_, clock_, {});
  next.set_profile({.address = kUs, .denom = "utoll"});
  ASSERT_TRUE(next.sync());
  settle(next);
  EXPECT_EQ(market_.sent.size(), 1u);
  EXPECT_EQ(inventory.report().pending_count, 1u);
  EXPECT_EQ(next.report().open_bids, 1u);
}

TEST_F(BidEngineTest, TheAgeOfABidCountsFromWhenItWasMade) {
  const OrderId id = add(order(1));
  hear_of(id);
  market_.made_at = clock_.at;
  clock_.at = clock_.at + Duration::minutes(6);
  BidEngine next(market_, inventory_, pricing_, executor_, winners_, clock_, {});
  ASSERT_TRUE(next.sync());
  settle(next);
  EXPECT_EQ(market_.bids[id].state, BidState::kClosed);
}

TEST_F(BidEngineTest, ABidWhoseAnswerWasLostIsFoundAgain) {
  const OrderId id = add(order(1));
  market_.bids[id] = {.id = id, .state = BidState::kOpen};
  hear_of(id);
  EXPECT_TRUE(market_.sent.empty());
  EXPECT_EQ(engine_.report().open_bids, 1u);
}

TEST_F(BidEngineTest, OrdersOfOthersMatterNot) {
  engine_.touch(add(order(1)));
  settle();
  EXPECT_TRUE(market_.sent.empty());
}

// Prices take their time: tasks are done when the test says so.
class SlowPricesTest : public BidEngineTest {
 protected:
  Inventory large_{
      {.cpu_milli = 100'000, .memory_bytes = 64ll << 30, .disk_bytes = 64ll << 30}, {}, {}};
  HeldExecutor held_;
  BidEngine slow_{market_, large_, pricing_, held_, winners_, clock_, {}};

  void SetUp() override { slow_.set_profile({.address = kUs, .denom = "utoll"}); }
};

TEST_F(SlowPricesTest, OneOrderKeepsNobodyWaiting) {
  const OrderId first = add(order(1));
  const OrderId second = add(order(2));
  slow_.order_created(first);
  slow_.order_created(second);
  settle(slow_);
  ASSERT_EQ(held_.tasks.size(), 2u);
  EXPECT_TRUE(market_.sent.empty());
  EXPECT_EQ(slow_.report().waiting, 2u);
  std::swap(held_.tasks[0], held_.tasks[1]);
  held_.run_one();
  settle(slow_);
  ASSERT_EQ(market_.sent.size(), 1u);
  EXPECT_EQ(std::get<PlaceBid>(market_.sent[0]).id, second);
  held_.run_one();
  settle(slow_);
  EXPECT_EQ(market_.sent.size(), 2u);
  EXPECT_EQ(slow_.report().waiting, 0u);
}

TEST_F(SlowPricesTest, AnOrderIsPricedOnceHoweverOftenItIsHeardOf) {
  const OrderId id = add(order(1));
  slow_.order_created(id);
  settle(slow_);
  slow_.order_created(id);
  ASSERT_TRUE(slow_.sync());
  settle(slow_);
  EXPECT_EQ(held_.tasks.size(), 1u);
  EXPECT_EQ(large_.report().pending_count, 1u);
  held_.run_one();
  settle(slow_);
  EXPECT_EQ(market_.sent.size(), 1u);
}

TEST_F(SlowPricesTest, SoManyPricesAreAskedForAtOnceAndNoMore) {
  for (std::uint64_t dseq = 1; dseq <= BidEngine::kPricingMax + 8; ++dseq) add(order(dseq));
  ASSERT_TRUE(slow_.sync());
  settle(slow_);
  ASSERT_EQ(held_.tasks.size(), BidEngine::kPricingMax);
  while (!held_.tasks.empty()) held_.run_one();
  settle(slow_);
  EXPECT_EQ(held_.tasks.size(), 8u);
  while (!held_.tasks.empty()) held_.run_one();
  settle(slow_);
  EXPECT_EQ(market_.bids.size(), BidEngine::kPricingMax + 8);
}

TEST_F(SlowPricesTest, APriceThatComesTooLateForItsOrderCostsNothing) {
  const OrderId id = add(order(1));
  slow_.order_created(id);
  settle(slow_);
  market_.refused.insert(id);  // it was closed meanwhile
  held_.run_one();
  settle(slow_);
  EXPECT_TRUE(market_.bids.empty());
  EXPECT_EQ(large_.report().pending_count, 0u);
}

TEST_F(BidEngineTest, AProgramThatSleepsHoldsUpNobodyAndIsEndedWithTheEngine) {
  const std::string program = "/tmp/tp-sleeping-price." + std::to_string(::getpid());
  std::ofstream(program) << "#!/bin/sh\n[ -e " << program << ".quick ] || exec sleep 9\necho 5\n";
  ::chmod(program.c_str(), 0700);
  workload::SystemHost host;
  ScriptPricing script(host, program);
  const auto started = std::chrono::steady_clock::now();
  {
    ThreadExecutor pool(2);  // its end waits for its tasks
    BidEngine engine(market_, inventory_, script, pool, winners_, clock_, {});
    engine.set_profile({.address = kUs, .denom = "utoll"});
    engine.order_created(add(order(1)));
    settle(engine);
    EXPECT_EQ(engine.report().waiting, 1u);
    std::this_thread::sleep_for(
        std::chrono::milliseconds(100));  // it has read that it is not quick
    std::ofstream(program + ".quick") << "";
    engine.order_created(add(order(2)));
    for (int i = 0; i < 200 && market_.bids.empty(); ++i) {
      settle(engine);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(market_.bids.size(), 1u);
    EXPECT_EQ(market_.bids.begin()->first.dseq, 2u);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
  ::unlink(program.c_str());
  ::unlink((program + ".quick").c_str());
}

}  // namespace
}  // namespace tp::compute::provider
