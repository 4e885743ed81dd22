// Buffers that are filled once a block.
#pragma once

#include "base/bytes.h"

namespace tp::solo {

// Empties a buffer but keeps its memory. The blocks of a busy chain have megabytes, and pages that
// the system must hand out anew cost more than what is written to them.
inline void empty_for_reuse(Bytes& buffer) {
  constexpr std::size_t kKeptAtMost = 32 * 1024 * 1024;
  if (buffer.capacity() > kKeptAtMost)
    Bytes().swap(buffer);
  else
    buffer.clear();
}

}  // namespace tp::solo
