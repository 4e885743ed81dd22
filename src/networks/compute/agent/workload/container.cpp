#include "networks/compute/agent/workload/container.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/kernel.h"
#include "networks/compute/agent/workload/logs.h"
#include "networks/compute/agent/workload/oci.h"
#include "networks/compute/agent/workload/storage.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kOpenFilesMax = 1'048'576;
constexpr std::uint64_t kDiskBytesHeldBackMin = 768ull
                                                << 10;  // measured on full disks of 5 to 64 MiB
constexpr std::uint64_t kDiskBytesHeldBackMax = 16ull << 20;

// Replaces the bytes in place: a file that is bind-mounted into a container must stay the same
// file.
Result<void> write_file(const std::string& path, const std::string& text, std::uint32_t mode) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, mode);
  const bool written = fd >= 0 && ::fchmod(fd, mode) == 0 &&
                       ::pwrite(fd, text.data(), text.size(), 0) == std::ssize(text) &&
                       ::ftruncate(fd, static_cast<off_t>(text.size())) == 0;
  if (fd >= 0) ::close(fd);
  if (!written) return fail(WorkloadError::kProgramFailed, "cannot write " + path);
  return {};
}

int read_pid(const Machine& machine, const std::string& path) {
  const auto text = machine.disk.read(path);
  if (!text) return 0;
  const std::string digits = text->substr(0, text->find('\n'));
  return parse_int<int>(digits).value_or(0);
}

// A process id may belong to somebody else by now: the container's own process is in its group, and
// conmon names the container.
bool is_in_cgroup(const Machine& machine, int pid, const std::string& cgroup) {
  if (pid <= 0) return false;
  const auto text = machine.disk.read("/proc/" + std::to_string(pid) + "/cgroup");
  return text && text->find(":" + cgroup + "\n") != std::string::npos;
}

bool is_conmon_of(const Machine& machine, int pid, const std::string& id) {
  if (pid <= 0) return false;
  const auto text = machine.disk.read("/proc/" + std::to_string(pid) + "/cmdline");
  return text && text->starts_with("conmon") && text->find(id) != std::string::npos;
}

std::uint64_t open_files_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return std::min<std::uint64_t>(kOpenFilesMax, limit.rlim_max);
}

// runc and conmon wrap their reasons in log lines, the same one several times over.
std::string gist(std::string text) {
  if (const std::size_t message = text.rfind("msg=\""); message != std::string::npos) {
    text = text.substr(message + 5);
    text = text.substr(0, text.find_last_of('"'));
  }
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    out.push_back(text[i] == '\n' ? ' ' : text[i]);
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Makes one replica, step by step.
class Builder {
 public:
  Builder(Machine& machine, const Record& record, const Service& service, std::uint32_t index,
          const Image& image)
      : machine_(machine),
        record_(record),
        service_(service),
        image_(image),
        place_(machine, record.workload.key, service.name, index),
        number_(record.addresses.at(replica_name(service.name, index))),
        ids_(machine.map_ids ? ids_of(record.slot) : IdRange{}) {}

  Result<void> run() {
    TRY_VOID(make_passage(place_.bundle()));
    TRY_VOID(machine_.disk.make_directories(place_.data()));
    TRY_VOID(make_root());
    TRY_VOID(make_volumes());
    TRY_VOID(write_configuration());
    TRY(const int pid, create_container());
    TRY_VOID(machine_.network.connect(record_.slot, number_, pid, service_.exposes));
    TRY_VOID(start_container());
    return write_atomically(machine_.disk, place_.bundle() + "/started",
                            fingerprint(record_, service_));
  }

 private:
  Result<void> make_root() {
    const std::string bundle = place_.bundle();
    const std::string file = place_.data() + "/root.img";
    TRY_VOID(make_disk(machine_.host, machine_.disk, file, root_disk_bytes(service_)));
    TRY_VOID(mount_disk(machine_.host, file, bundle + "/disk"));
    for (const char* name : {"/lower", "/root", "/disk/upper", "/disk/work"})
      TRY_VOID(make_passage(bundle + name));
    TRY_VOID(give_to(bundle + "/disk/upper", ids_.first, ids_.first, 0755));
    TRY_VOID(mount_with_ids(image_.rootfs, bundle + "/lower", ids_));
    return mount_overlay(bundle + "/lower", bundle + "/disk/upper", bundle + "/disk/work",
                         bundle + "/root");
  }

  // Each lies in a folder of its file system, so that programs which want an empty directory find
  // one without "lost+found".
  Result<void> make_volumes() {
    for (const Volume& volume : service_.volumes) {
      if (volume.mount.empty()) continue;
      if (volume.kind == VolumeKind::kRam) {
        spec_.ram.push_back({.destination = volume.mount, .bytes = volume.size_bytes});
        spec_.memory_bytes += volume.size_bytes;
        continue;
      }
      const std::string file = place_.data() + "/vol-" + file_name_of(volume) + ".img";
      const std::string target = place_.bundle() + "/vol-" + file_name_of(volume);
      if (volume.kind == VolumeKind::kEphemeral || !machine_.disk.exists(file))
        TRY_VOID(make_disk(machine_.host, machine_.disk, file, volume.size_bytes));
      TRY_VOID(mount_disk(machine_.host, file, target));
      const std::string content = target + "/content";
      if (!machine_.disk.exists(content)) {
        TRY_VOID(make_passage(content));
        TRY_VOID(
            give_to(content, ids_.first + image_.config.uid, ids_.first + image_.config.gid, 0755));
      }
      spec_.binds.push_back(
          {.source = content, .destination = volume.mount, .read_only = volume.read_only});
    }
    return {};
  }

  Result<void> write_configuration() {
    const std::string bundle = place_.bundle();
    const NetworkNames& names = machine_.network.names();
    TRY_VOID(write_file(bundle + "/hosts", hosts_file(record_, names, place_.hostname(), number_),
                        0644));
    std::string resolvers;
    for (const std::string& server : machine_.config.dns_servers)
      resolvers += "nameserver " + server + "\n";
    TRY_VOID(write_file(bundle + "/resolv.conf", resolvers, 0644));
    TRY_VOID(write_file(bundle + "/hostname", place_.hostname() + "\n", 0644));
    for (const char* name : {"hosts", "resolv.conf", "hostname"})
      spec_.binds.push_back({.source = bundle + "/" + name,
                             .destination = std::string("/etc/") + name,
                             .read_only = true});
    spec_.rootfs = bundle + "/root";
    spec_.hostname = place_.hostname();
    spec_.env = environment_of(record_.workload, service_, image_.config, place_.hostname());
    TRY(spec_.arguments, arguments_of(service_, image_.config, spec_.env));
    spec_.directory = image_.config.directory;
    spec_.uid = image_.config.uid;
    spec_.gid = image_.config.gid;
    spec_.more_gids = image_.config.more_gids;
    spec_.ids = ids_;
    spec_.cgroup = place_.cgroup();
    spec_.cpu_milli = service_.cpu_milli;
    spec_.memory_bytes += service_.memory_bytes;
    spec_.limit_swap = machine_.cgroups.limits_swap();
    spec_.pids_max = machine_.config.pids_max;
    spec_.open_files_max = open_files_max();
    return write_file(bundle + "/config.json", oci_config(spec_), 0600);
  }

  Result<int> create_container() {
    const std::string bundle = place_.bundle();
    TRY_VOID(machine_.cgroups.limit(place_.lease_cgroup(),
                                    {.processes = machine_.config.lease_pids_max}));
    TRY(const auto entrances, machine_.cgroups.entrances(machine_.cgroup_root() + "/monitors"));
    Command command{.argv = {"conmon",
                             "--api-version",
                             "1",
                             "-c",
                             place_.id(),
                             "-u",
                             place_.id(),
                             "-n",
                             place_.id(),
                             "-r",
                             "/usr/sbin/runc",
                             "--runtime-arg",
                             "--root=" + machine_.run + "/runc",
                             "--runtime-arg",
                             "--log=" + bundle + "/runc.log",
                             "-b",
                             bundle,
                             "-p",
                             bundle + "/pid",
                             "-P",
                             bundle + "/conmon.pid",
                             "--exit-dir",
                             machine_.run + "/exits",
                             "-0",
                             bundle,
                             "--socket-dir-path",
                             bundle,
                             "-l",
                             "k8s-file:" + place_.log(),
                             "--log-size-max",
                             std::to_string(machine_.config.log_bytes_max)},
                    .env = {"_OCI_SYNCPIPE=3"},
                    .timeout = Duration::seconds(60)};
    command.wants_sync = true;
    command.cgroups = entrances;
    TRY(const Ran ran, machine_.host.run(command));
    const Json answer = Json::parse(ran.sync, nullptr, false);
    const int pid = answer.is_object() ? answer.value("data", -1) : -1;
    if (pid > 0) return pid;
    std::string words = answer.is_object() ? answer.value("message", std::string()) : ran.errors;
    if (words.empty()) words = machine_.disk.read(bundle + "/runc.log").value_or("");
    return fail(WorkloadError::kProgramFailed, "cannot create the container: " + gist(words));
  }

  Result<void> start_container() {
    TRY(const Ran ran, machine_.host.run({.argv = {"runc", "--root", machine_.run + "/runc",
                                                   "start", place_.id()}}));
    if (ran.exit_code == 0) return {};
    return fail(WorkloadError::kProgramFailed, "cannot start the container: " + gist(ran.errors));
  }

  Machine& machine_;
  const Record& record_;
  const Service& service_;
  const Image& image_;
  ReplicaPlace place_;
  std::uint32_t number_;
  IdRange ids_;
  ContainerSpec spec_;
};

}  // namespace

ReplicaPlace::ReplicaPlace(const Machine& machine, const LeaseKey& key, const std::string& service,
                           std::uint32_t index)
    : id_(container_id(key, service, index)),
      run_(machine.run),
      data_(machine.data + "/leases/" + lease_id(key) + "/" + replica_name(service, index)),
      cgroup_root_(machine.cgroup_root()),
      hostname_(service.substr(0, 56) + "-" + std::to_string(index)) {}

Observed observe(const Machine& machine, const ReplicaPlace& place) {
  using State = Observed::State;
  const std::string bundle = place.bundle();
  if (!machine.disk.exists(bundle)) return {};
  Observed out{.state = State::kBroken};
  const auto made_from = machine.disk.read(bundle + "/started");
  if (!made_from) return out;  // never got as far as running
  out.fingerprint = *made_from;
  struct stat status{};
  if (::stat((bundle + "/started").c_str(), &status) == 0)
    out.started_at = {status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
  out.out_of_memory = machine.cgroups.oom_kills(place.cgroup()) > 0;
  // conmon writes the exit code a moment after the program has ended, and goes a moment later:
  // while it is there, the end is not known yet; once it is not, the code is written or never will
  // be.
  const bool watched = is_conmon_of(machine, read_pid(machine, bundle + "/conmon.pid"), place.id());
  out.pid = read_pid(machine, bundle + "/pid");
  if (const auto code = machine.disk.read(place.exit_file())) {
    out.state = State::kExited;
    out.exit_code = parse_int<int>(*code).value_or(255);
  } else if (watched) {
    out.state = State::kRunning;
  }
  return out;
}

std::string limits_hit(const Machine& machine, const ReplicaPlace& place, const Service& service) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : "; ") + text; };
  // Version 1 counts at the group of the program, whichever limit it was.
  if (machine.cgroups.refused_forks(place.cgroup()) > 0 ||
      machine.cgroups.refused_forks(place.lease_cgroup()) > 0)
    add("a new process was refused: a replica has at most " +
        std::to_string(machine.config.pids_max) + ", a lease " +
        std::to_string(machine.config.lease_pids_max));
  if (machine.cgroups.oom_kills(place.cgroup()) > 0)
    add("memory was used up and one of its processes was ended");
  const auto look = [&](const std::string& mount, const std::string& name, std::uint64_t bytes) {
    struct statvfs status{};
    if (::statvfs(mount.c_str(), &status) != 0) return;
    // ext4 refuses writes while it still counts a few blocks as free: it holds them for its own
    // tables.
    const std::uint64_t left = std::uint64_t{status.f_bavail} * status.f_frsize;
    const std::uint64_t whole = std::uint64_t{status.f_blocks} * status.f_frsize;
    const std::uint64_t held = std::clamp(whole / 20, kDiskBytesHeldBackMin, kDiskBytesHeldBackMax);
    if (left >= held && status.f_favail > 0) return;
    add(name + " of " + std::to_string(bytes >> 20) + " MiB is full");
  };
  look(place.bundle() + "/disk", "the root disk", root_disk_bytes(service));
  for (const Volume& volume : service.volumes)
    if (!volume.mount.empty() && volume.kind != VolumeKind::kRam)
      look(place.bundle() + "/vol-" + file_name_of(volume), "volume \"" + volume.name + "\"",
           volume.size_bytes);
  return out;
}

Result<void> create(Machine& machine, const Record& record, const Service& service,
                    std::uint32_t index, const Image& image) {
  const auto made = Builder(machine, record, service, index, image).run();
  if (made) return {};
  const ReplicaPlace place(machine, record.workload.key, service.name, index);
  if (const auto removed = remove(machine, place.id()); !removed)
    log_warning("workload", removed.error().text);
  return made;
}

void terminate(Machine& machine, const ReplicaPlace& place) {
  const Observed now = observe(machine, place);
  if (now.state == Observed::State::kRunning && is_in_cgroup(machine, now.pid, place.cgroup()))
    ::kill(now.pid, SIGTERM);
}

Result<void> remove(Machine& machine, const std::string& id) {
  const std::string bundle = machine.run + "/c/" + id;
  const int conmon = read_pid(machine, bundle + "/conmon.pid");
  if (!machine.cgroups.destroy(machine.cgroup_root() + "/" + group_of(id)))
    return fail(WorkloadError::kProgramFailed, id + ": its processes cannot be ended");
  // conmon notices the end by itself; one that hangs is ended.
  for (int i = 0; i < 100 && is_conmon_of(machine, conmon, id); ++i) {
    if (i == 50) ::kill(conmon, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (machine.disk.exists(machine.run + "/runc/" + id))
    TRY_VOID(run_checked(machine.host, {.argv = {"runc", "--root", machine.run + "/runc", "delete",
                                                 "--force", id}}));
  TRY_VOID(unmount_below(bundle));
  TRY_VOID(remove_tree(bundle));
  return remove_tree(machine.run + "/exits/" + id);
}

std::string hosts_file(const Record& record, const NetworkNames& names, const std::string& own_name,
                       std::uint32_t own_number) {
  std::string out = "127.0.0.1\tlocalhost\n" + names.address(record.slot, own_number).text() +
                    "\t" + own_name + "\n";
  for (const Service& service : record.workload.services) {
    for (std::uint32_t i = 0; i < service.replicas; ++i) {
      const auto number = record.addresses.find(replica_name(service.name, i));
      if (number == record.addresses.end()) continue;
      out += names.address(record.slot, number->second).text() + "\t" + service.name + "\n";
    }
  }
  return out;
}

Result<void> write_hosts(const Machine& machine, const Record& record, const Service& service,
                         std::uint32_t index) {
  const ReplicaPlace place(machine, record.workload.key, service.name, index);
  const auto number = record.addresses.find(replica_name(service.name, index));
  if (number == record.addresses.end()) return {};
  return write_file(place.bundle() + "/hosts",
                    hosts_file(record, machine.network.names(), place.hostname(), number->second),
                    0644);
}

}  // namespace tp::compute::workload
