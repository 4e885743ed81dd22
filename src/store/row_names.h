// Names of rows that somebody is about to read.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "store/reader.h"

namespace tp::store {

// Keys one after the other in one buffer, kept for the next list. Names beyond kMost are forgotten:
// a stranger's transaction may name thousands, and more than this would not fit the cache.
class RowNames {
 public:
  static constexpr std::size_t kMost = 128;

  struct Name {
    StoreId store;
    BytesView key;
  };

  void add(StoreId store, BytesView key) {
    if (places_.size() == kMost) return;
    places_.push_back({store, static_cast<std::uint32_t>(key.size())});
    keys_.append(key);
  }
  void clear() {
    places_.clear();
    keys_.clear();
  }
  std::size_t size() const { return places_.size(); }

  template <class Visit>
  void for_each(Visit visit) const {
    BytesView rest = keys_;
    for (const Place& place : places_) {
      visit(Name{place.store, rest.substr(0, place.size)});
      rest.remove_prefix(place.size);
    }
  }

 private:
  struct Place {
    StoreId store;
    std::uint32_t size;
  };
  std::vector<Place> places_;
  Bytes keys_;
};

}  // namespace tp::store
