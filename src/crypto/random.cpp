#include "crypto/random.h"

#include <sodium.h>

#include "base/result.h"

namespace tp::crypto {

SystemRandom::SystemRandom() {
  TP_ASSERT(sodium_init() >= 0);
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  randombytes_buf(out.data(), out.size());
}

}  // namespace tp::crypto
