// turnpike init: the folder of a new node: keys, genesis file, settings.
#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdlib>
#include <filesystem>

#include "app/app.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/node_home.h"
#include "crypto/address.h"
#include "engine/comet_types/genesis.h"
#include "engine/comet_types/keys.h"

namespace tp::cli {
namespace {

namespace json = boost::json;

// A block of so much gas is executed in under a second (src/app/app_bench.cpp: a transfer of 60,000
// gas takes about 25 us on one core of 2020s servers).
constexpr std::int64_t kBlockMaxGas = 2'000'000'000;

struct InitOptions {
  std::string chain_id;
  std::string prefix = "turn";
  std::string fee_denom = "utoll";
  std::string tick = "6s";
  std::string min_gas_price = "0";
  std::string moniker = "turnpike";
  std::vector<std::string> accounts;    // ADDRESS=COINS
  std::vector<std::string> foundation;  // addresses
};

Result<Coins> parse_coins(std::string_view text) {
  Coins coins;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    TRY(Coin coin, Coin::parse(item));
    coins.push_back(std::move(coin));
  }
  std::sort(coins.begin(), coins.end());
  if (coins.empty() || !is_canonical(coins))
    return fail(CliError::kUsage, "coins need amounts above zero and no denomination twice");
  return coins;
}

Result<json::array> balances_of(const InitOptions& options) {
  json::array balances;
  for (const std::string& account : options.accounts) {
    const std::size_t equals = account.find('=');
    if (equals == std::string::npos)
      return fail(CliError::kUsage,
                  "--account " + account + ": expected ADDRESS=COINS, such as turn1...=1000utoll");
    const std::string address = account.substr(0, equals);
    if (const auto parsed = crypto::parse_address(address, options.prefix); !parsed)
      return fail(CliError::kUsage, "--account " + address + ": " + parsed.error().text);
    const auto coins = parse_coins(std::string_view(account).substr(equals + 1));
    if (!coins) return fail(CliError::kUsage, "--account " + account + ": " + coins.error().text);
    json::array list;
    for (const Coin& coin : *coins)
      list.push_back(
          json::object{{"denom", coin.denom.text()}, {"amount", coin.amount.to_string()}});
    balances.push_back(json::object{{"address", address}, {"coins", std::move(list)}});
  }
  return balances;
}

// The display denomination of micro-units: "utoll" is a millionth of "toll".
json::object denom_metadata(const std::string& base) {
  const bool micro = base.size() > 3 && base.front() == 'u';
  std::string symbol = micro ? base.substr(1) : base;
  for (char& c : symbol) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return {{"base", base},
          {"display", micro ? base.substr(1) : base},
          {"exponent", micro ? 6 : 0},
          {"name", symbol},
          {"symbol", symbol}};
}

Result<std::string> app_state_of(const InitOptions& options) {
  TRY(json::array balances, balances_of(options));
  json::array foundation;
  for (const std::string& address : options.foundation) foundation.emplace_back(address);
  const json::object state{
      {"chain", json::object{{"prefix", options.prefix},
                             {"fee_denom", options.fee_denom},
                             {"tick", options.tick},
                             {"min_gas_price", options.min_gas_price}}},
      {"bank", json::object{{"balances", std::move(balances)},
                            {"foundation", std::move(foundation)},
                            {"denoms", json::array{denom_metadata(options.fee_denom)}}}}};
  return std::string(json::serialize(state));
}

// A folder that is gone when the object is.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "turnpike-init-XXXXXX";
    if (const char* made = mkdtemp(pattern.data())) path_ = made;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }  // empty: it could not be made

 private:
  std::string path_;
};

// Reads the genesis as the node will, on a state that is thrown away: what it would refuse is said
// before anything is written.
Result<void> try_out(const std::string& chain_id, const std::string& app_state) {
  const ScratchFolder folder;
  if (folder.path().empty())
    return fail(CliError::kFailed, "no folder can be made in " +
                                       std::filesystem::temp_directory_path().string() +
                                       " to try the chain out");
  SystemDisk disk;
  SystemClock clock;
  InlineExecutor executor;
  TRY(const auto app,
      app::App::open({.directory = folder.path()}, disk, clock, executor, executor));
  const auto begun =
      app->machine().init({.time = clock.now(), .chain_id = chain_id, .app_state_json = app_state});
  if (!begun)
    return fail(CliError::kUsage, "no chain could start with this: " + begun.error().text);
  return {};
}

Result<void> init(const GlobalOptions& global, const InitOptions& options) {
  SystemDisk disk;
  SystemClock clock;
  crypto::SystemRandom random;
  const NodeHome home{global.home};
  if (disk.exists(home.genesis()))
    return fail(CliError::kUsage,
                home.genesis() + " exists already; remove " + global.home + " to start over");
  TRY(std::string app_state, app_state_of(options));
  TRY_VOID(try_out(options.chain_id, app_state));
  TRY_VOID(disk.make_directories(home.config()));
  TRY(const auto key, comet_types::load_or_make_validator_key(disk, home.validator_key(), random));
  TRY_VOID(comet_types::load_or_make_node_key(disk, home.node_key(), random));

  comet_types::Genesis genesis;
  genesis.time = clock.now();
  genesis.chain_id = options.chain_id;
  comet_types::GenesisValidator validator;
  validator.validator.public_key = key.public_key();
  validator.validator.power = 10;
  validator.name = options.moniker;
  genesis.validators.push_back(std::move(validator));
  genesis.params.block_max_gas = kBlockMaxGas;
  genesis.app_state_json = std::move(app_state);

  NodeConfig config;
  config.moniker = options.moniker;
  TRY_VOID(write_atomically(disk, home.settings(), declare(config).documented()));
  TRY_VOID(write_atomically(disk, home.genesis(), comet_types::write_genesis(genesis)));
  print(global,
        "chain " + options.chain_id + " is ready in " + global.home +
            "; start it with: turnpike node --home " + global.home,
        json::serialize(json::object{{"chain_id", options.chain_id}, {"home", global.home}}));
  return {};
}

}  // namespace

void add_init(Program& program) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App* command = program.root.add_subcommand(
      "init", "Make the folder of a new chain: keys, genesis file, settings");
  command->add_option("--chain-id", options->chain_id, "Name of the chain, such as mynet-1")
      ->required();
  command->add_option("--prefix", options->prefix, "What addresses begin with");
  command->add_option("--fee-denom", options->fee_denom, "The denomination that pays fees");
  command->add_option("--tick", options->tick, "The time that prices are per, in seconds");
  command->add_option("--min-gas-price", options->min_gas_price,
                      "In the fee denomination, for one unit of gas");
  command->add_option("--moniker", options->moniker, "Name of this node");
  command->add_option("--account", options->accounts,
                      "ADDRESS=COINS that exist from the start; may be given often");
  command->add_option("--foundation", options->foundation,
                      "An address whose spending is never counted as demand");
  command->callback([&program, options] {
    program.action = [&program, options] { return init(program.options, *options); };
  });
}

}  // namespace tp::cli
