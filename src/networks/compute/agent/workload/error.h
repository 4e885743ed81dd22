// Why a workload cannot be run, in codes that the provider acts on and words that a customer reads.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace tp::compute::workload {

// Codespace "workload". The detail in front of the registered text names service, image, path or
// port.
enum class WorkloadError : std::uint32_t {
  kBadSpec = 2,          // a field of the workload is outside what can be run
  kUnsupported = 3,      // asks for what this machine or this release has not (GPU, TEE, leased IP)
  kNotFound = 4,         // no such lease, service or replica here
  kAlreadyExists = 5,    // the lease runs already; use update()
  kNoSuchImage = 6,      // the registry answered: unknown name, tag or digest
  kBadCredentials = 7,   // the registry refused the credentials, or wants some
  kUnreachable = 8,      // the registry could not be reached in time
  kImageTooLarge = 9,    // packed or unpacked, past the configured limit
  kBadImage = 10,        // arrived, but cannot be unpacked or has nothing to run
  kNoSpace = 11,         // this machine's disk has no room for what the lease may write
  kPortTaken = 12,       // another program of this machine listens there
  kHostNameTaken = 13,   // the host name belongs to another lease or to the provider itself
  kProgramFailed = 14,   // runc, conmon, mount, nft, ... failed; the detail is their own text
  kProgramMissing = 15,  // one of the programs that this needs is not installed
  kTimedOut = 16,
  kCorrupted = 17,     // the journal is damaged before its end: never guessed at
  kNotPermitted = 18,  // the process is not root
  kBusy = 19,          // another provider process uses this data directory
  kCancelled = 20,     // the lease was stopped meanwhile
};

ErrorInfo describe(WorkloadError error);

}  // namespace tp::compute::workload
