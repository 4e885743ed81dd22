#include "networks/compute/agent/workload/storage.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <filesystem>

#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/kernel.h"

namespace tp::compute::workload {
namespace {

constexpr std::uint64_t kSmallDiskBytes = 256ull << 20;

}  // namespace

Result<void> make_disk(Host& host, Disk& disk, const std::string& file, std::uint64_t bytes) {
  const std::string temporary = file + ".new";
  if (disk.exists(temporary)) TRY_VOID(disk.remove(temporary));
  {
    TRY(const auto made, disk.open_append(temporary));
    TRY_VOID(disk.truncate(temporary, bytes));
    Command command{.argv = {"mkfs.ext4", "-q", "-F", "-m", "0", "-E",
                             "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"}};
    // The defaults would spend a quarter of a small disk on journal, inodes and room to grow.
    if (bytes < kSmallDiskBytes)
      command.argv.insert(command.argv.end(),
                          {"-O", "^resize_inode", "-J", "size=1", "-i", "8192"});
    command.argv.push_back(temporary);
    TRY_VOID(run_checked(host, command));
    TRY_VOID(made->sync());
  }
  TRY_VOID(disk.rename(temporary, file));
  return disk.sync_directory(std::filesystem::path(file).parent_path().string());
}

Result<void> mount_disk(Host& host, const std::string& file, const std::string& target) {
  if (is_mounted(target)) return {};
  TRY_VOID(make_passage(target));
  const auto mounted = mount_image(host, file, target, false);
  if (mounted) return {};
  // Codes 0 and 1: clean, or repaired without asking (e2fsck(8)).
  TRY(const Ran repaired,
      host.run({.argv = {"e2fsck", "-p", "-f", file}, .timeout = Duration::minutes(10)}));
  if (repaired.exit_code > 1) return mounted;
  return mount_image(host, file, target, false);
}

std::uint64_t occupied_bytes(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return 0;
  return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

std::uint64_t free_bytes(const std::string& directory) {
  struct statvfs status{};
  if (::statvfs(directory.c_str(), &status) != 0) return 0;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace tp::compute::workload
