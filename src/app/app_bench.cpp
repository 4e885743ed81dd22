// The whole machine under load: pre-signed transactions handed to the sequencer in process, through
// checks, blocks, the state and the block log on a real disk. What is counted is durable when it is
// counted.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "app/app.h"
#include "app/testing/people.h"
#include "base/allocator.h"
#include "crypto/address.h"
#include "engine/comet_types/genesis.h"
#include "engine/solo/sequencer.h"

namespace tp::app {
namespace {

using testing::key_number;
using testing::Signer;
using testing::text_of;

constexpr std::string_view kChain = "bench-1";
// Handed over and not yet in a block, at most: about a second's work. With 45,000, nearly what a
// mempool takes, each costs 2 % more, as blocks grow out of the caches.
constexpr std::size_t kInFlight = 20'000;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// An account that never signs in the benchmark; it only makes the state large. Its address is a
// hash, as those of people are.
std::string bystander(std::uint64_t number) {
  return crypto::address_text("turn",
                              crypto::module_address("bystander " + std::to_string(number)));
}

std::uint64_t resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10) / 1024;
  return 0;
}

// Where the resident memory is, as far as the state knows; the rest is the block log, what was
// signed in advance, and what the allocator holds.
void show_memory(benchmark::State& state, const store::StateStats& stats) {
  const auto mib = [](std::uint64_t bytes) { return static_cast<double>(bytes) / (1u << 20); };
  state.counters["rows"] = static_cast<double>(stats.keys);
  state.counters["map_mib"] = mib(stats.map_bytes);
  state.counters["tree_mib"] = mib(stats.tree_bytes);
  state.counters["cold_cache_mib"] = mib(stats.cold_cache_bytes);
  state.counters["cold_unwritten_mib"] = mib(stats.cold_memory_bytes);
  state.counters["old_versions_mib"] = mib(stats.retained_bytes);
}

// Processor time of all threads so far. On a machine that others use too, this and not the clock
// says what work costs.
double processor_us() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) / 1e3;
}

// Pages that the system had to find and clear so far. Where that is expensive (virtual machines
// that get their memory late), it is a good part of what work costs.
double page_faults() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_minflt);
}

// A chain in a fresh folder, with `signers` accounts that have keys and as many others as make
// `accounts`.
class Chain {
 public:
  Chain(std::uint64_t accounts, std::uint64_t signers)
      : directory_(std::filesystem::temp_directory_path() / "turnpike-bench-XXXXXX") {
    std::string pattern = directory_.string();
    directory_ = mkdtemp(pattern.data());
    std::string balances;
    for (std::uint64_t i = 0; i < accounts; ++i) {
      balances += balances.empty() ? "" : ",";
      balances += R"({"address":")" + (i < signers ? text_of(key_number(i)) : bystander(i)) +
                  R"(","coins":[{"denom":"utoll","amount":"1000000000000"}]})";
    }
    comet_types::Genesis genesis;
    genesis.time = clock_.now();
    genesis.chain_id = kChain;
    genesis.params.block_max_gas = 2'000'000'000;  // as `turnpike init` writes
    crypto::SystemRandom random;
    auto validator = crypto::Ed25519PrivateKey::generate(random);
    genesis.validators = {
        {.validator = {.public_key = validator.public_key(), .power = 10}, .name = "bench"}};
    genesis.app_state_json = R"({"bank":{"balances":[)" + balances + "]}}";
    const std::string genesis_json = comet_types::write_genesis(genesis);
    keep_freed_memory_a_second();  // as main() does
    app_ = App::open({.directory = (directory_ / "state").string()}, disk_, clock_, compute_,
                     background_)
               .value();
    sequencer_ =
        solo::Sequencer::start({.directory = (directory_ / "blocks").string()}, app_->machine(),
                               genesis_json, std::move(validator), disk_, clock_, {})
            .value();
  }

  ~Chain() {
    sequencer_.reset();
    app_.reset();
    std::filesystem::remove_all(directory_);
  }

  store::StateStats stats() const { return app_->state().stats(); }

  // Hands all over in order and returns when the last is in a durable block. Aborts on any that
  // fails.
  void run(std::vector<Bytes> txs) {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t waiting = txs.size(), in_flight = 0;
    for (Bytes& tx : txs) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return in_flight < kInFlight; });
        ++in_flight;
      }
      sequencer_->submit(
          std::move(tx),
          [](const Result<solo::Admission>& admission) {
            if (!admission) TP_FATAL("refused: " + admission.error().text);
            if (admission->check.code != 0) TP_FATAL("check: " + admission->check.log);
          },
          [&](const Result<solo::TxInBlock>& included) {
            if (!included) TP_FATAL("lost: " + included.error().text);
            const chain::TxResult& result =
                included->block->executed.response.tx_results[included->index];
            if (result.code != 0) TP_FATAL("failed: " + result.log);
            const std::lock_guard lock(mutex);
            --in_flight;
            --waiting;
            changed.notify_one();
          });
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting == 0; });
  }

 private:
  std::filesystem::path directory_;
  SystemDisk disk_;
  SystemClock clock_;
  ThreadExecutor compute_{std::max(1u, std::thread::hardware_concurrency()) - 1};
  ThreadExecutor background_{1};
  std::unique_ptr<App> app_;
  std::unique_ptr<solo::Sequencer> sequencer_;
};

// What a node does once only is done before the clock starts: parsing keys that it has not seen,
// and taking the memory in which it keeps past versions.
void signed_transfers(benchmark::State& state) {
  const std::uint64_t accounts = from_environment("BENCH_ACCOUNTS", 1'000'000);
  const std::uint64_t count = from_environment("BENCH_TRANSFERS", 400'000);
  const std::uint64_t before_count = from_environment("BENCH_TRANSFERS_BEFORE", 100'000);
  const std::uint64_t signers = std::min<std::uint64_t>(accounts, 20'000);
  Chain chain(accounts, signers);
  std::vector<Signer> wallets;
  for (std::uint64_t i = 0; i < signers; ++i) wallets.emplace_back(std::string(kChain), i);

  std::uint64_t number = 0;
  const auto transfers = [&](std::uint64_t how_many) {
    std::vector<Bytes> txs;
    for (const std::uint64_t end = number + how_many; number < end; ++number) {
      Signer& wallet = wallets[number % signers];
      const std::string to = bystander(signers + number * 7919 % (accounts - signers));
      txs.push_back(wallet.sign(testing::transfer(wallet.text(), to, 1), 100'000));
    }
    return txs;
  };
  for (auto _ : state) {
    state.PauseTiming();
    chain.run(transfers(before_count));
    std::vector<Bytes> txs = transfers(count);
    state.ResumeTiming();
    const double before = processor_us(), faults_before = page_faults();
    chain.run(std::move(txs));
    state.counters["processor_us"] = (processor_us() - before) / static_cast<double>(count);
    state.counters["page_faults"] = (page_faults() - faults_before) / static_cast<double>(count);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count * state.iterations()));
  state.counters["accounts"] = static_cast<double>(accounts);
  state.counters["resident_mib"] = static_cast<double>(resident_mib());
}
BENCHMARK(signed_transfers)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

class Market {
 public:
  Market(std::uint64_t tenants, std::uint64_t providers) {
    for (std::uint64_t i = 0; i < tenants + providers; ++i)
      (i < tenants ? tenants_ : providers_).emplace_back(std::string(kChain), i);
  }

  std::vector<Bytes> register_providers() {
    std::vector<Bytes> txs;
    for (Signer& provider : providers_)
      txs.push_back(provider.sign(testing::registration(provider.text())));
    return txs;
  }

  // Create, bid, lease and, unless it stays open, close.
  void add_life(std::vector<Bytes>& txs, bool close) {
    const std::uint64_t dseq = ++lives_;
    Signer& tenant = tenants_[dseq % tenants_.size()];
    Signer& provider = providers_[dseq % providers_.size()];
    const auto bid = testing::bid(tenant.text(), dseq, provider.text());
    txs.push_back(tenant.sign(testing::deployment(tenant.text(), dseq)));
    txs.push_back(provider.sign(bid));
    txs.push_back(tenant.sign(testing::acceptance(bid)));
    if (close) txs.push_back(tenant.sign(testing::closing(tenant.text(), dseq)));
  }

 private:
  std::vector<Signer> tenants_;
  std::vector<Signer> providers_;
  std::uint64_t lives_ = 0;
};

void market_lives(benchmark::State& state) {
  const auto open = static_cast<std::uint64_t>(state.range(0));
  const std::uint64_t count = from_environment("BENCH_LIVES", 20'000);
  constexpr std::uint64_t kTenants = 1'000, kProviders = 50;
  Chain chain(kTenants + kProviders, kTenants + kProviders);
  Market market(kTenants, kProviders);
  chain.run(market.register_providers());
  for (std::uint64_t done = 0;
       done < open;) {  // in portions, so that the signed bytes do not fill the memory
    std::vector<Bytes> txs;
    for (int i = 0; i < 10'000 && done < open; ++i, ++done) market.add_life(txs, false);
    chain.run(std::move(txs));
  }
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Bytes> txs;
    for (std::uint64_t i = 0; i < count; ++i) market.add_life(txs, true);
    state.ResumeTiming();
    const double before = processor_us();
    chain.run(std::move(txs));
    state.counters["processor_us"] = (processor_us() - before) / static_cast<double>(count);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(count * state.iterations()));
  show_memory(state, chain.stats());
  state.counters["open"] = static_cast<double>(open);
  state.counters["resident_mib"] = static_cast<double>(resident_mib());
}
BENCHMARK(market_lives)
    ->Arg(0)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tp::app
