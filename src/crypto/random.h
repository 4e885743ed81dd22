// The seam through which keys get their entropy. Simulation and tests pass one that repeats.
#pragma once

#include <cstdint>
#include <span>

namespace tp::crypto {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

// The kernel's generator, by libsodium. Thread-safe; stops the process when the kernel has none.
class SystemRandom final : public Random {
 public:
  SystemRandom();
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace tp::crypto
