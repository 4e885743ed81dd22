// What containers print: conmon writes one line each with time and stream; we turn the file over
// when it is half of its bound, and read both back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "networks/compute/agent/workload/status.h"

namespace tp::compute::workload {

// "2026-11-20T17:41:39.166650937+00:00 stdout F text" (the Kubernetes log format). Nothing when it
// is something else. What is not UTF-8 in the text becomes U+FFFD.
std::optional<LogLine> parse_log_line(std::string_view line);

// Reads one replica's log as it grows, across its turning over.
class LogReader {
 public:
  // `path` is the newer file; the older one is `path` + ".1".
  LogReader(std::string path, std::string service, std::uint32_t replica);

  // What has come since the last call; the first call gives all that is kept. Whole lines only. A
  // file that is not there yet is empty.
  std::vector<LogLine> take();

 private:
  void read_file(const std::string& path, std::uint64_t from, std::vector<LogLine>& out);

  std::string path_;
  std::string service_;
  std::uint32_t replica_;
  bool first_ = true;
  std::uint64_t inode_ = 0;
  std::uint64_t offset_ = 0;
};

// The last lines of a container that ended, for its reason: at most `lines`, at most 400 bytes,
// joined by " | ".
std::string last_output(const std::string& path, std::size_t lines);

// Moves the file aside when it has reached half of `bytes_max`, and tells conmon (through the
// control pipe in its bundle) to begin a new one. True when it did.
Result<bool> turn_over(const std::string& path, const std::string& control,
                       std::uint64_t bytes_max);

}  // namespace tp::compute::workload
