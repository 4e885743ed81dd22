#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/text.h"

namespace tp {
namespace {

spdlog::logger& logger() {
  // Never destroyed: a thread that outlives main() may still log.
  static spdlog::logger& instance = []() -> spdlog::logger& {
    auto* made = new spdlog::logger("turnpike", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return *made;
  }();
  return instance;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarning: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// What comes from outside may hold line breaks and escape sequences; a log line holds neither.
std::string one_line(std::string_view message) {
  std::string out;
  out.reserve(message.size());
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      out.append("\\n");
    else if (byte < 0x20 || byte == 0x7f)
      out.append("\\x").append(to_hex({&c, 1}));
    else
      out.push_back(c);
  }
  return out;
}

}  // namespace

void set_log_level(LogLevel level) {
  logger().set_level(level_of(level));
}

void log(LogLevel level, std::string_view component, std::string_view message) {
  if (!logger().should_log(level_of(level))) return;
  logger().log(level_of(level), "{}: {}", component, one_line(message));
}

}  // namespace tp
