// How much one search may read. Whoever asks is a stranger: a search that would go on for seconds
// is refused, not served.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "index/query.h"

namespace tp::index {

class Budget {
 public:
  static constexpr std::uint64_t kSteps = 200'000;  // some tens of milliseconds
  static constexpr std::uint64_t kStep = 1;         // to the next key
  static constexpr std::uint64_t kSeek = 8;         // to any key

  // Errors: kTooBroad.
  Result<void> spend(std::uint64_t steps) {
    if (steps > left_)
      return fail(QueryError::kTooBroad,
                  "add a condition with = on something rarer, or a range of heights");
    left_ -= steps;
    return {};
  }

 private:
  std::uint64_t left_ = kSteps;
};

}  // namespace tp::index
