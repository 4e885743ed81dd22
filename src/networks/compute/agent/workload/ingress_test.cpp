#include "networks/compute/agent/workload/ingress.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

namespace fs = std::filesystem;

// Answers on Caddy's admin socket: 200, except that it refuses configurations while it is told to.
class FakeCaddy {
 public:
  explicit FakeCaddy(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
  }
  ~FakeCaddy() {
    thread_.request_stop();
    thread_.join();
    ::close(fd_);
  }

  std::atomic<bool> refuses = false;
  std::atomic<int> loads = 0;

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
      if (::poll(&wait, 1, 20) != 1) continue;
      const int one = ::accept(fd_, nullptr, nullptr);
      std::array<char, 65'536> buffer{};
      const ssize_t size = ::recv(one, buffer.data(), buffer.size(), 0);
      const std::string_view request(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
      const bool load = request.starts_with("POST /load");
      if (load) ++loads;
      const std::string answer =
          load && refuses ? "HTTP/1.0 500 No\r\n\r\nno" : "HTTP/1.0 200 OK\r\n\r\n{}";
      ::send(one, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(one);
    }
  }

  int fd_;
  std::jthread thread_;
};

// In place of Caddy it starts a program that never answers.
class SilentHost final : public Host {
 public:
  Result<Ran> run(const Command& what, std::stop_token stop) override {
    return host_.run(what, stop);
  }
  Result<int> spawn(const Spawn& what) override {
    Spawn silent = what;
    silent.argv = {"tail", "-f", what.argv.back()};
    TRY(const int pid, host_.spawn(silent));
    pids.push_back(pid);
    return pid;
  }

  std::vector<int> pids;

 private:
  SystemHost host_;
};

class IngressProcessTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_ + "/ingress"); }
  void TearDown() override {
    for (const int pid : host_.pids) ::kill(pid, SIGKILL);
    fs::remove_all(directory_);
  }
  Ingress make(const std::string& listen = "127.0.0.1:1") {
    return Ingress(host_, disk_, {listen}, directory_, Duration::milliseconds(300));
  }
  // That of a process which has died is empty.
  static std::string command_line(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
    std::string out;
    std::getline(file, out, '\n');
    return out;
  }
  static bool runs(int pid) { return !command_line(pid).empty(); }

  const std::string directory_ = "/tmp/tp-ingress-test." + std::to_string(::getpid());
  SilentHost host_;
  SystemDisk disk_;
};

TEST_F(IngressProcessTest, RoutesThatCouldNotBeLoadedAreLoadedByTheNextTry) {
  FakeCaddy caddy(directory_ + "/ingress/admin.sock");
  Ingress ingress = make();
  ASSERT_TRUE(ingress.open());
  ASSERT_TRUE(ingress.begin());
  const std::vector<Route> routes{{.host = "a.example", .upstreams = {"10.192.0.2:80"}}};
  ASSERT_TRUE(ingress.set("lease", routes));
  caddy.refuses = true;
  EXPECT_FALSE(ingress.set("lease", {}));
  EXPECT_FALSE(ingress.set("lease", {})) << "the route of a lease that has ended is still there";
  EXPECT_FALSE(ingress.supervise());
  caddy.refuses = false;
  EXPECT_TRUE(ingress.supervise());
  const int loads = caddy.loads;
  EXPECT_TRUE(ingress.set("lease", {}));
  EXPECT_TRUE(ingress.supervise());
  EXPECT_EQ(caddy.loads, loads) << "nothing to do";
}

class IngressRootTest : public IngressProcessTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    fs::create_directories(directory_);
  }
  // A port that this process listens on, ready to share it.
  int listen_somewhere(std::string& where) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd, 8), 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    where = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    return fd;
  }
};

TEST_F(IngressRootTest, ACaddyThatDoesNotAnswerInTimeIsEndedAgain) {
  Ingress ingress = make();
  EXPECT_FALSE(ingress.open());
  ASSERT_EQ(host_.pids.size(), 1u);
  EXPECT_FALSE(runs(host_.pids[0]));
}

TEST_F(IngressRootTest, TheCaddyOfAnEarlierProcessIsEndedBeforeAnotherStartsAndByClose) {
  const std::string config = directory_ + "/ingress/caddy.json";
  const auto leave_one_behind = [&] {
    fs::create_directories(directory_ + "/ingress");
    std::ofstream(config) << "{}";
    const auto pid = host_.spawn({.argv = {config}, .log_path = "/dev/null"});
    EXPECT_TRUE(pid);
    EXPECT_TRUE(write_atomically(disk_, directory_ + "/ingress/caddy.pid", std::to_string(*pid)));
    while (!command_line(*pid).starts_with("tail")) std::this_thread::yield();
    return *pid;
  };
  const int first = leave_one_behind();
  EXPECT_FALSE(make().open());
  EXPECT_FALSE(runs(first));
  const int second = leave_one_behind();
  EXPECT_TRUE(make().close());
  EXPECT_FALSE(runs(second));
}

TEST_F(IngressRootTest, ACaddyThatWasNeverRecordedIsEndedToo) {
  fs::create_directories(directory_ + "/ingress");
  const std::string config = directory_ + "/ingress/caddy.json";
  std::ofstream(config) << R"({"admin": {"disabled": true}})";
  const auto pid =
      SystemHost().spawn({.argv = {"caddy", "run", "--config", config}, .log_path = "/dev/null"});
  ASSERT_TRUE(pid);
  host_.pids.push_back(*pid);
  while (!command_line(*pid).starts_with("caddy")) std::this_thread::yield();
  EXPECT_FALSE(make().open());
  EXPECT_FALSE(runs(*pid));
}

TEST_F(IngressRootTest, ANumberThatIsSomebodyElsesNowIsLeftAlone) {
  const auto other = SystemHost().spawn({.argv = {"sleep", "60"}, .log_path = "/dev/null"});
  ASSERT_TRUE(other);
  host_.pids.push_back(*other);
  fs::create_directories(directory_ + "/ingress");
  ASSERT_TRUE(write_atomically(disk_, directory_ + "/ingress/caddy.pid", std::to_string(*other)));
  EXPECT_TRUE(make().close());
  EXPECT_EQ(::kill(*other, 0), 0);
}

TEST_F(IngressRootTest, APortThatAnotherProgramIsReadyToShareIsTaken) {
  std::string where;
  const int fd = listen_somewhere(where);
  const auto opened = make(where).open();
  ::close(fd);
  ASSERT_FALSE(opened);
  EXPECT_TRUE(is(opened.error(), WorkloadError::kPortTaken)) << opened.error().text;
  EXPECT_TRUE(host_.pids.empty());
}

}  // namespace
}  // namespace tp::compute::workload
