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
               "An empty block after so long without a transaction");
  out.duration(
      "blocks.fixed_interval", &config.fixed_interval,
      "Blocks at this distance whatever waits; 0s makes one as soon as a transaction waits");
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

}  // namespace tp::cli
