#include "cli/daemon_disk.h"

#include <cstdlib>

#include "base/log.h"

namespace tp::cli {

Result<void> DaemonDisk::open(const std::string& home) {
  const char* notes = std::getenv("TURNPIKE_TEST_DISK_NOTES");
  if (notes == nullptr) return {};
  const bool forget = std::getenv("TURNPIKE_TEST_DISK_FORGET") != nullptr;
  if (forget && system_.exists(std::string(notes) + "/log")) {
    TRY_VOID(forget_unsynced(system_, notes));
    log_warning("disk", "what was not synced is taken back, by the notes in " + std::string(notes));
  }
  const bool ignore = std::getenv("TURNPIKE_TEST_DISK_IGNORE_SYNCS") != nullptr;
  using Syncs = ForgetfulDisk::Syncs;
  TRY(forgetful_,
      ForgetfulDisk::open(system_, notes, ignore ? Syncs::kIgnored : Syncs::kHonest, home));
  return {};
}

}  // namespace tp::cli
