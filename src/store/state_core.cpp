#include "store/state_core.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/log.h"
#include "base/text.h"
#include "store/key_order.h"

namespace tp::store {
namespace {

constexpr std::string_view kComponent = "state";
constexpr std::size_t kSmallCommit =
    64;  // writes below which waking threads costs more than it saves
constexpr std::size_t kHashChunk = 256;  // writes hashed by one task
constexpr std::size_t kInlineColdBytes =
    16;  // a cold value this small takes no more room than its reference would
constexpr std::size_t kLoadRows = 1u << 18;
constexpr std::size_t kLoadBytes = 64u << 20;
constexpr std::uint64_t kVersionOverhead =
    400;  // bytes of a version beside its nodes, without its stores
// Commits wait for the disk when so many times flush_bytes are pending.
constexpr std::uint64_t kPendingLimit = 4;

std::string text_of(Height height) {
  return std::to_string(height.value);
}

Duration passed(Duration since, Duration now) {
  return {now.nanoseconds - since.nanoseconds};
}

// Sorts by position, cut into 16 parts by the first bits, side by side. `sorted` is memory to work
// in.
void sort_by_position(std::vector<LeafChange>& changes, std::vector<LeafChange>& sorted,
                      Executor& executor) {
  if (changes.size() < 4'096) {
    std::ranges::sort(changes, {}, &LeafChange::position);
    return;
  }
  constexpr std::size_t kParts = 16;
  const auto part_of = [](const LeafChange& change) { return change.position.data[0] / kParts; };
  std::array<std::size_t, kParts + 1> starts{};
  for (const LeafChange& change : changes) ++starts[part_of(change) + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  sorted.resize(changes.size());
  std::array<std::size_t, kParts + 1> next = starts;
  for (LeafChange& change : changes) sorted[next[part_of(change)]++] = std::move(change);
  executor.parallel(kParts, [&](std::size_t part) {
    std::ranges::sort(sorted.begin() + static_cast<std::ptrdiff_t>(starts[part]),
                      sorted.begin() + static_cast<std::ptrdiff_t>(starts[part + 1]), {},
                      &LeafChange::position);
  });
  changes.swap(sorted);
}

// Tasks that other threads may take while the caller does something else; the caller does what is
// left. Like Executor::parallel, in two steps.
class OfferedTasks {
 public:
  OfferedTasks(std::size_t count, FunctionRef<void(std::size_t)> task)
      : shared_(std::make_shared<Shared>(count, task)) {}

  // For each task some thread may come; one that comes too late finds nothing to do.
  void offer(Executor& executor) {
    for (std::size_t i = 0; i < shared_->count; ++i)
      executor.post([shared = shared_] { shared->help(); });
  }

  void finish() {
    shared_->help();
    std::unique_lock lock(shared_->mutex);
    shared_->finished.wait(lock, [this] { return shared_->done == shared_->count; });
  }

 private:
  struct Shared {
    Shared(std::size_t size, FunctionRef<void(std::size_t)> work) : count(size), task(work) {}

    void help() {
      for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
        task(i);
        const std::lock_guard lock(mutex);
        if (++done == count) finished.notify_all();
      }
    }

    const std::size_t count;
    const FunctionRef<void(std::size_t)> task;  // valid while done < count
    std::atomic<std::size_t> next{0};
    std::mutex mutex;
    std::condition_variable finished;
    std::size_t done = 0;
  };
  std::shared_ptr<Shared> shared_;
};

void append_packed(Bytes& out, BytesView key) {
  const auto size = static_cast<std::uint32_t>(key.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(key);
}

// The keys of `packed`, sorted, each once.
std::vector<BytesView> unpacked(BytesView packed) {
  std::vector<BytesView> keys;
  while (!packed.empty()) {
    std::uint32_t size = 0;
    std::memcpy(&size, packed.data(), sizeof size);
    keys.push_back(packed.substr(sizeof size, size));
    packed.remove_prefix(sizeof size + size);
  }
  sort_by_key(keys, [](BytesView key) { return key; });
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

constexpr std::size_t kFetchedTogether = 32;

// The first kFetchedTogether of them.
void fetch_keys(KeyMap::Root map, std::span<const BytesView> keys) {
  std::array<KeyMap::Way, kFetchedTogether> ways;
  const std::size_t count = std::min(keys.size(), kFetchedTogether);
  for (std::size_t i = 0; i < count; ++i) ways[i] = {map, keys[i]};
  KeyMap::fetch(std::span(ways).first(count));
}

}  // namespace

// What a commit does to one store.
struct StateCore::Work {
  std::size_t store;
  std::span<const Write> writes;
  std::vector<KeyMap::Change> map_changes;
  std::vector<LeafChange> leaves;
  StoreState state;  // before, then after
  Superseded::PerStore superseded;
  std::vector<ColdName> cold_superseded;
};

StateCore::StateCore(std::unique_ptr<FlatState> flat, StateSchema schema, const StateSchema& rooted,
                     CoreLimits limits, const Clock& clock, Executor& compute, Executor& background)
    : flat_(std::move(flat)),
      schema_(std::move(schema)),
      limits_(limits),
      clock_(clock),
      compute_(compute),
      background_(background),
      rooted_(schema_.stores.size()),
      cold_(*flat_, limits.cold_cache_bytes),
      versions_(stores_, cold_) {
  index_by_id_.fill(-1);
  for (std::size_t i = 0; i < schema_.stores.size(); ++i) {
    const StoreSchema& store = schema_.stores[i];
    TP_ASSERT(!store.name.empty() && index_by_id_[store.id.value] == -1);
    index_by_id_[store.id.value] = static_cast<std::int16_t>(i);
    auto& tables = cold_tables_.emplace_back();
    tables.fill(store.other_keys == Placement::kCold);
    for (const TableSchema& table : store.tables)
      tables[table.number] = table.placement == Placement::kCold;
    auto& nodes = stores_.emplace_back(std::make_unique<StoreNodes>());
    nodes->id = store.id;
    by_name_.push_back(i);
  }
  std::ranges::sort(by_name_, {}, [this](std::size_t i) { return schema_.stores[i].name; });
  for (std::size_t i = 1; i < by_name_.size(); ++i)
    TP_ASSERT(schema_.stores[by_name_[i - 1]].name != schema_.stores[by_name_[i]].name);
  unsettled_.keys.resize(stores_.size());
  pending_.keys.resize(stores_.size());
  set_rooted(rooted);
}

StateCore::~StateCore() = default;

void StateCore::set_rooted(const StateSchema& rooted) {
  for (std::size_t i = 0; i < schema_.stores.size(); ++i) {
    rooted_[i] = std::ranges::any_of(
        rooted.stores, [&](const StoreSchema& store) { return store.id == schema_.stores[i].id; });
  }
  rooted_schema_ = rooted;
}

Result<std::size_t> StateCore::index_of(StoreId store) const {
  const std::int16_t index = index_by_id_[store.value];
  if (index < 0) return fail(StoreError::kUnknownStore, "store id " + std::to_string(store.value));
  return static_cast<std::size_t>(index);
}

bool StateCore::is_cold(std::size_t store, BytesView key, BytesView value) const {
  return cold_tables_[store][static_cast<std::uint8_t>(key[0])] && value.size() > kInlineColdBytes;
}

std::vector<NamedRoot> StateCore::named_roots(const std::vector<StoreState>& stores) const {
  std::vector<NamedRoot> out;
  for (const std::size_t i : by_name_) {
    if (rooted_[i]) out.push_back({schema_.stores[i].name, stores[i].root});
  }
  return out;
}

// --- loading ---

void StateCore::start_empty() {
  auto data = std::make_unique<StateVersion::Data>();
  data->stores.resize(stores_.size());
  data->root = multistore_root(named_roots(data->stores));
  publish(std::move(data));
}

// Rows of one store as they lie on disk.
struct StateCore::RowBatch {
  struct Row {
    std::size_t key_at;
    std::size_t key_size;
    std::size_t value_size;  // behind the key
    std::optional<Height> written;
  };
  std::size_t store = 0;
  std::vector<Row> rows;
  Bytes bytes;
};

// What one batch after the other needs; fresh memory for each would cost more than to fill it.
struct StateCore::LoadMemory {
  std::vector<KeyMap::Change> changes;
  std::vector<LeafChange> leaves, sorted;
};

// The rows of all stores, a batch at a time.
class StateCore::RowReader {
 public:
  RowReader(FlatState& flat, const std::vector<std::unique_ptr<StoreNodes>>& stores)
      : flat_(flat), stores_(stores) {}

  // An empty batch after the last row.
  Result<void> read(RowBatch& batch) {
    batch.rows.clear();
    batch.bytes.clear();
    while (batch.rows.empty() && store_ < stores_.size()) {
      if (!rows_) rows_ = flat_.rows(stores_[store_]->id);
      batch.store = store_;
      TRY(const bool more,
          rows_->visit([&](BytesView key, std::optional<Height> written, BytesView value) {
            batch.rows.push_back({batch.bytes.size(), key.size(), value.size(), written});
            batch.bytes.append(key);
            batch.bytes.append(value);
            const bool full = batch.rows.size() >= kLoadRows || batch.bytes.size() >= kLoadBytes;
            return full ? Step::kStop : Step::kGoOn;
          }));
      if (more) continue;
      rows_.reset();
      ++store_;
    }
    return {};
  }

 private:
  FlatState& flat_;
  const std::vector<std::unique_ptr<StoreNodes>>& stores_;
  std::size_t store_ = 0;
  std::unique_ptr<FlatRows> rows_;
};

Result<void> StateCore::load(const FlatSummary& summary) {
  auto data = std::make_unique<StateVersion::Data>();
  data->height = summary.height;
  data->meta = summary.meta;
  data->replaced_roots = summary.replaced_roots;
  data->stores.resize(stores_.size());
  migrations_ = summary.migrations;
  // While one batch is taken in, the next is read.
  RowReader reader(*flat_, stores_);
  RowBatch batch, next;
  LoadMemory memory;
  TRY_VOID(reader.read(batch));
  while (!batch.rows.empty()) {
    Result<void> read;
    const auto read_next = [&](std::size_t) { read = reader.read(next); };
    OfferedTasks reading(1, read_next);
    reading.offer(compute_);
    load_rows(batch, memory, data->stores[batch.store]);
    reading.finish();
    TRY_VOID(read);
    std::swap(batch, next);
  }
  for (const FlatStoreSummary& stored : summary.stores) {
    TRY(const std::size_t store, index_of(stored.id));
    const StoreState& state = data->stores[store];
    if (state.root == stored.root && state.keys == stored.keys) continue;
    return fail(StoreError::kCorrupt,
                "store \"" + name_of(store) + "\" at height " + text_of(summary.height) + ": its " +
                    std::to_string(state.keys) + " keys have root " + to_hex(state.root.view()) +
                    ", recorded are " + std::to_string(stored.keys) + " keys with root " +
                    to_hex(stored.root.view()));
  }
  data->root = multistore_root(named_roots(data->stores));
  if (data->root != summary.root) {
    return fail(StoreError::kCorrupt, "state at height " + text_of(summary.height) +
                                          ": its root is " + to_hex(data->root.view()) +
                                          ", recorded is " + to_hex(summary.root.view()));
  }
  publish(std::move(data));
  started_ = true;
  durable_ = summary.height;
  refresh_stats();
  return {};
}

void StateCore::load_rows(const RowBatch& batch, LoadMemory& memory, StoreState& state) {
  const auto& rows = batch.rows;
  auto& [changes, leaves, sorted] = memory;
  changes.resize(rows.size());
  leaves.resize(rows.size());
  const std::size_t chunks = (rows.size() + kHashChunk - 1) / kHashChunk;
  const BytesView all = batch.bytes;
  compute_.parallel(chunks, [&](std::size_t chunk) {
    for (std::size_t i = chunk * kHashChunk; i < std::min(rows.size(), (chunk + 1) * kHashChunk);
         ++i) {
      const RowBatch::Row& row = rows[i];
      const BytesView key = all.substr(row.key_at, row.key_size);
      const BytesView value = all.substr(row.key_at + row.key_size, row.value_size);
      changes[i] = {key, row.written ? MapEntry{.cold = true, .value = {}, .written = *row.written}
                                     : MapEntry{.cold = false, .value = value, .written = {}}};
      leaves[i].position = tree_position(key);
      leaves[i].leaf_hash = tree_leaf_hash(leaves[i].position, value);
      leaves[i].key = key;
    }
  });
  StoreNodes& nodes = *stores_[batch.store];
  // Nobody has seen these versions: what they supersede is released at once.
  SupersededNodes<KeyMap::Node> map_gone;
  SupersededNodes<SparseMerkleTree::Node> tree_gone;
  const auto change_map = [&](std::size_t) {
    state.map = nodes.map.apply(
        state.map, changes, next_number_, [](std::size_t, const auto&) {}, map_gone);
    for (const auto node : map_gone.nodes) nodes.map.release(node);
  };
  OfferedTasks map(1, change_map);
  map.offer(compute_);
  sort_by_position(leaves, sorted, compute_);
  state.tree = nodes.tree.apply(state.tree, leaves, next_number_, compute_, tree_gone);
  for (const auto node : tree_gone.nodes) nodes.tree.release(node);
  map.finish();
  next_number_ = next_number_.next();
  state.root = nodes.tree.hash(state.tree);
  state.keys += rows.size();
}

// --- committing ---

Result<Hash256> StateCore::commit(Height height, const WriteSet& writes, Bytes meta) {
  const std::lock_guard commit_lock(commit_mutex_);
  const Height before = latest()->height();
  if (started_ ? height <= before : height < Height{0})
    return fail(StoreError::kHeightOutOfOrder,
                "height " + text_of(height) + " after " + text_of(before));
  TRY_VOID(check(writes));
  {
    std::unique_lock lock(mutex_);
    if (flush_error_) return std::unexpected(*flush_error_);
    if (pending_.bytes > kPendingLimit * limits_.flush_bytes) {
      lock.unlock();
      TRY_VOID(flush());
    }
  }
  return apply({height, height}, writes, std::move(meta));
}

Result<void> StateCore::migrate(const StateSchema& to, Height cold_written, const WriteSet& writes,
                                std::string record) {
  const std::lock_guard commit_lock(commit_mutex_);
  const StatePtr base = latest();
  TRY_VOID(check(writes));
  migrations_.push_back(std::move(record));
  set_rooted(to);
  std::vector<Hash256> replaced_roots = base->replaced_roots();
  replaced_roots.push_back(base->root());
  TRY_VOID(apply({base->height(), cold_written}, writes, base->meta(), std::move(replaced_roots)));
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    if (rooted_[i] || latest()->data_->stores[i].keys == 0) continue;
    return fail(StoreError::kSchemaMismatch, "after migration store \"" + name_of(i) +
                                                 "\" still holds keys, but schema version " +
                                                 std::to_string(to.version) + " has no such store");
  }
  settle();
  return {};
}

Result<void> StateCore::check(const WriteSet& writes) const {
  for (const auto& [store, store_writes] : writes) {
    TRY_VOID(index_of(store));
    for (const auto& [key, value] : store_writes) {
      if (key.empty() || key.size() > KeyMap::kMaxKeySize)
        return fail(StoreError::kInvalidWrite, "a key of " + std::to_string(key.size()) + " bytes");
      if (value && (value->empty() || value->size() > kMaxValueSize)) {
        return fail(StoreError::kInvalidWrite, "key " + to_hex(key) + " with a value of " +
                                                   std::to_string(value->size()) + " bytes");
      }
    }
  }
  return {};
}

Result<Hash256> StateCore::apply(CommitTag tag, const WriteSet& writes, Bytes meta,
                                 std::vector<Hash256> replaced_roots) {
  const StatePtr base = latest();
  const VersionNumber number = next_number_;
  std::vector<Work> works = prepare(writes, *base->data_);
  run(works, tag, number);

  auto data = std::make_unique<StateVersion::Data>();
  data->height = tag.height;
  data->meta = std::move(meta);
  data->replaced_roots = std::move(replaced_roots);
  data->stores = base->data_->stores;
  Superseded superseded;
  for (Work& work : works) {
    data->stores[work.store] = work.state;
    superseded.stores[work.store] = std::move(work.superseded);
    superseded.cold.insert(superseded.cold.end(),
                           std::make_move_iterator(work.cold_superseded.begin()),
                           std::make_move_iterator(work.cold_superseded.end()));
  }
  data->root = multistore_root(named_roots(data->stores));
  versions_.superseded(base->data_->number, std::move(superseded));
  remember_pending(works);
  const StatePtr version = publish(std::move(data));
  started_ = true;
  for (CommitObserver* observer : observers_) observer->committed(writes, *base, *version);
  retire();
  refresh_stats();
  if (!limits_.settle_explicitly) settle();
  return version->root();
}

std::vector<StateCore::Work> StateCore::prepare(const WriteSet& writes,
                                                const StateVersion::Data& base) const {
  std::vector<Work> works;
  for (const auto& [id, store_writes] : writes) {
    if (store_writes.empty()) continue;
    const auto store = static_cast<std::size_t>(index_by_id_[id.value]);
    Work& work = works.emplace_back();
    work.store = store;
    work.state = base.stores[store];
    work.writes = store_writes;
    work.leaves.resize(work.writes.size());
    work.map_changes.resize(work.writes.size());
  }
  return works;
}

void StateCore::run(std::vector<Work>& works, CommitTag tag, VersionNumber number) {
  struct Chunk {
    Work* work;
    std::size_t from;
    std::size_t to;
  };
  std::vector<Chunk> chunks;
  std::size_t total = 0;
  for (Work& work : works) {
    total += work.writes.size();
    for (std::size_t from = 0; from < work.writes.size(); from += kHashChunk)
      chunks.push_back({&work, from, std::min(work.writes.size(), from + kHashChunk)});
  }
  InlineExecutor inline_executor;
  Executor& executor = total < kSmallCommit ? inline_executor : compute_;
  executor.parallel(chunks.size(), [&](std::size_t i) {
    prepare_changes(*chunks[i].work, chunks[i].from, chunks[i].to, tag);
  });
  // Maps and trees are independent; a map is one task, a tree is many.
  const auto change_one = [&](std::size_t i) { change_map(works[i], number); };
  OfferedTasks maps(works.size(), change_one);
  maps.offer(executor);
  for (Work& work : works) {
    std::vector<LeafChange> sorted;
    sort_by_position(work.leaves, sorted, executor);
    SparseMerkleTree& tree = stores_[work.store]->tree;
    work.state.tree =
        tree.apply(work.state.tree, work.leaves, number, executor, work.superseded.tree);
    work.state.root = tree.hash(work.state.tree);
  }
  maps.finish();
}

void StateCore::prepare_changes(Work& work, std::size_t from, std::size_t to, CommitTag tag) {
  for (std::size_t i = from; i < to; ++i) {
    const auto& [key, value] = work.writes[i];
    LeafChange& leaf = work.leaves[i];
    leaf.key = key;
    leaf.position = tree_position(key);
    work.map_changes[i].key = key;
    if (!value) continue;
    leaf.leaf_hash = tree_leaf_hash(leaf.position, *value);
    if (is_cold(work.store, key, *value)) {
      work.map_changes[i].entry = {.cold = true, .value = {}, .written = tag.cold_written};
      cold_.hold(stores_[work.store]->id, key, tag.cold_written, *value);
    } else {
      work.map_changes[i].entry = {.cold = false, .value = *value, .written = {}};
    }
  }
}

void StateCore::change_map(Work& work, VersionNumber number) {
  const StoreId id = stores_[work.store]->id;
  const auto replaced = [&](std::size_t i, const std::optional<MapEntry>& old) {
    const KeyMap::Change& change = work.map_changes[i];
    work.state.keys = work.state.keys + (change.entry ? 1 : 0) - (old ? 1 : 0);
    if (!old || !old->cold) return;
    const std::size_t bytes = cold_.supersede(id, change.key, old->written);
    work.cold_superseded.push_back({id, Bytes(change.key), old->written, bytes});
  };
  work.state.map = stores_[work.store]->map.apply(work.state.map, work.map_changes, number,
                                                  replaced, work.superseded.map);
}

// --- versions ---

StatePtr StateCore::publish(std::unique_ptr<StateVersion::Data> data) {
  data->core = shared_from_this();
  data->number = next_number_;
  data->made_at = clock_.elapsed();
  next_number_ = next_number_.next();
  versions_.born(data->number, data->height);
  const StatePtr version(new StateVersion(std::move(data)));
  const std::lock_guard lock(mutex_);
  retained_.push_back(version);
  return version;
}

void StateCore::forget(VersionNumber number) {
  const std::lock_guard lock(mutex_);
  dead_.push_back(number);
}

void StateCore::bury_dead() {
  std::vector<VersionNumber> dead;
  {
    const std::lock_guard lock(mutex_);
    dead.swap(dead_);
  }
  std::ranges::sort(dead);
  for (const VersionNumber number : dead) versions_.died(number);
}

// Drops the oldest versions that are too old, or too expensive.
void StateCore::retire() {
  const Duration now = clock_.elapsed();
  bury_dead();
  while (true) {
    StatePtr oldest;  // dropped outside the lock
    {
      const std::lock_guard lock(mutex_);
      if (retained_.size() < 2) return;
      const bool too_old = passed(retained_.front()->data_->made_at, now) > limits_.retain_for;
      const std::uint64_t overhead =
          retained_.size() * (kVersionOverhead + stores_.size() * sizeof(StoreState));
      if (!too_old && versions_.waiting_bytes() + overhead <= limits_.retain_bytes) return;
      oldest = std::move(retained_.front());
      retained_.pop_front();
    }
    oldest.reset();
    bury_dead();
  }
}

StatePtr StateCore::latest() const {
  const std::lock_guard lock(mutex_);
  return retained_.back();
}

Result<StatePtr> StateCore::at(Height height) const {
  const std::lock_guard lock(mutex_);
  const auto it = std::ranges::lower_bound(retained_, height, {},
                                           [](const StatePtr& v) { return v->height(); });
  if (it != retained_.end() && (*it)->height() == height) return *it;
  return fail(StoreError::kHeightNotKept, "height " + text_of(height) + " (kept are " +
                                              text_of(retained_.front()->height()) + " to " +
                                              text_of(retained_.back()->height()) + ")");
}

Height StateCore::oldest_height() const {
  const std::lock_guard lock(mutex_);
  return retained_.front()->height();
}

void StateCore::add_observer(CommitObserver& observer) {
  const std::lock_guard commit_lock(commit_mutex_);
  observer.loaded(*latest());
  observers_.push_back(&observer);
}

void StateCore::remove_observer(CommitObserver& observer) {
  const std::lock_guard commit_lock(commit_mutex_);
  std::erase(observers_, &observer);
}

void StateCore::refresh_stats() {
  StateStats stats;
  const StatePtr version = latest();
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    stats.keys += version->data_->stores[i].keys;
    stats.map_bytes += stores_[i]->map.bytes_used();
    stats.tree_bytes += stores_[i]->tree.bytes_used();
  }
  stats.retained_bytes = versions_.waiting_bytes();
  const std::lock_guard lock(mutex_);
  stats_ = stats;
}

StateStats StateCore::stats() const {
  const std::lock_guard lock(mutex_);
  StateStats stats = stats_;
  stats.cold_cache_bytes = cold_.cached_bytes();
  stats.cold_memory_bytes = cold_.held_bytes();
  stats.versions = retained_.size();
  return stats;
}

// --- durability ---

void StateCore::remember_pending(const std::vector<Work>& works) {
  const std::lock_guard lock(mutex_);
  if (unsettled_.blocks++ == 0) unsettled_.since = clock_.elapsed();
  for (const Work& work : works) {
    for (const Write& write : work.writes) {
      append_packed(unsettled_.keys[work.store], write.key);
      unsettled_.bytes += 2 * write.key.size() + (write.value ? write.value->size() : 0);
    }
  }
}

void StateCore::settle() {
  StatePtr before;  // dropped outside the lock
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(settled_, retained_.back());
    add(pending_, unsettled_);
    for (Bytes& keys : unsettled_.keys) keys.clear();
    unsettled_.bytes = 0;
    unsettled_.blocks = 0;
  }
  start_flush_if_due();
}

// `to` and, later, `more`.
void StateCore::add(Pending& to, const Pending& more) {
  if (more.blocks == 0) return;
  to.since = to.blocks == 0 ? more.since : std::min(to.since, more.since);
  for (std::size_t i = 0; i < to.keys.size(); ++i) to.keys[i].append(more.keys[i]);
  to.bytes += more.bytes;
  to.blocks += more.blocks;
}

void StateCore::start_flush_if_due() {
  {
    const std::lock_guard lock(mutex_);
    const bool due = pending_.bytes >= limits_.flush_bytes ||
                     passed(pending_.since, clock_.elapsed()) >= limits_.flush_after;
    if (!due) return;
  }
  begin_flush();
}

bool StateCore::begin_flush() {
  {
    const std::lock_guard lock(mutex_);
    if (flush_posted_) return false;
    if (pending_.blocks == 0) return true;
    flush_posted_ = true;
  }
  // Not shared: close() waits for the task, and the directory must be free when it returns.
  background_.post([this] {
    if (const auto flushed = flush(); !flushed) log_error(kComponent, flushed.error().text);
    const std::lock_guard lock(mutex_);
    flush_posted_ = false;
    idle_.notify_all();
  });
  return true;
}

Result<void> StateCore::flush() {
  const std::lock_guard flush_lock(flush_mutex_);
  Pending pending;
  StatePtr version;
  {
    const std::lock_guard lock(mutex_);
    if (pending_.blocks == 0) return {};
    pending.keys.resize(stores_.size());
    std::swap(pending, pending_);
    version = settled_;
  }
  const auto written = flush_pending(pending, version);
  const std::lock_guard lock(mutex_);
  if (written) {
    durable_ = version->height();
    flush_error_.reset();
    return {};
  }
  flush_error_ = written.error();
  add(pending_, pending);
  return written;
}

// Writes what `version` holds of the pending keys. The version is alive meanwhile, so that nothing
// of it is dropped.
Result<void> StateCore::flush_pending(Pending& pending, const StatePtr& version) {
  std::vector<ColdName> cold;
  TRY_VOID(flat_->write(summary_of(*version->data_), [&](FlatBatch& batch) {
    for (std::size_t store = 0; store < pending.keys.size(); ++store) {
      const StoreId id = stores_[store]->id;
      const KeyMap::Root map = version->data_->stores[store].map;
      const std::vector<BytesView> keys = unpacked(pending.keys[store]);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i % kFetchedTogether == 0) fetch_keys(map, std::span(keys).subspan(i));
        const BytesView key = keys[i];
        const std::optional<MapEntry> entry = KeyMap::get(map, key);
        if (!entry) {
          batch.erase(id, key);
        } else if (!entry->cold) {
          batch.put_hot(id, key, entry->value);
        } else {
          batch.put_cold(id, key, entry->written, cold_.read(id, key, entry->written));
          cold.push_back({id, Bytes(key), entry->written, 0});
        }
      }
    }
  }));
  for (const ColdName& name : cold) cold_.flushed(name.store, name.key, name.written);
  return {};
}

FlatSummary StateCore::summary_of(const StateVersion::Data& data) const {
  FlatSummary summary{.height = data.height,
                      .root = data.root,
                      .meta = data.meta,
                      .stores = {},
                      .schema = rooted_schema_,
                      .migrations = migrations_,
                      .replaced_roots = data.replaced_roots};
  for (std::size_t i = 0; i < stores_.size(); ++i) {
    if (rooted_[i])
      summary.stores.push_back({stores_[i]->id, data.stores[i].root, data.stores[i].keys});
  }
  return summary;
}

Height StateCore::durable_height() const {
  const std::lock_guard lock(mutex_);
  return durable_;
}

void StateCore::close() {
  std::deque<StatePtr> dropped;
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return !flush_posted_; });
  dropped.swap(retained_);
  dropped.push_back(std::move(settled_));
  lock.unlock();
}

}  // namespace tp::store
