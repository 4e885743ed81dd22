// The byte order of keys, by the first eight bytes where they suffice: what is compared again and
// again need not be fetched from where the keys lie.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace tp::store {

// The first eight bytes as a number, zeros after a shorter key. Of two keys with different heads
// the one with the lower head is the lower; with the same head either may be.
inline std::uint64_t key_head(BytesView key) {
  std::uint64_t head = 0;
  if (key.size() >= sizeof head) {
    std::memcpy(&head, key.data(), sizeof head);  // the usual case without a call
  } else if (!key.empty()) {
    std::memcpy(&head, key.data(), key.size());
  }
  if constexpr (std::endian::native == std::endian::little) head = __builtin_bswap64(head);
  return head;
}

// Sorts by `key_of(item)`. Cost: O(n log n), and the memory of n pairs.
template <class Item, class KeyOf>
void sort_by_key(std::vector<Item>& items, KeyOf key_of) {
  std::vector<std::pair<std::uint64_t, Item>> pairs;
  pairs.reserve(items.size());
  for (const Item& item : items) pairs.emplace_back(key_head(key_of(item)), item);
  std::sort(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : key_of(a.second) < key_of(b.second);
  });
  std::transform(pairs.begin(), pairs.end(), items.begin(),
                 [](const auto& pair) { return pair.second; });
}

}  // namespace tp::store
