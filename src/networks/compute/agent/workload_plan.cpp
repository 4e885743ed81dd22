#include "networks/compute/agent/workload_plan.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "crypto/uuid.h"
#include "networks/compute/agent/inventory.h"
#include "networks/compute/agent/workload/error.h"

namespace tp::compute::provider {
namespace {

bool has_attribute(const Volume& volume, std::string_view key, std::string_view value) {
  return std::ranges::any_of(volume.attributes, [&](const Attribute& one) {
    return one.key == key && one.value == value;
  });
}

workload::Volume volume_of(const Volume& volume, const Service& service) {
  // The only volume of a service may have no name.
  workload::Volume out{.name = volume.name.empty() ? "default" : volume.name,
                       .size_bytes = volume.bytes};
  if (service.params && service.params->storage) {
    for (const StorageMount& mount : *service.params->storage) {
      if (mount.name != volume.name) continue;
      out.mount = mount.mount;
      out.read_only = mount.read_only;
    }
  }
  if (is_ram(volume))
    out.kind = workload::VolumeKind::kRam;
  else if (has_attribute(volume, "persistent", "true"))
    out.kind = workload::VolumeKind::kPersistent;
  return out;
}

workload::Expose expose_of(const ServiceExpose& expose) {
  const HttpOptions http = with_defaults(expose.http_options);
  return {
      .port = static_cast<std::uint16_t>(expose.port),
      .external_port = static_cast<std::uint16_t>(expose.external_port),
      .protocol = expose.proto == "UDP" ? workload::Protocol::kUdp : workload::Protocol::kTcp,
      .global = expose.global,
      .http = {.max_body_bytes = http.max_body_size,
               .read_timeout_ms = http.read_timeout,
               .send_timeout_ms = http.send_timeout,
               .next_tries = http.next_tries,
               .next_timeout_ms = http.next_timeout,
               .next_cases = http.next_cases,
               .proxy_buffer_bytes = http.proxy_buffer_size},
  };
}

// Host names of the service's HTTP exposes: the generated one leads to the first of them; a name
// that stands in several leads to the first that has it.
void add_hosts(workload::Service& out, const Service& service, const workload::LeaseKey& lease,
               const PlanSettings& settings) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < service.expose.size(); ++i) {
    workload::Expose& expose = out.exposes[i];
    if (!expose.is_http()) continue;
    std::vector<std::string> names = service.expose[i].hosts.value_or(std::vector<std::string>{});
    names.insert(names.begin(), default_host(lease, service.name, settings.ingress_domain));
    for (std::string& name : names)
      if (taken.insert(name).second) expose.hosts.push_back(std::move(name));
  }
}

void add_variables(workload::Service& service, const workload::LeaseKey& lease,
                   const PlanSettings& settings) {
  const auto add = [&](const std::string& name, const std::string& value) {
    const bool set = std::ranges::any_of(service.env, [&](const std::string& one) {
      return one == name || one.starts_with(name + "=");
    });
    if (!set) service.env.push_back(name + "=" + value);
  };
  add("AKASH_DEPLOYMENT_SEQUENCE", std::to_string(lease.dseq));
  add("AKASH_GROUP_SEQUENCE", std::to_string(lease.gseq));
  add("AKASH_ORDER_SEQUENCE", std::to_string(lease.oseq));
  add("AKASH_OWNER", lease.owner);
  add("AKASH_PROVIDER", lease.provider);
  add("AKASH_CLUSTER_PUBLIC_HOSTNAME", settings.public_host);
}

// ".example.org" also blocks "example.org".
bool blocks(const std::string& blocked, const std::string& host) {
  if (!blocked.starts_with('.')) return host == blocked;
  return host.ends_with(blocked) || host == blocked.substr(1);
}

}  // namespace

std::string default_host(const workload::LeaseKey& lease, const std::string& service,
                         const std::string& domain) {
  const crypto::Uuid id = crypto::uuid5(crypto::kUuidNamespaceDns, lease.text() + service);
  return to_base32hex(id.view()) + "." + domain;
}

Result<void> check_supported(const ManifestGroup& group) {
  for (const Service& service : group.services) {
    const auto refuse = [&](const std::string& what) {
      return fail(workload::WorkloadError::kUnsupported,
                  "service \"" + service.name + "\": " + what);
    };
    for (const ServiceExpose& expose : service.expose)
      if (!expose.ip.empty())
        return refuse("port " + std::to_string(expose.port) + ": leased IP \"" + expose.ip +
                      "\"; remove `ip`, and take a forwarded port");
    if (!service.params) continue;
    if (service.params->tee)
      return refuse("params.tee: confidential computing; this provider has none");
    if (service.params->permissions && !service.params->permissions->read.empty())
      return refuse("params.permissions: access of a service to its own deployment; remove it");
  }
  return {};
}

workload::LeaseWorkload plan(const workload::LeaseKey& lease, const ManifestGroup& group,
                             const PlanSettings& settings) {
  workload::LeaseWorkload out{.key = lease, .public_hostname = settings.public_host};
  for (const Service& service : group.services) {
    workload::Service made{
        .name = service.name,
        .image = service.image,
        .command = service.command.value_or(std::vector<std::string>{}),
        .args = service.args.value_or(std::vector<std::string>{}),
        .env = service.env.value_or(std::vector<std::string>{}),
        .replicas = service.count,
        .cpu_milli = service.resources.cpu.milli_units,
        .memory_bytes = service.resources.memory.bytes,
        .gpu_units = service.resources.gpu.units,
    };
    if (service.credentials)
      made.credentials = workload::Credentials{.host = service.credentials->host,
                                               .username = service.credentials->username,
                                               .password = service.credentials->password};
    for (const Volume& volume : service.resources.storage)
      made.volumes.push_back(volume_of(volume, service));
    for (const ServiceExpose& expose : service.expose) made.exposes.push_back(expose_of(expose));
    add_hosts(made, service, lease, settings);
    add_variables(made, lease, settings);
    out.services.push_back(std::move(made));
  }
  return out;
}

Result<void> check_host_names(const workload::LeaseWorkload& workload,
                              const PlanSettings& settings) {
  const std::string& domain = settings.ingress_domain;
  for (const workload::Service& service : workload.services) {
    for (const workload::Expose& expose : service.exposes) {
      for (const std::string& host : expose.hosts) {
        if (host == default_host(workload.key, service.name, domain)) continue;
        if (host == domain || host.ends_with("." + domain) || host == settings.public_host)
          return fail(workload::WorkloadError::kHostNameTaken,
                      "host name \"" + host + "\" is the provider's own");
        if (std::ranges::any_of(settings.blocked_hosts,
                                [&](const std::string& blocked) { return blocks(blocked, host); }))
          return fail(workload::WorkloadError::kHostNameTaken,
                      "host name \"" + host + "\" is blocked by this provider");
      }
    }
  }
  return {};
}

}  // namespace tp::compute::provider
