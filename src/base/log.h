// Logging for daemons: one line an event, to stderr, with time and level. Deterministic code
// (chain, modules, networks/*/chain) does not log: it returns errors and emits events.
#pragma once

#include <string_view>

namespace tp {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Lines below `level` are dropped. Default: kInfo. Thread-safe, as is log().
void set_log_level(LogLevel level);

// `component` is the part that speaks ("solo", "provider"); `message` is for a person and holds no
// secrets.
void log(LogLevel level, std::string_view component, std::string_view message);

inline void log_debug(std::string_view component, std::string_view message) {
  log(LogLevel::kDebug, component, message);
}
inline void log_info(std::string_view component, std::string_view message) {
  log(LogLevel::kInfo, component, message);
}
inline void log_warning(std::string_view component, std::string_view message) {
  log(LogLevel::kWarning, component, message);
}
inline void log_error(std::string_view component, std::string_view message) {
  log(LogLevel::kError, component, message);
}

}  // namespace tp
