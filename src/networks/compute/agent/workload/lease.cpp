#include "networks/compute/agent/workload/lease.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include "base/log.h"
#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/kernel.h"
#include "networks/compute/agent/workload/lease_state.h"
#include "networks/compute/agent/workload/logs.h"

namespace tp::compute::workload {
namespace {

constexpr std::size_t kEventsMax = 256;
constexpr Duration kIdleSleep = Duration::seconds(1);
constexpr Duration kProbeSleep = Duration::milliseconds(20);

// One try to connect, waiting at most 100 ms.
bool accepts_connection(Ipv4 address, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(address.value);
  bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  if (!connected && errno == EINPROGRESS) {
    pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
    int error = 1;
    socklen_t size = sizeof error;
    connected = ::poll(&wait, 1, 100) == 1 &&
                ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  ::close(fd);
  return connected;
}

std::string seconds_text(Duration span) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(span.nanoseconds) / 1e9);
  return text.data();
}

std::string bytes_text(std::uint64_t bytes) {
  const std::uint64_t mebibytes = bytes >> 20;
  return mebibytes > 0 ? std::to_string(mebibytes) + " MiB" : std::to_string(bytes) + " bytes";
}

std::uint64_t memory_limit(const Service& service) {
  std::uint64_t bytes = service.memory_bytes;
  for (const Volume& volume : service.volumes)
    if (volume.kind == VolumeKind::kRam) bytes += volume.size_bytes;
  return bytes;
}

}  // namespace

Lease::Lease(Machine& machine, Record record)
    : machine_(machine), id_(lease_id(record.workload.key)), record_(std::move(record)) {
  status_.key = record_.workload.key;
  publish();
}

Lease::~Lease() = default;

Duration Lease::now() const {
  return machine_.clock.elapsed();
}

BlockTime Lease::wall() const {
  return machine_.clock.now();
}

void Lease::note(bool warning, const std::string& reason, const std::string& object,
                 const std::string& text) {
  const std::lock_guard lock(mutex_);
  events_.push_back({.serial = ++serial_,
                     .at = wall(),
                     .warning = warning,
                     .reason = reason,
                     .note = text,
                     .object = object});
  if (events_.size() > kEventsMax) events_.pop_front();
}

void Lease::complain(const Result<void>& result) {
  if (result) return;
  if (result.error().text == last_complaint_) return;
  last_complaint_ = result.error().text;
  note(true, "Failed", id_, last_complaint_);
  log_warning("workload", id_ + ": " + last_complaint_);
}

Lease::Found Lease::adopt() {
  Found found;
  for (const Service& spec : record_.workload.services) {
    auto service = std::make_unique<Running>(
        Running{.spec = spec,
                .backoff = Backoff(machine_.config.backoff_first, machine_.config.backoff_max)});
    const auto digest = record_.digests.find(spec.name);
    if (digest != record_.digests.end())
      if (auto image = machine_.images.open(digest->second)) service->image = std::move(*image);
    for (std::uint32_t i = 0; i < spec.replicas; ++i) {
      Replica replica{
          .index = i,
          .place = ReplicaPlace(machine_, record_.workload.key, spec.name, i),
          .backoff = Backoff(machine_.config.backoff_first, machine_.config.backoff_max)};
      const Observed seen = observe(machine_, replica.place);
      if (seen.state == Observed::State::kRunning &&
          seen.fingerprint == fingerprint(record_, spec)) {
        replica.running = true;
        replica.made_before = true;
        replica.started_at = seen.started_at;
        probe(*service, replica);
        ++found.running;
      } else {
        replica.made_before = seen.state != Observed::State::kAbsent;
        ++found.dead;
      }
      service->replicas.push_back(std::move(replica));
    }
    services_.push_back(std::move(service));
  }
  publish();
  return found;
}

void Lease::begin() {
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

void Lease::update(Record record) {
  const std::lock_guard lock(mutex_);
  for (const auto& unused : {next_, staging_})
    if (unused) release_ports(*unused, record, &record_);
  next_ = std::move(record);
  woken_ = true;
  changed_.notify_all();
}

void Lease::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  woken_ = true;
  changed_.notify_all();
}

void Lease::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

bool Lease::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool Lease::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

Record Lease::record() const {
  const std::lock_guard lock(mutex_);
  return next_ ? *next_ : staging_ ? *staging_ : record_;
}

LeaseStatus Lease::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

std::vector<LeaseEvent> Lease::events(std::uint64_t after) const {
  const std::lock_guard lock(mutex_);
  std::vector<LeaseEvent> out;
  for (const LeaseEvent& event : events_)
    if (event.serial > after) out.push_back(event);
  return out;
}

bool Lease::replica_runs(const std::string& service, std::uint32_t index) const {
  const std::lock_guard lock(mutex_);
  for (const ServiceStatus& one : status_.services)
    if (one.name == service && index < one.replicas.size()) return one.replicas[index].running;
  return false;
}

void Lease::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    bool stopping = false;
    {
      const std::lock_guard lock(mutex_);
      woken_ = false;
      stopping = stopping_;
    }
    const Duration sleep = stopping ? (tear_down(), kIdleSleep) : step();
    std::unique_lock lock(mutex_);
    if (stopped_) return;
    changed_.wait_for(lock, stop, std::chrono::nanoseconds(sleep.nanoseconds),
                      [&] { return woken_; });
  }
}

Duration Lease::step() {
  take_update();
  Duration sleep = kIdleSleep;
  const auto at_most = [&](Duration span) {
    sleep = std::min(sleep, std::max(span, Duration::milliseconds(1)));
  };
  const auto until = [&](Duration moment) {
    return Duration{moment.nanoseconds - now().nanoseconds};
  };
  if (!bridge_ready_) {
    const auto made = machine_.network.ensure_bridge(record_.slot);
    complain(made);
    bridge_ready_ = made.has_value();
  }
  for (const auto& service : services_) {
    if (!service->image) step_pull(*service, record_);
    for (Replica& replica : service->replicas) {
      if (bridge_ready_) step_replica(*service, replica);
      if (replica.running && !replica.ready) at_most(kProbeSleep);
      if (!replica.running && service->image) at_most(until(replica.next_try));
    }
    if (!service->image && !service->pull) at_most(until(service->next_pull));
  }
  for (const auto& service : staged_)
    if (!service->image && !service->pull) at_most(until(service->next_pull));
  publish();
  return sleep;
}

// Asks all to end, waits for the grace period at most. True when all have ended.
bool Lease::stop_replicas(std::vector<Running*> services) {
  std::vector<ReplicaPlace> places;
  for (const Running* service : services)
    for (const Replica& replica : service->replicas) places.push_back(replica.place);
  for (const ReplicaPlace& place : places) terminate(machine_, place);
  const Duration deadline{now().nanoseconds + machine_.config.stop_grace.nanoseconds};
  while (true) {
    const bool ended = std::ranges::none_of(places, [&](const ReplicaPlace& place) {
      return observe(machine_, place).state == Observed::State::kRunning;
    });
    if (ended) return true;
    if (now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void Lease::remove_service(Running& service, bool with_data) {
  service.pull.reset();
  stop_replicas({&service});
  for (const Replica& replica : service.replicas) {
    complain(remove(machine_, replica.place.id()));
    if (with_data) complain(remove_tree(replica.place.data()));
  }
  note(false, "Removed", service.spec.name, "its containers were removed");
}

void Lease::step_pull(Running& service, Record& record) {
  if (service.pull) {
    const std::lock_guard lock(service.pull->mutex);
    if (!service.pull->result) return;
  } else {
    if (now() < service.next_pull) return;
    note(false, "Pulling", service.spec.name, "image " + service.spec.image);
    service.pull = std::make_unique<Pull>();
    // A digest that was decided once is what this lease runs, whatever the tag says now.
    std::string image = service.spec.image;
    if (const auto digest = record.digests.find(service.spec.name); digest != record.digests.end())
      if (const auto name = parse_image_name(image)) image = name->pinned(digest->second);
    service.pull->thread =
        std::jthread([this, pull = service.pull.get(), image,
                      credentials = service.spec.credentials](std::stop_token stop) {
          auto result = machine_.images.pull(image, credentials, stop);
          {
            const std::lock_guard lock(pull->mutex);
            pull->result = std::move(result);
          }
          wake();
        });
    return;
  }
  finish_pull(service, record);
}

void Lease::finish_pull(Running& service, Record& record) {
  const std::unique_ptr<Pull> pull = std::move(service.pull);
  pull->thread.join();
  Result<Image>& result = *pull->result;
  if (!result) {
    service.reason = result.error().text;
    service.next_pull = Duration{now().nanoseconds + service.backoff.fail().nanoseconds};
    note(true, "Failed", service.spec.name, service.reason);
    return;
  }
  service.backoff.forget();
  service.reason.clear();
  service.image = *result;
  Record found;
  {
    const std::lock_guard lock(mutex_);
    record.digests[service.spec.name] = result->digest;
    found = record;
  }
  complain(machine_.save(found));
  note(false, "Pulled", service.spec.name, "image " + result->digest);
  complain(machine_.images.evict());
}

void Lease::step_replica(Running& service, Replica& replica) {
  if (replica.running) {
    const Observed seen = observe(machine_, replica.place);
    if (seen.state != Observed::State::kRunning) {
      replica_ended(service, replica, seen);
    } else {
      if (!replica.ready) probe(service, replica);
      look_at_limits(service, replica);
      if (const auto turned = turn_over(replica.place.log(), replica.place.bundle() + "/ctl",
                                        machine_.config.log_bytes_max);
          !turned)
        complain(std::unexpected(turned.error()));
    }
  }
  if (!replica.running && service.image && now() >= replica.next_try)
    create_replica(service, replica);
}

// A replica that runs into a limit may go on running; its reason says what holds it back.
void Lease::look_at_limits(Running& service, Replica& replica) {
  std::string text = limits_hit(machine_, replica.place, service.spec);
  if (!text.empty() && text != replica.limits) note(true, "Limit", replica.place.hostname(), text);
  replica.limits = std::move(text);
}

void Lease::create_replica(Running& service, Replica& replica) {
  const std::string name = replica.place.hostname();
  Result<void> made = remove(machine_, replica.place.id());  // whatever is left of an earlier one
  if (made) {
    made = create(machine_, record_, service.spec, replica.index, *service.image);
  }
  if (!made) {
    replica.reason = made.error().text;
    replica.next_try = Duration{now().nanoseconds + replica.backoff.fail().nanoseconds};
    note(true, "Failed", name, replica.reason);
    return;
  }
  if (replica.made_before) ++replica.restarts;
  replica.made_before = true;
  replica.running = true;
  replica.ready = false;
  replica.started_at = wall();
  note(false, "Started", name, "container " + replica.place.id());
  probe(service, replica);
}

void Lease::replica_ended(Running& service, Replica& replica, const Observed& seen) {
  const Duration ran = wall() - replica.started_at;
  if (ran >= machine_.config.backoff_reset) replica.backoff.forget();
  replica.running = false;
  replica.ready = false;
  replica.limits.clear();
  const std::string name = replica.place.hostname();
  if (seen.state == Observed::State::kExited) {
    // The memory limit also counts when it struck a child and the program gave up over it.
    const bool oom = seen.out_of_memory && seen.exit_code != 0;
    replica.last_exit = Exit{.code = seen.exit_code, .out_of_memory = oom, .at = wall()};
    replica.reason = oom ? "out of memory: the limit is " + bytes_text(memory_limit(service.spec)) +
                               "; ended with code "
                         : "exited with code ";
    replica.reason += std::to_string(seen.exit_code) + " after " + seconds_text(ran);
    if (const std::string words = last_output(replica.place.log(), 3); !words.empty())
      replica.reason += ": " + words;
    note(seen.exit_code != 0, oom ? "OOMKilled" : "Exited", name, replica.reason);
  } else {
    replica.last_exit = Exit{.code = 255, .out_of_memory = false, .at = wall()};
    replica.reason = "its processes are gone without an exit code";
    note(true, "Lost", name, replica.reason);
  }
  const Duration wait = replica.backoff.fail();
  replica.next_try = Duration{now().nanoseconds + wait.nanoseconds};
  note(false, "BackOff", name, "is started again in " + seconds_text(wait));
}

void Lease::probe(Running& service, Replica& replica) {
  const auto port = std::ranges::find(service.spec.exposes, Protocol::kTcp, &Expose::protocol);
  if (port != service.spec.exposes.end()) {
    const auto number = record_.addresses.find(replica_name(service.spec.name, replica.index));
    if (number == record_.addresses.end()) return;
    const Ipv4 address = machine_.network.names().address(record_.slot, number->second);
    if (!accepts_connection(address, port->port)) return;
  }
  replica.ready = true;
  replica.reason.clear();
  note(false, "Ready", replica.place.hostname(), "accepts connections");
}

void Lease::tear_down() {
  {
    const std::lock_guard lock(mutex_);
    for (ServiceStatus& service : status_.services) {
      service.state = ServiceState::kStopping;
      service.ready = service.available = 0;
    }
    status_.healthy = false;
  }
  bool clean = true;
  const auto check = [&](const Result<void>& result) {
    complain(result);
    clean = clean && result.has_value();
  };
  check(machine_.ingress.set(id_, {}));
  staged_.clear();
  std::vector<Running*> all;
  for (const auto& service : services_) {
    service->pull.reset();
    all.push_back(service.get());
  }
  stop_replicas(all);
  for (const Running* service : all)
    for (const Replica& replica : service->replicas) check(remove(machine_, replica.place.id()));
  if (!machine_.cgroups.destroy(machine_.cgroup_root() + "/" + id_))
    check(fail(WorkloadError::kProgramFailed, id_ + ": its processes cannot be ended"));
  check(machine_.network.remove_bridge(record_.slot));
  check(machine_.network.forget_lease(record_.slot));
  check(remove_tree(machine_.data + "/leases/" + id_));
  // Tried again at the next step. Until then nobody else gets its ports and its network, to which
  // traffic may still be led.
  if (!clean) return;
  const Record nothing;
  const std::lock_guard lock(mutex_);
  release_ports(record_, nothing);
  for (const auto& wanted : {next_, staging_})
    if (wanted) release_ports(*wanted, nothing);
  services_.clear();
  stopped_ = true;
}

}  // namespace tp::compute::workload
