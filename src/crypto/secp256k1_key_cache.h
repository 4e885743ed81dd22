// Keys that were parsed lately. Most transactions are signed by keys that signed before, and
// parsing is a tenth of a verification.
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "crypto/secp256k1.h"

namespace tp::crypto {

// A table in which each key has kPlaces places; the newest displaces the oldest of them. (With one
// place each, a quarter of 20,000 keys would displace one another again and again.) Thread-safe.
// Memory: kSlots × 100 bytes, touched only as far as keys come.
class Secp256k1KeyCache {
 public:
  static constexpr std::size_t kSlots = 1u << 16;
  static constexpr std::size_t kPlaces = 4;

  Secp256k1KeyCache();
  ~Secp256k1KeyCache();

  // As crypto::verify(key, digest, signature).
  bool verify(const Secp256k1PublicKey& key, const Hash256& digest,
              const Secp256k1Signature& signature);

 private:
  struct Set;
  static constexpr std::size_t kSets = kSlots / kPlaces;
  static constexpr std::size_t kLocks = 64;

  std::unique_ptr<Set[]> sets_;
  std::array<std::mutex, kLocks> locks_;  // of every kLocks-th set
};

}  // namespace tp::crypto
