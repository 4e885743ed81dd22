#include "networks/compute/agent/workload/ingress.h"

#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/log.h"
#include "base/text.h"
#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/kernel.h"

namespace tp::compute::workload {
namespace {

using Json = nlohmann::json;

constexpr std::uint32_t kNobody = 65'534;
// Of one request: Caddy would try for as long and as often as it is told, and holds the request
// meanwhile.
constexpr std::uint32_t kTriesMax = 10;
constexpr std::uint32_t kTryMsMax = 60'000;
// Enough for every proxy_buffer_size that a manifest may ask for (specs/compute-market.md §1.4).
constexpr std::uint32_t kAnswerHeaderBytesMax = 1'048'576;

std::string milliseconds(std::uint32_t count) {
  return std::to_string(count) + "ms";
}

Json proxy(const Route& route) {
  Json upstreams = Json::array();
  for (const std::string& address : route.upstreams) upstreams.push_back({{"dial", address}});
  const HttpOptions& options = route.options;
  const bool off = std::ranges::find(options.next_cases, "off") != options.next_cases.end();
  Json balancing = {{"selection_policy", {{"policy", "round_robin"}}}};
  // A duration alone would make Caddy try again, too.
  if (!off && options.next_tries > 1) {
    balancing["retries"] = std::min(options.next_tries, kTriesMax) - 1;
    balancing["try_duration"] = milliseconds(
        options.next_timeout_ms == 0 ? kTryMsMax : std::min(options.next_timeout_ms, kTryMsMax));
    balancing["try_interval"] = "50ms";
  }
  return {{"handler", "reverse_proxy"},
          {"upstreams", upstreams},
          {"load_balancing", balancing},
          {"transport",
           {{"protocol", "http"},
            {"dial_timeout", "3s"},
            {"max_response_header_size", kAnswerHeaderBytesMax},
            {"response_header_timeout", milliseconds(options.read_timeout_ms)},
            {"read_timeout", milliseconds(options.read_timeout_ms)},
            {"write_timeout", milliseconds(options.send_timeout_ms)}}}};
}

Json answer(int status, const std::string& text) {
  return {{"handler", "static_response"}, {"status_code", status}, {"body", text + "\n"}};
}

Json route_json(const Route& route) {
  Json handlers = Json::array();
  if (route.upstreams.empty()) {
    handlers.push_back(answer(503, "the service behind this name is not ready"));
  } else {
    handlers.push_back({{"handler", "request_body"}, {"max_size", route.options.max_body_bytes}});
    handlers.push_back(proxy(route));
  }
  return {{"match", Json::array({{{"host", Json::array({route.host})}}})},
          {"handle", handlers},
          {"terminal", true}};
}

// One request over a Unix socket; the answer's status and body. HTTP/1.0, so that the body is plain
// and ends with the connection. Status 0: no answer.
struct Answer {
  int status = 0;
  std::string body;
};

Answer ask(const std::string& socket_path, const std::string& method, const std::string& target,
           const std::string& body) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::string text;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        method + " " + target + " HTTP/1.0\r\nHost: localhost\r\n" +
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    std::size_t sent = 0;
    while (sent < request.size()) {
      const ssize_t size = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) break;
      sent += static_cast<std::size_t>(size);
    }
    std::array<char, 8192> buffer;
    while (text.size() < (1u << 20)) {
      const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  ::close(fd);
  if (!text.starts_with("HTTP/1.") || text.size() < 12) return {};
  const auto status = parse_int<int>(text.substr(9, 3));
  const std::size_t end = text.find("\r\n\r\n");
  return {.status = status.value_or(0),
          .body = end == std::string::npos ? "" : text.substr(end + 4)};
}

// Whether the process runs and `argument` is among its arguments: a number alone may be somebody
// else's by now.
bool runs_with(int pid, const std::string& argument) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  for (std::string one; std::getline(file, one, '\0');)
    if (one == argument) return true;
  return false;
}

// Every Caddy that runs with that configuration.
std::vector<int> caddies_with(const std::string& config) {
  std::vector<int> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto pid = parse_int<int>(entry.path().filename().string());
    if (pid && *pid > 1 && runs_with(*pid, "caddy") && runs_with(*pid, config)) out.push_back(*pid);
  }
  return out;
}

// Whether somebody listens there already.
bool is_taken(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = listen.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.empty() ? nullptr : host.c_str(), listen.c_str() + colon + 1, &hints,
                    &list) != 0)
    return false;  // Caddy says what it thinks of it
  bool taken = false;
  for (const addrinfo* one = list; one != nullptr && !taken; one = one->ai_next) {
    const int fd = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    const int yes = 1;  // connections that have ended are no listener
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    taken = ::bind(fd, one->ai_addr, one->ai_addrlen) != 0 && errno == EADDRINUSE;
    ::close(fd);
  }
  ::freeaddrinfo(list);
  return taken;
}

// The sockets of a program that has just ended go a moment after its name.
bool stays_taken(const std::string& listen) {
  for (int i = 0; i < 40; ++i) {
    if (!is_taken(listen)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  return true;
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

}  // namespace

std::uint16_t port_of(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return 0;
  return parse_int<std::uint16_t>(listen.substr(colon + 1)).value_or(0);
}

std::vector<std::string> unmapped(const HttpOptions& options) {
  std::vector<std::string> out;
  for (const std::string& name : options.next_cases) {
    if (name == "error" || name == "timeout" || name == "off") continue;
    out.push_back("http_options.next_cases: an answer with status " + name +
                  " is passed on, not tried again on another replica");
  }
  if (options.next_tries > kTriesMax)
    out.push_back("http_options.next_tries: " + std::to_string(kTriesMax) + " instead of " +
                  std::to_string(options.next_tries));
  if (options.next_timeout_ms > kTryMsMax)
    out.push_back("http_options.next_timeout: " + std::to_string(kTryMsMax) + " instead of " +
                  std::to_string(options.next_timeout_ms));
  if (options.proxy_buffer_bytes > 0)
    out.push_back("http_options.proxy_buffer_size: not set; the header of every answer may have " +
                  std::to_string(kAnswerHeaderBytesMax) + " bytes");
  return out;
}

std::string caddy_config(const std::vector<std::string>& listen, const std::string& admin_socket,
                         const std::vector<Route>& routes) {
  Json list = Json::array();
  for (const Route& route : routes) list.push_back(route_json(route));
  list.push_back({{"handle", Json::array({answer(404, "no lease here has this host name")})}});
  const Json server = {{"listen", listen},
                       {"automatic_https", {{"disable", true}}},
                       {"read_header_timeout", "30s"},
                       {"idle_timeout", "2m"},
                       {"max_header_bytes", 65'536},
                       {"routes", list}};
  const Json config = {
      {"admin",
       {{"listen", "unix/" + admin_socket},
        {"origins", Json::array({"localhost"})},
        {"config", {{"persist", false}}}}},
      {"logging", {{"logs", {{"default", {{"level", "WARN"}}}}}}},
      {"apps", {{"http", {{"grace_period", "5s"}, {"servers", {{"turnpike", server}}}}}}}};
  return config.dump(1);
}

Ingress::Ingress(Host& host, Disk& disk, std::vector<std::string> listen, std::string run_directory,
                 Duration patience)
    : host_(host),
      disk_(disk),
      listen_(std::move(listen)),
      directory_(std::move(run_directory) + "/ingress"),
      socket_(directory_ + "/admin.sock"),
      config_(directory_ + "/caddy.json"),
      pid_file_(directory_ + "/caddy.pid"),
      patience_(patience) {}

bool Ingress::answers() const {
  return ask(socket_, "GET", "/config/admin", "").status == 200;
}

std::string Ingress::config_locked() const {
  std::vector<Route> all;
  for (const auto& [lease, routes] : routes_) all.insert(all.end(), routes.begin(), routes.end());
  std::ranges::sort(all, {}, &Route::host);
  return caddy_config(listen_, socket_, all);
}

Result<void> Ingress::open() {
  if (listen_.empty()) return {};
  const std::lock_guard lock(mutex_);
  // Two that share the port, where a provider was killed and started again at once, are one too
  // many: only one of them hears of routes.
  if (answers() && caddies_with(config_).size() <= 1) return {};
  return start_locked();
}

Result<void> Ingress::start_locked() {
  TRY_VOID(make_passage(directory_));
  TRY_VOID(give_to(directory_, kNobody, kNobody, 0700));
  TRY_VOID(end_ours());
  // Caddy shares ports with whoever does the same, another Caddy for one.
  for (const std::string& listen : listen_)
    if (stays_taken(listen))
      return fail(WorkloadError::kPortTaken, "ingress: another program listens on " + listen);
  dirty_ = true;
  const std::string log = directory_ + "/caddy.log";
  for (const std::string& old : {log, socket_})
    if (disk_.exists(old)) TRY_VOID(disk_.remove(old));
  TRY_VOID(write_atomically(disk_, config_, config_locked()));
  TRY_VOID(give_to(config_, kNobody, kNobody, 0600));
  const bool low =
      std::ranges::any_of(listen_, [](const auto& text) { return port_of(text) < 1024; });
  TRY(const int pid, host_.spawn({.argv = {"caddy", "run", "--config", config_},
                                  .env = {"HOME=" + directory_, "XDG_DATA_HOME=" + directory_,
                                          "XDG_CONFIG_HOME=" + directory_, "GOMAXPROCS=2"},
                                  .log_path = log,
                                  .uid = kNobody,
                                  .gid = kNobody,
                                  .low_ports = low}));
  TRY_VOID(write_atomically(disk_, pid_file_, std::to_string(pid)));
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::nanoseconds(patience_.nanoseconds);
  do {
    if (answers()) {
      dirty_ = false;
      return {};
    }
    if (::kill(pid, 0) != 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  } while (std::chrono::steady_clock::now() < deadline);
  TRY_VOID(end_ours());
  const std::string words = last_line(disk_.read(log).value_or(""));
  if (words.find("address already in use") != std::string::npos)
    return fail(WorkloadError::kPortTaken, "ingress: " + words);
  return fail(WorkloadError::kProgramFailed, "caddy does not start: " + words);
}

// Ends the Caddy on record, if it still runs, and those that a provider started which was killed
// before it could record them.
Result<void> Ingress::end_ours() const {
  std::vector<int> pids = caddies_with(config_);
  if (disk_.exists(pid_file_)) {
    TRY(const Bytes text, disk_.read(pid_file_));
    if (const auto pid = parse_int<int>(text); pid && *pid > 1) pids.push_back(*pid);
  }
  for (const int pid : pids) {
    for (const int signal : {SIGTERM, SIGKILL}) {
      if (!runs_with(pid, config_)) break;
      ::kill(pid, signal);
      for (int i = 0; i < 100 && runs_with(pid, config_); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (runs_with(pid, config_))
      return fail(WorkloadError::kProgramFailed,
                  "caddy (" + std::to_string(pid) + ") cannot be ended");
  }
  return disk_.exists(pid_file_) ? disk_.remove(pid_file_) : Result<void>();
}

Result<void> Ingress::load_locked() {
  dirty_ = true;
  const std::string config = config_locked();
  const Answer answer = ask(socket_, "POST", "/load", config);
  if (answer.status == 200) {
    dirty_ = false;
    return {};
  }
  if (answer.status == 0) return start_locked();
  return fail(WorkloadError::kProgramFailed, "caddy refuses its configuration: " + answer.body);
}

Result<void> Ingress::set(const std::string& lease, const std::vector<Route>& routes) {
  if (listen_.empty()) return {};
  const std::lock_guard lock(mutex_);
  const auto found = routes_.find(lease);
  if (!dirty_ && (found == routes_.end() ? routes.empty() : found->second == routes)) return {};
  dirty_ = true;
  if (routes.empty()) {
    routes_.erase(lease);
  } else {
    routes_[lease] = routes;
  }
  return gathering_ ? Result<void>() : load_locked();
}

Result<void> Ingress::begin() {
  if (listen_.empty()) return {};
  const std::lock_guard lock(mutex_);
  gathering_ = false;
  return load_locked();
}

Result<void> Ingress::supervise() {
  if (listen_.empty()) return {};
  const std::lock_guard lock(mutex_);
  if (answers()) return dirty_ && !gathering_ ? load_locked() : Result<void>();
  log_warning("workload", "caddy does not answer and is started again");
  return start_locked();
}

Result<void> Ingress::close() {
  const std::lock_guard lock(mutex_);
  if (ask(socket_, "POST", "/stop", "").status == 200) {
    for (int i = 0; i < 100 && ask(socket_, "GET", "/config/admin", "").status != 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  TRY_VOID(end_ours());
  return remove_tree(directory_);
}

}  // namespace tp::compute::workload
