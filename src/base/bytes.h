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

  // Precondition: bytes.size() == N (parse untrusted input with from()).
  static FixedBytes of(BytesView bytes) {
    FixedBytes out;
    std::copy_n(as_u8(bytes), std::min(N, bytes.size()), out.data.begin());
    return out;
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
