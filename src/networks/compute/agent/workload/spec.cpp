#include "networks/compute/agent/workload/spec.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.h"
#include "crypto/sha.h"
#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

constexpr std::size_t kServicesMax = 64;
constexpr std::uint32_t kReplicasMax = 200;  // of a lease: its /24 has room for them
// Of a lease. Each port holds a socket here and is one of 2,768 by default, each host name a route.
constexpr std::size_t kForwardedPortsMax = 64;
constexpr std::size_t kHostNamesMax = 64;
// specs/compute-market.md §1.4. 0, there "the default", has become one before it comes here.
constexpr std::uint64_t kBodyBytesMax = 104'857'600;
constexpr std::uint32_t kTimeoutMsMax = 60'000;
constexpr std::uint64_t kVolumeBytesMin = 5ull << 20;  // specs/compute-market.md §1.8
constexpr std::size_t kTextsMax = 1024;                // env entries, arguments
constexpr std::size_t kTextBytesMax = 128 * 1024;

bool is_lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_dns_label(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (!is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  return std::ranges::all_of(text, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// The Kubernetes rule (specs/compute-market.md §1.3).
bool is_env_name(std::string_view name) {
  if (name.empty() || name == "." || name.starts_with("..")) return false;
  if (name.front() >= '0' && name.front() <= '9') return false;
  return std::ranges::all_of(name, [](char c) {
    return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
  });
}

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

// Absolute, no "." or "..", and not a place that the sandbox itself mounts.
bool is_mount_path(std::string_view path) {
  if (path.size() < 2 || path.size() > 4096 || path.front() != '/' || has_nul(path)) return false;
  for (const std::string_view taken : {"/proc", "/sys", "/dev", "/etc/hosts", "/etc/resolv.conf"}) {
    if (path == "/dev/shm") break;  // the usual way to ask for more shared memory
    if (path == taken) return false;
    if (path.starts_with(taken) && path[taken.size()] == '/') return false;
  }
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part == "." || part == ".." || part.empty()) return false;
    rest.remove_prefix(part.size());
  }
  return true;
}

class Checker {
 public:
  explicit Checker(const LeaseWorkload& workload) : workload_(workload) {}

  Result<void> run() {
    if (workload_.services.empty()) return bad("the workload names no service");
    if (workload_.services.size() > kServicesMax)
      return bad("more than " + std::to_string(kServicesMax) + " services");
    std::uint64_t replicas = 0;
    for (const Service& service : workload_.services) {
      TRY_VOID(check(service));
      replicas += service.replicas;
    }
    if (forwarded_ > kForwardedPortsMax)
      return bad(std::to_string(forwarded_) + " forwarded ports in one lease; at most " +
                 std::to_string(kForwardedPortsMax));
    // One more for each service: its generated name.
    if (hosts_.size() > kHostNamesMax + kServicesMax)
      return bad(std::to_string(hosts_.size()) + " host names in one lease; at most " +
                 std::to_string(kHostNamesMax + kServicesMax));
    if (replicas > kReplicasMax)
      return bad(std::to_string(replicas) + " replicas in one lease; at most " +
                 std::to_string(kReplicasMax));
    return {};
  }

 private:
  static std::unexpected<Error> bad(const std::string& text) {
    return fail(WorkloadError::kBadSpec, text);
  }

  Result<void> check(const Service& service) {
    const std::string where = "service \"" + service.name + "\"";
    if (!is_dns_label(service.name)) return bad(where + ": the name is not a DNS label");
    if (!names_.insert(service.name).second) return bad(where + " stands there twice");
    if (service.image.empty() || service.image.size() > 512 || service.image.front() == '-' ||
        std::ranges::any_of(service.image, [](char c) { return c <= ' ' || c > '~'; }))
      return bad(where + ": \"" + service.image + "\" is not an image name");
    if (service.gpu_units > 0) return fail(WorkloadError::kUnsupported, where + ": asks for a GPU");
    if (service.replicas == 0) return bad(where + ": 0 replicas");
    if (service.cpu_milli < 10) return bad(where + ": less than 10 thousandths of a core");
    if (service.memory_bytes == 0) return bad(where + ": no memory");
    TRY_VOID(check_texts(service, where));
    TRY_VOID(check_volumes(service, where));
    return check_exposes(service, where);
  }

  Result<void> check_texts(const Service& service, const std::string& where) {
    for (const auto* texts : {&service.command, &service.args, &service.env}) {
      if (texts->size() > kTextsMax)
        return bad(where + ": more than " + std::to_string(kTextsMax) + " entries in one list");
      for (const std::string& text : *texts)
        if (text.size() > kTextBytesMax || has_nul(text))
          return bad(where + ": an argument or environment entry is longer than " +
                     std::to_string(kTextBytesMax) + " bytes or holds a zero byte");
    }
    for (const std::string& entry : service.env) {
      const std::string name = entry.substr(0, entry.find('='));
      if (!is_env_name(name)) return bad(where + ": \"" + name + "\" is not an environment name");
    }
    if (service.credentials &&
        (service.credentials->host.empty() || service.credentials->username.empty()))
      return bad(where + ": registry credentials need host and user name");
    return {};
  }

  Result<void> check_volumes(const Service& service, const std::string& where) {
    std::set<std::string> names;
    std::set<std::string> mounts;
    for (const Volume& volume : service.volumes) {
      const std::string what = where + ", volume \"" + volume.name + "\"";
      if (volume.name.empty() || has_nul(volume.name)) return bad(what + ": needs a name");
      if (!names.insert(volume.name).second) return bad(what + " stands there twice");
      if (volume.size_bytes < kVolumeBytesMin) return bad(what + ": smaller than 5 MiB");
      if (volume.mount.empty()) {
        if (volume.kind != VolumeKind::kEphemeral) return bad(what + ": needs a mount path");
        continue;
      }
      if (!is_mount_path(volume.mount))
        return bad(what + ": cannot be mounted at \"" + volume.mount + "\"");
      if (!mounts.insert(volume.mount).second)
        return bad(what + ": another volume is mounted at \"" + volume.mount + "\"");
    }
    return {};
  }

  static Result<void> check_http(const HttpOptions& http, const std::string& what) {
    const auto within = [&](const char* name, std::uint64_t value,
                            std::uint64_t most) -> Result<void> {
      if (value >= 1 && value <= most) return {};
      return bad(what + ": " + name + " " + std::to_string(value) + " is outside 1.." +
                 std::to_string(most));
    };
    TRY_VOID(within("max_body_size", http.max_body_bytes, kBodyBytesMax));
    TRY_VOID(within("read_timeout", http.read_timeout_ms, kTimeoutMsMax));
    return within("send_timeout", http.send_timeout_ms, kTimeoutMsMax);
  }

  Result<void> check_exposes(const Service& service, const std::string& where) {
    for (const Expose& expose : service.exposes) {
      const std::string what = where + ", port " + std::to_string(expose.port);
      if (expose.port == 0) return bad(what + " is outside 1..65535");
      TRY_VOID(check_http(expose.http, what));
      for (const std::string& host : expose.hosts) {
        if (!is_host_name(host)) return bad(what + ": \"" + host + "\" is not a host name");
        if (expose.is_http() && !hosts_.insert(host).second)
          return bad(what + ": host name \"" + host + "\" stands there twice");
      }
      if (expose.is_forwarded()) ++forwarded_;
      if (expose.is_forwarded() && expose.host_port != 0 &&
          !host_ports_.insert({expose.protocol, expose.host_port}).second)
        return bad(what + ": machine port " + std::to_string(expose.host_port) +
                   " is asked for twice");
    }
    return {};
  }

  const LeaseWorkload& workload_;
  std::set<std::string> names_;
  std::set<std::string> hosts_;
  std::size_t forwarded_ = 0;
  std::set<std::tuple<Protocol, std::uint16_t>> host_ports_;
};

}  // namespace

std::string LeaseKey::text() const {
  return owner + "/" + std::to_string(dseq) + "/" + std::to_string(gseq) + "/" +
         std::to_string(oseq) + "/" + provider;
}

std::string file_name_of(const Volume& volume) {
  constexpr std::size_t kPlainBytesMax = 64;
  const bool plain =
      volume.name.size() <= kPlainBytesMax && std::ranges::all_of(volume.name, [](char c) {
        return is_lower_alnum(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
      });
  return plain ? volume.name : "." + to_hex(crypto::sha256(volume.name).view());
}

Result<void> validate(const LeaseWorkload& workload) {
  return Checker(workload).run();
}

}  // namespace tp::compute::workload
