// One replica on the machine: its disks, its root file system, its container under conmon, its
// network.
//
//   <run>/c/<id>/            config.json, hosts, pid, conmon.pid, conmon's pipes
//               lower/       the image, read-only, under the lease's user ids
//               disk/        the replica's writable disk (ext4, limited), holding upper and work
//               root/        both as one tree (overlay): what the container sees as /
//               vol-<name>/  each further volume
//   <run>/exits/<id>         the exit code, written by conmon
//   <data>/leases/<lease>/<replica>/  disk images and logs
//
// Everything but <data> can be lost (reboot) and is made again by create. A container restarts with
// a fresh writable disk; persistent volumes stay.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "networks/compute/agent/workload/cgroup.h"
#include "networks/compute/agent/workload/images.h"
#include "networks/compute/agent/workload/ingress.h"
#include "networks/compute/agent/workload/manager.h"
#include "networks/compute/agent/workload/network.h"
#include "networks/compute/agent/workload/ports.h"
#include "networks/compute/agent/workload/record.h"

namespace tp::compute::workload {

// What all leases of this provider share.
struct Machine {
  Config config{};
  std::string run{};
  std::string data{};
  bool map_ids = true;
  Host& host;
  Disk& disk;
  const Clock& clock;
  Cgroups cgroups;
  ImageStore& images;
  Network& network;
  Ingress& ingress;
  PortHolder& ports;
  // Makes a lease's record durable.
  std::function<Result<void>(const Record&)> save;

  std::string cgroup_root() const { return "/tp-" + config.instance; }
};

// Which replica, and every name that follows.
class ReplicaPlace {
 public:
  ReplicaPlace(const Machine& machine, const LeaseKey& key, const std::string& service,
               std::uint32_t index);

  const std::string& id() const { return id_; }
  std::string bundle() const { return run_ + "/c/" + id_; }
  std::string exit_file() const { return run_ + "/exits/" + id_; }
  std::string cgroup() const { return cgroup_root_ + "/" + group_of(id_); }
  std::string lease_cgroup() const { return cgroup_root_ + "/" + lease_part(id_); }
  std::string data() const { return data_; }
  std::string log() const { return data_ + "/log"; }
  std::string hostname() const { return hostname_; }

 private:
  std::string id_;
  std::string run_;
  std::string data_;
  std::string cgroup_root_;
  std::string hostname_;
};

// What the machine says about a replica now.
struct Observed {
  enum class State { kAbsent, kRunning, kExited, kBroken } state = State::kAbsent;
  int pid = 0;
  int exit_code = 0;
  bool out_of_memory = false;
  std::string fingerprint{};  // of what it was made from
  BlockTime started_at{};
};

// Costs a few small file reads. kBroken: half made, or its conmon is gone.
Observed observe(const Machine& machine, const ReplicaPlace& place);

// Which of its limits a running replica has hit, in words: processes, memory, full disks. Empty:
// none.
std::string limits_hit(const Machine& machine, const ReplicaPlace& place, const Service& service);

// Makes and starts it; nothing of an earlier one may be left (see remove). On failure everything is
// removed again. Errors: kNoSpace, kBadImage, kProgramFailed in runc's words, kCancelled.
Result<void> create(Machine& machine, const Record& record, const Service& service,
                    std::uint32_t index, const Image& image);

// Asks the container to end. Missing is fine.
void terminate(Machine& machine, const ReplicaPlace& place);
// Ends and removes the container and everything in <run>; disks and logs in <data> stay.
Result<void> remove(Machine& machine, const std::string& id);

// Rewrites the names in a running replica's /etc/hosts.
Result<void> write_hosts(const Machine& machine, const Record& record, const Service& service,
                         std::uint32_t index);
std::string hosts_file(const Record& record, const NetworkNames& names, const std::string& own_name,
                       std::uint32_t own_number);

}  // namespace tp::compute::workload
