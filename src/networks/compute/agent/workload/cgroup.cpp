#include "networks/compute/agent/workload/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// One call of write: the kernel takes each as a whole value.
Result<void> write_text(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == std::ssize(text);
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!written)
    return fail(WorkloadError::kProgramFailed,
                path + ": cannot write \"" + text + "\": " + std::strerror(error));
  return {};
}

std::uint64_t read_number(const std::string& path) {
  std::uint64_t value = 0;
  std::ifstream(path) >> value;
  return value;
}

// The number behind `key` in lines of "key number".
std::uint64_t read_key(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string name;
  for (std::uint64_t value = 0; file >> name >> value;)
    if (name == key) return value;
  return 0;
}

bool has_word(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

void for_each_directory_below(const std::string& root, auto&& visit) {
  std::error_code error;
  if (!fs::is_directory(root, error)) return;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) for_each_directory_below(it->path().string(), visit);
  }
  visit(root);  // the deepest first
}

}  // namespace

Result<Cgroups> Cgroups::find(const std::vector<Mount>& mounts) {
  Cgroups out;
  for (const Mount& mount : mounts) {
    if (mount.type == "cgroup2")
      out.hierarchies_.push_back({.directory = mount.target, .controllers = {}, .unified = true});
    if (mount.type == "cgroup")
      out.hierarchies_.push_back(
          {.directory = mount.target, .controllers = mount.options, .unified = false});
  }
  for (const Hierarchy& hierarchy : out.hierarchies_) {
    if (!hierarchy.unified) continue;
    const std::string offered = " " + read_text(hierarchy.directory + "/cgroup.controllers");
    out.version_2_ = offered.find("memory") != std::string::npos;
  }
  for (const char* controller : {"memory", "cpu", "pids"})
    if (!out.directory_of(controller))
      return fail(WorkloadError::kUnsupported,
                  std::string("this machine has no control group for ") + controller);
  const std::string memory = *out.directory_of("memory");
  out.limits_swap_ = out.version_2_ || fs::exists(memory + "/memory.memsw.limit_in_bytes");
  return out;
}

std::optional<std::string> Cgroups::directory_of(const std::string& controller) const {
  for (const Hierarchy& hierarchy : hierarchies_) {
    if (hierarchy.unified ? version_2_ : has_word(hierarchy.controllers, controller))
      return hierarchy.directory;
  }
  return std::nullopt;
}

Result<std::vector<std::string>> Cgroups::entrances(const std::string& group) const {
  std::vector<std::string> out;
  for (const Hierarchy& hierarchy : hierarchies_) {
    // A new group of version 1's cpuset admits nobody until it is told which CPUs it has.
    if (has_word(hierarchy.controllers, "cpuset")) continue;
    const std::string directory = hierarchy.directory + group;
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return fail(WorkloadError::kProgramFailed, directory + ": " + error.message());
    out.push_back(directory + "/cgroup.procs");
  }
  return out;
}

// Version 2 hands a controller down from group to group, and only to children of groups that say
// so.
Result<void> Cgroups::set(const std::string& controller, const std::string& group,
                          const std::string& file, const std::string& value) const {
  const std::string root = directory_of(controller).value_or("");
  std::error_code error;
  fs::create_directories(root + group, error);
  if (error) return fail(WorkloadError::kProgramFailed, root + group + ": " + error.message());
  if (version_2_)
    for (std::size_t end = 0; end != std::string::npos; end = group.find('/', end + 1))
      TRY_VOID(
          write_text(root + group.substr(0, end) + "/cgroup.subtree_control", "+" + controller));
  return write_text(root + group + "/" + file, value);
}

Result<void> Cgroups::limit(const std::string& group, const GroupLimits& limits) const {
  TRY_VOID(entrances(group));
  constexpr std::uint64_t kPeriod = 100'000;  // microseconds
  const std::uint64_t quota = limits.cpu_milli * kPeriod / 1000;
  if (limits.memory_bytes > 0)
    TRY_VOID(set("memory", group, version_2_ ? "memory.max" : "memory.limit_in_bytes",
                 std::to_string(limits.memory_bytes)));
  if (limits.processes > 0)
    TRY_VOID(set("pids", group, "pids.max", std::to_string(limits.processes)));
  if (quota == 0) return {};
  if (version_2_)
    return set("cpu", group, "cpu.max", std::to_string(quota) + " " + std::to_string(kPeriod));
  TRY_VOID(set("cpu", group, "cpu.cfs_period_us", std::to_string(kPeriod)));
  return set("cpu", group, "cpu.cfs_quota_us", std::to_string(quota));
}

std::vector<int> Cgroups::processes(const std::string& group) const {
  std::set<int> out;
  for (const Hierarchy& hierarchy : hierarchies_) {
    for_each_directory_below(hierarchy.directory + group, [&](const std::string& directory) {
      std::ifstream file(directory + "/cgroup.procs");
      for (int pid = 0; file >> pid;) out.insert(pid);
    });
  }
  return {out.begin(), out.end()};
}

std::uint64_t Cgroups::oom_kills(const std::string& group) const {
  const std::string directory = directory_of("memory").value_or("") + group;
  return read_key(directory + (version_2_ ? "/memory.events" : "/memory.oom_control"), "oom_kill");
}

std::uint64_t Cgroups::refused_forks(const std::string& group) const {
  return read_key(directory_of("pids").value_or("") + group + "/pids.events", "max");
}

std::uint64_t Cgroups::memory_bytes(const std::string& group) const {
  const std::string directory = directory_of("memory").value_or("") + group;
  return read_number(directory + (version_2_ ? "/memory.current" : "/memory.usage_in_bytes"));
}

std::uint64_t Cgroups::cpu_nanoseconds(const std::string& group) const {
  if (version_2_)
    return read_key(directory_of("cpu").value_or("") + group + "/cpu.stat", "usage_usec") * 1000;
  const auto directory = directory_of("cpuacct");
  return directory ? read_number(*directory + group + "/cpuacct.usage") : 0;
}

std::vector<std::string> Cgroups::children(const std::string& group) const {
  std::set<std::string> out;
  for (const Hierarchy& hierarchy : hierarchies_) {
    std::error_code error;
    for (fs::directory_iterator it(hierarchy.directory + group, error), end; !error && it != end;
         it.increment(error)) {
      std::error_code ignored;
      if (it->is_directory(ignored)) out.insert(it->path().filename().string());
    }
  }
  return {out.begin(), out.end()};
}

bool Cgroups::destroy(const std::string& group) const {
  TP_ASSERT(group.starts_with("/tp-"));
  for (int round = 0; round < 200; ++round) {
    const std::vector<int> pids = processes(group);
    for (const int pid : pids) ::kill(pid, SIGKILL);
    if (pids.empty()) {
      bool gone = true;
      for (const Hierarchy& hierarchy : hierarchies_) {
        for_each_directory_below(hierarchy.directory + group, [&](const std::string& directory) {
          gone = (::rmdir(directory.c_str()) == 0 || errno == ENOENT) && gone;
        });
      }
      if (gone) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace tp::compute::workload
