// StateStore: the state of the chain on one machine. One writer commits blocks; any number of
// readers hold versions.
//
//   commit(height, writes) ──▶ new StateVersion in memory, its root at once
//                                     │ every few seconds, or make_durable()
//                                     ▼
//                             RocksDB: the flat state at exactly one height (durable_height)
//
// After a crash the state stands at the last durable height and the engine executes the blocks that
// follow again (specs/chain.md §1.6); the caller keeps blocks above durable_height(). Opening loads
// the flat state, rebuilds every tree and compares the roots; it refuses what does not match.
//
// Versions are kept for `retain_for`, and fewer when what only old versions need exceeds
// `retain_bytes`; a reader that holds one keeps it longer. Rules: design.md §5 (but for the bytes:
// docs/decisions/0008); specs/chain.md §3.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/disk.h"
#include "base/executor.h"
#include "store/error.h"
#include "store/ics23.h"
#include "store/overlay.h"
#include "store/reader.h"
#include "store/row_names.h"
#include "store/schema.h"

namespace tp::store {

class StateCore;  // what versions and the store share

// A value, or its absence, with the proof of it against root().
struct ProvenValue {
  std::optional<Bytes> value;
  std::vector<ProofOp> ops;  // {ics23:smt, ics23:simple}
};

// The state after the block of one height. Immutable, safe to read from any thread, and readable
// for as long as somebody holds it.
class StateVersion final : public Reader {
 public:
  StateVersion(const StateVersion&) = delete;
  StateVersion& operator=(const StateVersion&) = delete;
  ~StateVersion() override;

  Height height() const;
  const Hash256& root() const;  // the app hash in the header of height() + 1
  const Bytes& meta() const;    // what commit() was given
  // What root() was at this height before migrations, oldest first: the first is what the block
  // itself gave. Usually none.
  const std::vector<Hash256>& replaced_roots() const;
  // Errors: kUnknownStore.
  Result<Hash256> store_root(StoreId store) const;

  // Errors: kUnknownStore. Cost: get half a microsecond at a million keys; a cold value that is not
  // cached costs a disk read.
  Result<bool> read(StoreId store, BytesView key, ValueVisitor visit) const override;
  Result<bool> contains(StoreId store, BytesView key) const override;
  Result<void> scan(StoreId store, const KeyRange& range, ScanVisitor visit) const override;

  // Brings what read() needs for these rows into the processor's cache: waiting for memory for all
  // of them together costs little more than for one. Only advice; an unknown store is ignored.
  void fetch(const RowNames& rows) const;

  // Errors: kUnknownStore; kInvalidWrite for an empty key; kNotProvable when the store is empty.
  Result<ProvenValue> prove(StoreId store, BytesView key) const;

 private:
  friend class StateCore;
  struct Data;
  explicit StateVersion(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

using StatePtr = std::shared_ptr<const StateVersion>;

// Told of every commit, on the committing thread, before commit() returns: for indexes derived from
// the state.
class CommitObserver {
 public:
  virtual ~CommitObserver() = default;
  // Once, when it is added: everything there is.
  virtual void loaded(const StateVersion& state) = 0;
  virtual void committed(const WriteSet& writes, const StateVersion& before,
                         const StateVersion& after) = 0;
};

struct StateOptions {
  std::string directory;
  StateSchema schema;
  std::vector<Migration> migrations;
  // For an engine that replays blocks: the height of the last block that it has, told the height at
  // which the state stands. A state below it is not migrated, because those blocks were made by the
  // rules of the older program; nor is one where this fails. Called only when there is something to
  // migrate. Without it any state is migrated.
  std::function<Result<Height>(Height state)> last_block;
  Duration retain_for = Duration::minutes(10);
  std::uint64_t retain_bytes = 256ull << 20;
  std::uint64_t cold_cache_bytes = 256ull << 20;
  // A background flush starts when the oldest commit not yet durable is this old, or so many bytes
  // wait.
  Duration flush_after = Duration::seconds(10);
  std::uint64_t flush_bytes = 64ull << 20;
  // Commits may become durable only after settle(). For an engine that stores the block when it
  // knows the root: the state must never be found ahead of the blocks (specs/chain.md §1.6).
  bool settle_explicitly = false;
};

struct StateStats {
  std::uint64_t keys = 0;
  std::uint64_t map_bytes = 0;   // ordered maps with hot values, all versions
  std::uint64_t tree_bytes = 0;  // Merkle nodes, all versions
  std::uint64_t cold_cache_bytes = 0;
  std::uint64_t cold_memory_bytes = 0;  // cold values that are not on disk (yet)
  std::uint64_t retained_bytes = 0;     // needed by old versions only
  std::uint64_t versions = 0;
};

class StateStore {
 public:
  // Opens or creates the state in `options.directory`. The seams must outlive the store and every
  // version. `compute` hashes in parallel; `background` runs flushes (an InlineExecutor flushes
  // inside commit()). Errors: kInUse, kSchemaMismatch, kCorrupt, kDisk; those of a migration.
  static Result<std::unique_ptr<StateStore>> open(StateOptions options, Disk& disk,
                                                  const Clock& clock, Executor& compute,
                                                  Executor& background);
  // Waits for a running flush. Does not make the rest durable: call make_durable() first for a
  // clean stop. The directory stays in use while somebody holds a version.
  ~StateStore();

  StatePtr latest() const;
  // Errors: kHeightNotKept, naming the range that is.
  Result<StatePtr> at(Height height) const;
  Height oldest_height() const;

  // Applies the writes of one block and returns the new root. Durable later. `meta` is stored with
  // the height. A new state is empty at height 0; its first commit may be of height 0 (genesis) or
  // higher, then heights only rise. Errors: kHeightOutOfOrder, kUnknownStore, kInvalidWrite; the
  // state is unchanged then. kDisk when an earlier flush failed: nothing more is accepted until
  // make_durable() succeeds.
  Result<Hash256> commit(Height height, const WriteSet& writes, Bytes meta);

  // Lets everything committed so far become durable. On the committing thread.
  void settle();
  // Begins to make durable what is settled, in the background, also before flush_after has passed.
  // False while an earlier flush runs: this one would not cover the newest commits.
  bool begin_flush();
  // Returns when everything settled before the call survives a power cut. Errors: kDisk.
  Result<void> make_durable();
  Height durable_height() const;  // 0 before the first flush

  // `observer` must outlive the store or be removed. Not during commit().
  void add_observer(CommitObserver& observer);
  void remove_observer(CommitObserver& observer);

  StateStats stats() const;

 private:
  explicit StateStore(std::shared_ptr<StateCore> core);
  std::shared_ptr<StateCore> core_;
};

}  // namespace tp::store
