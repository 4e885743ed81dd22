#include "networks/compute/agent/gateway_client.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "http/client.h"

namespace tp::compute::provider {
namespace {

namespace json = boost::json;

constexpr Duration kPoll = Duration::milliseconds(200);
constexpr Duration kManifestTimeout = Duration::seconds(150);  // the gateway takes up to 120 s
constexpr std::uint16_t kNormalClosure = 1000;
constexpr std::uint16_t kNotFoundClosure = 4001;

std::unexpected<Error> malformed(std::string_view text) {
  return fail(GatewayError::kMalformed, text);
}

std::unexpected<Error> from_http(const Error& error) {
  return fail(GatewayError::kUnreachable, error.text);
}

// The gateway's own words, without what a terminal would take for more than text.
std::string words_of(const http::Response& response) {
  std::string text = response.body.substr(0, 2000);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text.empty() ? "status " + std::to_string(response.status) : text;
}

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return malformed("the answer is not a JSON object");
  return std::move(value.get_object());
}

std::string text_at(const json::object& in, std::string_view name) {
  const json::value* found = in.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

template <class T>
T number_at(const json::object& in, std::string_view name) {
  const json::value* found = in.if_contains(name);
  if (found == nullptr) return 0;
  boost::system::error_code error;
  const T number = found->to_number<T>(error);
  return error ? T{0} : number;
}

std::vector<std::string> texts_at(const json::object& in, std::string_view name) {
  std::vector<std::string> out;
  const json::value* found = in.if_contains(name);
  if (found == nullptr || !found->is_array()) return out;
  for (const json::value& one : found->get_array())
    if (one.is_string()) out.emplace_back(one.get_string());
  return out;
}

Result<GatewayLeaseStatus> status_from(std::string_view text) {
  TRY(const json::object in, parse_object(text));
  GatewayLeaseStatus out;
  const json::value* services = in.if_contains("services");
  if (services == nullptr || !services->is_object()) return malformed("no services in the status");
  for (const auto& [name, value] : services->get_object()) {
    if (!value.is_object()) return malformed("a service is not an object");
    const json::object& one = value.get_object();
    out.services.push_back({.name = std::string(name),
                            .state = text_at(one, "state"),
                            .reason = text_at(one, "reason"),
                            .total = number_at<std::uint32_t>(one, "total"),
                            .available = number_at<std::uint32_t>(one, "available"),
                            .ready = number_at<std::uint32_t>(one, "ready_replicas"),
                            .uris = texts_at(one, "uris"),
                            .notes = texts_at(one, "notes")});
  }
  if (const json::value* ports = in.if_contains("forwarded_ports");
      ports != nullptr && ports->is_object()) {
    for (const auto& [name, list] : ports->get_object()) {
      if (!list.is_array()) continue;
      for (const json::value& value : list.get_array()) {
        if (!value.is_object()) return malformed("a port is not an object");
        const json::object& one = value.get_object();
        out.forwarded_ports.push_back(
            {.service = std::string(name),
             .host = text_at(one, "host"),
             .port = number_at<std::uint16_t>(one, "port"),
             .external_port = number_at<std::uint16_t>(one, "externalPort"),
             .protocol = text_at(one, "proto"),
             .reason = text_at(one, "reason")});
      }
    }
  }
  out.ingress = text_at(in, "ingress");
  const json::value* healthy = in.if_contains("healthy");
  // A gateway of another make does not say: then as many must be ready as are asked for.
  out.healthy = healthy != nullptr && healthy->is_bool()
                    ? healthy->get_bool()
                    : std::ranges::all_of(out.services, [](const GatewayService& service) {
                        return service.ready >= service.total && service.total > 0;
                      });
  return out;
}

std::string lease_path(const LeaseRef& lease) {
  return "/lease/" + std::to_string(lease.dseq) + "/" + std::to_string(lease.gseq) + "/" +
         std::to_string(lease.oseq);
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) out += (out.empty() ? "" : ",") + one;
  return out;
}

}  // namespace

ErrorInfo describe(GatewayError error) {
  switch (error) {
    case GatewayError::kUnreachable: return {"gateway", 2, "the provider's gateway is not reached"};
    case GatewayError::kRefused: return {"gateway", 3, "the provider refused"};
    case GatewayError::kNotFound: return {"gateway", 4, "the provider knows no such lease"};
    case GatewayError::kMalformed: return {"gateway", 5, "not the answer of a gateway"};
  }
  TP_FATAL("GatewayError out of range");
}

std::vector<std::string> GatewayLeaseStatus::urls() const {
  const std::size_t colon = ingress.rfind(':');
  const std::string port = colon == std::string::npos ? "" : ingress.substr(colon + 1);
  std::vector<std::string> out;
  for (const GatewayService& service : services)
    for (const std::string& uri : service.uris)
      out.push_back("http://" + uri + (port.empty() || port == "80" ? "" : ":" + port));
  return out;
}

struct GatewayClient::State {
  GatewayAddress address;
  const crypto::Secp256k1PrivateKey& key;
  std::string owner;
  const Clock& clock;
  http::Client http;

  http::ClientOptions options() const {
    return {.timeout = kManifestTimeout, .pinned_sha256_hex = address.certificate_sha256};
  }
  http::Headers headers() const {
    return {{"Authorization",
             "Bearer " + make_token(key, owner, clock.now(), {.provider = address.provider})}};
  }

  Result<http::Response> send(http::Request request) {
    request.headers = headers();
    if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    auto response = http.send(request);
    if (!response) return from_http(response.error());
    if (response->status == 404) return fail(GatewayError::kNotFound, words_of(*response));
    if (response->status < 200 || response->status > 299)
      return fail(GatewayError::kRefused, words_of(*response));
    return std::move(*response);
  }

  // Every message of a stream, until `take` returns false, `stop`, or its end.
  Result<void> stream(const std::string& target,
                      FunctionRef<Result<bool>(const json::object&)> take,
                      const std::stop_token& stop) {
    const std::string url = "wss" + address.host_uri.substr(address.host_uri.find(':')) + target;
    auto socket = http::WebSocketClient::connect(url, headers(), options());
    if (!socket) return from_http(socket.error());
    while (!stop.stop_requested()) {
      const auto message = socket->receive(kPoll);
      if (!message) {
        if (socket->close_code() == kNormalClosure) return {};
        if (socket->close_code() == kNotFoundClosure) return fail(GatewayError::kNotFound);
        return from_http(message.error());
      }
      if (!*message) continue;
      TRY(const json::object in, parse_object((*message)->data));
      TRY(const bool more, take(in));
      if (!more) return {};
    }
    return {};
  }
};

GatewayClient::GatewayClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
GatewayClient::GatewayClient(GatewayClient&&) noexcept = default;
GatewayClient& GatewayClient::operator=(GatewayClient&&) noexcept = default;
GatewayClient::~GatewayClient() = default;

Result<GatewayClient> GatewayClient::make(GatewayAddress address,
                                          const crypto::Secp256k1PrivateKey& key, std::string owner,
                                          const Clock& clock) {
  TRY(const http::Url url, http::Url::parse(address.host_uri));
  if (url.scheme != "https")
    return fail(http::HttpError::kInvalidUrl, address.host_uri + " is not an https address");
  TRY(http::Client http,
      http::Client::to(address.host_uri, {.timeout = kManifestTimeout,
                                          .pinned_sha256_hex = address.certificate_sha256}));
  return GatewayClient(std::unique_ptr<State>(
      new State{std::move(address), key, std::move(owner), clock, std::move(http)}));
}

Result<std::string> GatewayClient::provider_status() {
  TRY(http::Response response, state_->send({.target = "/status"}));
  return std::move(response.body);
}

Result<void> GatewayClient::put_manifest(std::uint64_t dseq, std::string_view manifest,
                                         Duration patience) {
  const Duration deadline{state_->clock.elapsed().nanoseconds + patience.nanoseconds};
  while (true) {
    const auto response =
        state_->send({.method = "PUT",
                      .target = "/deployment/" + std::to_string(dseq) + "/manifest",
                      .body = std::string(manifest)});
    if (response) return {};
    if (!is(response.error(), GatewayError::kNotFound) || state_->clock.elapsed() >= deadline)
      return std::unexpected(response.error());
    std::this_thread::sleep_for(std::chrono::nanoseconds(kPoll.nanoseconds));
  }
}

Result<std::string> GatewayClient::manifest(const LeaseRef& lease) {
  TRY(http::Response response, state_->send({.target = lease_path(lease) + "/manifest"}));
  return std::move(response.body);
}

Result<GatewayLeaseStatus> GatewayClient::lease_status(const LeaseRef& lease) {
  TRY(const http::Response response, state_->send({.target = lease_path(lease) + "/status"}));
  return status_from(response.body);
}

Result<void> GatewayClient::stream_logs(const LeaseRef& lease, const LogRequest& request,
                                        FunctionRef<bool(const GatewayLogLine&)> sink,
                                        std::stop_token stop) {
  std::string target = lease_path(lease) + "/logs?follow=" + (request.follow ? "true" : "false");
  if (request.tail >= 0) target += "&tail=" + std::to_string(request.tail);
  if (!request.services.empty())
    target += "&service=" + http::percent_encode(joined(request.services));
  return state_->stream(
      target,
      [&](const json::object& in) -> Result<bool> {
        return sink({.name = text_at(in, "name"), .message = text_at(in, "message")});
      },
      stop);
}

Result<void> GatewayClient::stream_events(const LeaseRef& lease,
                                          FunctionRef<bool(const GatewayEvent&)> sink,
                                          std::stop_token stop,
                                          const std::vector<std::string>& services) {
  const std::string query =
      services.empty() ? "" : "?service=" + http::percent_encode(joined(services));
  return state_->stream(
      lease_path(lease) + "/kubeevents" + query,
      [&](const json::object& in) -> Result<bool> {
        GatewayEvent event{.type = text_at(in, "type"),
                           .reason = text_at(in, "reason"),
                           .note = text_at(in, "note")};
        if (const json::value* object = in.if_contains("object");
            object != nullptr && object->is_object())
          event.object = text_at(object->get_object(), "name");
        return sink(event);
      },
      stop);
}

}  // namespace tp::compute::provider
