#include <algorithm>

#include "networks/compute/agent/workload/lease.h"
#include "networks/compute/agent/workload/lease_state.h"

namespace tp::compute::workload {

// What the lease looks like from outside: status, forwarded ports, host names.
void Lease::publish() {
  LeaseStatus status{.key = record_.workload.key};
  LeaseNetwork network{.slot = record_.slot};
  std::vector<Route> routes;
  const NetworkNames& names = machine_.network.names();
  status.healthy = !services_.empty();
  for (const auto& service : services_) {
    const Service& spec = service->spec;
    ServiceStatus out{.name = spec.name,
                      .total = spec.replicas,
                      .image_digest = service->image ? service->image->digest : ""};
    out.reason = service->reason;
    for (const auto& staged : staged_)
      if (staged->spec.name == spec.name && !staged->reason.empty())
        out.reason = "the update waits, and the earlier version runs on: " + staged->reason;
    std::vector<Ipv4> running;
    std::vector<Ipv4> ready;
    bool waiting = false;
    for (const Replica& replica : service->replicas) {
      const auto number = record_.addresses.find(replica_name(spec.name, replica.index));
      const Ipv4 address =
          number == record_.addresses.end() ? Ipv4{} : names.address(record_.slot, number->second);
      if (replica.running) running.push_back(address);
      if (replica.ready) ready.push_back(address);
      if (!replica.running && replica.backoff.failures() > 0) waiting = true;
      const std::string& why = replica.reason.empty() ? replica.limits : replica.reason;
      if (out.reason.empty()) out.reason = why;
      out.replicas.push_back({.index = replica.index,
                              .running = replica.running,
                              .ready = replica.ready,
                              .restarts = replica.restarts,
                              .address = address.text(),
                              .started_at = replica.started_at,
                              .last_exit = replica.last_exit,
                              .reason = why});
    }
    out.available = static_cast<std::uint32_t>(running.size());
    out.ready = static_cast<std::uint32_t>(ready.size());
    if (out.ready == out.total) {
      out.state = ServiceState::kRunning;
    } else if (waiting || (!service->image && service->backoff.failures() > 0)) {
      out.state = ServiceState::kBackingOff;
    } else if (!service->image) {
      out.state = service->pull ? ServiceState::kPulling : ServiceState::kPending;
    } else {
      out.state = ServiceState::kStarting;
    }
    status.healthy = status.healthy && out.ready > 0;

    for (const Expose& expose : spec.exposes) {
      if (!expose.is_http()) continue;
      for (std::string& text : unmapped(expose.http))
        if (std::ranges::find(out.notes, text) == out.notes.end()) out.notes.push_back(text);
      for (const std::string& host : expose.hosts) {
        out.uris.push_back(host);
        Route route{.host = host, .options = expose.http};
        for (const Ipv4& address : ready)
          route.upstreams.push_back(address.text() + ":" + std::to_string(expose.port));
        routes.push_back(std::move(route));
      }
    }
    for (const AssignedPort& port : record_.ports) {
      if (port.service != spec.name) continue;
      ForwardedPort forwarded{.service = port.service,
                              .host = record_.workload.public_hostname,
                              .port = port.external_port,
                              .external_port = port.machine_port,
                              .protocol = port.protocol};
      if (const auto held = machine_.ports.holds(port.protocol, port.machine_port)) {
        network.forwards.push_back({.protocol = port.protocol,
                                    .machine_port = port.machine_port,
                                    .port = port.port,
                                    .replicas = running});
      } else {
        forwarded.reason = held.error().text;
      }
      status.forwarded_ports.push_back(std::move(forwarded));
    }
    status.services.push_back(std::move(out));
  }
  if (!services_.empty()) {
    complain(machine_.network.set_lease(network));
    complain(machine_.ingress.set(id_, routes));
  }
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

}  // namespace tp::compute::workload
