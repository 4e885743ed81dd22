// Makes blocks, one after the other: the part of the sequencer without threads.
//
//   seal():   header ▸ execute ▸ sign ▸ append to the block log ▸ fsync
//   commit(): the application shows the new state to readers
//
// The log comes first: what any query can see is safe, and the application is never ahead of the
// blocks (specs/chain.md §1.6). While the disk syncs, the next block's transactions gather and are
// verified, so that one sync covers as many as arrive in its time.
#pragma once

#include <memory>

#include "base/clock.h"
#include "chain/application.h"
#include "crypto/ed25519.h"
#include "engine/comet_types/genesis.h"
#include "engine/solo/block_policy.h"
#include "engine/solo/block_store.h"
#include "engine/solo/mempool.h"

namespace tp::solo {

class BlockMaker {
 public:
  // Brings the application to the last stored block: runs its genesis when it is new, then replays
  // the blocks that it lacks and compares every result with what was stored.
  // Errors: kUnsupported (genesis names other validators), kCannotRecover (naming both heights),
  // and those of the application and the store.
  static Result<std::unique_ptr<BlockMaker>> open(chain::Application& application,
                                                  BlockStore& store,
                                                  const comet_types::Genesis& genesis,
                                                  crypto::Ed25519PrivateKey key,
                                                  const Clock& clock);

  // Null before the first block.
  const BlockPtr& last() const { return last_; }
  const comet_types::ValidatorSet& validators() const { return validators_; }
  // What block.max_bytes leaves for transactions, each counted by comet_types::tx_size.
  std::size_t max_tx_bytes() const;
  std::int64_t max_gas() const { return params_.block_max_gas; }

  // Makes the next block and puts it on disk. The first block takes the time of genesis and no
  // transactions; later ones the clock's, and more than the block before.
  // After an error the maker must not be used again: the next start recovers.
  Result<BlockPtr> seal(PooledTxs txs);
  // Publishes what was sealed.
  Result<void> commit();

 private:
  BlockMaker(chain::Application& application, BlockStore& store,
             const comet_types::Genesis& genesis, crypto::Ed25519PrivateKey key,
             const Clock& clock);

  Result<void> recover(const comet_types::Genesis& genesis);
  Result<void> replay(Height from);
  Result<chain::BlockResponse> execute(const chain::BlockRequest& request);
  Result<void> publish();
  BlockTime next_time() const;
  BlockMeta next_meta(BlockTime time) const;

  chain::Application& application_;
  BlockStore& store_;
  const crypto::Ed25519PrivateKey key_;
  const Clock& clock_;
  const std::string chain_id_;
  const BlockTime genesis_time_;
  const Height initial_height_;
  const comet_types::ConsensusParams params_;
  const comet_types::ValidatorSet validators_;
  const Bytes validators_hash_;
  const Bytes params_hash_;
  std::uint64_t app_version_ = 0;
  Bytes app_hash_;               // for the next header
  Hash256 last_results_hash_{};  // for the next header
  BlockPtr last_;
  Bytes encoded_;  // the last block that was sealed, for its memory
  ReplayWork unsynced_;
};

}  // namespace tp::solo
