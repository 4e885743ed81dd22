// Where an attribute has a value, as sorted keys, and the intersection of such lists.
//
//   key   <event.attribute> 00 <value> 00 <height, 8 bytes> <transaction, 4> <event, 4>
//
// Numbers are big-endian, so that keys of one value are in the order of history. A value may hold
// zero bytes: what a key means follows from its length.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "index/query.h"

namespace tp::index {

// One event of one transaction (or of a block itself: then transaction is 0).
struct Posting {
  std::int64_t height = 0;
  std::uint32_t transaction = 0;
  std::uint32_t event = 0;
  auto operator<=>(const Posting&) const = default;
};

struct HeightRange {
  std::int64_t first = 1;
  std::int64_t last = INT64_MAX;
};

Bytes posting_key(std::string_view key, std::string_view value, const Posting& posting);

// Walks over postings in ascending order.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // The first posting at or after `target`, which is never less than in an earlier call. Nothing at
  // the end.
  virtual Result<std::optional<Posting>> seek(const Posting& target) = 0;
};

// The postings that satisfy a condition on an attribute. Equality walks over the keys of one value;
// every other condition looks at all values of its key first.
Result<std::unique_ptr<Cursor>> open_cursor(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                                            const rocksdb::Snapshot* snapshot,
                                            const Condition& condition, HeightRange range);

// What is in all of `cursors`, posting by posting.
std::unique_ptr<Cursor> intersect(std::vector<std::unique_ptr<Cursor>> cursors);

}  // namespace tp::index
