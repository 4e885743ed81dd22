// provider.toml: what an operator decides. Every key is documented in the file that
// `turnpike provider init` writes, and in docs/networks/compute-provider.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/config.h"
#include "base/result.h"
#include "base/time.h"
#include "networks/compute/agent/inventory.h"
#include "networks/compute/agent/pricing.h"
#include "networks/compute/agent/workload/manager.h"

namespace tp::compute::provider {

struct Settings {
  // The gateway.
  std::string listen = "127.0.0.1:8443";
  std::string host_uri{};
  std::string certificate{};
  std::string certificate_key{};

  // What stands on chain about us.
  std::vector<std::string> attributes{};  // "key=value"
  std::string email{};
  std::string website{};

  // How customers' services are reached.
  std::string ingress_listen = "127.0.0.1:8088";
  std::string ingress_domain = "localhost";
  std::string public_host{};
  std::vector<std::string> blocked_hosts{};
  std::vector<std::string> publish{"127.0.0.1"};
  std::uint64_t port_first = 30'000;
  std::uint64_t port_last = 32'767;

  // The runtime.
  std::string instance{};
  std::string data_directory{};
  std::string network_pool = "10.192.0.0/12";
  std::vector<std::string> dns_servers{};
  std::vector<std::string> insecure_registries{};
  std::vector<std::string> registry_mirrors{};  // "docker.io=http://127.0.0.1:5000"

  // Bids.
  std::string denom{};
  std::string deposit{};
  std::vector<std::string> demands{};
  std::uint64_t volumes_max = 4;
  Duration notice_max = Duration::hours(0);
  Duration bid_timeout = Duration::minutes(5);
  Duration manifest_timeout = Duration::minutes(5);

  // Prices, in base units for an hour.
  std::string pricing_script{};
  std::string price_cpu = "2000";
  std::string price_memory = "1000";
  std::vector<std::string> price_storage{"ephemeral=30", "default=60"};
  std::string price_gpu = "0";
  std::vector<std::string> price_gpu_models{};
  std::string price_endpoint = "0";
  std::string price_ip = "0";

  // What is promised of the machine.
  std::uint64_t cpu_percent = 100;
  std::uint64_t memory_percent = 100;
  std::uint64_t disk_percent = 100;
  std::uint64_t memory_reserved_mib = 512;
  std::uint64_t disk_reserved_mib = 1024;
  std::vector<std::string> storage_classes{"default"};

  Duration withdraw_period = Duration::hours(24);
  Duration sync_period = Duration::minutes(1);
  std::string log_level = "info";
};

// The keys of provider.toml, reading into `settings`, which must outlive the result.
agent::Config declare(Settings& settings);

enum class SettingsError : std::uint32_t { kInvalid = 2 };
ErrorInfo describe(SettingsError error);

struct HostPort {
  std::string host{};
  std::uint16_t port = 0;
};

// Errors of all: kInvalid, naming the key.
Result<HostPort> parse_host_port(const std::string& text, std::string_view key);
Result<Attributes> parse_attributes(const std::vector<std::string>& list, std::string_view key);
Result<void> check_blocked_hosts(const Settings& settings);
Result<HourlyRates> rates_of(const Settings& settings);
// `home` is absolute.
Result<workload::Config> workload_config(const Settings& settings, const std::string& home);
// Distinguishes this provider from others on the machine, unless settings name it.
std::string instance_of(const Settings& settings, const std::string& home);
// "https://" and `listen`, unless settings say otherwise.
std::string host_uri_of(const Settings& settings);
// The name or address in host_uri.
std::string public_host_of(const Settings& settings);
// What we claim on chain: the operator's attributes, our storage classes and GPUs, and the
// certificate's SHA-256. Sorted.
Result<Attributes> claims_of(const Settings& settings, const std::vector<GpuDevice>& gpus,
                             const std::string& certificate_sha256);
// Of this machine, less what is kept back. `reclaimable_bytes`: what leases have
// written and images that none of them uses; images in use are not for leases.
Quantities machine_quantities(const Settings& settings, const std::string& data_directory,
                              std::uint64_t reclaimable_bytes);

}  // namespace tp::compute::provider
