#include "networks/compute/spec/manifest.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "networks/compute/spec/error.h"

namespace tp::compute {
namespace {

constexpr std::uint32_t kPortMax = 65'535;
constexpr std::size_t kHostBytesMax = 253;  // RFC 1123, as Kubernetes counts
// specs/compute-market.md §1.4
constexpr std::uint32_t kBodySizeMax = 104'857'600;
constexpr std::uint32_t kProxyBufferMax = 1'048'576;
constexpr std::uint32_t kTimeoutMax = 60'000;
constexpr std::array<std::string_view, 10> kNextCases{"error", "timeout", "500", "502", "503",
                                                      "504",   "403",     "404", "429", "off"};

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

std::unexpected<Error> invalid(const std::string& text) {
  return fail_with_text(SpecError::kInvalidManifest, "invalid manifest: " + text);
}

std::unexpected<Error> mismatch(const std::string& text) {
  return fail_with_text(SpecError::kManifestMismatch, "manifest cross-validation error: " + text);
}

// The order that §1.9 demands of a service's exposes.
bool exposes_before(const ServiceExpose& a, const ServiceExpose& b) {
  return std::make_tuple(std::string_view(a.service), a.port, std::string_view(a.proto),
                         !a.global) <
         std::make_tuple(std::string_view(b.service), b.port, std::string_view(b.proto), !b.global);
}

struct Seen {
  std::set<std::string_view> hosts;
  bool global = false;
};

Result<void> validate_ports(const std::string& where, const ServiceExpose& expose) {
  if (expose.port == 0 || expose.port > kPortMax || expose.external_port > kPortMax)
    return invalid(where + "port value must be 0 < value <= 65535");
  if (expose.proto != "TCP" && expose.proto != "UDP")
    return invalid(where + "protocol " + quoted(expose.proto) + " unknown");
  return {};
}

Result<void> validate_hosts(const std::string& where, const ServiceExpose& expose, Seen& seen) {
  if (!expose.hosts) return {};
  for (const std::string& host : *expose.hosts) {
    if (!is_host_name(host)) return invalid(where + "has invalid hostname " + quoted(host));
    if (!seen.hosts.insert(host).second)
      return invalid(where + "hostname " + quoted(host) + " is duplicated, this is not allowed");
  }
  return {};
}

Result<void> validate_expose(const Service& service, const ServiceExpose& expose, Seen& seen) {
  const std::string where = "service " + quoted(service.name) + ": ";
  TRY_VOID(validate_ports(where, expose));
  for (const HttpOptionFault& fault : faults_of(expose.http_options))
    return invalid(where + fault.text);
  if (expose.global) seen.global = true;
  return validate_hosts(where, expose, seen);
}

Result<void> validate_service(const Service& service, Seen& seen) {
  if (service.name.empty()) return invalid("service name is empty");
  const std::string name = "service " + quoted(service.name);
  if (!is_service_name(service.name)) return invalid(name + " name is invalid");
  if (service.image.empty()) return invalid(name + " has empty image name");
  if (service.resources.id == 0) return invalid(name + ": resources ID must be > 0");
  if (service.resources.storage.empty()) return invalid(name + ": storage must not be nil");
  if (service.env)
    for (const std::string& variable : *service.env) {
      const std::string_view key = std::string_view(variable).substr(0, variable.find('='));
      if (!is_env_name(key))
        return invalid(name + " defines an env. var. with an invalid name " + quoted(key));
    }
  if (!std::ranges::is_sorted(service.expose, exposes_before))
    return invalid(name + ": expose is not sorted");
  for (const ServiceExpose& expose : service.expose)
    TRY_VOID(validate_expose(service, expose, seen));
  return {};
}

// --- Comparing with the groups on chain ---

struct Unused {
  std::uint64_t http = 0;
  std::uint64_t port = 0;
  std::uint64_t ip = 0;
  std::uint64_t replicas = 0;
};

struct UnitUse {
  const ResourceUnit* unit = nullptr;
  Unused unused;
};
using UsesById = std::map<std::uint32_t, UnitUse>;

UsesById uses_of(const GroupSpec& group) {
  UsesById uses;
  for (const ResourceUnit& unit : group.resources) {
    UnitUse use{.unit = &unit, .unused = {.replicas = unit.count}};
    for (const Endpoint& endpoint : unit.resources.endpoints) {
      switch (endpoint.kind) {
        case EndpointKind::kSharedHttp: ++use.unused.http; break;
        case EndpointKind::kRandomPort: ++use.unused.port; break;
        case EndpointKind::kLeasedIp: ++use.unused.ip; break;
      }
    }
    uses.emplace(unit.resources.id, use);
  }
  return uses;
}

Result<void> take(std::uint64_t& unused, const std::string& where, std::string_view kind) {
  if (unused == 0) return mismatch(where + "over-utilized " + std::string(kind) + " endpoints");
  --unused;
  return {};
}

Result<void> use_expose(const ServiceExpose& expose, const std::string& where, Unused& unused) {
  if (!expose.global) return {};
  TRY_VOID(expose.is_ingress() ? take(unused.http, where, "HTTP")
                               : take(unused.port, where, "PORT"));
  return expose.ip.empty() ? Result<void>{} : take(unused.ip, where, "IP");
}

Result<void> use_service(const ManifestGroup& group, const Service& service, UsesById& uses) {
  const Resources& resources = service.resources;
  const std::string id = std::to_string(resources.id);
  const std::string where = "group " + quoted(group.name) + ": service " + quoted(service.name);
  const auto found = uses.find(resources.id);
  if (found == uses.end())
    return mismatch(where + ": not found deployment group resources with ID = " + id);
  const Resources& granted = found->second.unit->resources;
  Unused& unused = found->second.unused;
  if (service.count > unused.replicas)
    return mismatch(where + ": over-utilized replicas (" + std::to_string(service.count) +
                    ") > group spec resources count (" + std::to_string(unused.replicas) + ")");
  if (resources.cpu != granted.cpu)
    return mismatch(where + ": CPU resources mismatch for ID " + id);
  if (resources.gpu != granted.gpu)
    return mismatch(where + ": GPU resources mismatch for ID " + id);
  if (resources.memory != granted.memory)
    return mismatch(where + ": Memory resources mismatch for ID " + id);
  if (resources.storage != granted.storage)
    return mismatch(where + ": Storage resources mismatch for ID " + id);
  for (const ServiceExpose& expose : service.expose)
    TRY_VOID(use_expose(expose, where + ": resource ID " + id + ": ", unused));
  unused.replicas -= service.count;
  return {};
}

Result<void> all_used(const std::string& group, const UsesById& uses) {
  for (const auto& [id, use] : uses) {
    const auto left = [&](std::uint64_t count, std::string_view what) {
      return mismatch("group " + quoted(group) + ": resources ID (" + std::to_string(id) +
                      "): under-utilized (" + std::to_string(count) + ") " + std::string(what));
    };
    if (use.unused.http > 0) return left(use.unused.http, "HTTP endpoints");
    if (use.unused.port > 0) return left(use.unused.port, "PORT endpoints");
    if (use.unused.ip > 0) return left(use.unused.ip, "IP endpoints");
    if (use.unused.replicas > 0) return left(use.unused.replicas, "resources");
  }
  return {};
}

}  // namespace

bool is_service_name(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z' || name.back() == '-') return false;
  return std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  while (true) {
    const std::size_t dot = std::min(host.find('.'), host.size());
    const std::string_view label = host.substr(0, dot);
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    if (!std::ranges::all_of(label, [](char c) { return is_lower_or_digit(c) || c == '-'; }))
      return false;
    if (dot == host.size()) return true;
    host.remove_prefix(dot + 1);
  }
}

bool is_env_name(std::string_view name) {
  if (name.empty() || name == "." || name.starts_with("..")) return false;
  if (name[0] >= '0' && name[0] <= '9') return false;
  return std::ranges::all_of(name, [](char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
  });
}

std::vector<HttpOptionFault> faults_of(const HttpOptions& options) {
  std::vector<HttpOptionFault> out;
  const auto at_most = [&](std::string_view key, std::uint32_t value, std::uint32_t most) {
    if (value > most)
      out.push_back({key, "http option not allowed: " + std::string(key) + " " +
                              std::to_string(value) + " is outside 0.." + std::to_string(most)});
  };
  at_most("max_body_size", options.max_body_size, kBodySizeMax);
  at_most("proxy_buffer_size", options.proxy_buffer_size, kProxyBufferMax);
  at_most("read_timeout", options.read_timeout, kTimeoutMax);
  at_most("send_timeout", options.send_timeout, kTimeoutMax);
  for (const std::string& next : options.next_cases) {
    if (std::ranges::find(kNextCases, next) == kNextCases.end())
      out.push_back(
          {"next_cases", "next case is unknown: " + quoted(next) +
                             "; allowed: error, timeout, 500, 502, 503, 504, 403, 404, 429, off"});
    if (next == "off" && options.next_cases.size() != 1)
      out.push_back({"next_cases", "if 'off' is specified, no other cases may be specified"});
  }
  return out;
}

HttpOptions with_defaults(const HttpOptions& options) {
  const HttpOptions defaults;
  HttpOptions out = options;
  if (out.max_body_size == 0) out.max_body_size = defaults.max_body_size;
  if (out.read_timeout == 0) out.read_timeout = defaults.read_timeout;
  if (out.send_timeout == 0) out.send_timeout = defaults.send_timeout;
  if (out.next_tries == 0) out.next_tries = defaults.next_tries;
  if (out.next_cases.empty()) out.next_cases = defaults.next_cases;
  return out;
}

std::vector<Endpoint> endpoints_of(const ServiceExpose& expose) {
  if (!expose.global) return {};
  std::vector<Endpoint> endpoints{
      {expose.is_ingress() ? EndpointKind::kSharedHttp : EndpointKind::kRandomPort, 0}};
  if (!expose.ip.empty())
    endpoints.push_back({EndpointKind::kLeasedIp, expose.endpoint_sequence_number});
  return endpoints;
}

Result<void> validate_manifest(const Manifest& manifest) {
  if (manifest.groups.empty()) return invalid("manifest is empty");
  Seen seen;
  std::set<std::string_view> names;
  for (const ManifestGroup& group : manifest.groups) {
    if (group.services.empty())
      return invalid("group " + quoted(group.name) + " contains no services");
    if (!std::ranges::is_sorted(group.services, {}, &Service::name))
      return invalid("group " + quoted(group.name) + " services is not sorted");
    for (std::size_t i = 0; i < group.services.size(); ++i) {
      TRY_VOID(validate_service(group.services[i], seen));
      // The reference lets two services of one name through; a provider could run only one of them.
      if (i > 0 && group.services[i].name == group.services[i - 1].name)
        return invalid("group " + quoted(group.name) + ": duplicate service " +
                       quoted(group.services[i].name));
    }
    if (!names.insert(group.name).second) return invalid("duplicate group " + quoted(group.name));
  }
  if (!seen.global) return invalid("zero global services");
  return {};
}

Result<void> check_manifest_against_groups(const Manifest& manifest,
                                           std::span<const GroupSpec> groups) {
  TRY_VOID(validate_manifest(manifest));
  if (manifest.groups.size() != groups.size())
    return invalid("group count mismatch (" + std::to_string(manifest.groups.size()) +
                   " != " + std::to_string(groups.size()) + ")");
  std::map<std::string_view, const GroupSpec*> by_name;
  for (const GroupSpec& group : groups) by_name.emplace(group.name, &group);
  for (const ManifestGroup& group : manifest.groups) {
    const auto found = by_name.find(group.name);
    if (found == by_name.end()) return invalid("unknown deployment group ('" + group.name + "')");
    UsesById uses = uses_of(*found->second);
    for (const Service& service : group.services) TRY_VOID(use_service(group, service, uses));
    TRY_VOID(all_used(group.name, uses));
  }
  return {};
}

Result<void> check_manifest_update(const Manifest& running, const Manifest& wanted) {
  const auto renamed = [](const std::string& what) {
    return fail(SpecError::kRenamedService, what);
  };
  if (running.groups.size() != wanted.groups.size()) return renamed("the number of groups differs");
  for (std::size_t g = 0; g < running.groups.size(); ++g) {
    const ManifestGroup& before = running.groups[g];
    const ManifestGroup& after = wanted.groups[g];
    if (before.name != after.name)
      return renamed("group " + quoted(before.name) + " became " + quoted(after.name));
    if (before.services.size() != after.services.size())
      return renamed("group " + quoted(before.name) + ": the number of services differs");
    for (std::size_t s = 0; s < before.services.size(); ++s) {
      const Service& old_service = before.services[s];
      const Service& new_service = after.services[s];
      if (old_service.name != new_service.name)
        return renamed("service " + quoted(old_service.name) + " became " +
                       quoted(new_service.name));
      Resources resources = new_service.resources;
      resources.endpoints = old_service.resources.endpoints;  // exposes may change
      resources.id = old_service.resources.id;
      if (resources != old_service.resources)
        return mismatch("service " + quoted(old_service.name) +
                        ": an update may not change cpu, memory, storage or gpu");
    }
  }
  return {};
}

}  // namespace tp::compute
