#include "cli/session.h"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/command.h"
#include "crypto/address.h"

namespace tp::cli {
namespace {

// Reads one line from the terminal without showing it.
Result<crypto::SecretBytes> ask_secret(const std::string& question) {
  if (isatty(STDIN_FILENO) == 0)
    return fail(CliError::kUsage,
                "a passphrase is needed, and there is no terminal to ask on; set passphrase_file "
                "in client.toml");
  std::cerr << question << std::flush;
  termios shown{};
  tcgetattr(STDIN_FILENO, &shown);
  termios hidden = shown;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  std::string line;
  std::getline(std::cin, line);
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
  std::cerr << "\n";
  crypto::SecretBytes secret(line);
  crypto::wipe(line.data(), line.size());
  return secret;
}

Result<DecCoin> parse_dec_coin(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  TRY(const Decimal amount, Decimal::parse(text.substr(0, digits)));
  TRY(Denom denom, Denom::parse(text.substr(digits)));
  return DecCoin{std::move(denom), amount};
}

}  // namespace

std::string default_home() {
  if (const char* home = std::getenv("TURNPIKE_HOME"); home != nullptr && *home != '\0')
    return home;
  const char* user = std::getenv("HOME");
  return std::string(user == nullptr ? "." : user) + "/.turnpike";
}

std::string client_settings_path(const GlobalOptions& options) {
  return options.home + "/client.toml";
}

void print(const GlobalOptions& options, const std::string& text, const std::string& json) {
  std::cout << (options.json ? json : text) << "\n";
}

agent::Config declare(ClientConfig& client) {
  agent::Config config(
      "Settings of the client commands. Every key with its default; unknown keys are refused.");
  config.text("node", &client.node, "URL of a node's JSON-RPC");
  config.text("node_ca", &client.node_ca,
              "PEM file of the authority that vouches for the node's certificate; empty: those of "
              "the system");
  config.text("chain_id", &client.chain_id,
              "the chain that this wallet is for; empty: whichever the node runs");
  config.text("key", &client.key, "the key that signs, unless --key names another");
  config.text("prefix", &client.prefix, "of addresses, for commands that work without a node");
  config.text("passphrase_file", &client.passphrase_file,
              "a file that holds the passphrase of the keys; empty: ask");
  config.text("gas_price", &client.gas_price, "offered for one unit of gas");
  config.texts(
      "denominations", &client.denominations,
      "how prices in other networks' files are read here, as \"uakt=utoll\"; printed when used");
  config.texts(
      "auditors", &client.auditors,
      "who stands here for the auditors of such files, as \"akash1...=turn1...\" or the name "
      "of a key; printed when used");
  return config;
}

Result<ClientConfig> load_client_config(Disk& disk, const GlobalOptions& options) {
  ClientConfig client;
  if (const std::string path = client_settings_path(options); disk.exists(path))
    TRY_VOID(declare(client).load(disk, path));
  if (!options.node.empty()) client.node = options.node;
  if (!options.key.empty()) client.key = options.key;
  return client;
}

Session::Session(GlobalOptions options, ClientConfig config)
    : options_(std::move(options)),
      config_(std::move(config)),
      keyring_(disk_, random_, options_.home + "/keys") {}

Result<std::unique_ptr<Session>> Session::open(const GlobalOptions& options) {
  SystemDisk disk;
  TRY(ClientConfig config, load_client_config(disk, options));
  return std::unique_ptr<Session>(new Session(options, std::move(config)));
}

Result<client::RpcClient*> Session::rpc() {
  if (rpc_) return &*rpc_;
  TRY(client::RpcClient rpc, client::RpcClient::make(config_.node, http_options()));
  if (!config_.chain_id.empty()) {
    TRY(const client::NodeStatus status, rpc.status());
    if (status.chain_id != config_.chain_id)
      return fail(CliError::kFailed, config_.node + " runs chain " + status.chain_id +
                                         ", and client.toml is for " + config_.chain_id);
  }
  rpc_.emplace(std::move(rpc));
  return &*rpc_;
}

Result<client::Wallet*> Session::wallet(const std::string& name) {
  const std::string key_name = name.empty() ? config_.key : name;
  if (const auto found = wallets_.find(key_name); found != wallets_.end())
    return found->second.get();
  TRY(client::RpcClient * rpc_client, rpc());
  TRY(DecCoin gas_price, parse_dec_coin(config_.gas_price));
  TRY(const crypto::SecretBytes secret, passphrase(false));
  TRY(crypto::Secp256k1PrivateKey key, keyring_.unlock_secp256k1(key_name, secret.view()));
  auto wallet = std::make_unique<client::Wallet>(
      *rpc_client, std::move(key),
      client::WalletOptions{.hrp = config_.prefix, .gas_price = std::move(gas_price)});
  return wallets_.emplace(key_name, std::move(wallet)).first->second.get();
}

Result<Address> Session::address(const std::string& text_or_key_name) {
  if (const auto parsed = crypto::parse_address(text_or_key_name, config_.prefix)) return *parsed;
  const auto info = keyring_.info(text_or_key_name);
  if (!info)
    return fail(CliError::kUsage, "\"" + text_or_key_name +
                                      "\" is neither an address that begins with " +
                                      config_.prefix + "1 nor the name of a key");
  return info->address;
}

std::string Session::text(const Address& address) const {
  return crypto::address_text(config_.prefix, address);
}

Result<crypto::SecretBytes> Session::passphrase(bool confirm) {
  if (!config_.passphrase_file.empty()) {
    TRY(Bytes text, disk_.read(config_.passphrase_file));
    BytesView line(text);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    crypto::SecretBytes secret(line);
    crypto::wipe(text.data(), text.size());
    if (secret.size() == 0) return fail(CliError::kUsage, config_.passphrase_file + " is empty");
    return secret;
  }
  TRY(crypto::SecretBytes secret, ask_secret("Passphrase: "));
  if (confirm) {
    TRY(const crypto::SecretBytes again, ask_secret("Again: "));
    if (again.view() != secret.view()) return fail(CliError::kUsage, "the two passphrases differ");
    if (secret.size() < 8) return fail(CliError::kUsage, "a passphrase needs 8 characters");
  }
  return secret;
}

}  // namespace tp::cli
