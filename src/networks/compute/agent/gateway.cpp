#include "networks/compute/agent/gateway.h"

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/text.h"

namespace tp::compute::provider {
namespace {

namespace json = boost::json;

constexpr std::size_t kWorkers = 4;
constexpr std::size_t kStreamsMax = 256;
constexpr std::chrono::milliseconds kEventPoll{300};

// The closing codes of the reference (specs/compute-market.md §3.3).
constexpr std::uint16_t kClosedNormally = 1000;
constexpr std::uint16_t kClosedInternal = 4000;
constexpr std::uint16_t kClosedNotFound = 4001;

http::Response refusal(const Error& error) {
  return http::Response::text(error.text + "\n", http_status_of(error));
}

http::Response refusal(int status, const std::string& text) {
  return http::Response::text(text + "\n", status);
}

// "/lease/5/1/1/status" -> {"lease", "5", "1", "1", "status"}
std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return out;
}

struct LeasePath {
  std::uint64_t dseq = 0;
  std::uint32_t gseq = 0;
  std::uint32_t oseq = 0;
  std::vector<std::string_view> rest{};  // what stands behind the lease
};

std::optional<LeasePath> lease_path(std::string_view path) {
  const auto parts = parts_of(path);
  if (parts.size() < 5 || parts[0] != "lease") return std::nullopt;
  const auto dseq = parse_int<std::uint64_t>(parts[1]);
  const auto gseq = parse_int<std::uint32_t>(parts[2]);
  const auto oseq = parse_int<std::uint32_t>(parts[3]);
  if (!dseq || !gseq || !oseq) return std::nullopt;
  return LeasePath{*dseq, *gseq, *oseq, {parts.begin() + 4, parts.end()}};
}

std::vector<std::string> services_of(const http::Request& request) {
  // The reference reads "service", and its own client sends "services".
  const std::string list =
      request.query("service").value_or(request.query("services").value_or(""));
  std::vector<std::string> out;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) out.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return out;
}

bool is_true(const std::optional<std::string>& text) {
  return text && (*text == "true" || *text == "1");
}

// Threads that feed WebSockets, and their end.
class Streams {
 public:
  using Feed = std::function<void(http::WebSocket& socket, std::stop_token stop)>;

  // Ends all and admits no more. They hold sockets of the server, so this comes before its end.
  void close() {
    std::list<Stream> all;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      all.swap(streams_);
    }
    for (Stream& one : all) one.thread.request_stop();
  }

  // Null when there are too many, or no more.
  std::shared_ptr<http::WebSocketSession> open(std::shared_ptr<http::WebSocket> socket, Feed feed) {
    const std::lock_guard lock(mutex_);
    std::erase_if(streams_, [](const Stream& one) { return one.done->load(); });
    if (closed_ || streams_.size() >= kStreamsMax) return nullptr;
    auto done = std::make_shared<std::atomic<bool>>(false);
    Stream& stream = streams_.emplace_back(Stream{done, {}});
    stream.thread = std::jthread(
        [socket = std::move(socket), feed = std::move(feed), done](std::stop_token stop) {
          feed(*socket, stop);
          done->store(true);
        });
    return std::make_shared<Session>(stream.thread.get_stop_source());
  }

 private:
  struct Stream {
    std::shared_ptr<std::atomic<bool>> done;
    std::jthread thread;
  };

  // What customers send on a stream means nothing; that they are gone ends it.
  class Session final : public http::WebSocketSession {
   public:
    explicit Session(std::stop_source stop) : stop_(std::move(stop)) {}
    void on_message(BytesView, bool) override {}
    void on_close() override { stop_.request_stop(); }

   private:
    std::stop_source stop_;
  };

  std::mutex mutex_;
  bool closed_ = false;
  std::list<Stream> streams_;
};

}  // namespace

struct Gateway::State {
  GatewayParts parts;
  Streams streams;
  ThreadExecutor workers{kWorkers};
  std::unique_ptr<http::Server> server;

  explicit State(GatewayParts given) : parts(std::move(given)) {}
  ~State() {
    streams.close();
    server.reset();
  }

  void handle(http::Request request, http::Reply reply) {
    workers.post(
        [this, request = std::move(request), reply = std::move(reply)] { reply(answer(request)); });
  }

  http::Response answer(const http::Request& request) {
    const std::string_view path = request.path();
    if (request.method == "GET") {
      if (path == "/healthz") return parts.health();
      if (path == "/metrics") return http::Response::text(parts.metrics());
      if (path == "/status") return http::Response::json(parts.status());
      if (path == "/version")
        return http::Response::json(
            json::serialize(json::object{{"turnpike", {{"version", parts.version}}}}));
      if (path == "/address")
        return http::Response::json(json::serialize(json::object{{"address", parts.provider}}));
      if (const auto lease = lease_path(path)) return read_lease(request, *lease);
    }
    const auto split = parts_of(path);
    if (split.size() == 3 && split[0] == "deployment" && split[2] == "manifest") {
      if (request.method != "PUT") return refusal(405, "a manifest is sent with PUT");
      const auto dseq = parse_int<std::uint64_t>(split[1]);
      if (!dseq) return refusal(400, "\"" + std::string(split[1]) + "\" is no dseq");
      return put_manifest(request, *dseq);
    }
    return refusal(404, "there is nothing at " + request.method + " " + std::string(path));
  }

  // The bearer, when the token is good and allows the wish.
  std::expected<Token, http::Response> authorise(const http::Request& request, const Wish& wish) {
    const auto header = request.header("Authorization");
    constexpr std::string_view kBearer = "Bearer ";
    if (!header || !header->starts_with(kBearer))
      return std::unexpected(refusal(401, "send the header \"Authorization: Bearer <token>\""));
    auto token = parts.tokens.check(header->substr(kBearer.size()), parts.clock.now());
    if (!token) return std::unexpected(refusal(token.error()));
    if (!token->allows(wish, parts.provider))
      return std::unexpected(refusal(
          403, "the token does not allow \"" + std::string(name_of(wish.scope)) + "\" here"));
    return std::move(*token);
  }

  http::Response put_manifest(const http::Request& request, std::uint64_t dseq) {
    const auto token = authorise(request, {.scope = Scope::kSendManifest, .dseq = dseq});
    if (!token) return token.error();
    if (const auto put = parts.leases.put_manifest(token->issuer(), dseq, request.body); !put) {
      log_info("gateway", "manifest of " + token->issuer() + "/" + std::to_string(dseq) +
                              " refused: " + put.error().text);
      return refusal(put.error());
    }
    return http::Response::json("{}");
  }

  http::Response read_lease(const http::Request& request, const LeasePath& lease) {
    const std::string_view what = lease.rest[0];
    const bool of_service =
        lease.rest.size() == 3 && what == "service" && lease.rest[2] == "status";
    Wish wish{.dseq = lease.dseq, .gseq = lease.gseq, .oseq = lease.oseq};
    if (of_service)
      wish.services = {std::string(lease.rest[1])};
    else if (lease.rest.size() == 1 && what == "manifest")
      wish.scope = Scope::kGetManifest;
    else if (lease.rest.size() == 1 && (what == "logs" || what == "kubeevents"))
      return refusal(426, "this is a WebSocket");
    else if (lease.rest.size() != 1 || what != "status")
      return refusal(404, "a lease has manifest, status, service/NAME/status, logs, kubeevents");
    const auto token = authorise(request, wish);
    if (!token) return token.error();
    const OrderId id{token->issuer(), lease.dseq, lease.gseq, lease.oseq};
    if (wish.scope == Scope::kGetManifest) {
      auto manifest = parts.leases.manifest(id);
      return manifest ? http::Response::json(std::move(*manifest)) : refusal(manifest.error());
    }
    if (const auto running = parts.leases.check_running(id); !running)
      return refusal(running.error());
    auto status = parts.workloads.status(lease_key(id, parts.provider));
    if (!status) return refusal(status.error());
    if (!of_service) return http::Response::json(to_json(*status, parts.ingress));
    std::erase_if(status->services,
                  [&](const auto& one) { return one.name != wish.services.front(); });
    std::erase_if(status->forwarded_ports,
                  [&](const auto& one) { return one.service != wish.services.front(); });
    if (status->services.empty())
      return refusal(404, "the lease has no service \"" + wish.services.front() + "\"");
    return http::Response::json(to_json(*status, parts.ingress));
  }

  std::expected<std::shared_ptr<http::WebSocketSession>, http::Response> upgrade(
      const http::Request& request, std::shared_ptr<http::WebSocket> socket) {
    const auto lease = lease_path(request.path());
    if (!lease || lease->rest.size() != 1 ||
        (lease->rest[0] != "logs" && lease->rest[0] != "kubeevents"))
      return std::unexpected(refusal(404, "the streams of a lease are logs and kubeevents"));
    const bool logs = lease->rest[0] == "logs";
    const std::vector<std::string> services = services_of(request);
    const auto token = authorise(request, {.scope = logs ? Scope::kLogs : Scope::kEvents,
                                           .dseq = lease->dseq,
                                           .gseq = lease->gseq,
                                           .oseq = lease->oseq,
                                           .services = services});
    if (!token) return std::unexpected(token.error());
    const OrderId id{token->issuer(), lease->dseq, lease->gseq, lease->oseq};
    if (const auto running = parts.leases.check_running(id); !running)
      return std::unexpected(refusal(running.error()));
    const workload::LeaseKey key = lease_key(id, parts.provider);

    Streams::Feed feed;
    if (logs) {
      workload::LogQuery query{.follow = is_true(request.query("follow"))};
      if (services.size() == 1) query.service = services.front();
      if (const auto tail = request.query("tail")) {
        const auto lines = parse_int<std::int64_t>(*tail);
        if (!lines || *lines < -1)
          return std::unexpected(refusal(400, "tail is a number of lines, or -1 for all"));
        query.tail = *lines;
      }
      feed = [this, key, query, services](http::WebSocket& out, std::stop_token stop) {
        feed_logs(out, key, query, services, std::move(stop));
      };
    } else {
      feed = [this, key, services](http::WebSocket& out, std::stop_token stop) {
        feed_events(out, key, services, stop);
      };
    }
    auto session = streams.open(std::move(socket), std::move(feed));
    if (session == nullptr)
      return std::unexpected(refusal(503, "too many streams are open; try again later"));
    return session;
  }

  void feed_logs(http::WebSocket& out, const workload::LeaseKey& key,
                 const workload::LogQuery& query, const std::vector<std::string>& services,
                 std::stop_token stop) const {
    const auto sink = [&](const workload::LogLine& line) {
      if (services.size() > 1 && std::ranges::find(services, line.service) == services.end())
        return true;
      return out.send(
          json::serialize(json::object{{"name", line.service + "-" + std::to_string(line.replica)},
                                       {"message", line.text}}),
          false);
    };
    const auto done = parts.workloads.logs(key, query, sink, std::move(stop));
    if (done) return out.close(kClosedNormally, "");
    const bool gone = is(done.error(), workload::WorkloadError::kNotFound);
    out.close(gone ? kClosedNotFound : kClosedInternal, done.error().text);
  }

  // `services` empty: all events, also those of the lease as a whole.
  void feed_events(http::WebSocket& out, const workload::LeaseKey& key,
                   const std::vector<std::string>& services, const std::stop_token& stop) const {
    std::uint64_t last = 0;
    while (!stop.stop_requested()) {
      const auto events = parts.workloads.events(key, last);
      if (!events) return out.close(kClosedNormally, "the lease has ended");
      for (const workload::LeaseEvent& one : *events) {
        last = one.serial;
        const auto about = [&](const std::string& service) {
          return is_about(one.object, service);
        };
        if (!services.empty() && std::ranges::none_of(services, about)) continue;
        const json::object event{
            {"type", one.warning ? "Warning" : "Normal"},
            {"reportingController", "turnpike-provider"},
            {"reason", one.reason},
            {"note", one.note},
            {"time", to_rfc3339(one.at)},
            {"object",
             json::object{{"kind", "Pod"}, {"namespace", key.text()}, {"name", one.object}}}};
        if (!out.send(json::serialize(event), false)) return;
      }
      std::this_thread::sleep_for(kEventPoll);
    }
  }
};

Gateway::Gateway(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::start(http::ServerOptions options, GatewayParts parts) {
  auto state = std::make_unique<State>(std::move(parts));
  State& self = *state;
  TRY(state->server,
      http::Server::start(
          std::move(options),
          [&self](http::Request request, http::Reply reply) {
            self.handle(std::move(request), std::move(reply));
          },
          [&self](const http::Request& request, std::shared_ptr<http::WebSocket> socket) {
            return self.upgrade(request, std::move(socket));
          }));
  return std::unique_ptr<Gateway>(new Gateway(std::move(state)));
}

std::uint16_t Gateway::port() const {
  return state_->server->port();
}

}  // namespace tp::compute::provider
