// The seam through which everything reads time; simulation passes its own.
#pragma once

#include "base/time.h"

namespace tp {

class Clock {
 public:
  virtual ~Clock() = default;

  // Wall-clock time in UTC; may jump when an administrator sets it.
  virtual BlockTime now() const = 0;
  // Time since an arbitrary start; never goes back. For measuring and for deadlines.
  virtual Duration elapsed() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  BlockTime now() const override;
  Duration elapsed() const override;
};

}  // namespace tp
