// HTTP by host name: one Caddy process per provider, started and watched by us, with a
// configuration that we compute whole from the routes and load through its admin socket. It runs as
// nobody, and goes on while the provider is down.
//
// Limits of Caddy 2.6 (Debian 12): loading a configuration ends upgraded connections (WebSockets)
// of every route; so it is loaded only when routes really change.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "networks/compute/agent/workload/host.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

struct Route {
  std::string host{};
  std::vector<std::string> upstreams{};  // "10.192.0.2:80"; none: answers 503
  HttpOptions options{};

  bool operator==(const Route&) const = default;
};

// The configuration as Caddy reads it.
std::string caddy_config(const std::vector<std::string>& listen, const std::string& admin_socket,
                         const std::vector<Route>& routes);
// What of `options` is not done, or only up to a bound, each in words; for ServiceStatus::notes.
std::vector<std::string> unmapped(const HttpOptions& options);
// "127.0.0.1:8088" -> 8088; 0 when there is none.
std::uint16_t port_of(const std::string& listen);

class Ingress {
 public:
  // `listen` empty: no ingress, and every call does nothing. A Caddy that does not answer within
  // `patience` of its start is ended again.
  Ingress(Host& host, Disk& disk, std::vector<std::string> listen, std::string run_directory,
          Duration patience = Duration::seconds(5));

  // Adopts the Caddy of an earlier process, or starts one. Until begin(), an adopted one keeps the
  // routes that it has, so that nobody is cut off while the leases tell theirs.
  // Errors: kPortTaken, kProgramFailed.
  Result<void> open();
  Result<void> begin();
  // The routes of one lease, in place of those that it had. After an error they may not be in use
  // yet; this or supervise() tries again. Errors: kPortTaken, kProgramFailed.
  Result<void> set(const std::string& lease, const std::vector<Route>& routes);
  // Starts Caddy again when it has died, and loads what could not be loaded. Call now and then.
  Result<void> supervise();
  // Ends Caddy.
  Result<void> close();

 private:
  Result<void> start_locked();
  Result<void> load_locked();
  Result<void> end_ours() const;
  std::string config_locked() const;
  bool answers() const;

  Host& host_;
  Disk& disk_;
  std::vector<std::string> listen_;
  std::string directory_;
  std::string socket_;
  std::string config_;
  std::string pid_file_;
  Duration patience_;
  std::mutex mutex_;
  bool gathering_ = true;
  bool dirty_ = true;  // Caddy may have other routes
  std::map<std::string, std::vector<Route>> routes_;
};

}  // namespace tp::compute::workload
