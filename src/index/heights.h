// How many transactions each block holds, and all before it: what a search by heights alone needs.
//
//   key    <height, 8 bytes>
//   value  <transactions in the block, 8> <transactions in all blocks before it, 8>
//
// Numbers are big-endian. Heights have no gaps.
#pragma once

#include <rocksdb/db.h>

#include <optional>

#include "base/bytes.h"
#include "index/places.h"
#include "index/postings.h"

namespace tp::index {

struct HeightRow {
  std::int64_t height = 0;
  std::uint64_t txs = 0;
  std::uint64_t before = 0;
};
Bytes height_key(std::int64_t height);
Bytes height_value(const HeightRow& row);

class Heights {
 public:
  Heights(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const rocksdb::Snapshot* snapshot);

  // The first row at or above a height, the last at or below it.
  Result<std::optional<HeightRow>> from(std::int64_t height);
  Result<std::optional<HeightRow>> up_to(std::int64_t height);

  // Cost: O((1 + page) * log(heights)), whatever lies between.
  Result<Found<TxPlace>> transactions(HeightRange range, Order order, Page page);
  Result<Found<Height>> blocks(HeightRange range, Order order, Page page);

 private:
  Result<std::optional<HeightRow>> row() const;
  // The block in [low, high] that holds the transaction of this number, counted from the first
  // block. Precondition: there is one.
  Result<HeightRow> holding(std::uint64_t number, HeightRow low, HeightRow high);

  std::unique_ptr<rocksdb::Iterator> it_;
};

}  // namespace tp::index
