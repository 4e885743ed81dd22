// MsgUpdateParams of akash.deployment and akash.market: the admin of the network changes its
// parameters, which stand in the registry's record.
#include "akash/deployment/v1beta4/paramsmsg.pb.h"
#include "akash/market/v1beta5/paramsmsg.pb.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

using chain::Context;

// What the reference answers to anyone but its authority.
enum class GovError : std::uint32_t { kInvalidSigner = 13 };

ErrorInfo describe(GovError) {
  return {"gov", 13, "expected gov account as only signer for proposal message"};
}

Result<NetworkInfo> network_for(const Core& core, Context& context, const std::string& authority) {
  TRY(const Address signer, core.accounts.parse(authority));
  TRY(NetworkInfo network, default_network(core, context));
  if (signer != network.record.admin)
    return fail(GovError::kInvalidSigner, "invalid authority; expected " +
                                              core.accounts.text(network.record.admin) + ", got " +
                                              authority);
  return network;
}

Result<void> save(const Core& core, Context& context, NetworkInfo network) {
  TRY_VOID(check_params(network.record, network.params));
  network.record.params = store::encode_record(network.params);
  return core.registry.update_network(context, network.id, std::move(network.record));
}

namespace deployment_msg = ::akash::deployment::v1beta4;
namespace market_msg = ::akash::market::v1beta5;

Result<deployment_msg::MsgUpdateParamsResponse> update(
    const Core& core, Context& context, const deployment_msg::MsgUpdateParams& message) {
  TRY(NetworkInfo network, network_for(core, context, message.authority()));
  TRY_TO(network.params.deployment_deposits_min, wire::read_coins(message.params().min_deposits()));
  TRY_VOID(save(core, context, std::move(network)));
  return deployment_msg::MsgUpdateParamsResponse();
}

Result<market_msg::MsgUpdateParamsResponse> update(const Core& core, Context& context,
                                                   const market_msg::MsgUpdateParams& message) {
  TRY(NetworkInfo network, network_for(core, context, message.authority()));
  const auto& wanted = message.params();
  TRY_TO(network.params.bid_deposits_min, wire::read_coins(wanted.bid_min_deposits()));
  network.params.order_bids_max = wanted.order_max_bids();
  TRY_TO(network.params.reclaim_window_min, wire::read(wanted.min_reclamation_window()));
  TRY_TO(network.params.reclaim_window_max, wire::read(wanted.max_reclamation_window()));
  TRY_VOID(save(core, context, std::move(network)));
  return market_msg::MsgUpdateParamsResponse();
}

}  // namespace

void add_params_messages(const Core& core, chain::MessageRouter& router) {
  const auto authority = [&core](const auto& message) -> Result<std::vector<Address>> {
    TRY(const Address signer, core.accounts.parse(message.authority()));
    return std::vector{signer};
  };
  router.add<deployment_msg::MsgUpdateParams, deployment_msg::MsgUpdateParamsResponse>(
      authority, [&core](Context& context, const deployment_msg::MsgUpdateParams& message) {
        return update(core, context, message);
      });
  router.add<market_msg::MsgUpdateParams, market_msg::MsgUpdateParamsResponse>(
      authority, [&core](Context& context, const market_msg::MsgUpdateParams& message) {
        return update(core, context, message);
      });
}

}  // namespace tp::compute
