// turnpike node: the sequencer, its application, the index and the public port, until told to stop.
#include <boost/json.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "agent/file_limit.h"
#include "agent/shutdown.h"
#include "app/app.h"
#include "base/log.h"
#include "base/text.h"
#include "chain/params_json.h"
#include "cli/command.h"
#include "cli/daemon_disk.h"
#include "cli/node_home.h"
#include "crypto/sha.h"
#include "engine/comet_types/keys.h"
#include "engine/solo/sequencer.h"
#include "index/index.h"
#include "rpc/server.h"

namespace tp::cli {
namespace {

struct NodeOptions {
  std::string listen;  // overrides node.toml
};

struct Listen {
  std::string address;
  std::uint16_t port;
};

Result<Listen> parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = parse_int<std::uint16_t>(
      colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1));
  if (!port)
    return fail(CliError::kUsage,
                "\"" + text + "\" is not an address and port such as 127.0.0.1:26657");
  return Listen{text.substr(0, colon), *port};
}

Result<LogLevel> parse_log_level(const std::string& text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warning") return LogLevel::kWarning;
  if (text == "error") return LogLevel::kError;
  return fail(CliError::kUsage, "log_level \"" + text + "\" is not debug, info, warning or error");
}

solo::BlockPolicy policy_of(const NodeConfig& config) {
  solo::BlockPolicy policy;
  if (config.fixed_interval > Duration{0}) policy.fixed_interval = config.fixed_interval;
  policy.idle_interval = config.idle_interval;
  policy.prove_after = config.prove_after;
  return policy;
}

// Every node that scripts/test starts does, whatever its settings say (tests/README.md).
bool checks_invariants(const NodeConfig& config) {
  return config.check_invariants || std::getenv("TURNPIKE_TEST_INVARIANTS") != nullptr;
}

// What genesis fixed, also before the chain's first block.
Result<Duration> billable_gap_max(app::App& app, const comet_types::Genesis& genesis) {
  if (app.machine().info().committed_height > Height{0}) return app.params().billable_gap_max;
  boost::system::error_code error;
  const boost::json::value app_state = boost::json::parse(genesis.app_state_json, error);
  if (error || !app_state.is_object())
    return fail(CliError::kUsage, "genesis.json: app_state is no JSON object");
  TRY(const chain::ChainParams params, chain::read_chain_params(app_state, genesis.chain_id));
  return params.billable_gap_max;
}

// After a crash the index reads again what it had not written. Mostly that is little, and a search
// finds at once what it found before. Where it is much, what does not need the index goes on
// meanwhile, and searches for what is missing say so.
void expect_of_index(index::Index& index, Height height) {
  index.expect(height);
  if (index.wait_for(height, Duration::milliseconds(200))) return;
  log_warning("node", "the index stands at height " + std::to_string(index.indexed_height().value) +
                          " of " + std::to_string(height.value) +
                          "; until it is there, searches beyond fail and say so");
}

Result<void> run_node(const GlobalOptions& global, const NodeOptions& options) {
  DaemonDisk daemon_disk;
  TRY_VOID(daemon_disk.open(global.home));
  Disk& disk = daemon_disk.get();
  SystemClock clock;
  crypto::SystemRandom random;
  const NodeHome home{global.home};
  if (!disk.exists(home.genesis()))
    return fail(CliError::kUsage, "there is no chain in " + global.home +
                                      "; make one with: turnpike init --chain-id NAME --home " +
                                      global.home);
  NodeConfig config;
  TRY_VOID(declare(config).load(disk, home.settings()));
  if (!options.listen.empty()) config.rpc_listen = options.listen;
  TRY(const Listen listen, parse_listen(config.rpc_listen));
  TRY(const LogLevel log_level, parse_log_level(config.log_level));
  set_log_level(log_level);
  agent::raise_open_file_limit();
  agent::Shutdown shutdown;  // before any thread starts

  TRY(const Bytes genesis_json, disk.read(home.genesis()));
  TRY(auto genesis, comet_types::parse_genesis(genesis_json, comet_types::AppState::kLeftOut));
  const Hash256 genesis_hash = crypto::sha256(genesis_json);
  TRY(auto validator_key,
      comet_types::load_or_make_validator_key(disk, home.validator_key(), random));
  TRY(const auto node_key, comet_types::load_or_make_node_key(disk, home.node_key(), random));

  ThreadExecutor compute(std::max(1u, std::thread::hardware_concurrency()) - 1);
  ThreadExecutor background(1);
  for (const std::string& directory : {home.state(), home.blocks(), home.index()})
    TRY_VOID(disk.make_directories(directory));
  log_info("node", "opening the state in " + home.state());
  if (checks_invariants(config)) log_info("node", "invariants are checked after every block");
  TRY(const auto app, app::App::open({.directory = home.state(),
                                      .check_invariants = checks_invariants(config),
                                      .cold_cache_bytes = config.cache_mib << 20,
                                      .retain_for = config.versions_for,
                                      .retain_bytes = config.versions_mib << 20,
                                      .last_block =
                                          [&](Height state) {
                                            return solo::last_stored_block(
                                                {.directory = home.blocks(),
                                                 .chain_id = genesis.chain_id,
                                                 .genesis_hash = genesis_hash,
                                                 .safe = state},
                                                disk);
                                          }},
                                     disk, clock, compute, background));
  if (app->machine().info().committed_height < genesis.initial_height)  // not begun yet
    TRY_TO(genesis, comet_types::parse_genesis(genesis_json));
  TRY(const Duration gap_max, billable_gap_max(*app, genesis));
  TRY_VOID(check_intervals(config, gap_max));
  TRY(const auto index, index::Index::open(disk, home.index(), genesis.chain_id));
  TRY(const auto sequencer,
      solo::Sequencer::start({.directory = home.blocks(),
                              .policy = policy_of(config),
                              .on_halt = [&shutdown](const Error& error) { shutdown.fail(error); }},
                             app->machine(), std::move(genesis), genesis_hash,
                             std::move(validator_key), disk, clock, {index.get()}));
  expect_of_index(*index, sequencer->feed().latest()->height());
  rpc::ServerOptions rpc_options;
  rpc_options.http = {.address = listen.address,
                      .port = listen.port,
                      .threads = config.rpc_threads,
                      .cors = config.rpc_cors};
  TRY(auto rpc, rpc::Server::start(rpc_options, {app->machine(), *sequencer, *index, genesis_json},
                                   {.node_id = comet_types::node_id(node_key.public_key()),
                                    .moniker = config.moniker,
                                    .rpc_address = "tcp://" + config.rpc_listen,
                                    .app_version = TURNPIKE_VERSION}));
  log_info("node", "chain " + sequencer->genesis().chain_id + " at height " +
                       std::to_string(sequencer->feed().latest()->height().value) +
                       ", RPC on http://" + config.rpc_listen);

  const Result<void> reason = shutdown.wait();
  log_info("node", "stopping");
  rpc.reset();
  TRY_VOID(sequencer->stop());
  return reason;
}

}  // namespace

void add_node(Program& program) {
  const auto options = std::make_shared<NodeOptions>();
  CLI::App* command = program.root.add_subcommand("node", "Run a node in the foreground");
  command->add_option("--listen", options->listen,
                      "Address and port of the JSON-RPC; overrides node.toml");
  command->callback([&program, options] {
    program.action = [&program, options] { return run_node(program.options, *options); };
  });
}

}  // namespace tp::cli
