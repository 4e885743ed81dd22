#include "networks/compute/agent/workload/record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "crypto/sha.h"
#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {

using Json = nlohmann::json;

// Found by nlohmann's ADL. `at` and `get` throw on what is missing or of another type: caught once,
// below.
static void to_json(Json& json, const HttpOptions& value) {
  json = {
      {"max_body_bytes", value.max_body_bytes},        {"read_timeout_ms", value.read_timeout_ms},
      {"send_timeout_ms", value.send_timeout_ms},      {"next_tries", value.next_tries},
      {"next_timeout_ms", value.next_timeout_ms},      {"next_cases", value.next_cases},
      {"proxy_buffer_bytes", value.proxy_buffer_bytes}};
}
static void from_json(const Json& json, HttpOptions& value) {
  json.at("max_body_bytes").get_to(value.max_body_bytes);
  json.at("read_timeout_ms").get_to(value.read_timeout_ms);
  json.at("send_timeout_ms").get_to(value.send_timeout_ms);
  json.at("next_tries").get_to(value.next_tries);
  json.at("next_timeout_ms").get_to(value.next_timeout_ms);
  json.at("next_cases").get_to(value.next_cases);
  value.proxy_buffer_bytes = json.value("proxy_buffer_bytes", 0U);  // absent in older entries
}

static void to_json(Json& json, const Expose& value) {
  json = {{"port", value.port},
          {"external_port", value.external_port},
          {"udp", value.protocol == Protocol::kUdp},
          {"global", value.global},
          {"hosts", value.hosts},
          {"http", value.http},
          {"host_port", value.host_port}};
}
static void from_json(const Json& json, Expose& value) {
  json.at("port").get_to(value.port);
  json.at("external_port").get_to(value.external_port);
  value.protocol = json.at("udp").get<bool>() ? Protocol::kUdp : Protocol::kTcp;
  json.at("global").get_to(value.global);
  json.at("hosts").get_to(value.hosts);
  json.at("http").get_to(value.http);
  json.at("host_port").get_to(value.host_port);
}

static void to_json(Json& json, const Volume& value) {
  json = {{"name", value.name},
          {"size_bytes", value.size_bytes},
          {"kind", static_cast<int>(value.kind)},
          {"mount", value.mount},
          {"read_only", value.read_only}};
}
static void from_json(const Json& json, Volume& value) {
  json.at("name").get_to(value.name);
  json.at("size_bytes").get_to(value.size_bytes);
  value.kind = static_cast<VolumeKind>(json.at("kind").get<int>());
  json.at("mount").get_to(value.mount);
  json.at("read_only").get_to(value.read_only);
}

static void to_json(Json& json, const Service& value) {
  json = {{"name", value.name},
          {"image", value.image},
          {"command", value.command},
          {"args", value.args},
          {"env", value.env},
          {"replicas", value.replicas},
          {"cpu_milli", value.cpu_milli},
          {"memory_bytes", value.memory_bytes},
          {"gpu_units", value.gpu_units},
          {"volumes", value.volumes},
          {"exposes", value.exposes}};
  if (value.credentials)
    json["credentials"] = {{"host", value.credentials->host},
                           {"username", value.credentials->username},
                           {"password", value.credentials->password}};
}
static void from_json(const Json& json, Service& value) {
  json.at("name").get_to(value.name);
  json.at("image").get_to(value.image);
  json.at("command").get_to(value.command);
  json.at("args").get_to(value.args);
  json.at("env").get_to(value.env);
  json.at("replicas").get_to(value.replicas);
  json.at("cpu_milli").get_to(value.cpu_milli);
  json.at("memory_bytes").get_to(value.memory_bytes);
  json.at("gpu_units").get_to(value.gpu_units);
  json.at("volumes").get_to(value.volumes);
  json.at("exposes").get_to(value.exposes);
  if (!json.contains("credentials")) return;
  const Json& given = json.at("credentials");
  value.credentials = {.host = given.at("host").get<std::string>(),
                       .username = given.at("username").get<std::string>(),
                       .password = given.at("password").get<std::string>()};
}

static void to_json(Json& json, const AssignedPort& value) {
  json = {{"service", value.service},
          {"udp", value.protocol == Protocol::kUdp},
          {"port", value.port},
          {"external_port", value.external_port},
          {"machine_port", value.machine_port}};
}
static void from_json(const Json& json, AssignedPort& value) {
  json.at("service").get_to(value.service);
  value.protocol = json.at("udp").get<bool>() ? Protocol::kUdp : Protocol::kTcp;
  json.at("port").get_to(value.port);
  json.at("external_port").get_to(value.external_port);
  json.at("machine_port").get_to(value.machine_port);
}

namespace {

constexpr std::uint32_t kFirstLeaseUser = 1'879'048'192;
constexpr std::uint64_t kRootDiskBytesDefault = 64ull << 20;
constexpr std::size_t kServicePartMax = 20;

std::string short_hash(BytesView text, std::size_t digits) {
  return to_hex(crypto::sha256(text).view()).substr(0, digits);
}

}  // namespace

std::string to_json(const Record& record) {
  const LeaseKey& key = record.workload.key;
  const Json json = {{"owner", key.owner},
                     {"dseq", key.dseq},
                     {"gseq", key.gseq},
                     {"oseq", key.oseq},
                     {"provider", key.provider},
                     {"public_hostname", record.workload.public_hostname},
                     {"services", record.workload.services},
                     {"slot", record.slot},
                     {"stopping", record.stopping},
                     {"digests", record.digests},
                     {"addresses", record.addresses},
                     {"ports", record.ports}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Record> record_from_json(const std::string& text) try {
  const Json json = Json::parse(text);
  Record out;
  LeaseKey& key = out.workload.key;
  json.at("owner").get_to(key.owner);
  json.at("dseq").get_to(key.dseq);
  json.at("gseq").get_to(key.gseq);
  json.at("oseq").get_to(key.oseq);
  json.at("provider").get_to(key.provider);
  json.at("public_hostname").get_to(out.workload.public_hostname);
  json.at("services").get_to(out.workload.services);
  json.at("slot").get_to(out.slot);
  json.at("stopping").get_to(out.stopping);
  json.at("digests").get_to(out.digests);
  json.at("addresses").get_to(out.addresses);
  json.at("ports").get_to(out.ports);
  return out;
} catch (const Json::exception& error) {
  return fail(WorkloadError::kCorrupted, std::string("journal entry: ") + error.what());
}

std::string lease_id(const LeaseKey& key) {
  return std::to_string(key.dseq) + "-" + short_hash(key.text(), 32);
}

std::string lease_id_of_old(const LeaseKey& key) {
  return std::to_string(key.dseq) + "-" + std::to_string(key.gseq) + "-" +
         std::to_string(key.oseq) + "-" + short_hash(key.text(), 8);
}

Result<void> check_id_is_free(const LeaseKey& key, const std::vector<LeaseKey>& known,
                              std::string (*id_of)(const LeaseKey&)) {
  const std::string id = id_of(key);
  for (const LeaseKey& other : known)
    if (other != key && id_of(other) == id)
      return fail(WorkloadError::kAlreadyExists,
                  "lease " + key.text() + " would have the id " + id + " of lease " + other.text());
  return {};
}

Result<void> rename_data_of_old(Disk& disk, const std::string& directory,
                                const std::vector<LeaseKey>& keys) {
  std::map<std::string, const LeaseKey*> found;  // by the id of old
  for (const LeaseKey& key : keys) {
    const std::string path = directory + "/" + lease_id_of_old(key);
    if (!disk.exists(path)) continue;
    const auto [it, is_new] = found.emplace(path, &key);
    if (!is_new || disk.exists(directory + "/" + lease_id(key)))
      return fail(WorkloadError::kCorrupted,
                  path +
                      ": made by an earlier version, and it cannot be told whether it belongs to " +
                      it->second->text() + " or to " +
                      (is_new ? directory + "/" + lease_id(key) : key.text()) +
                      "; move it away, or to the folder of its lease");
  }
  for (const auto& [path, key] : found)
    TRY_VOID(disk.rename(path, directory + "/" + lease_id(*key)));
  return found.empty() ? Result<void>() : disk.sync_directory(directory);
}

std::string replica_name(const std::string& service, std::uint32_t index) {
  return service + "." + std::to_string(index);
}

std::string container_id(const LeaseKey& key, const std::string& service, std::uint32_t index) {
  const std::string part = service.size() <= kServicePartMax
                               ? service
                               : service.substr(0, 12) + "-" + short_hash(service, 7);
  return lease_id(key) + "." + replica_name(part, index);
}

std::string lease_part(const std::string& container_id) {
  return container_id.substr(0, container_id.find('.'));
}

std::string group_of(const std::string& container_id) {
  return lease_part(container_id) + "/" + container_id;
}

IdRange ids_of(std::uint32_t slot) {
  return {.first = kFirstLeaseUser + slot * IdRange::kSize};
}

std::string fingerprint(const Record& record, const Service& service) {
  Service what = service;
  what.credentials.reset();            // new ones for the same image change nothing that runs
  for (Expose& expose : what.exposes)  // where a port is published is the machine's affair
    expose = {
        .port = expose.port, .external_port = expose.external_port, .protocol = expose.protocol};
  what.replicas = 1;
  const auto digest = record.digests.find(service.name);
  const Json json = {{"service", what},
                     {"slot", record.slot},
                     {"public_hostname", record.workload.public_hostname},
                     {"digest", digest == record.digests.end() ? "" : digest->second}};
  return short_hash(json.dump(-1, ' ', false, Json::error_handler_t::replace), 32);
}

Record with_digests(Record known, const Record& found) {
  for (const Service& service : known.workload.services) {
    const auto digest = found.digests.find(service.name);
    const auto same = std::ranges::find(found.workload.services, service.name, &Service::name);
    if (digest != found.digests.end() && same != found.workload.services.end() &&
        same->image == service.image)
      known.digests[service.name] = digest->second;
  }
  return known;
}

Result<void> assign_addresses(Record& record) {
  std::set<std::string> wanted;
  for (const Service& service : record.workload.services)
    for (std::uint32_t i = 0; i < service.replicas; ++i)
      wanted.insert(replica_name(service.name, i));
  std::erase_if(record.addresses, [&](const auto& entry) { return !wanted.contains(entry.first); });
  std::set<std::uint32_t> used;
  for (const auto& [name, number] : record.addresses) used.insert(number);
  std::uint32_t next = 2;  // .1 is the gateway
  for (const std::string& name : wanted) {
    if (record.addresses.contains(name)) continue;
    while (used.contains(next)) ++next;
    if (next > 254) return fail(WorkloadError::kNoSpace, "the lease's network is full");
    record.addresses[name] = next;
    used.insert(next);
  }
  return {};
}

std::uint64_t root_disk_bytes(const Service& service) {
  std::uint64_t bytes = 0;
  for (const Volume& volume : service.volumes)
    if (volume.kind == VolumeKind::kEphemeral && volume.mount.empty()) bytes += volume.size_bytes;
  return bytes == 0 ? kRootDiskBytesDefault : bytes;
}

std::uint64_t disk_bytes(const LeaseWorkload& workload) {
  std::uint64_t bytes = 0;
  for (const Service& service : workload.services) {
    std::uint64_t one = root_disk_bytes(service);
    for (const Volume& volume : service.volumes)
      if (volume.kind != VolumeKind::kRam && !volume.mount.empty()) one += volume.size_bytes;
    bytes += one * service.replicas;
  }
  return bytes;
}

}  // namespace tp::compute::workload
