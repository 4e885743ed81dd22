// akash.deployment.v1beta4: closing, pausing and starting groups.
#include "akash/deployment/v1beta4/groupmsg.pb.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/events.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace msg = ::akash::deployment::v1beta4;
using chain::Context;

struct FoundGroup {
  GroupId id;
  Deployment deployment;
  Group group;
};

// The group as it stands now: what ran dry by now is settled first.
Result<FoundGroup> settled_group(const Core& core, Context& context,
                                 const akash::deployment::v1::GroupID& wire_id) {
  FoundGroup found;
  TRY_TO(found.id, wire::read(core.accounts, wire_id));
  TRY(const bool exists, kGroups.contains(context, found.id));
  if (!exists) return fail(DeploymentError::kGroupNotFound);
  TRY_TO(found.deployment, kDeployments.get(context, found.id.deployment));
  TRY_VOID(in_akash_words(core.escrow.settle(context, found.deployment.escrow)));
  TRY_TO(found.group, kGroups.get(context, found.id));
  return found;
}

Result<msg::MsgCloseGroupResponse> close(const Core& core, Context& context,
                                         const msg::MsgCloseGroup& message) {
  TRY(FoundGroup found, settled_group(core, context, message.id()));
  if (found.group.state == GroupState::kClosed) return fail(DeploymentError::kGroupClosed);
  events::group_closed(context, core.accounts, found.id, kOwnerCloses);
  TRY_VOID(end_group_order(core, context, found.id, std::move(found.group), GroupState::kClosed,
                           kOwnerCloses));
  return msg::MsgCloseGroupResponse();
}

Result<msg::MsgPauseGroupResponse> pause(const Core& core, Context& context,
                                         const msg::MsgPauseGroup& message) {
  TRY(FoundGroup found, settled_group(core, context, message.id()));
  if (found.group.state == GroupState::kClosed) return fail(DeploymentError::kGroupClosed);
  if (found.group.state == GroupState::kPaused) return fail(DeploymentError::kGroupPaused);
  events::group_paused(context, core.accounts, found.id, kOwnerCloses);
  TRY_VOID(end_group_order(core, context, found.id, std::move(found.group), GroupState::kPaused,
                           kOwnerCloses));
  return msg::MsgPauseGroupResponse();
}

Result<msg::MsgStartGroupResponse> start(const Core& core, Context& context,
                                         const msg::MsgStartGroup& message) {
  TRY(FoundGroup found, settled_group(core, context, message.id()));
  if (found.group.state == GroupState::kClosed) return fail(DeploymentError::kGroupClosed);
  if (found.group.state == GroupState::kOpen) return fail(DeploymentError::kGroupOpen);
  TRY(const escrow::Account account, core.escrow.get(context, found.deployment.escrow));
  // Nobody should bid for what cannot be paid; a deposit opens the account again.
  if (account.status != escrow::AccountStatus::kOpen || account.deposited().is_zero())
    return fail(EscrowError::kAccountOverdrawn, "deposit into the deployment first");

  TRY(const NetworkInfo network, network_info(core, context, found.deployment.network));
  events::group_started(context, core.accounts, found.id);
  TRY_VOID(place_order(core, context, network, found.id, found.deployment, std::move(found.group)));
  return msg::MsgStartGroupResponse();
}

}  // namespace

void add_group_messages(const Core& core, chain::MessageRouter& router) {
  const auto owner = [&core](const auto& message) -> Result<std::vector<Address>> {
    TRY(const Address signer, core.accounts.parse(message.id().owner()));
    return std::vector{signer};
  };
  router.add<msg::MsgCloseGroup, msg::MsgCloseGroupResponse>(
      owner, [&core](Context& context, const msg::MsgCloseGroup& message) {
        return close(core, context, message);
      });
  router.add<msg::MsgPauseGroup, msg::MsgPauseGroupResponse>(
      owner, [&core](Context& context, const msg::MsgPauseGroup& message) {
        return pause(core, context, message);
      });
  router.add<msg::MsgStartGroup, msg::MsgStartGroupResponse>(
      owner, [&core](Context& context, const msg::MsgStartGroup& message) {
        return start(core, context, message);
      });
}

}  // namespace tp::compute
