// What the runtime tells about a lease.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

enum class ServiceState : std::uint8_t {
  kPending,     // accepted, not begun
  kPulling,     // fetching or unpacking the image
  kStarting,    // containers are being made, or run without being ready
  kRunning,     // every replica is ready
  kBackingOff,  // ended or failed to start; waits before the next try; `reason` says why
  kStopping,
};
std::string_view name_of(ServiceState state);  // "pending", "pulling", ...

struct Exit {
  int code = 0;  // as the shell counts: 128 + signal when killed
  bool out_of_memory = false;
  BlockTime at{};

  bool operator==(const Exit&) const = default;
};

struct ReplicaStatus {
  std::uint32_t index = 0;
  bool running = false;
  bool ready = false;  // running, and its first exposed TCP port has accepted a connection
  std::uint32_t restarts = 0;
  std::string address{};  // inside the lease's network
  BlockTime started_at{};
  std::optional<Exit> last_exit{};
  // For a person: "exited with code 1 after 0.2 s: config.json: no such file". Empty when all is
  // well.
  std::string reason{};
};

struct ServiceStatus {
  std::string name{};
  ServiceState state = ServiceState::kPending;
  std::string reason{};         // of the first replica or step that has one; else empty
  std::uint32_t total = 0;      // replicas asked for
  std::uint32_t available = 0;  // running
  std::uint32_t ready = 0;
  std::string image_digest{};        // "sha256:..." once pulled
  std::vector<std::string> uris{};   // host names that the ingress serves for it
  std::vector<std::string> notes{};  // what was asked for and is not honoured, each in words
  std::vector<ReplicaStatus> replicas{};
};

// A port of this machine that leads into a container.
struct ForwardedPort {
  std::string service{};
  std::string host{};               // LeaseWorkload::public_hostname
  std::uint16_t port = 0;           // the service's external port
  std::uint16_t external_port = 0;  // the machine's port
  Protocol protocol = Protocol::kTcp;
  std::string
      reason{};  // why it does not work: "port 31000 is taken by another program"; else empty
};

struct LeaseStatus {
  LeaseKey key{};
  std::vector<ServiceStatus> services{};  // in the workload's order
  std::vector<ForwardedPort> forwarded_ports{};
  // Every service has a ready replica; false while anything of it starts or fails.
  bool healthy = false;
};

// Something that happened to a lease, in order; the reference's "kube events".
struct LeaseEvent {
  std::uint64_t serial = 0;  // grows by one within a lease; restarts with the provider process
  BlockTime at{};
  bool warning = false;
  std::string
      reason;  // one word: Pulling Pulled Created Started Ready Exited OOMKilled BackOff Failed ...
  std::string note{};    // for a person
  std::string object{};  // "web" or "web-0"
};

struct LogLine {
  std::string service{};
  std::uint32_t replica = 0;
  BlockTime at{};
  bool is_stderr = false;
  std::string text{};  // without the line end; longer lines than 16 KiB come in parts
};

struct Usage {
  std::uint64_t memory_bytes = 0;
  std::uint64_t cpu_nanoseconds = 0;  // since the containers started
  std::uint64_t disk_bytes = 0;       // of the host, really occupied by the lease's disks
};

}  // namespace tp::compute::workload
