#include "engine/solo/block_maker.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/cutting_disk.h"
#include "base/log.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/hash.h"
#include "engine/comet_types/vote.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/results_codec.h"
#include "engine/solo/solo_test_support.h"

namespace tp::solo {
namespace {

// One process from start to crash: store, application and maker over what survived.
struct Process {
  Process(Disk& disk, CounterApp::State& saved, const Clock& clock, std::int64_t save_every = 1,
          const comet_types::Genesis& genesis = test_genesis())
      : app(saved, save_every) {
    BlockStoreOptions options = test_store_options("blocks");
    options.file_bytes = 3'000;  // several files in a short history
    auto opened = BlockStore::open(options, disk);
    if (!opened) {
      error = opened.error().text;
      return;
    }
    store = std::move(*opened);
    auto made = BlockMaker::open(app, *store, genesis, test_key(), clock);
    if (!made) {
      error = made.error().text;
      return;
    }
    maker = std::move(*made);
  }

  BlockPtr make(std::vector<Bytes> txs = {}) {
    const auto block = maker->seal(pooled(std::move(txs)));
    if (!block || !maker->commit()) return nullptr;
    return *block;
  }

  CounterApp app;
  std::unique_ptr<BlockStore> store;
  std::unique_ptr<BlockMaker> maker;
  std::string error;
};

class BlockMakerTest : public testing::Test {
 protected:
  MemoryDisk disk_;
  CounterApp::State saved_;
  HandClock clock_;
};

TEST_F(BlockMakerTest, TheFirstBlockHasTheTimeOfGenesisAndNoLastCommit) {
  Process run(disk_, saved_, clock_);
  const BlockPtr block = run.make();
  ASSERT_TRUE(block);
  const comet_types::Header& header = block->meta.header;
  EXPECT_EQ(header.height, Height{1});
  EXPECT_EQ(header.time, test_genesis().time);
  EXPECT_TRUE(header.last_block_id.is_nil());
  EXPECT_EQ(block->meta.last_commit, comet_types::Commit{});
  EXPECT_EQ(header.last_commit_hash, crypto::sha256("").bytes());
  EXPECT_EQ(header.last_results_hash, crypto::sha256("").bytes());
  EXPECT_EQ(header.app_hash.size(), 32u);  // of genesis
}

TEST_F(BlockMakerTest, EachHeaderCommitsToWhatTheBlockBeforeItDid) {
  Process run(disk_, saved_, clock_);
  run.make();
  const BlockPtr second = run.make({"add 5", "fail"});
  clock_.advance(Duration::seconds(3));
  const BlockPtr third = run.make();
  const comet_types::Header& header = third->meta.header;
  EXPECT_EQ(header.last_block_id, second->meta.id);
  EXPECT_EQ(header.app_hash, second->executed.response.app_hash.bytes());
  EXPECT_EQ(header.last_results_hash, results_hash(second->executed.response).bytes());
  EXPECT_EQ(header.last_commit_hash, comet_types::hash(third->meta.last_commit).bytes());
  EXPECT_EQ(second->meta.header.data_hash,
            comet_types::data_hash(second->executed.tx_hashes).bytes());
  EXPECT_EQ(comet_types::hash(header), third->executed.hash);
}

TEST_F(BlockMakerTest, HeaderTimeIsNowAndEqualsTheLastCommitsTimestamp) {
  Process run(disk_, saved_, clock_);
  run.make();
  run.make();
  clock_.advance(Duration::minutes(5));
  const BlockPtr block = run.make();
  EXPECT_EQ(block->meta.header.time, clock_.now());
  EXPECT_EQ(block->meta.last_commit.signatures[0].timestamp, clock_.now());
}

TEST_F(BlockMakerTest, TimeRisesStrictlyWhenTheClockStandsOrGoesBack) {
  Process run(disk_, saved_, clock_);
  BlockTime before = run.make()->meta.header.time;
  for (int i = 0; i < 5; ++i) {
    const BlockPtr block = run.make();
    EXPECT_GT(block->meta.header.time, before);
    before = block->meta.header.time;
    if (i == 2) clock_.advance(Duration::seconds(-60));
  }
}

TEST_F(BlockMakerTest, EveryCommitProvesItsBlock) {
  Process run(disk_, saved_, clock_);
  BlockPtr before;
  for (int i = 0; i < 4; ++i) {
    const BlockPtr block = run.make({"add " + std::to_string(i)});
    EXPECT_TRUE(comet_types::verify_commit(run.maker->validators(), "solo-test", block->meta.id,
                                           block->height(), block->meta.seen_commit));
    if (before) {
      EXPECT_TRUE(comet_types::verify_commit(run.maker->validators(), "solo-test", before->meta.id,
                                             before->height(), block->meta.last_commit));
    }
    EXPECT_EQ(block->meta.id.parts,
              comet_types::part_set_header(comet_types::encode(block->block())));
    before = block;
  }
}

TEST_F(BlockMakerTest, AFullBlockStaysWithinMaxBytes) {
  comet_types::Genesis genesis = test_genesis();
  genesis.params.block_max_bytes = 5'000;
  Process run(disk_, saved_, clock_, 1, genesis);
  run.make();
  std::vector<Bytes> txs;
  std::size_t used = 0;
  for (int i = 0;; ++i) {
    Bytes tx = "add " + std::to_string(i);
    used += comet_types::tx_size(tx);
    if (used > run.maker->max_tx_bytes()) break;
    txs.push_back(std::move(tx));
  }
  EXPECT_GT(txs.size(), 200u);
  EXPECT_LE(run.make(std::move(txs))->meta.size_bytes, 5'000u);
}

TEST_F(BlockMakerTest, GenesisMustNameThisValidatorAlone) {
  comet_types::Genesis genesis = test_genesis();
  genesis.validators[0].validator.public_key =
      crypto::Ed25519PrivateKey::from_seed(crypto::sha256("other").view())->public_key();
  EXPECT_NE(
      Process(disk_, saved_, clock_, 1, genesis).error.find("genesis must name one validator"),
      std::string::npos);
  genesis.validators = {};
  EXPECT_NE(Process(disk_, saved_, clock_, 1, genesis).error.find("it names 0"), std::string::npos);
}

TEST_F(BlockMakerTest, ChangingValidatorsStopsTheMaker) {
  Process run(disk_, saved_, clock_);
  run.make();
  run.app.validator_updates = {{Bytes(32, 'k'), 1}};
  const auto block = run.maker->seal({});
  ASSERT_FALSE(block);
  EXPECT_TRUE(is(block.error(), SoloError::kUnsupported));
}

TEST_F(BlockMakerTest, AnApplicationThatIsBehindIsBroughtForward) {
  std::uint64_t total = 0;
  Bytes hash;
  {
    Process run(disk_, saved_, clock_, 1'000);
    for (int i = 0; i < 7; ++i) run.make({"add 3"});
    total = run.app.total();
    hash = run.maker->last()->meta.id.hash;
  }
  EXPECT_EQ(saved_.height, Height{0});  // nothing of the state survived
  Process again(disk_, saved_, clock_);
  ASSERT_EQ(again.error, "");
  EXPECT_EQ(again.app.total(), total);
  EXPECT_EQ(again.maker->last()->meta.id.hash, hash);
  EXPECT_TRUE(again.make({"add 1"}));
}

TEST_F(BlockMakerTest, WhatACrashWouldHaveToExecuteAgainIsBounded) {
  Process run(disk_, saved_, clock_, 1'000'000);
  std::vector<Bytes> txs;
  for (int i = 0; i < 4'000; ++i) txs.push_back("add 1 " + std::to_string(i));
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(run.make(txs));
  EXPECT_EQ(run.app.begun_syncs, 0);
  ASSERT_TRUE(run.make(txs));
  EXPECT_EQ(run.app.begun_syncs, 1);
  EXPECT_EQ(saved_.height, run.maker->last()->height());
  run.app.is_syncing = true;  // still busy when it is due again
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(run.make(txs));
  EXPECT_EQ(run.app.begun_syncs, 1);
  run.app.is_syncing = false;
  ASSERT_TRUE(run.make());
  EXPECT_EQ(run.app.begun_syncs, 2);
}

TEST(ReplayWork, IsLongByTimeOrByTransactions) {
  EXPECT_FALSE(is_long({}));
  EXPECT_FALSE(is_long({.execution = Duration::milliseconds(799)}));
  EXPECT_TRUE(is_long({.execution = Duration::milliseconds(800)}));
  EXPECT_FALSE(is_long({.execution = Duration{0}, .txs = 31'999}));
  EXPECT_TRUE(is_long({.execution = Duration{0}, .txs = 32'000}));
  EXPECT_TRUE(is_long({.execution = Duration::milliseconds(400), .txs = 16'000}));
}

TEST_F(BlockMakerTest, AnApplicationAheadOfTheBlocksIsRefusedWithBothHeights) {
  {
    Process run(disk_, saved_, clock_);
    run.make();
  }
  saved_.height = Height{9};
  EXPECT_EQ(Process(disk_, saved_, clock_).error,
            "the state is at height 9, the last stored block is 1; the block log lost blocks that "
            "were safe: state and blocks do not fit together");
}

TEST_F(BlockMakerTest, AnotherStateThanTheBlocksSayIsRefused) {
  {
    Process run(disk_, saved_, clock_);
    run.make();
    run.make();
  }
  saved_.hash = crypto::sha256("something else");
  EXPECT_NE(Process(disk_, saved_, clock_).error.find("the state at height 2 has app hash"),
            std::string::npos);
}

TEST_F(BlockMakerTest, AMigratedStateGoesOnUnderItsNewAppHash) {
  {
    Process run(disk_, saved_, clock_);
    run.make();
    run.make({"add 1"});
  }
  saved_.hash_before_migration = saved_.hash;
  saved_.hash = crypto::sha256("migrated");
  const CounterApp::State migrated = saved_;
  {
    Process run(disk_, saved_, clock_, 1'000);  // what follows is executed again
    ASSERT_EQ(run.error, "");
    EXPECT_EQ(run.make({"add 2"})->meta.header.app_hash, migrated.hash.bytes());
    EXPECT_NE(run.make()->meta.header.app_hash, migrated.hash.bytes());
  }
  saved_ = migrated;
  Process again(disk_, saved_, clock_);
  ASSERT_EQ(again.error, "");
  EXPECT_EQ(again.app.total(), 5u);  // 2 by genesis
  EXPECT_EQ(again.make()->height(), Height{5});
}

TEST_F(BlockMakerTest, AMigrationOfAnotherStateThanTheBlocksSayIsRefused) {
  {
    Process run(disk_, saved_, clock_);
    run.make();
  }
  saved_.hash_before_migration = crypto::sha256("something else");
  saved_.hash = crypto::sha256("migrated");
  EXPECT_NE(Process(disk_, saved_, clock_).error.find("before its migration, the block log says"),
            std::string::npos);
}

TEST_F(BlockMakerTest, AReplayThatGivesAnotherStateIsRefused) {
  {
    Process run(disk_, saved_, clock_, 1'000);
    run.make();
    run.make({"add 1"});
  }
  CounterApp changed(saved_);
  changed.skew = 1;
  auto store = BlockStore::open(test_store_options("blocks"), disk_);
  const auto maker = BlockMaker::open(changed, **store, test_genesis(), test_key(), clock_);
  ASSERT_FALSE(maker);
  EXPECT_NE(maker.error().text.find("replay of block 1 gives app hash"), std::string::npos);
}

TEST_F(BlockMakerTest, AChainMayBeginAtAnotherHeight) {
  comet_types::Genesis genesis = test_genesis();
  genesis.initial_height = Height{100};
  {
    Process run(disk_, saved_, clock_, 1'000, genesis);
    EXPECT_EQ(run.make()->height(), Height{100});
    EXPECT_EQ(run.make()->height(), Height{101});
    EXPECT_EQ(run.store->first(), Height{100});
  }
  Process again(disk_, saved_, clock_, 1, genesis);
  ASSERT_EQ(again.error, "");
  EXPECT_EQ(again.make()->height(), Height{102});
}

// A history that was cut at one point, continued until it ran through; every block that was
// acknowledged must be there at the end, and the state must be that of the blocks.
class CrashHistory {
 public:
  CrashHistory(std::uint64_t seed, std::int64_t save_every) : seed_(seed), save_every_(save_every) {
    set_log_level(LogLevel::kError);  // a warning a torn tail
  }

  // Makes blocks until `count` are acknowledged or the power is cut. False when it was cut.
  bool run(std::uint64_t writes, std::size_t count) {
    CuttingDisk cutting(disk_, writes, seed_);
    {
      Process run(cutting, saved_, clock_, save_every_);
      if (!cutting.was_cut()) {
        EXPECT_EQ(run.error, "");
        check(run);
      }
      while (run.maker && !cutting.was_cut() && acknowledged_.size() < count) {
        clock_.advance(Duration::milliseconds(10));
        const BlockPtr block = run.make({"add " + std::to_string(++sent_)});
        if (!block) break;
        EXPECT_FALSE(cutting.was_cut()) << "a block was acknowledged after the power was cut";
        acknowledged_.push_back(block->meta.id.hash);
      }
    }
    if (!cutting.was_cut()) return true;
    disk_.power_on();
    return false;
  }

  // Opens once more, undisturbed, and looks at everything.
  void check_at_rest() {
    Process run(disk_, saved_, clock_);
    ASSERT_EQ(run.error, "");
    check(run);
  }

 private:
  void check(Process& run) {
    ASSERT_TRUE(run.store);
    ASSERT_GE(run.store->last().value, static_cast<std::int64_t>(acknowledged_.size()));
    std::uint64_t total = 2;  // the size of the genesis state
    for (Height h{1}; h <= run.store->last(); h = h.next()) {
      const auto block = run.store->block(h);
      ASSERT_TRUE(block) << block.error().text;
      const auto at = static_cast<std::size_t>(h.value - 1);
      // A block that was on disk but not acknowledged counts from now on.
      if (at == acknowledged_.size()) acknowledged_.push_back((*block)->meta.id.hash);
      ASSERT_EQ((*block)->meta.id.hash, acknowledged_[at]);
      for (const Bytes& tx : (*block)->executed.txs)
        total += *parse_int<std::uint64_t>(tx.substr(4));
    }
    EXPECT_EQ(run.app.total(), total);
  }

  const std::uint64_t seed_;
  const std::int64_t save_every_;
  MemoryDisk disk_;
  CounterApp::State saved_;
  HandClock clock_;
  std::vector<Bytes> acknowledged_;
  std::uint64_t sent_ = 0;
};

TEST(SoloCrash, NothingAcknowledgedIsLostWhereverThePowerIsCut) {
  for (const std::int64_t save_every : {1, 3, 1'000}) {
    for (std::uint64_t writes = 0;; ++writes) {
      CrashHistory history(writes * 7 + 1, save_every);
      const bool through = history.run(writes, 6);
      if (!through) {
        history.check_at_rest();
        ASSERT_TRUE(history.run(1'000'000, 8));
      }
      history.check_at_rest();
      if (HasFatalFailure()) FAIL() << "cut after " << writes << " writes";
      if (through) break;
    }
  }
}

RC_GTEST_PROP(SoloCrashProperty, ManyCutsInARowLoseNothing,
              (const std::vector<std::uint8_t>& cuts, std::uint64_t seed)) {
  CrashHistory history(seed | 1, 2);
  std::size_t count = 0;
  for (const std::uint8_t writes : cuts) history.run(writes, count += 3);
  history.run(1'000'000, count + 3);
  history.check_at_rest();
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(SoloCrash, WithoutSyncsAcknowledgedBlocksAreLost) {
  // The protection that the tests above prove works, taken away.
  MemoryDisk disk;
  CounterApp::State saved;
  HandClock clock;
  disk.ignore_syncs(true);
  {
    Process run(disk, saved, clock);
    ASSERT_TRUE(run.make() && run.make());
    disk.power_cut();
  }
  disk.power_on();
  EXPECT_NE(Process(disk, saved, clock).error, "");
}

}  // namespace
}  // namespace tp::solo
