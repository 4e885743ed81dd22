// The real thing: root, runc, conmon, skopeo, umoci, nft, Caddy, and a registry of our own on
// loopback. Each test has its own data directory and leaves nothing behind.
#include "networks/compute/agent/workload/manager.h"

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
#include "networks/compute/agent/workload/network.h"
#include "networks/compute/agent/workload/record.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// "127.0.0.1:PORT" that nobody uses now, so that two runs of the tests do not meet.
std::string free_address() {
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
std::string setting(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}
const std::string kRegistry = setting("TP_TEST_REGISTRY", free_address());
const std::string kHello = kRegistry + "/hello-web:1";
const std::string kIngress = setting("TP_TEST_INGRESS", free_address());
const std::string kNumber = setting("TP_TEST_NUMBER", std::to_string(::getpid()));

// The checkout that this test program was built in.
fs::path source_directory() {
  for (fs::path at = fs::read_symlink("/proc/self/exe"); at.has_relative_path();
       at = at.parent_path())
    if (fs::exists(at / "deploy/images/hello-web/build")) return at;
  return {};
}

std::string why_not() {
  if (::geteuid() != 0) return "needs root";
  for (const std::string name : {"runc", "conmon", "skopeo", "umoci", "nft", "caddy",
                                 "docker-registry", "mkfs.ext4", "curl", "busybox"})
    if (std::system(("command -v " + name + " >/dev/null").c_str()) != 0)
      return name + " is not installed";
  if (source_directory().empty()) return "the checkout with deploy/images is not there";
  return {};
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds most = 20s) {
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
    for (const int pid : cgroups.processes("/tp-" + config_.instance + "/" + container(dseq, name)))
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

TEST_F(WorkloadRootTest, ALeaseAnswersThroughTheIngressByItsHostName) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  EXPECT_NE(page(1).value_or("").find("Hello from Turnpike"), std::string::npos);
  EXPECT_EQ(service(1).state, ServiceState::kRunning);
  EXPECT_EQ(service(1).uris, std::vector<std::string>{host_of(1)});
  EXPECT_TRUE(service(1).image_digest.starts_with("sha256:"));
  EXPECT_TRUE(stop(1));
  EXPECT_FALSE(manager_->status(key(1)));
}

TEST_F(WorkloadRootTest, TheContainerIsConfinedToItsOwnUsersProcessesAndCapabilities) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const std::string status = in_container(1, "web", "cat /proc/1/status");
  EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos) << status;
  EXPECT_NE(status.find("Seccomp:\t2"), std::string::npos) << status;
  EXPECT_NE(status.find("CapEff:\t00000000800405fb"), std::string::npos) << status;
  // Inside it is root; outside it is nobody that exists.
  EXPECT_EQ(in_container(1, "web", "id -u"), "0\n");
  EXPECT_EQ(in_container(1, "web", "awk '{print ($2 >= 1879048192)}' /proc/self/uid_map"), "1\n");
  // Its processes are all that it sees.
  EXPECT_EQ(in_container(1, "web", "ls /proc | grep -c '^[0-9]' | wc -c"), "2\n")
      << "fewer than 10";
  EXPECT_NE(in_container(1, "web", "mount -t tmpfs x /tmp").find("ermission denied"),
            std::string::npos);
  EXPECT_NE(in_container(1, "web", "mknod /tmp/d b 7 0 2>&1; ls /tmp").find("not permitted"),
            std::string::npos);
  EXPECT_NE(in_container(1, "web", "unshare -n true").find("not permitted"), std::string::npos);
  EXPECT_NE(in_container(1, "web", "echo 1 > /proc/sys/kernel/panic").find("ead-only"),
            std::string::npos);
  EXPECT_NE(in_container(1, "web", "hostname x").find("not permitted"), std::string::npos);
}

TEST_F(WorkloadRootTest, TheEnvironmentNamesTheLease) {
  LeaseWorkload workload = hello(42);
  workload.services[0].env = {"GREETING=hi", "AKASH_OWNER=mine"};
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(42); })) << reason(42);
  const std::string env = in_container(42, "web", "tr '\\0' '\\n' < /proc/1/environ");
  for (const std::string line :
       {"AKASH_DEPLOYMENT_SEQUENCE=42\n", "AKASH_GROUP_SEQUENCE=1\n", "AKASH_ORDER_SEQUENCE=1\n",
        "AKASH_PROVIDER=akash1provider\n", "AKASH_CLUSTER_PUBLIC_HOSTNAME=provider.localhost\n",
        "GREETING=hi\n", "AKASH_OWNER=mine\n"})
    EXPECT_NE(env.find(line), std::string::npos) << line << "not in\n" << env;
  EXPECT_NE(page(42).value_or("").find("<h1>hi</h1>"), std::string::npos);
}

TEST_F(WorkloadRootTest, ServicesOfALeaseReachEachOtherByNameAndExternalPort) {
  LeaseWorkload workload = hello();
  workload.services[0].env = {"BACKEND=backend:9000"};
  Service backend = script("backend", "PORT=8080 exec /backend");
  backend.exposes = {{.port = 8080, .external_port = 9000}};
  workload.services.push_back(backend);
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  EXPECT_EQ(page(1, "/cgi-bin/backend").value_or(""), "1 starts\n");
}

TEST_F(WorkloadRootTest, NothingOfOtherLeasesOfTheMachineOrOfPrivateNetworksIsReached) {
  start(hello(1));
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(1) && healthy(2); }));
  const std::string other = service(2).replicas.at(0).address;
  const std::string own = service(1).replicas.at(0).address;
  const auto reach = [&](const std::string& address) {
    return in_container(
        1, "web", "timeout 3 nc -w 2 " + address + " < /dev/null && echo reached || echo refused");
  };
  EXPECT_EQ(reach(own + " 80"), "reached\n");
  EXPECT_NE(reach(other + " 80").find("refused"), std::string::npos);
  // The machine: its bridge, and the registry that listens on loopback.
  const std::string gateway = own.substr(0, own.rfind('.')) + ".1";
  const std::string registry_port = kRegistry.substr(kRegistry.find(':') + 1);
  EXPECT_NE(reach(gateway + " " + registry_port).find("refused"), std::string::npos);
  EXPECT_NE(reach(gateway + " 22").find("refused"), std::string::npos);
  EXPECT_NE(reach("169.254.169.254 80").find("refused"), std::string::npos);
  EXPECT_NE(reach("10.255.255.1 443").find("refused"), std::string::npos);
  // The machine itself reaches the lease, or nothing above would mean anything.
  EXPECT_TRUE(fetch("http://" + other + "/"));
}

TEST_F(WorkloadRootTest, ALeaseWithoutTheTableWouldReachItsNeighbour) {
  start(hello(1));
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(1) && healthy(2); }));
  const std::string other = service(2).replicas.at(0).address;
  ASSERT_TRUE(run_checked(host_, {.argv = {"nft", "delete", "table", "inet", names().table()}}));
  EXPECT_EQ(in_container(1, "web", "nc -w 2 " + other + " 80 < /dev/null && echo reached"),
            "reached\n");
  ASSERT_TRUE(manager_->reconcile());
  EXPECT_NE(in_container(1, "web", "nc -w 2 " + other + " 80 < /dev/null || echo refused")
                .find("refused"),
            std::string::npos);
}

TEST_F(WorkloadRootTest, AForwardedTcpPortAnswersOnLoopback) {
  LeaseWorkload workload = hello();
  workload.services[0].exposes.push_back({.port = 80, .external_port = 8080, .global = true});
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const auto ports = manager_->status(key(1))->forwarded_ports;
  ASSERT_EQ(ports.size(), 1u);
  EXPECT_EQ(ports[0].port, 8080);
  EXPECT_EQ(ports[0].host, "provider.localhost");
  EXPECT_GE(ports[0].external_port, 31'000);
  EXPECT_TRUE(ports[0].reason.empty());
  EXPECT_TRUE(fetch("http://127.0.0.1:" + std::to_string(ports[0].external_port) + "/"));
}

TEST_F(WorkloadRootTest, AForwardedUdpPortCarriesQuestionsAndAnswers) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("echo", "sleep 100")};
  workload.services[0].exposes = {{.port = 5353, .protocol = Protocol::kUdp, .global = true}};
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const int inside = udp_socket_inside(1, "echo", 5353);
  ASSERT_GE(inside, 0);
  const int outside = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(manager_->status(key(1))->forwarded_ports.at(0).external_port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(outside, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  ASSERT_EQ(::send(outside, "ping", 4, 0), 4);

  const timeval patience{.tv_sec = 3, .tv_usec = 0};
  std::string text(16, '\0');
  sockaddr_in from{};
  socklen_t size = sizeof from;
  ::setsockopt(inside, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ASSERT_EQ(
      ::recvfrom(inside, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&from), &size),
      4);
  ASSERT_EQ(::sendto(inside, "pong", 4, 0, reinterpret_cast<sockaddr*>(&from), size), 4);
  ::setsockopt(outside, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ASSERT_EQ(::recv(outside, text.data(), text.size(), 0), 4);
  EXPECT_EQ(text.substr(0, 4), "pong");
  ::close(inside);
  ::close(outside);
}

TEST_F(WorkloadRootTest, ReplicasShareAForwardedPort) {
  LeaseWorkload workload = hello();
  workload.services[0].replicas = 2;
  workload.services[0].env = {"STARTUP=hostname > /www/name"};
  workload.services[0].exposes.push_back({.port = 80, .external_port = 81, .global = true});
  start(workload);
  ASSERT_TRUE(eventually([&] { return service(1).ready == 2; })) << reason(1);
  const std::uint16_t port = manager_->status(key(1))->forwarded_ports.at(0).external_port;
  std::set<std::string> seen;
  for (int i = 0; i < 6; ++i)
    seen.insert(fetch("http://127.0.0.1:" + std::to_string(port) + "/name").value_or("none"));
  EXPECT_EQ(seen, (std::set<std::string>{"web-0\n", "web-1\n"}));
}

TEST_F(WorkloadRootTest, AnAskedForPortThatIsTakenIsRefusedWithTheReason) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(31'050);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  LeaseWorkload workload = hello();
  workload.services[0].exposes.push_back(
      {.port = 80, .external_port = 81, .global = true, .host_port = 31'050});
  const auto started = manager_->start(workload);
  ::close(fd);
  ASSERT_FALSE(started);
  EXPECT_TRUE(is(started.error(), WorkloadError::kPortTaken)) << started.error().text;
  EXPECT_NE(started.error().text.find("port 31050"), std::string::npos);
}

TEST_F(WorkloadRootTest, AMissingImageIsToldWithinSeconds) {
  LeaseWorkload workload = hello();
  workload.services[0].image = kRegistry + "/hello-web:none";
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("no such image"), std::string::npos) << reason(1);
  EXPECT_EQ(service(1).state, ServiceState::kBackingOff);
}

TEST_F(WorkloadRootTest, AnUnreachableRegistryIsToldWithinSeconds) {
  LeaseWorkload workload = hello();
  workload.services[0].image = "127.0.0.1:9/x:1";
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("the registry cannot be reached"), std::string::npos) << reason(1);
}

TEST_F(WorkloadRootTest, AnImageThatExitsAtOnceShowsItsCodeAndItsLastWords) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("job", "echo config.json: no such file >&2; exit 3")};
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_TRUE(reason(1).starts_with("exited with code 3 after ")) << reason(1);
  EXPECT_NE(reason(1).find("config.json: no such file"), std::string::npos) << reason(1);
  // And it is tried again, with a wait that grows.
  ASSERT_TRUE(eventually([&] { return service(1).replicas.at(0).restarts >= 2; }));
  EXPECT_EQ(service(1).replicas.at(0).last_exit->code, 3);
}

TEST_F(WorkloadRootTest, ACommandThatIsNotThereIsNamed) {
  LeaseWorkload workload = hello();
  workload.services[0].command = {"/no/such/program"};
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("/no/such/program"), std::string::npos) << reason(1);
}

TEST_F(WorkloadRootTest, UsedUpMemoryIsToldAsSuchAndNeighboursGoOn) {
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(2); }));
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("eater", "x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done")};
  workload.services[0].memory_bytes = 24 << 20;
  start(workload);
  ASSERT_TRUE(eventually([&] { return !reason(1).empty(); }, 10s));
  EXPECT_TRUE(reason(1).starts_with("out of memory: the limit is 24 MiB")) << reason(1);
  EXPECT_TRUE(service(1).replicas.at(0).last_exit->out_of_memory);
  EXPECT_TRUE(page(2));
}

TEST_F(WorkloadRootTest, AForkBombHitsItsLimitIsToldAndNeighboursGoOn) {
  manager_.reset();
  config_.pids_max = 100;
  open();
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(2); }));
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("bomb", "f() { f | f & }; f; sleep 100")};
  workload.services[0].memory_bytes = 256 << 20;
  start(workload);
  EXPECT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_EQ(reason(1), "the limit of 100 processes was reached");
  EXPECT_LE(Cgroups::find(mounts())
                ->processes("/tp-" + config_.instance + "/" + container(1, "bomb"))
                .size(),
            100u);
  EXPECT_TRUE(page(2));
  EXPECT_TRUE(stop(1));
}

TEST_F(WorkloadRootTest, AFullDiskIsToldAndFillsOnlyItsLease) {
  start(hello(1));
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(1) && healthy(2); }));
  const std::string words = in_container(1, "web", "dd if=/dev/zero of=/big bs=1M count=100");
  EXPECT_NE(words.find("No space left on device"), std::string::npos) << words;
  EXPECT_TRUE(eventually([&] { return reason(1) == "the root disk of 32 MiB is full"; }, 5s))
      << reason(1);
  EXPECT_EQ(in_container(2, "web", "echo fine > /small && cat /small"), "fine\n");
  EXPECT_LE(manager_->usage(key(1))->disk_bytes, 33u << 20);
  EXPECT_TRUE(page(1));
  in_container(1, "web", "rm /big");
  EXPECT_TRUE(eventually([&] { return reason(1).empty(); }, 5s)) << reason(1);
}

TEST_F(WorkloadRootTest, APersistentVolumeSurvivesItsContainerAndTheRootDiskDoesNot) {
  LeaseWorkload workload{.key = key(1)};
  Service backend = script("backend", "PORT=8080 exec /backend");
  backend.exposes = {{.port = 8080, .external_port = 80, .global = true, .hosts = {host_of(1)}}};
  backend.volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  workload.services = {backend};
  start(workload);
  ASSERT_TRUE(eventually([&] { return page(1) == "1 starts\n"; })) << reason(1);
  EXPECT_EQ(in_container(1, "backend", "touch /on-root"), "");
  kill_container(1, "backend");
  ASSERT_TRUE(eventually([&] { return page(1) == "2 starts\n"; })) << page(1).value_or("nothing");
  EXPECT_EQ(in_container(1, "backend", "test -e /on-root || echo gone"), "gone\n");
  EXPECT_EQ(in_container(1, "backend", "ls -A /data | tr '\\n' ' '"), "count index.html starts ");
}

TEST_F(WorkloadRootTest, ARamVolumeIsMemoryAndCountsAsSuch) {
  LeaseWorkload workload = hello();
  workload.services[0].volumes.push_back(
      {.name = "shm", .size_bytes = 8 << 20, .kind = VolumeKind::kRam, .mount = "/dev/shm"});
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  EXPECT_EQ(in_container(1, "web", "df -m /dev/shm | awk 'NR==2{print $1, $2}'"), "tmpfs 8\n");
  std::ifstream file("/sys/fs/cgroup/memory/tp-" + config_.instance + "/" +
                     container_id(key(1), "web", 0) + "/memory.limit_in_bytes");
  std::uint64_t limit = 0;
  if (file >> limit) {
    EXPECT_EQ(limit, 72u << 20);
  }
}

TEST_F(WorkloadRootTest, CpuTimeIsLimited) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("burner", "while true; do :; done")};
  workload.services[0].cpu_milli = 100;
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const std::uint64_t before = manager_->usage(key(1))->cpu_nanoseconds;
  std::this_thread::sleep_for(2s);
  const std::uint64_t used = manager_->usage(key(1))->cpu_nanoseconds - before;
  EXPECT_LT(used, 300'000'000u);
  EXPECT_GT(used, 100'000'000u);
}

TEST_F(WorkloadRootTest, ContainersOutliveTheProviderAndAreAdopted) {
  LeaseWorkload workload = hello();
  workload.services[0].exposes.push_back({.port = 80, .external_port = 81, .global = true});
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const BlockTime started = service(1).replicas.at(0).started_at;
  const std::uint16_t port = manager_->status(key(1))->forwarded_ports.at(0).external_port;
  lose_process();
  EXPECT_TRUE(page(1));
  EXPECT_TRUE(fetch("http://127.0.0.1:" + std::to_string(port) + "/"));
  open();
  EXPECT_TRUE(healthy(1)) << "adopted at once";
  EXPECT_LT((service(1).replicas.at(0).started_at - started).nanoseconds, 1'000'000'000);
  EXPECT_EQ(service(1).replicas.at(0).restarts, 0u);
  EXPECT_TRUE(page(1));
  EXPECT_EQ(manager_->status(key(1))->forwarded_ports.at(0).external_port, port);
  EXPECT_TRUE(fetch("http://127.0.0.1:" + std::to_string(port) + "/"));
}

TEST_F(WorkloadRootTest, ContainersThatDiedMeanwhileAreRestartedAndOrphansRemoved) {
  start(hello(1));
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(1) && healthy(2); }));
  lose_process();
  // Lease 1 dies; lease 2 is forgotten, as if its end had been journaled and the process killed
  // then.
  kill_container(1, "web");
  fs::remove(config_.data_directory + "/journal");
  fs::remove_all(config_.data_directory + "/journal");
  open();
  EXPECT_TRUE(manager_->list().empty());
  EXPECT_TRUE(Cgroups::find(mounts())
                  ->processes("/tp-" + config_.instance + "/" + container(2, "web"))
                  .empty());
  EXPECT_FALSE(fs::exists(config_.data_directory + "/leases/" + lease_id(key(2))));
  EXPECT_FALSE(page(2));
}

TEST_F(WorkloadRootTest, ADeadContainerIsRestartedByTheNextProcess) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  lose_process();
  kill_container(1, "web");
  open();
  EXPECT_TRUE(eventually([&] { return healthy(1) && page(1).has_value(); })) << reason(1);
}

TEST_F(WorkloadRootTest, AfterARebootEverythingIsMadeAgainWithItsVolumes) {
  LeaseWorkload workload{.key = key(1)};
  Service backend = script("backend", "PORT=8080 exec /backend");
  backend.exposes = {{.port = 8080, .external_port = 80, .global = true, .hosts = {host_of(1)}},
                     {.port = 8080, .external_port = 81, .global = true}};
  backend.volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  workload.services = {backend};
  start(workload);
  ASSERT_TRUE(eventually([&] { return page(1) == "1 starts\n"; })) << reason(1);
  const std::uint16_t port = manager_->status(key(1))->forwarded_ports.at(0).external_port;
  reboot();
  EXPECT_FALSE(page(1));
  open();
  EXPECT_TRUE(eventually([&] { return page(1) == "2 starts\n"; })) << reason(1);
  EXPECT_EQ(fetch("http://127.0.0.1:" + std::to_string(port) + "/"), "2 starts\n");
}

TEST_F(WorkloadRootTest, AStopThatACrashInterruptedIsFinished) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  ASSERT_TRUE(manager_->stop(key(1)));
  lose_process();
  open();
  EXPECT_TRUE(eventually([&] { return manager_->stopped(key(1)); }));
  EXPECT_FALSE(page(1));
}

TEST_F(WorkloadRootTest, AnUpdateRestartsOnlyWhatChanged) {
  LeaseWorkload workload = hello();
  Service worker = script("worker", "sleep 1000");
  worker.volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  workload.services.push_back(worker);
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  in_container(1, "worker", "echo kept > /data/file");
  const BlockTime web_started = service(1, 0).replicas.at(0).started_at;
  const BlockTime worker_started = service(1, 1).replicas.at(0).started_at;
  workload.services[1].env = {"NEW=1"};
  ASSERT_TRUE(manager_->update(workload));
  ASSERT_TRUE(eventually(
      [&] { return healthy(1) && service(1, 1).replicas.at(0).started_at > worker_started; }));
  EXPECT_EQ(service(1, 0).replicas.at(0).started_at, web_started);
  EXPECT_EQ(in_container(1, "worker", "echo $NEW; cat /data/file"), "1\nkept\n");

  workload.services[1].volumes[1].size_bytes = 32 << 20;
  EXPECT_FALSE(manager_->update(workload));
  workload.services.pop_back();
  ASSERT_TRUE(manager_->update(workload));
  EXPECT_TRUE(eventually([&] { return manager_->status(key(1))->services.size() == 1; }));
  EXPECT_FALSE(fs::exists(config_.data_directory + "/leases/" + lease_id(key(1)) + "/worker.0"));
  EXPECT_TRUE(page(1));
}

TEST_F(WorkloadRootTest, LogsComeWithTimeAndStreamAndCanBeFollowed) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("talk", "echo one; echo two >&2; sleep 0.5; echo three; sleep 100")};
  start(workload);
  ASSERT_TRUE(eventually([&] { return log_text(1).find("two") != std::string::npos; }));
  std::vector<LogLine> lines;
  const auto followed = manager_->logs(key(1), {.service = "talk", .tail = 1, .follow = true},
                                       [&](const LogLine& line) {
                                         lines.push_back(line);
                                         return line.text != "three";
                                       },
                                       {});
  ASSERT_TRUE(followed);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_EQ(lines.back().text, "three");
  EXPECT_FALSE(lines.back().is_stderr);
  EXPECT_GT(lines.back().at.nanoseconds, clock_.now().nanoseconds - 60'000'000'000);
  EXPECT_FALSE(
      manager_->logs(key(1), {.service = "none"}, [](const LogLine&) { return true; }, {}));
}

TEST_F(WorkloadRootTest, LogsAreBounded) {
  manager_.reset();
  config_.log_bytes_max = 1 << 20;
  open();
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("talk",
                              "yes 'a line that is repeated for ever' & sleep 2; kill $!; "
                              "sleep 1; echo the end; sleep 100")};
  start(workload);
  ASSERT_TRUE(eventually([&] { return log_text(1).find("the end") != std::string::npos; }));
  std::uint64_t bytes = 0;
  for (const auto& entry :
       fs::directory_iterator(config_.data_directory + "/leases/" + lease_id(key(1)) + "/talk.0"))
    if (entry.path().filename().string().starts_with("log")) bytes += fs::file_size(entry.path());
  EXPECT_LE(bytes, (2u << 20) + 4096);
}

TEST_F(WorkloadRootTest, AHostNameOfAnotherLeaseIsRefused) {
  start(hello(1));
  LeaseWorkload second = hello(2);
  second.services[0].exposes[0].hosts = {host_of(1)};
  const auto started = manager_->start(second);
  ASSERT_FALSE(started);
  EXPECT_TRUE(is(started.error(), WorkloadError::kHostNameTaken));
  EXPECT_TRUE(is(manager_->start(hello(1)).error(), WorkloadError::kAlreadyExists));
}

TEST_F(WorkloadRootTest, MoreDiskThanThereIsIsRefused) {
  LeaseWorkload workload = hello();
  workload.services[0].volumes[0].size_bytes = 1ull << 45;
  const auto started = manager_->start(workload);
  ASSERT_FALSE(started);
  EXPECT_TRUE(is(started.error(), WorkloadError::kNoSpace)) << started.error().text;
}

TEST_F(WorkloadRootTest, ASecondProviderOnTheSameDataIsRefused) {
  const auto second = WorkloadManager::open(config_, host_, disk_, clock_);
  ASSERT_FALSE(second);
  EXPECT_TRUE(is(second.error(), WorkloadError::kBusy)) << second.error().text;
}

TEST_F(WorkloadRootTest, TheIngressComesBackWhenItIsKilled) {
  start(hello());
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  std::ifstream file("/run/tp-" + config_.instance + "/ingress/caddy.pid");
  int pid = 0;
  ASSERT_TRUE(file >> pid);
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return page(1).has_value(); }));
}

TEST_F(WorkloadRootTest, ABodyLargerThanTheSdlAllowsIsRefused) {
  LeaseWorkload workload = hello();
  workload.services[0].exposes[0].http.max_body_bytes = 1000;
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  const auto ran = host_.run(
      {.argv = {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: " + host_of(1),
                "--data", std::string(2000, 'x'), "http://" + kIngress + "/cgi-bin/backend"}});
  ASSERT_TRUE(ran);
  EXPECT_NE(ran->output, "200");
}

TEST_F(WorkloadRootTest, FromStartToAnAnswerThroughTheIngressWithinASecond) {
  start(hello(1));
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  const auto begin = std::chrono::steady_clock::now();
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return page(2).has_value(); }));
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  std::cout << "start to HTTP 200 with a cached image: " << took.count() << " ms\n";
  RecordProperty("milliseconds", std::to_string(took.count()));
}

// Counts what it runs.
class CountingHost final : public Host {
 public:
  Result<Ran> run(const Command& what, std::stop_token stop) override {
    if (std::ranges::find(what.argv, "copy") != what.argv.end()) ++copies;
    return host_.run(what, stop);
  }
  Result<int> spawn(const Spawn& what) override { return host_.spawn(what); }

  std::atomic<int> copies = 0;

 private:
  SystemHost host_;
};

TEST_F(WorkloadRootTest, LeasesThatWantTheSameImageAtOnceFetchItOnce) {
  manager_.reset();
  CountingHost counting;
  manager_ = std::move(*WorkloadManager::open(config_, counting, disk_, clock_));
  for (std::uint64_t dseq = 1; dseq <= 4; ++dseq) start(hello(dseq));
  for (std::uint64_t dseq = 1; dseq <= 4; ++dseq)
    EXPECT_TRUE(eventually([&] { return healthy(dseq); })) << reason(dseq);
  EXPECT_EQ(counting.copies, 1);
  manager_.reset();
}

TEST_F(WorkloadRootTest, APrivateRegistryLetsInOnlyWhoHasThePassword) {
  // user "tenant", password "open-sesame"
  const std::string directory = config_.data_directory + "-private";
  fs::create_directories(directory);
  std::ofstream(directory + "/htpasswd")
      << "tenant:$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n";
  const std::string address = free_address();
  const auto pid = host_.spawn(
      {.argv = {source_directory().string() + "/deploy/images/registry", directory, address},
       .env = {"REGISTRY_HTPASSWD=" + directory + "/htpasswd"},
       .log_path = directory + "/log"});
  ASSERT_TRUE(pid);
  ASSERT_TRUE(eventually([&] {
    const auto ran = host_.run({.argv = {"curl", "-s", "http://" + address + "/v2/"}});
    return ran && ran->exit_code == 0;
  }));
  ASSERT_TRUE(run_checked(
      host_,
      {.argv = {"skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                "--dest-creds", "tenant:open-sesame", "oci:" + registry_directory_ + "/hello:1",
                "docker://" + address + "/app:1"}}));

  LeaseWorkload workload = hello();
  workload.services[0].image = address + "/app:1";
  workload.services[0].credentials = Credentials{address, "tenant", "guess"};
  start(workload);
  EXPECT_TRUE(eventually([&] { return !reason(1).empty(); }, 5s));
  EXPECT_NE(reason(1).find("the registry refused access"), std::string::npos) << reason(1);
  EXPECT_EQ(reason(1).find("guess"), std::string::npos);

  workload.services[0].credentials->password = "open-sesame";
  ASSERT_TRUE(manager_->update(workload));
  EXPECT_TRUE(eventually([&] { return healthy(1); })) << reason(1);

  // That the image is here now helps nobody who may not have it.
  LeaseWorkload thief = hello(2);
  thief.services[0].image = address + "/app:1";
  start(thief);
  EXPECT_TRUE(eventually([&] { return !reason(2).empty(); }, 5s));
  EXPECT_NE(reason(2).find("the registry refused access"), std::string::npos) << reason(2);
  ::kill(*pid, SIGTERM);
  fs::remove_all(directory);
}

// Makes an image of the hello image and whatever `change` does to its root directory.
std::string pushed_variant(SystemHost& host, const std::string& name, const std::string& change,
                           const std::string& layout_of_hello,
                           const std::vector<std::string>& copy_options = {}) {
  const std::string directory = "/tmp/tp-test-variant." + kNumber;
  fs::remove_all(directory);
  fs::create_directories(directory);
  fs::copy(layout_of_hello, directory + "/layout", fs::copy_options::recursive);
  const std::string image = directory + "/layout:1";
  const std::string target = kRegistry + "/" + name + ":1";
  std::vector<std::string> copy{"skopeo", "--insecure-policy", "copy", "--quiet",
                                "--dest-tls-verify=false"};
  copy.insert(copy.end(), copy_options.begin(), copy_options.end());
  copy.insert(copy.end(), {"oci:" + image, "docker://" + target});
  for (const std::vector<std::string>& argv :
       {std::vector<std::string>{"umoci", "unpack", "--image", image, directory + "/bundle"},
        std::vector<std::string>{"sh", "-c", "cd " + directory + "/bundle/rootfs && " + change},
        std::vector<std::string>{"umoci", "repack", "--image", image, directory + "/bundle"},
        copy}) {
    const auto ran = run_checked(host, {.argv = argv});
    EXPECT_TRUE(ran) << ran.error().text;
  }
  fs::remove_all(directory);
  return target;
}

TEST_F(WorkloadRootTest, AnArchiveThatUnpacksPastTheLimitIsRefusedAndLeavesNothing) {
  manager_.reset();
  config_.image_unpacked_bytes_max = 24 << 20;
  open();
  LeaseWorkload workload = hello();
  workload.services[0].image = pushed_variant(host_, "bomb", "head -c 200000000 /dev/zero > zeros",
                                              registry_directory_ + "/hello");
  start(workload);
  EXPECT_TRUE(eventually([&] { return !reason(1).empty(); }));
  EXPECT_NE(reason(1).find("the image is too large"), std::string::npos) << reason(1);
  EXPECT_TRUE(fs::is_empty(config_.data_directory + "/images"));
}

TEST_F(WorkloadRootTest, LayersPackedWithZstandardRunToo) {
  LeaseWorkload workload = hello();
  workload.services[0].image =
      pushed_variant(host_, "zstd", "echo zstd > www/index.html", registry_directory_ + "/hello",
                     {"--dest-compress-format", "zstd"});
  start(workload);
  EXPECT_TRUE(eventually([&] { return page(1) == "zstd\n"; })) << reason(1);
}

TEST_F(WorkloadRootTest, TheImagesUserRunsTheContainerAndOwnsItsVolume) {
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("job", "id -u; echo x > /data/file && echo written; sleep 100")};
  workload.services[0].image = kRegistry + "/user:1";
  workload.services[0].volumes.push_back(
      {.name = "data", .size_bytes = 16 << 20, .kind = VolumeKind::kPersistent, .mount = "/data"});
  const std::string layout = "/tmp/tp-test-user." + kNumber;
  fs::copy(registry_directory_ + "/hello", layout, fs::copy_options::recursive);
  ASSERT_TRUE(run_checked(
      host_, {.argv = {"umoci", "config", "--image", layout + ":1", "--config.user", "web"}}));
  ASSERT_TRUE(run_checked(
      host_, {.argv = {"skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false",
                       "oci:" + layout + ":1", "docker://" + kRegistry + "/user:1"}}));
  fs::remove_all(layout);
  start(workload);
  ASSERT_TRUE(eventually([&] { return log_text(1) == "1000\nwritten\n"; }))
      << log_text(1) << reason(1);
}

TEST_F(WorkloadRootTest, TwoProvidersOfOneMachineDoNotMeet) {
  Config other = config_;
  other.instance = "test-b" + kNumber;
  other.data_directory += "-b";
  other.ingress_listen = {free_address()};
  other.port_range = {.first = 31'100, .last = 31'199};
  {
    auto second = WorkloadManager::open(other, host_, disk_, clock_);
    ASSERT_TRUE(second) << second.error().text;
    start(hello(1));
    ASSERT_TRUE((*second)->start(hello(1)));
    ASSERT_TRUE(eventually([&] {
      const auto status = (*second)->status(key(1));
      return healthy(1) && status && status->healthy;
    }));
    const std::string there = (*second)->status(key(1))->services[0].replicas[0].address;
    EXPECT_NE(there, service(1).replicas[0].address);
    EXPECT_NE(
        in_container(1, "web", "timeout 3 nc -w 2 " + there + " 80 < /dev/null || echo refused")
            .find("refused"),
        std::string::npos);
  }
  ASSERT_TRUE(purge(other, host_, disk_, true));
  fs::remove_all(other.data_directory);
  EXPECT_TRUE(page(1)) << "the first goes on";
}

TEST_F(WorkloadRootTest, ADamagedJournalIsNamedAndNothingIsTouched) {
  start(hello(1));
  start(hello(2));
  ASSERT_TRUE(eventually([&] { return healthy(1) && healthy(2); }));
  lose_process();
  const std::string path = config_.data_directory + "/journal";
  {
    std::fstream file(path, std::ios::in | std::ios::out);
    file.seekp(60);
    file.put('~');
  }
  const auto opened = WorkloadManager::open(config_, host_, disk_, clock_);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(is(opened.error(), WorkloadError::kCorrupted)) << opened.error().text;
  EXPECT_NE(opened.error().text.find(path), std::string::npos);
  EXPECT_TRUE(page(1)) << "what runs goes on";
}

std::uint64_t kibibytes(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    if (word != key + ":") continue;
    std::uint64_t value = 0;
    file >> value;
    return value;
  }
  return 0;
}

TEST_F(WorkloadRootTest, ARunningLeaseCostsUnderTenMebibytesOfOurOwn) {
  start(hello(1));
  ASSERT_TRUE(eventually([&] { return healthy(1); }));
  constexpr std::uint64_t kLeases = 8;
  const std::uint64_t before = kibibytes("/proc/self/smaps_rollup", "Rss");
  for (std::uint64_t dseq = 2; dseq < 2 + kLeases; ++dseq) start(hello(dseq));
  for (std::uint64_t dseq = 2; dseq < 2 + kLeases; ++dseq)
    ASSERT_TRUE(eventually([&] { return healthy(dseq); })) << reason(dseq);
  const std::uint64_t after = kibibytes("/proc/self/smaps_rollup", "Rss");
  std::uint64_t conmon = 0;
  for (std::uint64_t dseq = 2; dseq < 2 + kLeases; ++dseq) {
    std::ifstream file("/run/tp-" + config_.instance + "/c/" + container(dseq, "web") +
                       "/conmon.pid");
    std::string pid;
    file >> pid;
    conmon += kibibytes("/proc/" + pid + "/smaps_rollup", "Rss");
  }
  const std::uint64_t each = (after - before + conmon) / kLeases;
  std::cout << "per running lease: " << (after - before) / kLeases << " KiB here, "
            << conmon / kLeases << " KiB in conmon\n";
  EXPECT_LE(each, 10u * 1024);
}

// The child of the next test: does this and that until it is killed, and writes down what was
// acknowledged.
TEST_F(WorkloadRootTest, ChildThatIsKilled) {
  if (std::getenv("TP_TEST_ACKS") == nullptr) GTEST_SKIP() << "runs only inside the crash test";
  std::ofstream acks(std::getenv("TP_TEST_ACKS"), std::ios::app);
  for (std::uint64_t round = 0;; ++round) {
    const std::uint64_t dseq = 1 + round % 4;
    const bool there = manager_->status(key(dseq)).has_value();
    acks << (there ? "try-stop " : "try-start ") << dseq << std::endl;
    const bool done =
        there ? manager_->stop(key(dseq)).has_value() : manager_->start(hello(dseq)).has_value();
    if (done) acks << (there ? "stopped " : "started ") << dseq << std::endl;
    if (there) eventually([&] { return manager_->stopped(key(dseq)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(50 * (round % 5)));
  }
}

TEST_F(WorkloadRootTest, KilledAtAnyMomentTheNextProcessKeepsWhatWasAcknowledged) {
  manager_.reset();
  const std::string acks = config_.data_directory + "-acks";
  const int rounds = std::getenv("TURNPIKE_LONG") == nullptr ? 6 : 60;
  std::minstd_rand random(7);
  for (int i = 0; i < rounds; ++i) {
    const auto child = host_.run(
        {.argv = {fs::read_symlink("/proc/self/exe").string(), "--gtest_filter=*ChildThatIsKilled"},
         .env = {"TP_TEST_REGISTRY=" + kRegistry, "TP_TEST_INGRESS=" + kIngress,
                 "TP_TEST_NUMBER=" + kNumber, "TP_TEST_ACKS=" + acks},
         .timeout = Duration::milliseconds(600 + static_cast<std::int64_t>(random() % 1500))});
    EXPECT_FALSE(child) << child->output << child->errors;
  }
  // What must be: the last acknowledged word about each lease, unless a later one was under way.
  std::map<std::uint64_t, std::string> last;
  std::ifstream file(acks);
  std::string word;
  int acknowledged = 0;
  for (std::uint64_t dseq = 0; file >> word >> dseq; last[dseq] = word)
    acknowledged += word.starts_with("try") ? 0 : 1;
  EXPECT_GT(acknowledged, rounds / 2);
  open();
  for (const auto& [dseq, state] : last) {
    if (state == "started") {
      EXPECT_TRUE(eventually([&] { return healthy(dseq) && page(dseq).has_value(); }))
          << dseq << ": " << reason(dseq);
    } else if (state == "stopped") {
      EXPECT_TRUE(eventually([&] { return manager_->stopped(key(dseq)); })) << dseq;
      EXPECT_FALSE(page(dseq));
    }
  }
  for (const LeaseKey& one : manager_->list())
    EXPECT_TRUE(eventually([&] { return manager_->stopped(one) || healthy(one.dseq); }))
        << one.text();
  // Nothing runs that nobody wants.
  const Cgroups cgroups = *Cgroups::find(mounts());
  EXPECT_TRUE(eventually([&] {
    return cgroups.children("/tp-" + config_.instance).size() == manager_->list().size() + 1;
  }));
  fs::remove(acks);
}

}  // namespace
}  // namespace tp::compute::workload
