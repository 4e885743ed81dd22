#include "cli/node_home.h"

namespace tp::cli {

agent::Config declare(NodeConfig& config) {
  agent::Config out(
      "Settings of a Turnpike node. Every key with its default; unknown keys are refused.");
  out.text("moniker", &config.moniker, "Name of this node, shown to others");
  out.text("log_level", &config.log_level, "debug, info, warning or error");
  out.text("rpc.listen", &config.rpc_listen,
           "Address and port of the JSON-RPC; loopback unless you mean to serve others");
  out.number("rpc.threads", &config.rpc_threads, 1, 64, "Threads that answer requests");
  out.boolean("rpc.cors", &config.rpc_cors, "Whether pages of any origin may ask");
  out.duration("blocks.idle_interval", &config.idle_interval,
               "An empty block after so long without a transaction; 10ms to half of the chain's "
               "billable_gap_max (1m, unless genesis says otherwise)");
  out.duration(
      "blocks.fixed_interval", &config.fixed_interval,
      "Blocks at this distance whatever waits, within the same bounds; 0s makes one as soon as a "
      "transaction waits");
  out.duration("blocks.prove_after", &config.prove_after,
               "An empty block so long after a change, so that the newest state can be proven");
  out.number("state.cache_mib", &config.cache_mib, 1, 1 << 20,
             "Memory for values that live on disk");
  out.number("state.versions_mib", &config.versions_mib, 1, 1 << 20,
             "Memory for past versions of the state");
  out.duration("state.versions_for", &config.versions_for, "How long past versions answer queries");
  out.boolean("state.check_invariants", &config.check_invariants,
              "Check after every block that no unit was made or lost; slow on a large state");
  return out;
}

Result<void> check_intervals(const NodeConfig& config, Duration billable_gap_max) {
  constexpr Duration kLeast = Duration::milliseconds(10);
  const Duration most{billable_gap_max.nanoseconds / 2};
  const auto check = [&](const std::string& key, Duration interval) -> Result<void> {
    if (interval < kLeast)
      return fail(agent::ConfigError::kInvalid, "node.toml: " + key + ": " +
                                                    agent::to_text(interval) + " is below " +
                                                    agent::to_text(kLeast));
    if (interval > most)
      return fail(agent::ConfigError::kInvalid,
                  "node.toml: " + key + ": " + agent::to_text(interval) + " is above " +
                      agent::to_text(most) + ", half of this chain's billable_gap_max of " +
                      agent::to_text(billable_gap_max) +
                      "; time beyond that between two blocks is billed to nobody");
    return {};
  };
  TRY_VOID(check("blocks.idle_interval", config.idle_interval));
  if (config.fixed_interval == Duration{0}) return {};
  return check("blocks.fixed_interval", config.fixed_interval);
}

}  // namespace tp::cli
