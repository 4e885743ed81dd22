// The seam through which the runtime starts other programs. Arguments are lists, never a shell
// line; every run has a deadline and a bound on what it may print.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tp::compute::workload {

struct Command {
  std::vector<std::string> argv{};  // argv[0] is looked up in PATH
  std::string input{};              // on its standard input
  // The whole environment of the program is PATH, the proxy and certificate variables of ours, and
  // these.
  std::vector<std::string> env{};
  std::string directory{};  // working directory; empty: /
  Duration timeout = Duration::seconds(60);
  std::size_t output_bytes_max = 1 << 20;  // of each stream; what is longer is cut off
  std::uint64_t file_bytes_max = 0;        // no file that it writes gets larger; 0: no limit
  // Descriptor 3 of the program is a pipe to us, and run also waits for the first line on it, or
  // its end: how conmon, which goes on in the background, tells what became of the container.
  bool wants_sync = false;
  // Files named cgroup.procs; the program enters each of these groups before it begins.
  std::vector<std::string> cgroups{};
};

struct Ran {
  int exit_code = 0;  // 128 + signal when killed
  std::string output{};
  std::string errors{};
  std::string sync{};  // that first line
};

// A program that goes on by itself, also when this process ends.
struct Spawn {
  std::vector<std::string> argv{};
  std::vector<std::string> env{};
  std::string log_path{};  // both streams are appended there
  std::vector<std::string> cgroups{};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool low_ports = false;  // may listen below 1024 though it is not root
};

class Host {
 public:
  virtual ~Host() = default;

  // Runs to the end. A program that ends with another code than 0 is no error here. When `stop` is
  // requested, and when this process dies, the program is killed. Errors: kProgramMissing,
  // kTimedOut, kCancelled, kProgramFailed (could not be started). Thread-safe.
  virtual Result<Ran> run(const Command& what, std::stop_token stop = {}) = 0;
  // Starts in a session of its own. Returns its process id. Errors: as run.
  virtual Result<int> spawn(const Spawn& what) = 0;
};

class SystemHost final : public Host {
 public:
  Result<Ran> run(const Command& what, std::stop_token stop = {}) override;
  Result<int> spawn(const Spawn& what) override;
};

// run(), and any exit code but 0 is kProgramFailed with the program's own words.
Result<Ran> run_checked(Host& host, const Command& what, std::stop_token stop = {});

}  // namespace tp::compute::workload
