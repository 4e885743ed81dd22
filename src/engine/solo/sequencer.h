// The embedded sequencer: one validator that orders, executes and stores blocks in this process.
//
//   submit ──▶ two checkers ────▶ mempool ──▶ producer thread ──▶ block log ──▶ readers
//              (batches; the application      (BlockMaker)                      (feed, observers,
//              verifies in parallel)                                             waiting callers)
//
// While nothing else is being checked or waits, the thread that submits is the checker.
//
// Formats: specs/chain.md §9. Overview: README.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/disk.h"
#include "chain/application.h"
#include "crypto/ed25519.h"
#include "engine/comet_types/genesis.h"
#include "engine/solo/block_feed.h"
#include "engine/solo/block_policy.h"
#include "engine/solo/block_store.h"
#include "engine/solo/mempool.h"

namespace tp::solo {

struct SequencerOptions {
  std::string directory;  // of the block log
  BlockPolicy policy;
  MempoolOptions mempool;
  std::size_t check_batch = 1'024;                 // transactions checked at a time, at most
  std::uint64_t recent_bytes = 128 * 1024 * 1024;  // of the newest blocks, with their results
  std::uint64_t log_file_bytes = 64 * 1024 * 1024;
  // Called once, on the producer's thread, when it cannot go on (disk full, broken invariant). What
  // was acknowledged is safe; the process should stop and be started again.
  std::function<void(const Error&)> on_halt;
};

// The answer to a submission: what the application's check said. Only code 0 waits for a block.
struct Admission {
  Hash256 hash;
  chain::TxResult check;
};

struct TxInBlock {
  BlockPtr block;
  std::size_t index = 0;
};

class Sequencer {
 public:
  // Must not block.
  using OnAdmitted = std::function<void(const Result<Admission>&)>;
  using OnCommitted = std::function<void(const Result<TxInBlock>&)>;

  // Recovers, makes the first block when there is none, and starts. `genesis_json` is the genesis
  // file; `observers` and everything else given must outlive the sequencer.
  // Errors: as BlockStore::open, BlockMaker::open, parse_genesis.
  static Result<std::unique_ptr<Sequencer>> start(SequencerOptions options,
                                                  chain::Application& application,
                                                  std::string_view genesis_json,
                                                  crypto::Ed25519PrivateKey key, Disk& disk,
                                                  const Clock& clock,
                                                  std::vector<chain::BlockObserver*> observers);
  // The same, where the file of that hash is parsed already. An application that has its state
  // needs no app_state.
  static Result<std::unique_ptr<Sequencer>> start(
      SequencerOptions options, chain::Application& application, comet_types::Genesis genesis,
      const Hash256& genesis_hash, crypto::Ed25519PrivateKey key, Disk& disk, const Clock& clock,
      std::vector<chain::BlockObserver*> observers);
  ~Sequencer();  // stop()

  // Ends after the block in progress and makes the application durable, so that the next start has
  // nothing to replay. What waits in the mempool is lost. Idempotent.
  Result<void> stop();

  // Any thread; the callbacks come on it or on a thread of the sequencer. `on_admitted` gets
  // SdkError 19, 20, 21 (already there, full, too large), kStopped, or the answer of the
  // application's check.
  void submit(Bytes tx, OnAdmitted on_admitted);
  // The same; when the check accepts, `on_committed` comes once, with the durable block, or with
  // kDropped or kStopped. A quick block comes before `on_admitted`.
  void submit(Bytes tx, OnAdmitted on_admitted, OnCommitted on_committed);
  // Blocks the caller for the check.
  Result<Admission> submit_and_wait(Bytes tx);
  // Blocks the caller until the transaction is in a durable block, its check fails, or `timeout`
  // has passed (kNotFound of BaseError: it may still come).
  struct Committed {
    Admission admission;
    std::optional<TxInBlock> in_block;  // nothing when the check refused it
  };
  Result<Committed> submit_and_wait_for_block(Bytes tx, Duration timeout);

  // Without app_state, which is large: whoever serves the genesis file reads it from where it lies.
  const comet_types::Genesis& genesis() const;
  const comet_types::ValidatorSet& validators() const;
  const BlockStore& store() const;
  BlockFeed& feed();
  const BlockFeed& feed() const;
  const Mempool& mempool() const;

 private:
  struct State;
  explicit Sequencer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tp::solo
