#include "crypto/secp256k1_key_cache.h"

#include <cstring>

namespace tp::crypto {

struct Secp256k1KeyCache::Slot {
  bool filled = false;
  Secp256k1PublicKey key;
  Secp256k1ParsedKey parsed;
};

Secp256k1KeyCache::Secp256k1KeyCache() : slots_(std::make_unique<Slot[]>(kSlots)) {}
Secp256k1KeyCache::~Secp256k1KeyCache() = default;

bool Secp256k1KeyCache::verify(const Secp256k1PublicKey& key, const Hash256& digest,
                               const Secp256k1Signature& signature) {
  std::size_t number = 0;
  std::memcpy(&number, key.data.data() + 1,
              sizeof number);  // of the x coordinate: as good as random
  Slot& slot = slots_[number % kSlots];
  std::mutex& mutex = locks_[number % kLocks];
  {
    std::unique_lock lock(mutex);
    if (slot.filled && slot.key == key) {
      const Secp256k1ParsedKey parsed = slot.parsed;
      lock.unlock();
      return parsed.verify(digest, signature);
    }
  }
  const auto parsed = Secp256k1ParsedKey::parse(key.view());
  if (!parsed || !parsed->verify(digest, signature)) return false;
  const std::lock_guard lock(mutex);
  slot = {true, key, *parsed};
  return true;
}

}  // namespace tp::crypto
