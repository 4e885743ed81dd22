#include "index/heights.h"

#include "base/varint.h"
#include "index/index.h"

namespace tp::index {
namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

}  // namespace

Bytes height_key(std::int64_t height) {
  Bytes out;
  append_big_endian(out, static_cast<std::uint64_t>(height));
  return out;
}

Bytes height_value(const HeightRow& row) {
  Bytes out;
  append_big_endian(out, row.txs);
  append_big_endian(out, row.before);
  return out;
}

Heights::Heights(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                 const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  it_.reset(db.NewIterator(options, &family));
}

Result<std::optional<HeightRow>> Heights::row() const {
  if (!it_->Valid()) {
    if (!it_->status().ok()) return fail(IndexError::kDatabase, it_->status().ToString());
    return std::optional<HeightRow>();
  }
  const std::string_view key{it_->key().data(), it_->key().size()};
  const std::string_view value{it_->value().data(), it_->value().size()};
  if (key.size() != 8 || value.size() != 16)
    return fail(IndexError::kDatabase, "a row of heights of the wrong size");
  return std::optional(HeightRow{.height = static_cast<std::int64_t>(big_endian(key)),
                                 .txs = big_endian(value.substr(0, 8)),
                                 .before = big_endian(value.substr(8))});
}

Result<std::optional<HeightRow>> Heights::from(std::int64_t height) {
  it_->Seek(height_key(height));
  return row();
}

Result<std::optional<HeightRow>> Heights::up_to(std::int64_t height) {
  it_->SeekForPrev(height_key(height));
  return row();
}

Result<HeightRow> Heights::holding(std::uint64_t number, HeightRow low, HeightRow high) {
  while (low.height < high.height) {
    const std::int64_t middle = low.height + (high.height - low.height) / 2;
    TRY(const std::optional<HeightRow> found, up_to(middle));
    if (!found || found->height < low.height)
      return fail(IndexError::kDatabase, "a gap in the rows of heights");
    if (number < found->before + found->txs) {
      high = *found;
    } else {
      TRY(const std::optional<HeightRow> next, from(middle + 1));
      if (!next) return fail(IndexError::kDatabase, "the rows of heights end too soon");
      low = *next;
    }
  }
  return low;
}

Result<Found<TxPlace>> Heights::transactions(HeightRange range, Order order, Page page) {
  TRY(const std::optional<HeightRow> low, from(range.first));
  TRY(const std::optional<HeightRow> high, up_to(range.last));
  if (!low || !high || low->height > high->height) return Found<TxPlace>{};
  Found<TxPlace> out{.total = high->before + high->txs - low->before, .places = {}};
  const Stretch wanted = stretch_of(out.total, order, page);
  HeightRow block = *low;
  for (std::uint64_t i = 0; i < wanted.count; ++i) {
    const std::uint64_t number = low->before + wanted.first + i;
    if (number >= block.before + block.txs) TRY_TO(block, holding(number, block, *high));
    out.places.push_back({Height{block.height}, static_cast<std::uint32_t>(number - block.before)});
  }
  if (order == Order::kDescending) std::reverse(out.places.begin(), out.places.end());
  return out;
}

Result<Found<Height>> Heights::blocks(HeightRange range, Order order, Page page) {
  TRY(const std::optional<HeightRow> low, from(range.first));
  TRY(const std::optional<HeightRow> high, up_to(range.last));
  if (!low || !high || low->height > high->height) return Found<Height>{};
  Found<Height> out{.total = static_cast<std::uint64_t>(high->height - low->height + 1),
                    .places = {}};
  const Stretch wanted = stretch_of(out.total, order, page);
  for (std::uint64_t i = 0; i < wanted.count; ++i)
    out.places.push_back(Height{low->height + static_cast<std::int64_t>(wanted.first + i)});
  if (order == Order::kDescending) std::reverse(out.places.begin(), out.places.end());
  return out;
}

}  // namespace tp::index
