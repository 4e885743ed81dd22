// Ports of the machine that lead into leases, held so that no other program takes them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

// Each port is bound on every published address, and never listened on: nftables takes its packets
// first.
class PortHolder {
 public:
  PortHolder(std::vector<std::string> addresses, std::uint16_t first, std::uint16_t last);
  ~PortHolder();
  PortHolder(const PortHolder&) = delete;
  PortHolder& operator=(const PortHolder&) = delete;

  // `wanted` = 0: any free one of the range. Holding a port twice is kPortTaken. Errors:
  // kPortTaken.
  Result<std::uint16_t> take(Protocol protocol, std::uint16_t wanted);
  void release(Protocol protocol, std::uint16_t port);
  // Whether the port is held; takes it when it has become free meanwhile. Errors: kPortTaken.
  Result<void> holds(Protocol protocol, std::uint16_t port);

 private:
  Result<std::vector<int>> bind_all(Protocol protocol, std::uint16_t port) const;

  std::vector<std::string> addresses_;
  std::uint16_t first_;
  std::uint16_t last_;
  std::mutex mutex_;
  std::map<std::pair<Protocol, std::uint16_t>, std::vector<int>> held_;
};

}  // namespace tp::compute::workload
