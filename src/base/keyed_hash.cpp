#include "base/keyed_hash.h"

#include <cstring>
#include <random>

#include "base/wide.h"

namespace tp {
namespace {

std::uint64_t process_secret() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

// Both halves of the product, folded: the mixing step of wyhash.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = u128{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t word(const char* from, std::size_t size) {
  std::uint64_t out = 0;
  std::memcpy(&out, from, size);
  return out;
}

}  // namespace

std::uint64_t keyed_hash(BytesView bytes) {
  static const std::uint64_t secret = process_secret();
  constexpr std::uint64_t kOdd = 0x9e37'79b9'7f4a'7c15;
  std::uint64_t hash = mix(secret ^ bytes.size(), kOdd);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left > 8; at += 8, left -= 8) hash = mix(hash ^ word(at, 8), secret | 1);
  return mix(hash ^ word(at, left), kOdd);
}

}  // namespace tp
