// The flat state on disk: every key with its value, at exactly one height. RocksDB behind a door
// that knows nothing of it.
//
// No write-ahead log: a group of blocks is one atomic batch, flushed to a checksummed table file
// and synced before write() returns. A crash therefore leaves the state of the last write() that
// returned, or of one that was about to; the engine executes the blocks after it again. Beside the
// database stands the file `durable` with the height and root of the last write(), so that a
// database that lost files it had synced is noticed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/function_ref.h"
#include "store/error.h"
#include "store/reader.h"
#include "store/schema.h"

namespace tp::store {

struct FlatValue {
  std::optional<Height> written;  // of a cold value: the height of the block that wrote it
  Bytes value;
};

struct FlatStoreSummary {
  StoreId id;
  Hash256 root;
  std::uint64_t keys = 0;
};

// What stands beside the keys.
struct FlatSummary {
  Height height;
  Hash256 root;
  Bytes meta;
  std::vector<FlatStoreSummary> stores;
  StateSchema schema;  // placements are not stored: every value says itself where it belongs
  // Migrations that this state went through: "3 -> 4 at height 1200".
  std::vector<std::string> migrations;
  // The roots that migrations replaced at this height, oldest first. Usually none.
  std::vector<Hash256> replaced_roots;
};

class FlatBatch {
 public:
  virtual ~FlatBatch() = default;
  virtual void put_hot(StoreId store, BytesView key, BytesView value) = 0;
  virtual void put_cold(StoreId store, BytesView key, Height written, BytesView value) = 0;
  virtual void erase(StoreId store, BytesView key) = 0;
};

// The rows of one store, from the first to the last. One caller at a time, from any thread.
class FlatRows {
 public:
  using Visitor = FunctionRef<Step(BytesView key, std::optional<Height> written, BytesView value)>;

  virtual ~FlatRows() = default;
  // Goes on from the last row that was visited until the visitor says kStop or none is left: then
  // false. Errors: kCorrupt naming the file.
  virtual Result<bool> visit(Visitor visitor) = 0;
};

class FlatState {
 public:
  virtual ~FlatState() = default;

  // Nothing when no state was ever written. Errors: kCorrupt.
  virtual Result<std::optional<FlatSummary>> summary() = 0;

  // Every key of a store in order, in one sequential pass. Must not outlive the flat state.
  virtual std::unique_ptr<FlatRows> rows(StoreId store) = 0;

  virtual Result<std::optional<FlatValue>> read(StoreId store, BytesView key) = 0;

  // All of `fill` and `summary`, or nothing; durable when it returns. One caller at a time. Errors:
  // kDisk.
  virtual Result<void> write(const FlatSummary& summary, FunctionRef<void(FlatBatch&)> fill) = 0;
};

// Opens or creates the flat state in `directory`, which stays locked while it is open. Every table
// file is compared with its checksum. Errors: kInUse, kCorrupt naming the file, kDisk.
Result<std::unique_ptr<FlatState>> open_flat_state(Disk& disk, const std::string& directory);

}  // namespace tp::store
