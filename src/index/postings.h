// Where an attribute has a value, as sorted keys, and the intersection of such lists.
//
//   key   <event.attribute> 00 <value> 00 <height, 8 bytes> <transaction, 4> <event, 4>
//
// Numbers are big-endian, so that keys of one value are in the order of history. A zero byte in an
// attribute or a value is written 00 ff, so that no value's keys lie among those of another:
// heights never begin with ff.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "index/budget.h"
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

// What all keys of one value begin with, and a whole key.
Bytes value_prefix(std::string_view key, std::string_view value);
void append_value_prefix(Bytes& out, std::string_view key, std::string_view value);
// Whether a key that begins with a value's prefix is of that value, not of one that goes on.
bool is_of_value(BytesView key, BytesView value_prefix);
void append_posting(Bytes& value_prefix, const Posting& posting);

// Walks over postings in ascending order.
class Cursor {
 public:
  virtual ~Cursor() = default;
  // The first posting at or after `target`, which is never less than in an earlier call. Nothing at
  // the end.
  virtual Result<std::optional<Posting>> seek(const Posting& target) = 0;
};

// The postings of one value. What is read is taken from `budget`, which must outlive the cursor:
// its seek() fails with kTooBroad.
std::unique_ptr<Cursor> open_value(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                                   const rocksdb::Snapshot* snapshot, Bytes value_prefix,
                                   Budget* budget);

// The postings that satisfy a condition on an attribute. Equality with a text walks over the keys
// of one value; every other condition looks at all values of its key first. Errors: kTooBroad.
Result<std::unique_ptr<Cursor>> open_cursor(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                                            const rocksdb::Snapshot* snapshot,
                                            const Condition& condition, HeightRange range,
                                            Budget* budget);

// What is in all of `cursors`, posting by posting.
std::unique_ptr<Cursor> intersect(std::vector<std::unique_ptr<Cursor>> cursors);

}  // namespace tp::index
