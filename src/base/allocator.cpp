#include "base/allocator.h"

#include <mimalloc.h>

// Not there where the program does not link it.
#pragma weak mi_option_set

namespace tp {

void keep_freed_memory_a_second() {
  constexpr long kMilliseconds = 1'000;
  if (&mi_option_set == nullptr) return;
  mi_option_set(mi_option_decommit_delay, kMilliseconds);
  mi_option_set(mi_option_segment_decommit_delay, kMilliseconds);
}

}  // namespace tp
