// The configuration of one container (OCI runtime specification 1.0.2), and the command and
// environment that it starts with, by the rules of Kubernetes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "networks/compute/agent/workload/images.h"
#include "networks/compute/agent/workload/kernel.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

// What runs: `command` takes the place of the image's entrypoint and cmd, `args` that of its cmd;
// "$(NAME)" stands for the value of an environment variable, "$$(NAME)" for itself.
// Errors: kBadImage when nothing is left to run.
Result<std::vector<std::string>> arguments_of(const Service& service, const ImageConfig& image,
                                              const std::vector<std::string>& env);
// The image's variables, over them the service's, then AKASH_* and PATH where absent
// (specs/compute-market.md §3.4).
std::vector<std::string> environment_of(const LeaseWorkload& workload, const Service& service,
                                        const ImageConfig& image, const std::string& hostname);

struct BindMount {
  std::string source{};
  std::string destination{};
  bool read_only = false;
};

struct RamMount {
  std::string destination{};
  std::uint64_t bytes = 0;
};

struct ContainerSpec {
  std::string rootfs{};
  std::string hostname{};
  std::vector<std::string> arguments{};
  std::vector<std::string> env{};
  std::string directory{};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> more_gids{};
  IdRange ids{};
  std::string cgroup{};
  std::uint64_t cpu_milli = 0;
  std::uint64_t memory_bytes = 0;  // all of it, ram volumes included
  bool limit_swap = true;
  std::uint32_t pids_max = 0;
  std::uint64_t open_files_max = 0;
  std::vector<BindMount> binds{};
  std::vector<RamMount> ram{};
};

std::string oci_config(const ContainerSpec& spec);  // JSON

}  // namespace tp::compute::workload
