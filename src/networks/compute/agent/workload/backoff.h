// How long to wait before something that failed is tried again: doubling, bounded, and forgotten
// after a run that was long enough. A value; the caller keeps the time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace tp::compute::workload {

class Backoff {
 public:
  Backoff(Duration first, Duration most) : first_(first), most_(most) {}

  // One more failure in a row; the wait before the next try.
  Duration fail() {
    Duration wait = first_;
    for (std::uint32_t i = 0; i < failures_ && wait < most_; ++i) wait.nanoseconds *= 2;
    ++failures_;
    return std::min(wait, most_);
  }
  void forget() { failures_ = 0; }
  std::uint32_t failures() const { return failures_; }

 private:
  Duration first_;
  Duration most_;
  std::uint32_t failures_ = 0;
};

}  // namespace tp::compute::workload
