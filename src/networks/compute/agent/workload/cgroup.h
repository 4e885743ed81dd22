// Control groups of both versions and of the mixed layout: finding them, counting and ending what
// runs in them. Limits are set by runc from the container's configuration.
//
// Groups are named by their path from the root of every hierarchy:
// "/tp-main/7-<hash>/7-<hash>.web.0".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "networks/compute/agent/workload/kernel.h"

namespace tp::compute::workload {

// 0: as it is.
struct GroupLimits {
  std::uint64_t memory_bytes = 0;
  std::uint64_t cpu_milli = 0;  // thousandths of a core
  std::uint64_t processes = 0;  // and threads
};

class Cgroups {
 public:
  // Reads the mounts. Errors: kUnsupported when memory, cpu or pids cannot be limited.
  static Result<Cgroups> find(const std::vector<Mount>& mounts);

  // Makes the group everywhere and returns the files through which a process enters it.
  Result<std::vector<std::string>> entrances(const std::string& group) const;
  // Makes the group everywhere and sets its limits, those of the groups below it together.
  // Errors: kProgramFailed.
  Result<void> limit(const std::string& group, const GroupLimits& limits) const;
  // All of the group and of the groups below it.
  std::vector<int> processes(const std::string& group) const;
  // How often the kernel killed something in the group because its memory was used up.
  std::uint64_t oom_kills(const std::string& group) const;
  // How often a new process was refused because the group has its limit of them.
  std::uint64_t refused_forks(const std::string& group) const;
  std::uint64_t memory_bytes(const std::string& group) const;
  std::uint64_t cpu_nanoseconds(const std::string& group) const;
  bool limits_swap() const { return limits_swap_; }
  // Names of the groups directly below.
  std::vector<std::string> children(const std::string& group) const;
  // Kills everything in the group and removes it, with the groups below it. False when some process
  // would not die within two seconds.
  bool destroy(const std::string& group) const;

 private:
  // One mounted hierarchy.
  struct Hierarchy {
    std::string directory;
    std::string controllers;  // of version 1: "cpu,cpuacct"; empty for version 2
    bool unified = false;
  };
  std::optional<std::string> directory_of(const std::string& controller) const;
  Result<void> set(const std::string& controller, const std::string& group, const std::string& file,
                   const std::string& value) const;

  std::vector<Hierarchy> hierarchies_;
  bool version_2_ = false;  // the controllers are in the unified hierarchy
  bool limits_swap_ = false;
};

}  // namespace tp::compute::workload
