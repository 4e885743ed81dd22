#include "networks/compute/agent/workload/host.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/utf8.h"

namespace tp::compute::workload {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr const char* kSearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kSyncDescriptor = 3;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close(); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(WorkloadError::kProgramFailed, std::string("pipe: ") + std::strerror(errno));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// The program's path, so that execve in the child needs no search and no allocation.
Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return name;
  } else {
    const std::string path = kSearchPath;
    for (std::size_t begin = 0; begin <= path.size();) {
      const std::size_t end = std::min(path.find(':', begin), path.size());
      const std::string candidate = path.substr(begin, end - begin) + "/" + name;
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
      begin = end + 1;
    }
  }
  return fail(WorkloadError::kProgramMissing, name);
}

std::vector<std::string> environment(const std::vector<std::string>& more) {
  std::vector<std::string> out{std::string("PATH=") + kSearchPath};
  for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
                           "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "LANG"})
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + "=" + value);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

// Everything that the child needs, made before fork: after it only system calls are allowed.
struct Prepared {
  std::string program;
  std::vector<std::string> env;
  std::vector<const char*> argv;
  std::vector<const char*> envp;
};

Result<Prepared> prepare(const std::vector<std::string>& argv,
                         const std::vector<std::string>& env) {
  TP_ASSERT(!argv.empty());
  Prepared out;
  TRY(out.program, find_program(argv[0]));
  out.env = environment(env);
  for (const std::string& arg : argv) out.argv.push_back(arg.c_str());
  out.argv.push_back(nullptr);
  for (const std::string& entry : out.env) out.envp.push_back(entry.c_str());
  out.envp.push_back(nullptr);
  return out;
}

// In the child. Errors leave by exit code 127 with the reason on stderr.
[[noreturn]] void die(const char* what) {
  const char* reason = strerrordesc_np(errno);
  for (const char* text : {what, ": ", reason == nullptr ? "unknown error" : reason, "\n"})
    if (::write(2, text, std::strlen(text)) < 0) break;
  ::_exit(127);
}

void enter_cgroups(const std::vector<std::string>& cgroups) {
  for (const std::string& path : cgroups) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) die(path.c_str());
    ::close(fd);
  }
}

void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_DFL);
}

// After setuid with PR_SET_KEEPCAPS: of all that root could do, only this stays, across execve too.
void keep_only_low_ports() {
  constexpr std::uint32_t kOnly = 1U << CAP_NET_BIND_SERVICE;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2]{};
  data[0] = {.effective = kOnly, .permitted = kOnly, .inheritable = kOnly};
  if (::syscall(SYS_capset, &header, data) != 0) die("capset");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) != 0)
    die("ambient capability");
}

[[noreturn]] void become(const Prepared& prepared) {
  ::execve(prepared.program.c_str(), const_cast<char* const*>(prepared.argv.data()),
           const_cast<char* const*>(prepared.envp.data()));
  die(prepared.program.c_str());
}

[[noreturn]] void child(const Command& what, const Prepared& prepared, int in, int out, int err,
                        int sync, pid_t provider) {
  ::setpgid(0, 0);
  // Half-done work of a provider that was killed must not race with the next one's. conmon is not
  // touched: it forks before it goes on in the background.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != provider) ::_exit(127);  // killed before that
  reset_signals();
  if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(127);
  if (sync >= 0) {
    if (sync == kSyncDescriptor ? ::fcntl(sync, F_SETFD, 0) < 0 : ::dup2(sync, kSyncDescriptor) < 0)
      die("sync pipe");
  }
  ::close_range(sync >= 0 ? kSyncDescriptor + 1 : 3, ~0U, 0);
  enter_cgroups(what.cgroups);
  if (what.file_bytes_max > 0) {
    const rlimit limit{what.file_bytes_max, what.file_bytes_max};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) die("setrlimit");
  }
  if (::chdir(what.directory.empty() ? "/" : what.directory.c_str()) != 0) die("chdir");
  become(prepared);
}

// One stream of the program, read as it comes; what passes the bound is dropped.
struct Collector {
  Fd fd;
  std::string& into;
  std::size_t bytes_max;

  // False when the stream has ended.
  bool take() {
    std::array<char, 16'384> buffer;
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) return false;
    const std::size_t room = bytes_max - std::min(bytes_max, into.size());
    into.append(buffer.data(), std::min(room, static_cast<std::size_t>(size)));
    return true;
  }
  void drain() {
    while (fd.open()) {
      const std::size_t before = into.size();
      if (!take() || into.size() == before) return;
    }
  }
};

void set_nonblocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

int shell_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// A started program and the three or four pipes to it, until its end.
class Running {
 public:
  Running(const Command& what, pid_t pid, Fd in, Fd out, Fd err, Fd sync)
      : what_(what),
        pid_(pid),
        pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
        in_(std::move(in)),
        out_{std::move(out), ran_.output, what.output_bytes_max},
        err_{std::move(err), ran_.errors, what.output_bytes_max},
        sync_{std::move(sync), ran_.sync, 1 << 16} {
    for (const Fd* fd : {&in_, &out_.fd, &err_.fd, &sync_.fd})
      if (fd->open()) set_nonblocking(*fd);
  }

  Result<Ran> finish(std::stop_token stop) {
    const auto deadline = SteadyClock::now() + std::chrono::nanoseconds(what_.timeout.nanoseconds);
    bool exited = false;
    while (!exited || waiting_for_sync()) {
      if (stop.stop_requested()) return give_up(exited, WorkloadError::kCancelled);
      if (SteadyClock::now() >= deadline) return give_up(exited, WorkloadError::kTimedOut);
      wait(exited);
      if (!exited) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
          exited = true;
          ran_.exit_code = shell_code(status);
        }
      }
    }
    out_.drain();
    err_.drain();
    return std::move(ran_);
  }

 private:
  bool waiting_for_sync() const {
    return sync_.fd.open() && ran_.sync.find('\n') == std::string::npos;
  }

  // Sleeps until something happens, at most 100 ms, and moves what bytes there are.
  void wait(bool exited) {
    std::array<pollfd, 5> fds{};
    nfds_t count = 0;
    const auto add = [&](int fd, short events) {
      if (fd >= 0) fds[count++] = {.fd = fd, .events = events, .revents = 0};
    };
    if (!exited) add(pidfd_.get(), POLLIN);
    add(in_.get(), POLLOUT);
    add(out_.fd.get(), POLLIN);
    add(err_.fd.get(), POLLIN);
    add(sync_.fd.get(), POLLIN);
    if (::poll(fds.data(), count, 100) <= 0) return;
    feed();
    for (Collector* stream : {&out_, &err_, &sync_})
      if (stream->fd.open() && !stream->take()) stream->fd.close();
  }

  void feed() {
    if (!in_.open()) return;
    const ssize_t size = ::write(in_.get(), what_.input.data() + fed_, what_.input.size() - fed_);
    if (size > 0) fed_ += static_cast<std::size_t>(size);
    const bool broken = size < 0 && errno != EAGAIN && errno != EINTR;
    if (broken || fed_ == what_.input.size()) in_.close();
  }

  Result<Ran> give_up(bool exited, WorkloadError why) {
    ::kill(-pid_, SIGKILL);
    if (!exited) ::waitpid(pid_, nullptr, 0);
    return fail(why, what_.argv[0]);
  }

  const Command& what_;
  pid_t pid_;
  Fd pidfd_;
  Ran ran_;
  Fd in_;
  Collector out_;
  Collector err_;
  Collector sync_;
  std::size_t fed_ = 0;
};

std::string last_words(const Ran& ran) {
  std::string text = ran.errors.empty() ? ran.output : ran.errors;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (text.size() > 600) text = "... " + std::string(last_bytes(text, 600));
  return valid_utf8(text);
}

}  // namespace

Result<Ran> SystemHost::run(const Command& what, std::stop_token stop) {
  TRY(const Prepared prepared, prepare(what.argv, what.env));
  TRY(Pipe in, make_pipe());
  TRY(Pipe out, make_pipe());
  TRY(Pipe err, make_pipe());
  Pipe sync;
  if (what.wants_sync) {
    TRY(sync, make_pipe());
  }
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0)
    return fail(WorkloadError::kProgramFailed, what.argv[0] + ": " + std::strerror(errno));
  if (pid == 0)
    child(what, prepared, in.read.get(), out.write.get(), err.write.get(), sync.write.get(), self);
  ::setpgid(pid, pid);
  in.read.close();
  out.write.close();
  err.write.close();
  sync.write.close();
  if (what.input.empty()) in.write.close();
  return Running(what, pid, std::move(in.write), std::move(out.read), std::move(err.read),
                 std::move(sync.read))
      .finish(stop);
}

Result<int> SystemHost::spawn(const Spawn& what) {
  TRY(const Prepared prepared, prepare(what.argv, what.env));
  TRY(Pipe report, make_pipe());
  const Fd log(::open(what.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!log.open() || !null.open())
    return fail(WorkloadError::kProgramFailed, what.log_path + ": " + std::strerror(errno));
  // Forks twice: the program's parent is init, so that nobody has to wait for it here.
  const pid_t first = ::fork();
  if (first < 0)
    return fail(WorkloadError::kProgramFailed, what.argv[0] + ": " + std::strerror(errno));
  if (first == 0) {
    ::setsid();
    const pid_t second = ::fork();
    if (second != 0) {
      if (::write(report.write.get(), &second, sizeof second) != sizeof second) ::_exit(1);
      ::_exit(second < 0 ? 1 : 0);
    }
    reset_signals();
    if (::dup2(null.get(), 0) < 0 || ::dup2(log.get(), 1) < 0 || ::dup2(log.get(), 2) < 0)
      ::_exit(127);
    ::close_range(3, ~0U, 0);
    enter_cgroups(what.cgroups);
    if (::chdir("/") != 0) die("chdir");
    if (what.gid != 0 && (::syscall(SYS_setgroups, 0, nullptr) != 0 || ::setgid(what.gid) != 0))
      die("setgid");
    if (what.low_ports && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) die("keepcaps");
    if (what.uid != 0 && ::setuid(what.uid) != 0) die("setuid");
    if (what.low_ports) keep_only_low_ports();
    become(prepared);
  }
  pid_t pid = -1;
  const bool told = ::read(report.read.get(), &pid, sizeof pid) == sizeof pid;
  ::waitpid(first, nullptr, 0);
  if (!told || pid < 0) return fail(WorkloadError::kProgramFailed, what.argv[0] + ": cannot fork");
  return pid;
}

Result<Ran> run_checked(Host& host, const Command& what, std::stop_token stop) {
  TRY(Ran ran, host.run(what, stop));
  if (ran.exit_code != 0)
    return fail(WorkloadError::kProgramFailed, what.argv[0] + " ended with code " +
                                                   std::to_string(ran.exit_code) + ": " +
                                                   last_words(ran));
  return ran;
}

}  // namespace tp::compute::workload
