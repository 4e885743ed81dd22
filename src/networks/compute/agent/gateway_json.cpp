// What the gateway says of a lease, in the reference's words and some of our own.
#include <boost/json.hpp>

#include "client/error.h"
#include "networks/compute/agent/gateway.h"
#include "networks/compute/spec/error.h"

namespace tp::compute::provider {

namespace json = boost::json;

std::string to_json(const workload::LeaseStatus& status, const std::string& ingress) {
  json::object services;
  for (const workload::ServiceStatus& one : status.services)
    services[one.name] = {{"name", one.name},
                          {"available", one.available},
                          {"total", one.total},
                          {"uris", json::value_from(one.uris)},
                          {"observed_generation", 1},
                          {"replicas", one.total},
                          {"updated_replicas", one.total},
                          {"ready_replicas", one.ready},
                          {"available_replicas", one.available},
                          {"state", workload::name_of(one.state)},
                          {"reason", one.reason},
                          {"image_digest", one.image_digest},
                          {"notes", json::value_from(one.notes)}};
  json::object ports;
  for (const workload::ForwardedPort& one : status.forwarded_ports) {
    json::value& list = ports[one.service];
    if (!list.is_array()) list = json::array();
    list.get_array().push_back({{"host", one.host},
                                {"port", one.port},
                                {"externalPort", one.external_port},
                                {"proto", one.protocol == workload::Protocol::kUdp ? "UDP" : "TCP"},
                                {"name", one.service},
                                {"reason", one.reason}});
  }
  return json::serialize(json::object{{"services", std::move(services)},
                                      {"forwarded_ports", std::move(ports)},
                                      {"ips", nullptr},
                                      {"ingress", ingress},
                                      {"healthy", status.healthy}});
}

bool is_about(const std::string& object, const std::string& service) {
  if (!object.starts_with(service)) return false;
  const std::string_view rest = std::string_view(object).substr(service.size());
  return rest.empty() || (rest.size() > 1 && rest.front() == '-' &&
                          rest.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

int http_status_of(const Error& error) {
  using workload::WorkloadError;
  if (error.codespace == describe(TokenError::kMalformed).codespace) return 401;
  if (is(error, LeaseError::kNoLease) || is(error, LeaseError::kNoManifest) ||
      is(error, WorkloadError::kNotFound))
    return 404;
  if (is(error, LeaseError::kDeploymentClosed) || is(error, LeaseError::kWrongHash) ||
      error.codespace == describe(SpecError::kInvalidManifest).codespace)
    return 422;
  for (const WorkloadError kind :
       {WorkloadError::kBadSpec, WorkloadError::kUnsupported, WorkloadError::kHostNameTaken,
        WorkloadError::kPortTaken, WorkloadError::kNoSpace, WorkloadError::kBadImage})
    if (is(error, kind)) return 422;
  // The node that we ask is away; so nothing can be said.
  if (error.codespace == describe(client::ClientError::kUnreachable).codespace) return 503;
  return 500;
}

}  // namespace tp::compute::provider
