// Sizes, shares of a CPU, and spans of time as an SDL writes them.
//
// The reference computes them in 64-bit floating point and truncates, which loses bits above 2^53;
// the hash depends on the result, so the same path is taken here. Only clients parse SDL; nothing
// here runs in the state machine. Rules: specs/compute-market.md §1.5.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace tp::compute {

// A size as the two clients read it: Go drops a fraction of a byte, TypeScript rounds it up.
struct ByteSize {
  std::uint64_t rounded_down = 0;
  std::uint64_t rounded_up = 0;
};

// "500m" (whole thousandths of a core) or cores ("0.5", "2"), in thousandths, truncated.
// Errors: kInvalidQuantity (negative, not a number, above 2^32 - 1).
Result<std::uint64_t> parse_cpu_units(std::string_view text);

// "512Mi" (powers of 1024: Ki Mi Gi Ti Pi Ei), "1.5G" (powers of 1000: k M G T P E), or bytes. Also
// what only the TypeScript client reads: any case of the suffix and a B behind it ("2gi", "16GB").
// Errors: kInvalidQuantity (negative, not a number, 2^64 bytes or more).
Result<ByteSize> parse_byte_size(std::string_view text);

// The memory of a GPU: binary suffixes or plain bytes only.
Result<std::uint64_t> parse_gpu_ram(std::string_view text);

// A Go duration, "1h30m", longer than zero. Errors: kInvalidQuantity.
Result<Duration> parse_window(std::string_view text);

}  // namespace tp::compute
