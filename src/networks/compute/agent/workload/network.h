// The network of the leases: a bridge with a /24 per lease, a network namespace per replica, and
// one nftables table per provider that decides who reaches whom.
//
//   replica eth0 ── veth ── bridge tp-<tag>-<slot> ── machine ── internet (masqueraded)
//
// Replicas of one lease share its bridge. From a lease, nothing is reachable of other leases, of
// the machine, of private, shared and link-local ranges (so no metadata service), except name
// servers on port 53 and what is published. Into a lease leads only what was forwarded. IPv4 only.
//
// The whole table is computed from the leases and replaced in one transaction, so that it always
// says what the journal says. Forwarding needs no process of ours: it goes on while the provider is
// down.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "networks/compute/agent/workload/flows.h"
#include "networks/compute/agent/workload/host.h"
#include "networks/compute/agent/workload/ipv4.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

// A port of the machine and the replicas that answer it, in turn.
struct Forward {
  Protocol protocol = Protocol::kTcp;
  std::uint16_t machine_port = 0;
  std::uint16_t port = 0;
  std::vector<Ipv4> replicas{};

  bool operator==(const Forward&) const = default;
};

// Which lease network is whose. `slot` is one in 0..4095, and picks the /24 and the user ids.
struct LeaseNetwork {
  std::uint32_t slot = 0;
  std::vector<Forward> forwards{};

  bool operator==(const LeaseNetwork&) const = default;
};

// Where the machine itself serves. Address 0.0.0.0: on all of its addresses.
struct Listener {
  Ipv4 address{};
  std::uint16_t port = 0;

  bool operator==(const Listener&) const = default;
};

struct NetworkConfig {
  std::string instance{};
  Ipv4Range pool{};
  std::vector<Ipv4> name_servers{};
  std::vector<std::string> publish_addresses{};
  std::vector<Listener> ingress{};  // leases may reach it as anybody
};

// Names and numbers that follow from the configuration alone.
class NetworkNames {
 public:
  explicit NetworkNames(const NetworkConfig& config);

  const std::string& prefix() const { return prefix_; }  // of every interface: "tp-ab12-"
  const std::string& table() const { return table_; }    // "turnpike_main"
  std::string bridge(std::uint32_t slot) const;
  std::string veth(std::uint32_t slot, std::uint32_t host_number) const;
  std::uint32_t slots() const;
  Ipv4Range range(std::uint32_t slot) const;
  Ipv4 gateway(std::uint32_t slot) const;
  Ipv4 address(std::uint32_t slot, std::uint32_t host_number) const;  // 2..254

 private:
  std::string prefix_;
  std::string table_;
  Ipv4Range pool_;
};

// The table as nft reads it. `guard`: this machine forwarded nothing before us, and shall not begin
// to.
std::string nft_ruleset(const NetworkConfig& config, const std::vector<LeaseNetwork>& leases,
                        bool guard);

// What the machine routes already (its own and other providers' networks), from /proc/net/route.
std::vector<Ipv4Range> parse_routes(const std::string& proc_net_route);

class Network {
 public:
  // `host` and `flows` must outlive it.
  Network(Host& host, Flows& flows, NetworkConfig config, std::string run_directory);

  const NetworkNames& names() const { return names_; }
  // Turns forwarding on, and finds out whether flows can be forgotten. Until begin(), changes are
  // only noted, so that leases which already run are not cut off while the others are still to
  // come. Errors: kProgramFailed, kUnsupported.
  Result<void> open();
  Result<void> begin();
  // A slot whose /24 neither `taken` nor the machine uses. Errors: kNoSpace.
  Result<std::uint32_t> free_slot(const std::vector<std::uint32_t>& taken) const;

  // The lease's bridge, made when absent.
  Result<void> ensure_bridge(std::uint32_t slot);
  // Gives the (created, not yet started) container `pid` its interface, address and routes, and
  // lets each external port lead to the port that the program listens on.
  Result<void> connect(std::uint32_t slot, std::uint32_t host_number, int pid,
                       const std::vector<Expose>& exposes);
  Result<void> remove_bridge(std::uint32_t slot);

  // Makes the machine's table say what the lease forwards now; flows to a replica that a port no
  // longer leads to begin anew. Costs one nft call, none when nothing changed.
  Result<void> set_lease(const LeaseNetwork& lease);
  // Takes the lease out of the table, and forgets all flows from and to its addresses: after that,
  // they may be somebody else's.
  Result<void> forget_lease(std::uint32_t slot);
  // Tries again what could not be applied. Call now and then.
  Result<void> supervise();
  // Applies the table even if it seems unchanged, because someone may have flushed it.
  Result<void> apply();
  // Removes every interface and the table of this instance.
  Result<void> purge();

 private:
  Result<void> apply_locked();
  Result<void> forget_gone_locked();

  Host& host_;
  Flows& flows_;
  NetworkConfig config_;
  NetworkNames names_;
  std::string run_;
  std::mutex mutex_;
  bool gathering_ = true;
  bool dirty_ = true;  // the machine's table may say something else
  std::map<std::uint32_t, LeaseNetwork> leases_;
  std::vector<Forward> gone_;  // ways that no longer are, whose flows may still be there
};

}  // namespace tp::compute::workload
