// What the client commands share: the home folder, client.toml, the keyring, the connection to the
// node.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/config.h"
#include "base/address.h"
#include "base/disk.h"
#include "client/rpc_client.h"
#include "client/wallet.h"
#include "crypto/keyring.h"

namespace tp::cli {

struct GlobalOptions {
  std::string home;   // folder of client.toml and keys
  bool json = false;  // answers for programs
  std::string node;   // overrides client.toml
  std::string key;    // overrides client.toml
};

// client.toml; every member may be absent.
struct ClientConfig {
  std::string node = "http://127.0.0.1:26657";
  std::string node_ca;   // PEM file of who vouches for the node's certificate
  std::string chain_id;  // empty: whatever the node runs
  std::string key = "default";
  std::string prefix = "turn";  // of addresses, for commands that work without a node
  std::string passphrase_file;  // empty: ask on the terminal
  std::string gas_price = "0.025utoll";
  std::vector<std::string>
      denominations;                  // "uakt=utoll": how files for other networks are read here
  std::vector<std::string> auditors;  // "akash1...=turn1...": the same for whom they trust
};

// The keys of client.toml, reading into `client`, which must outlive the result.
agent::Config declare(ClientConfig& client);

// Reads client.toml where it exists, and applies the overrides of the command line.
// Errors: ConfigError::kInvalid.
Result<ClientConfig> load_client_config(Disk& disk, const GlobalOptions& options);

class Session {
 public:
  // Errors: as load_client_config.
  static Result<std::unique_ptr<Session>> open(const GlobalOptions& options);

  const ClientConfig& config() const { return config_; }
  const GlobalOptions& options() const { return options_; }
  SystemDisk& disk() { return disk_; }
  crypto::Keyring& keyring() { return keyring_; }

  // How the node is spoken to.
  client::HttpOptions http_options() const { return {.tls_ca_file = config_.node_ca}; }
  // Connects at first use. Errors: as RpcClient, and CliError::kFailed when the node runs another
  // chain than client.toml says.
  Result<client::RpcClient*> rpc();
  // The wallet of `name`, or of the configured key when empty. Asks for the passphrase at first
  // use.
  Result<client::Wallet*> wallet(const std::string& name = {});
  // An address as text, or the name of a key in the keyring.
  Result<Address> address(const std::string& text_or_key_name);
  std::string text(const Address& address) const;
  // From passphrase_file, or from the terminal without echo; `confirm` asks twice. Errors: kUsage
  // when there is neither.
  Result<crypto::SecretBytes> passphrase(bool confirm);

 private:
  explicit Session(GlobalOptions options, ClientConfig config);

  GlobalOptions options_;
  ClientConfig config_;
  SystemDisk disk_;
  crypto::SystemRandom random_;
  crypto::Keyring keyring_;
  std::optional<client::RpcClient> rpc_;
  std::map<std::string, std::unique_ptr<client::Wallet>> wallets_;
};

// ~/.turnpike, or $TURNPIKE_HOME.
std::string default_home();
// client.toml of the folder that --home names.
std::string client_settings_path(const GlobalOptions& options);

// Prints `json` when options.json is set, else `text`, and a newline.
void print(const GlobalOptions& options, const std::string& text, const std::string& json);

}  // namespace tp::cli
