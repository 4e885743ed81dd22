// Time in the ledger: nanoseconds since 1970 in UTC, and spans of them. Integers only, no time
// zones, no leap seconds.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tp {

struct Duration {
  std::int64_t nanoseconds = 0;

  static constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }
  static constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
  static constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }
  static constexpr Duration hours(std::int64_t n) { return seconds(n * 3600); }

  constexpr auto operator<=>(const Duration&) const = default;
};

// The time of a block header. Range: 1678 to 2261.
struct BlockTime {
  std::int64_t nanoseconds = 0;

  constexpr auto operator<=>(const BlockTime&) const = default;
};

constexpr Duration operator-(BlockTime later, BlockTime earlier) {
  return {later.nanoseconds - earlier.nanoseconds};
}
constexpr BlockTime operator+(BlockTime time, Duration span) {
  return {time.nanoseconds + span.nanoseconds};
}

// RFC 3339 in UTC with up to 9 digits, trailing zeros trimmed: "2026-01-02T03:04:05.123456789Z"
// (specs/chain.md §2.1).
std::string to_rfc3339(BlockTime time);
// Accepts "Z" and numeric offsets. Errors: kInvalidText.
Result<BlockTime> from_rfc3339(std::string_view text);

}  // namespace tp
