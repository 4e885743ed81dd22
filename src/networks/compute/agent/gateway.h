// The provider's gateway: HTTPS and WebSockets through which customers hand over manifests and look
// at their leases. Whoever asks shows a token signed by the lease's owner; the owner in every path
// is the token's issuer, so that nobody can even name another's lease.
// Rules: specs/compute-market.md §3.3; docs/networks/compute-provider.md lists the paths.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "http/server.h"
#include "networks/compute/agent/lease_keeper.h"
#include "networks/compute/agent/token.h"
#include "networks/compute/agent/workload/manager.h"

namespace tp::compute::provider {

// Everything must outlive the gateway.
struct GatewayParts {
  LeaseKeeper& leases;
  workload::WorkloadManager& workloads;
  const TokenChecker& tokens;
  const Clock& clock;
  std::string provider;                  // our address
  std::string ingress;                   // "host:port" for customers
  std::string version;                   // of this program
  std::function<std::string()> status;   // JSON for everybody
  std::function<std::string()> metrics;  // in Prometheus' text format
  std::function<http::Response()> health;
};

class Gateway {
 public:
  // Errors: those of http::Server::start.
  static Result<std::unique_ptr<Gateway>> start(http::ServerOptions options, GatewayParts parts);
  // Ends all streams.
  ~Gateway();

  std::uint16_t port() const;

 private:
  struct State;
  explicit Gateway(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The lease's status as customers read it; JSON.
std::string to_json(const workload::LeaseStatus& status, const std::string& ingress);
// Whether an event about `object` ("web", or its replica "web-0") is one of `service`.
bool is_about(const std::string& object, const std::string& service);
// The HTTP status that says what went wrong.
int http_status_of(const Error& error);

}  // namespace tp::compute::provider
