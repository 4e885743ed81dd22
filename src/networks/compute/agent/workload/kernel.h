// Mounts, as the runtime needs them. Everything here is a thin layer over system calls of
// Linux 5.19 or newer and needs root; errors are kProgramFailed with call, path and reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "networks/compute/agent/workload/host.h"

namespace tp::compute::workload {

// The users of one lease: 0..65535 inside are [first, first + 65536) on the machine. first = 0: no
// user namespace, inside and outside are the same.
struct IdRange {
  static constexpr std::uint32_t kSize = 65'536;
  std::uint32_t first = 0;
};

// True when this kernel can give containers their own users: makes a user namespace and asks for an
// identity-mapped mount of `directory`. False with the reason in `why`.
bool can_map_ids(const std::string& directory, std::string& why);

// Makes the tree at `source` appear read-only at `target`, its files owned by the lease's users.
Result<void> mount_with_ids(const std::string& source, const std::string& target, IdRange ids);
Result<void> mount_overlay(const std::string& lower, const std::string& upper,
                           const std::string& work, const std::string& target);
// Mounts the file-system image `file` through a loop device, without devices and set-uid programs.
Result<void> mount_image(Host& host, const std::string& file, const std::string& target,
                         bool read_only);

struct Mount {
  std::string target;
  std::string type;
  std::string options;  // of the file system
};
// Of this process's mount namespace, in the order in which they were made.
std::vector<Mount> mounts();
std::vector<Mount> parse_mountinfo(std::string_view text);

bool is_mounted(const std::string& target);
// Detaches what is mounted at `target`, all of it; nothing mounted is no error.
Result<void> unmount(const std::string& target);
// The same for `directory` and everything below, deepest first.
Result<void> unmount_below(const std::string& directory);

// mkdir -p with mode 0711: a container's root must get through to its file system, not look around.
Result<void> make_passage(const std::string& directory);
Result<void> give_to(const std::string& path, std::uint32_t uid, std::uint32_t gid,
                     std::uint32_t mode);
// Removes a tree without following links. Refuses when anything is mounted in it: a volume is never
// emptied by mistake. A missing tree is no error.
Result<void> remove_tree(const std::string& path);

}  // namespace tp::compute::workload
