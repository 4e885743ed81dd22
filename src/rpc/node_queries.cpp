#include "rpc/node_queries.h"

#include <algorithm>

#include "base/text.h"
#include "chain/router.h"
#include "chain/sdk_errors.h"
#include "cosmos/base/node/v1beta1/query.pb.h"
#include "cosmos/base/tendermint/v1beta1/query.pb.h"
#include "cosmos/crypto/ed25519/keys.pb.h"
#include "cosmos/tx/v1beta1/service.pb.h"
#include "crypto/sha.h"
#include "rpc/searches.h"
#include "rpc/wire_views.h"
#include "turnpike/chain/v1/query.pb.h"

namespace tp::rpc {
namespace {

namespace tx = ::cosmos::tx::v1beta1;
namespace comet = ::cosmos::base::tendermint::v1beta1;
namespace node = ::cosmos::base::node::v1beta1;
using chain::QueryError;

constexpr std::uint64_t kPageDefault = 100;
constexpr std::uint64_t kPageMax = 100;

std::unexpected<Error> invalid(std::string_view what) {
  return fail(QueryError::kInvalidArgument, what);
}

Result<solo::BlockPtr> latest(const Sources& sources) {
  solo::BlockPtr block = sources.sequencer.feed().latest();
  if (!block) return fail(QueryError::kInternal, "there is no block yet");
  return block;
}

Result<solo::BlockPtr> block_at(const Sources& sources, std::int64_t height) {
  TRY(const solo::BlockPtr newest, latest(sources));
  if (height < 1 || height > newest->height().value)
    return invalid("requested height " + std::to_string(height) +
                   " but height must not be less than 1 or greater than the current height " +
                   std::to_string(newest->height().value));
  return sources.sequencer.feed().block(Height{height});
}

// What genesis says of the chain, which only the application knows.
Result<turnpike::chain::v1::QueryParamsResponse> chain_params(const Sources& sources) {
  const chain::QueryResponse response =
      sources.application.query({.path = "/turnpike.chain.v1.Query/Params"});
  turnpike::chain::v1::QueryParamsResponse params;
  if (response.code != 0 || !params.ParseFromString(response.value))
    return fail(QueryError::kInternal, "the parameters of the chain: " + response.log);
  return params;
}

// --- Transactions ---

Result<tx::GetTxResponse> get_tx(const Sources& sources, const tx::GetTxRequest& request) {
  if (request.hash().empty()) return invalid("tx hash cannot be empty");
  const auto hash = from_hex(request.hash());
  if (!hash || hash->size() != Hash256::kSize) return invalid("tx hash has 64 hexadecimal digits");
  TRY(const auto place, find_tx(sources, Hash256::of(*hash)));
  if (!place) return fail(QueryError::kNotFound, "tx not found: " + request.hash());
  TRY(const solo::StoredTx stored, sources.sequencer.feed().tx(place->height, place->index));
  TRY(const solo::BlockMeta meta, sources.sequencer.feed().meta(place->height));
  tx::GetTxResponse response;
  TRY_TO(*response.mutable_tx(), read_tx(stored.tx));
  *response.mutable_tx_response() =
      tx_response(stored, response.tx(), place->height, meta.header.time);
  return response;
}

// `query`, or the older form, a list of conditions.
Result<index::Query> query_of(const tx::GetTxsEventRequest& request) {
  std::string text = request.query();
  if (text.empty())
    for (const std::string& condition : request.events())
      text += (text.empty() ? "" : " AND ") + condition;
  if (text.empty()) return invalid("query cannot be empty");
  auto query = index::Query::parse(text);
  if (!query) return invalid(query.error().text);
  return query;
}

Result<tx::GetTxsEventResponse> find_txs(const Sources& sources,
                                         const tx::GetTxsEventRequest& request) {
  TRY(const index::Query query, query_of(request));
  const std::uint64_t limit =
      std::min(request.limit() == 0 ? kPageDefault : request.limit(), kPageMax);
  const std::uint64_t page = std::max<std::uint64_t>(request.page(), 1);
  constexpr std::uint64_t kLastPage = 1'000'000'000;
  if (page > kLastPage)
    return invalid("page should be within [1, 1000000000] range, given " + std::to_string(page));
  const auto order = request.order_by() == tx::ORDER_BY_DESC ? index::Order::kDescending
                                                             : index::Order::kAscending;
  const auto found = caught_up_index(sources).search_txs(
      query, order, {.skip = (page - 1) * limit, .limit = limit});
  if (!found && is(found.error(), index::IndexError::kCatchingUp))
    return std::unexpected(found.error());
  if (!found) return invalid(found.error().text);
  tx::GetTxsEventResponse response;
  response.set_total(found->total);
  std::size_t bytes = 0;
  for (const index::TxPlace place : found->places) {
    TRY(const solo::StoredTx stored, sources.sequencer.feed().tx(place.height, place.index));
    TRY(const solo::BlockMeta meta, sources.sequencer.feed().meta(place.height));
    tx::Tx& one = *response.add_txs();
    TRY_TO(one, read_tx(stored.tx));
    auto& outcome = *response.add_tx_responses();
    outcome = tx_response(stored, one, place.height, meta.header.time);
    bytes += one.ByteSizeLong() + outcome.ByteSizeLong();
    if (bytes > NodeQueries::kAnswerBytesMax && response.txs_size() > 1)
      return invalid("the answer would have more than " +
                     std::to_string(NodeQueries::kAnswerBytesMax) +
                     " bytes; ask for fewer with limit");
  }
  return response;
}

Result<tx::GetBlockWithTxsResponse> block_with_txs(const Sources& sources,
                                                   const tx::GetBlockWithTxsRequest& request) {
  TRY(const solo::BlockPtr block, block_at(sources, request.height()));
  const auto& page = request.pagination();
  const std::uint64_t total = block->executed.txs.size();
  const std::uint64_t limit = std::min(page.limit() == 0 ? kPageDefault : page.limit(), kPageMax);
  if (!page.key().empty()) return invalid("the pages of a block are by offset, without a key");
  if (page.offset() >= total && total != 0)
    return invalid("out of range: cannot paginate " + std::to_string(total) + " txs with offset " +
                   std::to_string(page.offset()) + " and " + std::to_string(limit) + " limit");
  tx::GetBlockWithTxsResponse response;
  for (std::uint64_t i = page.offset(); i < total && i - page.offset() < limit; ++i)
    TRY_TO(*response.add_txs(), read_tx(block->executed.txs[page.reverse() ? total - 1 - i : i]));
  write(block->meta.id, *response.mutable_block_id());
  write(*block, *response.mutable_block());
  response.mutable_pagination()->set_total(total);
  return response;
}

// --- Blocks ---

template <class Response>
Result<Response> block_response(const Sources& sources, const solo::StoredBlock& block) {
  TRY(const auto params, chain_params(sources));
  Response response;
  write(block.meta.id, *response.mutable_block_id());
  write(block, *response.mutable_block());
  write(response.block(), params.prefix(), block.meta.header.proposer_address,
        *response.mutable_sdk_block());
  return response;
}

template <class Response, class Page>
Result<Response> validator_set(const Sources& sources, Height height, const Page& page) {
  TRY(const auto params, chain_params(sources));
  const comet_types::ValidatorSet& all = sources.sequencer.validators();
  if (!page.key().empty()) return invalid("the pages of validators are by offset, without a key");
  const std::uint64_t limit = std::min(page.limit() == 0 ? kPageDefault : page.limit(), kPageMax);
  Response response;
  response.set_block_height(height.value);
  for (std::uint64_t i = page.offset(); i < all.size() && i - page.offset() < limit; ++i) {
    auto& out = *response.add_validators();
    out.set_address(consensus_address(params.prefix(), all[i].address()));
    cosmos::crypto::ed25519::PubKey key;
    key.set_key(std::string(all[i].public_key.view()));
    out.mutable_pub_key()->set_type_url("/" + key.GetTypeName());
    out.mutable_pub_key()->set_value(key.SerializeAsString());
    out.set_voting_power(all[i].power);
  }
  response.mutable_pagination()->set_total(all.size());
  return response;
}

// Only what the application answers: a query in a query in a query has no end.
comet::ABCIQueryResponse abci_query(const Sources& sources,
                                    const comet::ABCIQueryRequest& request) {
  const chain::QueryResponse answer = sources.application.query({.path = request.path(),
                                                                 .data = request.data(),
                                                                 .height = Height{request.height()},
                                                                 .prove = request.prove()});
  comet::ABCIQueryResponse response;
  response.set_code(answer.code);
  response.set_codespace(answer.codespace);
  response.set_log(answer.log);
  response.set_info(answer.info);
  response.set_key(answer.key);
  response.set_value(answer.value);
  response.set_height(answer.height.value);
  for (const chain::ProofOp& op : answer.proof_ops) {
    auto& out = *response.mutable_proof_ops()->add_ops();
    out.set_type(op.type);
    out.set_key(op.key);
    out.set_data(op.data);
  }
  return response;
}

// --- The node ---

Result<comet::GetNodeInfoResponse> node_info(const Sources& sources, const NodeIdentity& identity) {
  TRY(const solo::BlockPtr block, latest(sources));
  comet::GetNodeInfoResponse response;
  auto& info = *response.mutable_default_node_info();
  info.mutable_protocol_version()->set_p2p(*parse_int<std::uint64_t>(kPeerProtocol));
  info.mutable_protocol_version()->set_block(block->meta.header.block_version);
  info.mutable_protocol_version()->set_app(block->meta.header.app_version);
  info.set_default_node_id(identity.node_id);
  info.set_listen_addr(std::string(kListenAddress));
  info.set_network(block->meta.header.chain_id);
  info.set_version(std::string(kCometVersion));
  info.set_channels(*from_hex(kChannels));
  info.set_moniker(identity.moniker);
  info.mutable_other()->set_tx_index("on");
  info.mutable_other()->set_rpc_address(identity.rpc_address);
  auto& version = *response.mutable_application_version();
  version.set_name("turnpike");
  version.set_app_name("turnpike");
  version.set_version(identity.app_version);
  return response;
}

Result<node::ConfigResponse> config(const Sources& sources) {
  TRY(const auto params, chain_params(sources));
  node::ConfigResponse response;
  response.set_minimum_gas_price(params.min_gas_price() + params.fee_denom());
  response.set_pruning_keep_recent("0");
  response.set_pruning_interval("0");
  return response;
}

Result<node::StatusResponse> status(const Sources& sources) {
  TRY(const solo::BlockPtr block, latest(sources));
  const comet_types::Header& header = block->meta.header;
  constexpr std::int64_t kSecond = 1'000'000'000;
  node::StatusResponse response;
  // States are kept by time and bytes; that of the newest block surely is.
  response.set_earliest_store_height(static_cast<std::uint64_t>(header.height.value));
  response.set_height(static_cast<std::uint64_t>(header.height.value));
  response.mutable_timestamp()->set_seconds(header.time.nanoseconds / kSecond);
  response.mutable_timestamp()->set_nanos(
      static_cast<std::int32_t>(header.time.nanoseconds % kSecond));
  response.set_app_hash(header.app_hash);
  response.set_validator_hash(header.next_validators_hash);
  return response;
}

}  // namespace

NodeQueries::NodeQueries(const Sources& sources, NodeIdentity identity)
    : sources_(sources), identity_(std::move(identity)) {
  add_broadcast();
  add_tx_queries();
  add_block_queries();
  add_node_queries();
}

namespace {

template <class Request>
Result<Request> read(BytesView bytes) {
  Request request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return invalid("the request is not a " + Request::descriptor()->full_name());
  return request;
}

}  // namespace

template <class Request, class Response>
void NodeQueries::add(std::string path, std::function<Result<Response>(const Request&)> handle) {
  const auto answer = [handle](BytesView bytes) -> Result<Bytes> {
    TRY(const Request request, read<Request>(bytes));
    TRY(const Response response, handle(request));
    return response.SerializeAsString();
  };
  handlers_[std::move(path)] = [answer](BytesView bytes, const auto& done) { done(answer(bytes)); };
}

// What the mempool refuses is a code of the transaction here, not an error of the call.
void NodeQueries::add_broadcast() {
  handlers_["/cosmos.tx.v1beta1.Service/BroadcastTx"] = [this](BytesView bytes, const auto& done) {
    const auto request = read<tx::BroadcastTxRequest>(bytes);
    if (!request) return done(std::unexpected(request.error()));
    if (request->tx_bytes().empty()) return done(invalid("invalid empty tx"));
    if (request->mode() != tx::BROADCAST_MODE_SYNC && request->mode() != tx::BROADCAST_MODE_ASYNC)
      return done(
          invalid("unsupported broadcast mode; supported are BROADCAST_MODE_SYNC and "
                  "BROADCAST_MODE_ASYNC"));
    const auto respond =
        [done, hash = crypto::sha256(request->tx_bytes())](const chain::TxResult& check) {
          tx::BroadcastTxResponse response;
          *response.mutable_tx_response() = tx_response(hash, check);
          done(response.SerializeAsString());
        };
    // ASYNC may answer before the check, and need not: its answer then says nothing of it.
    const bool says_check = request->mode() == tx::BROADCAST_MODE_SYNC;
    sources_.sequencer.submit(request->tx_bytes(),
                              [respond, says_check](const Result<solo::Admission>& admission) {
                                if (admission)
                                  return respond(says_check ? admission->check : chain::TxResult{});
                                chain::TxResult refused;
                                refused.code = admission.error().code;
                                refused.codespace = admission.error().codespace;
                                refused.log = admission.error().text;
                                respond(refused);
                              });
  };
}

void NodeQueries::add_tx_queries() {
  const std::string service = "/cosmos.tx.v1beta1.Service/";
  add<tx::GetTxRequest, tx::GetTxResponse>(
      service + "GetTx", [this](const auto& request) { return get_tx(sources_, request); });
  add<tx::GetTxsEventRequest, tx::GetTxsEventResponse>(
      service + "GetTxsEvent", [this](const auto& request) { return find_txs(sources_, request); });
  add<tx::GetBlockWithTxsRequest, tx::GetBlockWithTxsResponse>(
      service + "GetBlockWithTxs",
      [this](const auto& request) { return block_with_txs(sources_, request); });
}

void NodeQueries::add_block_queries() {
  const std::string service = "/cosmos.base.tendermint.v1beta1.Service/";
  add<comet::GetLatestBlockRequest, comet::GetLatestBlockResponse>(
      service + "GetLatestBlock", [this](const auto&) -> Result<comet::GetLatestBlockResponse> {
        TRY(const solo::BlockPtr block, latest(sources_));
        return block_response<comet::GetLatestBlockResponse>(sources_, *block);
      });
  add<comet::GetBlockByHeightRequest, comet::GetBlockByHeightResponse>(
      service + "GetBlockByHeight",
      [this](const auto& request) -> Result<comet::GetBlockByHeightResponse> {
        TRY(const solo::BlockPtr block, block_at(sources_, request.height()));
        return block_response<comet::GetBlockByHeightResponse>(sources_, *block);
      });
  add<comet::GetLatestValidatorSetRequest, comet::GetLatestValidatorSetResponse>(
      service + "GetLatestValidatorSet",
      [this](const auto& request) -> Result<comet::GetLatestValidatorSetResponse> {
        TRY(const solo::BlockPtr block, latest(sources_));
        return validator_set<comet::GetLatestValidatorSetResponse>(sources_, block->height(),
                                                                   request.pagination());
      });
  add<comet::GetValidatorSetByHeightRequest, comet::GetValidatorSetByHeightResponse>(
      service + "GetValidatorSetByHeight",
      [this](const auto& request) -> Result<comet::GetValidatorSetByHeightResponse> {
        TRY(const solo::BlockPtr block, block_at(sources_, request.height()));
        return validator_set<comet::GetValidatorSetByHeightResponse>(sources_, block->height(),
                                                                     request.pagination());
      });
  add<comet::ABCIQueryRequest, comet::ABCIQueryResponse>(
      service + "ABCIQuery", [this](const auto& request) -> Result<comet::ABCIQueryResponse> {
        if (request.height() < 0) return invalid("height must not be negative");
        return abci_query(sources_, request);
      });
}

void NodeQueries::add_node_queries() {
  const std::string of_comet = "/cosmos.base.tendermint.v1beta1.Service/";
  add<comet::GetNodeInfoRequest, comet::GetNodeInfoResponse>(
      of_comet + "GetNodeInfo", [this](const auto&) { return node_info(sources_, identity_); });
  // One sequencer: nothing is ever behind.
  add<comet::GetSyncingRequest, comet::GetSyncingResponse>(
      of_comet + "GetSyncing",
      [](const auto&) -> Result<comet::GetSyncingResponse> { return comet::GetSyncingResponse(); });
  const std::string service = "/cosmos.base.node.v1beta1.Service/";
  add<node::ConfigRequest, node::ConfigResponse>(service + "Config",
                                                 [this](const auto&) { return config(sources_); });
  add<node::StatusRequest, node::StatusResponse>(service + "Status",
                                                 [this](const auto&) { return status(sources_); });
}

bool NodeQueries::answer(const chain::QueryRequest& request, Done done) const {
  const auto handler = handlers_.find(request.path);
  if (handler == handlers_.end()) return false;
  const solo::BlockPtr newest = sources_.sequencer.feed().latest();
  handler->second(request.data,
                  [done, height = newest ? newest->height() : Height{0}](Result<Bytes> value) {
                    chain::QueryResponse response{.height = height};
                    if (value) {
                      response.value = *std::move(value);
                    } else {
                      const Error error = chain::as_query_error(std::move(value).error());
                      response.code = error.code;
                      response.codespace = error.codespace;
                      response.log = error.text;
                    }
                    done(std::move(response));
                  });
  return true;
}

}  // namespace tp::rpc
