// Time in the ledger: nanoseconds since 1970 in UTC, and spans of them. Integers only, no time
// zones, no leap seconds.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
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

// Beyond the range both stop at its end, so that no time read from outside makes one wrap.
constexpr Duration operator-(BlockTime later, BlockTime earlier) {
  Duration span;
  if (__builtin_sub_overflow(later.nanoseconds, earlier.nanoseconds, &span.nanoseconds))
    return {later < earlier ? std::numeric_limits<std::int64_t>::min()
                            : std::numeric_limits<std::int64_t>::max()};
  return span;
}
constexpr BlockTime operator+(BlockTime time, Duration span) {
  BlockTime sum;
  if (__builtin_add_overflow(time.nanoseconds, span.nanoseconds, &sum.nanoseconds))
    return {span.nanoseconds < 0 ? std::numeric_limits<std::int64_t>::min()
                                 : std::numeric_limits<std::int64_t>::max()};
  return sum;
}

// RFC 3339 in UTC with up to 9 digits, trailing zeros trimmed: "2026-01-02T03:04:05.123456789Z"
// (specs/chain.md §2.1).
std::string to_rfc3339(BlockTime time);
// Accepts "Z" and numeric offsets. Errors: kInvalidText.
Result<BlockTime> from_rfc3339(std::string_view text);

}  // namespace tp
