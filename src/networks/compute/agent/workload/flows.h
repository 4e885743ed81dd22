// The flows that the machine's connection tracking remembers. A rule of the firewall decides about
// the first packet of a flow only; the rest follows the entry, for as long as somebody sends. So
// whoever takes a way back, or gives an address to somebody else, must have its entries forgotten.
#pragma once

#include <cstdint>

#include "base/function_ref.h"
#include "base/result.h"
#include "networks/compute/agent/workload/ipv4.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

// One entry of IPv4.
struct Flow {
  std::uint8_t protocol = 0;  // IPPROTO_TCP, IPPROTO_UDP, ...
  Ipv4 from{};                // who began it
  Ipv4 to{};  // and whom he asked: an address of this machine, where it is published
  std::uint16_t to_port = 0;  // 0 where the protocol has none
  Ipv4 answered_by{};         // who really answers
};

class Flows {
 public:
  virtual ~Flows() = default;
  // Forgets all entries for which `which` is true. Cost: reads the whole table. Thread-safe.
  // Errors: kUnsupported (a kernel without nf_conntrack_netlink), kProgramFailed.
  virtual Result<void> forget(FunctionRef<bool(const Flow&)> which) = 0;
};

// Those of this network namespace; needs CAP_NET_ADMIN.
class KernelFlows final : public Flows {
 public:
  Result<void> forget(FunctionRef<bool(const Flow&)> which) override;
};

}  // namespace tp::compute::workload
