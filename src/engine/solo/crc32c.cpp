#include "engine/solo/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tp::solo {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78u : 0u);
    table[i] = value;
  }
  return table;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(BytesView bytes,
                                                             std::uint32_t previous) {
  std::uint64_t crc = ~previous;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto small = static_cast<std::uint32_t>(crc);
  for (const char c : bytes) small = _mm_crc32_u8(small, static_cast<std::uint8_t>(c));
  return ~small;
}

// The instruction takes three cycles and can begin every cycle.
__attribute__((target("sse4.2"))) void crc32c_both_sse42(BytesView bytes, std::uint32_t& one,
                                                         std::uint32_t& other) {
  std::uint64_t a = static_cast<std::uint32_t>(~one), b = static_cast<std::uint32_t>(~other);
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), sizeof word);
    a = _mm_crc32_u64(a, word);
    b = _mm_crc32_u64(b, word);
  }
  one = crc32c_sse42(bytes, ~static_cast<std::uint32_t>(a));
  other = crc32c_sse42(bytes, ~static_cast<std::uint32_t>(b));
}

bool has_instruction() {
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  return has;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(BytesView bytes, std::uint32_t previous) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  std::uint32_t crc = ~previous;
  for (const char c : bytes) crc = kTable[(crc ^ static_cast<std::uint8_t>(c)) & 255] ^ (crc >> 8);
  return ~crc;
}

std::uint32_t crc32c(BytesView bytes, std::uint32_t previous) {
#if defined(__x86_64__)
  if (has_instruction()) return crc32c_sse42(bytes, previous);
#endif
  return crc32c_portable(bytes, previous);
}

void crc32c_both(BytesView bytes, std::uint32_t& one, std::uint32_t& other) {
#if defined(__x86_64__)
  if (has_instruction()) return crc32c_both_sse42(bytes, one, other);
#endif
  one = crc32c_portable(bytes, one);
  other = crc32c_portable(bytes, other);
}

}  // namespace tp::solo
