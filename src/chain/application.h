// The application as an engine sees it: one object, two drivers (the embedded sequencer and
// CometBFT).
//
// The calls mirror ABCI 2.0 (specs/chain.md §1.4) and its rules hold: check, prepare, process and
// query never change committed state; finalize computes a block, commit publishes it. Consensus
// calls (init, finalize, commit) come from one thread, in order; check and query may come from any
// thread at any time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"
#include "chain/event.h"

namespace tp::chain {

// The outcome of one transaction. Only code, data, gas_wanted and gas_used enter the header of the
// next block.
struct TxResult {
  std::uint32_t code = 0;  // 0 is success
  Bytes data;              // a TxMsgData
  std::string log;
  std::string info;
  std::int64_t gas_wanted = 0;
  std::int64_t gas_used = 0;
  EventList events;
  std::string codespace;

  bool operator==(const TxResult&) const = default;
};

struct ValidatorUpdate {
  Bytes ed25519_public_key;  // 32 bytes
  std::int64_t power = 0;
};

struct InitRequest {
  BlockTime time;
  std::string chain_id;
  Height initial_height{1};
  Bytes app_state_json;
};

struct InitResponse {
  Hash256 app_hash;  // enters the header at the initial height
};

// Raw transactions beside their SHA-256: whoever hands one over knows its hash already. Views; an
// owner converts.
struct TxBatch {
  std::span<const Bytes> txs;
  std::span<const Hash256> hashes;  // one a transaction
};

// Transactions whose hashes nobody knows yet.
class HashedTxs {
 public:
  explicit HashedTxs(std::vector<Bytes> txs);
  operator TxBatch() const { return {txs_, hashes_}; }  // NOLINT(google-explicit-constructor)

 private:
  std::vector<Bytes> txs_;
  std::vector<Hash256> hashes_;
};

struct BlockRequest {
  Height height;
  BlockTime time;
  TxBatch txs;
  Bytes proposer;  // consensus address, 20 bytes
};

struct BlockResponse {
  std::vector<TxResult> tx_results;  // one a transaction, in order
  EventList events;                  // of the block itself: the schedule's work
  std::vector<ValidatorUpdate> validator_updates;
  Hash256 app_hash;  // enters the header at height + 1
};

struct Info {
  std::string version;            // of the program
  std::uint64_t app_version = 1;  // of the state machine
  Height committed_height{0};     // 0 before init
  Height durable_height{0};       // survives a crash; the engine replays what is above it
  Hash256 app_hash;               // after durable_height
  // What the block of durable_height gave, where a migration of the state has replaced it since:
  // the next header carries app_hash.
  std::optional<Hash256> app_hash_before_migration;
};

struct QueryRequest {
  std::string path;
  Bytes data;
  Height height{0};  // 0: the latest
  bool prove = false;
};

struct ProofOp {
  std::string type;
  Bytes key;
  Bytes data;
};

struct QueryResponse {
  std::uint32_t code = 0;
  std::string codespace;
  std::string log;
  std::string info;
  Bytes key;
  Bytes value;
  std::vector<ProofOp> proof_ops;
  Height height;  // the height actually read, never 0 once the chain runs
  // Of the one object that was asked for, where it is not in the state: whoever keeps history may
  // find its last answer by this (chain/history.h). Not for clients.
  std::string history_key;
};

// kProbe answers as kNew does and counts for nothing.
enum class CheckKind { kNew, kRecheck, kProbe };

class Application {
 public:
  virtual ~Application() = default;

  virtual Info info() const = 0;

  // Errors: what is wrong with the genesis, naming the field. Repeatable until the first commit.
  virtual Result<InitResponse> init(const InitRequest& request) = 0;

  // What a block may have at most, by the consensus parameters: check() refuses a transaction that
  // alone wants more. Negative, as at the start: no limit. Before the first check.
  virtual void set_max_block_gas(std::int64_t max_gas) = 0;

  // Admission of transactions to the mempool, in order, one result each. Signatures are verified in
  // parallel and remembered by transaction hash; kRecheck skips them. Each accepted transaction
  // counts against the later ones until reset_check(), across commits.
  virtual std::vector<TxResult> check(const TxBatch& txs, CheckKind kind) = 0;

  // Forgets what was accepted: check goes by the committed state alone. Right when the mempool is
  // empty, and before all that waits there is rechecked.
  virtual void reset_check() = 0;

  // Verifies signatures ahead of finalize, off the consensus thread. Costs one verification a new
  // signature; never fails: what does not verify fails in the block.
  virtual void preverify(const TxBatch& txs) = 0;

  // Executes a block on top of the last committed one. The result depends on that state and the
  // request only. Errors: a broken invariant or a height out of order; the engine must stop.
  virtual Result<BlockResponse> finalize(const BlockRequest& request) = 0;

  // Publishes the finalized block to readers and hands it to the disk. Not durable on return
  // (info().durable_height).
  virtual Result<void> commit() = 0;

  // Begins to make durable what is committed, and returns at once: so the engine bounds what it
  // must execute again after a crash. False when it is still busy with an earlier call.
  virtual bool begin_sync() = 0;

  // Blocks until everything committed is durable.
  virtual Result<void> sync() = 0;

  virtual QueryResponse query(const QueryRequest& request) const = 0;

  // The app_state JSON of the committed state. Errors: kInputOutput.
  virtual Result<Bytes> export_genesis() const = 0;
};

}  // namespace tp::chain
