#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {

ErrorInfo describe(WorkloadError error) {
  const auto info = [&](std::string_view text) {
    return ErrorInfo{"workload", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case WorkloadError::kBadSpec: return info("the workload cannot be run as it is written");
    case WorkloadError::kUnsupported: return info("this provider does not offer that");
    case WorkloadError::kNotFound: return info("not found on this provider");
    case WorkloadError::kAlreadyExists: return info("the lease runs already");
    case WorkloadError::kNoSuchImage: return info("no such image");
    case WorkloadError::kBadCredentials: return info("the registry refused access");
    case WorkloadError::kUnreachable: return info("the registry cannot be reached");
    case WorkloadError::kImageTooLarge: return info("the image is too large");
    case WorkloadError::kBadImage: return info("the image cannot be used");
    case WorkloadError::kNoSpace: return info("no space left on the provider's disk");
    case WorkloadError::kPortTaken: return info("the port is taken");
    case WorkloadError::kHostNameTaken: return info("the host name is taken");
    case WorkloadError::kProgramFailed: return info("a program of the container runtime failed");
    case WorkloadError::kProgramMissing: return info("a needed program is not installed");
    case WorkloadError::kTimedOut: return info("timed out");
    case WorkloadError::kCorrupted: return info("the file is damaged");
    case WorkloadError::kNotPermitted: return info("running containers needs root");
    case WorkloadError::kBusy: return info("the data directory is in use by another process");
    case WorkloadError::kCancelled: return info("the lease was stopped");
  }
  return info("unknown error");
}

}  // namespace tp::compute::workload
