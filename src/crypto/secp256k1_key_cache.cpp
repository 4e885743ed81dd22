#include "crypto/secp256k1_key_cache.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tp::crypto {

struct Secp256k1KeyCache::Set {
  std::array<Secp256k1PublicKey, kPlaces> keys;
  std::array<Secp256k1ParsedKey, kPlaces> parsed;
  std::uint8_t filled = 0;  // places, from the front
  std::uint8_t next = 0;    // the place that the next key takes

  const Secp256k1ParsedKey* find(const Secp256k1PublicKey& key) const {
    for (std::size_t i = 0; i < filled; ++i)
      if (keys[i] == key) return &parsed[i];
    return nullptr;
  }
};

Secp256k1KeyCache::Secp256k1KeyCache() : sets_(std::make_unique<Set[]>(kSets)) {}
Secp256k1KeyCache::~Secp256k1KeyCache() = default;

bool Secp256k1KeyCache::verify(const Secp256k1PublicKey& key, const Hash256& digest,
                               const Secp256k1Signature& signature) {
  std::size_t number = 0;
  std::memcpy(&number, key.data.data() + 1,
              sizeof number);  // of the x coordinate: as good as random
  Set& set = sets_[number % kSets];
  std::mutex& mutex = locks_[number % kLocks];
  {
    std::unique_lock lock(mutex);
    if (const Secp256k1ParsedKey* found = set.find(key)) {
      const Secp256k1ParsedKey parsed = *found;
      lock.unlock();
      return parsed.verify(digest, signature);
    }
  }
  const auto parsed = Secp256k1ParsedKey::parse(key.view());
  if (!parsed || !parsed->verify(digest, signature)) return false;
  const std::lock_guard lock(mutex);
  if (set.find(key) != nullptr) return true;  // another thread was faster
  set.keys[set.next] = key;
  set.parsed[set.next] = *parsed;
  set.filled = std::max<std::uint8_t>(set.filled, set.next + 1);
  set.next = (set.next + 1) % kPlaces;
  return true;
}

}  // namespace tp::crypto
