// The index: where in history a transaction, a block or an event is.
//
// Holds places, not contents: the blocks themselves are the engine's. Fed block by block off the
// path of consensus; after a restart it goes on where it stood. Only attributes marked for it are
// indexed; failed transactions are indexed like others (specs/chain.md §2.2).
//
// on_block comes from one thread, everything else from any. Errors: kDatabase, kCatchingUp,
// QueryError.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/disk.h"
#include "base/strong.h"
#include "chain/committed_block.h"
#include "index/places.h"
#include "index/query.h"

namespace tp::index {

enum class IndexError : std::uint32_t {
  kDatabase = 2,
  kOtherFormat = 3,
  kOtherChain = 4,
  kCatchingUp = 5
};
ErrorInfo describe(IndexError error);

class Index final : public chain::BlockObserver {
 public:
  // Opens or creates the database in `directory`. `chain_id`: an index of another chain is refused.
  // `disk` must outlive the index.
  // Errors: kDatabase (also when another process has it), kOtherFormat, kOtherChain.
  static Result<std::unique_ptr<Index>> open(Disk& disk, const std::string& directory,
                                             const std::string& chain_id);
  ~Index() override;

  Height next_height() const override;
  // Writes everything about the block at once; a crash loses whole blocks, which come again. After
  // a failure the next call opens the database again, which goes back to what is on disk: go on at
  // next_height(). Until that works, searches fail.
  Result<void> on_block(const chain::CommittedBlock& block) override;

  // The last block that searches see; 0 at first.
  Height indexed_height() const;
  // Waits until indexed_height() reaches `height`; false after `timeout`.
  bool wait_for(Height height, Duration timeout) const;

  // That blocks up to `height` are committed. What somebody has seen is never missed in silence:
  // until the index stands there, a search that reaches beyond indexed_height(), and a hash that is
  // not found, fail with kCatchingUp, which names both heights.
  void expect(Height height);

  Result<std::optional<TxPlace>> tx_by_hash(const Hash256& hash) const;
  Result<std::optional<Height>> block_by_hash(const Hash256& hash) const;

  // By height, then index. A search by heights alone, or by one = condition, costs its page,
  // however many there are. Any other costs what matches the = condition with the fewest; other
  // conditions look at every value of their key. Errors: kTooBroad when that is too much
  // (budget.h).
  Result<Found<TxPlace>> search_txs(const Query& query, Order order, Page page) const;
  // Over the events of blocks themselves and block.height.
  Result<Found<Height>> search_blocks(const Query& query, Order order, Page page) const;
  // The newest block up to `height` with an event of its own that says `attribute` = `value`
  // ("left_state.query"); nothing when there is none. Cost: as the search for it.
  Result<std::optional<Height>> last_block_saying(std::string_view attribute,
                                                  std::string_view value, Height height) const;

 private:
  struct State;
  explicit Index(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tp::index
