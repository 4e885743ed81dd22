// Writes that hold their bytes: for tests, benchmarks, and whoever has no overlay to collect them.
#pragma once

#include <map>

#include "store/overlay.h"

namespace tp::store {

// As WriteSet: nothing means erased.
using OwnedWrites = std::map<StoreId, std::map<Bytes, std::optional<Bytes>>>;

// Valid as long as `writes` is there and does not change.
inline WriteSet views_of(const OwnedWrites& writes) {
  WriteSet out;
  for (const auto& [store, store_writes] : writes) {
    StoreWrites& views = out[store];
    for (const auto& [key, value] : store_writes) views.push_back({key, value});
  }
  return out;
}

}  // namespace tp::store
