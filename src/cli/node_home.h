// The folder of a node, and its settings.
#pragma once

#include <cstdint>
#include <string>

#include "agent/config.h"
#include "base/time.h"

namespace tp::cli {

struct NodeHome {
  std::string path;

  std::string config() const { return path + "/config"; }
  std::string settings() const { return config() + "/node.toml"; }
  std::string genesis() const { return config() + "/genesis.json"; }
  std::string validator_key() const { return config() + "/priv_validator_key.json"; }
  std::string node_key() const { return config() + "/node_key.json"; }
  std::string state() const { return path + "/data/state"; }
  std::string blocks() const { return path + "/data/blocks"; }
  std::string index() const { return path + "/data/index"; }
};

// node.toml.
struct NodeConfig {
  std::string moniker = "turnpike";
  std::string rpc_listen = "127.0.0.1:26657";
  std::uint64_t rpc_threads = 2;
  bool rpc_cors = true;
  Duration idle_interval = Duration::seconds(5);
  Duration fixed_interval = Duration{0};
  Duration prove_after = Duration::milliseconds(100);
  std::uint64_t cache_mib = 256;
  std::uint64_t versions_mib = 256;
  Duration versions_for = Duration::minutes(10);
  bool check_invariants = false;
  std::string log_level = "info";
};

// The keys of node.toml, reading into `config`, which must outlive the result.
agent::Config declare(NodeConfig& config);

// Whether blocks come often enough to be paid for: time between two blocks beyond
// `billable_gap_max`, which genesis fixes, is billed to nobody (chain/params.h), so that a longer
// interval would make every lease cheaper without a word. Half of it leaves room for a block that
// comes late. And not so often that empty blocks are all that a node does. Errors:
// ConfigError::kInvalid, naming the key and both numbers.
Result<void> check_intervals(const NodeConfig& config, Duration billable_gap_max);

}  // namespace tp::cli
