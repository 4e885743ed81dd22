// From a manifest's group to what the runtime of this machine runs.
// Rules: specs/compute-market.md §3.4.
#pragma once

#include <string>
#include <vector>

#include "networks/compute/agent/market.h"
#include "networks/compute/agent/workload/spec.h"
#include "networks/compute/spec/manifest.h"

namespace tp::compute::provider {

struct PlanSettings {
  std::string ingress_domain{};  // generated host names end in it
  std::string public_host{};     // by which customers reach forwarded ports
  // Names that no lease may have; ".example.org": that name and all below it.
  std::vector<std::string> blocked_hosts{};
};

// The host name under which a service with an HTTP expose always answers.
std::string default_host(const workload::LeaseKey& lease, const std::string& service,
                         const std::string& domain);

// What a manifest may ask for and no runtime of ours gives: leased IPs, confidential computing,
// access of a service to its deployment. Named, so that nobody pays for what he does not get.
// Errors: WorkloadError::kUnsupported.
Result<void> check_supported(const ManifestGroup& group);

// Precondition: the manifest has been checked against the lease's group. Adds the AKASH_*
// variables that the service does not set itself. Whether the machine can run it is the runtime's
// to say.
workload::LeaseWorkload plan(const workload::LeaseKey& lease, const ManifestGroup& group,
                             const PlanSettings& settings);

// No lease may answer under a blocked name, nor under one of the provider's own: its public host,
// and what lies at or below the domain of generated names, except those that were generated for the
// lease. Errors: WorkloadError::kHostNameTaken.
Result<void> check_host_names(const workload::LeaseWorkload& workload,
                              const PlanSettings& settings);

}  // namespace tp::compute::provider
