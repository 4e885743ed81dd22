// Keeps what runs on this machine equal to what is leased on chain: takes manifests, starts and
// updates workloads, ends them when (and only when) the chain has said that the lease is over,
// draws the earnings, and gives up leases for which no manifest came.
//
// What is leased stands on chain, what runs in the runtime's journal, and the manifests in a folder
// here; so that nothing is lost by kill -9 or a reboot, and open() plus sync() find it all again.
// An unreachable or lagging node never ends a lease. Thread-safe.
// Rules: specs/compute-market.md §1.10, §1.11, §3.3 to §3.6.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/disk.h"
#include "networks/compute/agent/bid_engine.h"
#include "networks/compute/agent/inventory.h"
#include "networks/compute/agent/market.h"
#include "networks/compute/agent/workload/manager.h"
#include "networks/compute/agent/workload_plan.h"
#include "networks/compute/spec/manifest.h"

namespace tp::compute::provider {

enum class LeaseError : std::uint32_t {
  kNoLease = 2,  // of this deployment with this provider (that we have heard of)
  kNoManifest = 3,
  kDeploymentClosed = 4,
  kWrongHash = 5,   // the manifest is not the one whose hash is on chain
  kNodeBehind = 6,  // it knows less than this provider has seen
};
ErrorInfo describe(LeaseError error);

struct KeeperSettings {
  std::string directory{};  // of the manifests; exists
  std::string provider{};   // our address
  PlanSettings plan{};
  Duration manifest_timeout = Duration::minutes(5);
  Duration withdraw_period = Duration::hours(24);
  std::size_t batch_max = 50;
};

class LeaseKeeper final : public LeaseSink {
 public:
  // All references must outlive it.
  LeaseKeeper(Market& market, Inventory& inventory, workload::WorkloadManager& workloads,
              Disk& disk, const Clock& clock, KeeperSettings settings);

  // Compares all live leases of the chain with what we know and run. Errors: the node is away or
  // behind; nothing has been ended then.
  Result<void> sync();
  void lease_won(const Lease& lease, const GroupSpec& spec) override;
  // Something happened to this lease; what is not ours is no matter.
  void touch(const OrderId& id);
  // What waits, and what time has come for. Errors: the node is away.
  Result<void> work();

  // Checks the manifest (hash on chain, groups, what an update may change) and starts or updates
  // the workloads of all groups leased from us; durable when it returns. Errors: LeaseError;
  // SpecError; WorkloadError; the node is away.
  Result<void> put_manifest(const std::string& owner, std::uint64_t dseq, std::string_view json);

  // Errors: kNoLease, kNoManifest.
  Result<std::string> manifest(const OrderId& id) const;  // canonical JSON
  // Errors: kNoLease; kNoManifest while we wait for one.
  Result<void> check_running(const OrderId& id) const;

  struct Report {
    std::size_t leases = 0;
    std::size_t awaiting_manifest = 0;
    std::size_t ending = 0;
  };
  Report report() const;

 private:
  struct Held {
    Lease lease{};
    GroupSpec spec{};
    std::optional<Manifest> manifest{};
    BlockTime manifest_deadline{};
    BlockTime next_withdraw{};
  };

  std::string path_of(const OrderId& id) const;
  std::optional<Manifest> load_manifest(const OrderId& id) const;
  Result<void> hold(const Lease& lease, const GroupSpec& spec);
  void start_missing(const OrderId& id);
  Result<bool> is_over(const OrderId& id);
  Result<void> current();
  void end(const OrderId& id);
  Result<void> look_at_touched();
  void release_ended();
  void sweep(const std::set<OrderId>& live);
  Result<void> send_due();
  Result<void> accept(const OrderId& id, const Manifest& manifest, const std::string& text);
  Result<void> apply(const OrderId& id, const GroupSpec& spec, const Manifest& manifest);

  Market& market_;
  Inventory& inventory_;
  workload::WorkloadManager& workloads_;
  Disk& disk_;
  const Clock& clock_;
  const KeeperSettings settings_;

  std::mutex submit_mutex_;  // one manifest at a time
  // While a lease is given what it runs, it does not end, and the other way round. Taken after
  // submit_mutex_ and before mutex_; never held while the chain is asked.
  std::mutex apply_mutex_;
  mutable std::mutex mutex_;  // of what follows; never held while the chain is asked
  std::map<OrderId, Held> held_;
  std::set<OrderId> touched_;
  Height seen_{0};            // that the chain has reached; on disk, a little behind
  std::set<OrderId> ending_;  // until the runtime says that nothing is left
};

}  // namespace tp::compute::provider
