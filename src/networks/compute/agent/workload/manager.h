// Runs the workloads of leases on this machine, for real: images by skopeo and umoci, containers by
// runc under conmon, disks as loop-mounted ext4 images, networks by bridges and nftables, host
// names by Caddy. Knows no chain and no bidding: the provider daemon tells it what should run.
//
// What is wanted lies in a journal and is durable when start, update or stop returns; the rest
// happens on threads of its own and is told by status, events and logs. Containers outlive this
// process: the next one on the same data directory adopts what runs, restarts what died, removes
// what nobody wants, and builds everything anew after a reboot.
//
// Needs root. Sources: specs/compute-market.md §3.4; design.md §8, §10.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/disk.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/host.h"
#include "networks/compute/agent/workload/image_name.h"
#include "networks/compute/agent/workload/spec.h"
#include "networks/compute/agent/workload/status.h"

namespace tp::compute::workload {

struct PortRange {
  std::uint16_t first = 30'000;
  std::uint16_t last = 32'767;
};

struct Config {
  // Distinguishes providers on one machine: [a-z0-9-]{1,32}. Names of interfaces, cgroups and the
  // nftables table derive from it.
  std::string instance = "main";
  std::string data_directory{};  // journal, images, disks, logs; on a disk with room
  std::string run_directory{};   // mount points, bundles, sockets; empty: /run/tp-<instance>

  // Where the ingress listens ("127.0.0.1:8088"); empty: no ingress, http exposes are refused.
  std::vector<std::string> ingress_listen{"127.0.0.1:8088"};
  // Addresses of this machine on which forwarded ports answer; "0.0.0.0" means every one.
  std::vector<std::string> publish_addresses{"127.0.0.1"};
  PortRange port_range{};
  // Each lease gets a /24 out of this /12 or smaller, and one block of 65,536 user ids.
  std::string network_pool = "10.192.0.0/12";
  // Name servers of the containers; empty: those of the machine that are not on loopback.
  std::vector<std::string> dns_servers{};

  // Registries that may be spoken to in plain HTTP, as "host:port"; those on loopback always may.
  std::vector<std::string> insecure_registries{};
  std::vector<Mirror> registry_mirrors{};  // asked first, in this order
  std::uint64_t image_packed_bytes_max = 10ull << 30;
  std::uint64_t image_unpacked_bytes_max = 20ull << 30;
  std::uint64_t image_cache_bytes_max = 50ull << 30;  // unpacked images that no lease uses go first
  Duration pull_timeout = Duration::minutes(15);

  // Of the disk, all limits together may reach so much; disks are sparse, so that over 100 leases
  // may find it full before their own limit.
  std::uint32_t disk_percent = 100;

  // Processes and threads. All leases together get three quarters of what the kernel has.
  std::uint32_t pids_max = 1024;                  // per replica
  std::uint32_t lease_pids_max = 8192;            // of all replicas of a lease
  std::uint64_t log_bytes_max = 8ull << 20;       // per replica, half of it in the older file
  Duration stop_grace = Duration::seconds(5);     // between SIGTERM and SIGKILL
  Duration backoff_first = Duration::seconds(1);  // doubles
  Duration backoff_max = Duration::minutes(5);
  Duration backoff_reset = Duration::minutes(10);  // a run of this length counts as a fresh start
};

struct ReconcileReport {
  std::uint32_t adopted = 0;    // containers that were found running
  std::uint32_t restarted = 0;  // wanted and not running
  std::uint32_t orphans = 0;    // running or left over, and not wanted: removed
};

struct LogQuery {
  std::string service{};   // empty: all
  std::int64_t tail = -1;  // the last so many lines of each replica; -1: all that is kept
  bool follow = false;
};

class WorkloadManager {
 public:
  // Takes the data directory for itself, reads the journal, starts the ingress, reconciles, and
  // begins to supervise. `host`, `disk` and `clock` must outlive it. Errors: kNotPermitted,
  // kProgramMissing (names all that are), kBusy, kCorrupted, kProgramFailed.
  static Result<std::unique_ptr<WorkloadManager>> open(Config config, Host& host, Disk& disk,
                                                       const Clock& clock);
  // Stops supervising; containers and ingress go on. See stop and purge.
  virtual ~WorkloadManager() = default;

  // Durable when it returns; then images are pulled and containers started. Errors: kBadSpec,
  // kUnsupported, kAlreadyExists, kHostNameTaken, kPortTaken, kNoSpace (disk limits of all leases
  // would exceed the disk). Cost: one journal sync.
  virtual Result<void> start(const LeaseWorkload& workload) = 0;
  // Replaces what the lease runs. Services that did not change go on untouched; those that did are
  // restarted with their persistent volumes, those no longer named are removed with theirs.
  // Errors: as start, and kNotFound; kBadSpec when a persistent volume changes its size.
  virtual Result<void> update(const LeaseWorkload& workload) = 0;
  // Ends the lease here: containers, networks, routes, disks and volumes. Durable at once, complete
  // when `stopped` says so. Errors: kNotFound.
  virtual Result<void> stop(const LeaseKey& key) = 0;
  // True when nothing of the lease is left on the machine.
  virtual bool stopped(const LeaseKey& key) const = 0;

  virtual std::vector<LeaseKey> list() const = 0;                         // sorted
  virtual Result<LeaseStatus> status(const LeaseKey& key) const = 0;      // Errors: kNotFound.
  virtual Result<LeaseWorkload> workload(const LeaseKey& key) const = 0;  // as wanted now
  virtual Result<Usage> usage(const LeaseKey& key) const = 0;
  // What leases have written, and images that none of them uses: beside what is free, all that the
  // disk has for leases.
  virtual std::uint64_t reclaimable_bytes() const = 0;
  // Of the last 256, those with a serial above `after`.
  virtual Result<std::vector<LeaseEvent>> events(const LeaseKey& key,
                                                 std::uint64_t after) const = 0;
  // Calls `sink` for each kept line in order of time, then, when following, for each new one until
  // `sink` returns false, `stop` is requested or the lease ends. Blocks the caller meanwhile.
  // Errors: kNotFound.
  virtual Result<void> logs(const LeaseKey& key, const LogQuery& query,
                            FunctionRef<bool(const LogLine&)> sink, std::stop_token stop) const = 0;
  // The command line that runs `argv` inside a running replica, for a shell session: the caller
  // starts it with the terminal or pipes that it wants. Errors: kNotFound (also when not running).
  virtual Result<std::vector<std::string>> exec_command(
      const LeaseKey& key, const std::string& service, std::uint32_t replica, bool terminal,
      const std::vector<std::string>& argv) const = 0;

  // Compares the machine with the journal and repairs the difference. open() has done it once.
  virtual Result<ReconcileReport> reconcile() = 0;
};

// Removes everything that an instance left on the machine (containers, mounts, interfaces, tables,
// cgroups, ingress), and with `data` its data directory's images, disks, logs and journal too. For
// an instance whose process does not run. Errors: kBusy, kNotPermitted, kProgramFailed.
Result<void> purge(const Config& config, Host& host, Disk& disk, bool data);

}  // namespace tp::compute::workload
