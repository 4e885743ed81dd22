#include "store/state.h"

#include <algorithm>

#include "base/text.h"
#include "store/state_core.h"

namespace tp::store {

StateVersion::StateVersion(std::unique_ptr<Data> data) : data_(std::move(data)) {}

StateVersion::~StateVersion() {
  data_->core->forget(data_->number);
}

Height StateVersion::height() const {
  return data_->height;
}
const Hash256& StateVersion::root() const {
  return data_->root;
}
const Bytes& StateVersion::meta() const {
  return data_->meta;
}

const std::vector<Hash256>& StateVersion::replaced_roots() const {
  return data_->replaced_roots;
}

Result<Hash256> StateVersion::store_root(StoreId store) const {
  TRY(const std::size_t index, data_->core->index_of(store));
  return data_->stores[index].root;
}

Result<bool> StateVersion::read(StoreId store, BytesView key, ValueVisitor visit) const {
  TRY(const std::size_t index, data_->core->index_of(store));
  const std::optional<MapEntry> entry = KeyMap::get(data_->stores[index].map, key);
  if (!entry) return false;
  if (entry->cold) {
    visit(data_->core->cold().read(store, key, entry->written));
  } else {
    visit(entry->value);
  }
  return true;
}

void StateVersion::fetch(const RowNames& rows) const {
  std::vector<KeyMap::Way> ways;
  ways.reserve(rows.size());
  rows.for_each([&](const RowNames::Name& row) {
    if (const auto index = data_->core->index_of(row.store))
      ways.push_back({data_->stores[*index].map, row.key});
  });
  KeyMap::fetch(ways);
}

Result<bool> StateVersion::contains(StoreId store, BytesView key) const {
  TRY(const std::size_t index, data_->core->index_of(store));
  return KeyMap::get(data_->stores[index].map, key).has_value();
}

Result<void> StateVersion::scan(StoreId store, const KeyRange& range, ScanVisitor visit) const {
  TRY(const std::size_t index, data_->core->index_of(store));
  return KeyMap::scan(data_->stores[index].map, range,
                      [&](BytesView key, const MapEntry& entry) -> Result<Step> {
                        if (!entry.cold) return visit(key, entry.value);
                        return visit(key, data_->core->cold().read(store, key, entry.written));
                      });
}

Result<ProvenValue> StateVersion::prove(StoreId store, BytesView key) const {
  TRY(const std::size_t index, data_->core->index_of(store));
  if (key.empty()) return fail(StoreError::kInvalidWrite, "an empty key");
  ProvenValue out;
  TRY(out.value, get(store, key));
  const auto value_of = [&](BytesView leaf_key) -> Result<Bytes> {
    TRY(std::optional<Bytes> value, get(store, leaf_key));
    TP_ASSERT(value.has_value());  // tree and map hold the same keys
    return *std::move(value);
  };
  TRY(Bytes in_store,
      prove_key(data_->core->tree(index), data_->stores[index].tree, key, value_of));
  const std::string& name = data_->core->name_of(index);
  out.ops.push_back({"ics23:smt", Bytes(key), std::move(in_store)});
  out.ops.push_back(
      {"ics23:simple", name, prove_store(data_->core->named_roots(data_->stores), name)});
  return out;
}

namespace {

// Stores and tables under the names that records on disk are bound to; placements may differ.
bool same_records(const StateSchema& a, const StateSchema& b) {
  const auto bare = [](StateSchema schema) {
    for (StoreSchema& store : schema.stores) {
      store.other_keys = Placement::kHot;
      for (TableSchema& table : store.tables) {
        table.placement = Placement::kHot;
        table.is_canonical = nullptr;
      }
      std::ranges::sort(store.tables, {}, &TableSchema::number);
    }
    std::ranges::sort(schema.stores, {}, &StoreSchema::id);
    return schema;
  };
  return bare(a) == bare(b);
}

std::string first_difference(const StateSchema& stored, const StateSchema& known) {
  const auto find = [](const auto& items, auto key, auto projection) {
    return std::ranges::find(items, key, projection);
  };
  for (const StoreSchema& store : stored.stores) {
    const auto same = find(known.stores, store.id, &StoreSchema::id);
    if (same == known.stores.end()) return "store \"" + store.name + "\" is unknown";
    if (same->name != store.name)
      return "store \"" + store.name + "\" is now named \"" + same->name + "\"";
    for (const TableSchema& table : store.tables) {
      const auto now = find(same->tables, table.number, &TableSchema::number);
      const std::string name = "table \"" + store.name + "/" + table.name + "\"";
      if (now == same->tables.end()) return name + " is unknown";
      if (now->name != table.name) return name + " is now named \"" + now->name + "\"";
      if (now->record_version != table.record_version) {
        return name + " holds records of version " + std::to_string(table.record_version) +
               ", this program has version " + std::to_string(now->record_version);
      }
    }
    if (same->tables.size() != store.tables.size())
      return "store \"" + store.name + "\" has new tables";
  }
  return "there are new stores";
}

// The migrations that lead from one version to another, in order.
Result<std::vector<const Migration*>> way(const StateOptions& options, const StateSchema& stored) {
  const StateSchema& wanted = options.schema;
  const std::string versions = options.directory + ": the state has schema version " +
                               std::to_string(stored.version) + ", this program has version " +
                               std::to_string(wanted.version);
  if (stored.version == wanted.version && !same_records(stored, wanted)) {
    return fail(StoreError::kSchemaMismatch,
                versions + " with other records: " + first_difference(stored, wanted));
  }
  std::vector<const Migration*> steps;
  for (std::uint32_t at = stored.version; at != wanted.version;) {
    const auto step = std::ranges::find(options.migrations, at, &Migration::from);
    if (at > wanted.version || step == options.migrations.end() || step->to <= at ||
        step->to > wanted.version) {
      return fail(StoreError::kSchemaMismatch,
                  versions + (stored.version > wanted.version
                                  ? "; run a newer program"
                                  : "; there is no migration from version " + std::to_string(at)));
    }
    steps.push_back(&*step);
    at = step->to;
  }
  return steps;
}

// Blocks above the state were made by the program that wrote it, and give its app hashes only
// there.
Result<void> check_nothing_waits(const StateOptions& options, const FlatSummary& stored) {
  if (!options.last_block) return {};
  TRY(const Height last, options.last_block(stored.height));
  if (last <= stored.height) return {};
  return fail(StoreError::kSchemaMismatch,
              options.directory + ": the state at height " + std::to_string(stored.height.value) +
                  " has schema version " + std::to_string(stored.schema.version) +
                  " and would be migrated to version " + std::to_string(options.schema.version) +
                  ", but blocks " + std::to_string(stored.height.value + 1) + " to " +
                  std::to_string(last.value) +
                  " wait to be executed again; start the program that made them once more and stop "
                  "it, then start this one");
}

StateSchema joined(const StateSchema& wanted, const StateSchema& stored) {
  StateSchema out = wanted;
  for (const StoreSchema& store : stored.stores) {
    if (std::ranges::find(out.stores, store.id, &StoreSchema::id) == out.stores.end())
      out.stores.push_back(store);
  }
  return out;
}

CoreLimits limits_of(const StateOptions& options) {
  return {.retain_for = options.retain_for,
          .retain_bytes = options.retain_bytes,
          .cold_cache_bytes = options.cold_cache_bytes,
          .flush_after = options.flush_after,
          .flush_bytes = options.flush_bytes,
          .settle_explicitly = options.settle_explicitly};
}

// Runs the migrations on the loaded state and makes the result durable.
Result<void> migrate(StateCore& core, const std::vector<const Migration*>& steps,
                     const StateSchema& wanted) {
  const StatePtr state = core.latest();
  Overlay overlay(*state);
  std::string record;
  for (const Migration* step : steps) {
    TRY_VOID(step->run(overlay));
    if (!record.empty()) record.append(", ");
    record.append(std::to_string(step->from) + " -> " + std::to_string(step->to));
  }
  record.append(" at height " + std::to_string(state->height().value));
  // Cold values of this height may exist; those of a migration are named by its version, below all
  // heights.
  const Height written{-static_cast<std::int64_t>(wanted.version)};
  TRY_VOID(core.migrate(wanted, written, overlay.writes(), std::move(record)));
  return core.flush();
}

}  // namespace

StateStore::StateStore(std::shared_ptr<StateCore> core) : core_(std::move(core)) {}

StateStore::~StateStore() {
  core_->close();
}

Result<std::unique_ptr<StateStore>> StateStore::open(StateOptions options, Disk& disk,
                                                     const Clock& clock, Executor& compute,
                                                     Executor& background) {
  while (true) {
    TRY(std::unique_ptr<FlatState> flat, open_flat_state(disk, options.directory));
    TRY(const std::optional<FlatSummary> summary, flat->summary());
    const StateSchema& stored = summary ? summary->schema : options.schema;
    TRY(const auto steps, way(options, stored));
    if (!steps.empty()) TRY_VOID(check_nothing_waits(options, *summary));
    const auto core =
        std::make_shared<StateCore>(std::move(flat), joined(options.schema, stored), stored,
                                    limits_of(options), clock, compute, background);
    std::unique_ptr<StateStore> store(new StateStore(core));
    if (!summary) {
      core->start_empty();
      return store;
    }
    if (const auto loaded = core->load(*summary); !loaded) {
      Error error = loaded.error();
      if (error.text.find(options.directory) == std::string::npos)
        error.text = options.directory + "/db: " + error.text;
      return std::unexpected(std::move(error));
    }
    if (steps.empty()) return store;
    TRY_VOID(migrate(*core, steps, options.schema));
    // Opened once more, as every later start will find it.
  }
}

StatePtr StateStore::latest() const {
  return core_->latest();
}
Result<StatePtr> StateStore::at(Height height) const {
  return core_->at(height);
}
Height StateStore::oldest_height() const {
  return core_->oldest_height();
}
Result<Hash256> StateStore::commit(Height height, const WriteSet& writes, Bytes meta) {
  return core_->commit(height, writes, std::move(meta));
}
void StateStore::settle() {
  core_->settle();
}
bool StateStore::begin_flush() {
  return core_->begin_flush();
}
Result<void> StateStore::make_durable() {
  return core_->flush();
}
Height StateStore::durable_height() const {
  return core_->durable_height();
}
void StateStore::add_observer(CommitObserver& observer) {
  core_->add_observer(observer);
}
void StateStore::remove_observer(CommitObserver& observer) {
  core_->remove_observer(observer);
}
StateStats StateStore::stats() const {
  return core_->stats();
}

}  // namespace tp::store
