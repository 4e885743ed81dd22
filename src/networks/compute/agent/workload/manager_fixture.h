// The real thing: root, runc, conmon, skopeo, umoci, nft, Caddy, and a registry of our own on
// loopback. Each test has its own data directory and leaves nothing behind.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "networks/compute/agent/workload/cgroup.h"
#include "networks/compute/agent/workload/kernel.h"
#include "networks/compute/agent/workload/manager.h"
#include "networks/compute/agent/workload/network.h"
#include "networks/compute/agent/workload/record.h"

namespace tp::compute::workload {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// "127.0.0.1:PORT" that nobody uses now, so that two runs of the tests do not meet.
inline std::string free_address() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return "127.0.0.1:1";
  ::close(fd);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

// A child of the crash test (below) gets these from its parent.
inline std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}
inline const std::string kRegistry = setting("TP_TEST_REGISTRY", free_address());
inline const std::string kHello = kRegistry + "/hello-web:1";
inline const std::string kIngress = setting("TP_TEST_INGRESS", free_address());
inline const std::string kNumber = setting("TP_TEST_NUMBER", std::to_string(::getpid()));

// The checkout that this test program was built in.
inline fs::path source_directory() {
  for (fs::path at = fs::read_symlink("/proc/self/exe"); at.has_relative_path();
       at = at.parent_path())
    if (fs::exists(at / "deploy/images/hello-web/build")) return at;
  return {};
}

inline std::string why_not() {
  if (::geteuid() != 0) return "needs root";
  for (const std::string name : {"runc", "conmon", "skopeo", "umoci", "nft", "caddy",
                                 "docker-registry", "mkfs.ext4", "curl", "busybox"})
    if (std::system(("command -v " + name + " >/dev/null").c_str()) != 0)
      return name + " is not installed";
  if (source_directory().empty()) return "the checkout with deploy/images is not there";
  return {};
}

inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds most = 20s) {
  const auto deadline = std::chrono::steady_clock::now() + most;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return condition();
}

class WorkloadRootTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!why_not().empty()) return;
    if (std::getenv("TP_TEST_REGISTRY") != nullptr) return;
    registry_directory_ = "/tmp/tp-test-registry." + kNumber;
    const std::string root = source_directory().string();
    const auto pid = SystemHost().spawn(
        {.argv = {root + "/deploy/images/registry", registry_directory_, kRegistry},
         .log_path = registry_directory_ + ".log"});
    ASSERT_TRUE(pid);
    registry_pid_ = *pid;
    ASSERT_TRUE(eventually([] { return fetch("http://" + kRegistry + "/v2/").has_value(); }));
    const auto built = run_checked(*std::make_unique<SystemHost>(),
                                   {.argv = {root + "/deploy/images/hello-web/build",
                                             registry_directory_ + "/hello", "--push", kHello}});
    ASSERT_TRUE(built) << built.error().text;
  }

  static void TearDownTestSuite() {
    if (registry_pid_ > 0) ::kill(registry_pid_, SIGTERM);
    fs::remove_all(registry_directory_);
    fs::remove(registry_directory_ + ".log");
  }

  void SetUp() override {
    if (const std::string why = why_not(); !why.empty()) GTEST_SKIP() << why;
    config_.instance = "test-" + kNumber;
    config_.data_directory = "/tmp/tp-test-data." + kNumber;
    config_.ingress_listen = {kIngress};
    config_.image_unpacked_bytes_max = 256 << 20;
    config_.port_range = {.first = 31'000, .last = 31'099};
    config_.stop_grace = Duration::milliseconds(200);
    config_.backoff_first = Duration::milliseconds(300);
    open();
  }

  void TearDown() override {
    manager_.reset();
    if (config_.data_directory.empty() || std::getenv("TP_TEST_ACKS") != nullptr) return;
    const auto purged = purge(config_, host_, disk_, true);
    EXPECT_TRUE(purged) << purged.error().text;
    fs::remove_all(config_.data_directory);
    expect_nothing_left();
  }

  void open() {
    auto opened = WorkloadManager::open(config_, host_, disk_, clock_);
    ASSERT_TRUE(opened) << opened.error().text;
    manager_ = std::move(*opened);
  }

  // Nothing with our prefix is left on the machine.
  void expect_nothing_left() {
    for (const Mount& mount : mounts())
      EXPECT_EQ(mount.target.find("/tp-test-"), std::string::npos) << mount.target;
    const std::string prefix = names().prefix();
    for (const auto& entry : fs::directory_iterator("/sys/class/net"))
      EXPECT_FALSE(entry.path().filename().string().starts_with(prefix)) << entry.path();
    const auto tables = host_.run({.argv = {"nft", "list", "tables"}});
    EXPECT_EQ(tables->output.find(names().table()), std::string::npos) << tables->output;
    EXPECT_TRUE(Cgroups::find(mounts())->processes("/tp-" + config_.instance).empty());
    EXPECT_FALSE(fs::exists("/sys/fs/cgroup/memory/tp-" + config_.instance));
    EXPECT_FALSE(fs::exists("/run/tp-" + config_.instance));
  }

  NetworkNames names() const {
    return NetworkNames(
        {.instance = config_.instance, .pool = *parse_ipv4_range(config_.network_pool)});
  }

  static LeaseKey key(std::uint64_t dseq) { return {"akash1owner", dseq, 1, 1, "akash1provider"}; }

  // A lease with the hello service "web" on http://<dseq>.localhost.
  static LeaseWorkload hello(std::uint64_t dseq = 1) {
    Service web{.name = "web", .image = kHello};
    web.cpu_milli = 500;
    web.memory_bytes = 64 << 20;
    web.volumes = {{.name = "default", .size_bytes = 32 << 20}};
    web.exposes = {{.port = 80, .global = true, .hosts = {host_of(dseq)}}};
    return {.key = key(dseq), .services = {web}, .public_hostname = "provider.localhost"};
  }
  static std::string host_of(std::uint64_t dseq) {
    return "lease" + std::to_string(dseq) + ".localhost";
  }

  // A service that runs a shell script and exposes nothing.
  static Service script(const std::string& name, const std::string& text) {
    Service out{.name = name, .image = kHello};
    out.command = {"sh", "-c", text};
    out.cpu_milli = 500;
    out.memory_bytes = 64 << 20;
    out.volumes = {{.name = "default", .size_bytes = 32 << 20}};
    return out;
  }

  static std::optional<std::string> fetch(const std::string& url, const std::string& host = {}) {
    Command command{.argv = {"curl", "-sf", "--max-time", "3", url}};
    if (!host.empty()) command.argv.insert(command.argv.end(), {"-H", "Host: " + host});
    const auto ran = SystemHost().run(command);
    if (!ran || ran->exit_code != 0) return std::nullopt;
    return ran->output;
  }
  static std::optional<std::string> page(std::uint64_t dseq, const std::string& path = "/") {
    return fetch("http://" + kIngress + path, host_of(dseq));
  }

  void start(const LeaseWorkload& workload) {
    const auto started = manager_->start(workload);
    ASSERT_TRUE(started) << started.error().text;
  }
  bool healthy(std::uint64_t dseq) {
    const auto status = manager_->status(key(dseq));
    return status && status->healthy;
  }
  ServiceStatus service(std::uint64_t dseq, std::size_t number = 0) {
    const auto status = manager_->status(key(dseq));
    if (!status || number >= status->services.size()) return {};
    return status->services[number];
  }
  std::string reason(std::uint64_t dseq) { return service(dseq).reason; }
  bool stop(std::uint64_t dseq) {
    return manager_->stop(key(dseq)) && eventually([&] { return manager_->stopped(key(dseq)); });
  }
  std::string log_text(std::uint64_t dseq, const std::string& name = {}) {
    std::string out;
    const auto read = manager_->logs(key(dseq), {.service = name},
                                     [&](const LogLine& line) {
                                       out += line.text + "\n";
                                       return true;
                                     },
                                     {});
    EXPECT_TRUE(read);
    return out;
  }
  // Runs a shell line in a replica; its output and errors.
  std::string in_container(std::uint64_t dseq, const std::string& name, const std::string& text) {
    const auto argv = manager_->exec_command(key(dseq), name, 0, false, {"sh", "-c", text});
    if (!argv) return argv.error().text;
    const auto ran = host_.run({.argv = *argv});
    return ran ? ran->output + ran->errors : ran.error().text;
  }

  std::string container(std::uint64_t dseq, const std::string& name) {
    return container_id(key(dseq), name, 0);
  }
  void kill_container(std::uint64_t dseq, const std::string& name) {
    const Cgroups cgroups = *Cgroups::find(mounts());
    for (const int pid :
         cgroups.processes("/tp-" + config_.instance + "/" + group_of(container(dseq, name))))
      ::kill(pid, SIGKILL);
  }
  // A UDP socket that listens inside the replica's network.
  int udp_socket_inside(std::uint64_t dseq, const std::string& name, std::uint16_t port) {
    int fd = -1;
    std::thread([&] {  // a thread's namespace ends with it
      std::ifstream file("/run/tp-" + config_.instance + "/c/" + container(dseq, name) + "/pid");
      int pid = 0;
      file >> pid;
      const int space = ::open(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), O_RDONLY);
      if (::setns(space, CLONE_NEWNET) == 0) fd = ::socket(AF_INET, SOCK_DGRAM, 0);
      ::close(space);
      sockaddr_in at{};
      at.sin_family = AF_INET;
      at.sin_port = htons(port);
      if (::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) fd = -1;
    })
        .join();
    return fd;
  }

  // What a crash of this process leaves: the manager goes without stopping anything.
  void lose_process() { manager_.reset(); }
  // What a reboot leaves: no processes, mounts, interfaces, tables or run directory; only the disk.
  void reboot() {
    manager_.reset();
    const auto purged = purge(config_, host_, disk_, false);
    ASSERT_TRUE(purged) << purged.error().text;
  }

  static inline std::string registry_directory_;
  static inline int registry_pid_ = 0;
  Config config_;
  SystemHost host_;
  SystemDisk disk_;
  SystemClock clock_;
  std::unique_ptr<WorkloadManager> manager_;
};

}  // namespace tp::compute::workload
