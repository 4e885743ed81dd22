#include "networks/compute/spec/compile.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "networks/compute/spec/compile_internal.h"

namespace tp::compute {
namespace {

using SequenceNumbers = std::map<std::string, std::uint32_t>;  // of leased IP endpoints

// --- Resources ---

std::string_view value_of(const Attributes& attributes, std::string_view key) {
  const auto found = std::ranges::find(attributes, key, &Attribute::key);
  return found == attributes.end() ? std::string_view() : std::string_view(found->value);
}

// Go's comparison of volumes. It calls two volumes that are both not persistent "less" both ways,
// so it is no order, and the result depends on the way of sorting.
bool volume_before(const Volume& a, const Volume& b) {
  if (a.bytes != b.bytes) return a.bytes < b.bytes;
  const std::string_view persistent_a = value_of(a.attributes, "persistent");
  const std::string_view persistent_b = value_of(b.attributes, "persistent");
  if (!persistent_b.empty() && (persistent_a.empty() || persistent_a < persistent_b)) return true;
  if (!persistent_a.empty() && persistent_b.empty()) return false;
  if (persistent_a != "true") return true;
  if (persistent_b != "true") return false;
  return a.name < b.name;
}

// Insertion sort, as Go's stable sort does up to 20 items (GroupLimits::volumes_max is no larger).
void sort_volumes(std::vector<Volume>& volumes) {
  for (std::size_t i = 1; i < volumes.size(); ++i)
    for (std::size_t k = i; k > 0 && volume_before(volumes[k], volumes[k - 1]); --k)
      std::swap(volumes[k], volumes[k - 1]);
}

// Whether a service that runs on `profile` mounts a volume of this name.
bool is_mounted(const Sdl& sdl, const std::string& profile, const std::string& volume) {
  for (const auto& [name, placements] : sdl.deployment) {
    const auto service = sdl.services.find(name);
    if (service == sdl.services.end() || !service->second.params) continue;
    if (!service->second.params->storage.contains(volume)) continue;
    for (const auto& [placement, deployment] : placements)
      if (deployment.profile == profile) return true;
  }
  return false;
}

Attributes gpu_attributes(const SdlCompute& compute, ClientRules rules) {
  Attributes attributes;
  if (!compute.gpu_models) return attributes;
  const auto add = [&attributes](const std::string& model) {
    attributes.push_back({"vendor/nvidia/model/" + model, "true"});
  };
  for (const SdlGpuModel& model : *compute.gpu_models) {
    std::string key = model.model;
    if (!model.ram.empty())
      key += "/ram/" +
             (rules == ClientRules::kGo ? std::to_string(model.ram_bytes >> 30) + "Gi" : model.ram);
    if (!model.interface.empty()) key += "/interface/" + model.interface;
    add(key);
  }
  if (attributes.empty()) add("*");
  if (rules == ClientRules::kGo) std::ranges::sort(attributes, {}, &Attribute::key);
  return attributes;
}

std::uint64_t bytes_of(const ByteSize& size, ClientRules rules) {
  return rules == ClientRules::kGo ? size.rounded_down : size.rounded_up;
}

// --- Exposes ---

// Go collects the endpoint of every `to` but a global one without an IP, so that service-to-service
// entries count as an endpoint without a name; an endpoint named twice gets the later number.
SequenceNumbers sequence_numbers(const Sdl& sdl, ClientRules rules) {
  std::vector<std::string> names;
  for (const auto& [name, placements] : sdl.deployment) {
    const auto service = sdl.services.find(name);
    if (service == sdl.services.end()) continue;
    for (const SdlExpose& expose : service->second.expose)
      for (const SdlExposeTo& to : expose.to) {
        const bool counts =
            rules == ClientRules::kGo ? !to.global || !to.ip.empty() : to.global && !to.ip.empty();
        if (counts) names.push_back(to.ip);
      }
  }
  std::ranges::sort(names);
  SequenceNumbers numbers;
  std::uint32_t number = 0;
  for (const std::string& name : names) numbers[name] = ++number;
  return numbers;
}

std::string protocol(std::string_view written) {
  return written.starts_with('u') || written.starts_with('U') ? "UDP" : "TCP";
}

// An empty list that was written: Go keeps it, TypeScript makes it null.
OptionalList list_of(const OptionalList& written, ClientRules rules) {
  if (rules == ClientRules::kTypeScript && written && written->empty()) return std::nullopt;
  return written;
}

// One for each `to`, in the order of the file. An expose without `to` gives one that nobody is
// named for (Go), or none (TypeScript).
std::vector<ServiceExpose> exposes_of(const SdlService& service, const SequenceNumbers& numbers,
                                      ClientRules rules) {
  std::vector<ServiceExpose> exposes;
  for (const SdlExpose& written : service.expose) {
    const ServiceExpose common{.port = written.port,
                               .external_port = written.as,
                               .proto = protocol(written.proto),
                               .service = "",
                               .global = false,
                               .hosts = list_of(written.accept, rules),
                               .http_options = http_options(written.http_options, rules),
                               .ip = "",
                               .endpoint_sequence_number = 0};
    for (const SdlExposeTo& to : written.to) {
      ServiceExpose& expose = exposes.emplace_back(common);
      expose.service = to.service;
      expose.global = to.global;
      expose.ip = to.ip;
      if (to.global && !to.ip.empty()) {
        const auto number = numbers.find(to.ip);
        expose.endpoint_sequence_number = number == numbers.end() ? 0 : number->second;
      }
    }
    if (written.to.empty() && rules == ClientRules::kGo) exposes.push_back(common);
  }
  return exposes;
}

bool expose_before(const ServiceExpose& a, const ServiceExpose& b) {
  return std::make_tuple(std::string_view(a.service), a.port, std::string_view(a.proto),
                         !a.global) <
         std::make_tuple(std::string_view(b.service), b.port, std::string_view(b.proto), !b.global);
}

std::vector<Endpoint> endpoints_of(const std::vector<ServiceExpose>& exposes) {
  std::vector<Endpoint> endpoints;
  for (const ServiceExpose& expose : exposes)
    for (const Endpoint& endpoint : compute::endpoints_of(expose)) endpoints.push_back(endpoint);
  return endpoints;
}

// --- Services ---

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

ImageCredentials credentials_of(const SdlCredentials& written, SdlVersion version,
                                ClientRules rules) {
  if (rules == ClientRules::kTypeScript)
    return {written.host, written.email, written.username, written.password};
  if (version == SdlVersion::k2_0) return {written.host, "", written.username, written.password};
  return {trimmed(written.host), trimmed(written.email), trimmed(written.username),
          trimmed(written.password)};
}

ServiceParams params_of(const SdlServiceParams& written) {
  ServiceParams out;
  if (!written.storage.empty()) {
    out.storage.emplace();
    for (const auto& [name, mount] : written.storage)
      out.storage->push_back({name, mount.mount, mount.read_only});
  }
  if (written.permissions_read) out.permissions = ServicePermissions{*written.permissions_read};
  if (!written.tee.empty()) out.tee = TeeParams{.type = written.tee, .attestation = true};
  return out;
}

// --- Groups ---

// A group under construction.
struct Group {
  GroupSpec spec;
  ManifestGroup manifest;
  std::map<std::string, std::size_t> unit_of_profile;  // where units merge
};

class Compiler {
 public:
  Compiler(const Sdl& sdl, ClientRules rules)
      : sdl_(sdl),
        rules_(rules),
        merges_(rules == ClientRules::kTypeScript || sdl.version == SdlVersion::k2_1),
        numbers_(sequence_numbers(sdl, rules)) {}

  CompiledSdl run() {
    for (const auto& [name, placements] : sdl_.deployment)
      for (const auto& [placement, deployment] : placements) add(name, placement, deployment);
    CompiledSdl out;
    for (auto& [name, group] : groups_) {
      if (rules_ == ClientRules::kTypeScript)
        for (ResourceUnit& unit : group.spec.resources)
          std::ranges::stable_sort(unit.resources.endpoints);
      out.groups.push_back(std::move(group.spec));
      out.manifest.groups.push_back(std::move(group.manifest));
    }
    out.hash = manifest_hash(out.manifest);
    return out;
  }

 private:
  Group& group_of(const std::string& placement) {
    const auto [entry, is_new] = groups_.try_emplace(placement);
    if (is_new) {
      const SdlPlacement& written = sdl_.placement.at(placement);
      entry->second.spec.name = placement;
      entry->second.spec.requirements = {written.signed_by, written.attributes};
      entry->second.manifest.name = placement;
    }
    return entry->second;
  }

  // The kind of trusted execution that a service asks for becomes a requirement of its group.
  static void require_tee(GroupSpec& spec, const SdlService& service) {
    if (!service.params || service.params->tee.empty()) return;
    Attributes& attributes = spec.requirements.attributes;
    if (value_of(attributes, "tee/type") == service.params->tee) return;
    attributes.push_back({"tee/type", service.params->tee});
    std::ranges::stable_sort(attributes, {}, &Attribute::key);
  }

  void add(const std::string& name, const std::string& placement, const SdlDeployment& deployment) {
    const SdlService& service = sdl_.services.at(name);
    Group& group = group_of(placement);
    require_tee(group.spec, service);

    std::vector<ServiceExpose> exposes = exposes_of(service, numbers_, rules_);
    // TypeScript takes the endpoints in the order of the file, Go in that of the manifest.
    std::vector<Endpoint> endpoints = endpoints_of(exposes);
    std::ranges::stable_sort(exposes, expose_before);
    if (rules_ == ClientRules::kGo) endpoints = endpoints_of(exposes);

    Resources resources =
        resources_of(sdl_, deployment.profile, sdl_.compute.at(deployment.profile), rules_);
    resources.endpoints = std::move(endpoints);
    resources.id = claim(group, placement, deployment, resources);

    const SdlVersion version = sdl_.version;
    Service& out = group.manifest.services.emplace_back();
    out.name = name;
    out.image = service.image;
    out.command = list_of(service.command, rules_);
    out.args = list_of(service.args, rules_);
    out.env = list_of(service.env, rules_);
    out.resources = std::move(resources);
    out.count = deployment.count;
    out.expose = std::move(exposes);
    if (service.params) out.params = params_of(*service.params);
    if (service.credentials)
      out.credentials = credentials_of(*service.credentials, version, rules_);
  }

  // Puts the service's resources into the group, in a unit of their own or merged into that of
  // their profile. Returns the unit's id.
  std::uint32_t claim(Group& group, const std::string& placement, const SdlDeployment& deployment,
                      const Resources& resources) {
    std::vector<ResourceUnit>& units = group.spec.resources;
    const auto [known, is_new] =
        group.unit_of_profile.try_emplace(deployment.profile, units.size());
    if (merges_ && !is_new) {
      ResourceUnit& unit = units[known->second];
      unit.count += deployment.count;
      std::vector<Endpoint>& all = unit.resources.endpoints;
      all.insert(all.end(), resources.endpoints.begin(), resources.endpoints.end());
      std::ranges::stable_sort(all, {}, &Endpoint::sequence_number);
      return unit.resources.id;
    }
    ResourceUnit& unit = units.emplace_back();
    unit.resources = resources;
    unit.resources.id = static_cast<std::uint32_t>(units.size());
    unit.count = deployment.count;
    unit.price = sdl_.placement.at(placement).pricing.at(deployment.profile).price;
    return unit.resources.id;
  }

  const Sdl& sdl_;
  const ClientRules rules_;
  const bool merges_;
  const SequenceNumbers numbers_;
  std::map<std::string, Group> groups_;
};

}  // namespace

HttpOptions http_options(const SdlHttpOptions& written, ClientRules rules) {
  HttpOptions out;
  // Absent means the default; so does 0 to Go, while TypeScript keeps it.
  const auto take = [rules](std::uint32_t& value, const std::optional<SdlNumber>& given) {
    if (given && (given->value != 0 || rules == ClientRules::kTypeScript)) value = given->value;
  };
  take(out.max_body_size, written.max_body_size);
  take(out.read_timeout, written.read_timeout);
  take(out.send_timeout, written.send_timeout);
  take(out.next_tries, written.next_tries);
  take(out.next_timeout, written.next_timeout);
  take(out.proxy_buffer_size, written.proxy_buffer_size);
  if (!written.next_cases.empty()) out.next_cases = written.next_cases;
  return out;
}

std::vector<Volume> volumes_of(const Sdl& sdl, const std::string& profile,
                               const SdlCompute& compute, ClientRules rules) {
  std::vector<Volume> volumes;
  for (const SdlVolume& written : compute.volumes) {
    // Go names the only volume of a profile "default" whatever is written, and then refuses files
    // that mount it by its name. We keep the name in those, as TypeScript always does.
    const bool forget =
        rules == ClientRules::kGo && written.single && !is_mounted(sdl, profile, written.name);
    volumes.push_back(
        {forget ? "default" : written.name, bytes_of(written.size, rules),
         rules == ClientRules::kGo ? written.attributes : written.typescript_attributes});
  }
  if (rules == ClientRules::kGo) sort_volumes(volumes);
  return volumes;
}

Resources resources_of(const Sdl& sdl, const std::string& profile, const SdlCompute& compute,
                       ClientRules rules) {
  Resources out;
  out.cpu = {compute.cpu_milli, compute.cpu_attributes};
  out.memory = {bytes_of(compute.memory, rules), {}};
  out.storage = volumes_of(sdl, profile, compute, rules);
  out.gpu = {compute.gpu_units, gpu_attributes(compute, rules)};
  return out;
}

CompiledSdl compile_sdl(const Sdl& sdl, ClientRules rules) {
  return Compiler(sdl, rules).run();
}

}  // namespace tp::compute
