// When the next block is due: a pure function, so that tests and simulation need no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace tp::solo {

struct BlockPolicy {
  // A block at this distance, no matter what waits. Nothing: instant mode, as below.
  std::optional<Duration> fixed_interval;
  // Instant mode: a block as soon as a transaction waits, and otherwise ...
  Duration idle_interval = Duration::seconds(5);  // ... an empty one, so that time passes
  // An empty block this long after one that did something: only the next header proves its state.
  Duration prove_after = Duration::milliseconds(100);
  // After a block of more than `busy_txs`, the next waits until it is `busy_interval` from the
  // last, or `full_txs` wait: under load, larger blocks cost less.
  Duration busy_interval = Duration::milliseconds(50);
  std::size_t busy_txs = 100;
  std::size_t full_txs = 10'000;
};

struct BlockSituation {
  Duration last_at;                 // when the last block was begun; Clock::elapsed
  std::size_t last_txs = 0;         // how many transactions it had
  bool last_did_something = false;  // transactions, or events of its own
  std::size_t waiting_txs = 0;
};

// When to make the next block, by the same clock as last_at. A time in the past means now.
Duration next_block_at(const BlockPolicy& policy, const BlockSituation& situation);

// What a start after a crash would have to do again: the blocks since the application last began to
// make its state durable.
struct ReplayWork {
  Duration execution;     // of those blocks
  std::uint64_t txs = 0;  // whose signatures replay verifies; execution found that done
};

// Whether that takes so long that the application should begin again, to bound recovery to a second
// or two under any load.
bool is_long(const ReplayWork& work);

}  // namespace tp::solo
