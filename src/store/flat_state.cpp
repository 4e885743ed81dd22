#include "store/flat_state.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/iterator.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <tuple>

#include "base/log.h"
#include "base/text.h"
#include "crypto/sha.h"
#include "store/record.h"
#include "store/rocks_disk.h"

namespace tp::store {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

constexpr std::string_view kComponent = "state";

// Keys: "m" is the summary, "s" || store || key a key of a store. Values: 'h' || value, or 'c' ||
// height || value.
constexpr std::string_view kSummaryKey = "m";
constexpr char kHotTag = 'h';
constexpr char kColdTag = 'c';

Bytes flat_key(StoreId store, BytesView key) {
  Bytes out;
  out.reserve(key.size() + 2);
  out.push_back('s');
  out.push_back(static_cast<char>(store.value));
  out.append(key);
  return out;
}

Slice slice(BytesView bytes) {
  return {bytes.data(), bytes.size()};
}
BytesView view(const Slice& bytes) {
  return {bytes.data(), bytes.size()};
}

bool take_flat_value(BytesView in, std::optional<Height>& written, BytesView& value) {
  if (in.empty()) return false;
  const char tag = in[0];
  in.remove_prefix(1);
  written.reset();
  if (tag == kColdTag) {
    if (!detail::take_ordered(in, written.emplace().value)) return false;
  } else if (tag != kHotTag) {
    return false;
  }
  value = in;
  return !value.empty();
}

// The summary's stored form.
struct StoredTable {
  std::uint8_t number = 0;
  std::string name;
  std::uint32_t record_version = 0;
  auto fields() { return std::tie(number, name, record_version); }
  auto fields() const { return std::tie(number, name, record_version); }
};
struct StoredStore {
  StoreId id;
  std::string name;
  std::vector<StoredTable> tables;
  auto fields() { return std::tie(id, name, tables); }
  auto fields() const { return std::tie(id, name, tables); }
};
struct StoredRoot {
  StoreId id;
  Hash256 root;
  std::uint64_t keys = 0;
  auto fields() { return std::tie(id, root, keys); }
  auto fields() const { return std::tie(id, root, keys); }
};
struct StoredSummary {
  static constexpr std::uint8_t kVersion = 2;  // of the layout on disk as a whole
  Height height;
  Hash256 root;
  std::string meta;
  std::vector<StoredRoot> roots;
  std::uint32_t schema_version = 0;
  std::vector<StoredStore> stores;
  std::vector<std::string> migrations;
  std::vector<Hash256> replaced_roots;
  auto fields() {
    return std::tie(height, root, meta, roots, schema_version, stores, migrations, replaced_roots);
  }
  auto fields() const {
    return std::tie(height, root, meta, roots, schema_version, stores, migrations, replaced_roots);
  }
};

// Layout 1 has everything but the end.
std::optional<StoredSummary> take_summary(BytesView bytes) {
  if (bytes.empty() || bytes[0] != '\1') return decode_record<StoredSummary>(bytes);
  Bytes as_now(bytes);
  as_now[0] = static_cast<char>(StoredSummary::kVersion);
  append_field(as_now, StoredSummary{}.replaced_roots);
  return decode_record<StoredSummary>(as_now);
}

bool is_known_layout(std::uint8_t version) {
  return version >= 1 && version <= StoredSummary::kVersion;
}

Bytes encode(const FlatSummary& summary) {
  StoredSummary stored{.height = summary.height,
                       .root = summary.root,
                       .meta = summary.meta,
                       .roots = {},
                       .schema_version = summary.schema.version,
                       .stores = {},
                       .migrations = summary.migrations,
                       .replaced_roots = summary.replaced_roots};
  for (const FlatStoreSummary& store : summary.stores)
    stored.roots.push_back({store.id, store.root, store.keys});
  for (const StoreSchema& store : summary.schema.stores) {
    StoredStore& out =
        stored.stores.emplace_back(StoredStore{.id = store.id, .name = store.name, .tables = {}});
    for (const TableSchema& table : store.tables)
      out.tables.push_back(
          {.number = table.number, .name = table.name, .record_version = table.record_version});
  }
  return encode_record(stored);
}

std::optional<FlatSummary> decode(BytesView bytes) {
  std::optional<StoredSummary> stored = take_summary(bytes);
  if (!stored) return std::nullopt;
  FlatSummary summary{.height = stored->height,
                      .root = stored->root,
                      .meta = std::move(stored->meta),
                      .stores = {},
                      .schema = {.version = stored->schema_version, .stores = {}},
                      .migrations = std::move(stored->migrations),
                      .replaced_roots = std::move(stored->replaced_roots)};
  for (const StoredRoot& root : stored->roots)
    summary.stores.push_back({root.id, root.root, root.keys});
  for (StoredStore& store : stored->stores) {
    StoreSchema& out = summary.schema.stores.emplace_back();
    out.id = store.id;
    out.name = std::move(store.name);
    for (StoredTable& table : store.tables)
      out.tables.push_back({.number = table.number,
                            .name = std::move(table.name),
                            .record_version = table.record_version});
  }
  return summary;
}

// The file `durable`: what write() last promised. A line of text with its own checksum.
struct Promise {
  Height height;
  Hash256 root;
};

Bytes encode(const Promise& promise) {
  const Bytes line = "turnpike state 1: height " + std::to_string(promise.height.value) + " root " +
                     to_hex(promise.root.view());
  return line + " check " + to_hex(crypto::sha256(line).view().substr(0, 8)) + "\n";
}

std::optional<Promise> decode_promise(BytesView text) {
  // Taken apart by writing it again: whatever does not come out the same is damaged.
  constexpr std::string_view kStart = "turnpike state 1: height ";
  constexpr std::string_view kMiddle = " root ";
  if (!text.starts_with(kStart)) return std::nullopt;
  text.remove_prefix(kStart.size());
  const std::size_t digits = text.find(' ');
  if (digits == BytesView::npos || digits == 0 || digits > 18) return std::nullopt;
  Promise promise;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    promise.height.value = promise.height.value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  if (!text.starts_with(kMiddle) || text.size() < kMiddle.size() + 64) return std::nullopt;
  const auto root = from_hex(text.substr(kMiddle.size(), 64));
  if (!root) return std::nullopt;
  promise.root = Hash256::of(*root);
  return promise;
}

class RocksFlatState final : public FlatState {
 public:
  RocksFlatState(Disk& disk, std::string directory)
      : disk_(disk), directory_(std::move(directory)), env_(rocks_env_on(disk)) {}

  Result<void> open() {
    if (const auto made = disk_.make_directories(directory_ + "/db"); !made)
      return fail(StoreError::kDisk, made.error().text);
    auto lock = disk_.lock(directory_ + "/LOCK");
    if (!lock) {
      if (!is(lock.error(), BaseError::kInUse)) return fail(StoreError::kDisk, lock.error().text);
      return fail(StoreError::kInUse,
                  directory_ +
                      ": another process has this state open; stop it, or give this one "
                      "another data directory");
    }
    lock_ = *std::move(lock);

    TRY_VOID(open_database());
    return check_promise();
  }

  Result<std::optional<FlatSummary>> summary() override {
    std::string bytes;
    const Status status = db_->Get(reading(), slice(kSummaryKey), &bytes);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return failed(status);
    if (!bytes.empty() && !is_known_layout(static_cast<std::uint8_t>(bytes[0]))) {
      return fail(StoreError::kSchemaMismatch,
                  directory_ + ": the state has layout " +
                      std::to_string(static_cast<std::uint8_t>(bytes[0])) +
                      ", this program knows layouts 1 to " +
                      std::to_string(StoredSummary::kVersion) + "; run a newer program");
    }
    std::optional<FlatSummary> summary = decode(bytes);
    if (!summary)
      return fail(StoreError::kCorrupt, directory_ + "/db: the summary cannot be decoded");
    return summary;
  }

  std::unique_ptr<FlatRows> rows(StoreId store) override {
    return std::make_unique<Rows>(*this, store);
  }

  Result<std::optional<FlatValue>> read(StoreId store, BytesView key) override {
    const std::shared_lock lock(reopening_);
    if (db_ == nullptr) return fail(StoreError::kDisk, directory_ + "/db: is closed");
    rocksdb::PinnableSlice bytes;
    const Status status =
        db_->Get(reading(), db_->DefaultColumnFamily(), slice(flat_key(store, key)), &bytes);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return failed(status);
    FlatValue out;
    BytesView value;
    if (!take_flat_value(view(bytes), out.written, value))
      return fail(StoreError::kCorrupt,
                  directory_ + "/db: the value of key " + to_hex(key) + " cannot be decoded");
    out.value = Bytes(value);
    return out;
  }

  Result<void> write(const FlatSummary& summary, FunctionRef<void(FlatBatch&)> fill) override {
    Batch batch;
    fill(batch);
    batch.batch.Put(slice(kSummaryKey), slice(encode(summary)));
    if (failing_) TRY_VOID(reopen());
    failing_ = true;
    TRY_VOID(write_and_flush(batch.batch));
    const Promise promise{.height = summary.height, .root = summary.root};
    if (const auto promised = write_atomically(disk_, promise_path(), encode(promise)); !promised)
      return fail(StoreError::kDisk, promised.error().text);
    failing_ = false;
    return {};
  }

 private:
  class Rows final : public FlatRows {
   public:
    Rows(const RocksFlatState& state, StoreId store)
        : state_(state),
          prefix_(flat_key(store, {})),
          range_(KeyRange::with_prefix(prefix_)),
          upper_(slice(range_.to)) {
      rocksdb::ReadOptions options = reading();
      options.readahead_size = 4u << 20;
      options.fill_cache = false;
      options.iterate_upper_bound = &upper_;
      rows_.reset(state.db_->NewIterator(options));
      rows_->Seek(slice(prefix_));
    }

    Result<bool> visit(Visitor visitor) override {
      while (rows_->Valid()) {
        BytesView key = view(rows_->key());
        key.remove_prefix(prefix_.size());
        std::optional<Height> written;
        BytesView value;
        if (key.empty() || !take_flat_value(view(rows_->value()), written, value))
          return fail(StoreError::kCorrupt, state_.directory_ + "/db: the value of key " +
                                                to_hex(view(rows_->key())) + " cannot be decoded");
        const Step step = visitor(key, written, value);
        rows_->Next();
        if (step == Step::kStop && rows_->Valid()) return true;
      }
      if (!rows_->status().ok()) return state_.failed(rows_->status());
      return false;
    }

   private:
    const RocksFlatState& state_;
    const Bytes prefix_;
    const KeyRange range_;
    const Slice upper_;
    std::unique_ptr<rocksdb::Iterator> rows_;
  };

  struct Batch final : FlatBatch {
    rocksdb::WriteBatch batch;
    Bytes value_;

    void put_hot(StoreId store, BytesView key, BytesView value) override {
      value_.assign(1, kHotTag);
      value_.append(value);
      batch.Put(slice(flat_key(store, key)), slice(value_));
    }
    void put_cold(StoreId store, BytesView key, Height written, BytesView value) override {
      value_.assign(1, kColdTag);
      detail::append_ordered(value_, written.value);
      value_.append(value);
      batch.Put(slice(flat_key(store, key)), slice(value_));
    }
    void erase(StoreId store, BytesView key) override { batch.Delete(slice(flat_key(store, key))); }
  };

  Result<void> open_database() {
    rocksdb::DB* db = nullptr;
    if (const Status status = rocksdb::DB::Open(options(), directory_ + "/db", &db); !status.ok())
      return failed(status);
    db_.reset(db);
    return {};
  }

  // After a failed write RocksDB may hold a part of it in memory, and retries in its own time. A
  // fresh start holds what is on disk and nothing else; the caller writes again what failed.
  Result<void> reopen() {
    const std::unique_lock lock(reopening_);
    db_.reset();
    return open_database();
  }

  Result<void> write_and_flush(rocksdb::WriteBatch& batch) {
    if (db_ == nullptr) return fail(StoreError::kDisk, directory_ + "/db: is closed");
    rocksdb::WriteOptions unlogged;
    unlogged.disableWAL = true;
    if (const Status status = db_->Write(unlogged, &batch); !status.ok()) return failed(status);
    if (const Status status = db_->Flush(rocksdb::FlushOptions()); !status.ok())
      return failed(status);
    // Flush has been seen to succeed while the write was still in memory (after an error in the
    // background).
    for (const std::string& left : {rocksdb::DB::Properties::kNumEntriesActiveMemTable,
                                    rocksdb::DB::Properties::kNumImmutableMemTable}) {
      std::uint64_t count = 0;
      if (!db_->GetIntProperty(left, &count) || count != 0)
        return fail(StoreError::kDisk, directory_ + "/db: a flush left " + left);
    }
    return {};
  }

  rocksdb::Options options() const {
    rocksdb::Options options;
    options.env = env_.get();
    options.create_if_missing = true;
    options.info_log = rocks_complaints(kComponent);
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.paranoid_checks = true;
    options.avoid_flush_during_shutdown = true;  // only write() decides what becomes durable
    options.max_background_jobs = 2;
    options.write_buffer_size = 512u << 20;  // never reached: write() flushes
    // A flush every second under load makes a table file each, and merging four of them, as is the
    // default, rewrites the whole state every few seconds. Who reads from disk (cold values, a
    // start) finds a Bloom filter in each file. The state of a million accounts is about as
    // large as 32 of them.
    options.level0_file_num_compaction_trigger = 32;
    options.level0_slowdown_writes_trigger = 64;
    options.level0_stop_writes_trigger = 80;
    options.target_file_size_base = 64u << 20;
    options.max_bytes_for_level_base = 256u << 20;
    options.level_compaction_dynamic_level_bytes = true;
    options.compression = rocksdb::kNoCompression;
    rocksdb::BlockBasedTableOptions table;
    table.block_size = 8u << 10;
    table.block_cache = rocksdb::NewLRUCache(16u << 20);  // ColdValues is the cache
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
  }

  static rocksdb::ReadOptions reading() {
    rocksdb::ReadOptions options;
    options.verify_checksums = true;
    return options;
  }

  std::string promise_path() const { return directory_ + "/durable"; }

  // What is on disk may be newer than the promise (the process stopped between the two), never
  // older. Of two roots at one height the newer is the one that says that it replaced the other.
  Result<void> check_promise() {
    TRY(const std::optional<FlatSummary> found, summary());
    if (!disk_.exists(promise_path())) {
      // write() stops between database and promise only once: the first time.
      return {};
    }
    const auto text = disk_.read(promise_path());
    if (!text) return fail(StoreError::kDisk, text.error().text);
    const std::optional<Promise> promise = decode_promise(*text);
    if (!promise || encode(*promise) != *text)
      return fail(StoreError::kCorrupt, promise_path() + ": not what was written");
    const Height height = found ? found->height : Height{-1};
    const bool is_lost = height < promise->height;
    const bool is_other =
        height == promise->height && found->root != promise->root &&
        std::ranges::find(found->replaced_roots, promise->root) == found->replaced_roots.end();
    if (is_lost || is_other) {
      return fail(StoreError::kCorrupt,
                  directory_ + "/db: its MANIFEST is damaged or files are missing: it holds " +
                      (found ? "height " + std::to_string(height.value) + " with root " +
                                   to_hex(found->root.view())
                             : std::string("no state")) +
                      ", but height " + std::to_string(promise->height.value) + " with root " +
                      to_hex(promise->root.view()) + " was made durable");
    }
    return {};
  }

  std::unexpected<Error> failed(const Status& status) const {
    const std::string text = directory_ + "/db: " + status.ToString();
    if (status.IsIOError() || status.IsNoSpace()) return fail(StoreError::kDisk, text);
    return fail(StoreError::kCorrupt, text);
  }

  Disk& disk_;
  const std::string directory_;
  const std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<rocksdb::DB> db_;
  std::shared_mutex reopening_;  // shared by readers
  bool failing_ = false;
};

}  // namespace

Result<std::unique_ptr<FlatState>> open_flat_state(Disk& disk, const std::string& directory) {
  auto state = std::make_unique<RocksFlatState>(disk, directory);
  TRY_VOID(state->open());
  return state;
}

}  // namespace tp::store
