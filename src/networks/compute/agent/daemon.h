// The provider daemon: everything of this folder, put together, until it is told to stop.
#pragma once

#include <memory>
#include <string>

#include "agent/shutdown.h"
#include "base/clock.h"
#include "base/disk.h"
#include "client/rpc_client.h"
#include "client/wallet.h"
#include "networks/compute/agent/settings.h"

namespace tp::compute::provider {

struct DaemonOptions {
  std::string home{};     // absolute; this provider's own
  std::string version{};  // of this program
  Settings settings{};
};

// The chain, as this provider speaks to it. Everything must outlive Daemon::run.
struct Node {
  client::RpcClient& rpc;
  client::Wallet& wallet;
  std::string url{};  // of the RPC, for events
  client::HttpOptions http{};
};

class Daemon {
 public:
  // Takes the folder for itself, and begins to supervise what runs: that needs no chain.
  // `disk` and `clock` must outlive it. Errors: BaseError::kInUse when another process runs on
  // `home`; SettingsError; those of WorkloadManager::open.
  static Result<std::unique_ptr<Daemon>> open(DaemonOptions options, Disk& disk,
                                              const Clock& clock);
  ~Daemon();

  // Registers, bids and serves until `shutdown`. A node that goes away is waited for.
  // Errors: what cannot be cured by waiting.
  Result<void> run(const Node& node, agent::Shutdown& shutdown);

 private:
  struct State;
  explicit Daemon(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What a running provider leaves in its folder, so that `provider status` finds it.
struct Beacon {
  std::string listen{};
  std::string certificate_sha256{};
};
Result<Beacon> read_beacon(Disk& disk, const std::string& home);

}  // namespace tp::compute::provider
