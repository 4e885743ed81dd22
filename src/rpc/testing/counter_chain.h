// A chain of the smallest application, with its index, over a disk in memory: for tests of this
// folder that ask about blocks and not about modules.
#pragma once

#include <memory>
#include <vector>

#include "base/memory_disk.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/solo_test_support.h"
#include "rpc/sources.h"

namespace tp::rpc {

struct CounterChain {
  enum class Index { kFollows, kByHand };  // the index is told of blocks, or the test does it

  explicit CounterChain(Index how) {
    index = index::Index::open(disk, "index", "solo-test").value();
    std::vector<chain::BlockObserver*> observers;
    if (how == Index::kFollows) observers.push_back(index.get());
    sequencer = solo::Sequencer::start({.directory = "blocks", .policy = {}, .mempool = {}}, app,
                                       genesis, solo::test_key(), disk, clock, observers)
                    .value();
  }

  // Returns when the transaction is in a block.
  solo::TxInBlock commit(const Bytes& tx) {
    const auto done = sequencer->submit_and_wait_for_block(tx, Duration::seconds(10));
    return done.value().in_block.value();
  }
  Sources sources() { return {app, *sequencer, *index, genesis}; }

  MemoryDisk disk;
  SystemClock clock;
  solo::CounterApp::State saved;
  solo::CounterApp app{saved};
  const Bytes genesis = comet_types::write_genesis(solo::test_genesis());
  std::unique_ptr<index::Index> index;
  std::unique_ptr<solo::Sequencer> sequencer;
};

}  // namespace tp::rpc
