#include "networks/compute/agent/workload/manager.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "networks/compute/agent/workload/container.h"
#include "networks/compute/agent/workload/journal.h"
#include "networks/compute/agent/workload/lease.h"
#include "networks/compute/agent/workload/logs.h"
#include "networks/compute/agent/workload/setup.h"
#include "networks/compute/agent/workload/storage.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRoomToSpare = 256ull << 20;
constexpr Duration kSuperviseEvery = Duration::seconds(2);

// Groups of the provider's own work, beside those of its leases.
constexpr std::string_view kMonitorsGroup = "monitors";
constexpr std::string_view kImagesGroup = "images";

// Fetching and unpacking is done for customers who have paid nothing yet: it gets half of the
// cores, and memory enough for the programs that do it.
constexpr std::uint64_t kImagesMemoryBytes = 1ull << 30;
constexpr std::uint64_t kImagesProcesses = 1024;

std::uint64_t kernel_setting(Disk& disk, const std::string& name) {
  const auto text = disk.read("/proc/sys/kernel/" + name);
  return text ? parse_int<std::uint64_t>(text->substr(0, text->find('\n'))).value_or(32'768)
              : 32'768;
}

class Manager final : public WorkloadManager {
 public:
  Manager(Config config, NetworkConfig network, Cgroups cgroups, Host& host, Disk& disk,
          const Clock& clock)
      : host_(host),
        disk_(disk),
        network_(host, flows_, std::move(network), run_directory_of(config)),
        ingress_(host, disk, config.ingress_listen, run_directory_of(config)),
        ports_(config.publish_addresses, config.port_range.first, config.port_range.last),
        images_(
            host, disk, config.data_directory, run_directory_of(config),
            {.packed_bytes_max = config.image_packed_bytes_max,
             .unpacked_bytes_max = config.image_unpacked_bytes_max,
             .cache_bytes_max = config.image_cache_bytes_max,
             .timeout = config.pull_timeout},
            {config.insecure_registries, config.registry_mirrors},
            [this] { return digests_in_use(); },
            [this](const ImageBytes& images) { return spare_bytes(images, nullptr); }),
        machine_{.config = config,
                 .run = run_directory_of(config),
                 .data = config.data_directory,
                 .host = host,
                 .disk = disk,
                 .clock = clock,
                 .cgroups = std::move(cgroups),
                 .images = images_,
                 .network = network_,
                 .ingress = ingress_,
                 .ports = ports_,
                 .save = [this](const Record& record) { return save_digests(record); }} {}

  ~Manager() override {
    watcher_.request_stop();
    if (watcher_.joinable()) watcher_.join();
    leases_.clear();  // their threads ask for the members above
  }

  Result<void> open() {
    TRY_VOID(disk_.make_directories(machine_.data));
    TRY(lock_, disk_.lock(machine_.data + "/lock"));
    TRY_VOID(make_passage(machine_.run));
    for (const char* name : {"/c", "/exits", "/images"})
      TRY_VOID(make_passage(machine_.run + name));
    std::string why;
    machine_.map_ids = can_map_ids(machine_.data, why);
    if (!machine_.map_ids)
      return fail(WorkloadError::kUnsupported,
                  "this machine cannot give containers users of their own (" + why + ")");
    TRY(journal_, Journal::open(disk_, machine_.data + "/journal"));
    TRY_VOID(limit_groups());
    TRY_VOID(rename_data_of_old());
    TRY_VOID(images_.clean());
    TRY_VOID(network_.open());
    TRY_VOID(ingress_.open());
    for (const auto& [key, text] : journal_->entries()) {
      TRY(Record record, record_from_json(text));
      auto lease = std::make_unique<Lease>(machine_, record);
      if (record.stopping) lease->stop();
      leases_[record.workload.key] = std::move(lease);
    }
    TRY(const ReconcileReport report, reconcile());
    TRY_VOID(network_.begin());
    TRY_VOID(ingress_.begin());
    for (const auto& [key, lease] : leases_) lease->begin();
    watcher_ = std::jthread([this](std::stop_token stop) { watch(stop); });
    log_info("workload", std::to_string(report.adopted) + " containers adopted, " +
                             std::to_string(report.restarted) + " to be started, " +
                             std::to_string(report.orphans) + " orphans removed");
    return {};
  }

  Result<void> start(const LeaseWorkload& workload) override {
    TRY_VOID(admit(workload));
    const std::lock_guard lock(mutex_);
    if (leases_.contains(workload.key))
      return fail(WorkloadError::kAlreadyExists, "lease " + workload.key.text());
    TRY_VOID(check_id_is_free(workload.key, keys_locked()));
    TRY_VOID(check_hosts(workload));
    TRY(const auto room, hold_room(workload));  // until the journal says whose it is
    Record record{.workload = workload};
    TRY(record.slot, network_.free_slot(slots_in_use()));
    TRY_VOID(assign_addresses(record));
    TRY_VOID(assign_ports(record, {}));
    if (const auto saved = save(record); !saved) {
      release_ports(record.ports, {});
      return saved;
    }
    auto lease = std::make_unique<Lease>(machine_, record);
    lease->adopt();  // nothing is there; makes the replicas
    lease->begin();
    leases_[workload.key] = std::move(lease);
    return {};
  }

  Result<void> update(const LeaseWorkload& workload) override {
    TRY_VOID(admit(workload));
    const std::lock_guard lock(mutex_);
    TRY(Lease * lease, find(workload.key));
    Record record = lease->record();
    if (record.stopping) return fail(WorkloadError::kNotFound, "lease " + workload.key.text());
    TRY_VOID(check_hosts(workload));
    TRY_VOID(check_volumes(record.workload, workload));
    TRY(const auto room, hold_room(workload));
    const std::vector<AssignedPort> before = record.ports;
    const LeaseWorkload old = record.workload;
    record.workload = workload;
    std::erase_if(record.digests, [&](const auto& entry) {
      return image_of(old, entry.first) != image_of(workload, entry.first);
    });
    TRY_VOID(assign_addresses(record));
    TRY_VOID(assign_ports(record, before));
    if (const auto saved = save(record); !saved) {
      release_ports(record.ports, before);
      return saved;
    }
    lease->update(std::move(record));
    return {};
  }

  Result<void> stop(const LeaseKey& key) override {
    const std::lock_guard lock(mutex_);
    TRY(Lease * lease, find(key));
    Record record = lease->record();
    record.stopping = true;
    TRY_VOID(save(record));
    lease->stop();
    return {};
  }

  bool stopped(const LeaseKey& key) const override {
    const std::lock_guard lock(mutex_);
    return !leases_.contains(key);
  }

  std::vector<LeaseKey> list() const override {
    const std::lock_guard lock(mutex_);
    return keys_locked();
  }

  Result<LeaseStatus> status(const LeaseKey& key) const override {
    const std::lock_guard lock(mutex_);
    TRY(const Lease* lease, find(key));
    return lease->status();
  }

  Result<LeaseWorkload> workload(const LeaseKey& key) const override {
    const std::lock_guard lock(mutex_);
    TRY(const Lease* lease, find(key));
    return lease->record().workload;
  }

  std::uint64_t reclaimable_bytes() const override {
    std::uint64_t out = images_.unused_bytes();
    for (const LeaseKey& key : list()) out += disk_bytes_of(key);
    return out;
  }

  Result<std::vector<LeaseEvent>> events(const LeaseKey& key, std::uint64_t after) const override {
    const std::lock_guard lock(mutex_);
    TRY(const Lease* lease, find(key));
    return lease->events(after);
  }

  Result<Usage> usage(const LeaseKey& key) const override {
    TRY(const LeaseWorkload now, workload(key));
    Usage out;
    for (const Service& service : now.services) {
      for (std::uint32_t i = 0; i < service.replicas; ++i) {
        const ReplicaPlace place(machine_, key, service.name, i);
        out.memory_bytes += machine_.cgroups.memory_bytes(place.cgroup());
        out.cpu_nanoseconds += machine_.cgroups.cpu_nanoseconds(place.cgroup());
      }
    }
    out.disk_bytes = disk_bytes_of(key);
    return out;
  }

  Result<void> logs(const LeaseKey& key, const LogQuery& query,
                    FunctionRef<bool(const LogLine&)> sink, std::stop_token stop) const override;

  Result<std::vector<std::string>> exec_command(
      const LeaseKey& key, const std::string& service, std::uint32_t replica, bool terminal,
      const std::vector<std::string>& argv) const override {
    const std::lock_guard lock(mutex_);
    TRY(const Lease* lease, find(key));
    if (!lease->replica_runs(service, replica))
      return fail(WorkloadError::kNotFound, "replica " + std::to_string(replica) +
                                                " of service \"" + service + "\" does not run");
    std::vector<std::string> out{"runc", "--root", machine_.run + "/runc", "exec"};
    if (terminal) out.push_back("--tty");
    out.push_back(container_id(key, service, replica));
    out.insert(out.end(), argv.begin(), argv.end());
    return out;
  }

  Result<ReconcileReport> reconcile() override {
    const std::lock_guard lock(mutex_);
    ReconcileReport report;
    TRY_VOID(remove_orphans(report));
    for (const auto& [key, lease] : leases_) {
      if (!watcher_.joinable()) {
        const Lease::Found found = lease->adopt();
        report.adopted += found.running;
        if (!lease->record().stopping) report.restarted += found.dead;
      } else {
        lease->wake();
      }
    }
    if (watcher_.joinable()) TRY_VOID(network_.apply());
    return report;
  }

 private:
  std::vector<LeaseKey> keys_locked() const {
    std::vector<LeaseKey> out;
    for (const auto& [key, lease] : leases_) out.push_back(key);
    return out;
  }

  // What all leases take together, and what the provider does for them.
  Result<void> limit_groups() {
    const std::string root = machine_.cgroup_root();
    TRY_VOID(machine_.cgroups.limit(
        root, {.processes = processes_for_leases(kernel_setting(disk_, "pid_max"),
                                                 kernel_setting(disk_, "threads-max"))}));
    const std::string images = root + "/" + std::string(kImagesGroup);
    const auto cores = static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    TRY_VOID(
        machine_.cgroups.limit(images, {.memory_bytes = kImagesMemoryBytes,
                                        .cpu_milli = std::max<std::uint64_t>(1000, cores * 500),
                                        .processes = kImagesProcesses}));
    TRY(const auto entrances, machine_.cgroups.entrances(images));
    images_.confine(entrances);
    return {};
  }

  // Gives volumes that a version before the first release made the names that they have now. Its
  // containers are found under no name of the journal and are made again, on these volumes.
  Result<void> rename_data_of_old() {
    std::vector<LeaseKey> keys;
    for (const auto& [name, text] : journal_->entries()) {
      TRY(const Record record, record_from_json(text));
      keys.push_back(record.workload.key);
    }
    return workload::rename_data_of_old(disk_, machine_.data + "/leases", keys);
  }

  static std::string image_of(const LeaseWorkload& workload, const std::string& service) {
    const auto found = std::ranges::find(workload.services, service, &Service::name);
    return found == workload.services.end() ? "" : found->image;
  }

  Result<Lease*> find(const LeaseKey& key) const {
    const auto found = leases_.find(key);
    if (found == leases_.end()) return fail(WorkloadError::kNotFound, "lease " + key.text());
    return found->second.get();
  }

  Result<void> save(const Record& record) {
    const std::lock_guard lock(journal_mutex_);
    const std::string key = record.workload.key.text();
    // A lease that ends does not come back because something slower still writes about it.
    Record now = record;
    if (const auto known = journal_->entries().find(key); known != journal_->entries().end()) {
      TRY(const Record before, record_from_json(known->second));
      now.stopping = now.stopping || before.stopping;
    }
    return journal_->put(key, to_json(now));
  }

  // A lease's thread may be behind: what is wanted is not its to write.
  Result<void> save_digests(const Record& record) {
    const std::lock_guard lock(journal_mutex_);
    const std::string key = record.workload.key.text();
    const auto known = journal_->entries().find(key);
    if (known == journal_->entries().end()) return {};
    TRY(const Record before, record_from_json(known->second));
    const Record now = with_digests(before, record);
    return now == before ? Result<void>() : journal_->put(key, to_json(now));
  }

  Result<void> admit(const LeaseWorkload& workload) const {
    TRY_VOID(validate(workload));
    for (const Service& service : workload.services) {
      TRY_VOID(parse_image_name(service.image));
      for (const Expose& expose : service.exposes)
        if (expose.is_http() && machine_.config.ingress_listen.empty())
          return fail(WorkloadError::kUnsupported,
                      "service \"" + service.name + "\": HTTP ingress");
    }
    return {};
  }

  Result<void> check_hosts(const LeaseWorkload& workload) const {
    std::set<std::string> wanted;
    for (const Service& service : workload.services)
      for (const Expose& expose : service.exposes)
        if (expose.is_http()) wanted.insert(expose.hosts.begin(), expose.hosts.end());
    for (const auto& [key, lease] : leases_) {
      if (key == workload.key) continue;
      const Record other = lease->record();
      // What ends lets go of its names first of all: whoever moves them to a lease of his own needs
      // not wait for the rest of it.
      if (lease->stopping() && key.owner == workload.key.owner) continue;
      for (const Service& service : other.workload.services)
        for (const Expose& expose : service.exposes)
          for (const std::string& host : expose.hosts)
            if (expose.is_http() && wanted.contains(host))
              return fail(WorkloadError::kHostNameTaken, host);
    }
    return {};
  }

  static Result<void> check_volumes(const LeaseWorkload& old, const LeaseWorkload& next) {
    for (const Service& service : next.services) {
      const auto before = std::ranges::find(old.services, service.name, &Service::name);
      if (before == old.services.end()) continue;
      for (const Volume& volume : service.volumes) {
        const auto same = std::ranges::find(before->volumes, volume.name, &Volume::name);
        if (volume.kind != VolumeKind::kPersistent || same == before->volumes.end()) continue;
        if (same->kind == VolumeKind::kPersistent && same->size_bytes != volume.size_bytes)
          return fail(WorkloadError::kBadSpec, "service \"" + service.name + "\", volume \"" +
                                                   volume.name + "\": its size cannot change");
      }
    }
    return {};
  }

  // Disks are sparse: what all leases and images may write in the end must fit what they have and
  // what is free, or the share of it that the operator is ready to promise. `except` is promised
  // nothing.
  std::uint64_t spare_bytes(const ImageBytes& images, const LeaseKey* except) const {
    std::uint64_t room = free_bytes(machine_.data) + images.occupied;
    std::uint64_t promised = images.promised;
    const std::lock_guard lock(journal_mutex_);
    for (const auto& [name, text] : journal_->entries()) {
      const auto record = record_from_json(text);
      if (!record) continue;  // open() has read them all
      const LeaseWorkload& workload = record->workload;
      const std::uint64_t used = disk_bytes_of(workload.key);
      room += used;
      // An ext4 file may take a little more than the bytes that were promised.
      if (except == nullptr || workload.key != *except)
        promised += std::max(used, disk_bytes(workload));
    }
    room = room > kRoomToSpare ? (room - kRoomToSpare) / 100 * machine_.config.disk_percent : 0;
    return room > promised ? room - promised : 0;
  }

  Result<std::unique_lock<std::mutex>> hold_room(const LeaseWorkload& workload) {
    return images_.hold_room(disk_bytes(workload), [&](const ImageBytes& images) {
      return spare_bytes(images, &workload.key);
    });
  }

  std::uint64_t disk_bytes_of(const LeaseKey& key) const {
    std::uint64_t out = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator it(machine_.data + "/leases/" + lease_id(key), error),
         end;
         !error && it != end; it.increment(error))
      if (it->path().extension() == ".img") out += occupied_bytes(it->path().string());
    return out;
  }

  std::vector<std::uint32_t> slots_in_use() const {
    std::vector<std::uint32_t> out;
    for (const auto& [key, lease] : leases_) out.push_back(lease->record().slot);
    return out;
  }

  std::set<std::string> digests_in_use() const {
    const std::lock_guard lock(journal_mutex_);
    std::set<std::string> out;
    for (const auto& [key, text] : journal_->entries())
      if (const auto record = record_from_json(text))
        for (const auto& [service, digest] : record->digests) out.insert(digest);
    return out;
  }

  // Keeps ports that `before` had for the same service and port; takes new ones for the rest.
  Result<void> assign_ports(Record& record, const std::vector<AssignedPort>& before) {
    record.ports.clear();
    for (const Service& service : record.workload.services) {
      for (const Expose& expose : service.exposes) {
        if (!expose.is_forwarded()) continue;
        AssignedPort port{.service = service.name,
                          .protocol = expose.protocol,
                          .port = expose.port,
                          .external_port = expose.external()};
        const auto same = std::ranges::find_if(before, [&](const AssignedPort& old) {
          return old.service == port.service && old.protocol == port.protocol &&
                 old.port == port.port && old.external_port == port.external_port &&
                 (expose.host_port == 0 || expose.host_port == old.machine_port);
        });
        if (same != before.end()) {
          port.machine_port = same->machine_port;
        } else {
          const auto taken = ports_.take(expose.protocol, expose.host_port);
          if (!taken) {
            release_ports(record.ports, before);
            return std::unexpected(taken.error());
          }
          port.machine_port = *taken;
        }
        record.ports.push_back(port);
      }
    }
    return {};
  }

  // Those of `ports` that are not among `kept`.
  void release_ports(const std::vector<AssignedPort>& ports,
                     const std::vector<AssignedPort>& kept) {
    for (const AssignedPort& port : ports) {
      const bool stays = std::ranges::any_of(kept, [&](const AssignedPort& other) {
        return other.protocol == port.protocol && other.machine_port == port.machine_port;
      });
      if (!stays) ports_.release(port.protocol, port.machine_port);
    }
  }

  // What carries our names and belongs to no lease of the journal.
  Result<void> remove_orphans(ReconcileReport& report) {
    std::set<std::string> known_leases;
    std::set<std::string> known_containers;
    std::set<std::string> known_interfaces;
    for (const auto& [key, lease] : leases_) {
      const Record record = lease->record();
      known_leases.insert(lease_id(key));
      known_interfaces.insert(network_.names().bridge(record.slot));
      for (const Service& service : record.workload.services)
        for (std::uint32_t i = 0; i < service.replicas; ++i)
          known_containers.insert(container_id(key, service.name, i));
    }
    std::set<std::string> found;
    TRY(const auto bundles, disk_.list(machine_.run + "/c"));
    found.insert(bundles.begin(), bundles.end());
    std::vector<std::string> lease_groups;
    const std::string root = machine_.cgroup_root();
    for (const std::string& name : machine_.cgroups.children(root)) {
      if (name == kMonitorsGroup || name == kImagesGroup) continue;
      if (name != lease_part(name)) {  // a container of a version before the first release
        found.insert(name);
        if (!machine_.cgroups.destroy(root + "/" + name))
          return fail(WorkloadError::kProgramFailed, name + ": its processes cannot be ended");
        continue;
      }
      lease_groups.push_back(name);
      for (std::string& id : machine_.cgroups.children(root + "/" + name))
        found.insert(std::move(id));
    }
    for (const std::string& id : found) {
      // While the leases' threads run, those of known leases are theirs to judge.
      const bool ours = watcher_.joinable() ? known_leases.contains(lease_part(id))
                                            : known_containers.contains(id);
      if (ours) continue;
      TRY_VOID(remove(machine_, id));
      ++report.orphans;
      log_info("workload", "removed orphan " + id);
    }
    for (const std::string& name : lease_groups)
      if (!known_leases.contains(name) && !machine_.cgroups.destroy(root + "/" + name))
        return fail(WorkloadError::kProgramFailed, name + ": its processes cannot be ended");
    if (disk_.exists(machine_.data + "/leases")) {
      TRY(const auto directories, disk_.list(machine_.data + "/leases"));
      for (const std::string& name : directories)
        if (!known_leases.contains(name)) TRY_VOID(remove_tree(machine_.data + "/leases/" + name));
    }
    if (!watcher_.joinable()) TRY_VOID(remove_orphaned_disks());
    for (std::uint32_t slot = 0; slot < network_.names().slots(); ++slot) {
      const std::string bridge = network_.names().bridge(slot);
      if (!known_interfaces.contains(bridge) && disk_.exists("/sys/class/net/" + bridge))
        TRY_VOID(network_.remove_bridge(slot));
    }
    return {};
  }

  // Disks of replicas that an update took away just before a crash.
  Result<void> remove_orphaned_disks() {
    for (const auto& [key, lease] : leases_) {
      const std::string directory = machine_.data + "/leases/" + lease_id(key);
      if (!disk_.exists(directory)) continue;
      const Record record = lease->record();
      TRY(const auto names, disk_.list(directory));
      for (const std::string& name : names)
        if (!record.addresses.contains(name)) TRY_VOID(remove_tree(directory + "/" + name));
    }
    return {};
  }

  // Wakes a lease the moment one of its containers ends, forgets leases that are gone, and looks
  // after the ingress and the table of the network.
  void watch(std::stop_token stop) {
    const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (fd >= 0)
      ::inotify_add_watch(fd, (machine_.run + "/exits").c_str(), IN_MOVED_TO | IN_CREATE);
    Duration next_look = machine_.clock.elapsed();
    while (!stop.stop_requested()) {
      pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, 50) == 1) wake_all(fd);
      forget_stopped();
      if (machine_.clock.elapsed() < next_look) continue;
      next_look = {machine_.clock.elapsed().nanoseconds + kSuperviseEvery.nanoseconds};
      if (const auto fine = ingress_.supervise(); !fine)
        log_error("workload", "ingress: " + fine.error().text);
      if (const auto fine = network_.supervise(); !fine)
        log_error("workload", "network: " + fine.error().text);
    }
    if (fd >= 0) ::close(fd);
  }

  void wake_all(int fd) {
    std::array<char, 4096> events;
    while (::read(fd, events.data(), events.size()) > 0) {
    }
    const std::lock_guard lock(mutex_);
    for (const auto& [key, lease] : leases_) lease->wake();
  }

  void forget_stopped() {
    std::vector<std::unique_ptr<Lease>> gone;
    const std::lock_guard lock(mutex_);
    for (auto it = leases_.begin(); it != leases_.end();) {
      if (!it->second->stopped()) {
        ++it;
        continue;
      }
      const std::lock_guard journal_lock(journal_mutex_);
      if (const auto erased = journal_->erase(it->first.text()); !erased) {
        log_error("workload", "journal: " + erased.error().text);
        ++it;
        continue;
      }
      gone.push_back(std::move(it->second));
      it = leases_.erase(it);
    }
  }

  Host& host_;
  Disk& disk_;
  std::unique_ptr<FileLock> lock_;
  KernelFlows flows_;
  Network network_;
  Ingress ingress_;
  PortHolder ports_;
  ImageStore images_;
  Machine machine_;
  mutable std::mutex journal_mutex_;
  std::unique_ptr<Journal> journal_;
  mutable std::mutex mutex_;
  std::map<LeaseKey, std::unique_ptr<Lease>> leases_;
  std::jthread watcher_;
};

Result<void> Manager::logs(const LeaseKey& key, const LogQuery& query,
                           FunctionRef<bool(const LogLine&)> sink, std::stop_token stop) const {
  std::map<std::string, LogReader> readers;
  const auto look = [&]() -> Result<void> {
    TRY(const LeaseWorkload now, workload(key));
    bool found = query.service.empty();
    for (const Service& service : now.services) {
      if (!query.service.empty() && service.name != query.service) continue;
      found = true;
      for (std::uint32_t i = 0; i < service.replicas; ++i) {
        const ReplicaPlace place(machine_, key, service.name, i);
        readers.try_emplace(place.id(), place.log(), service.name, i);
      }
    }
    if (!found) return fail(WorkloadError::kNotFound, "service \"" + query.service + "\"");
    return {};
  };
  TRY_VOID(look());
  bool first = true;
  while (!stop.stop_requested()) {
    std::vector<LogLine> lines;
    for (auto& [id, reader] : readers) {
      std::vector<LogLine> some = reader.take();
      const bool cut = first && query.tail >= 0 && std::ssize(some) > query.tail;
      lines.insert(lines.end(), cut ? some.end() - query.tail : some.begin(), some.end());
    }
    std::ranges::stable_sort(lines, {}, &LogLine::at);
    for (const LogLine& line : lines)
      if (!sink(line)) return {};
    first = false;
    if (!query.follow || !look()) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<WorkloadManager>> WorkloadManager::open(Config config, Host& host,
                                                               Disk& disk, const Clock& clock) {
  if (::geteuid() != 0) return fail(WorkloadError::kNotPermitted);
  TRY_VOID(check_config(config));
  TRY_VOID(check_programs());
  if (config.dns_servers.empty()) config.dns_servers = machine_name_servers();
  TRY(NetworkConfig network, network_config(config));
  TRY(Cgroups cgroups, Cgroups::find(mounts()));
  auto manager = std::make_unique<Manager>(std::move(config), std::move(network),
                                           std::move(cgroups), host, disk, clock);
  if (const auto opened = manager->open(); !opened) {
    if (is(opened.error(), BaseError::kInUse))
      return fail(WorkloadError::kBusy, opened.error().text);
    return std::unexpected(opened.error());
  }
  return manager;
}

}  // namespace tp::compute::workload
