#include "rpc/methods.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/sha.h"
#include "rpc/comet_json.h"
#include "rpc/searches.h"
#include "rpc/tx_proofs.h"

// Local shorthand: TRY for Answer<T>.
#define ASK(declaration, ...)                                                \
  auto TP_CONCAT(answer_, __LINE__) = (__VA_ARGS__);                         \
  if (!TP_CONCAT(answer_, __LINE__))                                         \
    return std::unexpected(std::move(TP_CONCAT(answer_, __LINE__)).error()); \
  declaration = *std::move(TP_CONCAT(answer_, __LINE__))

namespace tp::rpc {
namespace {

constexpr std::int64_t kPerPageDefault = 30;
constexpr std::int64_t kPerPageMax = 100;
constexpr std::size_t kGenesisChunk = 16 << 20;

struct Paging {
  std::int64_t page = 1;
  std::int64_t per_page = kPerPageDefault;
  std::uint64_t skip() const { return static_cast<std::uint64_t>((page - 1) * per_page); }
};

Answer<Paging> paging_of(const Params& params) {
  ASK(const auto page, params.integer("page"));
  ASK(const auto per_page, params.integer("per_page"));
  Paging paging{page.value_or(1), per_page.value_or(kPerPageDefault)};
  if (paging.page < 1 || paging.page > 1'000'000'000)
    return invalid_params("page should be within [1, 1000000000] range, given " +
                          std::to_string(paging.page));
  if (paging.per_page < 1) paging.per_page = kPerPageDefault;
  paging.per_page = std::min(paging.per_page, kPerPageMax);
  return paging;
}

Answer<index::Order> order_of(const Params& params) {
  ASK(const auto order, params.text("order_by"));
  if (!order || order->empty() || *order == "asc") return index::Order::kAscending;
  if (*order == "desc") return index::Order::kDescending;
  return invalid_params("expected order_by to be either `asc` or `desc` or empty");
}

Answer<index::Query> query_of(const Params& params) {
  ASK(const auto text, params.text("query"));
  if (!text || text->empty()) return invalid_params("query cannot be empty");
  auto query = index::Query::parse(*text);
  if (!query) return invalid_params(query.error().text);
  return *std::move(query);
}

template <class T>
Answer<T> as_answer(Result<T> result) {
  if (!result) return internal_error(result.error().text);
  return *std::move(result);
}

// About how long it is in an answer.
std::size_t text_bytes(const json::value& value) {
  constexpr std::size_t kOther = 8;
  std::size_t bytes = 0;
  if (const json::string* text = value.if_string()) return text->size() + 3;
  if (const json::array* list = value.if_array()) {
    for (const json::value& one : *list) bytes += text_bytes(one);
    return bytes + 3;
  }
  if (const json::object* members = value.if_object()) {
    for (const auto& member : *members)
      bytes += member.key().size() + 4 + text_bytes(member.value());
    return bytes + 3;
  }
  return kOther;
}

// The entries of a list, up to a number of bytes.
class BoundedList {
 public:
  explicit BoundedList(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Errors: internal error, when this and those before have too many bytes.
  Answer<void> add(json::value entry) {
    bytes_ += text_bytes(entry);
    if (bytes_ > bytes_max_ && !entries_.empty())
      return internal_error("the answer would have more than " + std::to_string(bytes_max_) +
                            " bytes, after " + std::to_string(entries_.size()) +
                            " entries; ask for fewer with per_page");
    entries_.push_back(std::move(entry));
    return {};
  }
  json::array take() { return std::move(entries_); }

 private:
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  json::array entries_;
};

Answer<chain::QueryRequest> query_request(const Params& params) {
  ASK(const auto path, params.text("path"));
  ASK(const auto data, params.hex_bytes("data"));
  ASK(const auto height, params.integer("height"));
  ASK(const auto prove, params.boolean("prove"));
  if (height.value_or(0) < 0) return invalid_params("height must not be negative");
  return chain::QueryRequest{.path = path.value_or(""),
                             .data = data.value_or(Bytes()),
                             .height = Height{height.value_or(0)},
                             .prove = prove.value_or(false)};
}

}  // namespace

Methods::Methods(Sources sources, NodeIdentity identity, std::size_t answer_bytes_max)
    : sources_(sources),
      identity_(std::move(identity)),
      queries_(sources, identity_),
      answer_bytes_max_(answer_bytes_max) {
  add("health", {}, &Methods::health);
  add("status", {}, &Methods::status);
  add("net_info", {}, &Methods::net_info);
  add("abci_info", {}, &Methods::abci_info);
  add("block", {"height"}, &Methods::block);
  add("block_by_hash", {"hash"}, &Methods::block_by_hash);
  add("block_results", {"height"}, &Methods::block_results);
  add("blockchain", {"minHeight", "maxHeight"}, &Methods::blockchain);
  add("block_search", {"query", "page", "per_page", "order_by"}, &Methods::block_search);
  add("header", {"height"}, &Methods::header);
  add("header_by_hash", {"hash"}, &Methods::header_by_hash);
  add("commit", {"height"}, &Methods::commit);
  add("validators", {"height", "page", "per_page"}, &Methods::validators);
  add("consensus_params", {"height"}, &Methods::consensus_params);
  add("genesis", {}, &Methods::genesis);
  add("genesis_chunked", {"chunk"}, &Methods::genesis_chunked);
  add("tx", {"hash", "prove"}, &Methods::tx);
  add("tx_search", {"query", "prove", "page", "per_page", "order_by"}, &Methods::tx_search);
  add("unconfirmed_txs", {"limit"}, &Methods::unconfirmed_txs);
  add("num_unconfirmed_txs", {}, &Methods::num_unconfirmed_txs);
  add("check_tx", {"tx"}, &Methods::check_tx);
  using namespace std::placeholders;
  methods_["abci_query"] = {{"path", "data", "height", "prove"},
                            std::bind(&Methods::abci_query, this, _1, _2)};
  methods_["broadcast_tx_sync"] = {{"tx"}, std::bind(&Methods::broadcast_tx_sync, this, _1, _2)};
  methods_["broadcast_tx_async"] = {{"tx"}, std::bind(&Methods::broadcast_tx_async, this, _1, _2)};
  methods_["broadcast_tx_commit"] = {{"tx"},
                                     std::bind(&Methods::broadcast_tx_commit, this, _1, _2)};
}

const Method* Methods::find(std::string_view name) const {
  const auto found = methods_.find(name);
  return found == methods_.end() ? nullptr : &found->second;
}

void Methods::add(std::string name, std::vector<std::string> parameters,
                  Answer<Json> (Methods::*method)(const Params&) const) {
  methods_[std::move(name)] = {std::move(parameters),
                               [this, method](const Params& params, const Respond& respond) {
                                 respond((this->*method)(params));
                               }};
}

// The height asked for, or the latest.
Answer<Height> Methods::height_of(const Params& params) const {
  ASK(const auto asked, params.integer("height"));
  const solo::BlockPtr latest = sources_.sequencer.feed().latest();
  if (!latest) return internal_error("there is no block yet");
  if (!asked || *asked == 0) return latest->height();
  if (*asked < 0) return invalid_params("height must be greater than zero");
  if (*asked > latest->height().value)
    return internal_error("height " + std::to_string(*asked) +
                          " must be less than or equal to the current blockchain height " +
                          std::to_string(latest->height().value));
  return Height{*asked};
}

Answer<solo::BlockPtr> Methods::block_at(Height height) const {
  return as_answer(sources_.sequencer.feed().block(height));
}

Answer<Methods::Json> Methods::health(const Params&) const {
  return json::object{};
}

Answer<Methods::Json> Methods::status(const Params&) const {
  const solo::BlockPtr latest = sources_.sequencer.feed().latest();
  if (!latest) return internal_error("there is no block yet");
  ASK(const solo::BlockMeta first,
      as_answer(sources_.sequencer.feed().meta(sources_.sequencer.store().first())));
  const comet_types::Header& newest = latest->meta.header;
  const comet_types::Validator& self = sources_.sequencer.validators().front();
  return json::object{
      {"node_info",
       json::object{
           {"protocol_version", json::object{{"p2p", kPeerProtocol},
                                             {"block", std::to_string(newest.block_version)},
                                             {"app", std::to_string(newest.app_version)}}},
           {"id", identity_.node_id},
           {"listen_addr", kListenAddress},
           {"network", newest.chain_id},
           {"version", kCometVersion},
           {"channels", kChannels},
           {"moniker", identity_.moniker},
           {"other", json::object{{"tx_index", "on"}, {"rpc_address", identity_.rpc_address}}}}},
      {"sync_info", json::object{{"latest_block_hash", to_hex_upper(latest->meta.id.hash)},
                                 {"latest_app_hash", to_hex_upper(newest.app_hash)},
                                 {"latest_block_height", number_text(newest.height.value)},
                                 {"latest_block_time", to_rfc3339(newest.time)},
                                 {"earliest_block_hash", to_hex_upper(first.id.hash)},
                                 {"earliest_app_hash", to_hex_upper(first.header.app_hash)},
                                 {"earliest_block_height", number_text(first.header.height.value)},
                                 {"earliest_block_time", to_rfc3339(first.header.time)},
                                 {"catching_up", false}}},
      {"validator_info", json::object{{"address", to_hex_upper(self.address().view())},
                                      {"pub_key", public_key_json(self.public_key)},
                                      {"voting_power", number_text(self.power)}}}};
}

Answer<Methods::Json> Methods::net_info(const Params&) const {
  return json::object{{"listening", false},
                      {"listeners", json::array{}},
                      {"n_peers", "0"},
                      {"peers", json::array{}}};
}

Answer<Methods::Json> Methods::abci_info(const Params&) const {
  const chain::Info info = sources_.application.info();
  const solo::BlockPtr latest = sources_.sequencer.feed().latest();
  return json::object{
      {"response",
       json::object{
           {"data", "turnpike"},
           {"version", identity_.app_version},
           {"app_version", std::to_string(info.app_version)},
           {"last_block_height", number_text(latest ? latest->height().value : 0)},
           {"last_block_app_hash",
            base64_or_null(latest ? latest->executed.response.app_hash.view() : BytesView())}}}};
}

Answer<Methods::Json> Methods::block(const Params& params) const {
  ASK(const Height height, height_of(params));
  ASK(const solo::BlockPtr block, block_at(height));
  return block_json(*block);
}

Answer<Methods::Json> Methods::block_by_hash(const Params& params) const {
  ASK(const auto hash, params.bytes("hash"));
  const json::object none{{"block_id", to_json(comet_types::BlockId{})}, {"block", nullptr}};
  if (!hash || hash->size() != Hash256::kSize) return none;
  ASK(const auto height, as_answer(find_block(sources_, Hash256::of(*hash))));
  if (!height) return none;
  ASK(const solo::BlockPtr block, block_at(*height));
  return block_json(*block);
}

Answer<Methods::Json> Methods::block_results(const Params& params) const {
  ASK(const Height height, height_of(params));
  ASK(const solo::BlockPtr block, block_at(height));
  const chain::BlockResponse& response = block->executed.response;
  json::value results, events, updates;
  if (!response.tx_results.empty()) {
    results = json::array{};
    for (const chain::TxResult& result : response.tx_results)
      results.get_array().push_back(to_json(result));
  }
  if (!response.events.empty()) events = to_json(response.events);
  if (!response.validator_updates.empty()) {
    updates = json::array{};
    for (const chain::ValidatorUpdate& update : response.validator_updates)
      updates.get_array().push_back(json::object{
          {"pub_key",
           json::object{
               {"Sum",
                json::object{
                    {"type", "tendermint.crypto.PublicKey_Ed25519"},
                    {"value", json::object{{"ed25519", to_base64(update.ed25519_public_key)}}}}}}},
          {"power", number_text(update.power)}});
  }
  return json::object{{"height", number_text(height.value)},
                      {"txs_results", std::move(results)},
                      {"finalize_block_events", std::move(events)},
                      {"validator_updates", std::move(updates)},
                      {"consensus_param_updates", nullptr},
                      {"app_hash", base64_or_null(response.app_hash.view())}};
}

Answer<Methods::Json> Methods::blockchain(const Params& params) const {
  constexpr std::int64_t kLimit = 20;
  ASK(const auto min_asked, params.integer("minHeight"));
  ASK(const auto max_asked, params.integer("maxHeight"));
  const solo::BlockPtr latest = sources_.sequencer.feed().latest();
  if (!latest) return internal_error("there is no block yet");
  const std::int64_t last = latest->height().value;
  if (min_asked.value_or(0) < 0 || max_asked.value_or(0) < 0)
    return invalid_params("heights must be non-negative");
  const std::int64_t max = std::min(max_asked.value_or(0) == 0 ? last : *max_asked, last);
  const std::int64_t min = std::max({std::max<std::int64_t>(min_asked.value_or(1), 1),
                                     sources_.sequencer.store().first().value, max - kLimit + 1});
  if (min > max)
    return internal_error("min height " + std::to_string(min) +
                          " can't be greater than max height " + std::to_string(max));
  json::array metas;
  for (std::int64_t height = max; height >= min; --height) {
    ASK(const solo::BlockMeta meta, as_answer(sources_.sequencer.feed().meta(Height{height})));
    metas.push_back(header_meta_json(meta));
  }
  return json::object{{"last_height", number_text(last)}, {"block_metas", std::move(metas)}};
}

Answer<Methods::Json> Methods::block_search(const Params& params) const {
  ASK(const index::Query query, query_of(params));
  ASK(const index::Order order, order_of(params));
  ASK(const Paging paging, paging_of(params));
  ASK(const auto found,
      as_answer(caught_up_index(sources_).search_blocks(
          query, order, {paging.skip(), static_cast<std::uint64_t>(paging.per_page)})));
  BoundedList blocks(answer_bytes_max_);
  for (const Height height : found.places) {
    ASK(const solo::BlockPtr block, block_at(height));
    if (auto added = blocks.add(block_json(*block)); !added) return std::unexpected(added.error());
  }
  return json::object{{"blocks", blocks.take()}, {"total_count", std::to_string(found.total)}};
}

Answer<Methods::Json> Methods::header(const Params& params) const {
  ASK(const Height height, height_of(params));
  ASK(const solo::BlockMeta meta, as_answer(sources_.sequencer.feed().meta(height)));
  return json::object{{"header", to_json(meta.header)}};
}

Answer<Methods::Json> Methods::header_by_hash(const Params& params) const {
  ASK(const auto hash, params.bytes("hash"));
  if (!hash || hash->size() != Hash256::kSize) return json::object{{"header", nullptr}};
  ASK(const auto height, as_answer(find_block(sources_, Hash256::of(*hash))));
  if (!height) return json::object{{"header", nullptr}};
  ASK(const solo::BlockMeta meta, as_answer(sources_.sequencer.feed().meta(*height)));
  return json::object{{"header", to_json(meta.header)}};
}

// With the commit as the next block carries it, which is canonical; of the latest block as it was
// seen.
Answer<Methods::Json> Methods::commit(const Params& params) const {
  ASK(const Height height, height_of(params));
  ASK(const solo::BlockMeta meta, as_answer(sources_.sequencer.feed().meta(height)));
  const solo::BlockPtr latest = sources_.sequencer.feed().latest();
  const bool canonical = height < latest->height();
  comet_types::Commit commit = meta.seen_commit;
  if (canonical) {
    ASK(const solo::BlockMeta next, as_answer(sources_.sequencer.feed().meta(height.next())));
    commit = next.last_commit;
  }
  return json::object{{"signed_header",
                       json::object{{"header", to_json(meta.header)}, {"commit", to_json(commit)}}},
                      {"canonical", canonical}};
}

Answer<Methods::Json> Methods::validators(const Params& params) const {
  ASK(const Height height, height_of(params));
  ASK(const Paging paging, paging_of(params));
  const comet_types::ValidatorSet& set = sources_.sequencer.validators();
  if (paging.skip() >= set.size()) return invalid_params("page is out of range");
  json::array page;
  for (std::size_t i = paging.skip();
       i < set.size() && page.size() < static_cast<std::size_t>(paging.per_page); ++i)
    page.push_back(to_json(set[i]));
  return json::object{{"block_height", number_text(height.value)},
                      {"count", std::to_string(page.size())},
                      {"validators", std::move(page)},
                      {"total", std::to_string(set.size())}};
}

Answer<Methods::Json> Methods::consensus_params(const Params& params) const {
  ASK(const Height height, height_of(params));
  return json::object{{"block_height", number_text(height.value)},
                      {"consensus_params", to_json(sources_.sequencer.genesis().params)}};
}

Answer<Methods::Json> Methods::genesis(const Params&) const {
  if (sources_.genesis_json.size() > kGenesisChunk)
    return internal_error("genesis response is large, please use the genesis_chunked API instead");
  boost::system::error_code error;
  json::value document = json::parse(sources_.genesis_json, error);
  if (error) return internal_error("the genesis file is not JSON: " + error.message());
  return json::object{{"genesis", std::move(document)}};
}

Answer<Methods::Json> Methods::genesis_chunked(const Params& params) const {
  ASK(const auto chunk, params.integer("chunk"));
  const std::size_t total =
      std::max<std::size_t>(1, (sources_.genesis_json.size() + kGenesisChunk - 1) / kGenesisChunk);
  const auto index = static_cast<std::size_t>(chunk.value_or(0));
  if (chunk.value_or(0) < 0 || index >= total)
    return invalid_params("there are " + std::to_string(total) + " chunks, " +
                          std::to_string(chunk.value_or(0)) + " is invalid");
  return json::object{
      {"chunk", std::to_string(index)},
      {"total", std::to_string(total)},
      {"data",
       to_base64(BytesView(sources_.genesis_json).substr(index * kGenesisChunk, kGenesisChunk))}};
}

Answer<Methods::Json> Methods::tx_json(index::TxPlace place, TxProofs* proofs) const {
  ASK(const solo::StoredTx stored,
      as_answer(sources_.sequencer.feed().tx(place.height, place.index)));
  json::object out{{"hash", to_hex_upper(crypto::sha256(stored.tx).view())},
                   {"height", number_text(place.height.value)},
                   {"index", place.index},
                   {"tx_result", to_json(stored.result)},
                   {"tx", to_base64(stored.tx)}};
  if (proofs != nullptr) {
    ASK(json::object proof, proofs->of(place, stored.tx));
    out["proof"] = std::move(proof);
  }
  return out;
}

Answer<Methods::Json> Methods::tx(const Params& params) const {
  ASK(const auto hash, params.bytes("hash"));
  ASK(const auto prove, params.boolean("prove"));
  if (!hash || hash->size() != Hash256::kSize) return invalid_params("hash must have 32 bytes");
  ASK(const auto place, as_answer(find_tx(sources_, Hash256::of(*hash))));
  if (!place) return internal_error("tx (" + to_hex_upper(*hash) + ") not found");
  TxProofs proofs(sources_.sequencer.feed(), answer_bytes_max_);
  return tx_json(*place, prove.value_or(false) ? &proofs : nullptr);
}

Answer<Methods::Json> Methods::tx_search(const Params& params) const {
  ASK(const index::Query query, query_of(params));
  ASK(const auto prove, params.boolean("prove"));
  ASK(const index::Order order, order_of(params));
  ASK(const Paging paging, paging_of(params));
  ASK(const auto found,
      as_answer(caught_up_index(sources_).search_txs(
          query, order, {paging.skip(), static_cast<std::uint64_t>(paging.per_page)})));
  BoundedList txs(answer_bytes_max_);
  TxProofs proofs(sources_.sequencer.feed(), answer_bytes_max_);
  for (const index::TxPlace place : found.places) {
    ASK(json::value one, tx_json(place, prove.value_or(false) ? &proofs : nullptr));
    if (auto added = txs.add(std::move(one)); !added) return std::unexpected(added.error());
  }
  return json::object{{"txs", txs.take()}, {"total_count", std::to_string(found.total)}};
}

Answer<Methods::Json> Methods::unconfirmed_txs(const Params& params) const {
  ASK(const auto limit, params.integer("limit"));
  const auto size = sources_.sequencer.mempool().size();
  json::array txs;
  for (const Bytes& tx : sources_.sequencer.mempool().list(static_cast<std::size_t>(
           std::clamp<std::int64_t>(limit.value_or(kPerPageDefault), 1, kPerPageMax))))
    txs.emplace_back(to_base64(tx));
  return json::object{{"n_txs", std::to_string(txs.size())},
                      {"total", std::to_string(size.txs)},
                      {"total_bytes", std::to_string(size.bytes)},
                      {"txs", std::move(txs)}};
}

Answer<Methods::Json> Methods::num_unconfirmed_txs(const Params&) const {
  const auto size = sources_.sequencer.mempool().size();
  return json::object{{"n_txs", std::to_string(size.txs)},
                      {"total", std::to_string(size.txs)},
                      {"total_bytes", std::to_string(size.bytes)},
                      {"txs", nullptr}};
}

void Methods::abci_query(const Params& params, Respond respond) const {
  auto request = query_request(params);
  if (!request) return respond(std::unexpected(std::move(request).error()));
  queries_.answer(*request, [respond](const chain::QueryResponse& response) {
    respond(json::object{{"response", to_json(response)}});
  });
}

// What the mempool would say, without adding to it.
Answer<Methods::Json> Methods::check_tx(const Params& params) const {
  ASK(const auto tx, params.bytes("tx"));
  if (!tx) return invalid_params("tx is missing");
  const chain::HashedTxs txs({*tx});
  return to_json(sources_.application.check(txs, chain::CheckKind::kProbe).front());
}

void Methods::broadcast_tx_sync(const Params& params, Respond respond) const {
  auto tx = params.bytes("tx");
  if (!tx) return respond(std::unexpected(std::move(tx).error()));
  if (!*tx) return respond(invalid_params("tx is missing"));
  sources_.sequencer.submit(**std::move(tx), [respond](const Result<solo::Admission>& admission) {
    if (!admission) return respond(std::unexpected(refusal(admission.error())));
    respond(broadcast_json(*admission));
  });
}

// Answers before the check, as CometBFT does: only what the mempool refuses unseen is an error.
void Methods::broadcast_tx_async(const Params& params, Respond respond) const {
  auto tx = params.bytes("tx");
  if (!tx) return respond(std::unexpected(std::move(tx).error()));
  if (!*tx) return respond(invalid_params("tx is missing"));
  struct Refusal {
    std::mutex mutex;
    std::optional<Error> error;
  };
  const auto refused = std::make_shared<Refusal>();
  const solo::Admission unchecked{.hash = crypto::sha256(**tx), .check = {}};
  sources_.sequencer.submit(**std::move(tx), [refused](const Result<solo::Admission>& admission) {
    if (admission) return;
    const std::lock_guard lock(refused->mutex);
    refused->error = admission.error();
  });
  const std::lock_guard lock(refused->mutex);
  if (refused->error) return respond(std::unexpected(refusal(*refused->error)));
  respond(broadcast_json(unchecked));
}

void Methods::broadcast_tx_commit(const Params& params, Respond respond) const {
  auto tx = params.bytes("tx");
  if (!tx) return respond(std::unexpected(std::move(tx).error()));
  if (!*tx) return respond(invalid_params("tx is missing"));
  const auto answer = std::make_shared<CommitAnswer>(std::move(respond));
  sources_.sequencer.submit(
      **std::move(tx),
      [answer](const Result<solo::Admission>& admission) { answer->admitted(admission); },
      [answer](const Result<solo::TxInBlock>& in_block) { answer->committed(in_block); });
}

}  // namespace tp::rpc
