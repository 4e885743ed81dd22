#include "rpc/searches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "base/memory_disk.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/solo_test_support.h"

namespace tp::rpc {
namespace {

using ::testing::HasSubstr;

// A chain whose index is told of blocks by hand.
class SearchesTest : public testing::Test {
 protected:
  SearchesTest() {
    index_ = index::Index::open(disk_, "index", "solo-test").value();
    sequencer_ = solo::Sequencer::start({.directory = "blocks", .policy = {}, .mempool = {}}, app_,
                                        genesis_, solo::test_key(), disk_, clock_, {})
                     .value();
  }

  solo::TxInBlock commit(const Bytes& tx) {
    const auto done = sequencer_->submit_and_wait_for_block(tx, Duration::seconds(10));
    return done.value().in_block.value();
  }
  Sources sources() { return {app_, *sequencer_, *index_, genesis_}; }
  static Hash256 hash_of(const solo::TxInBlock& tx) {
    return tx.block->executed.tx_hashes[tx.index];
  }
  void index_all() {
    const Height last = sequencer_->feed().latest()->height();
    const Height first = std::max(index_->next_height(), sequencer_->store().first());
    for (Height height = first; height <= last; height = height.next())
      ASSERT_TRUE(index_->on_block(sequencer_->feed().block(height).value()->executed));
  }

  MemoryDisk disk_;
  SystemClock clock_;
  solo::CounterApp::State saved_;
  solo::CounterApp app_{saved_};
  const Bytes genesis_ = comet_types::write_genesis(solo::test_genesis());
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<solo::Sequencer> sequencer_;
};

TEST_F(SearchesTest, WhatIsCommittedIsFoundThoughTheIndexIsAMomentBehind) {
  const solo::TxInBlock tx = commit("add 1");
  std::thread late([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    index_all();
  });
  EXPECT_EQ(find_tx(sources(), hash_of(tx)).value().value().height, tx.block->height());
  late.join();
  EXPECT_EQ(find_block(sources(), tx.block->executed.hash).value(), tx.block->height());
}

TEST_F(SearchesTest, WhereTheIndexIsFarBehindAMissSaysSo) {
  const solo::TxInBlock old = commit("add 1");
  index_all();
  const solo::TxInBlock tx = commit("add 2");
  const auto query = index::Query::parse("tx.height>0").value();

  const auto missed = find_tx(sources(), hash_of(tx));
  ASSERT_TRUE(is(missed.error(), index::IndexError::kCatchingUp));
  EXPECT_THAT(missed.error().text, HasSubstr("searches reach height "));
  EXPECT_TRUE(
      is(find_block(sources(), tx.block->executed.hash).error(), index::IndexError::kCatchingUp));
  EXPECT_TRUE(is(caught_up_index(sources()).search_txs(query, index::Order::kAscending, {}).error(),
                 index::IndexError::kCatchingUp));
  EXPECT_EQ(find_tx(sources(), hash_of(old)).value().value().height, old.block->height());

  index_all();
  EXPECT_EQ(find_tx(sources(), hash_of(tx)).value().value().height, tx.block->height());
  EXPECT_EQ(find_tx(sources(), crypto::sha256("never sent")).value(), std::nullopt);
  EXPECT_EQ(
      caught_up_index(sources()).search_txs(query, index::Order::kAscending, {}).value().total, 2u);
}

}  // namespace
}  // namespace tp::rpc
