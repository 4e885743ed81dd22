// The machine: the application object. Decodes, admits, routes and executes transactions on
// overlays, runs the schedule, commits blocks, answers queries. It knows no module; app/ adds them.
//
//   bytes ─▶ TxCodec ─▶ Admission ─▶ MessageRouter ─▶ module ─▶ Overlay ─▶ StateStore ─▶ app hash
//                          │ fees and sequences stay             │ all or nothing
//
// Rules: design.md §5; specs/chain.md §1.5, §2.4.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "chain/admission.h"
#include "chain/application.h"
#include "chain/module.h"
#include "chain/router.h"
#include "chain/schedule.h"
#include "chain/tx_codec.h"
#include "store/state.h"

namespace tp::chain {

struct MachineOptions {
  std::string version;                      // of the program, for info()
  bool check_invariants = false;            // after every block; scripts/test has every node do it
  std::size_t prepared_bytes = 512u << 20;  // of memory, for transactions decoded and verified
  Gas query_gas{500'000'000};               // bounds simulation
};

class Machine final : public Application {
 public:
  // The references must outlive the machine. Before use: add every module, then load().
  Machine(store::StateStore& state, Executor& compute, MachineOptions options);
  ~Machine() override;

  // Composition, in the order of genesis.
  void add(Module& module);
  void set_admission(const Admission& admission) { admission_ = &admission; }
  Schedule& schedule() { return schedule_; }
  MessageRouter& messages() { return messages_; }
  QueryRouter& queries() { return queries_; }
  // What genesis said; stable address, filled by load() or init().
  const ChainParams& params() const { return params_; }

  // Closes composition and reads the parameters of an existing state. Errors: a state without
  // parameters at a height > 0.
  Result<void> load();

  Info info() const override;
  Result<InitResponse> init(const InitRequest& request) override;
  void set_max_block_gas(std::int64_t max_gas) override;
  std::vector<TxResult> check(const TxBatch& txs, CheckKind kind) override;
  void reset_check() override;
  void preverify(const TxBatch& txs) override;
  Result<BlockResponse> finalize(const BlockRequest& request) override;
  Result<void> commit() override;
  bool begin_sync() override;
  Result<void> sync() override;
  QueryResponse query(const QueryRequest& request) const override;
  Result<Bytes> export_genesis() const override;

  // Executes a transaction on the committed state without keeping anything. Errors: kTxDecode and
  // so on from admission come back in the result.
  TxResult simulate(BytesView raw) const;

  // Runs every module's invariants on the committed state.
  Result<void> check_invariants(const store::Reader& state) const;

 private:
  struct Prepared;
  class PreparedCache;

  std::shared_ptr<const Prepared> prepare(BytesView raw, const Hash256& hash,
                                          const Prepared* before,
                                          const store::StateVersion& state) const;
  std::vector<std::shared_ptr<const Prepared>> prepare_all(const TxBatch& txs);
  // Brings the rows that admitting these will read into the cache, and to deliver them also those
  // of their messages. `rows` is memory to work in.
  void fetch_rows(const store::StateVersion& state,
                  std::span<const std::shared_ptr<const Prepared>> prepared, AdmitMode mode,
                  store::RowNames& rows) const;
  // Fees and sequences stay in `state` even if the messages fail; what is refused leaves nothing.
  // `events` is memory to work in.
  TxResult execute(store::Overlay& state, const BlockInfo& block, const Prepared& prepared,
                   AdmitMode mode, EventList& events) const;
  Result<void> run_messages(Context& context, const Prepared& prepared, TxResult& result) const;
  Result<BlockInfo> begin_block(store::Overlay& state, const BlockRequest& request) const;
  BlockInfo block_of(const store::Reader& state, Height height) const;
  Result<store::StatePtr> version_at(Height height) const;
  QueryResponse query_store(const QueryRequest& request, const store::StateVersion& state) const;
  store::StatePtr committed() const;
  void publish(store::StatePtr state);

  store::StateStore& state_;
  Executor& compute_;
  MachineOptions options_;
  const Admission* admission_ = nullptr;
  std::vector<Module*> modules_;
  MessageRouter messages_;
  QueryRouter queries_;
  Schedule schedule_;
  ChainParams params_;
  std::unique_ptr<TxCodec> codec_;
  std::unique_ptr<PreparedCache> prepared_;

  mutable std::mutex committed_mutex_;
  store::StatePtr committed_;  // what readers see
  store::StatePtr finalized_;  // computed, not yet published

  std::mutex check_mutex_;
  store::StatePtr check_base_;
  std::unique_ptr<store::Overlay> check_state_;
  std::int64_t max_block_gas_ = -1;
};

}  // namespace tp::chain
