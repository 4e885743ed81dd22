// What leaves the state says how it was, in the answers of the queries for it.
#include "chain/history.h"

#include "akash/escrow/v1/query.pb.h"
#include "networks/compute/chain/queries.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

// An account has no query of its own: its whole xid finds it alone.
void tell_account_left(chain::Context& context, const std::string& xid,
                       const akash::escrow::types::v1::Account& account) {
  akash::escrow::v1::QueryAccountsResponse answer;
  *answer.add_accounts() = account;
  answer.mutable_pagination()->set_total(1);
  chain::tell_left_state(context, kAccountsQuery, xid, answer);
}

}  // namespace

Result<void> tell_order_left(const Core& core, chain::Context& context, const OrderId& id,
                             const FoundOrder& order) {
  TRY(const auto as_order, answer(core, context, id, order.order));
  chain::tell_left_state(context, kOrderQuery, wire::xid(core.accounts, id), as_order);
  TRY_VOID(core.market.scan_bids(
      context, order.id,
      [&](const market::BidKey& key, const market::Bid& bid) -> Result<store::Step> {
        const BidId bid_id{id, key.bidder};
        const std::string xid = wire::xid(core.accounts, bid_id);
        const auto as_bid = answer(core, bid_id, bid);
        chain::tell_left_state(context, kBidQuery, xid, as_bid);
        tell_account_left(context, "bid/" + xid, as_bid.escrow_account());
        return store::Step::kGoOn;
      }));
  TRY(const auto lease, lease_of(core, context, id));
  if (!lease) return {};
  TRY(const auto as_lease, answer(core, context, lease->first, lease->second));
  chain::tell_left_state(context, kLeaseQuery, wire::xid(core.accounts, lease->first), as_lease);
  return {};
}

Result<void> tell_deployment_left(const Core& core, chain::Context& context, const DeploymentId& id,
                                  const Deployment& deployment) {
  const std::string xid = wire::xid(core.accounts, id);
  TRY(const auto as_deployment, answer(core, context, id, deployment));
  chain::tell_left_state(context, kDeploymentQuery, xid, as_deployment);
  tell_account_left(context, "deployment/" + xid, as_deployment.escrow_account());
  return {};
}

}  // namespace tp::compute
