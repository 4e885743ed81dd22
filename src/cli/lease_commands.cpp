// turnpike status, logs, close, deposit, start: what one does with a running deployment.
#include <boost/json.hpp>
#include <csignal>
#include <iostream>

#include "akash/deployment/v1beta4/groupmsg.pb.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/market_client.h"

namespace tp::cli {
namespace {

namespace json = boost::json;
using client::money_for_people;
using client::per_hour;
using compute::provider::GatewayClient;
using compute::provider::GatewayLogLine;
using compute::provider::LeaseRef;

struct LeaseOptions {
  std::uint64_t dseq = 0;
  bool active = false;
  bool all = false;
  bool follow = false;
  std::int64_t tail = -1;
  std::vector<std::string> services;
  std::string coins;
};

bool is_live(const LeaseView& lease) {
  return lease.state == "active" || lease.state == "reclaiming";
}

Result<DeploymentView> existing(MarketClient& market, const std::string& owner,
                                std::uint64_t dseq) {
  TRY(std::optional<DeploymentView> found, market.deployment(owner, dseq));
  if (!found) return fail(CliError::kFailed, owner + " has no deployment " + std::to_string(dseq));
  return *std::move(found);
}

// The address of the configured key; no passphrase needed.
Result<std::string> own_address(Session& session) {
  TRY(const crypto::KeyInfo info, session.keyring().info(session.config().key));
  return session.text(info.address);
}

Result<void> node_status(Session& session) {
  TRY(client::RpcClient * rpc, session.rpc());
  TRY(const client::NodeStatus status, rpc->status());
  const std::string height = std::to_string(status.latest_height.value);
  print(session.options(),
        "chain " + status.chain_id + " at height " + height + ", " + to_rfc3339(status.latest_time),
        json::serialize(json::object{{"chain_id", status.chain_id},
                                     {"height", status.latest_height.value},
                                     {"time", to_rfc3339(status.latest_time)},
                                     {"moniker", status.moniker}}));
  return {};
}

Result<void> list(Session& session, bool with_closed) {
  TRY(const std::string owner, own_address(session));
  TRY(client::RpcClient * rpc, session.rpc());
  MarketClient market(*rpc);
  TRY(const auto views, market.deployments(owner, with_closed));
  json::array out;
  std::string text;
  for (const DeploymentView& view : views) {
    out.push_back(json::object{
        {"deployment", std::to_string(view.dseq)}, {"state", view.state}, {"funds", view.funds}});
    text += (text.empty() ? "" : "\n") + std::to_string(view.dseq) + "  " + view.state + "  " +
            view.funds;
  }
  print(session.options(), text.empty() ? "no deployments" : text, json::serialize(out));
  return {};
}

// What the provider says of one lease, into `out` and as text.
std::string lease_status(Session& session, MarketClient& market, const LeaseView& lease,
                         json::object& out) {
  const SystemClock clock;
  const auto describe = [&]() -> Result<std::string> {
    TRY(const ProviderView provider, market.provider(lease.name.provider));
    TRY(client::Wallet * wallet, session.wallet());
    TRY(GatewayClient gateway,
        GatewayClient::make(provider.gateway, wallet->key(), lease.name.owner, clock));
    TRY(const auto status,
        gateway.lease_status({lease.name.dseq, lease.name.gseq, lease.name.oseq}));
    std::string text;
    json::array services, urls;
    for (const auto& service : status.services) {
      services.push_back(json::object{{"name", service.name},
                                      {"state", service.state},
                                      {"reason", service.reason},
                                      {"ready", service.ready},
                                      {"total", service.total}});
      text += "\n    " + service.name + ": " + service.state + ", " +
              std::to_string(service.ready) + " of " + std::to_string(service.total) + " ready" +
              (service.reason.empty() ? "" : " (" + service.reason + ")");
    }
    for (const std::string& url : status.urls()) {
      urls.emplace_back(url);
      text += "\n    " + url;
    }
    for (const auto& port : status.forwarded_ports)
      text += "\n    " + port.service + ": " + port.host + ":" +
              std::to_string(port.external_port) + " leads to " + std::to_string(port.port) + "/" +
              port.protocol;
    out["services"] = std::move(services);
    out["urls"] = std::move(urls);
    return text;
  };
  const auto text = describe();
  if (text) return *text;
  out["unreachable"] = text.error().text;
  return "\n    the provider does not say how it is doing: " + text.error().text;
}

Result<void> status(const GlobalOptions& global, const LeaseOptions& options) {
  if (options.dseq == 0 && options.active)
    return fail(CliError::kUsage, "--active needs the number of a deployment");
  if (options.dseq != 0 && options.all)
    return fail(CliError::kUsage, "--all lists every deployment; leave the number out");
  TRY(const auto session, Session::open(global));
  if (options.dseq == 0) return options.all ? list(*session, true) : node_status(*session);
  TRY(const std::string owner, own_address(*session));
  TRY(client::RpcClient * rpc, session->rpc());
  MarketClient market(*rpc);
  TRY(const DeploymentView view, existing(market, owner, options.dseq));
  TRY(const auto leases, market.leases(owner, options.dseq));
  const bool active = view.state == "active" && std::any_of(leases.begin(), leases.end(), is_live);
  if (options.active) {
    if (!active)
      return fail(CliError::kFailed,
                  "deployment " + std::to_string(options.dseq) + " has no active lease");
    return {};
  }
  TRY(const ChainFacts facts, market.facts());
  std::string text = "deployment " + std::to_string(view.dseq) + " is " + view.state + "; " +
                     view.funds + " left, " +
                     (view.transferred.empty() ? "nothing" : view.transferred) +
                     " paid as of the last settlement";
  json::array groups, lease_list;
  for (const GroupView& group : view.groups) {
    groups.push_back(
        json::object{{"gseq", group.gseq}, {"name", group.name}, {"state", group.state}});
    text += "\n  group " + std::to_string(group.gseq) + " \"" + group.name + "\" is " + group.state;
  }
  for (const LeaseView& lease : leases) {
    TRY(const Decimal hourly, per_hour(lease.price.amount, facts.tick));
    const std::string price = money_for_people(hourly, lease.price.denom.text());
    json::object out{
        {"gseq", lease.name.gseq},
        {"oseq", lease.name.oseq},
        {"provider", lease.name.provider},
        {"state", lease.state},
        {"price_per_hour", price},
        {"price_per_tick", lease.price.amount.to_string_trimmed() + lease.price.denom.text()},
        {"reason", lease.reason}};
    text += "\n  lease with " + lease.name.provider + " is " + lease.state + " at " + price +
            " per hour" + (lease.reason.empty() ? "" : ", because: " + lease.reason);
    if (is_live(lease)) text += lease_status(*session, market, lease, out);
    lease_list.push_back(std::move(out));
  }
  print(global, text,
        json::serialize(json::object{{"deployment", std::to_string(view.dseq)},
                                     {"state", view.state},
                                     {"funds", view.funds},
                                     {"transferred", view.transferred},
                                     {"groups", std::move(groups)},
                                     {"leases", std::move(lease_list)}}));
  return {};
}

Result<void> logs(const GlobalOptions& global, const LeaseOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(client::RpcClient * rpc, session->rpc());
  TRY(client::Wallet * wallet, session->wallet());
  MarketClient market(*rpc);
  TRY(const auto leases, market.leases(wallet->address_text(), options.dseq));
  const SystemClock clock;
  bool found = false;
  for (const LeaseView& lease : leases) {
    if (!is_live(lease)) continue;
    found = true;
    TRY(const ProviderView provider, market.provider(lease.name.provider));
    TRY(GatewayClient gateway,
        GatewayClient::make(provider.gateway, wallet->key(), wallet->address_text(), clock));
    TRY_VOID(gateway.stream_logs(
        {lease.name.dseq, lease.name.gseq, lease.name.oseq},
        {.services = options.services, .tail = options.tail, .follow = options.follow},
        [&global](const GatewayLogLine& line) {
          print(global, line.name + "  " + line.message,
                json::serialize(json::object{{"name", line.name}, {"message", line.message}}));
          std::cout.flush();
          return static_cast<bool>(std::cout);
        }));
  }
  if (!found)
    return fail(CliError::kFailed,
                "deployment " + std::to_string(options.dseq) + " has no active lease");
  return {};
}

Result<void> send_and_say(Session& session, const std::vector<client::Message>& messages,
                          const std::string& what) {
  TRY(client::Wallet * wallet, session.wallet());
  TRY(const client::TxOutcome outcome, wallet->send(messages));
  print(session.options(), what + " in block " + std::to_string(outcome.height.value),
        json::serialize(json::object{{"hash", to_hex_upper(outcome.hash.view())},
                                     {"height", outcome.height.value}}));
  return {};
}

Result<void> close(const GlobalOptions& global, const LeaseOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(client::Wallet * wallet, session->wallet());
  return send_and_say(*session, {close_deployment(wallet->address_text(), options.dseq)},
                      "closed; what was left of the deposit came back");
}

Result<void> deposit(const GlobalOptions& global, const LeaseOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(client::Wallet * wallet, session->wallet());
  const auto coin = Coin::parse(options.coins);
  if (!coin)
    return fail(CliError::kUsage,
                "\"" + options.coins + "\" is not an amount such as 5000000utoll");
  return send_and_say(
      *session, {deposit_into(wallet->address_text(), wallet->address_text(), options.dseq, *coin)},
      "deposited " + coin->to_string());
}

Result<void> start(const GlobalOptions& global, const LeaseOptions& options) {
  TRY(const auto session, Session::open(global));
  TRY(client::RpcClient * rpc, session->rpc());
  TRY(client::Wallet * wallet, session->wallet());
  MarketClient market(*rpc);
  TRY(const DeploymentView view, existing(market, wallet->address_text(), options.dseq));
  std::vector<client::Message> messages;
  for (const GroupView& group : view.groups)
    if (group.state == "paused" || group.state == "insufficient_funds")
      messages.push_back(start_group(wallet->address_text(), options.dseq, group.gseq));
  if (messages.empty())
    return fail(CliError::kUsage, "no group of deployment " + std::to_string(options.dseq) +
                                      " is paused or out of funds");
  return send_and_say(*session, messages, "open for bids again");
}

}  // namespace

void add_lease_commands(Program& program) {
  const auto options = std::make_shared<LeaseOptions>();
  const auto command = [&](const char* name, const char* help, auto action) {
    CLI::App* sub = program.root.add_subcommand(name, help);
    sub->callback([&program, options, action] {
      program.client = ClientUse::kNodeAndKey;
      program.action = [&program, options, action] { return action(program.options, *options); };
    });
    return sub;
  };
  CLI::App* status_command = command("status", "How the node, or a deployment, is doing", status);
  status_command->add_option("deployment", options->dseq, "Its number; without one: the node");
  status_command->add_flag("--active", options->active,
                           "Say nothing; fail unless a lease of the deployment is active");
  status_command->add_flag("--all", options->all,
                           "List all deployments of the key, closed ones too");

  CLI::App* logs_command = command("logs", "What the services of a deployment print", logs);
  logs_command->add_option("deployment", options->dseq, "Its number")->required();
  logs_command->add_option("services", options->services, "Only these");
  logs_command->add_flag("-f,--follow", options->follow, "Go on as they print more");
  logs_command->add_option("--tail", options->tail,
                           "The last so many lines of each replica; -1: all");

  command("close", "End a deployment and take back what is left", close)
      ->add_option("deployment", options->dseq, "Its number")
      ->required();
  CLI::App* deposit_command = command("deposit", "Add money to a deployment", deposit);
  deposit_command->add_option("deployment", options->dseq, "Its number")->required();
  deposit_command->add_option("coins", options->coins, "Such as 5000000utoll")->required();
  command("start", "Open the groups of a deployment for bids again, after a pause or lack of funds",
          start)
      ->add_option("deployment", options->dseq, "Its number")
      ->required();
}

}  // namespace tp::cli
