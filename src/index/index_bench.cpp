// What indexing costs a transaction, and what searches cost over a million of them.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "crypto/sha.h"
#include "index/index.h"

namespace tp::index {
namespace {

constexpr std::int64_t kBlocks = 500;
constexpr int kTxsPerBlock = 2'000;
constexpr int kAccounts = 100'000;

std::string account(std::int64_t i) {
  std::string out = "turn1" + std::to_string(i % kAccounts);
  out.resize(43, 'q');
  return out;
}

// A block of transfers with the events that the bank and the fees give.
chain::CommittedBlock block(std::int64_t height) {
  chain::CommittedBlock out;
  out.height = Height{height};
  out.hash = crypto::sha256("block " + std::to_string(height));
  for (int i = 0; i < kTxsPerBlock; ++i) {
    const std::int64_t n = height * kTxsPerBlock + i;
    const std::string from = account(n * 7'919), to = account(n * 104'729);
    out.txs.push_back("tx " + std::to_string(n));
    out.tx_hashes.push_back(crypto::sha256(out.txs.back()));
    out.response.tx_results.emplace_back().events = {
        {"tx", {{"fee", "250utoll"}, {"fee_payer", from}}},
        {"tx", {{"acc_seq", from + "/" + std::to_string(height)}}},
        {"message", {{"action", "/cosmos.bank.v1beta1.MsgSend"}, {"sender", from}}},
        {"coin_spent", {{"spender", from}, {"amount", "100utoll"}}},
        {"coin_received", {{"receiver", to}, {"amount", "100utoll"}}},
        {"transfer", {{"recipient", to}, {"sender", from}, {"amount", "100utoll"}}},
    };
  }
  return out;
}

// A million transactions, made once.
struct Million {
  Million() {
    std::filesystem::remove_all(path);
    auto opened = Index::open(disk, path, "bench");
    if (!opened) TP_FATAL(opened.error().text);
    index = std::move(*opened);
    for (std::int64_t h = 1; h <= kBlocks; ++h) {
      if (!index->on_block(block(h))) TP_FATAL("cannot write");
    }
  }
  ~Million() {
    index.reset();
    std::filesystem::remove_all(path);
  }
  SystemDisk disk;
  const std::string path = "index_bench.data";
  std::unique_ptr<Index> index;
};

Index& million() {
  static Million out;
  return *out.index;
}

void BM_IndexBlock(benchmark::State& state) {
  Index& index = million();
  std::int64_t height = index.indexed_height().value;
  for (auto _ : state) {
    state.PauseTiming();
    const auto next = block(++height);
    state.ResumeTiming();
    if (!index.on_block(next)) state.SkipWithError("cannot write");
  }
  state.SetItemsProcessed(state.iterations() * kTxsPerBlock);
}
BENCHMARK(BM_IndexBlock)->Iterations(50)->Unit(benchmark::kMillisecond);

void BM_TxByHash(benchmark::State& state) {
  Index& index = million();
  std::int64_t n = kTxsPerBlock;
  for (auto _ : state) {
    n = (n * 6'364'136'223 + 1'442'695) % (kBlocks * kTxsPerBlock) + kTxsPerBlock;
    benchmark::DoNotOptimize(index.tx_by_hash(crypto::sha256("tx " + std::to_string(n))));
  }
}
BENCHMARK(BM_TxByHash)->Unit(benchmark::kMicrosecond);

void search(benchmark::State& state, const std::string& text) {
  Index& index = million();
  const Query query = *Query::parse(text);
  std::uint64_t total = 0;
  for (auto _ : state) {
    const auto found = index.search_txs(query, Order::kDescending, {});
    if (!found) return state.SkipWithError(found.error().text.c_str());
    total = found->total;
  }
  state.counters["found"] = static_cast<double>(total);
}
void BM_SearchSender(benchmark::State& state) {
  search(state, "message.sender='" + account(4'242) + "'");
}
void BM_SearchSenderAndRecipient(benchmark::State& state) {
  const std::int64_t n = 500'000;
  search(state, "transfer.sender='" + account(n * 7'919) + "' AND transfer.recipient='" +
                    account(n * 104'729) + "'");
}
void BM_SearchActionAndSender(benchmark::State& state) {
  search(state, "message.action='/cosmos.bank.v1beta1.MsgSend' AND message.sender='" +
                    account(4'242) + "'");
}
void BM_SearchEverything(benchmark::State& state) {
  search(state, "message.action='/cosmos.bank.v1beta1.MsgSend'");
}
BENCHMARK(BM_SearchSender)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SearchSenderAndRecipient)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SearchActionAndSender)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_SearchEverything)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tp::index
