#include "index/index.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <shared_mutex>

#include "base/log.h"
#include "base/text.h"
#include "base/varint.h"
#include "index/heights.h"
#include "index/postings.h"
#include "index/runs.h"
#include "store/rocks_disk.h"

namespace tp::index {
namespace {

constexpr std::string_view kFormat = "turnpike index 2";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kChainKey = "chain_id";
constexpr std::string_view kNextKey = "next_height";

// What is written to disk together, so that after a crash the index has soon caught up.
constexpr std::uint64_t kUnflushedKeysMax = 300'000;
constexpr std::uint64_t kUnflushedBlocksMax = 5'000;

constexpr std::int64_t kLastHeight = std::numeric_limits<std::int64_t>::max();

enum Family : std::size_t {
  kMeta,
  kTxByHash,
  kBlockByHash,
  kHeights,
  kTxEvents,
  kBlockEvents,
  kRuns
};
constexpr std::array<const char*, 7> kFamilyNames{
    "default", "tx_by_hash", "block_by_hash", "heights", "tx_events", "block_events", "runs"};

std::unexpected<Error> database_error(const rocksdb::Status& status) {
  return fail(IndexError::kDatabase, status.ToString());
}

Bytes big_endian_64(std::uint64_t value) {
  Bytes out;
  append_big_endian(out, value);
  return out;
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

Bytes place_value(const TxPlace& place) {
  return big_endian_64(static_cast<std::uint64_t>(place.height.value)) +
         big_endian_64(place.index).substr(4);
}

rocksdb::Slice slice(BytesView bytes) {
  return {bytes.data(), bytes.size()};
}

// What the built-in conditions of a query say, and the others by event.
struct Plan {
  HeightRange range;
  bool nothing = false;  // the built-in conditions contradict each other
  std::optional<std::string> hash;
  std::vector<std::vector<Condition>> groups;  // each of one event type
};

// tx.height or block.height: narrows the range. Errors: kUnsupported.
Result<void> narrow(Plan& plan, const Condition& condition) {
  if (condition.op == Operator::kExists) return {};
  const auto* number = std::get_if<Number>(&condition.operand);
  std::optional<Number> quoted;
  if (const auto* text = std::get_if<std::string>(&condition.operand);
      text != nullptr && condition.op == Operator::kEqual) {
    quoted = Number::at_front_of(*text);  // tx.height = '5'
    number = quoted ? &*quoted : nullptr;
  }
  if (number == nullptr)
    return fail(QueryError::kUnsupported, condition.key + " compares with numbers only");
  if (!number->fraction.empty() || number->negative) {
    return fail(QueryError::kUnsupported, condition.key + " is a whole number");
  }
  const auto parsed = parse_int<std::int64_t>(number->whole);
  // A number beyond all heights is like the largest.
  const std::int64_t height = parsed && *parsed < std::numeric_limits<std::int64_t>::max()
                                  ? *parsed
                                  : std::numeric_limits<std::int64_t>::max() - 1;
  HeightRange& range = plan.range;
  switch (condition.op) {
    case Operator::kEqual:
      range.first = std::max(range.first, height);
      range.last = std::min(range.last, height);
      break;
    case Operator::kLess: range.last = std::min(range.last, height - 1); break;
    case Operator::kLessOrEqual: range.last = std::min(range.last, height); break;
    case Operator::kGreater: range.first = std::max(range.first, height + 1); break;
    case Operator::kGreaterOrEqual: range.first = std::max(range.first, height); break;
    case Operator::kContains:
    case Operator::kExists: break;
  }
  plan.nothing = plan.nothing || range.first > range.last;
  return {};
}

Result<void> want_hash(Plan& plan, const Condition& condition) {
  const auto* text = std::get_if<std::string>(&condition.operand);
  if (condition.op != Operator::kEqual || text == nullptr)
    return fail(QueryError::kUnsupported, "tx.hash compares with = 'HEX' only");
  if (plan.hash && *plan.hash != *text) plan.nothing = true;
  plan.hash = *text;
  return {};
}

Result<Plan> make_plan(const Query& query, std::string_view height_key, bool has_hash) {
  Plan plan;
  for (const Condition& condition : query.conditions()) {
    if (condition.key == height_key) {
      TRY_VOID(narrow(plan, condition));
    } else if (has_hash && condition.key == "tx.hash") {
      TRY_VOID(want_hash(plan, condition));
    } else {
      const auto group = std::find_if(plan.groups.begin(), plan.groups.end(), [&](const auto& g) {
        return g.front().event_type() == condition.event_type();
      });
      if (group == plan.groups.end()) {
        plan.groups.push_back({condition});
      } else {
        group->push_back(condition);
      }
    }
  }
  return plan;
}

Found<TxPlace> page_of(const std::vector<TxPlace>& all, Order order, Page page) {
  Found<TxPlace> out{.total = all.size(), .places = {}};
  const Stretch wanted = stretch_of(all.size(), order, page);
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(wanted.first);
  out.places.assign(at, at + static_cast<std::ptrdiff_t>(wanted.count));
  if (order == Order::kDescending) std::reverse(out.places.begin(), out.places.end());
  return out;
}

Found<Height> heights_of(const Found<TxPlace>& found) {
  Found<Height> out{.total = found.total, .places = {}};
  for (const TxPlace& place : found.places) out.places.push_back(place.height);
  return out;
}

}  // namespace

ErrorInfo describe(IndexError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"index", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case IndexError::kDatabase: return info("index database");
    case IndexError::kOtherFormat:
      return info("the index is of another version; delete its folder to have it made again");
    case IndexError::kOtherChain: return info("the index is of another chain");
    case IndexError::kCatchingUp: return info("the index is catching up");
  }
  TP_FATAL("IndexError out of range");
}

struct Index::State {
  State(Disk& index_disk, std::string path, std::string chain)
      : disk(index_disk), directory(std::move(path)), chain_id(std::move(chain)) {}

  Disk& disk;
  const std::string directory;
  const std::string chain_id;
  // Readers share it. The writing thread has it alone while it opens the database again.
  mutable std::shared_mutex open_mutex;
  std::unique_ptr<rocksdb::Env> env;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;  // by Family
  std::atomic<std::int64_t> next{0};
  std::atomic<std::int64_t> expected{0};  // the height before which a search may miss something
  // Only the writing thread:
  RunTracker runs;
  std::uint64_t txs = 0;  // in all blocks
  std::uint64_t unflushed_keys = 0;
  std::uint64_t unflushed_blocks = 0;
  bool damaged = false;  // a write failed: the database takes no more until it is opened again
  mutable std::mutex mutex;
  mutable std::condition_variable advanced;

  ~State() { close_database(); }

  Result<void> open_database();
  void close_database() {
    for (rocksdb::ColumnFamilyHandle* family : families)
      (void)db->DestroyColumnFamilyHandle(family);
    families.clear();
    db.reset();
  }
  // Goes back to what is on disk. Errors: those of Index::open.
  Result<void> open_again();
  // Errors: kDatabase while it could not be opened again.
  Result<std::shared_lock<std::shared_mutex>> lock_for_reading() const {
    std::shared_lock lock(open_mutex);
    if (db == nullptr)
      return fail(IndexError::kDatabase, "it failed and is being opened again; see the log");
    return lock;
  }
  // Before a search of blocks up to `last`, for what it would miss. Errors: kCatchingUp.
  Result<void> check_reaches(std::int64_t last) const {
    const std::int64_t at = std::max<std::int64_t>(next - 1, 0), wanted = expected;
    if (at >= std::min(last, wanted)) return {};
    return fail(IndexError::kCatchingUp, "searches reach height " + std::to_string(at) + " of " +
                                             std::to_string(wanted) + " so far");
  }
  Result<void> write(const chain::CommittedBlock& block);
  Result<std::optional<TxPlace>> place_of(const Hash256& hash) const;

  Result<std::optional<Bytes>> get(Family family, BytesView key) const {
    std::string value;
    const auto status = db->Get(rocksdb::ReadOptions(), families[family], slice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>();
    if (!status.ok()) return database_error(status);
    return std::optional<Bytes>(std::move(value));
  }

  Result<void> check_identity();
  void flush_if_due();
  // Pages of what matches the plan's conditions on events, of which it has some.
  Result<Found<TxPlace>> search(const Plan& plan, Family events, Order order, Page page) const;
  Result<std::vector<TxPlace>> matching_events(const Plan& plan, Family events,
                                               const rocksdb::Snapshot* snapshot) const;
};

Result<void> Index::State::check_identity() {
  TRY(const auto format, get(kMeta, kFormatKey));
  if (!format) {
    rocksdb::WriteBatch batch;
    batch.Put(slice(kFormatKey), slice(kFormat));
    batch.Put(slice(kChainKey), slice(chain_id));
    rocksdb::WriteOptions options;
    options.sync = true;
    if (const auto status = db->Write(options, &batch); !status.ok()) return database_error(status);
    next = 0;
    return {};
  }
  if (*format != kFormat)
    return fail(IndexError::kOtherFormat,
                "it says \"" + *format + "\", expected \"" + std::string(kFormat) + "\"");
  TRY(const auto chain, get(kMeta, kChainKey));
  if (chain != chain_id)
    return fail(IndexError::kOtherChain,
                "it says \"" + chain.value_or("") + "\", expected \"" + chain_id + "\"");
  TRY(const auto next_height, get(kMeta, kNextKey));
  next = next_height ? static_cast<std::int64_t>(read_big_endian(*next_height)) : 0;
  TRY(const std::optional<HeightRow> last, Heights(*db, *families[kHeights], nullptr).up_to(next));
  if (last) txs = last->before + last->txs;
  return {};
}

// Begins a flush; writes go on meanwhile. If it cannot begin, the next block tries again: this one
// is indexed.
void Index::State::flush_if_due() {
  if (unflushed_keys < kUnflushedKeysMax && unflushed_blocks < kUnflushedBlocksMax) return;
  rocksdb::FlushOptions options;
  options.wait = false;
  if (const auto status = db->Flush(options, families); !status.ok())
    return log_warning("index", "what is indexed is not on disk yet: " + status.ToString());
  unflushed_keys = unflushed_blocks = 0;
}

Result<void> Index::State::open_again() {
  const std::unique_lock lock(open_mutex);
  close_database();
  runs = RunTracker();
  txs = unflushed_keys = unflushed_blocks = 0;
  if (auto opened = open_database(); !opened) {
    close_database();
    return opened;
  }
  damaged = false;
  return {};
}

Index::Index(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(Disk& disk, const std::string& directory,
                                           const std::string& chain_id) {
  if (const auto made = disk.make_directories(directory); !made)
    return fail(IndexError::kDatabase, made.error().text);
  auto state = std::make_unique<State>(disk, directory, chain_id);
  TRY_VOID(state->open_database());
  return std::unique_ptr<Index>(new Index(std::move(state)));
}

Result<void> Index::State::open_database() {
  if (!env) env = store::rocks_env_on(disk);
  rocksdb::Options options;
  options.env = env.get();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.compression = rocksdb::kLZ4Compression;
  options.db_write_buffer_size = 64 << 20;
  options.max_background_jobs = 2;
  // A flush has a few megabytes, with keys of everything: whatever it is merged into is rewritten
  // as a whole. So many at a time; a search looks at each, which costs it microseconds.
  options.level0_file_num_compaction_trigger = 16;
  options.level0_slowdown_writes_trigger = 48;
  options.level0_stop_writes_trigger = 64;
  options.info_log = store::rocks_complaints("index");
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  // No write-ahead log: everything in memory reaches the disk together, and what a crash takes away
  // is read from the block log again.
  options.atomic_flush = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(32 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::ColumnFamilyOptions by_hash(options);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  by_hash.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));

  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    const bool hashed = i == kTxByHash || i == kBlockByHash;
    descriptors.emplace_back(kFamilyNames[i],
                             hashed ? by_hash : rocksdb::ColumnFamilyOptions(options));
  }
  rocksdb::DB* opened = nullptr;
  // Compaction comes after blocks where processors are scarce.
  (void)options.env->LowerThreadPoolCPUPriority(rocksdb::Env::Priority::LOW,
                                                rocksdb::CpuPriority::kLow);
  const auto status = rocksdb::DB::Open(options, directory, descriptors, &families, &opened);
  if (!status.ok()) return database_error(status);
  db.reset(opened);
  return check_identity();
}

Height Index::next_height() const {
  return Height{state_->next};
}

Height Index::indexed_height() const {
  return Height{std::max<std::int64_t>(state_->next - 1, 0)};
}

void Index::expect(Height height) {
  std::int64_t before = state_->expected;
  while (before < height.value && !state_->expected.compare_exchange_weak(before, height.value)) {
  }
}

bool Index::wait_for(Height height, Duration timeout) const {
  std::unique_lock lock(state_->mutex);
  return state_->advanced.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds),
                                   [&] { return indexed_height() >= height; });
}

namespace {

// The keys of a block's postings, one behind the other.
class Keys {
 public:
  explicit Keys(RunTracker& runs, RunKind kind) : runs_(runs), kind_(kind) {}

  void add(const chain::EventList& events, Posting posting) {
    for (const chain::EventView& event : events) {
      for (const chain::AttributeView& attribute : event.attributes) {
        if (!attribute.index || event.type.empty() || attribute.key.empty()) continue;
        name_.assign(event.type).append(".").append(attribute.key);
        const std::size_t begin = bytes_.size();
        append_value_prefix(bytes_, name_, attribute.value);
        runs_.add(kind_, BytesView(bytes_).substr(begin),
                  {Height{posting.height}, posting.transaction});
        append_posting(bytes_, posting);
        ends_.push_back(bytes_.size());
      }
      ++posting.event;
    }
  }

  // In order, which the database takes up faster.
  void put(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* family) const {
    std::vector<BytesView> keys;
    keys.reserve(ends_.size());
    for (std::size_t begin = 0; const std::size_t end : ends_) {
      keys.push_back(BytesView(bytes_).substr(begin, end - begin));
      begin = end;
    }
    std::sort(keys.begin(), keys.end());
    for (const BytesView key : keys) batch.Put(family, slice(key), rocksdb::Slice());
  }

 private:
  RunTracker& runs_;
  const RunKind kind_;
  Bytes bytes_, name_;
  std::vector<std::size_t> ends_;
};

}  // namespace

Result<void> Index::on_block(const chain::CommittedBlock& block) {
  if (state_->damaged) {
    TRY_VOID(state_->open_again());
    if (block.height.value > state_->next)
      return fail(IndexError::kDatabase,
                  "opened again; what was not on disk is missing, from block " +
                      std::to_string(state_->next.load()));
  }
  if (block.height.value < state_->next) return {};  // seen already
  auto written = state_->write(block);
  if (!written) {
    state_->damaged = true;
    return written;
  }
  state_->advanced.notify_all();
  if (block.height.value == state_->expected)
    log_info("index", "has caught up, at height " + std::to_string(block.height.value));
  state_->flush_if_due();
  return {};
}

Result<void> Index::State::write(const chain::CommittedBlock& block) {
  rocksdb::WriteBatch batch;
  const std::int64_t height = block.height.value;
  const Bytes own_key = height_key(height);
  const std::uint64_t count = block.tx_hashes.size();
  batch.Put(families[kBlockByHash], slice(block.hash.view()), slice(own_key));
  batch.Put(families[kHeights], slice(own_key),
            slice(height_value({.height = height, .txs = count, .before = txs})));
  Keys block_keys(runs, RunKind::kBlock), tx_keys(runs, RunKind::kTx);
  block_keys.add(block.response.events, {.height = height});
  for (std::size_t i = 0; i < block.tx_hashes.size(); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    batch.Put(families[kTxByHash], slice(block.tx_hashes[i].view()),
              slice(place_value({block.height, index})));
    tx_keys.add(block.response.tx_results[i].events, {.height = height, .transaction = index});
  }
  block_keys.put(batch, families[kBlockEvents]);
  tx_keys.put(batch, families[kTxEvents]);
  for (const auto& [key, value] : runs.take_rows())
    batch.Put(families[kRuns], slice(key), slice(value));
  batch.Put(families[kMeta], slice(kNextKey),
            slice(big_endian_64(static_cast<std::uint64_t>(height + 1))));
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  options.memtable_insert_hint_per_batch = true;
  if (const auto status = db->Write(options, &batch); !status.ok()) return database_error(status);
  {
    const std::lock_guard lock(mutex);
    next = height + 1;
    txs += count;
  }
  unflushed_keys += batch.Count();
  ++unflushed_blocks;
  return {};
}

Result<std::optional<TxPlace>> Index::tx_by_hash(const Hash256& hash) const {
  TRY(const auto reading, state_->lock_for_reading());
  const Result<void> complete = state_->check_reaches(kLastHeight);
  TRY(const std::optional<TxPlace> place, state_->place_of(hash));
  if (!place) TRY_VOID(complete);
  return place;
}

Result<std::optional<TxPlace>> Index::State::place_of(const Hash256& hash) const {
  TRY(const auto value, get(kTxByHash, hash.view()));
  if (!value) return std::optional<TxPlace>();
  if (value->size() != 12) return fail(IndexError::kDatabase, "a place of the wrong size");
  return std::optional(
      TxPlace{Height{static_cast<std::int64_t>(read_big_endian(BytesView(*value).substr(0, 8)))},
              static_cast<std::uint32_t>(read_big_endian(BytesView(*value).substr(8)))});
}

Result<std::optional<Height>> Index::block_by_hash(const Hash256& hash) const {
  TRY(const auto reading, state_->lock_for_reading());
  const Result<void> complete = state_->check_reaches(kLastHeight);
  TRY(const auto value, state_->get(kBlockByHash, hash.view()));
  if (!value) {
    TRY_VOID(complete);
    return std::optional<Height>();
  }
  return std::optional(Height{static_cast<std::int64_t>(read_big_endian(*value))});
}

Result<std::vector<TxPlace>> Index::State::matching_events(
    const Plan& plan, Family events, const rocksdb::Snapshot* snapshot) const {
  Budget budget;
  std::vector<std::unique_ptr<Cursor>> groups;
  for (const std::vector<Condition>& conditions : plan.groups) {
    std::vector<std::unique_ptr<Cursor>> cursors;
    for (const Condition& condition : conditions) {
      TRY(auto cursor,
          open_cursor(*db, *families[events], snapshot, condition, plan.range, &budget));
      cursors.push_back(std::move(cursor));
    }
    groups.push_back(intersect(std::move(cursors)));
  }
  // Groups need not agree on the event, only on the transaction: each one that is ahead moves the
  // others to its transaction.
  std::vector<TxPlace> out;
  Posting target{.height = plan.range.first};
  while (true) {
    for (std::size_t agree = 0, i = 0; agree < groups.size(); i = (i + 1) % groups.size()) {
      TRY(const std::optional<Posting> found, groups[i]->seek(target));
      if (!found || found->height > plan.range.last) return out;
      const Posting place{found->height, found->transaction, 0};
      agree = place == target ? agree + 1 : 1;
      target = place;
    }
    out.push_back({Height{target.height}, target.transaction});
    if (target.transaction == std::numeric_limits<std::uint32_t>::max()) {
      target = {target.height + 1, 0, 0};
    } else {
      ++target.transaction;
    }
  }
}

Result<Found<TxPlace>> Index::State::search(const Plan& plan, Family events, Order order,
                                            Page page) const {
  rocksdb::ManagedSnapshot snapshot(db.get());
  if (plan.groups.size() == 1 && plan.groups.front().size() == 1) {
    const Condition& only = plan.groups.front().front();
    const auto* text = std::get_if<std::string>(&only.operand);
    if (only.op == Operator::kEqual && text != nullptr) {
      Budget budget;
      return places_of_value({*db, *families[events], *families[kRuns], snapshot.snapshot()},
                             events == kTxEvents ? RunKind::kTx : RunKind::kBlock,
                             value_prefix(only.key, *text), plan.range, order, page, budget);
    }
  }
  TRY(const std::vector<TxPlace> all, matching_events(plan, events, snapshot.snapshot()));
  return page_of(all, order, page);
}

Result<Found<TxPlace>> Index::search_txs(const Query& query, Order order, Page page) const {
  TRY(const auto reading, state_->lock_for_reading());
  TRY(Plan plan, make_plan(query, "tx.height", true));
  if (plan.nothing) return Found<TxPlace>{};
  if (plan.hash) {
    const auto hash = from_hex(*plan.hash);
    if (!hash || hash->size() != Hash256::kSize)
      return fail(QueryError::kUnsupported, "tx.hash is not 64 hexadecimal digits");
    const Result<void> complete = state_->check_reaches(plan.range.last);
    TRY(const std::optional<TxPlace> wanted, state_->place_of(Hash256::of(*hash)));
    if (!wanted) TRY_VOID(complete);
    if (!wanted || wanted->height.value < plan.range.first ||
        wanted->height.value > plan.range.last)
      return Found<TxPlace>{};
    std::vector<TxPlace> all{*wanted};
    if (!plan.groups.empty()) {
      plan.range = {wanted->height.value, wanted->height.value};
      rocksdb::ManagedSnapshot snapshot(state_->db.get());
      TRY_TO(all, state_->matching_events(plan, kTxEvents, snapshot.snapshot()));
      std::erase_if(all, [&](const TxPlace& place) { return place != *wanted; });
    }
    return page_of(all, order, page);
  }
  TRY_VOID(state_->check_reaches(plan.range.last));
  if (plan.groups.empty())
    return Heights(*state_->db, *state_->families[kHeights], nullptr)
        .transactions(plan.range, order, page);
  return state_->search(plan, kTxEvents, order, page);
}

Result<Found<Height>> Index::search_blocks(const Query& query, Order order, Page page) const {
  TRY(const auto reading, state_->lock_for_reading());
  TRY(const Plan plan, make_plan(query, "block.height", false));
  if (plan.nothing) return Found<Height>{};
  TRY_VOID(state_->check_reaches(plan.range.last));
  if (plan.groups.empty())
    return Heights(*state_->db, *state_->families[kHeights], nullptr)
        .blocks(plan.range, order, page);
  TRY(const Found<TxPlace> found, state_->search(plan, kBlockEvents, order, page));
  return heights_of(found);
}

Result<std::optional<Height>> Index::last_block_saying(std::string_view attribute,
                                                       std::string_view value,
                                                       Height height) const {
  TRY(const auto reading, state_->lock_for_reading());
  TRY_VOID(state_->check_reaches(height.value));
  const Condition condition{.key = std::string(attribute), .operand = std::string(value)};
  const Plan plan{.range = {.last = height.value}, .groups = {{condition}}};
  TRY(const Found<TxPlace> found,
      state_->search(plan, kBlockEvents, Order::kDescending, {.skip = 0, .limit = 1}));
  if (found.places.empty()) return std::optional<Height>();
  return std::optional(found.places.front().height);
}

}  // namespace tp::index
