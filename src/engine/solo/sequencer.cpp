#include "engine/solo/sequencer.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "base/log.h"
#include "chain/sdk_errors.h"
#include "crypto/sha.h"
#include "engine/comet_types/encoding.h"
#include "engine/solo/block_maker.h"

namespace tp::solo {
namespace {

struct Submission {
  Bytes tx;
  Hash256 hash;
  Sequencer::OnAdmitted on_admitted;
  Sequencer::OnCommitted on_committed;
};

// Who waits for a transaction to be in a block. Thread-safe; free when nobody waits.
class Waiters {
  using Waiting = std::unordered_map<Hash256, Sequencer::OnCommitted, DigestHash>;

 public:
  void add(const Hash256& hash, Sequencer::OnCommitted on_committed) {
    const std::lock_guard lock(mutex_);
    waiting_.emplace(hash, std::move(on_committed));
  }

  void block_is_safe(const BlockPtr& block) {
    std::vector<std::pair<Sequencer::OnCommitted, std::size_t>> ready;
    {
      const std::lock_guard lock(mutex_);
      const auto& hashes = block->executed.tx_hashes;
      for (std::size_t i = 0; i < hashes.size() && !waiting_.empty(); ++i) {
        if (auto node = waiting_.extract(hashes[i]))
          ready.emplace_back(std::move(node.mapped()), i);
      }
    }
    for (const auto& [on_committed, index] : ready) on_committed(TxInBlock{block, index});
  }

  void fail_one(const Hash256& hash, const Error& error) {
    Sequencer::OnCommitted on_committed;
    {
      const std::lock_guard lock(mutex_);
      auto node = waiting_.extract(hash);
      if (!node) return;
      on_committed = std::move(node.mapped());
    }
    on_committed(std::unexpected(error));
  }

  void fail_all(const Error& error) {
    Waiting waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
    }
    for (const auto& [hash, on_committed] : waiting) on_committed(std::unexpected(error));
  }

 private:
  std::mutex mutex_;
  Waiting waiting_;
};

Error stopped_error() {
  return fail(SoloError::kStopped).error();
}

std::uint32_t log_salt(const crypto::Ed25519PrivateKey& key) {
  const Hash256 digest = crypto::sha256({"turnpike block log", key.seed()});
  std::uint32_t salt;
  std::memcpy(&salt, digest.data.data(), sizeof salt);
  return salt;
}

MempoolOptions fitting(MempoolOptions options, std::size_t block_tx_bytes) {
  // The frame of one transaction takes at most six bytes.
  const std::size_t most = block_tx_bytes > 6 ? block_tx_bytes - 6 : 0;
  options.max_tx_bytes = std::min(options.max_tx_bytes, most);
  return options;
}

}  // namespace

struct Sequencer::State {
  State(SequencerOptions o, chain::Application& a, const Clock& c, comet_types::Genesis g,
        std::unique_ptr<BlockStore> s, std::unique_ptr<BlockMaker> m)
      : options(std::move(o)),
        application(a),
        clock(c),
        genesis(std::move(g)),
        store(std::move(s)),
        maker(std::move(m)),
        block_tx_bytes(maker->max_tx_bytes()),
        mempool(fitting(options.mempool, block_tx_bytes)),
        feed(*store, options.recent_bytes) {}

  const SequencerOptions options;
  chain::Application& application;
  const Clock& clock;
  Duration last_recheck;  // with check_mutex, as the next
  Duration recheck_took;
  const comet_types::Genesis genesis;
  const std::unique_ptr<BlockStore> store;
  const std::unique_ptr<BlockMaker> maker;
  const std::size_t block_tx_bytes;
  Mempool mempool;
  BlockFeed feed;
  Waiters waiters;
  std::vector<std::unique_ptr<ObserverThread>> observers;

  std::atomic<bool> stopping = false;
  std::atomic<bool> halted = false;  // a block may be executed that is not in the log
  std::atomic<bool> ended = false;   // no block comes any more

  std::mutex inbox_mutex;
  std::condition_variable inbox_filled;
  std::deque<Submission> inbox;
  std::uint64_t batches_taken = 0;

  // Batches are checked in the order in which they were taken; while one is checked, the signatures
  // of the next are verified.
  std::mutex turn_mutex;
  std::condition_variable turn_came;
  std::uint64_t turn = 0;

  // The application's check counts what was accepted since the last commit, so that a commit, the
  // check of what remains, and the checks of newcomers must not mix.
  std::mutex check_mutex;

  std::mutex wake_mutex;
  std::condition_variable wake;  // of the producer: the mempool is no longer empty, or stop

  std::array<std::thread, 2> checkers;
  std::thread producer;
  std::mutex stop_mutex;
  std::optional<Result<void>> stop_result;

  Result<void> make_first_block();
  bool may_check_at_once(const Bytes& tx);
  void check_loop();
  void check_batch(std::uint64_t number, std::vector<Submission> batch);
  void answer(Submission& submission, chain::TxResult check);
  void produce_loop();
  void wait_until_due(BlockSituation& situation);
  Result<BlockPtr> make_block(PooledTxs txs);
  bool recheck_is_due(bool all_succeeded) const;
  void recheck();
  void halt(const Error& error);
  void begin_stop();
  Result<void> stop();
};

Result<void> Sequencer::State::make_first_block() {
  if (maker->last()) {
    feed.publish(maker->last());
    return {};
  }
  return [&]() -> Result<void> {
    TRY(const BlockPtr block, maker->seal({}));
    TRY_VOID(maker->commit());
    feed.publish(block);
    return {};
  }();
}

// With inbox_mutex. Whether the submitting thread may check `tx` itself: on an idle node that
// spares waking another one, which takes longer than the check. Never with work before it to wait
// for.
bool Sequencer::State::may_check_at_once(const Bytes& tx) {
  constexpr std::size_t kBytesMax = 16 << 10;  // a larger one may have hundreds of signatures
  if (tx.size() > kBytesMax || !inbox.empty() || mempool.size().txs > 0) return false;
  const std::lock_guard lock(turn_mutex);
  return turn == batches_taken;
}

void Sequencer::State::check_loop() {
  while (true) {
    std::vector<Submission> batch;
    std::uint64_t number = 0;
    {
      std::unique_lock lock(inbox_mutex);
      inbox_filled.wait(lock, [this] { return stopping || !inbox.empty(); });
      if (stopping) {
        const std::deque<Submission> left = std::exchange(inbox, {});
        lock.unlock();
        for (const Submission& submission : left) {
          mempool.release(submission.hash, submission.tx.size());
          submission.on_admitted(std::unexpected(stopped_error()));
        }
        return;
      }
      const auto end =
          inbox.begin() + static_cast<std::ptrdiff_t>(std::min(inbox.size(), options.check_batch));
      batch.assign(std::move_iterator(inbox.begin()), std::move_iterator(end));
      inbox.erase(inbox.begin(), end);
      number = batches_taken++;
    }
    check_batch(number, std::move(batch));
  }
}

void Sequencer::State::check_batch(std::uint64_t number, std::vector<Submission> batch) {
  std::vector<Bytes> txs;
  std::vector<Hash256> hashes;
  txs.reserve(batch.size());
  hashes.reserve(batch.size());
  for (Submission& submission : batch) {
    txs.push_back(std::move(submission.tx));
    hashes.push_back(submission.hash);
  }
  // Signatures are verified before the lock is taken: meanwhile blocks go on.
  if (txs.size() > 1) application.preverify({txs, hashes});
  {
    std::unique_lock lock(turn_mutex);
    turn_came.wait(lock, [this, number] { return turn == number; });
  }
  std::vector<chain::TxResult> results;
  {
    const std::lock_guard lock(check_mutex);
    results = application.check({txs, hashes}, chain::CheckKind::kNew);
    TP_ASSERT(results.size() == batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const chain::TxResult& result = results[i];
      if (result.code != 0) {
        mempool.release(batch[i].hash, txs[i].size());
        continue;
      }
      if (batch[i].on_committed) waiters.add(batch[i].hash, std::move(batch[i].on_committed));
      mempool.add(std::move(txs[i]), batch[i].hash, result.gas_wanted);
    }
  }
  if (ended) waiters.fail_all(stopped_error());  // too late for the one who ended it to see
  {
    const std::lock_guard lock(turn_mutex);
    ++turn;
  }
  turn_came.notify_all();
  {
    const std::lock_guard lock(wake_mutex);
  }
  wake.notify_one();
  for (std::size_t i = 0; i < batch.size(); ++i)
    batch[i].on_admitted(Admission{batch[i].hash, std::move(results[i])});
}

void Sequencer::State::wait_until_due(BlockSituation& situation) {
  std::unique_lock lock(wake_mutex);
  while (!stopping) {
    situation.waiting_txs = mempool.size().txs;
    const Duration now = clock.elapsed();
    const Duration due = next_block_at(options.policy, situation);
    if (due <= now) return;
    wake.wait_for(lock, std::chrono::nanoseconds(due.nanoseconds - now.nanoseconds));
  }
}

void Sequencer::State::produce_loop() {
  const BlockPtr& last = maker->last();
  BlockSituation situation{
      .last_at = clock.elapsed(),
      .last_txs = last->executed.txs.size(),
      .last_did_something = true,
  };
  while (true) {
    wait_until_due(situation);
    if (stopping) return;
    situation.last_at = clock.elapsed();
    auto block = make_block(mempool.take(block_tx_bytes, maker->max_gas()));
    if (!block) return halt(block.error());
    const chain::CommittedBlock& executed = (*block)->executed;
    situation.last_txs = executed.txs.size();
    situation.last_did_something = !executed.txs.empty() || !executed.response.events.empty();
  }
}

Result<BlockPtr> Sequencer::State::make_block(PooledTxs txs) {
  TRY(const BlockPtr block, maker->seal(std::move(txs)));
  bool all_succeeded = true;
  {
    const std::lock_guard lock(check_mutex);
    TRY_VOID(maker->commit());
    const auto& results = block->executed.response.tx_results;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].code == 0) continue;
      all_succeeded = false;
      mempool.forget(block->executed.tx_hashes[i]);
    }
  }
  feed.publish(block);
  waiters.block_is_safe(block);
  if (recheck_is_due(all_succeeded)) {
    const std::lock_guard lock(check_mutex);
    recheck();
  }
  return block;
}

// What waits was accepted in this order and counts against what is checked later, also across
// blocks. Checking it all again finds what a block made invalid; execution would refuse that too,
// so under load it is done once in a while instead of after each block.
bool Sequencer::State::recheck_is_due(bool all_succeeded) const {
  constexpr std::size_t kCheapTxs = 256;
  // One in a hundred seconds goes into it at most.
  const std::int64_t interval =
      std::max(Duration::seconds(1).nanoseconds, 100 * recheck_took.nanoseconds);
  const std::size_t waiting = mempool.size().txs;
  return waiting <= kCheapTxs ||
         clock.elapsed().nanoseconds - last_recheck.nanoseconds >= interval ||
         (!all_succeeded && waiting <= 16 * kCheapTxs);
}

void Sequencer::State::recheck() {
  last_recheck = clock.elapsed();
  application.reset_check();
  const auto removed = mempool.keep_if([this](const chain::TxBatch& txs) {
    const auto results = application.check(txs, chain::CheckKind::kRecheck);
    std::vector<bool> keep;
    keep.reserve(results.size());
    for (const chain::TxResult& result : results) keep.push_back(result.code == 0);
    return keep;
  });
  recheck_took = {clock.elapsed().nanoseconds - last_recheck.nanoseconds};
  for (const Hash256& hash : removed) waiters.fail_one(hash, fail(SoloError::kDropped).error());
}

void Sequencer::State::halt(const Error& error) {
  halted = true;
  log_error("solo", "no more blocks are made: " + error.text);
  begin_stop();
  ended = true;
  waiters.fail_all(stopped_error());
  if (options.on_halt) options.on_halt(error);
}

void Sequencer::State::begin_stop() {
  stopping = true;
  {
    const std::lock_guard lock(inbox_mutex);
  }
  inbox_filled.notify_all();
  {
    const std::lock_guard lock(wake_mutex);
  }
  wake.notify_all();
}

Result<void> Sequencer::State::stop() {
  const std::lock_guard lock(stop_mutex);
  if (stop_result) return *stop_result;
  begin_stop();
  for (std::thread& checker : checkers)
    if (checker.joinable()) checker.join();
  if (producer.joinable()) producer.join();
  ended = true;
  waiters.fail_all(stopped_error());
  observers.clear();
  stop_result = halted ? Result<void>() : application.sync();
  return *stop_result;
}

Sequencer::Sequencer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Sequencer::~Sequencer() {
  if (const auto stopped = stop(); !stopped)
    log_error("solo", "the state could not be made durable: " + stopped.error().text);
}

Result<std::unique_ptr<Sequencer>> Sequencer::start(SequencerOptions options,
                                                    chain::Application& application,
                                                    std::string_view genesis_json,
                                                    crypto::Ed25519PrivateKey key, Disk& disk,
                                                    const Clock& clock,
                                                    std::vector<chain::BlockObserver*> observers) {
  TRY(comet_types::Genesis genesis, comet_types::parse_genesis(genesis_json));
  return start(std::move(options), application, std::move(genesis), crypto::sha256(genesis_json),
               std::move(key), disk, clock, std::move(observers));
}

Result<std::unique_ptr<Sequencer>> Sequencer::start(
    SequencerOptions options, chain::Application& application, comet_types::Genesis genesis,
    const Hash256& genesis_hash, crypto::Ed25519PrivateKey key, Disk& disk, const Clock& clock,
    std::vector<chain::BlockObserver*> observers) {
  BlockStoreOptions store_options{.directory = options.directory,
                                  .chain_id = genesis.chain_id,
                                  .genesis_hash = genesis_hash,
                                  .salt = log_salt(key),
                                  .file_bytes = options.log_file_bytes,
                                  .safe = application.info().durable_height};
  for (const chain::BlockObserver* observer : observers)
    store_options.safe = std::max(store_options.safe, Height{observer->next_height().value - 1});
  TRY(auto store, BlockStore::open(std::move(store_options), disk));
  TRY(auto maker, BlockMaker::open(application, *store, genesis, std::move(key), clock));
  genesis.app_state_json = {};
  auto state = std::make_unique<State>(std::move(options), application, clock, std::move(genesis),
                                       std::move(store), std::move(maker));
  State& s = *state;
  application.set_max_block_gas(s.maker->max_gas());
  TRY_VOID(s.make_first_block());
  const Height end = s.store->last().next();
  for (chain::BlockObserver* observer : observers) {
    if (observer->next_height() <= end) continue;
    return fail(SoloError::kCannotRecover, "an observer (the index) has seen block " +
                                               std::to_string(observer->next_height().value - 1) +
                                               ", the last stored block is " +
                                               std::to_string(end.value - 1) +
                                               "; delete what it keeps to have it made again");
  }
  for (chain::BlockObserver* observer : observers)
    s.observers.push_back(std::make_unique<ObserverThread>(s.feed, *observer, s.store->first()));
  for (std::thread& checker : s.checkers) {
    checker = std::thread([&s] { s.check_loop(); });
    (void)::pthread_setname_np(checker.native_handle(), "solo checker");
  }
  s.producer = std::thread([&s] { s.produce_loop(); });
  // For top, perf and debuggers.
  (void)::pthread_setname_np(s.producer.native_handle(), "solo producer");
  return std::unique_ptr<Sequencer>(new Sequencer(std::move(state)));
}

Result<void> Sequencer::stop() {
  return state_->stop();
}

void Sequencer::submit(Bytes tx, OnAdmitted on_admitted) {
  submit(std::move(tx), std::move(on_admitted), nullptr);
}

void Sequencer::submit(Bytes tx, OnAdmitted on_admitted, OnCommitted on_committed) {
  const Hash256 hash = crypto::sha256(tx);
  if (state_->stopping) return on_admitted(std::unexpected(stopped_error()));
  if (auto reserved = state_->mempool.reserve(hash, tx.size()); !reserved)
    return on_admitted(std::unexpected(std::move(reserved).error()));
  std::vector<Submission> alone;
  std::uint64_t number = 0;
  bool was_empty = false;
  {
    const std::lock_guard lock(state_->inbox_mutex);
    // Looked at under the lock: the checker empties the inbox once more when it stops.
    if (!state_->stopping) {
      const bool at_once = state_->may_check_at_once(tx);
      Submission submission{std::move(tx), hash, std::move(on_admitted), std::move(on_committed)};
      on_admitted = nullptr;
      if (at_once) {
        alone.push_back(std::move(submission));
        number = state_->batches_taken++;
      } else {
        was_empty = state_->inbox.empty();
        state_->inbox.push_back(std::move(submission));
      }
    }
  }
  if (on_admitted) {
    state_->mempool.release(hash, tx.size());
    return on_admitted(std::unexpected(stopped_error()));
  }
  if (!alone.empty()) return state_->check_batch(number, std::move(alone));
  if (was_empty) state_->inbox_filled.notify_one();
}

Result<Admission> Sequencer::submit_and_wait(Bytes tx) {
  std::promise<Result<Admission>> promise;
  submit(std::move(tx), [&promise](const Result<Admission>& result) { promise.set_value(result); });
  return promise.get_future().get();
}

Result<Sequencer::Committed> Sequencer::submit_and_wait_for_block(Bytes tx, Duration timeout) {
  struct Shared {
    std::promise<Result<Admission>> admitted;
    std::promise<Result<TxInBlock>> committed;
  };
  // Outlives this call where it times out.
  const auto shared = std::make_shared<Shared>();
  submit(
      std::move(tx),
      [shared](const Result<Admission>& result) { shared->admitted.set_value(result); },
      [shared](const Result<TxInBlock>& result) { shared->committed.set_value(result); });
  TRY(Admission admission, shared->admitted.get_future().get());
  if (admission.check.code != 0) return Committed{std::move(admission), std::nullopt};
  auto committed = shared->committed.get_future();
  if (committed.wait_for(std::chrono::nanoseconds(timeout.nanoseconds)) !=
      std::future_status::ready)
    return fail(BaseError::kNotFound, "the transaction was not in a block in time; it may come");
  TRY(TxInBlock in_block, committed.get());
  return Committed{std::move(admission), std::move(in_block)};
}

const comet_types::Genesis& Sequencer::genesis() const {
  return state_->genesis;
}
const comet_types::ValidatorSet& Sequencer::validators() const {
  return state_->maker->validators();
}
const BlockStore& Sequencer::store() const {
  return *state_->store;
}
BlockFeed& Sequencer::feed() {
  return state_->feed;
}
const BlockFeed& Sequencer::feed() const {
  return state_->feed;
}
const Mempool& Sequencer::mempool() const {
  return state_->mempool;
}

}  // namespace tp::solo
