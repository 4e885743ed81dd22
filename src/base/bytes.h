// Byte strings. std::string is the owning type, because protobuf, RocksDB and the standard library
// all speak it and its small-buffer optimisation keeps most keys off the heap.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tp {

using Bytes = std::string;
using BytesView = std::string_view;

inline const std::uint8_t* as_u8(BytesView bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

// N bytes with a meaning given by Tag, so that a hash is not taken for a key. Ordered as bytes.
template <std::size_t N, class Tag>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> data{};

  // Precondition: bytes.size() == N; aborts otherwise. For bytes from outside, use from().
  static FixedBytes of(BytesView bytes) {
    TP_ASSERT(bytes.size() == N);
    FixedBytes out;
    std::copy_n(as_u8(bytes), N, out.data.begin());
    return out;
  }

  // Errors: kInvalidText when there are not exactly N bytes.
  static Result<FixedBytes> from(BytesView bytes) {
    if (bytes.size() != N)
      return fail(BaseError::kInvalidText, std::to_string(bytes.size()) + " bytes where " +
                                               std::to_string(N) + " are needed");
    return of(bytes);
  }

  BytesView view() const { return {reinterpret_cast<const char*>(data.data()), N}; }
  Bytes bytes() const { return Bytes(view()); }
  bool is_zero() const {
    return std::all_of(data.begin(), data.end(), [](std::uint8_t byte) { return byte == 0; });
  }

  auto operator<=>(const FixedBytes&) const = default;
};

struct HashTag;
using Hash256 = FixedBytes<32, HashTag>;  // a SHA-256 digest

}  // namespace tp
