#include "networks/compute/agent/workload/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/log.h"
#include "base/text.h"
#include "crypto/sha.h"
#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/kernel.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kLeaseBits = 24;
constexpr std::uint32_t kSlotsMax = 4096;  // as many blocks of user ids are to be had
constexpr std::uint32_t kFlowsMax = 8192;  // per replica: connection tracking is the machine's

// RFC 6890: what is not the public internet.
constexpr std::array<std::string_view, 14> kPrivateRanges{
    "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"};

std::uint32_t mask(std::uint32_t bits) {
  return bits == 0 ? 0 : ~0U << (32 - bits);
}

bool write_setting(const std::string& path, const std::string& value) {
  std::ofstream file(path);
  return static_cast<bool>(file << value << std::flush);
}

std::string read_word(const std::string& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

std::string joined(const auto& items, auto&& text_of) {
  std::string out;
  for (const auto& item : items) {
    if (!out.empty()) out += ", ";
    out += text_of(item);
  }
  return out;
}

// The largest packet that leaves this machine whole; leases use the same.
std::uint32_t uplink_mtu() {
  std::ifstream routes("/proc/net/route");
  std::string line;
  std::getline(routes, line);
  while (std::getline(routes, line)) {
    std::istringstream words(line);
    std::string device, destination;
    words >> device >> destination;
    if (destination != "00000000") continue;
    std::uint32_t mtu = 0;
    std::ifstream("/sys/class/net/" + device + "/mtu") >> mtu;
    if (mtu >= 576) return mtu;
  }
  return 1500;
}

const char* name_of(Protocol protocol) {
  return protocol == Protocol::kTcp ? "tcp" : "udp";
}

std::uint8_t number_of(Protocol protocol) {
  return protocol == Protocol::kTcp ? IPPROTO_TCP : IPPROTO_UDP;
}

// The ports of `old` with those of their replicas to which `now` does not lead any more.
std::vector<Forward> ways_gone(const LeaseNetwork& old, const LeaseNetwork& now) {
  std::vector<Forward> out;
  for (const Forward& before : old.forwards) {
    Forward gone = before;
    for (const Forward& after : now.forwards) {
      if (after.protocol != before.protocol || after.machine_port != before.machine_port ||
          after.port != before.port)
        continue;
      std::erase_if(gone.replicas, [&](const Ipv4& address) {
        return std::ranges::find(after.replicas, address) != after.replicas.end();
      });
    }
    if (!gone.replicas.empty()) out.push_back(std::move(gone));
  }
  return out;
}

std::string forward_rule(const Forward& forward) {
  std::string out = std::string("    ") + name_of(forward.protocol) + " dport " +
                    std::to_string(forward.machine_port);
  const std::string port = std::to_string(forward.port);
  if (forward.replicas.size() == 1)
    return out + " dnat ip to " + forward.replicas[0].text() + ":" + port + "\n";
  out += " dnat ip addr . port to numgen inc mod " + std::to_string(forward.replicas.size()) +
         " map { ";
  std::size_t number = 0;
  out += joined(forward.replicas, [&](const Ipv4& address) {
    return std::to_string(number++) + " : " + address.text() + " . " + port;
  });
  return out + " }\n";
}

}  // namespace

std::string Ipv4::text() const {
  return std::to_string(value >> 24) + "." + std::to_string((value >> 16) & 255) + "." +
         std::to_string((value >> 8) & 255) + "." + std::to_string(value & 255);
}

std::string Ipv4Range::text() const {
  return first.text() + "/" + std::to_string(bits);
}

bool Ipv4Range::overlaps(const Ipv4Range& other) const {
  const std::uint32_t common = mask(std::min(bits, other.bits));
  return (first.value & common) == (other.first.value & common);
}

Result<Ipv4> parse_ipv4(const std::string& text) {
  in_addr address{};
  if (::inet_pton(AF_INET, text.c_str(), &address) != 1)
    return fail(WorkloadError::kBadSpec, "\"" + text + "\" is not an IPv4 address");
  return Ipv4{ntohl(address.s_addr)};
}

Result<Ipv4Range> parse_ipv4_range(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos)
    return fail(WorkloadError::kBadSpec, "\"" + text + "\" is not an IPv4 range");
  TRY(const Ipv4 address, parse_ipv4(text.substr(0, slash)));
  TRY(const auto bits, parse_int<std::uint32_t>(text.substr(slash + 1)));
  if (bits > 32 || (address.value & ~mask(bits)) != 0)
    return fail(WorkloadError::kBadSpec, "\"" + text + "\" is not an IPv4 range");
  return Ipv4Range{address, bits};
}

NetworkNames::NetworkNames(const NetworkConfig& config) : pool_(config.pool) {
  prefix_ = "tp-" + to_hex(crypto::sha256(config.instance).view()).substr(0, 4) + "-";
  table_ = "turnpike_" + config.instance;
  std::ranges::replace(table_, '-', '_');
}

std::string NetworkNames::bridge(std::uint32_t slot) const {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%03x", slot);
  return prefix_ + text.data();
}

std::string NetworkNames::veth(std::uint32_t slot, std::uint32_t host_number) const {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%03x.%02x", slot, host_number);
  return prefix_ + text.data();  // 14 characters; an interface name has at most 15
}

std::uint32_t NetworkNames::slots() const {
  return std::min(kSlotsMax, 1U << (kLeaseBits - std::min(kLeaseBits, pool_.bits)));
}

Ipv4Range NetworkNames::range(std::uint32_t slot) const {
  return {Ipv4{pool_.first.value + (slot << (32 - kLeaseBits))}, kLeaseBits};
}

Ipv4 NetworkNames::gateway(std::uint32_t slot) const {
  return address(slot, 1);
}

Ipv4 NetworkNames::address(std::uint32_t slot, std::uint32_t host_number) const {
  return {range(slot).first.value + host_number};
}

std::string nft_ruleset(const NetworkConfig& config, const std::vector<LeaseNetwork>& leases,
                        bool guard) {
  const NetworkNames names(config);
  const std::string ours = "\"" + names.prefix() + "*\"";
  const std::string table = "table inet " + names.table();
  std::string out = table + " {}\ndelete " + table + "\n" + table + " {\n";

  // Which interface may send from which addresses, and which pairs are within one lease.
  out += "  set homes {\n    typeof iifname . ip saddr\n    flags interval\n";
  if (!leases.empty())
    out +=
        "    elements = { " +
        joined(leases,
               [&](const LeaseNetwork& lease) {
                 return "\"" + names.bridge(lease.slot) + "\" . " + names.range(lease.slot).text();
               }) +
        " }\n";
  out += "  }\n  set within {\n    typeof iifname . oifname\n";
  if (!leases.empty())
    out += "    elements = { " +
           joined(leases,
                  [&](const LeaseNetwork& lease) {
                    const std::string bridge = "\"" + names.bridge(lease.slot) + "\"";
                    return bridge + " . " + bridge;
                  }) +
           " }\n";
  out += "  }\n  set private_ranges {\n    type ipv4_addr\n    flags interval\n    elements = { ";
  out += joined(kPrivateRanges, [](std::string_view range) { return std::string(range); });
  out += " }\n  }\n  set name_servers {\n    type ipv4_addr\n";
  if (!config.name_servers.empty())
    out += "    elements = { " +
           joined(config.name_servers, [](const Ipv4& address) { return address.text(); }) + " }\n";
  out += "  }\n  set flows {\n    type ipv4_addr\n    size 65535\n    flags dynamic\n  }\n";

  out += "  chain forwards {\n";
  const bool everywhere =
      std::ranges::find(config.publish_addresses, "0.0.0.0") != config.publish_addresses.end();
  if (!everywhere && !config.publish_addresses.empty())
    out += "    ip daddr != { " +
           joined(config.publish_addresses, [](const std::string& text) { return text; }) +
           " } return\n";
  for (const LeaseNetwork& lease : leases)
    for (const Forward& forward : lease.forwards)
      if (!forward.replicas.empty()) out += forward_rule(forward);
  out += "  }\n";

  const std::string to_forwards = "    meta nfproto ipv4 fib daddr type local jump forwards\n  }\n";
  out += "  chain enter {\n    type nat hook prerouting priority dstnat; policy accept;\n" +
         to_forwards;
  out += "  chain enter_local {\n    type nat hook output priority -100; policy accept;\n" +
         to_forwards;
  out += "  chain leave {\n    type nat hook postrouting priority srcnat; policy accept;\n";
  out += "    oifname " + ours + " ip saddr 127.0.0.0/8 masquerade\n";
  // From a lease through a published port into a lease: answers must come back this way. By
  // address, as a bridged packet (br_netfilter) has no incoming interface any more here.
  out += "    oifname " + ours + " ip saddr " + config.pool.text() + " ct status dnat masquerade\n";
  out += "    iifname " + ours + " oifname != \"tp-*\" meta nfproto ipv4 masquerade\n  }\n";

  out += "  chain spoofed {\n    type filter hook prerouting priority raw; policy accept;\n";
  out += "    iifname " + ours + " meta nfproto ipv6 drop\n";
  out += "    iifname " + ours + " ip daddr 127.0.0.0/8 drop\n";
  out += "    iifname " + ours + " iifname . ip saddr != @homes drop\n  }\n";

  out += "  chain to_machine {\n    type filter hook input priority filter; policy accept;\n";
  out += "    iifname != " + ours + " accept\n";
  out += "    ct state established,related accept\n";
  for (const Listener& ingress : config.ingress)
    out += "    " + (ingress.address == Ipv4{} ? "" : "ip daddr " + ingress.address.text() + " ") +
           "tcp dport " + std::to_string(ingress.port) + " accept\n";
  out += "    reject with icmpx type admin-prohibited\n  }\n";

  out += "  chain through {\n    type filter hook forward priority filter; policy accept;\n";
  if (guard) out += "    iifname != \"tp-*\" oifname != \"tp-*\" drop\n";
  out += "    iifname != " + ours + " oifname != " + ours + " accept\n";
  out += "    ct state established,related accept\n";
  out += "    iifname . oifname @within accept\n";
  out += "    iifname " + ours + " ct state new add @flows { ip saddr ct count over " +
         std::to_string(kFlowsMax) + " } reject with icmpx type admin-prohibited\n";
  // What is published by this or another provider of the machine; a way into something else that
  // somebody's rules made is none for leases.
  out += "    oifname \"tp-*\" ct status dnat accept\n";
  out += "    oifname \"tp-*\" reject with icmpx type admin-prohibited\n";
  out += "    ip daddr @name_servers meta l4proto { tcp, udp } th dport 53 accept\n";
  out += "    ip daddr @private_ranges reject with icmpx type admin-prohibited\n";
  out += "    meta nfproto ipv6 drop\n  }\n}\n";
  return out;
}

std::vector<Ipv4Range> parse_routes(const std::string& proc_net_route) {
  std::vector<Ipv4Range> out;
  std::istringstream lines(proc_net_route);
  std::string line;
  std::getline(lines, line);  // the heading
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string device, skipped;
    std::uint32_t destination = 0, network_mask = 0;
    words >> device >> std::hex >> destination >> skipped >> skipped >> skipped >> skipped >>
        skipped >> network_mask;
    if (!words) continue;
    const std::uint32_t bits = static_cast<std::uint32_t>(std::popcount(network_mask));
    if (bits == 0) continue;  // the default route is everywhere
    out.push_back({Ipv4{ntohl(destination)}, bits});
  }
  return out;
}

Network::Network(Host& host, Flows& flows, NetworkConfig config, std::string run_directory)
    : host_(host),
      flows_(flows),
      config_(std::move(config)),
      names_(config_),
      run_(std::move(run_directory)) {}

// A machine that forwarded nothing before must not become a router for its neighbours: a mark in
// the run directory remembers that we turned forwarding on, and the table then drops what is not
// ours.
Result<void> Network::open() {
  TRY_VOID(flows_.forget([](const Flow&) { return false; }));
  const std::string setting = "/proc/sys/net/ipv4/ip_forward";
  if (read_word(setting) == "1") return {};
  if (!write_setting(run_ + "/forwarding-was-off", "1\n") || !write_setting(setting, "1"))
    return fail(WorkloadError::kProgramFailed, "cannot turn on " + setting);
  return {};
}

Result<std::uint32_t> Network::free_slot(const std::vector<std::uint32_t>& taken) const {
  std::ifstream file("/proc/net/route");
  std::stringstream text;
  text << file.rdbuf();
  const std::vector<Ipv4Range> routes = parse_routes(text.str());
  // Two providers of one machine begin at different places.
  const std::uint32_t start =
      static_cast<std::uint32_t>(std::stoul(names_.prefix().substr(3, 4), nullptr, 16));
  for (std::uint32_t i = 0; i < names_.slots(); ++i) {
    const std::uint32_t slot = (start + i) % names_.slots();
    if (std::ranges::find(taken, slot) != taken.end()) continue;
    const Ipv4Range range = names_.range(slot);
    if (std::ranges::none_of(routes, [&](const auto& route) { return route.overlaps(range); }))
      return slot;
  }
  return fail(WorkloadError::kNoSpace, "every network of " + config_.pool.text() + " is in use");
}

Result<void> Network::ensure_bridge(std::uint32_t slot) {
  const std::string bridge = names_.bridge(slot);
  // Whoever was killed while making it may have left it without its address, or down.
  std::string batch;
  if (!fs::exists("/sys/class/net/" + bridge))
    batch = "link add " + bridge + " mtu " + std::to_string(uplink_mtu()) + " type bridge\n";
  batch += "addr replace " + names_.gateway(slot).text() + "/24 dev " + bridge + "\nlink set " +
           bridge + " up\n";
  TRY_VOID(run_checked(host_, {.argv = {"ip", "-batch", "-"}, .input = batch}));
  // Lets the machine's own programs reach forwarded ports through 127.0.0.1; the table drops what
  // a lease itself sends there.
  const std::string ipv4 = "/proc/sys/net/ipv4/conf/" + bridge;
  if (!write_setting(ipv4 + "/route_localnet", "1"))
    return fail(WorkloadError::kProgramFailed, ipv4 + "/route_localnet cannot be set");
  const std::string ipv6 = "/proc/sys/net/ipv6/conf/" + bridge;
  if (fs::exists(ipv6) && !write_setting(ipv6 + "/disable_ipv6", "1"))
    return fail(WorkloadError::kProgramFailed, ipv6 + "/disable_ipv6 cannot be set");
  return {};
}

Result<void> Network::connect(std::uint32_t slot, std::uint32_t host_number, int pid,
                              const std::vector<Expose>& exposes) {
  const std::string veth = names_.veth(slot, host_number);
  const std::string mtu = std::to_string(uplink_mtu());
  if (fs::exists("/sys/class/net/" + veth))
    TRY_VOID(run_checked(host_, {.argv = {"ip", "link", "del", veth}}));
  // Hairpin: where bridged packets pass the machine's tables (br_netfilter), a replica that asks
  // for its own published port would otherwise be sent back through the port it came from, and
  // dropped.
  const std::string outside =
      "link add " + veth + " mtu " + mtu + " type veth peer name eth0 mtu " + mtu + " netns " +
      std::to_string(pid) + "\n" + "link set " + veth + " master " + names_.bridge(slot) + " up\n" +
      "link set " + veth + " type bridge_slave hairpin on\n";
  TRY_VOID(run_checked(host_, {.argv = {"ip", "-batch", "-"}, .input = outside}));

  const std::string space = "--net=/proc/" + std::to_string(pid) + "/ns/net";
  const std::string inside = "addr add " + names_.address(slot, host_number).text() +
                             "/24 dev eth0\nlink set lo up\nlink set eth0 up\n" +
                             "route add default via " + names_.gateway(slot).text() + "\n";
  TRY_VOID(run_checked(host_, {.argv = {"nsenter", space, "ip", "-batch", "-"}, .input = inside}));

  std::string redirects;
  std::set<std::pair<Protocol, std::uint16_t>> seen;
  for (const Expose& expose : exposes) {
    if (expose.external() == expose.port) continue;
    if (!seen.insert({expose.protocol, expose.external()}).second) continue;
    redirects += std::string("    ") + name_of(expose.protocol) + " dport " +
                 std::to_string(expose.external()) +
                 " redirect to :" + std::to_string(expose.port) + "\n";
  }
  if (redirects.empty()) return {};
  const std::string rules =
      "table ip turnpike {\n  chain external_ports {\n    type nat hook prerouting priority "
      "dstnat; policy "
      "accept;\n" +
      redirects + "  }\n}\n";
  TRY_VOID(run_checked(host_, {.argv = {"nsenter", space, "nft", "-f", "-"}, .input = rules}));
  return {};
}

Result<void> Network::remove_bridge(std::uint32_t slot) {
  std::string batch;
  for (const auto& entry : fs::directory_iterator("/sys/class/net")) {
    const std::string name = entry.path().filename().string();
    if (name == names_.bridge(slot) || name.starts_with(names_.bridge(slot) + "."))
      batch += "link del " + name + "\n";
  }
  if (batch.empty()) return {};
  // -force: a veth may vanish with its container between listing and deleting.
  TRY_VOID(host_.run({.argv = {"ip", "-force", "-batch", "-"}, .input = batch}));
  if (fs::exists("/sys/class/net/" + names_.bridge(slot)))
    return fail(WorkloadError::kProgramFailed, names_.bridge(slot) + " cannot be removed");
  return {};
}

Result<void> Network::set_lease(const LeaseNetwork& lease) {
  const std::lock_guard lock(mutex_);
  const auto found = leases_.find(lease.slot);
  if (found != leases_.end() && found->second == lease && !dirty_) return {};
  if (found != leases_.end())
    for (Forward& way : ways_gone(found->second, lease)) gone_.push_back(std::move(way));
  leases_[lease.slot] = lease;
  TRY_VOID(apply_locked());
  return forget_gone_locked();
}

Result<void> Network::forget_lease(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  if (leases_.erase(slot) != 0 || dirty_) TRY_VOID(apply_locked());
  // After the table, so that no rule of it makes an entry again.
  const Ipv4Range range = names_.range(slot);
  return flows_.forget([&](const Flow& flow) {
    return range.contains(flow.from) || range.contains(flow.to) || range.contains(flow.answered_by);
  });
}

// Only what the machine's table no longer says: until begin() it is not known what that is.
Result<void> Network::forget_gone_locked() {
  if (gone_.empty() || gathering_) return {};
  TRY_VOID(flows_.forget([&](const Flow& flow) {
    return std::ranges::any_of(gone_, [&](const Forward& way) {
      return flow.protocol == number_of(way.protocol) && flow.to_port == way.machine_port &&
             std::ranges::find(way.replicas, flow.answered_by) != way.replicas.end();
    });
  }));
  gone_.clear();
  return {};
}

Result<void> Network::supervise() {
  const std::lock_guard lock(mutex_);
  if (dirty_) TRY_VOID(apply_locked());
  return forget_gone_locked();
}

Result<void> Network::apply() {
  const std::lock_guard lock(mutex_);
  return apply_locked();
}

Result<void> Network::begin() {
  const std::lock_guard lock(mutex_);
  gathering_ = false;
  TRY_VOID(apply_locked());
  return forget_gone_locked();
}

Result<void> Network::apply_locked() {
  dirty_ = true;
  if (gathering_) return {};
  std::vector<LeaseNetwork> all;
  for (const auto& [slot, lease] : leases_) all.push_back(lease);
  const bool guard = fs::exists(run_ + "/forwarding-was-off");
  TRY_VOID(
      run_checked(host_, {.argv = {"nft", "-f", "-"}, .input = nft_ruleset(config_, all, guard)}));
  dirty_ = false;
  return {};
}

Result<void> Network::purge() {
  std::string batch;
  for (const auto& entry : fs::directory_iterator("/sys/class/net")) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(names_.prefix())) batch += "link del " + name + "\n";
  }
  if (!batch.empty())
    TRY_VOID(host_.run({.argv = {"ip", "-force", "-batch", "-"}, .input = batch}));
  const std::string table = "table inet " + names_.table();
  TRY_VOID(run_checked(
      host_, {.argv = {"nft", "-f", "-"}, .input = table + " {}\ndelete " + table + "\n"}));
  // The last provider to leave turns off what the first turned on.
  if (!fs::exists(run_ + "/forwarding-was-off")) return {};
  TRY(const Ran tables, run_checked(host_, {.argv = {"nft", "list", "tables"}}));
  if (tables.output.find("turnpike_") == std::string::npos)
    write_setting("/proc/sys/net/ipv4/ip_forward", "0");
  return {};
}

}  // namespace tp::compute::workload
