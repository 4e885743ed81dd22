#include "networks/compute/agent/settings.h"

#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/sha.h"
#include "http/message.h"
#include "networks/compute/agent/gateway_client.h"
#include "networks/compute/spec/manifest.h"

namespace tp::compute::provider {
namespace {

std::unexpected<Error> invalid(std::string_view key, const std::string& text) {
  return fail(SettingsError::kInvalid, std::string(key) + ": " + text);
}

Result<Decimal> parse_rate(const std::string& text, std::string_view key) {
  const auto rate = Decimal::parse(text);
  if (!rate) return invalid(key, "\"" + text + "\" is not a decimal such as 0.5");
  return *rate;
}

Result<std::map<std::string, Decimal>> parse_rates(const std::vector<std::string>& list,
                                                   std::string_view key) {
  std::map<std::string, Decimal> out;
  for (const std::string& one : list) {
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string::npos)
      return invalid(key, "\"" + one + "\" is not NAME=DECIMAL");
    TRY_TO(out[one.substr(0, equals)], parse_rate(one.substr(equals + 1), key));
  }
  return out;
}

std::int64_t less(std::uint64_t have, std::uint64_t kept_mib) {
  const std::uint64_t kept = kept_mib << 20;
  return static_cast<std::int64_t>(have > kept ? have - kept : 0);
}

}  // namespace

agent::Config declare(Settings& s) {
  agent::Config c("Settings of a compute provider. Prices are in base units for an hour.");
  c.text("log_level", &s.log_level, "debug, info, warning or error");

  c.text("gateway.listen", &s.listen, "address and port where customers send manifests");
  c.text("gateway.host_uri", &s.host_uri,
         "how customers reach it, published on chain; empty: https:// and gateway.listen");
  c.text("gateway.certificate", &s.certificate,
         "PEM file of a certificate chain; empty: a self-signed one, whose SHA-256 is published");
  c.text("gateway.certificate_key", &s.certificate_key, "PEM file of its private key");

  c.texts("provider.attributes", &s.attributes,
          "claims on chain, \"key=value\": region=..., tier=...");
  c.text("provider.email", &s.email, "published on chain");
  c.text("provider.website", &s.website, "published on chain");

  c.text("ingress.listen", &s.ingress_listen,
         "address and port of HTTP by host name; empty: none, such orders are refused");
  c.text("ingress.domain", &s.ingress_domain, "generated host names end in it");
  c.text("ingress.public_host", &s.public_host,
         "name or address of forwarded ports for customers; empty: that of gateway.host_uri");
  c.texts("ingress.blocked_hosts", &s.blocked_hosts,
          "host names that no customer may take; \".example.org\": that name and all below it");
  c.texts("ingress.publish", &s.publish, "addresses of this machine where forwarded ports answer");
  c.number("ingress.port_first", &s.port_first, 1024, 65'535, "first of the forwarded ports");
  c.number("ingress.port_last", &s.port_last, 1024, 65'535, "last of the forwarded ports");

  c.text("runtime.instance", &s.instance,
         "names interfaces, cgroups and tables of this provider; empty: derived from its folder");
  c.text("runtime.data_directory", &s.data_directory,
         "images, disks, logs; on a disk with room; empty: data in the provider's folder");
  c.text("runtime.network_pool", &s.network_pool, "each lease gets a /24 out of it");
  c.texts("runtime.dns_servers", &s.dns_servers, "for containers; empty: those of this machine");
  c.texts("runtime.insecure_registries", &s.insecure_registries,
          "image registries spoken to in plain HTTP, as host:port; those on loopback always are");
  c.texts(
      "runtime.registry_mirrors", &s.registry_mirrors,
      "where to ask first for a registry's images, \"docker.io=http://127.0.0.1:5000\"; not for "
      "images with a login");

  c.text("bid.denom", &s.denom, "the denomination that we are paid in; empty: that of the fees");
  c.text("bid.deposit", &s.deposit, "base units put down for each bid; empty: the chain's least");
  c.texts("bid.demands", &s.demands, "\"key=value\" that an order's placement must require");
  c.number("bid.volumes_max", &s.volumes_max, 1, 20, "volumes of one service");
  c.duration("bid.notice_max", &s.notice_max,
             "the longest notice that we promise before we take hardware back");
  c.duration("bid.timeout", &s.bid_timeout, "a bid that nobody chose by then is taken back");
  c.duration("bid.manifest_timeout", &s.manifest_timeout,
             "a lease for which no manifest came by then is given up");

  c.text("pricing.script", &s.pricing_script,
         "a program that reads an order as JSON and prints the price per tick; empty: the rates");
  c.text("pricing.cpu", &s.price_cpu, "one core");
  c.text("pricing.memory", &s.price_memory, "one GiB");
  c.texts("pricing.storage", &s.price_storage, "one GiB of each class, \"class=price\"");
  c.text("pricing.gpu", &s.price_gpu, "one GPU of a model without a price of its own");
  c.texts("pricing.gpu_models", &s.price_gpu_models, "\"a100=price\"");
  c.text("pricing.endpoint", &s.price_endpoint, "one host name or forwarded port");
  c.text("pricing.ip", &s.price_ip, "one leased address");

  c.number("capacity.cpu_percent", &s.cpu_percent, 1, 10'000,
           "over 100: promises more than is there");
  c.number("capacity.memory_percent", &s.memory_percent, 1, 10'000, "the same");
  c.number("capacity.disk_percent", &s.disk_percent, 1, 10'000, "the same");
  c.number("capacity.memory_reserved_mib", &s.memory_reserved_mib, 0, 1 << 24,
           "never promised: for this machine itself");
  c.number("capacity.disk_reserved_mib", &s.disk_reserved_mib, 0, 1 << 30, "the same");
  c.texts("capacity.storage_classes", &s.storage_classes,
          "classes of persistent volumes that we claim to have: default, beta1 (HDD), beta2 (SSD), "
          "beta3 (NVMe)");

  c.duration("timers.withdraw", &s.withdraw_period, "how often earnings are drawn");
  c.duration("timers.sync", &s.sync_period,
             "how often everything is compared with the chain, events aside");
  return c;
}

ErrorInfo describe(SettingsError error) {
  switch (error) {
    case SettingsError::kInvalid: return {"settings", 2, "invalid setting"};
  }
  TP_FATAL("SettingsError out of range");
}

Result<HostPort> parse_host_port(const std::string& text, std::string_view key) {
  const std::size_t colon = text.rfind(':');
  const auto port = parse_int<std::uint16_t>(
      colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1));
  if (!port || colon == 0) return invalid(key, "\"" + text + "\" is not HOST:PORT");
  return HostPort{text.substr(0, colon), *port};
}

Result<Attributes> parse_attributes(const std::vector<std::string>& list, std::string_view key) {
  Attributes out;
  for (const std::string& one : list) {
    const std::size_t equals = one.find('=');
    if (equals == 0 || equals == std::string::npos)
      return invalid(key, "\"" + one + "\" is not KEY=VALUE");
    Attribute made{one.substr(0, equals), one.substr(equals + 1)};
    if (std::ranges::find(out, made.key, &Attribute::key) != out.end())
      return invalid(key, "\"" + made.key + "\" stands twice");
    out.push_back(std::move(made));
  }
  return out;
}

Result<void> check_blocked_hosts(const Settings& s) {
  for (const std::string& name : s.blocked_hosts)
    if (!is_host_name(name.starts_with('.') ? name.substr(1) : name))
      return invalid("ingress.blocked_hosts",
                     "\"" + name + "\" is no host name such as example.org or .example.org");
  return {};
}

Result<HourlyRates> rates_of(const Settings& s) {
  HourlyRates out;
  TRY_TO(out.cpu_core, parse_rate(s.price_cpu, "pricing.cpu"));
  TRY_TO(out.memory_gib, parse_rate(s.price_memory, "pricing.memory"));
  TRY_TO(out.storage_gib, parse_rates(s.price_storage, "pricing.storage"));
  // A class without a rate would be claimed on chain and never bid for.
  for (const std::string& name : s.storage_classes)
    if (s.pricing_script.empty() && !out.storage_gib.contains(name))
      return invalid("pricing.storage",
                     "no rate for class \"" + name + "\", which capacity.storage_classes promises");
  TRY_TO(out.gpu, parse_rate(s.price_gpu, "pricing.gpu"));
  TRY_TO(out.gpu_models, parse_rates(s.price_gpu_models, "pricing.gpu_models"));
  TRY_TO(out.endpoint, parse_rate(s.price_endpoint, "pricing.endpoint"));
  TRY_TO(out.leased_ip, parse_rate(s.price_ip, "pricing.ip"));
  return out;
}

std::string instance_of(const Settings& settings, const std::string& home) {
  if (!settings.instance.empty()) return settings.instance;
  return "p" + to_hex(crypto::sha256(home).view()).substr(0, 8);
}

Result<workload::Config> workload_config(const Settings& s, const std::string& home) {
  if (s.port_first > s.port_last) return invalid("ingress.port_first", "is above port_last");
  workload::Config out{
      .instance = instance_of(s, home),
      .data_directory = s.data_directory.empty() ? home + "/data" : s.data_directory,
      .publish_addresses = s.publish,
      .port_range = {static_cast<std::uint16_t>(s.port_first),
                     static_cast<std::uint16_t>(s.port_last)},
      .network_pool = s.network_pool,
      .dns_servers = s.dns_servers,
      .insecure_registries = s.insecure_registries,
      .disk_percent = static_cast<std::uint32_t>(s.disk_percent),
  };
  for (const std::string& text : s.registry_mirrors) {
    const auto mirror = workload::parse_mirror(text);
    if (!mirror) return invalid("runtime.registry_mirrors", mirror.error().text);
    out.registry_mirrors.push_back(*mirror);
  }
  out.ingress_listen.clear();
  if (!s.ingress_listen.empty()) {
    TRY_VOID(parse_host_port(s.ingress_listen, "ingress.listen"));
    out.ingress_listen = {s.ingress_listen};
  }
  return out;
}

std::string host_uri_of(const Settings& settings) {
  return settings.host_uri.empty() ? "https://" + settings.listen : settings.host_uri;
}

std::string public_host_of(const Settings& settings) {
  if (!settings.public_host.empty()) return settings.public_host;
  const auto url = http::Url::parse(host_uri_of(settings));
  return url ? url->host : std::string();
}

Result<Attributes> claims_of(const Settings& settings, const std::vector<GpuDevice>& gpus,
                             const std::string& certificate_sha256) {
  TRY(Attributes out, parse_attributes(settings.attributes, "provider.attributes"));
  const auto add = [&](std::string key, std::string value) {
    if (std::ranges::find(out, key, &Attribute::key) == out.end())
      out.push_back({std::move(key), std::move(value)});
  };
  const auto add_storage = [&](int number, const std::string& name, bool persistent) {
    const std::string key = "capabilities/storage/" + std::to_string(number) + "/";
    add(key + "class", name);
    add(key + "persistent", persistent ? "true" : "false");
  };
  int number = 1;
  add_storage(number, "ram", false);
  for (const std::string& name : settings.storage_classes) add_storage(++number, name, true);
  for (const GpuDevice& gpu : gpus) {
    const std::string key = "capabilities/gpu/vendor/" + gpu.vendor + "/model/" + gpu.model;
    add(key, "true");
    if (!gpu.ram.empty()) add(key + "/ram/" + gpu.ram, "true");
    if (!gpu.interface.empty()) add(key + "/interface/" + gpu.interface, "true");
    if (!gpu.ram.empty() && !gpu.interface.empty())
      add(key + "/ram/" + gpu.ram + "/interface/" + gpu.interface, "true");
  }
  // Where a public authority vouches for the certificate, it may change at any time.
  if (settings.certificate.empty()) add(std::string(kCertificateAttribute), certificate_sha256);
  std::ranges::sort(out);
  return out;
}

Quantities machine_quantities(const Settings& settings, const std::string& data_directory,
                              std::uint64_t reclaimable_bytes) {
  struct sysinfo machine{};
  struct statvfs disk{};
  ::sysinfo(&machine);
  std::uint64_t free = reclaimable_bytes;
  if (::statvfs(data_directory.c_str(), &disk) == 0)
    free += static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  return {.cpu_milli = ::sysconf(_SC_NPROCESSORS_ONLN) * 1000,
          .memory_bytes = less(static_cast<std::uint64_t>(machine.totalram) * machine.mem_unit,
                               settings.memory_reserved_mib),
          .disk_bytes = less(free, settings.disk_reserved_mib)};
}

}  // namespace tp::compute::provider
