// RawTable: a whole store whose keys and values are somebody else's, byte for byte, without the
// number and the version that a Table puts before them. For protocols that fix both, because others
// prove them by their own paths: IBC's store (specs/chain.md §4.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/error.h"
#include "store/reader.h"
#include "store/schema.h"

namespace tp::store {

class RawTable {
 public:
  // `store` belongs to this table alone: no Table may stand in it.
  constexpr explicit RawTable(StoreId store) : store_(store) {}

  StoreId store() const { return store_; }

  // The store as StateSchema lists it. `placement` is that of every value.
  StoreSchema schema(std::string name, Placement placement) const {
    return {.id = store_, .name = std::move(name), .tables = {}, .other_keys = placement};
  }

  // Nothing when absent. Cost: one read.
  Result<std::optional<Bytes>> find(const Reader& state, BytesView key) const;
  Result<bool> contains(const Reader& state, BytesView key) const;
  // Errors: kInvalidWrite for a key that is empty or above 65,535 bytes, and for an empty value:
  // what ICS-23 cannot prove, or the state cannot hold. Nothing changes then.
  Result<void> put(Writer& state, BytesView key, BytesView value) const;
  Result<void> erase(Writer& state, BytesView key) const;
  // Visits, in byte order, the rows whose key begins with `prefix`; all of them where it is empty.
  // The visitor must not write to this table.
  Result<void> scan(const Reader& state, BytesView prefix, ScanVisitor visit) const;

 private:
  StoreId store_;
};

}  // namespace tp::store
