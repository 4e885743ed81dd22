// The block that is being executed, and the two clocks that follow from its header.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/strong.h"
#include "base/time.h"

namespace tp::chain {

// Time that can be billed: it follows header time, but one block advances it by at most
// ChainParams::billable_gap_max, so that a chain that stood still does not charge anyone for the
// pause (design.md §7). Nanoseconds since genesis.
using BillableTime = Strong<struct BillableTimeTag, std::int64_t>;

constexpr Duration operator-(BillableTime later, BillableTime earlier) {
  return {later.value - earlier.value};
}

struct BlockInfo {
  std::string chain_id;
  Height height;
  BlockTime time;  // of the header
  BillableTime billable_now;
  Bytes proposer;  // consensus address, 20 bytes
};

}  // namespace tp::chain
