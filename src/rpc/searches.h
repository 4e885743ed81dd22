// Searches of the index that miss nothing which was committed before they were asked: the index
// follows the blocks on a thread of its own, mostly by a few milliseconds.
//
// Each waits for it, half a second at most. Where it is further behind (after a crash, or where the
// machine is overloaded), what is found is answered, and what may be missed fails with kCatchingUp,
// naming both heights. Errors: also those of Index.
#pragma once

#include "rpc/sources.h"

namespace tp::rpc {

// Nothing: no block holds it. Without waiting where the index has it already.
Result<std::optional<index::TxPlace>> find_tx(const Sources& sources, const Hash256& hash);
Result<std::optional<Height>> find_block(const Sources& sources, const Hash256& hash);

// For searches by events and heights.
index::Index& caught_up_index(const Sources& sources);

}  // namespace tp::rpc
