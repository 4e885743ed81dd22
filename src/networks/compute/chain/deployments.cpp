// akash.deployment.v1beta4: opening, changing and closing deployments.
#include "akash/deployment/v1beta4/deploymentmsg.pb.h"
#include "chain/sdk_errors.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"
#include "networks/compute/chain/wire.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute {
namespace {

namespace msg = ::akash::deployment::v1beta4;
using chain::Context;
using chain::SdkError;

constexpr std::size_t kGroupSpecBytesMax = 8 * 1024;

// What a MsgCreateDeployment says, checked as far as it can be without the state.
struct NewDeployment {
  DeploymentId id;
  Hash256 hash;
  Coin deposit;
  std::optional<Duration> reclaim_window;
  std::vector<GroupSpec> groups;
  std::vector<Bytes> stored;  // the same, as Group::spec holds them
};

Result<Hash256> read_hash(const Bytes& hash) {
  if (hash.empty()) return fail(DeploymentError::kEmptyHash);
  if (hash.size() != Hash256::kSize) return fail(DeploymentError::kInvalidHash);
  return Hash256::of(hash);
}

Result<std::vector<GroupSpec>> read_groups(const wire::List<wire::GroupSpec>& groups) {
  // Before anything is copied: specs/compute-market.md §1.8 bounds the count.
  if (groups.empty()) return fail(DeploymentError::kInvalidGroups);
  const GroupLimits limits;
  if (static_cast<std::uint32_t>(groups.size()) > limits.groups_max)
    return fail(DeploymentError::kInvalidGroups, "too many groups (" +
                                                     std::to_string(groups.size()) + " > " +
                                                     std::to_string(limits.groups_max) + ")");
  std::vector<GroupSpec> specs;
  specs.reserve(static_cast<std::size_t>(groups.size()));
  for (const wire::GroupSpec& group : groups) {
    TRY(GroupSpec spec, wire::read(group));
    specs.push_back(std::move(spec));
  }
  if (const auto checked = check_group_specs(specs, limits); !checked)
    return fail(DeploymentError::kInvalidGroups, checked.error().text);
  return specs;
}

// What a group is stored as: whatever rewrites the group, up to an escrow that runs dry, pays for
// these bytes again, so that they are few, and nothing rides along that nobody reads.
Result<std::vector<Bytes>> stored_specs(wire::List<wire::GroupSpec> groups) {
  std::vector<Bytes> stored;
  for (wire::GroupSpec& group : groups) {
    group.DiscardUnknownFields();
    Bytes bytes = group.SerializeAsString();
    if (bytes.size() > kGroupSpecBytesMax)
      return fail(DeploymentError::kInvalidGroups,
                  "group \"" + group.name() + "\" takes " + std::to_string(bytes.size()) +
                      " bytes of at most " + std::to_string(kGroupSpecBytesMax));
    stored.push_back(std::move(bytes));
  }
  return stored;
}

Result<NewDeployment> read_message(const Core& core, const msg::MsgCreateDeployment& message) {
  NewDeployment out;
  TRY_TO(out.id, wire::read(core.accounts, message.id()));
  TRY_TO(out.deposit, wire::read_deposit(message.deposit()));
  TRY_TO(out.hash, read_hash(message.hash()));
  if (message.has_reclamation()) {
    TRY_TO(out.reclaim_window, wire::read(message.reclamation().min_window()));
    if (*out.reclaim_window < Duration{})
      return fail(DeploymentError::kInvalidReclamation, "min_window must be >= 0");
  }
  TRY_TO(out.groups, read_groups(message.groups()));
  TRY_TO(out.stored, stored_specs(message.groups()));
  return out;
}

Result<void> check_deposit(const NetworkInfo& network, const Coin& deposit) {
  const Coins& least = network.params.deployment_deposits_min;
  const auto found = std::find_if(least.begin(), least.end(), [&deposit](const Coin& coin) {
    return coin.denom == deposit.denom;
  });
  if (found == least.end())
    return fail_named(DeploymentError::kInvalidDeposit,
                      "Invalid deposit denomination " + deposit.denom.text());
  if (deposit.amount < found->amount)
    return fail(DeploymentError::kInvalidDeposit,
                "Deposit too low - " + deposit.amount.to_string() + " < " + found->to_string());
  // A denomination may be good for deposits of bids and the like, but no price stands in it.
  if (!network.takes(deposit.denom)) return fail(DeploymentError::kInvalidDeposit);
  return {};
}

Result<void> check_reclaim_window(const NetworkInfo& network,
                                  const std::optional<Duration>& window) {
  if (!window) return {};
  if (*window < network.params.reclaim_window_min)
    return fail(DeploymentError::kInvalidReclamation, "min_window below governance minimum");
  if (*window > network.params.reclaim_window_max)
    return fail(DeploymentError::kInvalidReclamation, "min_window above governance maximum");
  return {};
}

Result<DecCoin> check_price(const NetworkInfo& network, const GroupSpec& group,
                            const Coin& deposit) {
  std::optional<DecCoin> price = wire::price_max(group);
  if (!price) return fail(DeploymentError::kInvalidPrice, "group " + group.name);
  if (!network.takes(price->denom))
    return fail(DeploymentError::kInvalidPrice, "unsupported denomination " + price->denom.text());
  if (price->denom != deposit.denom)
    return fail(
        DeploymentError::kInvalidDeposit,
        "Mismatched denominations (" + deposit.denom.text() + " != " + price->denom.text() + ")");
  return *std::move(price);
}

// The escrow account that pays for the deployment. Money that is not there reads as in Akash.
Result<escrow::AccountId> open_escrow(const Core& core, Context& context, NetworkId network,
                                      const Address& owner, const Coin& deposit) {
  const escrow::Funding funding{.owner = owner, .amount = deposit.amount};
  auto account = core.escrow.open(context, network, owner, deposit.denom, std::span(&funding, 1));
  if (!account && is(account.error(), SdkError::kInsufficientFunds))
    return fail_named(compute::MarketError::kInvalidDeposit, "insufficient balance");
  return in_akash_words(std::move(account));
}

Result<msg::MsgCreateDeploymentResponse> create(const Core& core, Context& context,
                                                const msg::MsgCreateDeployment& message) {
  TRY(const NewDeployment wanted, read_message(core, message));
  TRY(const bool exists, kDeployments.contains(context, wanted.id));
  if (exists) return fail(DeploymentError::kDeploymentExists);
  TRY(const NetworkInfo network, default_network(core, context));
  TRY_VOID(check_deposit(network, wanted.deposit));
  TRY_VOID(check_reclaim_window(network, wanted.reclaim_window));
  std::vector<DecCoin> prices;
  for (const GroupSpec& group : wanted.groups) {
    TRY(DecCoin price, check_price(network, group, wanted.deposit));
    prices.push_back(std::move(price));
  }

  TRY(const escrow::AccountId account,
      open_escrow(core, context, network.id, wanted.id.owner, wanted.deposit));
  const Deployment deployment{.network = network.id,
                              .state = DeploymentState::kActive,
                              .hash = wanted.hash,
                              .created_height = context.block().height,
                              .reclaim_window = wanted.reclaim_window.value_or(Duration{}),
                              .escrow = account,
                              .groups = static_cast<std::uint32_t>(wanted.groups.size())};
  TRY_VOID(kDeployments.put(context, wanted.id, deployment));
  TRY_VOID(kEscrowOwners.put(context, account, {wanted.id}));
  events::deployment_created(context, core.accounts, wanted.id, wanted.hash);

  for (std::uint32_t i = 0; i < deployment.groups; ++i)
    TRY_VOID(place_order(core, context, network, {wanted.id, i + 1}, deployment,
                         Group{.created_height = context.block().height,
                               .spec = wanted.stored[i],
                               .price_max = prices[i]}));
  return msg::MsgCreateDeploymentResponse();
}

Result<msg::MsgUpdateDeploymentResponse> update(const Core& core, Context& context,
                                                const msg::MsgUpdateDeployment& message) {
  TRY(const DeploymentId id, wire::read(core.accounts, message.id()));
  TRY(const Hash256 hash, read_hash(message.hash()));
  TRY(std::optional<Deployment> deployment, kDeployments.find(context, id));
  if (!deployment) return fail(DeploymentError::kDeploymentNotFound);
  if (deployment->state != DeploymentState::kActive)
    return fail(DeploymentError::kDeploymentClosed);
  if (deployment->hash == hash) return fail(DeploymentError::kInvalidHash);

  deployment->hash = hash;
  TRY_VOID(kDeployments.put(context, id, *deployment));
  events::deployment_updated(context, core.accounts, id, hash);
  return msg::MsgUpdateDeploymentResponse();
}

Result<msg::MsgCloseDeploymentResponse> close(const Core& core, Context& context,
                                              const msg::MsgCloseDeployment& message) {
  TRY(const DeploymentId id, wire::read(core.accounts, message.id()));
  TRY(std::optional<Deployment> deployment, kDeployments.find(context, id));
  if (!deployment) return fail(DeploymentError::kDeploymentNotFound);
  if (deployment->state != DeploymentState::kActive)
    return fail(DeploymentError::kDeploymentClosed);
  // An account that has run dry by now ends its leases for that reason, not for this one.
  TRY_VOID(in_akash_words(core.escrow.settle(context, deployment->escrow)));

  deployment->state = DeploymentState::kClosed;
  TRY_VOID(kDeployments.put(context, id, *deployment));
  events::deployment_closed(context, core.accounts, id, kOwnerCloses);
  for (std::uint32_t gseq = 1; gseq <= deployment->groups; ++gseq) {
    TRY(Group group, kGroups.get(context, {id, gseq}));
    if (group.state == GroupState::kClosed) continue;
    events::group_closed(context, core.accounts, {id, gseq}, kOwnerCloses);
    TRY_VOID(end_group_order(core, context, {id, gseq}, std::move(group), GroupState::kClosed,
                             kOwnerCloses));
  }
  TRY_VOID(in_akash_words(core.escrow.close(context, deployment->escrow)));
  TRY_VOID(schedule_forgetting(core, context, id));
  return msg::MsgCloseDeploymentResponse();
}

}  // namespace

void add_deployment_messages(const Core& core, chain::MessageRouter& router) {
  const auto owner = [&core](const auto& message) -> Result<std::vector<Address>> {
    TRY(const Address signer, core.accounts.parse(message.id().owner()));
    return std::vector{signer};
  };
  router.add<msg::MsgCreateDeployment, msg::MsgCreateDeploymentResponse>(
      owner, [&core](Context& context, const msg::MsgCreateDeployment& message) {
        return create(core, context, message);
      });
  router.add<msg::MsgUpdateDeployment, msg::MsgUpdateDeploymentResponse>(
      owner, [&core](Context& context, const msg::MsgUpdateDeployment& message) {
        return update(core, context, message);
      });
  router.add<msg::MsgCloseDeployment, msg::MsgCloseDeploymentResponse>(
      owner, [&core](Context& context, const msg::MsgCloseDeployment& message) {
        return close(core, context, message);
      });
}

}  // namespace tp::compute
