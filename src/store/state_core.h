// What a StateStore and its versions share: the structures of every store, the versions that are
// alive, and what waits to become durable. state.h is the interface; this is its inside.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "store/cold_values.h"
#include "store/flat_state.h"
#include "store/key_map.h"
#include "store/smt.h"
#include "store/state.h"
#include "store/versions.h"

namespace tp::store {

// One store in one version.
struct StoreState {
  KeyMap::Root map = nullptr;
  SparseMerkleTree::Root tree;
  Hash256 root;
  std::uint64_t keys = 0;
};

struct StateVersion::Data {
  std::shared_ptr<StateCore> core;
  VersionNumber number;
  Height height;
  Hash256 root;
  Bytes meta;
  std::vector<Hash256> replaced_roots = {};
  Duration made_at;
  std::vector<StoreState> stores;
};

struct CoreLimits {
  Duration retain_for;
  std::uint64_t retain_bytes;
  std::uint64_t cold_cache_bytes;
  Duration flush_after;
  std::uint64_t flush_bytes;
  bool settle_explicitly;
};

class StateCore : public std::enable_shared_from_this<StateCore> {
 public:
  static constexpr std::size_t kMaxValueSize = 64u << 20;

  // `schema`: the stores that exist; `rooted`: those of them that are part of the root.
  StateCore(std::unique_ptr<FlatState> flat, StateSchema schema, const StateSchema& rooted,
            CoreLimits limits, const Clock& clock, Executor& compute, Executor& background);
  ~StateCore();

  // Before the first commit: the empty state, or what the disk holds, verified against `summary`.
  void start_empty();
  Result<void> load(const FlatSummary& summary);
  // What cold values of this commit are named by: the block's height, or for a migration a number
  // of its own, because values of the same height may exist.
  struct CommitTag {
    Height height;
    Height cold_written;
  };
  Result<Hash256> commit(Height height, const WriteSet& writes, Bytes meta);
  // Applies what migrations wrote at the same height; the root then covers the stores of `to`.
  // Errors: kSchemaMismatch when another store still holds keys.
  Result<void> migrate(const StateSchema& to, Height cold_written, const WriteSet& writes,
                       std::string record);

  void settle();
  bool begin_flush();
  Result<void> flush();
  void close();  // drops the versions that the store holds and waits for the background

  StatePtr latest() const;
  Result<StatePtr> at(Height height) const;
  Height oldest_height() const;
  Height durable_height() const;
  StateStats stats() const;
  void add_observer(CommitObserver& observer);
  void remove_observer(CommitObserver& observer);

  // For versions.
  Result<std::size_t> index_of(StoreId store) const;
  const SparseMerkleTree& tree(std::size_t store) const { return stores_[store]->tree; }
  ColdValues& cold() { return cold_; }
  std::vector<NamedRoot> named_roots(
      const std::vector<StoreState>& stores) const;  // sorted by name
  const std::string& name_of(std::size_t store) const { return schema_.stores[store].name; }
  void forget(VersionNumber number);  // from any thread

 private:
  struct Work;
  // Keys written since a flush or settlement, one after the other with their sizes.
  struct Pending {
    std::vector<Bytes> keys;  // by store
    std::uint64_t bytes = 0;
    std::uint64_t blocks = 0;
    Duration since;
  };
  struct RowBatch;
  struct LoadMemory;
  class RowReader;

  void set_rooted(const StateSchema& rooted);
  Result<void> check(const WriteSet& writes) const;
  Result<Hash256> apply(CommitTag tag, const WriteSet& writes, Bytes meta,
                        std::vector<Hash256> replaced_roots = {});
  std::vector<Work> prepare(const WriteSet& writes, const StateVersion::Data& base) const;
  void run(std::vector<Work>& works, CommitTag tag, VersionNumber number);
  void prepare_changes(Work& work, std::size_t from, std::size_t to, CommitTag tag);
  void change_map(Work& work, VersionNumber number);
  StatePtr publish(std::unique_ptr<StateVersion::Data> data);
  static void add(Pending& to, const Pending& more);
  void remember_pending(const std::vector<Work>& works);
  void retire();
  void bury_dead();
  void start_flush_if_due();
  Result<void> flush_pending(Pending& pending, const StatePtr& version);
  FlatSummary summary_of(const StateVersion::Data& data) const;
  bool is_cold(std::size_t store, BytesView key, BytesView value) const;
  void load_rows(const RowBatch& batch, LoadMemory& memory, StoreState& state);
  void refresh_stats();

  const std::unique_ptr<FlatState> flat_;
  StateSchema schema_;
  const CoreLimits limits_;
  const Clock& clock_;
  Executor& compute_;
  Executor& background_;
  std::array<std::int16_t, 256> index_by_id_;
  std::vector<std::array<bool, 256>> cold_tables_;  // by store and first byte of the key
  std::vector<bool> rooted_;
  std::vector<std::size_t> by_name_;
  std::vector<std::string> migrations_;
  StateSchema rooted_schema_;

  // Only the committing thread, under commit_mutex_.
  std::mutex commit_mutex_;
  std::vector<std::unique_ptr<StoreNodes>> stores_;
  ColdValues cold_;
  Versions versions_;
  VersionNumber next_number_{1};
  bool started_ = false;  // a height was committed or loaded
  std::vector<CommitObserver*> observers_;

  // Shared with readers and the background, under mutex_.
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::deque<StatePtr> retained_;  // oldest first; the last is the latest
  std::vector<VersionNumber> dead_;
  Pending unsettled_;  // newer than settled_
  Pending pending_;    // settled, not durable
  StatePtr settled_;   // what a flush writes
  bool flush_posted_ = false;
  std::optional<Error> flush_error_;
  Height durable_;
  StateStats stats_;

  std::mutex flush_mutex_;  // held during a flush; taken before mutex_
};

}  // namespace tp::store
