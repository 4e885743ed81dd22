// What must be right before anything runs: the configuration, the programs, the machine's name
// servers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "networks/compute/agent/workload/manager.h"
#include "networks/compute/agent/workload/network.h"

namespace tp::compute::workload {

std::string run_directory_of(const Config& config);
// How many processes and threads all leases together may have; a quarter stays for the machine.
std::uint64_t processes_for_leases(std::uint64_t pid_max, std::uint64_t threads_max);
Result<void> check_config(const Config& config);  // Errors: kBadSpec.
Result<void> check_programs();                    // Errors: kProgramMissing, naming all that are.
// The machine's own, without those that only it can reach.
std::vector<std::string> machine_name_servers();
Result<NetworkConfig> network_config(const Config& config);  // Errors: kBadSpec.

}  // namespace tp::compute::workload
