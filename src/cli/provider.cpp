// turnpike provider: rent out this machine.
#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "agent/file_limit.h"
#include "agent/shutdown.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/daemon_disk.h"
#include "http/client.h"
#include "networks/compute/agent/daemon.h"
#include "networks/compute/agent/market.h"
#include "networks/compute/agent/workload/manager.h"

namespace tp::cli {
namespace {

namespace json = boost::json;
using compute::provider::Beacon;
using compute::provider::Daemon;
using compute::provider::DaemonOptions;
using compute::provider::is_away;
using compute::provider::Settings;

struct ProviderOptions {
  std::string wallet;  // folder of client.toml and keys
  // Each overrides provider.toml where it is given.
  std::string listen;
  std::string ingress;
  std::string host_uri;
  std::string ingress_domain;
  std::vector<std::string> attributes;
  std::string node;  // of join
  bool data = false;
};

constexpr Duration kRetry = Duration::seconds(1);

// The provider's folder: --home, or "provider" beside the wallet.
std::string home_of(const GlobalOptions& global) {
  const std::string home = global.home == default_home() ? global.home + "/provider" : global.home;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(home)).string();
}

std::string settings_path(const std::string& home) {
  return home + "/provider.toml";
}

Result<Settings> load_settings(Disk& disk, const std::string& home,
                               const ProviderOptions& options) {
  Settings settings;
  if (const std::string path = settings_path(home); disk.exists(path))
    TRY_VOID(declare(settings).load(disk, path));
  if (!options.listen.empty()) settings.listen = options.listen;
  if (!options.ingress.empty()) settings.ingress_listen = options.ingress;
  if (!options.host_uri.empty()) settings.host_uri = options.host_uri;
  if (!options.ingress_domain.empty()) settings.ingress_domain = options.ingress_domain;
  if (!options.attributes.empty()) settings.attributes = options.attributes;
  return settings;
}

Result<LogLevel> parse_log_level(const std::string& text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
  return fail(CliError::kUsage, "log_level \"" + text + "\" is not debug, info, warning or error");
}

// Waits for the node: containers are supervised meanwhile.
Result<client::Wallet*> wait_for_wallet(Session& session, agent::Shutdown& shutdown) {
  bool told = false;
  while (true) {
    auto wallet = session.wallet();
    Result<void> answers;
    if (wallet) {
      TRY(client::RpcClient * rpc, session.rpc());
      const auto status = rpc->status();
      if (!status) answers = std::unexpected(status.error());
    }
    if (wallet && answers) return wallet;
    const Error& error = wallet ? answers.error() : wallet.error();
    if (!is_away(error)) return std::unexpected(error);
    if (!told) log_warning("provider", "waiting for the node: " + error.text);
    told = true;
    if (shutdown.wait_for(kRetry)) return nullptr;
  }
}

Result<void> run_provider(const GlobalOptions& global, const ProviderOptions& options) {
  const std::string home = home_of(global);
  DaemonDisk daemon_disk;
  TRY_VOID(daemon_disk.open(home));
  Disk& disk = daemon_disk.get();
  SystemClock clock;
  TRY(Settings settings, load_settings(disk, home, options));
  TRY(const LogLevel log_level, parse_log_level(settings.log_level));
  set_log_level(log_level);
  agent::raise_open_file_limit();
  agent::Shutdown shutdown;  // before any thread starts

  GlobalOptions wallet_options = global;
  wallet_options.home = options.wallet.empty() ? default_home() : options.wallet;
  if (!options.node.empty()) wallet_options.node = options.node;
  TRY(const auto session, Session::open(wallet_options));
  TRY(const auto daemon,
      Daemon::open(DaemonOptions{.home = home, .version = TURNPIKE_VERSION, .settings = settings},
                   disk, clock));
  while (true) {
    TRY(client::Wallet * wallet, wait_for_wallet(*session, shutdown));
    if (wallet == nullptr) return {};
    TRY(client::RpcClient * rpc, session->rpc());
    const Result<void> ended = daemon->run({.rpc = *rpc,
                                            .wallet = *wallet,
                                            .url = session->config().node,
                                            .http = session->http_options()},
                                           shutdown);
    if (ended || !is_away(ended.error())) return ended;
  }
}

Result<void> show_status(const GlobalOptions& global, const ProviderOptions&) {
  SystemDisk disk;
  const std::string home = home_of(global);
  const auto beacon = compute::provider::read_beacon(disk, home);
  if (!beacon) return fail(CliError::kFailed, "no provider has run on " + home + " yet");
  TRY(auto client, http::Client::to("https://" + beacon->listen,
                                    {.timeout = Duration::seconds(10),
                                     .pinned_sha256_hex = beacon->certificate_sha256}));
  const auto health = client.get("/healthz");
  if (!health)
    return fail(CliError::kFailed,
                "the provider of " + home + " does not run: " + health.error().text);
  TRY(const auto status, client.get("/status"));
  boost::system::error_code error;
  const json::value health_json = json::parse(health->body, error);
  const json::value status_json = json::parse(status.body, error);
  if (error || !health_json.is_object() || !status_json.is_object())
    return fail(CliError::kFailed, beacon->listen + " is not a provider's gateway");
  const auto flag = [&](std::string_view name, std::string_view yes, std::string_view no) {
    const json::value* found = health_json.get_object().if_contains(name);
    return std::string(found != nullptr && found->is_bool() && found->get_bool() ? yes : no);
  };
  const auto text = [&](std::string_view pointer) {
    boost::system::error_code ignored;
    const json::value* found = status_json.find_pointer(pointer, ignored);
    return found == nullptr     ? std::string("?")
           : found->is_string() ? std::string(found->get_string())
                                : json::serialize(*found);
  };
  print(global,
        text("/address") + "\n  " + flag("registered", "registered", "not registered") + ", " +
            flag("ingress", "ingress answers", "ingress does not answer") + ", " +
            flag("bidding", "bidding", "not bidding") + "\n  leases " + text("/cluster/leases") +
            ", open bids " + text("/bidengine/orders") + "\n  free " +
            text("/cluster/inventory/available"),
        json::serialize(json::object{{"health", health_json}, {"status", status_json}}));
  if (health->status != 200) {
    const json::value* trouble = health_json.get_object().if_contains("trouble");
    return fail(CliError::kFailed,
                "the provider is not ready" +
                    (trouble != nullptr && trouble->is_string() && !trouble->get_string().empty()
                         ? ": " + std::string(trouble->get_string())
                         : std::string()));
  }
  return {};
}

Result<void> purge_provider(const GlobalOptions& global, const ProviderOptions& options) {
  SystemDisk disk;
  const std::string home = home_of(global);
  TRY(const Settings settings, load_settings(disk, home, options));
  TRY(const auto config, compute::provider::workload_config(settings, home));
  compute::workload::SystemHost host;
  TRY_VOID(compute::workload::purge(config, host, disk, options.data));
  print(global, "nothing of the provider is left running", "{}");
  return {};
}

Result<void> init_provider(const GlobalOptions& global, const ProviderOptions& options) {
  SystemDisk disk;
  const std::string home = home_of(global);
  const std::string path = settings_path(home);
  if (disk.exists(path)) return fail(CliError::kUsage, path + " is there already");
  TRY(Settings settings, load_settings(disk, home, options));
  TRY_VOID(disk.make_directories(home));
  TRY_VOID(write_atomically(disk, path, declare(settings).documented()));
  print(global, "wrote " + path, json::serialize(json::object{{"settings", path}}));
  return {};
}

}  // namespace

void add_provider(Program& program) {
  CLI::App* provider = program.root.add_subcommand("provider", "Rent out this machine");
  provider->require_subcommand(1);
  const auto options = std::make_shared<ProviderOptions>();
  const auto command = [&program, provider, options](const char* name, const char* help,
                                                     auto action,
                                                     ClientUse use = ClientUse::kNone) {
    CLI::App* sub = provider->add_subcommand(name, help);
    sub->callback([&program, options, action, use] {
      program.client = use;
      program.action = [&program, options, action] { return action(program.options, *options); };
    });
    return sub;
  };
  const auto with_wallet = [options](CLI::App* sub) {
    sub->add_option("--wallet", options->wallet, "Folder of client.toml and keys");
    return sub;
  };
  const auto settable = [options](CLI::App* sub) {
    sub->add_option("--listen", options->listen, "Address and port of the gateway");
    sub->add_option("--ingress", options->ingress, "Address and port of HTTP by host name");
    sub->add_option("--ingress-domain", options->ingress_domain,
                    "Generated host names of services end in it");
    sub->add_option("--host-uri", options->host_uri, "https://... by which customers reach us");
    sub->add_option("--attribute", options->attributes, "A claim on chain, KEY=VALUE")
        ->allow_extra_args(false)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  settable(with_wallet(command("run", "Bid, and run what is leased, in the foreground (needs root)",
                               run_provider, ClientUse::kNodeAndKey)));
  CLI::App* join = with_wallet(
      command("join", "Run for the network of another node", run_provider, ClientUse::kNodeAndKey));
  join->add_option("url", options->node, "URL of the node's JSON-RPC")->required();
  settable(join);
  settable(command("init", "Write provider.toml with every setting explained", init_provider));
  command("status", "Show whether the provider is registered, reachable and bidding", show_status);
  command("purge",
          "Remove what this provider left running: containers, mounts, networks; volumes stay",
          purge_provider)
      ->add_flag("--data", options->data, "Remove images, volumes and the journal too");
}

}  // namespace tp::cli
