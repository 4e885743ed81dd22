// The disk that node and provider run on, and how crash tests change it (tests/README.md).
#pragma once

#include <memory>
#include <string>

#include "base/disk.h"
#include "base/forgetful_disk.h"

namespace tp::cli {

// The machine's disk. With TURNPIKE_TEST_DISK_NOTES=FOLDER in the environment it is a
// ForgetfulDisk: when the process was killed and is started again with
// TURNPIKE_TEST_DISK_FORGET=1, it finds its files as a power cut would have left them.
// TURNPIKE_TEST_DISK_IGNORE_SYNCS=1 leaves syncing out, which a crash test must notice.
class DaemonDisk {
 public:
  // Only files below `home` are noted. Errors: those of ForgetfulDisk.
  Result<void> open(const std::string& home);
  Disk& get() { return forgetful_ ? static_cast<Disk&>(*forgetful_) : system_; }

 private:
  SystemDisk system_;
  std::unique_ptr<ForgetfulDisk> forgetful_;
};

}  // namespace tp::cli
