#include "networks/compute/agent/workload/oci.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/seccomp.h"

namespace tp::compute::workload {
namespace {

using Json = nlohmann::json;

constexpr const char* kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::uint64_t kCpuPeriodMicroseconds = 100'000;
constexpr int kNotPermitted = 1;     // EPERM
constexpr int kNotImplemented = 38;  // ENOSYS

std::string name_of(const std::string& entry) {
  return entry.substr(0, entry.find('='));
}

std::string value_of(const std::string& entry) {
  const std::size_t equals = entry.find('=');
  return equals == std::string::npos ? std::string() : entry.substr(equals + 1);
}

bool has(const std::vector<std::string>& env, const std::string& name) {
  return std::ranges::any_of(env, [&](const auto& entry) { return name_of(entry) == name; });
}

void set(std::vector<std::string>& env, const std::string& entry) {
  const std::string name = name_of(entry);
  const std::string whole = entry.find('=') == std::string::npos ? entry + "=" : entry;
  for (std::string& existing : env) {
    if (name_of(existing) != name) continue;
    existing = whole;
    return;
  }
  env.push_back(whole);
}

// Kubernetes' "$(NAME)": an unknown name stays as it is, "$$" is one "$".
std::string expand(const std::string& text, const std::vector<std::string>& env) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out.push_back(text[i]);
    } else if (text[i + 1] == '$') {
      out.push_back('$');
      ++i;
    } else if (const std::size_t end = text.find(')', i);
               text[i + 1] == '(' && end != std::string::npos) {
      const std::string name = text.substr(i + 2, end - i - 2);
      const auto found =
          std::ranges::find_if(env, [&](const auto& entry) { return name_of(entry) == name; });
      out += found == env.end() ? text.substr(i, end - i + 1) : value_of(*found);
      i = end;
    } else {
      out.push_back('$');
    }
  }
  return out;
}

Json capabilities() {
  // What servers need to start as root and step down. None of it reaches past the container's own
  // user and network namespaces.
  const Json kept = {"CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
                     "CAP_KILL",    "CAP_SETGID",           "CAP_SETUID",    "CAP_SETPCAP",
                     "CAP_SETFCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT"};
  return {{"bounding", kept}, {"effective", kept}, {"permitted", kept}};
}

Json rule(const Json& names, const Json& arguments = nullptr) {
  Json out = {{"names", names}, {"action", "SCMP_ACT_ALLOW"}};
  if (!arguments.is_null()) out["args"] = arguments;
  return out;
}

Json equals(std::uint64_t value) {
  return Json::array({{{"index", 0}, {"value", value}, {"op", "SCMP_CMP_EQ"}}});
}

Json seccomp() {
  Json names = Json::array();
  for (const std::string_view name : allowed_system_calls()) names.push_back(name);
  Json rules = Json::array({rule(names)});
  for (const std::uint64_t family : kAllowedSocketFamilies)
    rules.push_back(rule({"socket"}, equals(family)));
  for (const std::uint64_t personality : kAllowedPersonalities)
    rules.push_back(rule({"personality"}, equals(personality)));
  rules.push_back(rule({"clone"}, Json::array({{{"index", 0},
                                                {"value", kNamespaceFlags},
                                                {"valueTwo", 0},
                                                {"op", "SCMP_CMP_MASKED_EQ"}}})));
  rules.push_back(
      {{"names", {"clone3"}}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", kNotImplemented}});
#if defined(__aarch64__)
  const Json architectures = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#else
  const Json architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
#endif
  return {{"defaultAction", "SCMP_ACT_ERRNO"},
          {"defaultErrnoRet", kNotPermitted},
          {"architectures", architectures},
          {"syscalls", rules}};
}

Json mount(const char* destination, const char* type, const char* source,
           std::vector<std::string> options) {
  return {{"destination", destination}, {"type", type}, {"source", source}, {"options", options}};
}

Json mounts_of(const ContainerSpec& spec) {
  Json out = Json::array();
  out.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  out.push_back(mount("/dev", "tmpfs", "tmpfs",
                      {"nosuid", "noexec", "strictatime", "mode=755", "size=1024k"}));
  out.push_back(mount("/dev/pts", "devpts", "devpts",
                      {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  out.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  out.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  out.push_back(
      mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  if (std::ranges::find(spec.ram, "/dev/shm", &RamMount::destination) == spec.ram.end())
    out.push_back(mount("/dev/shm", "tmpfs", "shm",
                        {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}));
  for (const RamMount& ram : spec.ram)
    out.push_back(mount(ram.destination.c_str(), "tmpfs", "tmpfs",
                        {"nosuid", "nodev", "mode=1777", "size=" + std::to_string(ram.bytes)}));
  for (const BindMount& bind : spec.binds)
    out.push_back(mount(bind.destination.c_str(), "bind", bind.source.c_str(),
                        {"rbind", "nosuid", "nodev", bind.read_only ? "ro" : "rw"}));
  return out;
}

Json resources_of(const ContainerSpec& spec) {
  const std::uint64_t memory = std::max(spec.memory_bytes, kReplicaMemoryBytesMin);
  Json limits = {{"limit", memory}};
  if (spec.limit_swap) limits["swap"] = memory;  // of both together: no swap
  const std::uint64_t quota = spec.cpu_milli * kCpuPeriodMicroseconds / 1000;
  return {{"memory", limits},
          {"cpu",
           {{"shares", std::max<std::uint64_t>(2, spec.cpu_milli * 1024 / 1000)},
            {"quota", quota},
            {"period", kCpuPeriodMicroseconds}}},
          {"pids", {{"limit", spec.pids_max}}},
          {"devices", Json::array({{{"allow", false}, {"access", "rwm"}}})}};
}

Json linux_of(const ContainerSpec& spec) {
  Json namespaces = Json::array();
  for (const char* kind : {"pid", "ipc", "uts", "mount", "network", "cgroup"})
    namespaces.push_back({{"type", kind}});
  Json out;
  if (spec.ids.first != 0) {
    namespaces.push_back({{"type", "user"}});
    const Json map =
        Json::array({{{"containerID", 0}, {"hostID", spec.ids.first}, {"size", IdRange::kSize}}});
    out["uidMappings"] = map;
    out["gidMappings"] = map;
  }
  out["namespaces"] = namespaces;
  out["cgroupsPath"] = spec.cgroup;
  out["resources"] = resources_of(spec);
  out["seccomp"] = seccomp();
  out["rootfsPropagation"] = "private";
  out["sysctl"] = {{"net.ipv4.ip_unprivileged_port_start", "0"},
                   {"net.ipv4.ping_group_range", "0 65535"}};
  if (std::filesystem::exists("/proc/sys/net/ipv6")) {
    out["sysctl"]["net.ipv6.conf.all.disable_ipv6"] = "1";
    out["sysctl"]["net.ipv6.conf.default.disable_ipv6"] = "1";
  }
  out["maskedPaths"] = {"/proc/acpi",
                        "/proc/asound",
                        "/proc/kcore",
                        "/proc/keys",
                        "/proc/latency_stats",
                        "/proc/sched_debug",
                        "/proc/scsi",
                        "/proc/timer_list",
                        "/proc/timer_stats",
                        "/proc/interrupts",
                        "/sys/firmware",
                        "/sys/kernel/debug",
                        "/sys/devices/virtual/powercap"};
  out["readonlyPaths"] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return out;
}

}  // namespace

Result<std::vector<std::string>> arguments_of(const Service& service, const ImageConfig& image,
                                              const std::vector<std::string>& env) {
  std::vector<std::string> out;
  for (const std::string& text : service.command) out.push_back(expand(text, env));
  if (service.command.empty()) out = image.entrypoint;
  if (!service.args.empty()) {
    for (const std::string& text : service.args) out.push_back(expand(text, env));
  } else if (service.command.empty()) {
    out.insert(out.end(), image.cmd.begin(), image.cmd.end());
  }
  if (out.empty())
    return fail(
        WorkloadError::kBadImage,
        "service \"" + service.name + "\": neither the image nor the service has a command");
  return out;
}

std::vector<std::string> environment_of(const LeaseWorkload& workload, const Service& service,
                                        const ImageConfig& image, const std::string& hostname) {
  std::vector<std::string> out;
  for (const std::string& entry : image.env) set(out, entry);
  for (const std::string& entry : service.env)
    set(out, name_of(entry) + "=" + expand(value_of(entry), out));
  const LeaseKey& key = workload.key;
  const std::pair<const char*, std::string> given[] = {
      {"AKASH_GROUP_SEQUENCE", std::to_string(key.gseq)},
      {"AKASH_DEPLOYMENT_SEQUENCE", std::to_string(key.dseq)},
      {"AKASH_ORDER_SEQUENCE", std::to_string(key.oseq)},
      {"AKASH_OWNER", key.owner},
      {"AKASH_PROVIDER", key.provider},
      {"AKASH_CLUSTER_PUBLIC_HOSTNAME", workload.public_hostname},
      {"HOSTNAME", hostname}};
  for (const auto& [name, value] : given)
    if (!has(out, name)) out.push_back(std::string(name) + "=" + value);
  if (!has(out, "PATH")) out.push_back(kDefaultPath);
  return out;
}

std::string oci_config(const ContainerSpec& spec) {
  Json process = {
      {"terminal", false},
      {"user", {{"uid", spec.uid}, {"gid", spec.gid}, {"additionalGids", spec.more_gids}}},
      {"args", spec.arguments},
      {"env", spec.env},
      {"cwd", spec.directory.empty() ? "/" : spec.directory},
      {"capabilities", capabilities()},
      {"noNewPrivileges", true},
      {"oomScoreAdj", 500},  // under pressure of the whole machine, leases go before its daemons
      {"rlimits", Json::array({{{"type", "RLIMIT_NOFILE"},
                                {"soft", spec.open_files_max},
                                {"hard", spec.open_files_max}},
                               {{"type", "RLIMIT_CORE"}, {"soft", 0}, {"hard", 0}}})}};
  const Json config = {{"ociVersion", "1.0.2"},
                       {"process", process},
                       {"root", {{"path", spec.rootfs}, {"readonly", false}}},
                       {"hostname", spec.hostname},
                       {"mounts", mounts_of(spec)},
                       {"linux", linux_of(spec)}};
  return config.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tp::compute::workload
