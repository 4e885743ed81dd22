// How a lease comes to run something else: the images first, then the replacement.
#include <algorithm>

#include "networks/compute/agent/workload/kernel.h"
#include "networks/compute/agent/workload/lease.h"
#include "networks/compute/agent/workload/lease_state.h"

namespace tp::compute::workload {

void Lease::take_update() {
  std::optional<Record> next;
  {
    const std::lock_guard lock(mutex_);
    if (next_) {
      staging_.reset();
      staging_.swap(next_);
    }
    next = staging_;
  }
  if (!next || !stage(*next)) return;
  {
    const std::lock_guard lock(mutex_);
    if (next_) return;  // what is wanted has changed meanwhile
    next = staging_;    // with the digests
  }
  replace_with(std::move(*next));
  staged_.clear();
}

// Pulls what `next` needs in place of what runs. True when nothing is missing.
bool Lease::stage(const Record& next) {
  std::vector<std::unique_ptr<Running>> staged;
  bool complete = true;
  for (const Service& spec : next.workload.services) {
    const auto old = std::ranges::find_if(
        services_, [&](const auto& one) { return one->spec.name == spec.name; });
    // One that never had its own image runs nothing that could be kept.
    if (old == services_.end() || !(*old)->image || (*old)->spec.image == spec.image) continue;
    const auto begun = std::ranges::find_if(staged_, [&](const auto& one) {
      return one && one->spec.name == spec.name && one->spec.image == spec.image;
    });
    if (begun != staged_.end()) {
      staged.push_back(std::move(*begun));
      staged.back()->spec = spec;
    } else {
      staged.push_back(std::make_unique<Running>(
          Running{.spec = spec,
                  .backoff = Backoff(machine_.config.backoff_first, machine_.config.backoff_max)}));
    }
  }
  staged_ = std::move(staged);
  for (const auto& service : staged_) {
    Record record = next;
    if (!service->image) step_pull(*service, record);
    if (service->image) {
      const std::lock_guard lock(mutex_);
      if (staging_) staging_->digests[service->spec.name] = service->image->digest;
    }
    complete = complete && service->image;
  }
  return complete;
}

// Of the ports of `gone`, those that `kept` and `also` do not have.
void Lease::release_ports(const Record& gone, const Record& kept, const Record* also) {
  const auto has = [](const Record& record, const AssignedPort& port) {
    return std::ranges::any_of(record.ports, [&](const AssignedPort& other) {
      return other.protocol == port.protocol && other.machine_port == port.machine_port;
    });
  };
  for (const AssignedPort& port : gone.ports)
    if (!has(kept, port) && (also == nullptr || !has(*also, port)))
      machine_.ports.release(port.protocol, port.machine_port);
}

void Lease::replace_with(Record next) {
  // What was learned meanwhile stays: the digest of an image whose name did not change.
  for (const Service& service : next.workload.services)
    for (const auto& running : services_)
      if (running->spec.name == service.name && running->spec.image == service.image)
        if (const auto digest = record_.digests.find(service.name); digest != record_.digests.end())
          next.digests.insert(*digest);

  std::vector<std::unique_ptr<Running>> services;
  for (const Service& spec : next.workload.services) {
    const auto old = std::ranges::find_if(
        services_, [&](const auto& one) { return one && one->spec.name == spec.name; });
    const bool same =
        old != services_.end() && fingerprint(record_, (*old)->spec) == fingerprint(next, spec);
    if (same) {
      while ((*old)->replicas.size() > spec.replicas) {
        const ReplicaPlace place = (*old)->replicas.back().place;
        terminate(machine_, place);
        complain(remove(machine_, place.id()));
        complain(remove_tree(place.data()));
        (*old)->replicas.pop_back();
      }
      (*old)->spec = spec;
      services.push_back(std::move(*old));
    } else {
      auto made = std::make_unique<Running>(
          Running{.spec = spec,
                  .backoff = Backoff(machine_.config.backoff_first, machine_.config.backoff_max)});
      if (old != services_.end()) {
        if ((*old)->spec.image == spec.image) made->image = (*old)->image;
        for (const auto& staged : staged_)
          if (staged->spec.name == spec.name) made->image = staged->image;
        remove_service(**old, false);
        old->reset();
      }
      services.push_back(std::move(made));
    }
    Running& service = *services.back();
    for (auto i = static_cast<std::uint32_t>(service.replicas.size()); i < spec.replicas; ++i)
      service.replicas.push_back(
          {.index = i,
           .place = ReplicaPlace(machine_, next.workload.key, spec.name, i),
           .backoff = Backoff(machine_.config.backoff_first, machine_.config.backoff_max)});
  }
  for (const auto& old : services_)
    if (old) remove_service(*old, true);
  services_ = std::move(services);
  release_ports(record_, next);
  {
    const std::lock_guard lock(mutex_);
    record_ = std::move(next);
    staging_.reset();
  }
  complain(machine_.save(record_));
  for (const auto& service : services_)
    for (const Replica& replica : service->replicas)
      if (replica.running) complain(write_hosts(machine_, record_, service->spec, replica.index));
}

}  // namespace tp::compute::workload
