#include "networks/compute/agent/workload/logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/time.h"
#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/utf8.h"

namespace tp::compute::workload {
namespace {

constexpr std::size_t kLineBytesMax = 16 * 1024;
constexpr std::string_view kReopenLogs = "2 0 0\n";  // conmon: control message 2

struct FileFacts {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
};

std::optional<FileFacts> facts_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileFacts{status.st_ino, static_cast<std::uint64_t>(status.st_size)};
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  const auto at = from_rfc3339(take_word(line));
  const std::string_view stream = take_word(line);
  const std::string_view part = take_word(line);
  if (!at || (stream != "stdout" && stream != "stderr") || (part != "F" && part != "P"))
    return std::nullopt;
  return LogLine{.at = *at,
                 .is_stderr = stream == "stderr",
                 .text = valid_utf8(first_bytes(line, kLineBytesMax))};
}

LogReader::LogReader(std::string path, std::string service, std::uint32_t replica)
    : path_(std::move(path)), service_(std::move(service)), replica_(replica) {}

void LogReader::read_file(const std::string& path, std::uint64_t from, std::vector<LogLine>& out) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  std::string pending;
  std::uint64_t position = from;
  std::array<char, 65'536> buffer;
  while (true) {
    const ssize_t size = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(position));
    if (size <= 0) break;
    position += static_cast<std::uint64_t>(size);
    pending.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      auto line = parse_log_line(std::string_view(pending).substr(begin, end - begin));
      if (!line) continue;  // the torn first line of a file that conmon cut
      line->service = service_;
      line->replica = replica_;
      out.push_back(std::move(*line));
    }
    pending.erase(0, begin);
  }
  ::close(fd);
  offset_ = position - pending.size();
}

std::vector<LogLine> LogReader::take() {
  std::vector<LogLine> out;
  const auto now = facts_of(path_);
  if (first_) {
    read_file(path_ + ".1", 0, out);
    first_ = false;
    offset_ = 0;
  } else if (now && now->inode != inode_) {
    // Turned over: first the rest of what is the older file now.
    const auto older = facts_of(path_ + ".1");
    if (older && older->inode == inode_) read_file(path_ + ".1", offset_, out);
    offset_ = 0;
  } else if (now && now->size < offset_) {
    offset_ = 0;
  }
  if (!now) return out;
  inode_ = now->inode;
  read_file(path_, offset_, out);
  return out;
}

std::string last_output(const std::string& path, std::size_t lines) {
  const std::vector<LogLine> all = LogReader(path, "", 0).take();
  std::string out;
  for (std::size_t i = all.size() - std::min(lines, all.size()); i < all.size(); ++i) {
    if (all[i].text.empty()) continue;
    if (!out.empty()) out += " | ";
    out += all[i].text;
  }
  constexpr std::size_t kBytesMax = 400;
  return out.size() > kBytesMax ? "..." + std::string(last_bytes(out, kBytesMax)) : out;
}

Result<bool> turn_over(const std::string& path, const std::string& control,
                       std::uint64_t bytes_max) {
  const auto now = facts_of(path);
  if (!now || now->size < bytes_max / 2) return false;
  const auto failed = [&](const char* what) {
    return fail(WorkloadError::kProgramFailed, path + ": " + what + ": " + std::strerror(errno));
  };
  const int fd = ::open(control.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return failed("conmon does not listen");
  const bool moved = std::rename(path.c_str(), (path + ".1").c_str()) == 0;
  const bool told =
      moved && ::write(fd, kReopenLogs.data(), kReopenLogs.size()) == std::ssize(kReopenLogs);
  ::close(fd);
  if (!told) return failed("cannot be turned over");
  return true;
}

}  // namespace tp::compute::workload
