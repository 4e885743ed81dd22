#include "store/reader.h"

namespace tp::store {

KeyRange KeyRange::with_prefix(BytesView prefix) {
  KeyRange range{.from = Bytes(prefix), .to = Bytes(prefix)};
  while (!range.to.empty() && static_cast<std::uint8_t>(range.to.back()) == 0xff)
    range.to.pop_back();
  if (!range.to.empty())
    range.to.back() = static_cast<char>(static_cast<std::uint8_t>(range.to.back()) + 1);
  return range;
}

Result<std::optional<Bytes>> Reader::get(StoreId store, BytesView key) const {
  std::optional<Bytes> copy;
  TRY_VOID(read(store, key, [&copy](BytesView value) { copy = Bytes(value); }));
  return copy;
}

}  // namespace tp::store
