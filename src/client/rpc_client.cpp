#include "client/rpc_client.h"

#include <boost/json/serialize.hpp>
#include <chrono>
#include <thread>

#include "base/function_ref.h"
#include "base/text.h"
#include "client/rpc_json.h"
#include "cosmos/auth/v1beta1/auth.pb.h"
#include "cosmos/auth/v1beta1/query.pb.h"
#include "cosmos/tx/v1beta1/service.pb.h"

namespace tp::client {
namespace {

namespace json = boost::json;
using SteadyClock = std::chrono::steady_clock;

// How often to ask again: at first as often as blocks come on an idle network, later less.
constexpr auto kPollFirst = std::chrono::milliseconds(2);
constexpr auto kPollMax = std::chrono::milliseconds(200);

std::string quoted(std::string_view text) {
  return json::serialize(json::string_view(text.data(), text.size()));
}

Result<TxOutcome> read_outcome(const json::object& in) {
  TxOutcome out;
  TRY(out.hash, hash_at(in, "hash"));
  TRY(out.height.value, number_at<std::int64_t>(in, "height"));
  TRY(out.index, number_at<std::uint32_t>(in, "index"));
  TRY(const json::object* const result, object_at(in, "tx_result"));
  TRY(out.code, number_at<std::uint32_t>(*result, "code"));
  TRY(out.codespace, text_at(*result, "codespace"));
  TRY(out.log, text_at(*result, "log"));
  TRY(out.data, base64_at(*result, "data"));
  TRY(out.gas_wanted.value, number_at<std::uint64_t>(*result, "gas_wanted"));
  TRY(out.gas_used.value, number_at<std::uint64_t>(*result, "gas_used"));
  TRY(out.events, events_at(*result, "events"));
  return out;
}

Result<NodeStatus> read_status(const json::object& in) {
  NodeStatus out;
  TRY(const json::object* const node, object_at(in, "node_info"));
  TRY(out.chain_id, text_at(*node, "network"));
  TRY(out.node_version, text_at(*node, "version"));
  TRY(out.moniker, text_at(*node, "moniker"));
  TRY(const json::object* const sync, object_at(in, "sync_info"));
  TRY(out.latest_height.value, number_at<std::int64_t>(*sync, "latest_block_height"));
  TRY(const std::string time, text_at(*sync, "latest_block_time"));
  TRY(out.latest_time, from_rfc3339(time));
  TRY(out.latest_app_hash, hash_at(*sync, "latest_app_hash"));
  const json::value* const catching_up = sync->if_contains("catching_up");
  out.catching_up = catching_up != nullptr && catching_up->is_bool() && catching_up->get_bool();
  return out;
}

// The node may be restarting.
bool may_pass(const Error& error) {
  return is(error, ClientError::kUnreachable) || is(error, ClientError::kBroken) ||
         is(error, ClientError::kTimeout);
}

// Runs `ask` until it gives a value, an error that stays, or the time is over (nothing, or the
// error of the last try).
template <class T>
Result<std::optional<T>> poll(Duration timeout, FunctionRef<Result<std::optional<T>>()> ask) {
  const auto deadline = SteadyClock::now() + std::chrono::nanoseconds(timeout.nanoseconds);
  for (auto pause = kPollFirst;; pause = std::min(pause * 3 / 2, kPollMax)) {
    Result<std::optional<T>> answer = ask();
    const bool done = answer ? answer->has_value() : !may_pass(answer.error());
    if (done || SteadyClock::now() + pause > deadline) return answer;
    std::this_thread::sleep_for(pause);
  }
}

// The node's own error text for a hash that no block holds.
bool says_not_found(const Error& error) {
  return is(error, ClientError::kRpc) && error.text.find("not found") != std::string::npos;
}

}  // namespace

bool is_catching_up(const Error& error) {
  return is(error, ClientError::kRpc) && error.text.find("catching up") != std::string::npos;
}

std::string_view Event::attribute(std::string_view key) const {
  for (const Attribute& attribute : attributes)
    if (attribute.key == key) return attribute.value;
  return {};
}

Result<RpcClient> RpcClient::make(std::string_view url, HttpOptions options) {
  TRY(HttpClient http, HttpClient::make(url, std::move(options)));
  return RpcClient(std::move(http));
}

Result<json::value> RpcClient::ask(std::string_view method, std::string_view params_json) {
  HttpRequest request;
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}};
  request.body.append(R"({"jsonrpc":"2.0","id":1,"method":)").append(quoted(method));
  request.body.append(R"(,"params":)").append(params_json).append("}");
  TRY(const HttpResponse response, http_.send(request));
  // CometBFT answers errors with status 500 and an envelope; a proxy in between answers without.
  Result<json::value> result = result_of(response.body);
  if (!result && is(result.error(), ClientError::kMalformed) && response.status != 200)
    return fail(ClientError::kMalformed, "HTTP status " + std::to_string(response.status));
  return result;
}

Result<std::string> RpcClient::call(std::string_view method, std::string_view params_json) {
  TRY(const json::value result, ask(method, params_json));
  return json::serialize(result);
}

Result<NodeStatus> RpcClient::status() {
  TRY(const json::value result, ask("status", "{}"));
  if (!result.is_object()) return fail(ClientError::kMalformed, "status");
  return read_status(result.get_object());
}

Result<QueryAnswer> RpcClient::abci_query(std::string_view path, BytesView data, Height height) {
  const std::string params = R"({"path":)" + quoted(path) + R"(,"data":")" + to_hex(data) +
                             R"(","height":")" + std::to_string(height.value) +
                             R"(","prove":false})";
  TRY(const json::value result, ask("abci_query", params));
  if (!result.is_object()) return fail(ClientError::kMalformed, "abci_query");
  TRY(const json::object* const response, object_at(result.get_object(), "response"));
  TRY(const std::uint32_t code, number_at<std::uint32_t>(*response, "code"));
  if (code != 0) {
    TRY(std::string codespace, text_at(*response, "codespace"));
    TRY(std::string log, text_at(*response, "log"));
    return std::unexpected(Error{std::move(codespace), code, std::move(log)});
  }
  QueryAnswer answer;
  TRY(answer.value, base64_at(*response, "value"));
  TRY(answer.height.value, number_at<std::int64_t>(*response, "height"));
  return answer;
}

Result<Admission> RpcClient::broadcast_tx_sync(BytesView tx) {
  TRY(const json::value result, ask("broadcast_tx_sync", R"({"tx":")" + to_base64(tx) + R"("})"));
  if (!result.is_object()) return fail(ClientError::kMalformed, "broadcast_tx_sync");
  const json::object& in = result.get_object();
  Admission out;
  TRY(out.hash, hash_at(in, "hash"));
  TRY(out.code, number_at<std::uint32_t>(in, "code"));
  TRY(out.codespace, text_at(in, "codespace"));
  TRY(out.log, text_at(in, "log"));
  return out;
}

Result<std::optional<TxOutcome>> RpcClient::tx(const Hash256& hash) {
  const Result<json::value> result =
      ask("tx", R"({"hash":")" + to_base64(hash.view()) + R"(","prove":false})");
  if (!result && says_not_found(result.error())) return std::nullopt;
  if (!result) return std::unexpected(result.error());
  if (!result->is_object()) return fail(ClientError::kMalformed, "tx");
  return read_outcome(result->get_object());
}

Result<TxOutcome> RpcClient::wait_for_tx(const Hash256& hash, Duration timeout) {
  const auto ask_tx = [&]() -> Result<std::optional<TxOutcome>> {
    auto outcome = tx(hash);
    if (!outcome && is_catching_up(outcome.error())) return std::nullopt;
    return outcome;
  };
  TRY(std::optional<TxOutcome> found, poll<TxOutcome>(timeout, ask_tx));
  if (!found) return fail(ClientError::kNotIncluded, "transaction " + to_hex_upper(hash.view()));
  return *std::move(found);
}

Result<NodeStatus> RpcClient::wait_for_height(Height height, Duration timeout) {
  const auto ask_status = [&]() -> Result<std::optional<NodeStatus>> {
    TRY(NodeStatus now, status());
    if (now.latest_height < height) return std::nullopt;
    return now;
  };
  TRY(std::optional<NodeStatus> reached, poll<NodeStatus>(timeout, ask_status));
  if (!reached) return fail(ClientError::kTimeout, "block " + std::to_string(height.value));
  return *std::move(reached);
}

Result<Gas> RpcClient::simulate(BytesView tx) {
  cosmos::tx::v1beta1::SimulateRequest request;
  request.set_tx_bytes(Bytes(tx));
  TRY(const auto response,
      query<cosmos::tx::v1beta1::SimulateResponse>("/cosmos.tx.v1beta1.Service/Simulate", request));
  return Gas{response.gas_info().gas_used()};
}

Result<std::optional<AccountState>> RpcClient::account(std::string_view address) {
  cosmos::auth::v1beta1::QueryAccountRequest request;
  request.set_address(std::string(address));
  const auto response = query<cosmos::auth::v1beta1::QueryAccountResponse>(
      "/cosmos.auth.v1beta1.Query/Account", request);
  // Every Cosmos chain says it in these words (specs/chain.md §2.2, traps).
  if (!response && response.error().text.find("code = NotFound") != std::string::npos)
    return std::nullopt;
  if (!response) return std::unexpected(response.error());

  const google::protobuf::Any& any = response->account();
  cosmos::auth::v1beta1::BaseAccount account;
  if (any.type_url() != "/cosmos.auth.v1beta1.BaseAccount" || !account.ParseFromString(any.value()))
    return fail(ClientError::kMalformed,
                std::string(address) + " is not a plain account but " + any.type_url());
  return AccountState{AccountNumber{account.account_number()}, Sequence{account.sequence()}};
}

}  // namespace tp::client
