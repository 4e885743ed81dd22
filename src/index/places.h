// Where in history something is, and which part of many such places is wanted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/strong.h"

namespace tp::index {

struct TxPlace {
  Height height;
  std::uint32_t index = 0;  // in the block
  auto operator<=>(const TxPlace&) const = default;
};

enum class Order { kAscending, kDescending };

// Which part of the result is wanted.
struct Page {
  std::uint64_t skip = 0;
  std::uint64_t limit = 30;
};

template <class Place>
struct Found {
  std::uint64_t total = 0;    // all that match
  std::vector<Place> places;  // those of the page, in order
};

// A page of `total` places as places of the ascending order: [first, first + count).
struct Stretch {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
constexpr Stretch stretch_of(std::uint64_t total, Order order, Page page) {
  const std::uint64_t skip = std::min(page.skip, total);
  const std::uint64_t count = std::min(page.limit, total - skip);
  return {order == Order::kAscending ? skip : total - skip - count, count};
}

}  // namespace tp::index
