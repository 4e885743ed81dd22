#include "engine/solo/sequencer.h"

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <thread>

#include "base/memory_disk.h"
#include "chain/sdk_errors.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/solo_test_support.h"

namespace tp::solo {
namespace {

TEST(BlockPolicyTest, ATransactionOnAnIdleNetworkIsDueAtOnce) {
  const BlockPolicy policy;
  EXPECT_EQ(next_block_at(policy, {.last_at = Duration::seconds(10), .waiting_txs = 1}),
            Duration::seconds(10));
}

TEST(BlockPolicyTest, UnderLoadTheNextBlockWaitsUntilItIsWorthwhile) {
  const BlockPolicy policy;
  BlockSituation busy{.last_at = Duration::seconds(10), .last_txs = 5'000, .waiting_txs = 10};
  EXPECT_EQ(next_block_at(policy, busy), Duration::milliseconds(10'050));
  busy.waiting_txs = policy.full_txs;
  EXPECT_EQ(next_block_at(policy, busy), Duration::seconds(10));
}

TEST(BlockPolicyTest, ABlockThatDidSomethingIsFollowedSoonSoThatItsStateIsProvable) {
  const BlockPolicy policy;
  BlockSituation situation{.last_at = Duration::seconds(10), .last_did_something = true};
  EXPECT_EQ(next_block_at(policy, situation), Duration::milliseconds(10'100));
  situation.last_did_something = false;
  EXPECT_EQ(next_block_at(policy, situation), Duration::seconds(15));
}

TEST(BlockPolicyTest, IntervalModeLooksAtNothingElse) {
  BlockPolicy policy;
  policy.fixed_interval = Duration::seconds(1);
  EXPECT_EQ(next_block_at(policy, {.last_at = Duration::seconds(10), .waiting_txs = 9}),
            Duration::seconds(11));
}

class MempoolTest : public testing::Test {
 protected:
  Result<void> add(const Bytes& tx, std::int64_t gas = 1) {
    const Hash256 hash = crypto::sha256(tx);
    TRY_VOID(pool_.reserve(hash, tx.size()));
    pool_.add(tx, hash, gas);
    return {};
  }

  Mempool pool_{{.max_txs = 3, .max_bytes = 100, .max_tx_bytes = 50, .remembered_txs = 10}};
};

TEST_F(MempoolTest, OrderIsThatOfAdmission) {
  ASSERT_TRUE(add("b") && add("a") && add("c"));
  EXPECT_EQ(pool_.take(100, -1).txs, (std::vector<Bytes>{"b", "a", "c"}));
  EXPECT_EQ(pool_.size().txs, 0u);
}

TEST_F(MempoolTest, TheSameAgainTooManyAndTooLargeHaveTheSdksCodes) {
  ASSERT_TRUE(add("a"));
  EXPECT_EQ(add("a").error().code, 19u);
  EXPECT_EQ(add(Bytes(51, 'x')).error().code, 21u);
  ASSERT_TRUE(add("b") && add("c"));
  EXPECT_EQ(add("d").error().code, 20u);
  EXPECT_EQ(add("d").error().codespace, "sdk");
}

TEST_F(MempoolTest, BytesAreLimitedToo) {
  ASSERT_TRUE(add(Bytes(50, 'a')) && add(Bytes(49, 'b')));
  EXPECT_EQ(add("cc").error().code, 20u);
  EXPECT_TRUE(add("c"));
}

TEST_F(MempoolTest, ATakenTransactionIsRememberedUntilForgotten) {
  ASSERT_TRUE(add("a"));
  pool_.take(100, -1);
  EXPECT_EQ(add("a").error().code, 19u);
  pool_.forget(crypto::sha256("a"));
  EXPECT_TRUE(add("a"));
}

TEST_F(MempoolTest, OnlyTheLatestAreRemembered) {
  for (int i = 0; i < 11; ++i) {
    ASSERT_TRUE(add(std::to_string(i)));
    pool_.take(100, -1);
  }
  EXPECT_TRUE(add("0"));
  EXPECT_FALSE(add("10"));
}

TEST_F(MempoolTest, AFailedCheckMayComeAgain) {
  ASSERT_TRUE(pool_.reserve(crypto::sha256("a"), 1));
  pool_.release(crypto::sha256("a"), 1);
  EXPECT_TRUE(add("a"));
}

TEST_F(MempoolTest, ABlockTakesWhatFitsInBytesAndGas) {
  ASSERT_TRUE(add("aaaa", 5) && add("bbbb", 5) && add("cccc", 5));
  EXPECT_EQ(pool_.take(12, -1).txs.size(), 2u);  // 6 bytes each, framed
  EXPECT_EQ(pool_.take(100, 4).txs.size(), 0u);
  EXPECT_EQ(pool_.take(100, 5).txs.size(), 1u);
}

TEST_F(MempoolTest, WhatNoLongerHoldsLeaves) {
  ASSERT_TRUE(add("a") && add("b") && add("c"));
  const auto removed = pool_.keep_if([](const chain::TxBatch& batch) {
    std::vector<bool> keep;
    for (const Bytes& tx : batch.txs) keep.push_back(tx != "b");
    return keep;
  });
  EXPECT_EQ(removed, std::vector<Hash256>{crypto::sha256("b")});
  EXPECT_EQ(pool_.list(10), (std::vector<Bytes>{"a", "c"}));
  EXPECT_EQ(pool_.size().bytes, 2u);
}

// Remembers what it saw.
class Recorder final : public chain::BlockObserver {
 public:
  explicit Recorder(Height next = Height{0}) : next_(next) {}
  Height next_height() const override { return next_; }
  Result<void> on_block(const chain::CommittedBlock& block) override {
    const std::lock_guard lock(mutex_);
    heights_.push_back(block.height.value);
    if (fail_at == block.height.value) return fail(BaseError::kInputOutput, "on purpose");
    return {};
  }
  std::vector<std::int64_t> heights() const {
    const std::lock_guard lock(mutex_);
    return heights_;
  }
  std::int64_t fail_at = 0;

 private:
  const Height next_;
  mutable std::mutex mutex_;
  std::vector<std::int64_t> heights_;
};

class SequencerTest : public testing::Test {
 protected:
  void start(std::vector<chain::BlockObserver*> observers = {}) {
    app_.emplace(saved_, 1'000'000);
    auto started = Sequencer::start(options_, *app_, comet_types::write_genesis(genesis_),
                                    test_key(), disk_, clock_, std::move(observers));
    ASSERT_TRUE(started) << started.error().text;
    sequencer_ = std::move(*started);
  }

  std::uint64_t total() const { return app_->total(); }

  SequencerOptions options_{.directory = "blocks", .policy = {}, .mempool = {}};
  comet_types::Genesis genesis_ = test_genesis();
  MemoryDisk disk_;
  SystemClock clock_;
  CounterApp::State saved_;
  std::optional<CounterApp> app_;
  std::unique_ptr<Sequencer> sequencer_;
};

TEST_F(SequencerTest, TheFirstBlockIsThereBeforeAnybodyAsks) {
  start();
  ASSERT_TRUE(sequencer_->feed().latest());
  EXPECT_EQ(sequencer_->feed().latest()->height(), Height{1});
}

TEST_F(SequencerTest, ATransactionIsInADurableBlockWhenItsSenderHears) {
  start();
  const auto done = sequencer_->submit_and_wait_for_block("add 5", Duration::seconds(10));
  ASSERT_TRUE(done) << done.error().text;
  ASSERT_TRUE(done->in_block);
  const Height height = done->in_block->block->height();
  EXPECT_LE(height, sequencer_->store().last());
  EXPECT_EQ(sequencer_->feed().tx(height, done->in_block->index)->tx, "add 5");
  EXPECT_EQ(sequencer_->store().tx(height, done->in_block->index)->tx, "add 5");
}

TEST_F(SequencerTest, AnIdleSequencerChecksOnTheThreadThatSubmits) {
  start();
  for (const char* tx : {"add 1", "nonsense"}) {
    std::optional<std::thread::id> answered_on;  // where the check was, too
    sequencer_->submit(tx,
                       [&](const Result<Admission>&) { answered_on = std::this_thread::get_id(); });
    EXPECT_EQ(answered_on, std::this_thread::get_id());
    while (sequencer_->mempool().size().txs > 0) std::this_thread::yield();
  }
}

TEST_F(SequencerTest, RefusalsCarryTheApplicationsAnswer) {
  start();
  const auto refused = sequencer_->submit_and_wait("nonsense");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->check.code, 2u);
  EXPECT_EQ(refused->check.log, "tx parse error");
  const auto done = sequencer_->submit_and_wait_for_block("nonsense", Duration::seconds(10));
  ASSERT_TRUE(done);
  EXPECT_FALSE(done->in_block);
}

TEST_F(SequencerTest, TheSameTransactionTwiceIsRefusedWith19) {
  start();
  ASSERT_TRUE(sequencer_->submit_and_wait_for_block("add 1", Duration::seconds(10)));
  const auto again = sequencer_->submit_and_wait("add 1");
  ASSERT_FALSE(again);
  EXPECT_TRUE(is(again.error(), chain::SdkError::kTxInMempoolCache));
}

TEST_F(SequencerTest, ATransactionThatFailedInItsBlockMayComeAgain) {
  start();
  for (int i = 0; i < 2; ++i) {
    const auto done = sequencer_->submit_and_wait_for_block("fail", Duration::seconds(10));
    ASSERT_TRUE(done) << done.error().text;
    const TxInBlock& place = *done->in_block;
    EXPECT_EQ(place.block->executed.response.tx_results[place.index].code, 5u);
  }
}

TEST_F(SequencerTest, MoreGasThanABlockMayHaveIsRefused) {
  genesis_.params.block_max_gas = 0;
  start();
  const auto refused = sequencer_->submit_and_wait("add 1");
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->check.code == static_cast<std::uint32_t>(chain::SdkError::kInvalidGasLimit));
  EXPECT_EQ(sequencer_->mempool().size().txs, 0u);
}

TEST_F(SequencerTest, ManySendersLoseNothing) {
  start();
  constexpr int kThreads = 4, kEach = 500;
  std::atomic<int> committed = 0;
  std::vector<std::thread> senders;
  for (int t = 0; t < kThreads; ++t) {
    senders.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        sequencer_->submit(
            "add 1 " + std::to_string(t) + "/" + std::to_string(i), [](const auto&) {},
            [&](const auto& result) { committed += result ? 1 : 0; });
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  for (int i = 0; i < 1'000 && committed < kThreads * kEach; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(sequencer_->stop());
  EXPECT_EQ(committed, kThreads * kEach);
  EXPECT_EQ(
      total(),
      comet_types::parse_genesis(comet_types::write_genesis(genesis_))->app_state_json.size() +
          kThreads * kEach);
}

TEST_F(SequencerTest, ARestartGoesOnWhereItStood) {
  start();
  ASSERT_TRUE(sequencer_->submit_and_wait_for_block("add 7", Duration::seconds(10)));
  ASSERT_TRUE(sequencer_->stop());
  const Height last = sequencer_->store().last();
  const std::uint64_t before = total();
  sequencer_.reset();
  start();
  EXPECT_GE(sequencer_->feed().latest()->height(), last);
  EXPECT_EQ(total(), before);
}

TEST_F(SequencerTest, ACrashLosesNothingThatWasAcknowledged) {
  start();
  ASSERT_TRUE(sequencer_->submit_and_wait_for_block("add 7", Duration::seconds(10)));
  const std::uint64_t before = total();
  disk_.power_cut();
  (void)sequencer_->stop();
  sequencer_.reset();
  saved_ = {};  // nor was any state saved
  disk_.power_on();
  start();
  EXPECT_EQ(total(), before);
}

TEST_F(SequencerTest, AfterStoppingEverySenderIsTold) {
  start();
  ASSERT_TRUE(sequencer_->stop());
  const auto late = sequencer_->submit_and_wait("add 1");
  ASSERT_FALSE(late);
  EXPECT_TRUE(is(late.error(), SoloError::kStopped));
  EXPECT_TRUE(sequencer_->stop());
}

TEST_F(SequencerTest, AFullDiskHaltsAndSaysWhy) {
  std::promise<std::string> halted;
  options_.on_halt = [&](const Error& error) { halted.set_value(error.text); };
  start();
  disk_.set_capacity(1);
  const auto done = sequencer_->submit_and_wait_for_block("add 1", Duration::seconds(10));
  ASSERT_FALSE(done);
  EXPECT_TRUE(is(done.error(), SoloError::kStopped)) << done.error().text;
  EXPECT_NE(halted.get_future().get().find("No space left"), std::string::npos);
  EXPECT_TRUE(sequencer_->stop());
  EXPECT_EQ(app_->syncs, 0);  // the block that could not be stored must not become durable state
}

TEST_F(SequencerTest, WhatBecomesInvalidInThePoolIsDroppedAndItsSenderTold) {
  genesis_.params.block_max_gas = 1;  // one transaction a block
  options_.policy.fixed_interval = Duration::milliseconds(100);
  start();
  app_->refuse_rechecks = true;
  std::promise<Result<TxInBlock>> first, second;
  sequencer_->submit("add 1", [](const auto&) {}, [&](const auto& r) { first.set_value(r); });
  sequencer_->submit("add 2", [](const auto&) {}, [&](const auto& r) { second.set_value(r); });
  EXPECT_TRUE(first.get_future().get());
  const auto dropped = second.get_future().get();
  ASSERT_FALSE(dropped);
  EXPECT_TRUE(is(dropped.error(), SoloError::kDropped));
}

TEST_F(SequencerTest, AStateThatChangedIsProvableSoon) {
  start();
  const auto done = sequencer_->submit_and_wait_for_block("add 1", Duration::seconds(10));
  ASSERT_TRUE(done);
  const Height next = done->in_block->block->height().next();
  for (int i = 0; i < 200 && sequencer_->store().last() < next; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto block = sequencer_->feed().block(next);
  ASSERT_TRUE(block);
  EXPECT_EQ((*block)->meta.header.app_hash,
            done->in_block->block->executed.response.app_hash.bytes());
}

TEST_F(SequencerTest, ASlowSubscriberOverflowsAndBlocksGoOn) {
  start();
  const auto slow = sequencer_->feed().subscribe(2, nullptr);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(
        sequencer_->submit_and_wait_for_block("add " + std::to_string(i), Duration::seconds(10)));
  }
  EXPECT_TRUE(slow->overflowed());
  EXPECT_EQ(slow->next(), nullptr);
}

TEST_F(SequencerTest, ASubscriberIsWokenForEveryBlockInOrder) {
  start();
  std::atomic<int> woken = 0;
  const auto watching = sequencer_->feed().subscribe(100, [&] { ++woken; });
  const auto done = sequencer_->submit_and_wait_for_block("add 1", Duration::seconds(10));
  ASSERT_TRUE(done);
  ASSERT_TRUE(sequencer_->stop());
  EXPECT_GE(woken, 1);
  std::int64_t before = 0;
  int seen = 0;
  while (const BlockPtr block = watching->next()) {
    if (before != 0) {
      EXPECT_EQ(block->height().value, before + 1);
    }
    before = block->height().value;
    ++seen;
  }
  EXPECT_EQ(seen, woken);
}

TEST_F(SequencerTest, AnObserverSeesEveryBlockAlsoThoseOfBefore) {
  start();
  ASSERT_TRUE(sequencer_->submit_and_wait_for_block("add 1", Duration::seconds(10)));
  sequencer_.reset();
  Recorder from_start, from_second(Height{2});
  start({&from_start, &from_second});
  ASSERT_TRUE(sequencer_->submit_and_wait_for_block("add 2", Duration::seconds(10)));
  const std::int64_t last = sequencer_->store().last().value;
  for (int i = 0; i < 500 && static_cast<std::int64_t>(from_start.heights().size()) < last; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  sequencer_.reset();
  const auto heights = from_start.heights();
  for (std::size_t i = 0; i < heights.size(); ++i)
    EXPECT_EQ(heights[i], static_cast<std::int64_t>(i + 1));
  EXPECT_GE(static_cast<std::int64_t>(heights.size()), last);
  EXPECT_EQ(from_second.heights().front(), 2);
}

TEST_F(SequencerTest, DamageToTheLastBlockIsRefusedAndNothingIsCutAway) {
  start();
  ASSERT_TRUE(sequencer_->submit_and_wait_for_block("add 5", Duration::seconds(5)));
  ASSERT_TRUE(sequencer_->stop());
  sequencer_.reset();
  const std::string log = "blocks/blocks-00000000000000000001.log";
  disk_.flip_byte(log, *disk_.file_size(log) - 1);
  const Bytes before = *disk_.read(log);
  CounterApp app(saved_);
  const auto again = Sequencer::start(options_, app, comet_types::write_genesis(genesis_),
                                      test_key(), disk_, clock_, {});
  ASSERT_FALSE(again);
  EXPECT_TRUE(is(again.error(), SoloError::kDamaged)) << again.error().text;
  EXPECT_EQ(*disk_.read(log), before);
}

TEST_F(SequencerTest, AnObserverThatIsAheadOfTheBlocksIsRefused) {
  Recorder ahead(Height{50});
  app_.emplace(saved_);
  const auto started =
      Sequencer::start(options_, *app_, comet_types::write_genesis(genesis_), test_key(), disk_,
                       clock_, std::vector<chain::BlockObserver*>{&ahead});
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().text.find("has seen block 49, the last stored block is 1"),
            std::string::npos);
}

// Loses what it saw at the fourth block, and once more.
class Forgetful final : public chain::BlockObserver {
 public:
  Height next_height() const override { return Height{next_}; }
  Result<void> on_block(const chain::CommittedBlock& block) override {
    EXPECT_EQ(block.height.value, std::max<std::int64_t>(next_, 1));
    if (block.height == Height{4} && failures_++ < 2) {
      next_ = 2;
      return fail(BaseError::kInputOutput, "on purpose");
    }
    next_ = block.height.value + 1;
    return {};
  }

 private:
  int failures_ = 0;
  std::atomic<std::int64_t> next_ = 0;
};

TEST_F(SequencerTest, AnObserverThatFailsGetsTheBlocksAgainFromWhereItStands) {
  Forgetful observer;
  start({&observer});
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(
        sequencer_->submit_and_wait_for_block("add " + std::to_string(i), Duration::seconds(10)));
  }
  const std::int64_t last = sequencer_->feed().latest()->height().value;
  for (int i = 0; i < 1'000 && observer.next_height().value <= last; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  sequencer_.reset();
  EXPECT_GT(observer.next_height().value, last);
}

TEST_F(SequencerTest, AnObserverThatAlwaysFailsStopsNeitherBlocksNorTheEnd) {
  Recorder failing;
  failing.fail_at = 2;
  start({&failing});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        sequencer_->submit_and_wait_for_block("add " + std::to_string(i), Duration::seconds(10)));
  }
  sequencer_.reset();
  for (const std::int64_t height : failing.heights()) EXPECT_LE(height, 2);
}

}  // namespace
}  // namespace tp::solo
