// What the parts of an SDL must be to each other, and the limits on what they ask for
// (specs/compute-market.md §1.3 to §1.8). Every fault names the line that a person would change.
#include <algorithm>
#include <set>

#include "networks/compute/spec/compile_internal.h"
#include "networks/compute/spec/sdl_internal.h"

namespace tp::compute {
namespace {

constexpr std::uint32_t kPortMax = 65'535;

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return out;
}

class Checker {
 public:
  Checker(const Sdl& sdl, const SdlOptions& options, Issues& issues)
      : sdl_(sdl),
        limits_(options.limits),
        strict_(options.mode == SdlMode::kStrict),
        issues_(issues) {}

  void run() {
    endpoints();
    for (const auto& [name, service] : sdl_.services) {
      const bool deployed = sdl_.deployment.contains(name);
      if (strict_ && !deployed)
        add(service.line, "deployment." + name,
            "service " + quoted(name) + " is not named in deployment");
      // Go drops a service that is not deployed without a look at it.
      if (strict_ || deployed) this->service(name, service);
    }
    for (const auto& [name, placements] : sdl_.deployment)
      for (const auto& [placement, deployment] : placements) deployed(name, placement, deployment);
    for (const auto& [name, endpoint] : sdl_.endpoints)
      if (!used_endpoints_.contains(name))
        add(endpoint.line, "endpoints." + name,
            "endpoint " + quoted(name) + " declared but never used");
    totals();
  }

 private:
  void add(int line, std::string field, std::string text) {
    issues_.add(line, std::move(field), std::move(text));
  }

  // --- Services, each by itself ---

  void service(const std::string& name, const SdlService& service);
  void expose(const std::string& name, std::size_t index, const SdlExpose& expose);
  void http_options(const std::string& name, const std::string& field,
                    const SdlHttpOptions& options);
  void credentials(const std::string& name, const SdlCredentials& credentials);

  // --- Parts against each other ---

  void endpoints();
  void deployed(const std::string& name, const std::string& placement,
                const SdlDeployment& deployment);
  void leased_ip(const std::string& name, const SdlExpose& expose, const SdlExposeTo& to);
  void hosts(const std::string& name, const SdlService& service);
  void storage(const std::string& name, const SdlService& service, const std::string& profile,
               const SdlCompute& compute);
  void tee(const std::string& name, const SdlService& service, const std::string& placement,
           const SdlCompute& compute);
  void price(const std::string& placement, const std::string& profile, const SdlPrice& price);
  void compute_limits(const std::string& profile, const SdlCompute& compute);
  void totals();

  const Sdl& sdl_;
  const GroupLimits& limits_;
  const bool strict_;
  Issues& issues_;

  std::set<std::string> used_endpoints_;
  std::map<std::string, std::string> ip_ports_;    // endpoint, port, protocol -> service
  std::map<std::string, std::string> hosts_;       // host -> service
  std::map<std::string, std::string> tee_;         // placement -> type
  std::map<std::string, std::uint64_t> replicas_;  // placement and profile, where units merge
  std::map<std::string, std::size_t> units_;       // placement -> units
  std::set<std::string> checked_compute_;
  const SdlPrice* first_price_ = nullptr;
  bool global_ = false;
};

void Checker::endpoints() {
  for (const auto& [name, endpoint] : sdl_.endpoints) {
    const std::string field = "endpoints." + name;
    const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
    const bool valid =
        name.size() >= 2 && is_lower(name[0]) && std::ranges::all_of(name, [&](char c) {
          return is_lower(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    if (!valid)
      add(endpoint.line, field,
          "endpoint named " + quoted(name) +
              " is not a valid name: lower-case letters, digits, - and _, beginning with a letter, "
              "at least 2");
    if (endpoint.kind.empty())
      add(endpoint.line, field + ".kind",
          "endpoint named " + quoted(name) + " has no kind; write ip");
    else if (endpoint.kind != "ip")
      add(endpoint.line, field + ".kind",
          "endpoint named " + quoted(name) + ", unknown kind " + quoted(endpoint.kind) +
              "; allowed: ip");
  }
}

void Checker::service(const std::string& name, const SdlService& service) {
  const std::string field = "services." + name;
  const std::string subject = "service " + quoted(name);
  if (!is_service_name(name))
    add(service.line, field,
        subject +
            ": name is invalid: lower-case letters, digits and - only, beginning with a letter "
            "and not ending with -");
  if (service.image.empty()) add(service.line, field + ".image", subject + " has empty image name");
  for (std::size_t i = 0; service.env && i < service.env->size(); ++i) {
    const std::string_view variable = (*service.env)[i];
    const std::string_view key = variable.substr(0, variable.find('='));
    if (!is_env_name(key))
      add(service.env_lines[i], field + ".env[" + std::to_string(i) + "]",
          subject + " defines an env. var. with an invalid name " + quoted(key) +
              ": letters, digits and _ - . only, not beginning with a digit");
  }
  for (std::size_t i = 0; i < service.expose.size(); ++i) expose(name, i, service.expose[i]);
  if (service.credentials) credentials(name, *service.credentials);
  if (service.params && !service.params->tee.empty() && service.params->tee != "cpu" &&
      service.params->tee != "cpu-gpu")
    add(service.params->line, field + ".params.tee",
        subject + ": unsupported tee type: " + quoted(service.params->tee) +
            " (allowed: cpu, cpu-gpu)");
}

void Checker::expose(const std::string& name, std::size_t index, const SdlExpose& expose) {
  const std::string field = "services." + name + ".expose[" + std::to_string(index) + "]";
  const std::string subject = "service " + quoted(name);
  if (expose.port < 1 || expose.port > kPortMax)
    add(expose.line, field + ".port",
        subject + ": port " + std::to_string(expose.port) + " is outside 1..65535");
  if (expose.as > kPortMax)
    add(expose.line, field + ".as",
        subject + ": as " + std::to_string(expose.as) + " is outside 1..65535");
  const std::string proto = upper(expose.proto);
  const bool mixed_case = strict_ && expose.proto != proto && proto != "" &&
                          expose.proto != "tcp" && expose.proto != "udp";
  if ((!proto.empty() && proto != "TCP" && proto != "UDP") || mixed_case)
    add(expose.line, field + ".proto",
        subject + ": unsupported service protocol " + quoted(expose.proto) + "; allowed: tcp, udp");
  http_options(name, field + ".http_options", expose.http_options);
  if (!expose.accept) return;
  for (const std::string& host : *expose.accept)
    if (!is_host_name(host))
      add(expose.line, field + ".accept",
          subject + ": has invalid hostname " + quoted(host) +
              ": a DNS name in lower case, like www.example.com");
}

void Checker::http_options(const std::string& name, const std::string& field,
                           const SdlHttpOptions& options) {
  const auto line_of = [&](std::string_view key) {
    const std::pair<std::string_view, const std::optional<SdlNumber>&> numbers[] = {
        {"max_body_size", options.max_body_size},
        {"read_timeout", options.read_timeout},
        {"send_timeout", options.send_timeout},
        {"proxy_buffer_size", options.proxy_buffer_size}};
    for (const auto& [known, number] : numbers)
      if (known == key && number) return number->line;
    return options.line;
  };
  for (const HttpOptionFault& fault : faults_of(tp::compute::http_options(options)))
    add(line_of(fault.key), field + "." + std::string(fault.key),
        "service " + quoted(name) + ": " + fault.text);
}

void Checker::credentials(const std::string& name, const SdlCredentials& credentials) {
  const auto present = [&](std::string_view key, std::string_view title, std::string_view value) {
    if (value.find_first_not_of(" \t\r\n") != std::string_view::npos) return;
    add(credentials.line, "services." + name + ".credentials." + std::string(key),
        "service " + quoted(name) + ": service Credentials missing " + std::string(title));
  };
  present("host", "Host", credentials.host);
  present("username", "Username", credentials.username);
  present("password", "Password", credentials.password);
}

// --- One service in one placement ---

void Checker::deployed(const std::string& name, const std::string& placement,
                       const SdlDeployment& deployment) {
  const std::string field = "deployment." + name + "." + placement;
  const std::string where = name + "." + placement + ": ";
  const auto missing = [&](const std::string& what) { add(deployment.line, field, where + what); };
  if (deployment.count < 1 || deployment.count > limits_.replicas_max)
    add(deployment.count_line, field + ".count",
        where + "count " + std::to_string(deployment.count) + " is outside 1.." +
            std::to_string(limits_.replicas_max));

  const auto service = sdl_.services.find(name);
  const auto compute = sdl_.compute.find(deployment.profile);
  const auto infra = sdl_.placement.find(placement);
  if (service == sdl_.services.end()) missing("no service profile named " + quoted(name));
  if (compute == sdl_.compute.end())
    missing("no compute profile named " + quoted(deployment.profile));
  if (infra == sdl_.placement.end()) {
    missing("no placement profile named " + quoted(placement));
  } else if (const auto found = infra->second.pricing.find(deployment.profile);
             found == infra->second.pricing.end() || found->second.empty) {
    missing("no pricing for profile " + quoted(deployment.profile));
  } else {
    price(placement, deployment.profile, found->second);
  }
  if (compute != sdl_.compute.end()) compute_limits(compute->first, compute->second);
  if (service == sdl_.services.end()) return;

  for (const SdlExpose& expose : service->second.expose)
    for (const SdlExposeTo& to : expose.to) {
      if (to.global) global_ = true;
      if (!to.ip.empty()) leased_ip(name, expose, to);
    }
  hosts(name, service->second);
  if (compute == sdl_.compute.end()) return;
  if (compute->second.complete) storage(name, service->second, compute->first, compute->second);
  tee(name, service->second, placement, compute->second);

  const bool merges = sdl_.version == SdlVersion::k2_1;
  const std::string unit = placement + "\n" + (merges ? deployment.profile : name);
  const auto [entry, first] = replicas_.try_emplace(unit, 0);
  if (first && ++units_[placement] == limits_.units_max + std::size_t{1})
    add(deployment.line, field,
        "placement " + quoted(placement) + ": too many units; at most " +
            std::to_string(limits_.units_max));
  const std::uint64_t before = entry->second;
  entry->second += deployment.count;
  if (!first && before <= limits_.replicas_max && entry->second > limits_.replicas_max)
    add(deployment.count_line, field + ".count",
        where + "together the services of profile " + quoted(deployment.profile) + " count " +
            std::to_string(entry->second) + ", outside 1.." + std::to_string(limits_.replicas_max));
}

void Checker::leased_ip(const std::string& name, const SdlExpose& expose, const SdlExposeTo& to) {
  const std::string field = "services." + name + ".expose";
  const std::string subject = "service " + quoted(name) + ": ";
  if (!to.global)
    add(to.line, field,
        subject +
            "if an IP is declared the directive must be declared as global; write global: true");
  if (!sdl_.endpoints.contains(to.ip)) {
    add(to.line, field, subject + "no endpoint named " + quoted(to.ip) + " exists");
    return;
  }
  used_endpoints_.insert(to.ip);
  const std::string proto = upper(expose.proto);
  const std::uint32_t outside = expose.as == 0 ? expose.port : expose.as;
  std::string key = to.ip + "-" + std::to_string(outside);
  // Go compares what is written: `as: 80` and no `as` beside `port: 80` pass as different.
  key += strict_ ? "-" + (proto.empty() ? "TCP" : proto)
                 : "-" + std::to_string(expose.as) + "-" + expose.proto;
  const auto [other, is_new] = ip_ports_.emplace(key, name);
  if (!is_new)
    add(to.line, field,
        "IP endpoint " + quoted(to.ip) + " port: " + std::to_string(outside) +
            " protocol: " + (proto.empty() ? "TCP" : proto) + " specified by service " +
            quoted(name) + " already in use by " + quoted(other->second));
}

// Each host name once in the whole manifest, where an expose stands once for each of its `to`.
void Checker::hosts(const std::string& name, const SdlService& service) {
  for (const SdlExpose& expose : service.expose) {
    if (!expose.accept) continue;
    const std::size_t times = std::max<std::size_t>(expose.to.size(), 1);
    for (const std::string& host : *expose.accept) {
      const bool is_new = hosts_.emplace(host, name).second;
      if (!is_new || times > 1)
        add(expose.line, "services." + name + ".expose",
            "service " + quoted(name) + ": hostname " + quoted(host) +
                " is duplicated, this is not allowed" +
                (times > 1 ? " (every entry of `to` repeats it)" : ""));
    }
  }
}

void Checker::storage(const std::string& name, const SdlService& service,
                      const std::string& profile, const SdlCompute& compute) {
  const std::vector<Volume> volumes = volumes_of(sdl_, profile, compute);
  const auto attribute = [](const Volume& volume, std::string_view key) -> std::string_view {
    const auto found = std::ranges::find(volume.attributes, key, &Attribute::key);
    return found == volume.attributes.end() ? std::string_view() : found->value;
  };
  std::map<std::string, std::string> mounts;
  if (service.params)
    for (const auto& [volume_name, mount] : service.params->storage) {
      const std::string field = "services." + name + ".params.storage." + volume_name;
      const std::string subject = "service " + quoted(name) + ": ";
      const auto volume = std::ranges::find(volumes, volume_name, &Volume::name);
      if (volume == volumes.end()) {
        add(mount.line, field,
            "service " + quoted(name) + " references to no-existing compute volume named " +
                quoted(volume_name) + " in profile " + quoted(profile));
        continue;
      }
      if (!mount.mount.starts_with('/')) {
        add(mount.line, field + ".mount",
            subject + "mount " + quoted(mount.mount) + " of volume " + quoted(volume_name) +
                ": expected absolute path");
        continue;
      }
      if (const auto [other, is_new] = mounts.emplace(mount.mount, volume_name); !is_new)
        add(mount.line, field + ".mount",
            subject + "duplicated mount point: mount " + quoted(mount.mount) +
                " already in use by volume " + quoted(other->second));
      if (sdl_.version == SdlVersion::k2_1 && mount.read_only &&
          attribute(*volume, "class") == "ram")
        add(mount.line, field + ".readOnly",
            subject + "volume " + quoted(volume_name) +
                " has readOnly=true which is not allowed for storage class \"ram\"");
    }
  // In version 2.0 Go is content when any volume is mounted, in 2.1 it does not look at volumes
  // that the service does not name; strict asks for each.
  const bool go_is_content = sdl_.version == SdlVersion::k2_1 || !mounts.empty();
  for (const Volume& volume : volumes) {
    if (attribute(volume, "persistent") != "true") continue;
    const bool named = service.params && service.params->storage.contains(volume.name);
    if (named || (!strict_ && go_is_content)) continue;
    add(service.line, "services." + name + ".params.storage." + volume.name,
        "compute.storage." + volume.name + " has persistent=true which requires service." + name +
            ".params.storage." + volume.name + " to have mount");
  }
}

void Checker::tee(const std::string& name, const SdlService& service, const std::string& placement,
                  const SdlCompute& compute) {
  if (!service.params || service.params->tee.empty()) return;
  const std::string field = "services." + name + ".params.tee";
  const std::string& type = service.params->tee;
  if (type == "cpu-gpu" && compute.gpu_units == 0)
    add(service.params->line, field,
        "service " + quoted(name) +
            ": tee type requires gpu resources: \"cpu-gpu\" specified but no gpu resources "
            "defined");
  if (const auto [other, is_new] = tee_.emplace(placement, type); !is_new && other->second != type)
    add(service.params->line, field,
        "service " + quoted(name) + ": conflicting tee types in the same placement group: group " +
            quoted(placement) + " has " + quoted(other->second) + " and " + quoted(type));
}

void Checker::price(const std::string& placement, const std::string& profile,
                    const SdlPrice& price) {
  if (!price.valid) return;
  const std::string field = "profiles.placement." + placement + ".pricing." + profile;
  const std::string subject = "placement " + quoted(placement) + ": ";
  if (price.price.amount.scaled() > u128{limits_.price_max} * Decimal::kOne)
    add(price.line, field + ".amount",
        subject + "amount " + price.price.amount.to_string_trimmed() + " for profile " +
            quoted(profile) + " is above " + std::to_string(limits_.price_max));
  if (first_price_ == nullptr) first_price_ = &price;
  if (price.price.denom != first_price_->price.denom)
    add(price.line, field + ".denom",
        subject + "inconsistent group denomination: " + first_price_->price.denom + " (line " +
            std::to_string(first_price_->line) + ") != " + price.price.denom);
}

void Checker::compute_limits(const std::string& profile, const SdlCompute& compute) {
  if (!compute.complete || !checked_compute_.insert(profile).second) return;
  const Resources resources = resources_of(sdl_, profile, compute);
  for (const LimitFault& fault : check_resources(resources, limits_)) {
    int line = compute.line;
    if (fault.field == "cpu") line = compute.cpu_line;
    if (fault.field == "memory") line = compute.memory_line;
    if (fault.field == "gpu") line = compute.gpu_line;
    for (const SdlVolume& volume : compute.volumes)
      if (fault.field == "storage." + volume.name) line = volume.line;
    add(line, "profiles.compute." + profile + ".resources." + fault.field,
        "compute profile " + quoted(profile) + ": " + fault.field + " " + fault.text);
  }
}

// What only the whole can show. Sums over a group are checked on the groups themselves.
void Checker::totals() {
  // These two only when nothing else is wrong: a fault elsewhere is often the reason.
  if (sdl_.deployment.empty() && issues_.empty())
    add(0, "deployment", "no groups present: nothing is deployed");
  if (!global_ && issues_.empty())
    add(0, "services",
        "zero global services: at least one expose must have a `to` with global: true");
  if (units_.size() > limits_.groups_max)
    add(0, "deployment",
        "too many placements: " + std::to_string(units_.size()) + " are more than " +
            std::to_string(limits_.groups_max));
}

}  // namespace

void check_references(const Sdl& sdl, const SdlOptions& options, Issues& issues) {
  Checker(sdl, options, issues).run();
}

}  // namespace tp::compute
