#include "networks/compute/agent/workload/setup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "networks/compute/agent/workload/cgroup.h"
#include "networks/compute/agent/workload/ingress.h"
#include "networks/compute/agent/workload/kernel.h"

namespace tp::compute::workload {
namespace {

std::vector<std::string> servers_in(const std::string& path) {
  std::vector<std::string> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key, value;
    words >> key >> value;
    const auto address = parse_ipv4(value);
    if (key == "nameserver" && address && (address->value >> 24) != 127) out.push_back(value);
  }
  return out;
}

// The addresses behind "HOST:PORT"; of a name, those that it has now.
Result<std::vector<Listener>> listeners_of(const std::string& listen) {
  std::string name = listen.substr(0, listen.rfind(':'));
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (name.empty() || name == "::") return std::vector<Listener>{{.port = port_of(listen)}};
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  std::vector<Listener> out;
  // Leases have IPv4 only: an address of IPv6 is none that they could ask.
  if (const int failed = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
      failed != 0 && name.find(':') == std::string::npos)
    return fail(WorkloadError::kBadSpec,
                "ingress address \"" + listen + "\": " + ::gai_strerror(failed));
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    sockaddr_in address{};
    std::memcpy(&address, one->ai_addr, sizeof address);
    out.push_back({.address = {ntohl(address.sin_addr.s_addr)}, .port = port_of(listen)});
  }
  if (list != nullptr) ::freeaddrinfo(list);
  return out;
}

}  // namespace

std::uint64_t processes_for_leases(std::uint64_t pid_max, std::uint64_t threads_max) {
  const std::uint64_t all = std::min(pid_max, threads_max);
  return all - all / 4;
}

std::string run_directory_of(const Config& config) {
  return config.run_directory.empty() ? "/run/tp-" + config.instance : config.run_directory;
}

Result<void> check_config(const Config& config) {
  const bool fine = !config.instance.empty() && config.instance.size() <= 32 &&
                    std::ranges::all_of(config.instance, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  if (!fine)
    return fail(WorkloadError::kBadSpec,
                "instance \"" + config.instance + "\" is not [a-z0-9-]{1,32}");
  for (const std::string& path : {config.data_directory, run_directory_of(config)})
    if (!path.starts_with('/') || path.size() < 2 || path.find(',') != std::string::npos ||
        path.find(':') != std::string::npos)
      return fail(WorkloadError::kBadSpec,
                  "directory \"" + path + "\" is not an absolute path without ',' and ':'");
  if (config.port_range.first == 0 || config.port_range.first > config.port_range.last)
    return fail(WorkloadError::kBadSpec, "the port range is empty");
  return {};
}

Result<void> check_programs() {
  std::string missing;
  for (const char* name : {"runc", "conmon", "skopeo", "umoci", "ip", "nft", "nsenter", "mkfs.ext4",
                           "e2fsck", "mount", "caddy"}) {
    bool found = false;
    for (const char* directory :
         {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
      found = found || ::access((std::string(directory) + name).c_str(), X_OK) == 0;
    if (!found) missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  if (!missing.empty()) return fail(WorkloadError::kProgramMissing, missing);
  return {};
}

std::vector<std::string> machine_name_servers() {
  std::vector<std::string> out = servers_in("/etc/resolv.conf");
  if (out.empty()) out = servers_in("/run/systemd/resolve/resolv.conf");
  return out;
}

Result<NetworkConfig> network_config(const Config& config) {
  NetworkConfig out{.instance = config.instance, .publish_addresses = config.publish_addresses};
  TRY(out.pool, parse_ipv4_range(config.network_pool));
  if (out.pool.bits < 8 || out.pool.bits > 24)
    return fail(WorkloadError::kBadSpec,
                "network pool " + config.network_pool + " is not a /8 to /24");
  for (const std::string& text : config.dns_servers) {
    TRY(const Ipv4 address, parse_ipv4(text));
    out.name_servers.push_back(address);
  }
  for (const std::string& text : config.publish_addresses) TRY_VOID(parse_ipv4(text));
  for (const std::string& listen : config.ingress_listen) {
    if (port_of(listen) == 0)
      return fail(WorkloadError::kBadSpec, "ingress address \"" + listen + "\" is not HOST:PORT");
    TRY(const auto listeners, listeners_of(listen));
    out.ingress.insert(out.ingress.end(), listeners.begin(), listeners.end());
  }
  return out;
}

Result<void> purge(const Config& config, Host& host, Disk& disk, bool data) {
  if (::geteuid() != 0) return fail(WorkloadError::kNotPermitted);
  TRY_VOID(check_config(config));
  const std::string run = run_directory_of(config);
  std::unique_ptr<FileLock> lock;
  if (disk.exists(config.data_directory)) {
    auto taken = disk.lock(config.data_directory + "/lock");
    if (!taken) return fail(WorkloadError::kBusy, taken.error().text);
    lock = std::move(*taken);
  }
  TRY(const NetworkConfig network, network_config(config));
  TRY(const Cgroups cgroups, Cgroups::find(mounts()));
  // The containers first, then conmon, whose group lies beside theirs.
  if (!cgroups.destroy("/tp-" + config.instance))
    return fail(WorkloadError::kProgramFailed, "processes of /tp-" + config.instance + " stay");
  TRY_VOID(Ingress(host, disk, config.ingress_listen, run).close());
  KernelFlows flows;
  TRY_VOID(Network(host, flows, network, run).purge());
  TRY_VOID(unmount_below(run));
  TRY_VOID(remove_tree(run));
  if (!data) return {};
  for (const char* name : {"/leases", "/images", "/journal", "/lock"})
    TRY_VOID(remove_tree(config.data_directory + name));
  return {};
}

}  // namespace tp::compute::workload
