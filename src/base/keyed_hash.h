// Hashes for tables in memory. They differ between processes, so that nobody outside can choose
// keys that collide.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace tp {

std::uint64_t keyed_hash(BytesView bytes);

// For tables whose keys are digests.
struct DigestHash {
  std::size_t operator()(const Hash256& digest) const {
    return static_cast<std::size_t>(keyed_hash(digest.view().substr(0, sizeof(std::uint64_t))));
  }
};

}  // namespace tp
