// turnpike tx: sign and send messages.
#include <boost/json.hpp>
#include <iostream>

#include "akash/audit/v1/msg.pb.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/proto_json.h"
#include "cosmos/bank/v1beta1/tx.pb.h"

namespace tp::cli {
namespace {

namespace json = boost::json;

struct TxOptions {
  std::string memo;
  std::string to;
  std::string coins;
  std::string type;
  std::string body;
  std::string provider;
  std::vector<std::string> attributes;
};

// Signs, sends, waits for the block, and reports.
Result<void> send_and_report(Session& session, const std::vector<client::Message>& messages,
                             const std::string& memo) {
  TRY(client::Wallet * wallet, session.wallet());
  TRY(const client::TxOutcome outcome, wallet->send(messages, memo));
  const std::string hash = to_hex_upper(outcome.hash.view());
  print(session.options(),
        "in block " + std::to_string(outcome.height.value) + ", " +
            std::to_string(outcome.gas_used.value) + " gas, hash " + hash,
        json::serialize(json::object{{"hash", hash},
                                     {"height", outcome.height.value},
                                     {"gas_used", outcome.gas_used.value},
                                     {"gas_wanted", outcome.gas_wanted.value}}));
  return {};
}

Result<void> send(const GlobalOptions& global, const TxOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(const Address to, session->address(options.to));
  TRY(client::Wallet * wallet, session->wallet());
  cosmos::bank::v1beta1::MsgSend message;
  message.set_from_address(wallet->address_text());
  message.set_to_address(session->text(to));
  const auto coin = Coin::parse(options.coins);
  if (!coin)
    return fail(CliError::kUsage, "\"" + options.coins + "\" is not an amount such as 500utoll");
  auto* amount = message.add_amount();
  amount->set_denom(coin->denom.text());
  amount->set_amount(coin->amount.to_string());
  return send_and_report(*session, {client::to_message(message)}, options.memo);
}

Result<void> send_message(const GlobalOptions& global, const TxOptions& options) {
  TRY(const auto session, Session::open(global));
  std::string body = options.body;
  if (body == "-") body.assign(std::istreambuf_iterator<char>(std::cin), {});
  TRY(const auto message, message_from_json(options.type, body));
  return send_and_report(*session, {client::to_message(*message)}, options.memo);
}

Result<void> sign_attributes(const GlobalOptions& global, const TxOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(const Address provider, session->address(options.provider));
  TRY(client::Wallet * wallet, session->wallet());
  akash::audit::v1::MsgSignProviderAttributes message;
  message.set_owner(session->text(provider));
  message.set_auditor(wallet->address_text());
  for (const std::string& attribute : options.attributes) {
    const std::size_t equals = attribute.find('=');
    if (equals == std::string::npos)
      return fail(CliError::kUsage, "\"" + attribute + "\" is not KEY=VALUE");
    auto* item = message.add_attributes();
    item->set_key(attribute.substr(0, equals));
    item->set_value(attribute.substr(equals + 1));
  }
  return send_and_report(*session, {client::to_message(message)}, options.memo);
}

}  // namespace

void add_tx(Program& program) {
  CLI::App* tx = program.root.add_subcommand("tx", "Sign and send messages");
  tx->require_subcommand(1);
  const auto options = std::make_shared<TxOptions>();
  const auto command = [&program, options](CLI::App* parent, const char* name, const char* help,
                                           auto action) {
    CLI::App* sub = parent->add_subcommand(name, help);
    sub->add_option("--memo", options->memo, "A note that everybody can read");
    sub->callback([&program, options, action] {
      program.client = ClientUse::kNodeAndKey;
      program.action = [&program, options, action] { return action(program.options, *options); };
    });
    return sub;
  };
  CLI::App* send_command = command(tx, "send", "Send money", send);
  send_command->add_option("to", options->to, "Address, or name of a key")->required();
  send_command->add_option("coins", options->coins, "Such as 500utoll")->required();

  CLI::App* message_command =
      command(tx, "message", "Send any message of the chain, given as JSON", send_message);
  message_command->add_option("type", options->type, "Such as /akash.market.v1beta5.MsgCloseBid")
      ->required();
  message_command->add_option("json", options->body, "The message; - reads standard input")
      ->required();

  CLI::App* audit = tx->add_subcommand("audit", "Vouch for a provider's attributes");
  audit->require_subcommand(1);
  CLI::App* sign = command(audit, "sign", "Sign attributes of a provider", sign_attributes);
  sign->add_option("provider", options->provider, "Address, or name of a key")->required();
  sign->add_option("attributes", options->attributes, "KEY=VALUE ...")->required();
}

}  // namespace tp::cli
