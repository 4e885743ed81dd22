// What a lease asks this machine to run: the manifest's services with their resources, in plain
// structs that know neither the chain nor the wire format of the manifest.
//
// Sources: specs/compute-market.md §1.3–§1.5, §3.4.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tp::compute::workload {

// Which lease; also the origin of every name that the runtime leaves on the machine.
struct LeaseKey {
  std::string owner{};
  std::uint64_t dseq = 0;
  std::uint32_t gseq = 0;
  std::uint32_t oseq = 0;
  std::string provider{};

  std::string text() const;  // "owner/dseq/gseq/oseq/provider" (specs/compute-market.md §3.4)
  auto operator<=>(const LeaseKey&) const = default;
};

enum class Protocol : std::uint8_t { kTcp, kUdp };

// How the ingress treats requests of one exposed port; the defaults are the SDL's (§1.4).
struct HttpOptions {
  std::uint64_t max_body_bytes = 1'048'576;
  std::uint32_t read_timeout_ms = 60'000;
  std::uint32_t send_timeout_ms = 60'000;
  std::uint32_t next_tries = 3;
  std::uint32_t next_timeout_ms = 0;  // 0: the longest that the ingress gives
  // Of: error timeout 500 502 503 504 403 404 429 off.
  std::vector<std::string> next_cases{"error", "timeout"};
  std::uint32_t proxy_buffer_bytes = 0;  // 0: the ingress' own

  bool operator==(const HttpOptions&) const = default;
};

// One port of a service. Global TCP with external port 80 is reached through the ingress by host
// name; every other global port through a port of this machine; a port that is not global by the
// other services of the lease, as `<service name>:<external port>`.
struct Expose {
  std::uint16_t port = 0;           // inside the container, 1..65535
  std::uint16_t external_port = 0;  // "as"; 0: the same as `port`
  Protocol protocol = Protocol::kTcp;
  bool global = false;
  // All host names that lead here, the generated default one included; only for the ingress.
  std::vector<std::string> hosts{};
  HttpOptions http{};
  // Of a forwarded port: the port of this machine. 0: any free one of Config::port_range.
  std::uint16_t host_port = 0;

  std::uint16_t external() const { return external_port == 0 ? port : external_port; }
  bool is_http() const { return global && protocol == Protocol::kTcp && external() == 80; }
  bool is_forwarded() const { return global && !is_http(); }
  bool operator==(const Expose&) const = default;
};

enum class VolumeKind : std::uint8_t {
  kEphemeral,  // without mount: the container's own writable disk; gone when the container restarts
  kPersistent,  // lives as long as the lease, one per replica
  kRam,         // memory-backed; its size is added to the memory limit
};

// Several ephemeral volumes without a mount add up to one disk. Names are the customer's: the SDL
// knows no rule for them.
struct Volume {
  std::string name{};
  std::uint64_t size_bytes = 0;
  VolumeKind kind = VolumeKind::kEphemeral;
  std::string mount{};  // absolute path in the container; required unless kEphemeral
  bool read_only = false;

  bool operator==(const Volume&) const = default;
};

// For a private registry. Never logged, never in an argument list; lies in the journal (mode 0600)
// while the lease lives, because a restart may have to pull again.
struct Credentials {
  std::string host{};
  std::string username{};
  std::string password{};

  bool operator==(const Credentials&) const = default;
};

// Under this runc itself does not start: so much a replica is given at least, its memory-backed
// volumes included.
inline constexpr std::uint64_t kReplicaMemoryBytesMin = 8ull << 20;
// What conmon takes beside each replica: 2.2 MiB measured (README.md), and a little more.
inline constexpr std::uint64_t kMonitorMemoryBytes = 3ull << 20;

struct Service {
  std::string name{};   // a DNS label
  std::string image{};  // "nginx:1.27", "localhost:5000/hello-web:1", "repo@sha256:..."
  std::optional<Credentials> credentials{};
  std::vector<std::string> command{};  // replaces the image's entrypoint, and its cmd with it
  std::vector<std::string> args{};     // replaces the image's cmd
  std::vector<std::string> env{};  // "NAME=VALUE" or "NAME" (empty value); wins over the image's
  std::uint32_t replicas = 1;
  std::uint64_t cpu_milli = 0;     // thousandths of a core, per replica; at least 10
  std::uint64_t memory_bytes = 0;  // per replica; under 8 MiB nothing can start, so 8 MiB is given
  std::uint64_t gpu_units = 0;     // refused (kUnsupported) when not 0
  std::vector<Volume> volumes{};
  std::vector<Expose> exposes{};

  bool operator==(const Service&) const = default;
};

struct LeaseWorkload {
  LeaseKey key{};
  std::vector<Service> services{};
  std::string
      public_hostname{};  // AKASH_CLUSTER_PUBLIC_HOSTNAME; host of forwarded ports in status

  bool operator==(const LeaseWorkload&) const = default;
};

// The volume's name as part of a file name; different for different names.
std::string file_name_of(const Volume& volume);

// Everything that can be refused without touching the machine: names, paths, ports, limits,
// duplicates. Errors: kBadSpec, kUnsupported. Cost: O(size of the workload).
Result<void> validate(const LeaseWorkload& workload);

}  // namespace tp::compute::workload
