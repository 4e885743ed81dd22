#include "rpc/searches.h"

namespace tp::rpc {

index::Index& caught_up_index(const Sources& sources) {
  const Height latest = sources.sequencer.feed().latest()->height();
  if (!sources.index.wait_for(latest, Duration::milliseconds(500))) sources.index.expect(latest);
  return sources.index;
}

Result<std::optional<index::TxPlace>> find_tx(const Sources& sources, const Hash256& hash) {
  auto place = sources.index.tx_by_hash(hash);
  if (place && *place) return place;
  return caught_up_index(sources).tx_by_hash(hash);
}

Result<std::optional<Height>> find_block(const Sources& sources, const Hash256& hash) {
  auto height = sources.index.block_by_hash(hash);
  if (height && *height) return height;
  return caught_up_index(sources).block_by_hash(hash);
}

}  // namespace tp::rpc
