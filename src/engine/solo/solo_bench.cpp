// The sequencer's own cost, with an application that only adds numbers, on the real disk.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/log.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/sequencer.h"
#include "engine/solo/solo_test_support.h"

namespace tp::solo {
namespace {

// A folder under the working directory, so that it lies on a real disk, removed at the end.
class Folder {
 public:
  Folder() : path_("solo_bench.data") { std::filesystem::remove_all(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

struct Node {
  Node() {
    set_log_level(LogLevel::kWarning);
    SequencerOptions options{.directory = folder.path(), .policy = {}, .mempool = {}};
    auto started =
        Sequencer::start(std::move(options), app, comet_types::write_genesis(test_genesis()),
                         test_key(), disk, clock, {});
    if (!started) TP_FATAL(started.error().text);
    sequencer = std::move(*started);
  }

  Folder folder;
  SystemDisk disk;
  SystemClock clock;
  CounterApp::State saved;
  CounterApp app{saved, 1'000'000};
  std::unique_ptr<Sequencer> sequencer;
};

double milliseconds_at(std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

// One sender, one transaction at a time, with the network idle before each.
void BM_IdleBroadcastToDurableCommit(benchmark::State& state) {
  Node node;
  std::vector<double> times;
  int sent = 0;
  for (auto _ : state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(state.range(0)));
    const auto begin = std::chrono::steady_clock::now();
    const auto done = node.sequencer->submit_and_wait_for_block("add " + std::to_string(++sent),
                                                                Duration::seconds(10));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (!done) state.SkipWithError("not committed");
    state.SetIterationTime(took.count());
    times.push_back(took.count() * 1e3);
  }
  std::sort(times.begin(), times.end());
  state.counters["p50_ms"] = milliseconds_at(times, 0.50);
  state.counters["p99_ms"] = milliseconds_at(times, 0.99);
}
BENCHMARK(BM_IdleBroadcastToDurableCommit)
    ->Arg(0)
    ->Arg(5)
    ->Iterations(1'000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Blocks of `range` transactions of 300 bytes, one after the other, each with its own sync.
void BM_SealAndCommit(benchmark::State& state) {
  const Folder folder;
  SystemDisk disk;
  SystemClock clock;
  CounterApp::State saved;
  CounterApp app(saved, 1'000'000);
  auto store = BlockStore::open(test_store_options(folder.path()), disk);
  auto maker = BlockMaker::open(app, **store, test_genesis(), test_key(), clock);
  if (!maker) TP_FATAL(maker.error().text);
  std::uint64_t sent = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Bytes> txs;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      Bytes tx = "add 1 " + std::to_string(++sent);
      tx.resize(300, '.');
      txs.push_back(std::move(tx));
    }
    PooledTxs batch = pooled(std::move(txs));
    state.ResumeTiming();
    if (!(*maker)->seal(std::move(batch)) || !(*maker)->commit())
      state.SkipWithError("not committed");
  }
  state.counters["blocks/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["tx/s"] = benchmark::Counter(
      static_cast<double>(state.iterations() * state.range(0)), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_SealAndCommit)
    ->Arg(0)
    ->Arg(100)
    ->Arg(2'000)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// As fast as the sequencer takes them; the time is that of the whole process's processors.
void BM_Flood(benchmark::State& state) {
  constexpr int kCount = 200'000;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Bytes> txs;
    for (int i = 0; i < kCount; ++i) {
      Bytes tx = "add 1 " + std::to_string(i);
      tx.resize(300, '.');
      txs.push_back(std::move(tx));
    }
    auto node = std::make_unique<Node>();
    std::atomic<int> committed = 0;
    std::atomic<int> refused = 0;
    state.ResumeTiming();
    for (Bytes& tx : txs) {
      while (true) {
        bool full = false;
        Bytes copy = tx;
        node->sequencer->submit(
            std::move(copy),
            [&](const auto& admitted) {
              if (!admitted) full = true;  // only before submit() returns
            },
            [&](const auto& result) { ++(result ? committed : refused); });
        if (!full) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    while (committed + refused < kCount) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    state.PauseTiming();
    if (refused > 0) state.SkipWithError("refused");
    node.reset();
    state.ResumeTiming();
  }
  state.counters["tx/s"] = benchmark::Counter(static_cast<double>(state.iterations()) * kCount,
                                              benchmark::Counter::kIsRate);
}
BENCHMARK(BM_Flood)->Iterations(3)->UseRealTime()->MeasureProcessCPUTime()->Unit(
    benchmark::kMillisecond);

}  // namespace
}  // namespace tp::solo
