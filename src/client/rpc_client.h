// A node's CometBFT JSON-RPC, and the gRPC-style queries behind its abci_query
// (specs/chain.md §2.1 to §2.3). Blocking, with deadlines; safe to call from many threads.
//
// Errors of every method: those of HttpClient::send; ClientError::kRpc with the node's text;
// kMalformed where an answer is not of the documented shape.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"
#include "client/error.h"
#include "client/http_client.h"
#include "client/tx_builder.h"

namespace boost::json {
class value;
}

namespace tp::client {

struct NodeStatus {
  std::string chain_id;
  std::string node_version;  // of the CometBFT protocol that it speaks: "0.38.25"
  std::string moniker;
  Height latest_height;
  BlockTime latest_time;
  Hash256 latest_app_hash;
  bool catching_up = false;
};

struct Attribute {
  std::string key;
  std::string value;
  bool operator==(const Attribute&) const = default;
};

struct Event {
  std::string type;
  std::vector<Attribute> attributes;

  // The value of the first attribute of that name; "" where there is none.
  std::string_view attribute(std::string_view key) const;
  bool operator==(const Event&) const = default;
};

// What the mempool said. Code 0: the transaction waits for a block.
struct Admission {
  Hash256 hash;
  std::uint32_t code = 0;
  std::string codespace;
  std::string log;
};

// What a block did with a transaction.
struct TxOutcome {
  Hash256 hash;
  Height height;
  std::uint32_t index = 0;  // in its block
  std::uint32_t code = 0;   // 0 is success
  std::string codespace;
  std::string log;
  Bytes data;  // a TxMsgData
  Gas gas_wanted{0};
  Gas gas_used{0};
  std::vector<Event> events;
};

struct QueryAnswer {
  Bytes value;
  Height height;  // of the state that was read
};

struct AccountState {
  AccountNumber number;
  Sequence sequence;
};

// Whether a node refuses a search only because its index still reads again what a crash took from
// it: the same will be answered soon.
bool is_catching_up(const Error& error);

class RpcClient {
 public:
  // Errors: kInvalidUrl.
  static Result<RpcClient> make(std::string_view url, HttpOptions options = {});
  RpcClient(RpcClient&&) noexcept = default;
  RpcClient& operator=(RpcClient&&) noexcept = default;

  Result<NodeStatus> status();

  // `data` is what the path expects; height 0 is the latest. Errors: a non-zero code, as the
  // chain's own codespace, code and log.
  Result<QueryAnswer> abci_query(std::string_view path, BytesView data, Height height = Height{0});

  // A gRPC-style query: "/cosmos.bank.v1beta1.Query/Balance". Errors: as abci_query.
  template <class Response, class Request>
  Result<Response> query(std::string_view path, const Request& request, Height height = Height{0}) {
    TRY(const QueryAnswer answer, abci_query(path, request.SerializeAsString(), height));
    Response response;
    if (!response.ParseFromString(answer.value))
      return fail(ClientError::kMalformed, std::string(path) + " answered something else");
    return response;
  }

  // Hands a transaction to the mempool and returns its verdict, good or bad.
  Result<Admission> broadcast_tx_sync(BytesView tx);

  // Nothing where no block holds it (yet). Errors: also one that is_catching_up().
  Result<std::optional<TxOutcome>> tx(const Hash256& hash);
  // Asks until a block holds it, also while the node is away. Errors: kNotIncluded.
  Result<TxOutcome> wait_for_tx(const Hash256& hash, Duration timeout = Duration::seconds(30));
  // Asks until a block of at least this height is committed, also while the node is away.
  // Errors: kTimeout.
  Result<NodeStatus> wait_for_height(Height height, Duration timeout = Duration::seconds(30));

  // Gas that the transaction would use now. Errors: what its execution would fail with.
  Result<Gas> simulate(BytesView tx);

  // Nothing where the chain has never seen the address.
  Result<std::optional<AccountState>> account(std::string_view address);

  // Any other method of the JSON-RPC: `params` and the result are JSON texts.
  Result<std::string> call(std::string_view method, std::string_view params_json);

 private:
  explicit RpcClient(HttpClient http) : http_(std::move(http)) {}

  Result<boost::json::value> ask(std::string_view method, std::string_view params_json);

  HttpClient http_;
};

}  // namespace tp::client
