// What state costs. The machine, the state size and the durability are part of every figure:
// in-memory figures are before any disk, "restart" reads a RocksDB directory from the page cache,
// on a real disk.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <stdlib.h>

#include <filesystem>
#include <random>
#include <thread>

#include "crypto/sha.h"
#include "store/owned_writes.h"
#include "store/state.h"
#include "store/state_core.h"

namespace tp::store {
namespace {

constexpr StoreId kStore{1};
constexpr char kHot = 'h';
constexpr char kCold = 'c';

// As an account's balance: a table number, an address and a denomination; amount and a few fields.
Bytes account_key(std::uint64_t i) {
  const Hash256 hash = crypto::sha256(BytesView(reinterpret_cast<const char*>(&i), sizeof i));
  Bytes key(1, kHot);
  key.append(hash.view().substr(0, 20));
  key.append("utoll");
  return key;
}
Bytes account_value(std::uint64_t i, std::uint64_t round) {
  const std::uint64_t seed = i * 1'000'003 + round;
  return crypto::sha256(BytesView(reinterpret_cast<const char*>(&seed), sizeof seed)).bytes();
}
Bytes cold_key(std::uint64_t i) {
  Bytes key = account_key(i);
  key[0] = kCold;
  return key;
}
Bytes cold_value(std::uint64_t i, std::uint64_t round) {
  return account_value(i, round) + Bytes(270, 'd');
}

StateSchema schema() {
  return {
      .version = 1,
      .stores = {
          {.id = kStore,
           .name = "bank",
           .tables = {{.number = kHot, .name = "balances"},
                      {.number = kCold, .name = "deployments", .placement = Placement::kCold}}}}};
}

std::size_t resident_bytes() {
  std::size_t pages = 0;
  std::size_t resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%zu %zu", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * 4'096;
}

// A state of `accounts` hot keys and `deployments` cold ones in a folder of its own.
class State {
 public:
  explicit State(std::uint64_t accounts, std::uint64_t deployments = 0)
      : executor_(std::max(1u, std::thread::hardware_concurrency()) - 1), background_(1) {
    const char* folder = std::getenv("TMPDIR");
    std::string pattern = std::string(folder != nullptr ? folder : "/tmp") + "/store_bench.XXXXXX";
    options_.directory = ::mkdtemp(pattern.data());
    options_.schema = schema();
    open();
    for (std::uint64_t from = 0; from < std::max(accounts, deployments); from += 100'000) {
      OwnedWrites writes;
      for (std::uint64_t i = from; i < std::min(from + 100'000, accounts); ++i)
        writes[kStore][account_key(i)] = account_value(i, 0);
      for (std::uint64_t i = from; i < std::min(from + 100'000, deployments); ++i)
        writes[kStore][cold_key(i)] = cold_value(i, 0);
      commit(writes);
    }
    if (!store_->make_durable()) std::abort();
  }
  ~State() {
    store_.reset();
    std::filesystem::remove_all(options_.directory);
  }

  void open() {
    store_.reset();
    auto opened = StateStore::open(options_, disk_, clock_, executor_, background_);
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().text.c_str());
      std::abort();
    }
    store_ = *std::move(opened);
    height_ = store_->latest()->height().value;
  }

  void commit(const OwnedWrites& writes) {
    if (!store_->commit(Height{++height_}, views_of(writes), "")) std::abort();
  }
  StateStore& store() { return *store_; }

 private:
  StateOptions options_;
  SystemDisk disk_;
  SystemClock clock_;
  ThreadExecutor executor_;
  ThreadExecutor background_;
  std::unique_ptr<StateStore> store_;
  std::int64_t height_ = 0;
};

State& million() {
  static State state(1'000'000);
  return state;
}

// One block: writes over random accounts to the new root, version published; both cores.
void commit_block(benchmark::State& bench) {
  State& state = million();
  const auto keys = static_cast<std::uint64_t>(bench.range(0));
  std::mt19937_64 random(7);
  std::uint64_t round = 1;
  for (auto _ : bench) {
    bench.PauseTiming();
    OwnedWrites writes;
    while (writes[kStore].size() < keys) {
      const std::uint64_t i = random() % 1'000'000;
      writes[kStore][account_key(i)] = account_value(i, round);
    }
    ++round;
    bench.ResumeTiming();
    state.commit(writes);
  }
  bench.counters["keys/s"] =
      benchmark::Counter(static_cast<double>(keys), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(commit_block)
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

// The tree alone, from hashed and sorted changes to the root.
void tree_batch(benchmark::State& bench) {
  static ThreadExecutor executor(std::max(1u, std::thread::hardware_concurrency()) - 1);
  const auto keys = static_cast<std::size_t>(bench.range(0));
  SparseMerkleTree tree;
  SparseMerkleTree::Root root;
  VersionNumber version{1};
  std::mt19937_64 random(7);
  const auto batch = [&](std::size_t count, bool all, std::vector<Bytes>& names) {
    std::vector<LeafChange> changes(count);
    names.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      names[i] = account_key(all ? i : random() % 1'000'000);
      changes[i].position = tree_position(names[i]);
      changes[i].leaf_hash = tree_leaf_hash(changes[i].position, account_value(i, version.value));
      changes[i].key = names[i];
    }
    std::ranges::sort(changes, {}, &LeafChange::position);
    const auto rest = std::ranges::unique(changes, {}, &LeafChange::position);
    changes.erase(rest.begin(), rest.end());
    return changes;
  };
  const auto apply = [&](const std::vector<LeafChange>& changes) {
    SupersededNodes<SparseMerkleTree::Node> superseded;
    root = tree.apply(root, changes, version, executor, superseded);
    version = version.next();
    return superseded;
  };
  std::vector<Bytes> names;
  apply(batch(1'000'000, true, names));
  for (auto _ : bench) {
    bench.PauseTiming();
    const std::vector<LeafChange> changes = batch(keys, false, names);
    bench.ResumeTiming();
    const auto superseded = apply(changes);
    bench.PauseTiming();
    for (const auto node : superseded.nodes) tree.release(node);
    bench.ResumeTiming();
  }
  bench.counters["keys/s"] =
      benchmark::Counter(static_cast<double>(keys), benchmark::Counter::kIsIterationInvariantRate);
  bench.counters["tree_bytes/key"] = static_cast<double>(tree.bytes_used()) / 1e6;
}
BENCHMARK(tree_batch)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void get_hot(benchmark::State& bench) {
  const StatePtr state = million().store().latest();
  std::mt19937_64 random(7);
  std::vector<Bytes> keys;
  for (int i = 0; i < 100'000; ++i) keys.push_back(account_key(random() % 1'000'000));
  std::size_t next = 0;
  for (auto _ : bench) {
    benchmark::DoNotOptimize(state->get(kStore, keys[next]));
    next = (next + 1) % keys.size();
  }
}
BENCHMARK(get_hot);

void scan_hot(benchmark::State& bench) {
  const StatePtr state = million().store().latest();
  std::int64_t keys = 0;
  for (auto _ : bench) {
    const auto scanned =
        state->scan(kStore, {}, [&](BytesView key, BytesView value) -> Result<Step> {
          benchmark::DoNotOptimize(key);
          benchmark::DoNotOptimize(value);
          ++keys;
          return Step::kGoOn;
        });
    benchmark::DoNotOptimize(scanned);
  }
  bench.SetItemsProcessed(keys);
}
BENCHMARK(scan_hot)->Unit(benchmark::kMillisecond);

void prove(benchmark::State& bench) {
  const StatePtr state = million().store().latest();
  const bool present = bench.range(0) != 0;
  std::mt19937_64 random(7);
  for (auto _ : bench) {
    const std::uint64_t i = random() % 1'000'000 + (present ? 0 : 1'000'000'000);
    benchmark::DoNotOptimize(state->prove(kStore, account_key(i)));
  }
}
BENCHMARK(prove)->ArgName("present")->Arg(1)->Arg(0)->Unit(benchmark::kMicrosecond);

// Opening a state of a million accounts: load, rebuild, compare the root.
void restart(benchmark::State& bench) {
  State& state = million();
  for (auto _ : bench) state.open();
}
BENCHMARK(restart)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Iterations(3);

// Making a block of 10k changed keys durable: flat state written, synced.
void make_durable(benchmark::State& bench) {
  State& state = million();
  std::mt19937_64 random(11);
  std::uint64_t round = 1'000;
  for (auto _ : bench) {
    bench.PauseTiming();
    OwnedWrites writes;
    while (writes[kStore].size() < 10'000) {
      const std::uint64_t i = random() % 1'000'000;
      writes[kStore][account_key(i)] = account_value(i, round);
    }
    ++round;
    state.commit(writes);
    bench.ResumeTiming();
    if (!state.store().make_durable()) std::abort();
  }
}
BENCHMARK(make_durable)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Iterations(10);

// Memory for each key: hot ones with their values, cold ones without (the cache is emptied by its
// bound elsewhere).
void memory(benchmark::State& bench) {
  const bool cold = bench.range(0) != 0;
  constexpr std::uint64_t kKeys = 1'000'000;
  for (auto _ : bench) {
    ::malloc_trim(0);
    const std::size_t before = resident_bytes();
    State state(cold ? 0 : kKeys, cold ? kKeys : 0);
    state.open();  // as after a start: no cache, no old versions
    ::malloc_trim(0);
    const StateStats stats = state.store().stats();
    bench.counters["resident_bytes/key"] = static_cast<double>(resident_bytes() - before) / kKeys;
    bench.counters["map_bytes/key"] = static_cast<double>(stats.map_bytes) / kKeys;
    bench.counters["tree_bytes/key"] = static_cast<double>(stats.tree_bytes) / kKeys;
  }
}
BENCHMARK(memory)->ArgName("cold")->Arg(0)->Arg(1)->Iterations(1)->Unit(benchmark::kSecond);

// Reading cold values of a million, at random: mostly not in the cache of 256 MiB.
void get_cold(benchmark::State& bench) {
  static State state(0, 1'000'000);
  const StatePtr version = state.store().latest();
  std::mt19937_64 random(7);
  for (auto _ : bench)
    benchmark::DoNotOptimize(version->get(kStore, cold_key(random() % 1'000'000)));
}
BENCHMARK(get_cold)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tp::store
