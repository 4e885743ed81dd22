#include "networks/compute/agent/workload/kernel.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> failed(std::string_view call, const std::string& path) {
  return fail(WorkloadError::kProgramFailed,
              std::string(call) + " " + path + ": " + std::strerror(errno));
}

bool write_text(const std::string& path, const std::string& text) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.get() >= 0 && ::write(fd.get(), text.data(), text.size()) == std::ssize(text);
}

// A user namespace exists only as long as a process or descriptor holds it: a child is born in one
// and waits until its descriptor is taken.
Result<int> open_user_namespace(IdRange ids) {
  const auto pid = static_cast<pid_t>(
      ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0));
  if (pid < 0) return failed("clone", "(user namespace)");
  if (pid == 0)
    while (true) ::pause();
  const std::string base = "/proc/" + std::to_string(pid);
  const std::string map =
      "0 " + std::to_string(ids.first) + " " + std::to_string(IdRange::kSize) + "\n";
  const bool mapped = write_text(base + "/uid_map", map) && write_text(base + "/gid_map", map);
  const int fd = mapped ? ::open((base + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC) : -1;
  const int error = errno;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  errno = error;
  if (fd < 0) return failed("map users of", base);
  return fd;
}

// "\040" and the like (proc(5), mountinfo).
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out.push_back(static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool lies_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace

bool can_map_ids(const std::string& directory, std::string& why) {
  const auto space = open_user_namespace({.first = 1'879'048'192});
  if (!space) {
    why = space.error().text;
    return false;
  }
  const Fd user(*space);
  const Fd tree(::open_tree(-1, directory.c_str(), OPEN_TREE_CLONE | O_CLOEXEC));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(user.get());
  if (tree.get() >= 0 &&
      ::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0)
    return true;
  why = std::string("identity-mapped mounts: ") + std::strerror(errno);
  return false;
}

Result<void> mount_with_ids(const std::string& source, const std::string& target, IdRange ids) {
  const Fd tree(::open_tree(-1, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (tree.get() < 0) return failed("open_tree", source);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID;
  int user = -1;
  if (ids.first != 0) {
    TRY(user, open_user_namespace(ids));
    attributes.attr_set |= MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<std::uint64_t>(user);
  }
  const Fd user_owner(user);
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return failed("mount_setattr", source);
  if (::move_mount(tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return failed("move_mount", target);
  return {};
}

Result<void> mount_overlay(const std::string& lower, const std::string& upper,
                           const std::string& work, const std::string& target) {
  const std::string options = "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work;
  if (::mount("overlay", target.c_str(), "overlay", MS_NODEV | MS_NOSUID, options.c_str()) != 0)
    return failed("mount overlay", target);
  return {};
}

Result<void> mount_image(Host& host, const std::string& file, const std::string& target,
                         bool read_only) {
  const std::string options =
      read_only ? "loop,ro,nodev,nosuid" : "loop,nodev,nosuid,noinit_itable,discard";
  TRY_VOID(run_checked(host, {.argv = {"mount", "-n", "-t", "ext4", "-o", options, file, target}}));
  return {};
}

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> out;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() < 7 || fields.end() - dash < 4) continue;
    out.push_back({.target = unescape(fields[4]), .type = dash[1], .options = dash[3]});
  }
  return out;
}

std::vector<Mount> mounts() {
  std::ifstream file("/proc/self/mountinfo");
  std::stringstream text;
  text << file.rdbuf();
  return parse_mountinfo(text.str());
}

bool is_mounted(const std::string& target) {
  const std::vector<Mount> all = mounts();
  return std::ranges::find(all, target, &Mount::target) != all.end();
}

Result<void> unmount(const std::string& target) {
  for (int i = 0; i < 16; ++i) {
    if (::umount2(target.c_str(), UMOUNT_NOFOLLOW) == 0) continue;
    if (errno == EINVAL || errno == ENOENT) return {};
    if (::umount2(target.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) != 0)
      return failed("umount", target);
  }
  return {};
}

Result<void> unmount_below(const std::string& directory) {
  std::vector<Mount> all = mounts();
  std::ranges::reverse(all);
  for (const Mount& mount : all)
    if (lies_below(mount.target, directory)) TRY_VOID(unmount(mount.target));
  return {};
}

Result<void> make_passage(const std::string& directory) {
  std::string made;
  for (const auto& part : fs::path(directory)) {
    made = made.empty() ? part.string() : (fs::path(made) / part).string();
    if (::mkdir(made.c_str(), 0711) == 0) {
      if (::chmod(made.c_str(), 0711) != 0) return failed("chmod", made);
    } else if (errno != EEXIST) {
      return failed("mkdir", made);
    }
  }
  return {};
}

Result<void> give_to(const std::string& path, std::uint32_t uid, std::uint32_t gid,
                     std::uint32_t mode) {
  const Fd fd(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (fd.get() < 0) return failed("open", path);
  if (::fchownat(fd.get(), "", uid, gid, AT_EMPTY_PATH) != 0) return failed("chown", path);
  const std::string self = "/proc/self/fd/" + std::to_string(fd.get());
  if (::chmod(self.c_str(), mode) != 0) return failed("chmod", path);
  return {};
}

Result<void> remove_tree(const std::string& path) {
  for (const Mount& mount : mounts())
    if (lies_below(mount.target, path))
      return fail(WorkloadError::kProgramFailed,
                  "cannot remove " + path + ": " + mount.target + " is mounted");
  // A program that is ending may remove its own files at the same time: then an entry is gone
  // between being listed and being removed, and the walk begins again.
  constexpr int kWalksMax = 100;
  std::error_code error;
  for (int walk = 0; walk < kWalksMax; ++walk) {
    fs::remove_all(path, error);
    if (error != std::errc::no_such_file_or_directory) break;
  }
  if (error)
    return fail(WorkloadError::kProgramFailed, "cannot remove " + path + ": " + error.message());
  return {};
}

}  // namespace tp::compute::workload
