// "compute" in the genesis file:
//   {"network": {"name", "admin", "denoms": [..], "min_deposits": [coin], "bid_min_deposits":
//   [coin],
//                "order_max_bids", "min_reclamation_window", "max_reclamation_window"}}
// creates the network that the akash.* messages mean; every member has a default. An export names
// it by its number instead ("network_id": the registry holds the record), and carries the rows:
// "deployments", "groups", "orders", "escrow_owners".
#include "chain/genesis.h"

#include <boost/json.hpp>

#include "modules/genesis_rows.h"
#include "networks/compute/chain/compute_network.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/index.h"

namespace tp::compute {
namespace {

using chain::Context;
using chain::GenesisObject;
using chain::ModuleError;

constexpr Amount kDepositMin{500'000};

Result<Coins> coins_in(const GenesisObject& json, std::string_view member,
                       const std::vector<Denom>& denoms) {
  Coins coins;
  if (!json.has(member)) {
    for (const Denom& denom : denoms) coins.push_back({denom, kDepositMin});
  } else {
    TRY(const std::vector<GenesisObject> items, json.objects(member));
    for (const GenesisObject& item : items) {
      TRY(Coin coin, item.coin());
      coins.push_back(std::move(coin));
    }
  }
  std::sort(coins.begin(), coins.end());
  return coins;
}

Result<registry::Network> read_network(const Core& core, const GenesisObject& json) {
  TRY_VOID(json.allow_only({"name", "admin", "denoms", "min_deposits", "bid_min_deposits",
                            "order_max_bids", "min_reclamation_window", "max_reclamation_window"}));
  registry::Network network{.kind = "compute", .name = "compute"};
  if (json.has("name")) TRY_TO(network.name, json.text("name"));
  if (json.has("admin")) {
    TRY(const std::string text, json.text("admin"));
    const auto admin = core.accounts.parse(text);
    if (!admin) return json.error("admin", admin.error().text);
    network.admin = *admin;
  }
  TRY(const std::vector<std::string> denoms, json.texts("denoms"));
  for (const std::string& text : denoms) {
    auto denom = Denom::parse(text);
    if (!denom) return json.error("denoms", denom.error().text);
    network.denoms.push_back(*std::move(denom));
  }
  if (network.denoms.empty()) network.denoms.push_back(core.chain.fee_denom);

  ComputeParams params;
  TRY_TO(params.deployment_deposits_min, coins_in(json, "min_deposits", network.denoms));
  TRY_TO(params.bid_deposits_min, coins_in(json, "bid_min_deposits", network.denoms));
  if (json.has("order_max_bids")) {
    TRY(const std::uint64_t bids, json.number("order_max_bids"));
    if (bids > kOrderBidsLimit) return json.error("order_max_bids", "is above 500");
    params.order_bids_max = static_cast<std::uint32_t>(bids);
  }
  if (json.has("min_reclamation_window"))
    TRY_TO(params.reclaim_window_min, json.duration("min_reclamation_window"));
  if (json.has("max_reclamation_window"))
    TRY_TO(params.reclaim_window_max, json.duration("max_reclamation_window"));
  if (const auto checked = check_params(network, params); !checked)
    return json.error("", checked.error().text);
  network.params = store::encode_record(params);
  return network;
}

std::unexpected<Error> broken(const std::string& what) {
  return fail(ModuleError::kInvariant, "compute: " + what);
}

std::string text(const Core& core, const GroupId& id) {
  return core.accounts.text(id.deployment.owner) + "/" + std::to_string(id.deployment.dseq) + "/" +
         std::to_string(id.gseq);
}

Result<void> check_group(const Core& core, const store::Reader& state, const GroupId& id,
                         const Group& group) {
  TRY(const std::optional<Deployment> deployment, kDeployments.find(state, id.deployment));
  if (!deployment || id.gseq == 0 || id.gseq > deployment->groups)
    return broken("group " + text(core, id) + " belongs to no deployment");
  const bool has_order = group.order != market::OrderId{};
  if (has_order != (group.state == GroupState::kOpen))
    return broken("group " + text(core, id) + " is " + (has_order ? "not " : "") + "open and has " +
                  (has_order ? "an" : "no") + " order");
  if (deployment->state == DeploymentState::kClosed && group.state != GroupState::kClosed)
    return broken("group " + text(core, id) + " is alive in a closed deployment");
  if (!has_order) return {};
  TRY(const std::optional<OrderRow> row, kOrders.find(state, {id, group.orders}));
  if (!row || row->order != group.order)
    return broken("group " + text(core, id) + " names an order that is not its newest");
  return {};
}

Result<void> check_order(const Core& core, const store::Reader& state, const OrderId& id,
                         const OrderRow& row) {
  const std::string name = text(core, id.group) + "/" + std::to_string(id.oseq);
  TRY(const std::optional<market::Order> order, core.market.find_order(state, row.order));
  if (!order || order_named(order->spec) != id || order->customer != id.owner())
    return broken("order " + name + " is not the market's");
  TRY(const std::optional<Group> group, kGroups.find(state, id.group));
  if (!group) return broken("order " + name + " has no group");
  const bool live = order->status != market::OrderStatus::kClosed;
  if (live != (group->order == row.order))
    return broken("order " + name + " is " + (live ? "live and not" : "closed and still") +
                  " its group's");
  TRY(const std::optional<Deployment> deployment, kDeployments.find(state, id.deployment()));
  if (!deployment || deployment->escrow != order->escrow)
    return broken("order " + name + " is paid by another account");
  if (order->status != market::OrderStatus::kMatched) return {};

  TRY(const std::optional<market::Agreement> agreement,
      core.market.find_agreement(state, order->agreement));
  if (!agreement || !market::is_live(agreement->status))
    return broken("order " + name + " is matched without a live lease");
  TRY(const escrow::Account account, core.escrow.get(state, order->escrow));
  if (account.find(agreement->charge_id(order->agreement)) == nullptr)
    return broken("the lease of order " + name + " has no payment");
  return {};
}

Result<void> check_deployment(const Core& core, const store::Reader& state, const DeploymentId& id,
                              const Deployment& deployment) {
  const std::string name = core.accounts.text(id.owner) + "/" + std::to_string(id.dseq);
  TRY(const auto groups, kGroups.collect(state, std::tie(id)));
  if (groups.size() != deployment.groups)
    return broken("deployment " + name + " has " + std::to_string(groups.size()) + " groups of " +
                  std::to_string(deployment.groups));
  TRY(const std::optional<escrow::Account> account, core.escrow.find(state, deployment.escrow));
  if (!account) return broken("deployment " + name + " has no escrow account");
  const bool closed = account->status == escrow::AccountStatus::kClosed;
  if (closed != (deployment.state == DeploymentState::kClosed))
    return broken("deployment " + name + " and its account are not closed together");
  TRY(const std::optional<EscrowOwner> owner, kEscrowOwners.find(state, deployment.escrow));
  if (!owner || owner->deployment != id)
    return broken("the account of deployment " + name + " names another");
  return {};
}

}  // namespace

Result<void> ComputeNetwork::import_genesis(Context& context, const boost::json::value* json) {
  const boost::json::value empty = boost::json::object{};
  TRY(const GenesisObject root, GenesisObject::of(json == nullptr ? empty : *json, "compute"));
  TRY_VOID(root.allow_only(
      {"network", "network_id", "deployments", "groups", "orders", "escrow_owners"}));
  if (root.has("network_id")) {
    TRY(const std::uint64_t id, root.number("network_id"));
    const NetworkId network{static_cast<std::uint32_t>(id)};
    TRY(const std::optional<registry::Network> record,
        core_->registry.find_network(context, network));
    if (!record || record->kind != kind() || network.value != id)
      return root.error("network_id", "the registry has no such compute network");
    TRY_VOID(kDefaultNetwork.put(context, {}, {network}));
  } else {
    const boost::json::value none = boost::json::object{};
    TRY(const GenesisObject wanted,
        root.has("network") ? root.object("network") : GenesisObject::of(none, "compute.network"));
    TRY(registry::Network record, read_network(*core_, wanted));
    TRY(const NetworkId network, core_->registry.create_network(context, std::move(record)));
    TRY_VOID(kDefaultNetwork.put(context, {}, {network}));
  }

  TRY_VOID(modules::put_rows_from_json(kGroups, context, root, "groups"));
  TRY_VOID(modules::put_rows_from_json(kOrders, context, root, "orders"));
  TRY_VOID(modules::put_rows_from_json(kEscrowOwners, context, root, "escrow_owners"));
  return modules::rows_from_json<DeploymentId, Deployment>(
      kDeployments, root, "deployments",
      [&](const DeploymentId& id, const Deployment& deployment) -> Result<void> {
        TRY_VOID(kDeployments.put(context, id, deployment));
        // The schedule is not exported: what is closed stays for one more retention window.
        if (deployment.state == DeploymentState::kClosed)
          TRY_VOID(schedule_forgetting(*core_, context, id));
        return {};
      });
}

Result<boost::json::value> ComputeNetwork::export_genesis(const store::Reader& state) const {
  TRY(const DefaultNetwork network, kDefaultNetwork.get(state, {}));
  TRY(boost::json::array deployments, modules::rows_to_json(kDeployments, state));
  TRY(boost::json::array groups, modules::rows_to_json(kGroups, state));
  TRY(boost::json::array orders, modules::rows_to_json(kOrders, state));
  TRY(boost::json::array owners, modules::rows_to_json(kEscrowOwners, state));
  return boost::json::value{{"network_id", network.id.value},
                            {"deployments", std::move(deployments)},
                            {"groups", std::move(groups)},
                            {"orders", std::move(orders)},
                            {"escrow_owners", std::move(owners)}};
}

Result<void> ComputeNetwork::check_invariants(const store::Reader& state) const {
  const Core& core = *core_;
  // Each check says what is broken; a scan passes it on.
  const auto going_on = [](const Result<void>& checked) -> Result<store::Step> {
    TRY_VOID(checked);
    return store::Step::kGoOn;
  };
  TRY_VOID(kDeployments.scan(state, std::tuple<>{},
                             [&](const DeploymentId& id, const Deployment& deployment) {
                               return going_on(check_deployment(core, state, id, deployment));
                             }));
  TRY_VOID(kGroups.scan(state, std::tuple<>{}, [&](const GroupId& id, const Group& group) {
    return going_on(check_group(core, state, id, group));
  }));
  return kOrders.scan(state, std::tuple<>{}, [&](const OrderId& id, const OrderRow& row) {
    return going_on(check_order(core, state, id, row));
  });
}

}  // namespace tp::compute
