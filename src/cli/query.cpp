// turnpike query and turnpike status without a deployment: look at the chain.
#include <boost/json.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/proto_json.h"
#include "cosmos/bank/v1beta1/query.pb.h"

namespace tp::cli {
namespace {

namespace json = boost::json;
namespace bank = ::cosmos::bank::v1beta1;

struct QueryOptions {
  std::string address;
  std::string hash;
  std::string path;
  std::string request = "{}";
  std::int64_t height = 0;
};

Result<void> balance(const GlobalOptions& global, const QueryOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(const Address address, session->address(options.address));
  TRY(client::RpcClient * rpc, session->rpc());
  bank::QueryAllBalancesRequest request;
  request.set_address(session->text(address));
  request.mutable_pagination()->set_limit(1'000);
  TRY(const auto response, rpc->query<bank::QueryAllBalancesResponse>(
                               "/cosmos.bank.v1beta1.Query/AllBalances", request));
  std::string text;
  for (const auto& coin : response.balances())
    text += (text.empty() ? "" : "\n") + coin.amount() + coin.denom();
  TRY(const std::string answer, message_to_json(response));
  print(global, text.empty() ? "nothing" : text, answer);
  return {};
}

Result<void> transaction(const GlobalOptions& global, const QueryOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(client::RpcClient * rpc, session->rpc());
  const auto bytes = from_hex(options.hash);
  if (!bytes || bytes->size() != Hash256::kSize)
    return fail(CliError::kUsage, "a transaction hash has 64 hexadecimal digits");
  TRY(const std::optional<client::TxOutcome> found, rpc->tx(Hash256::of(*bytes)));
  if (!found) return fail(CliError::kFailed, "no block holds transaction " + options.hash);
  json::array events;
  for (const client::Event& event : found->events) {
    json::object attributes;
    for (const client::Attribute& attribute : event.attributes)
      attributes[attribute.key] = attribute.value;
    events.push_back(json::object{{"type", event.type}, {"attributes", std::move(attributes)}});
  }
  const json::object answer{{"hash", to_hex_upper(found->hash.view())},
                            {"height", found->height.value},
                            {"code", found->code},
                            {"codespace", found->codespace},
                            {"log", found->log},
                            {"gas_used", found->gas_used.value},
                            {"events", std::move(events)}};
  print(global,
        "block " + std::to_string(found->height.value) + ", " +
            (found->code == 0 ? "succeeded" : "failed: " + found->log) + ", " +
            std::to_string(found->gas_used.value) + " gas",
        json::serialize(answer));
  return {};
}

Result<void> call(const GlobalOptions& global, const QueryOptions& options) {
  TRY(const MethodTypes types, method_types(options.path));
  TRY(const auto request, message_from_json(types.request, options.request));
  TRY(const auto response, new_message(types.response));
  TRY(const auto session, Session::open(global));
  TRY(client::RpcClient * rpc, session->rpc());
  const std::string path = options.path.starts_with('/') ? options.path : "/" + options.path;
  TRY(const client::QueryAnswer answer,
      rpc->abci_query(path, request->SerializeAsString(), Height{options.height}));
  if (!response->ParseFromString(answer.value))
    return fail(CliError::kFailed, "the node's answer is not a " + types.response);
  TRY(const std::string text, message_to_json(*response));
  print(global, text, text);
  return {};
}

}  // namespace

void add_query(Program& program) {
  CLI::App* query = program.root.add_subcommand("query", "Look at the chain");
  query->require_subcommand(1);
  const auto options = std::make_shared<QueryOptions>();
  const auto command = [&](const char* name, const char* help, auto action) {
    CLI::App* sub = query->add_subcommand(name, help);
    sub->callback([&program, options, action] {
      program.client = ClientUse::kNode;
      program.action = [&program, options, action] { return action(program.options, *options); };
    });
    return sub;
  };
  command("balance", "What an account holds", balance)
      ->add_option("address", options->address, "Address, or name of a key")
      ->required();
  command("tx", "What became of a transaction", transaction)
      ->add_option("hash", options->hash, "64 hexadecimal digits")
      ->required();
  CLI::App* call_command = command("call", "Any query of the chain, with a request in JSON", call);
  call_command->add_option("path", options->path, "Such as /akash.market.v1beta5.Query/Orders")
      ->required();
  call_command->add_option("request", options->request, "The request");
  call_command->add_option("--height", options->height,
                           "Read the state after this block; 0 is the latest");
}

}  // namespace tp::cli
