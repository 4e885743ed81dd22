#include "chain/machine.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>
#include <iterator>
#include <limits>
#include <unordered_map>  // deterministic: only looked up, never iterated

#include "base/keyed_hash.h"
#include "chain/genesis.h"
#include "chain/params_json.h"
#include "chain/sdk_errors.h"
#include "chain/tables.h"
#include "cosmos/base/abci/v1beta1/abci.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"
#include "crypto/address.h"
#include "crypto/sha.h"

namespace tp::chain {
namespace {

constexpr store::OneRow kOnly{};
// Transactions of a block whose rows are fetched at once. They should fit the first cache.
constexpr std::size_t kFetchedTogether = 8;

template <class T>
std::span<const T> next_few(const std::vector<T>& all, std::size_t from) {
  return std::span(all).subspan(from, std::min(kFetchedTogether, all.size() - from));
}

TxResult failed(const Error& error, Gas wanted = Gas{0}, Gas used = Gas{0}) {
  TxResult result;
  result.code = error.code;
  result.codespace = error.codespace;
  result.log = error.text;
  result.gas_wanted = static_cast<std::int64_t>(wanted.value);
  result.gas_used = static_cast<std::int64_t>(used.value);
  return result;
}

// "/cosmos.bank.v1beta1.MsgSend" is of module "bank": the second component of the package.
std::string_view module_of(std::string_view type_url) {
  const std::size_t first = type_url.find('.');
  if (first == std::string_view::npos) return type_url;
  const std::size_t second = type_url.find('.', first + 1);
  return type_url.substr(first + 1, second - first - 1);
}

QueryResponse refused(QueryResponse response, const Error& error) {
  response.code = error.code;
  response.codespace = error.codespace;
  response.log = error.text;
  return response;
}

Gas gas_limit_of(const DecodedTx& tx) {
  return Gas{tx.auth_info->fee().gas_limit()};
}

}  // namespace

HashedTxs::HashedTxs(std::vector<Bytes> txs) : txs_(std::move(txs)) {
  hashes_.reserve(txs_.size());
  for (const Bytes& tx : txs_) hashes_.push_back(crypto::sha256(tx));
}

// A transaction that was decoded, and verified where that was possible.
struct Machine::Prepared {
  Result<DecodedTx> tx;
  TxClaims claims;  // where it could be decoded
  std::optional<VerifiedSigners> verified;
  Height tried_at;  // the height whose accounts the signatures were verified against

  std::size_t memory() const {
    constexpr std::size_t kOwn = 1'024;  // this, the claims, the places in the cache
    return kOwn + (tx ? tx->owner->SpaceAllocated() : 0);
  }
};

// Remembers prepared transactions by hash until a block has them or a check refuses them, the
// oldest dropped first when they take too much memory. Thread-safe.
class Machine::PreparedCache {
 public:
  explicit PreparedCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Nulls for those that are not there.
  std::vector<std::shared_ptr<const Prepared>> find(std::span<const Hash256> hashes) {
    std::vector<std::shared_ptr<const Prepared>> found(hashes.size());
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < hashes.size(); ++i)
      if (const auto entry = by_hash_.find(hashes[i]); entry != by_hash_.end())
        found[i] = entry->second.prepared;
    return found;
  }

  void insert(const Hash256& hash, std::shared_ptr<const Prepared> prepared) {
    std::vector<std::shared_ptr<const Prepared>> dropped;  // outside the lock
    const std::size_t memory = prepared->memory();
    const std::lock_guard lock(mutex_);
    Entry& entry = by_hash_[hash];
    bytes_ += memory;
    bytes_ -= std::exchange(entry.memory, memory);
    dropped.push_back(std::exchange(entry.prepared, std::move(prepared)));
    entry.number = next_number_++;
    order_.emplace_back(hash, entry.number);
    while (bytes_ > bytes_max_) {
      const auto oldest = find_live(order_.front());
      order_.pop_front();
      if (oldest != by_hash_.end()) dropped.push_back(remove(oldest));
    }
    // Most leave by erase(), which does not look for their places in the order.
    if (order_.size() > 2 * by_hash_.size() + 1'000)
      std::erase_if(order_,
                    [this](const Place& place) { return find_live(place) == by_hash_.end(); });
  }

  void erase(std::span<const Hash256> hashes) {
    std::vector<std::shared_ptr<const Prepared>> dropped;
    dropped.reserve(hashes.size());
    const std::lock_guard lock(mutex_);
    for (const Hash256& hash : hashes)
      if (const auto found = by_hash_.find(hash); found != by_hash_.end())
        dropped.push_back(remove(found));
  }

 private:
  struct Entry {
    std::shared_ptr<const Prepared> prepared;
    std::size_t memory = 0;
    std::uint64_t number = 0;
  };
  // deterministic: only looked up, never iterated
  using Entries = std::unordered_map<Hash256, Entry, DigestHash>;
  using Place = std::pair<Hash256, std::uint64_t>;  // of an entry when it had this number

  // The end when it was erased, or came again, since.
  Entries::iterator find_live(const Place& place) {
    const auto found = by_hash_.find(place.first);
    return found != by_hash_.end() && found->second.number == place.second ? found : by_hash_.end();
  }

  std::shared_ptr<const Prepared> remove(Entries::iterator entry) {
    bytes_ -= entry->second.memory;
    auto prepared = std::move(entry->second.prepared);
    by_hash_.erase(entry);
    return prepared;
  }

  std::mutex mutex_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t next_number_ = 0;
  Entries by_hash_;
  std::deque<Place> order_;  // by age; every live entry has its place, and some dead ones do
};

Machine::Machine(store::StateStore& state, Executor& compute, MachineOptions options)
    : state_(state),
      compute_(compute),
      options_(std::move(options)),
      prepared_(std::make_unique<PreparedCache>(options_.prepared_bytes)) {}

Machine::~Machine() = default;

void Machine::add(Module& module) {
  module.add_messages(messages_);
  module.add_queries(queries_);
  modules_.push_back(&module);
}

Result<void> Machine::load() {
  TP_ASSERT(admission_ != nullptr);
  codec_ = std::make_unique<TxCodec>(messages_.types());
  const store::StatePtr latest = state_.latest();
  TRY(const std::optional<ChainParams> params, kParams.find(*latest, kOnly));
  if (!params && latest->height() > Height{0})
    return fail(ModuleError::kGenesis, "the state at height " +
                                           std::to_string(latest->height().value) +
                                           " has no chain parameters");
  if (params) params_ = *params;
  publish(latest);
  return {};
}

store::StatePtr Machine::committed() const {
  const std::lock_guard lock(committed_mutex_);
  return committed_;
}

void Machine::publish(store::StatePtr state) {
  {
    const std::lock_guard lock(committed_mutex_);
    committed_ = state;
  }
  const std::lock_guard lock(check_mutex_);
  check_base_ = std::move(state);
  if (check_state_) {
    check_state_->rebase(*check_base_);
  } else {
    check_state_ = std::make_unique<store::Overlay>(*check_base_);
  }
}

void Machine::reset_check() {
  const std::lock_guard lock(check_mutex_);
  check_state_->clear();
}

Info Machine::info() const {
  const store::StatePtr latest = committed();
  Info info{.version = options_.version,
            .app_version = 1,
            .committed_height = latest->height(),
            .durable_height = state_.durable_height(),
            .app_hash = latest->root()};
  if (const auto durable = state_.at(info.durable_height)) {
    info.app_hash = (*durable)->root();
    if (const auto& replaced = (*durable)->replaced_roots(); !replaced.empty())
      info.app_hash_before_migration = replaced.front();
  }
  return info;
}

namespace {

// Where the billable clock of an exported chain stood, so that what is settled up to it goes on.
Result<BillableTime> read_billable_time(const GenesisObject& root) {
  if (!root.has("chain")) return BillableTime{0};
  TRY(const GenesisObject chain, root.object("chain"));
  if (!chain.has("billable_time_ns")) return BillableTime{0};
  TRY(const std::uint64_t time, chain.number("billable_time_ns"));
  if (time > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return chain.error("billable_time_ns", "is too large");
  return BillableTime{static_cast<std::int64_t>(time)};
}

}  // namespace

Result<InitResponse> Machine::init(const InitRequest& request) {
  const Bytes genesis_hash = crypto::sha256(request.app_state_json).bytes();
  const store::StatePtr latest = state_.latest();
  TRY(const std::optional<BlockClock> existing, kClock.find(*latest, kOnly));
  if (existing) {  // called again after a crash before the first block
    if (existing->genesis_hash != genesis_hash || params_.chain_id != request.chain_id)
      return fail(ModuleError::kGenesis, "this data directory belongs to another genesis (chain " +
                                             params_.chain_id + ")");
    return InitResponse{latest->root()};
  }

  boost::system::error_code parse_error;
  const boost::json::value app_state = boost::json::parse(request.app_state_json, parse_error);
  if (parse_error)
    return fail(ModuleError::kGenesis, "app_state is not JSON: " + parse_error.message());
  TRY(const GenesisObject root, GenesisObject::of(app_state, ""));
  for (const auto& entry : app_state.get_object()) {
    const std::string_view key(entry.key().data(), entry.key().size());
    const bool known = key == "chain" ||
                       std::any_of(modules_.begin(), modules_.end(),
                                   [key](const Module* module) { return module->name() == key; });
    if (!known) return root.error(key, "unknown module");
  }

  TRY_TO(params_, read_chain_params(app_state, request.chain_id));
  TRY(const BillableTime billable, read_billable_time(root));
  store::Overlay writes(*latest);
  const BlockInfo block{.chain_id = request.chain_id,
                        .height = Height{request.initial_height.value - 1},
                        .time = request.time,
                        .billable_now = billable,
                        .proposer = {}};
  GasMeter unlimited(GasMeter::kUnlimited);
  EventList events;  // of genesis: nobody is told
  Context context(writes, block, params_, unlimited, events);
  context.forget_events();
  TRY_VOID(kParams.put(context, kOnly, params_));
  TRY_VOID(kClock.put(context, kOnly, BlockClock{request.time, billable, genesis_hash}));
  for (Module* module : modules_)
    TRY_VOID(module->import_genesis(context, app_state.get_object().if_contains(module->name())));
  TRY_VOID(check_invariants(writes));

  TRY(const Hash256 app_hash, state_.commit(block.height, writes.writes(), {}));
  state_.settle();
  publish(state_.latest());
  return InitResponse{app_hash};
}

// `before` is what an earlier call gave, or null: then only verification is tried again.
std::shared_ptr<const Machine::Prepared> Machine::prepare(BytesView raw, const Hash256& hash,
                                                          const Prepared* before,
                                                          const store::StateVersion& state) const {
  Prepared prepared =
      before != nullptr
          ? *before
          : Prepared{.tx = codec_->decode(raw, hash), .claims = {}, .verified = {}, .tried_at = {}};
  if (prepared.tx) {
    if (before == nullptr) prepared.claims = admission_->claims_of(*prepared.tx);
    prepared.verified = admission_->verify(state, params_, *prepared.tx, prepared.claims);
  }
  prepared.tried_at = state.height();
  return std::make_shared<const Prepared>(std::move(prepared));
}

// Looks each transaction up, and decodes and verifies in parallel what is new.
std::vector<std::shared_ptr<const Machine::Prepared>> Machine::prepare_all(const TxBatch& txs) {
  TP_ASSERT(txs.hashes.size() == txs.txs.size());
  auto prepared = prepared_->find(txs.hashes);
  const store::StatePtr state = committed();
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    const Prepared* known = prepared[i].get();
    // What could not be verified before (a new account) may be verifiable after a block.
    if (known == nullptr || (known->tx && !known->verified && known->tried_at < state->height()))
      missing.push_back(i);
  }
  if (missing.empty()) return prepared;
  compute_.parallel(missing.size(), [&](std::size_t n) {
    const std::size_t i = missing[n];
    prepared[i] = prepare(txs.txs[i], txs.hashes[i], prepared[i].get(), *state);
    prepared_->insert(txs.hashes[i], prepared[i]);
  });
  return prepared;
}

void Machine::set_max_block_gas(std::int64_t max_gas) {
  const std::lock_guard lock(check_mutex_);
  max_block_gas_ = max_gas;
}

void Machine::preverify(const TxBatch& txs) {
  prepare_all(txs);
}

std::vector<TxResult> Machine::check(const TxBatch& txs, CheckKind kind) {
  const auto prepared = prepare_all(txs);
  const AdmitMode mode = kind == CheckKind::kRecheck ? AdmitMode::kRecheck : AdmitMode::kCheck;

  const std::lock_guard lock(check_mutex_);
  BlockInfo block = block_of(*check_base_, check_base_->height().next());
  std::vector<TxResult> results;
  results.reserve(prepared.size());
  std::vector<Hash256> refused;
  EventList events;
  store::RowNames rows;
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    const Prepared* one = prepared[i].get();
    if (i % kFetchedTogether == 0) fetch_rows(*check_base_, next_few(prepared, i), mode, rows);
    if (!one->tx) {
      results.push_back(failed(one->tx.error()));
      refused.push_back(txs.hashes[i]);
      continue;
    }
    if (const Gas wanted = gas_limit_of(*one->tx);
        max_block_gas_ >= 0 && wanted.value > static_cast<std::uint64_t>(max_block_gas_)) {
      const auto error =
          fail(SdkError::kInvalidGasLimit, "gas wanted " + std::to_string(wanted.value) +
                                               " is more than a block may have, " +
                                               std::to_string(max_block_gas_));
      results.push_back(failed(error.error(), wanted));
      refused.push_back(txs.hashes[i]);
      continue;
    }
    store::Attempt attempt(*check_state_);
    GasMeter meter(gas_limit_of(*one->tx));
    Context context(*check_state_, block, params_, meter, events);
    if (kind != CheckKind::kProbe) context.forget_events();  // nobody is told
    const Result<void> admitted =
        admission_->admit(context, *one->tx, one->claims, mode, one->verified);
    TxResult result = admitted ? TxResult{} : failed(admitted.error());
    result.gas_wanted = static_cast<std::int64_t>(meter.limit().value);
    result.gas_used = static_cast<std::int64_t>(meter.used().value);
    if (admitted) {
      result.events = std::exchange(events, {});
      if (kind != CheckKind::kProbe) attempt.keep();
    } else {
      events.cut(0);
      refused.push_back(txs.hashes[i]);
    }
    results.push_back(std::move(result));
  }
  // Nobody waits for them. Of what is only probed somebody may: it can lie in the mempool.
  if (kind != CheckKind::kProbe) prepared_->erase(refused);
  return results;
}

// Without this, each row of a large state is waited for on its own.
void Machine::fetch_rows(const store::StateVersion& state,
                         std::span<const std::shared_ptr<const Prepared>> prepared, AdmitMode mode,
                         store::RowNames& rows) const {
  rows.clear();
  for (const auto& one : prepared) {
    if (!one->tx) continue;
    admission_->name_rows(one->claims, rows);
    if (mode != AdmitMode::kDeliver) continue;
    for (const DecodedMessage& message : one->tx->messages) {
      const MessageRoute* route = messages_.find(*message.type);
      if (route != nullptr && route->name_rows) route->name_rows(*message.message, rows);
    }
  }
  state.fetch(rows);
}

// Precondition: `prepared.tx` holds a transaction.
TxResult Machine::execute(store::Overlay& state, const BlockInfo& block, const Prepared& prepared,
                          AdmitMode mode, EventList& events) const {
  const DecodedTx& tx = *prepared.tx;
  const Gas limit = mode == AdmitMode::kSimulate ? options_.query_gas : gas_limit_of(tx);
  GasMeter meter(limit);
  events.cut(0);
  Context context(state, block, params_, meter, events);

  store::Attempt admission(state);
  if (const Result<void> admitted =
          admission_->admit(context, tx, prepared.claims, mode, prepared.verified);
      !admitted)
    return failed(admitted.error(), limit, meter.used());
  admission.keep();
  const std::size_t events_of_admission = events.bytes().size();

  TxResult result;
  store::Attempt messages(state);
  if (const Result<void> ran = run_messages(context, prepared, result); ran) {
    messages.keep();
  } else {
    result = failed(ran.error());
    // The events of admission are kept even when the messages fail: fee and sequence did change.
    events.cut(events_of_admission);
  }
  result.events = events;  // a copy takes just the memory that it needs
  result.gas_wanted = static_cast<std::int64_t>(gas_limit_of(tx).value);
  result.gas_used = static_cast<std::int64_t>(meter.used().value);
  return result;
}

Result<void> Machine::run_messages(Context& context, const Prepared& prepared,
                                   TxResult& result) const {
  const DecodedTx& tx = *prepared.tx;
  cosmos::base::abci::v1beta1::TxMsgData data;
  for (std::size_t i = 0; i < tx.messages.size(); ++i) {
    const DecodedMessage& message = tx.messages[i];
    const MessageRoute* route = messages_.find(*message.type);
    if (route == nullptr)
      return fail(SdkError::kUnknownRequest, "no message handler found for " + message.type->url);
    TRY_VOID(context.charge(context.params().gas.per_message, "message"));
    context.set_message_index(i);
    const std::string_view url = message.type->url;
    if (const std::optional<Address>& sender = prepared.claims.message_senders[i]) {
      context.emit("message", {{"action", url},
                               {"sender", crypto::address_text(params_.prefix, *sender)},
                               {"module", module_of(url)}});
    } else {
      context.emit("message", {{"action", url}, {"module", module_of(url)}});
    }

    const Result<std::unique_ptr<ProtoMessage>> response = route->handle(context, *message.message);
    if (!response) {
      Error error = response.error();
      error.text =
          "failed to execute message; message index: " + std::to_string(i) + ": " + error.text;
      return std::unexpected(std::move(error));
    }
    auto* any = data.add_msg_responses();
    any->set_type_url("/" + (*response)->GetDescriptor()->full_name());
    any->set_value((*response)->SerializeAsString());
  }
  // An event that could not be paid for shows here.
  TRY_VOID(context.charge(Gas{0}, "end of transaction"));
  result.data = data.SerializeAsString();
  return {};
}

// Advances the clocks. One block advances billable time by at most billable_gap_max.
Result<BlockInfo> Machine::begin_block(store::Overlay& state, const BlockRequest& request) const {
  TRY(BlockClock clock, kClock.get(state, kOnly));
  if (request.time < clock.time)
    return fail(SdkError::kInvalidRequest, "block time goes back from " + to_rfc3339(clock.time) +
                                               " to " + to_rfc3339(request.time));
  const Duration gap = std::min(request.time - clock.time, params_.billable_gap_max);
  clock.time = request.time;
  clock.billable = BillableTime{clock.billable.value + gap.nanoseconds};
  TRY_VOID(kClock.put(state, kOnly, clock));
  return BlockInfo{.chain_id = params_.chain_id,
                   .height = request.height,
                   .time = request.time,
                   .billable_now = clock.billable,
                   .proposer = request.proposer};
}

Result<BlockResponse> Machine::finalize(const BlockRequest& request) {
  const store::StatePtr base = state_.latest();
  if (request.height != base->height().next())
    return fail(SdkError::kInvalidHeight, "block " + std::to_string(request.height.value) +
                                              " after height " +
                                              std::to_string(base->height().value));
  const auto prepared = prepare_all(request.txs);

  store::Overlay state(*base);
  TRY(const BlockInfo block, begin_block(state, request));
  BlockResponse response;
  response.tx_results.reserve(prepared.size());
  EventList events;
  store::RowNames rows;
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    const Prepared& one = *prepared[i];
    if (i % kFetchedTogether == 0)
      fetch_rows(*base, next_few(prepared, i), AdmitMode::kDeliver, rows);
    response.tx_results.push_back(one.tx ? execute(state, block, one, AdmitMode::kDeliver, events)
                                         : failed(one.tx.error()));
  }
  TRY_TO(response.events, schedule_.run_due(state, block, params_));
  if (options_.check_invariants) TRY_VOID(check_invariants(state));

  TRY_TO(response.app_hash, state_.commit(request.height, state.writes(), {}));
  finalized_ = state_.latest();
  prepared_->erase(request.txs.hashes);
  return response;
}

Result<void> Machine::commit() {
  TP_ASSERT(finalized_ != nullptr);
  state_.settle();  // not before: the engine stores a block after finalize and before commit
  publish(std::exchange(finalized_, nullptr));
  return {};
}

bool Machine::begin_sync() {
  return state_.begin_flush();
}

Result<void> Machine::sync() {
  return state_.make_durable();
}

BlockInfo Machine::block_of(const store::Reader& state, Height height) const {
  BlockInfo block{.chain_id = params_.chain_id,
                  .height = height,
                  .time = {},
                  .billable_now = {},
                  .proposer = {}};
  if (const auto clock = kClock.find(state, kOnly); clock && *clock) {
    block.time = (*clock)->time;
    block.billable_now = (*clock)->billable;
  }
  return block;
}

TxResult Machine::simulate(BytesView raw) const {
  const store::StatePtr state = committed();
  Prepared prepared{.tx = codec_->decode(raw), .claims = {}, .verified = {}};
  if (!prepared.tx) return failed(prepared.tx.error());
  prepared.claims = admission_->claims_of(*prepared.tx);
  store::Overlay work(*state);
  EventList events;
  return execute(work, block_of(*state, state->height().next()), prepared, AdmitMode::kSimulate,
                 events);
}

Result<void> Machine::check_invariants(const store::Reader& state) const {
  for (const Module* module : modules_) TRY_VOID(module->check_invariants(state));
  return {};
}

Result<store::StatePtr> Machine::version_at(Height height) const {
  store::StatePtr latest = committed();
  if (height == Height{0} || height == latest->height()) return latest;
  if (height > latest->height())
    return fail(SdkError::kInvalidHeight, "cannot query at height " + std::to_string(height.value) +
                                              ": the latest is " +
                                              std::to_string(latest->height().value));
  const auto version = state_.at(height);
  if (!version) return fail(SdkError::kInvalidHeight, version.error().text);
  return *version;
}

QueryResponse Machine::query(const QueryRequest& request) const {
  QueryResponse response{.height = committed()->height()};
  const auto refuse = [&response](const Error& error) { return refused(response, error); };
  const Result<store::StatePtr> state = version_at(request.height);
  if (!state) return refuse(state.error());
  response.height = (*state)->height();

  const std::string_view path =
      std::string_view(request.path).substr(request.path.starts_with('/') ? 1 : 0);
  if (path.starts_with("store/")) return query_store(request, **state);
  const QueryRouter::Handler* handler = queries_.find("/" + std::string(path));
  if (handler == nullptr) {
    const auto unknown =
        fail(SdkError::kUnknownRequest, "unknown query path \"" + request.path + "\"");
    return refuse(unknown.error());
  }
  const BlockInfo block = block_of(**state, (*state)->height());
  Result<Bytes> value = (*handler)(QueryContext{**state, block, params_}, request.data);
  response.history_key = queries_.asks_history("/" + std::string(path), request.data, value);
  if (!value) return refuse(as_query_error(value.error()));
  response.value = *std::move(value);
  return response;
}

// "store/<name>/key": the raw value of a key with its proof (specs/chain.md §3.3).
QueryResponse Machine::query_store(const QueryRequest& request,
                                   const store::StateVersion& state) const {
  QueryResponse response{.key = request.data, .height = state.height()};
  std::string_view path = request.path;
  if (path.starts_with('/')) path.remove_prefix(1);
  path.remove_prefix(std::string_view("store/").size());
  const auto named = std::find_if(
      std::begin(kStoreNames), std::end(kStoreNames),
      [path](const StoreName& store) { return path == std::string(store.name) + "/key"; });
  const auto refuse = [&response](const Error& error) { return refused(response, error); };
  if (named == std::end(kStoreNames))
    return refuse(fail(SdkError::kUnknownRequest, "no such store: " + request.path).error());
  if (!request.prove) {
    Result<std::optional<Bytes>> value = state.get(named->id, request.data);
    if (!value) return refuse(value.error());
    response.value = std::move(*value).value_or(Bytes());
    return response;
  }
  Result<store::ProvenValue> proven = state.prove(named->id, request.data);
  if (!proven) return refuse(proven.error());
  response.value = std::move(proven->value).value_or(Bytes());
  for (store::ProofOp& op : proven->ops)
    response.proof_ops.push_back({std::move(op.type), std::move(op.key), std::move(op.data)});
  return response;
}

Result<Bytes> Machine::export_genesis() const {
  const store::StatePtr state = committed();
  boost::json::object app_state;
  boost::json::object chain = chain_params_json(params_);
  TRY(const BlockClock clock, kClock.get(*state, kOnly));
  chain["billable_time_ns"] = clock.billable.value;
  app_state["chain"] = std::move(chain);
  for (const Module* module : modules_) {
    TRY(boost::json::value json, module->export_genesis(*state));
    app_state[module->name()] = std::move(json);
  }
  return Bytes(boost::json::serialize(app_state));
}

}  // namespace tp::chain
