#include "rpc/searches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "rpc/testing/counter_chain.h"

namespace tp::rpc {
namespace {

using ::testing::HasSubstr;

class SearchesTest : public testing::Test {
 protected:
  solo::TxInBlock commit(const Bytes& tx) { return chain_.commit(tx); }
  Sources sources() { return chain_.sources(); }
  static Hash256 hash_of(const solo::TxInBlock& tx) {
    return tx.block->executed.tx_hashes[tx.index];
  }
  void index_all() {
    solo::Sequencer& sequencer = *chain_.sequencer;
    const Height last = sequencer.feed().latest()->height();
    const Height first = std::max(chain_.index->next_height(), sequencer.store().first());
    for (Height height = first; height <= last; height = height.next())
      ASSERT_TRUE(chain_.index->on_block(sequencer.feed().block(height).value()->executed));
  }

  CounterChain chain_{CounterChain::Index::kByHand};
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
