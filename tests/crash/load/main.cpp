// crash_load: traffic for a chain that is about to be killed, and the memory of what it showed.
//
//   crash_load accounts --seed S                       addresses that genesis must give money to
//   crash_load run --seed S --node URL --seen FILE     until SIGTERM; survives the node's death
//   crash_load verify --seed S --node URL --seen FILE  what was seen is there, unchanged
#include <signal.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <optional>
#include <thread>

#include "client/rpc_client.h"
#include "crash/load/seen.h"
#include "crash/load/traffic.h"
#include "crash/load/watch.h"

namespace tp::crash {
namespace {

struct Options {
  std::uint64_t seed = 0;
  std::string node;
  std::string seen;
  std::uint64_t wallets = 300;
  std::uint64_t senders = 2;    // threads of transfers
  std::uint64_t customers = 3;  // threads of deployments
  double per_second = 1'500;    // transfers, all together
  std::int64_t whole_from = 1;
  std::uint64_t by_hash = 500;
};

constexpr std::uint64_t kProvidersOfCustomer = 2;

std::uint64_t account_count(const Options& options) {
  return options.wallets + options.customers * (1 + kProvidersOfCustomer);
}

// Short: a node that is away is asked again at once.
client::HttpOptions http_options() {
  return {.connect_timeout = Duration::seconds(2), .request_timeout = Duration::seconds(20)};
}

Result<void> print_accounts(const Options& options) {
  for (std::uint64_t i = 0; i < account_count(options); ++i)
    std::cout << account_of(options.seed, i).text << "\n";
  return {};
}

// Ends the program when something went wrong that no restart of the node explains.
void must(std::string_view what, const Result<void>& result) {
  if (result) return;
  std::cerr << "crash_load: " << what << ": " << result.error().text << "\n";
  std::_Exit(1);
}

Result<void> run(const Options& options) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread starts

  SystemDisk disk;
  TRY(const auto seen, SeenFile::open(disk, options.seen));
  TRY(client::RpcClient rpc, client::RpcClient::make(options.node, http_options()));
  Counters counters;
  {
    std::vector<std::jthread> threads;
    threads.emplace_back(
        [&](std::stop_token stop) { must("blocks", follow_blocks(rpc, *seen, stop)); });
    threads.emplace_back(
        [&](std::stop_token stop) { must("events", follow_events(options.node, *seen, stop)); });
    for (std::uint64_t i = 0; i < options.senders; ++i) {
      std::vector<Account> wallets;
      for (std::uint64_t w = i; w < options.wallets; w += options.senders)
        wallets.push_back(account_of(options.seed, w));
      threads.emplace_back([&, i, wallets = std::move(wallets)](const std::stop_token& stop) {
        send_transfers(rpc, wallets, options.per_second / static_cast<double>(options.senders),
                       std::mt19937_64(options.seed + i), counters, stop);
      });
    }
    for (std::uint64_t i = 0; i < options.customers; ++i) {
      threads.emplace_back([&, i](std::stop_token stop) {
        const std::uint64_t first = options.wallets + i * (1 + kProvidersOfCustomer);
        std::vector<Account> providers;
        for (std::uint64_t n = 1; n <= kProvidersOfCustomer; ++n)
          providers.push_back(account_of(options.seed, first + n));
        live_deployments(rpc, account_of(options.seed, first), std::move(providers), *seen,
                         std::mt19937_64(options.seed + 1'000 + i), counters, std::move(stop));
      });
    }
    int signal = 0;
    ::sigwait(&signals, &signal);
    for (std::jthread& thread : threads) thread.request_stop();
  }
  std::cout << counters.accepted << " transfers accepted, " << counters.refused << " refused, "
            << counters.lives << " lives of deployments, " << counters.broken_lives << " broken, "
            << seen->txs() << " transactions seen in blocks\n";
  for (const auto& [error, count] : counters.errors())
    std::cout << "#   " << count << " times: " << error << "\n";
  return {};
}

Result<void> verify(const Options& options) {
  SystemDisk disk;
  TRY(const Seen seen, read_seen(disk, options.seen));
  TRY(client::RpcClient rpc, client::RpcClient::make(options.node, http_options()));
  std::mt19937_64 dice(options.seed + seen.txs.size());
  TRY(const Verdict verdict, compare(rpc, seen, Height{options.whole_from}, options.by_hash, dice));
  for (const std::string& difference : verdict.differences) std::cout << difference << "\n";
  const Height last = seen.blocks.empty() ? Height{0} : seen.blocks.rbegin()->first;
  std::cout << "blocks " << verdict.blocks << " transactions " << verdict.txs << " of "
            << seen.txs.size() << " last " << last.value << "\n";
  if (!verdict.differences.empty())
    return fail(BaseError::kNotFound, "what was seen is not what is there");
  return {};
}

int main_of(int argc, char** argv) {
  CLI::App app("Traffic for crash tests", "crash_load");
  app.require_subcommand(1);
  Options options;
  std::function<Result<void>()> action;
  const auto command = [&](const char* name, const char* help, auto function, bool uses_node) {
    CLI::App* sub = app.add_subcommand(name, help);
    sub->add_option("--seed", options.seed, "Decides everything but time")->required();
    sub->add_option("--wallets", options.wallets, "That send to each other");
    sub->add_option("--customers", options.customers, "That deploy");
    if (uses_node) {
      sub->add_option("--node", options.node, "URL of the JSON-RPC")->required();
      sub->add_option("--seen", options.seen, "File of what was seen")->required();
    }
    sub->callback([&, function] { action = [&, function] { return function(options); }; });
    return sub;
  };
  command("accounts", "Print the addresses", print_accounts, false);
  CLI::App* traffic = command("run", "Send until SIGTERM", run, true);
  traffic->add_option("--senders", options.senders, "Threads of transfers");
  traffic->add_option("--per-second", options.per_second, "Transfers at most");
  CLI::App* check = command("verify", "Compare what was seen with what is there", verify, true);
  check->add_option("--whole-from", options.whole_from, "Blocks from here on are read in full");
  check->add_option("--by-hash", options.by_hash, "Transactions looked up by their hashes");
  CLI11_PARSE(app, argc, argv);
  if (const Result<void> done = action(); !done) {
    std::cerr << "crash_load: " << done.error().text << "\n";
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace tp::crash

int main(int argc, char** argv) {
  return tp::crash::main_of(argc, argv);
}
