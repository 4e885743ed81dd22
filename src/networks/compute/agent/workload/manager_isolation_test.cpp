// What a container cannot do to the machine, to its neighbours, and past its limits.
#include "networks/compute/agent/workload/manager_fixture.h"

namespace tp::compute::workload {
namespace {

class IsolationRootTest : public WorkloadRootTest {};

TEST_F(IsolationRootTest, TheContainerIsConfinedToItsOwnUsersProcessesAndCapabilities) {
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

TEST_F(IsolationRootTest, ServicesOfALeaseReachEachOtherByNameAndExternalPort) {
  LeaseWorkload workload = hello();
  workload.services[0].env = {"BACKEND=backend:9000"};
  Service backend = script("backend", "PORT=8080 exec /backend");
  backend.exposes = {{.port = 8080, .external_port = 9000}};
  workload.services.push_back(backend);
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  EXPECT_EQ(page(1, "/cgi-bin/backend").value_or(""), "1 starts\n");
}

TEST_F(IsolationRootTest, NothingOfOtherLeasesOfTheMachineOrOfPrivateNetworksIsReached) {
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
  // And one on every address of the machine.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  socklen_t size = sizeof any;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&any), &size), 0);
  const std::string port = std::to_string(ntohs(any.sin_port));
  EXPECT_TRUE(
      run_checked(host_, {.argv = {"busybox", "nc", "-w", "2", gateway, port, "-e", "/bin/true"}}));
  EXPECT_NE(reach(gateway + " " + port).find("refused"), std::string::npos);
  ::close(listener);
  EXPECT_NE(reach("169.254.169.254 80").find("refused"), std::string::npos);
  EXPECT_NE(reach("10.255.255.1 443").find("refused"), std::string::npos);
  // The machine itself reaches the lease, or nothing above would mean anything.
  EXPECT_TRUE(fetch("http://" + other + "/"));
}

TEST_F(IsolationRootTest, ALeaseWithoutTheTableWouldReachItsNeighbour) {
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

TEST_F(IsolationRootTest, AForwardedTcpPortAnswersOnLoopback) {
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

TEST_F(IsolationRootTest, AForwardedUdpPortCarriesQuestionsAndAnswers) {
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

TEST_F(IsolationRootTest, AFlowIntoALeaseThatEndedDoesNotReachTheNextOne) {
  const auto lease = [](std::uint64_t dseq, bool global) {
    LeaseWorkload out{.key = key(dseq)};
    out.services = {script("echo", "sleep 100")};
    out.services[0].exposes = {{.port = 5353, .protocol = Protocol::kUdp, .global = global}};
    return out;
  };
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  start(lease(1, true));
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  const std::string address = service(1).replicas.at(0).address;
  const int inside = udp_socket_inside(1, "echo", 5353);
  ASSERT_GE(inside, 0);
  ::setsockopt(inside, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int outside = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(manager_->status(key(1))->forwarded_ports.at(0).external_port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(outside, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  std::string text(16, '\0');
  ASSERT_EQ(::send(outside, "one", 3, 0), 3);
  ASSERT_EQ(::recv(inside, text.data(), text.size(), 0), 3) << "the flow is there";
  ::close(inside);
  ASSERT_TRUE(stop(1));

  start(lease(2, false));
  ASSERT_TRUE(eventually([&] { return healthy(2); })) << reason(2);
  ASSERT_EQ(service(2).replicas.at(0).address, address) << "the network is used again";
  const int next = udp_socket_inside(2, "echo", 5353);
  ASSERT_GE(next, 0);
  ::setsockopt(next, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (int i = 0; i < 3; ++i)
    ::send(outside, "two", 3, 0);  // refused, perhaps: then it did not arrive
  EXPECT_LT(::recv(next, text.data(), text.size(), 0), 0);
  ::close(next);
  ::close(outside);
}

TEST_F(IsolationRootTest, ReplicasShareAForwardedPort) {
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

TEST_F(IsolationRootTest, AnAskedForPortThatIsTakenIsRefusedWithTheReason) {
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

TEST_F(IsolationRootTest, UsedUpMemoryIsToldAsSuchAndNeighboursGoOn) {
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

TEST_F(IsolationRootTest, AForkBombHitsItsLimitIsToldAndNeighboursGoOn) {
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
  EXPECT_EQ(reason(1), "a new process was refused: a replica has at most 100, a lease 8192");
  EXPECT_LE(Cgroups::find(mounts())
                ->processes("/tp-" + config_.instance + "/" + group_of(container(1, "bomb")))
                .size(),
            100u);
  EXPECT_TRUE(page(2));
  EXPECT_TRUE(stop(1));
}

TEST_F(IsolationRootTest, AllReplicasOfALeaseShareALimitOfProcesses) {
  manager_.reset();
  config_.lease_pids_max = 60;
  open();
  start(hello(2));
  LeaseWorkload workload{.key = key(1)};
  workload.services = {script("bomb", "f() { f | f & }; f; sleep 100")};
  workload.services[0].memory_bytes = 256 << 20;
  workload.services[0].replicas = 2;
  start(workload);
  EXPECT_TRUE(eventually([&] { return reason(1).find("a lease 60") != std::string::npos; }))
      << reason(1);
  EXPECT_LE(
      Cgroups::find(mounts())->processes("/tp-" + config_.instance + "/" + lease_id(key(1))).size(),
      60u);
  EXPECT_TRUE(eventually([&] { return healthy(2) && page(2).has_value(); })) << reason(2);
  EXPECT_TRUE(stop(1));
}

TEST_F(IsolationRootTest, TheProviderItselfIsLimitedInWhatItDoesForLeases) {
  const std::string root = "/tp-" + config_.instance;
  const auto limit = [&](const std::string& controller, const std::string& file) {
    for (const std::string& base :
         {"/sys/fs/cgroup/" + controller, std::string("/sys/fs/cgroup")}) {
      std::ifstream in(base + root + file);
      if (std::uint64_t value = 0; in >> value) return value;
    }
    return std::uint64_t{0};
  };
  std::uint64_t pid_max = 0;
  std::ifstream("/proc/sys/kernel/pid_max") >> pid_max;
  EXPECT_GT(limit("pids", "/pids.max"), 0u);
  EXPECT_LE(limit("pids", "/pids.max"), pid_max - pid_max / 4);
  EXPECT_EQ(limit("pids", "/images/pids.max"), 1024u);
  EXPECT_EQ(std::max(limit("memory", "/images/memory.limit_in_bytes"),
                     limit("memory", "/images/memory.max")),
            1u << 30);
}

TEST_F(IsolationRootTest, AFullDiskIsToldAndFillsOnlyItsLease) {
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

TEST_F(IsolationRootTest, ARamVolumeIsMemoryAndCountsAsSuch) {
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

TEST_F(IsolationRootTest, CpuTimeIsLimited) {
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

TEST_F(IsolationRootTest, TwoProvidersOfOneMachineDoNotMeet) {
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

// A piece of public internet on this machine: a network namespace with 11.255.255.8, which serves a
// page. The range is public and announced to nobody, so that no other traffic of the machine is led
// here; those for documentation are closed to leases as private ones are.
class Internet {
 public:
  explicit Internet(SystemHost& host) : host_(host) {
    const std::string batch = "netns add " + name_ +
                              "\nlink add tpt-out type veth peer name eth0 netns " + name_ +
                              "\naddr add 11.255.255.1/24 dev tpt-out\nlink set tpt-out up\n";
    run({"ip", "-batch", "-"}, batch);
    run({"ip", "-n", name_, "-batch", "-"},
        "addr add 11.255.255.8/24 dev eth0\nlink set eth0 up\nroute add default via "
        "11.255.255.1\n");
    const auto server = host_.spawn(
        {.argv = {"ip", "netns", "exec", name_, "busybox", "httpd", "-f", "-p", "80", "-h", "/tmp"},
         .log_path = "/dev/null"});
    if (server) server_ = *server;
  }
  ~Internet() {
    if (server_ > 0) ::kill(server_, SIGKILL);
    run({"ip", "netns", "del", name_}, "");
  }
  // True when somebody out there gets a connection.
  bool reaches(const std::string& address, const std::string& port) {
    const auto ran =
        host_.run({.argv = {"ip", "netns", "exec", name_, "curl", "-s", "-o", "/dev/null",
                            "--max-time", "2", "http://" + address + ":" + port + "/"}});
    return ran && ran->exit_code == 0;
  }

 private:
  void run(const std::vector<std::string>& argv, const std::string& input) {
    const auto ran = run_checked(host_, {.argv = argv, .input = input});
    EXPECT_TRUE(ran) << ran.error().text;
  }

  SystemHost& host_;
  std::string name_ = "tpt-internet";
  int server_ = 0;
};

TEST_F(IsolationRootTest, TheInternetIsReachedAndReachesOnlyWhatIsPublished) {
  manager_.reset();
  config_.publish_addresses = {"0.0.0.0"};
  open();
  Internet internet(host_);
  LeaseWorkload workload = hello();
  workload.services[0].exposes.push_back({.port = 80, .external_port = 8080, .global = true});
  start(workload);
  ASSERT_TRUE(eventually([&] { return healthy(1); })) << reason(1);
  EXPECT_TRUE(eventually(
      [&] {
        return in_container(
                   1, "web",
                   "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 3 nc -w 2 11.255.255.8 80")
                   .find("HTTP/1") != std::string::npos;
      },
      5s));
  const std::uint16_t port = manager_->status(key(1))->forwarded_ports.at(0).external_port;
  EXPECT_TRUE(internet.reaches("11.255.255.1", std::to_string(port)));
  EXPECT_FALSE(internet.reaches(service(1).replicas.at(0).address, "80"));
  // A lease may use what is published like anybody else.
  EXPECT_NE(in_container(1, "web",
                         "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 3 nc -w 2 11.255.255.1 " +
                             std::to_string(port))
                .find("Hello"),
            std::string::npos);
}

}  // namespace
}  // namespace tp::compute::workload
