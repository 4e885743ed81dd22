#include "networks/compute/agent/workload/status.h"

namespace tp::compute::workload {

std::string_view name_of(ServiceState state) {
  switch (state) {
    case ServiceState::kPending: return "pending";
    case ServiceState::kPulling: return "pulling";
    case ServiceState::kStarting: return "starting";
    case ServiceState::kRunning: return "running";
    case ServiceState::kBackingOff: return "backing off";
    case ServiceState::kStopping: return "stopping";
  }
  return "unknown";
}

}  // namespace tp::compute::workload
