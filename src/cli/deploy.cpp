// turnpike deploy: from an SDL file to a running, reachable lease.
//
//   SDL ─▶ groups, manifest, hash ─▶ MsgCreateDeployment ─▶ orders ─▶ bids ─▶ choice ─▶
//   MsgCreateLease
//                                                                                   └▶ manifest to
//                                                                                   the providers
//                                                                                   ─▶ URLs
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <map>
#include <thread>

#include "agent/config.h"
#include "base/function_ref.h"
#include "cli/bid_choice.h"
#include "cli/command.h"
#include "cli/market_client.h"
#include "cli/progress.h"
#include "crypto/address.h"
#include "networks/compute/spec/auditors.h"
#include "networks/compute/spec/compile.h"
#include "networks/compute/spec/denominations.h"
#include "networks/compute/spec/sdl.h"

namespace tp::cli {
namespace {

namespace json = boost::json;
using client::money_for_people;
using client::per_hour;
using client::short_decimal;
using compute::provider::GatewayClient;
using compute::provider::GatewayLeaseStatus;
using compute::provider::LeaseRef;

constexpr Duration kPoll = Duration::milliseconds(100);

struct DeployOptions {
  std::string file;
  std::string deposit;  // empty: the least that the chain takes
  std::string result;   // file for programs
  bool yes = false;
  bool lenient = false;
  std::string bid_timeout = "60s";
  std::string bid_window = "500ms";
  std::string start_timeout = "10m";
};

struct Deployed {
  std::uint64_t dseq = 0;
  std::vector<BidView> leases;
  std::vector<std::string> urls;
  std::vector<std::string> ports;
};

void pause(Duration span) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(span.nanoseconds));
}

// "uakt=utoll" of client.toml, or Akash's two where nothing is set and the chain is another.
Result<compute::DenominationMap> denominations_of(const ClientConfig& config,
                                                  const ChainFacts& facts) {
  if (config.denominations.empty()) {
    if (facts.fee_denom == "uakt" || facts.fee_denom == "uact") return compute::DenominationMap();
    return compute::akash_denominations_to(facts.fee_denom);
  }
  compute::DenominationMap map;
  for (const std::string& entry : config.denominations) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos)
      return fail(CliError::kUsage, "client.toml: denominations: \"" + entry + "\" is not FROM=TO");
    map[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return map;
}

// "akash1...=turn1..." of client.toml.
Result<compute::AuditorMap> auditors_of(Session& session) {
  compute::AuditorMap map;
  for (const std::string& entry : session.config().auditors) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos)
      return fail(CliError::kUsage, "client.toml: auditors: \"" + entry + "\" is not FROM=TO");
    TRY(const Address to, session.address(entry.substr(equals + 1)));
    map[entry.substr(0, equals)] = session.text(to);
  }
  return map;
}

// Before a deposit is paid: an auditor who has no address here never signs, and nobody would bid.
Result<void> check_auditors(const compute::Sdl& sdl, const std::string& file,
                            const std::string& prefix) {
  for (const auto& [name, placement] : sdl.placement) {
    const auto& [all_of, any_of] = placement.signed_by;
    const auto is_ours = [&](const std::string& auditor) {
      return crypto::parse_address(auditor, prefix).has_value();
    };
    std::string foreign;
    for (const std::string& auditor : all_of)
      if (!is_ours(auditor)) foreign = auditor;
    if (!any_of.empty() && std::none_of(any_of.begin(), any_of.end(), is_ours))
      foreign = any_of.front();
    if (foreign.empty()) continue;
    return fail(CliError::kUsage,
                file + ":" + std::to_string(placement.signed_by_line) + ": placement \"" + name +
                    "\", signedBy: " + foreign + " is no address of this chain (" + prefix +
                    "1...); say in client.toml who stands for it here: auditors = [\"" + foreign +
                    "=" + prefix + "1...\"]");
  }
  return {};
}

// The next free number from the height on, as Akash's CLI numbers deployments.
Result<std::uint64_t> free_dseq(client::RpcClient& rpc, MarketClient& market,
                                const std::string& owner) {
  TRY(const client::NodeStatus status, rpc.status());
  auto dseq = static_cast<std::uint64_t>(status.latest_height.value);
  while (true) {
    TRY(const auto taken, market.deployment(owner, dseq));
    if (!taken) return dseq;
    ++dseq;
  }
}

// Sends `message_for(number)` with a free number, which it leaves in `dseq`. Another program with
// the same key may take the number between our look and our block, or send the very same
// transaction: then with the next.
Result<client::TxOutcome> create_numbered(client::RpcClient& rpc, MarketClient& market,
                                          client::Wallet& wallet, std::uint64_t& dseq,
                                          FunctionRef<client::Message(std::uint64_t)> message_for) {
  constexpr int kAttemptsMax = 50;
  for (int attempt = 1;; ++attempt) {
    TRY_TO(dseq, free_dseq(rpc, market, wallet.address_text()));
    auto sent = wallet.send({message_for(dseq)});
    // In the chain's words, which simulation and JSON-RPC wrap in their own errors.
    const auto says = [&](std::string_view words) {
      return sent.error().text.find(words) != std::string::npos;
    };
    if (sent || attempt == kAttemptsMax ||
        !(says("Deployment exists") || says("tx already exists in cache")))
      return sent;
    pause(kPoll);
  }
}

// The open bids of each group, the cheapest first, once every group has one and the window after
// that is over.
Result<std::map<std::uint32_t, std::vector<BidView>>> wait_for_bids(
    MarketClient& market, const Clock& clock, const Progress& progress, const ChainFacts& facts,
    const std::string& owner, std::uint64_t dseq, std::size_t groups, Duration timeout,
    Duration window) {
  const Duration deadline{clock.elapsed().nanoseconds + timeout.nanoseconds};
  std::optional<Duration> complete_since;
  std::vector<std::string> shown;
  while (true) {
    TRY(const std::vector<BidView> bids, market.bids(owner, dseq));
    std::map<std::uint32_t, std::vector<BidView>> by_group;
    for (const BidView& bid : bids) {
      if (bid.state != "open") continue;
      by_group[bid.name.gseq].push_back(bid);
      const std::string key = std::to_string(bid.name.gseq) + "/" + bid.name.provider;
      if (std::find(shown.begin(), shown.end(), key) != shown.end()) continue;
      shown.push_back(key);
      TRY(const Decimal hourly, per_hour(bid.price.amount, facts.tick));
      progress.step("bid", bid.name.provider + " for group " + std::to_string(bid.name.gseq) +
                               ": " + money_for_people(hourly, bid.price.denom.text()) +
                               " per hour (" + short_decimal(bid.price.amount) +
                               bid.price.denom.text() + " per " + agent::to_text(facts.tick) + ")");
    }
    for (auto& [gseq, list] : by_group)
      std::sort(list.begin(), list.end(), [](const BidView& a, const BidView& b) {
        return std::tie(a.price.amount, a.name.provider) <
               std::tie(b.price.amount, b.name.provider);
      });
    const Duration now = clock.elapsed();
    if (by_group.size() == groups && !complete_since) complete_since = now;
    if (complete_since && now.nanoseconds - complete_since->nanoseconds >= window.nanoseconds)
      return by_group;
    if (now >= deadline) {
      std::string missing;
      for (std::uint32_t gseq = 1; gseq <= groups; ++gseq)
        if (!by_group.contains(gseq))
          missing += (missing.empty() ? "" : ", ") + std::to_string(gseq);
      return fail(CliError::kFailed, "no provider bid for group " + missing + " of deployment " +
                                         std::to_string(dseq) + " within " +
                                         agent::to_text(timeout) + "; it stays open for bids");
    }
    pause(kPoll);
  }
}

std::string describe(const GatewayLeaseStatus& status) {
  std::string text;
  for (const auto& service : status.services)
    text += (text.empty() ? "" : ", ") + service.name + " " + service.state +
            (service.reason.empty() ? "" : " (" + service.reason + ")");
  return text;
}

// Follows one lease until every service answers.
Result<GatewayLeaseStatus> wait_until_started(GatewayClient& gateway, const LeaseRef& lease,
                                              const Clock& clock, const Progress& progress,
                                              Duration timeout) {
  const Duration deadline{clock.elapsed().nanoseconds + timeout.nanoseconds};
  std::string last;
  while (true) {
    const auto status = gateway.lease_status(lease);
    if (!status && !is(status.error(), compute::provider::GatewayError::kNotFound))
      return std::unexpected(status.error());
    if (status) {
      if (const std::string now = describe(*status); now != last) {
        progress.step(status->healthy ? "started" : "service", now);
        last = now;
      }
      if (status->healthy) return *status;
    }
    if (clock.elapsed() >= deadline)
      return fail(CliError::kFailed, "not started within " + agent::to_text(timeout) + ": " +
                                         (last.empty() ? "no status" : last));
    pause(kPoll);
  }
}

// What is settled before a deposit is paid.
struct Plan {
  compute::CompiledSdl compiled;
  std::optional<Duration> reclamation;
  Coin deposit;
  ChainFacts facts;
  Duration bid_timeout;
  Duration bid_window;
  Duration start_timeout;
};

Result<Plan> plan_for(Session& session, const DeployOptions& options, const Progress& progress) {
  Plan plan;
  TRY_TO(plan.bid_timeout, agent::parse_duration(options.bid_timeout));
  TRY_TO(plan.bid_window, agent::parse_duration(options.bid_window));
  TRY_TO(plan.start_timeout, agent::parse_duration(options.start_timeout));
  TRY(const Bytes text, session.disk().read(options.file));
  TRY(compute::Sdl sdl,
      compute::parse_sdl(text, options.file,
                         options.lenient ? compute::SdlMode::kLenient : compute::SdlMode::kStrict));
  TRY(client::RpcClient * rpc, session.rpc());
  MarketClient market(*rpc);
  TRY_TO(plan.facts, market.facts());
  TRY(const auto denominations, denominations_of(session.config(), plan.facts));
  for (const compute::DenominationChange& change : compute::map_denominations(sdl, denominations))
    progress.step("price", options.file + ", " + change.to_string());
  TRY(const auto auditors, auditors_of(session));
  for (const compute::AuditorChange& change : compute::map_auditors(sdl, auditors))
    progress.step("auditor", options.file + ", " + change.to_string());
  TRY_VOID(check_auditors(sdl, options.file, plan.facts.prefix));
  plan.compiled = compute::compile_sdl(sdl);
  plan.reclamation = sdl.reclamation_min_window;
  if (!options.deposit.empty()) {
    TRY_TO(plan.deposit, Coin::parse(options.deposit));
    return plan;
  }
  plan.deposit.denom = Denom::of(plan.compiled.groups.front().resources.front().price.denom);
  TRY_TO(plan.deposit.amount, market.min_deposit(plan.deposit.denom.text()));
  return plan;
}

// From the order to leases that run, into `deployed`, whose number is set.
Result<void> follow(MarketClient& market, client::Wallet& wallet, const Plan& plan, bool cheapest,
                    const Clock& clock, const Progress& progress, Deployed& deployed) {
  const std::string& owner = wallet.address_text();
  TRY(const auto bids,
      wait_for_bids(market, clock, progress, plan.facts, owner, deployed.dseq,
                    plan.compiled.groups.size(), plan.bid_timeout, plan.bid_window));
  std::vector<client::Message> leases;
  for (const auto& [gseq, list] : bids) {
    BidView chosen = list.front();
    if (!cheapest) TRY_TO(chosen, ask_which_bid(list, plan.facts.tick, std::cin, std::cerr));
    leases.push_back(create_lease(chosen.name));
    deployed.leases.push_back(std::move(chosen));
  }
  TRY(const client::TxOutcome leased, wallet.send(leases));
  for (const BidView& lease : deployed.leases)
    progress.step("lease", "group " + std::to_string(lease.name.gseq) + " with " +
                               lease.name.provider + " in block " +
                               std::to_string(leased.height.value));

  const std::string manifest = compute::canonical_json(plan.compiled.manifest);
  for (const BidView& lease : deployed.leases) {
    TRY(const ProviderView provider, market.provider(lease.name.provider));
    TRY(GatewayClient gateway, GatewayClient::make(provider.gateway, wallet.key(), owner, clock));
    TRY_VOID(gateway.put_manifest(deployed.dseq, manifest));
    progress.step("manifest", "accepted by " + provider.gateway.host_uri);
    TRY(const GatewayLeaseStatus status,
        wait_until_started(gateway, {deployed.dseq, lease.name.gseq, lease.name.oseq}, clock,
                           progress, plan.start_timeout));
    for (const std::string& url : status.urls()) deployed.urls.push_back(url);
    for (const auto& port : status.forwarded_ports)
      deployed.ports.push_back(port.service + ": " + port.host + ":" +
                               std::to_string(port.external_port) + " leads to " +
                               std::to_string(port.port) + "/" + port.protocol);
  }
  return {};
}

// `error` came after the deposit was, or may have been, paid: its text also says what is left and
// how to end it.
std::unexpected<Error> with_what_is_left(Error error, std::uint64_t dseq) {
  const std::string number = std::to_string(dseq);
  error.text = for_people(error) +
               (is(error, client::ClientError::kNotIncluded)
                    ? "\nit may still come; look with: turnpike status " + number
                    : "\ndeployment " + number + " stays, with what is left of its deposit") +
               "; end it with: turnpike close " + number;
  return std::unexpected(std::move(error));
}

// `left`: for --json, what a failure leaves on the chain.
Result<Deployed> deploy_file(Session& session, const DeployOptions& options, const Clock& clock,
                             const Progress& progress, ChainFacts& facts, json::object& left) {
  TRY(const Plan plan, plan_for(session, options, progress));
  facts = plan.facts;
  TRY(client::RpcClient * rpc, session.rpc());
  MarketClient market(*rpc);
  TRY(client::Wallet * wallet, session.wallet());
  Deployed deployed;
  const auto created =
      create_numbered(*rpc, market, *wallet, deployed.dseq, [&](std::uint64_t dseq) {
        return create_deployment(wallet->address_text(), dseq, plan.compiled, plan.deposit,
                                 plan.reclamation);
      });
  if (!created && !is(created.error(), client::ClientError::kNotIncluded))
    return std::unexpected(created.error());
  left["deployment"] = std::to_string(deployed.dseq);
  if (!created) return with_what_is_left(created.error(), deployed.dseq);
  progress.step("order", "deployment " + std::to_string(deployed.dseq) + " in block " +
                             std::to_string(created->height.value) + ", deposit " +
                             plan.deposit.to_string());
  if (const auto done = follow(market, *wallet, plan, options.yes, clock, progress, deployed);
      !done)
    return with_what_is_left(done.error(), deployed.dseq);
  return deployed;
}

Result<void> deploy(const GlobalOptions& global, const DeployOptions& options, json::object& left) {
  if (!options.yes && isatty(STDIN_FILENO) == 0)
    return fail(CliError::kUsage,
                "nobody can be asked which bid to take, because standard input is no terminal; say "
                "--yes to take the cheapest");
  TRY(const auto session, Session::open(global));
  const SystemClock clock;
  const Progress progress(global, clock);
  ChainFacts facts;
  TRY(const Deployed deployed, deploy_file(*session, options, clock, progress, facts, left));

  Decimal per_tick;
  std::string denom;
  for (const BidView& lease : deployed.leases) {
    TRY_TO(per_tick, per_tick.plus(lease.price.amount));
    denom = lease.price.denom.text();
  }
  TRY(const Decimal hourly, per_hour(per_tick, facts.tick));
  json::array urls, ports, providers;
  for (const std::string& url : deployed.urls) urls.emplace_back(url);
  for (const std::string& port : deployed.ports) ports.emplace_back(port);
  for (const BidView& lease : deployed.leases) providers.emplace_back(lease.name.provider);
  const std::string price = money_for_people(hourly, denom);
  const std::string answer =
      json::serialize(json::object{{"deployment", std::to_string(deployed.dseq)},
                                   {"provider", providers.front()},
                                   {"providers", providers},
                                   {"price_per_hour", price},
                                   {"price_per_tick", per_tick.to_string_trimmed() + denom},
                                   {"urls", urls},
                                   {"ports", ports}});
  if (!options.result.empty())
    TRY_VOID(write_atomically(session->disk(), options.result, answer + "\n"));
  std::string text =
      "deployment " + std::to_string(deployed.dseq) + " runs at " + price + " per hour";
  for (const std::string& url : deployed.urls) text += "\n  " + url;
  for (const std::string& port : deployed.ports) text += "\n  " + port;
  print(global, text, answer);
  return {};
}

}  // namespace

void add_deploy(Program& program) {
  const auto options = std::make_shared<DeployOptions>();
  CLI::App* command =
      program.root.add_subcommand("deploy", "Rent what an SDL file asks for, and start it");
  command->add_option("file", options->file, "The SDL file")->required();
  command->add_flag("--yes", options->yes, "Take the cheapest bid of each group without asking");
  command->add_flag("--lenient", options->lenient, "Ignore keys of the file that nobody knows");
  command->add_option("--deposit", options->deposit,
                      "Such as 5000000utoll; default: the least that the chain takes");
  command->add_option("--result", options->result, "Write the outcome as JSON into this file");
  command->add_option("--bid-timeout", options->bid_timeout,
                      "How long to wait for a bid on every group");
  command->add_option("--bid-window", options->bid_window,
                      "How long to wait for more bids after that");
  command->add_option("--start-timeout", options->start_timeout,
                      "How long to wait for the services to start");
  command->callback([&program, options] {
    program.client = ClientUse::kNodeAndKey;
    program.action = [&program, options] {
      return deploy(program.options, *options, program.left);
    };
  });
}

}  // namespace tp::cli
