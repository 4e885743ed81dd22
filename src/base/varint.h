// Unsigned LEB128 integers, as protobuf writes them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace tp {

// `Out` is Bytes or ShortBytes.
template <class Out>
void append_varint(Out& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// Takes one integer off the front of `in`. Nothing when `in` ends early, the value needs more than
// 64 bits, or the encoding is longer than necessary.
inline std::optional<std::uint64_t> take_varint(BytesView& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(in[i]);
    if (i == 9 && byte > 1) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    if (byte == 0 && i > 0) return std::nullopt;
    in.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

inline void append_big_endian(Bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

}  // namespace tp
