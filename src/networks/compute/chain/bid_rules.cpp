#include "networks/compute/chain/bid_rules.h"

#include <map>
#include <set>

#include "akash/market/v1beta5/bid.pb.h"
#include "networks/compute/chain/errors.h"
#include "networks/compute/chain/matching.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

using akash::market::v1beta5::ResourceOffer;

// Nothing is offered in particular, or each offer names another unit of the group with its count.
bool offer_matches(const wire::List<ResourceOffer>& offers, const GroupSpec& group) {
  std::map<std::uint32_t, std::uint32_t> counts;
  for (const ResourceUnit& unit : group.resources) counts[unit.resources.id] = unit.count;
  for (const ResourceOffer& offer : offers) {
    const auto unit = counts.find(offer.resources().id());
    if (unit == counts.end() || unit->second != offer.count()) return false;
    counts.erase(unit);
  }
  return true;
}

// What the named auditors say, and nobody else: anybody may sign, and the bidder pays for the
// reading.
Result<std::vector<Signed>> audits_of(const Core& core, const store::Reader& state,
                                      const PlacementRequirements& requirements,
                                      const Address& provider) {
  const SignedBy& by = requirements.signed_by;
  std::set<std::string> names(by.all_of.begin(), by.all_of.end());
  names.insert(by.any_of.begin(), by.any_of.end());
  std::vector<Signed> audits;
  for (const std::string& name : names) {
    const auto auditor = core.accounts.parse(name);
    if (!auditor) continue;  // nobody, who signs nothing
    TRY(std::optional<registry::Audit> audit,
        core.registry.find_audit(state, {provider, *auditor}));
    if (audit) audits.push_back({name, std::move(audit->attributes)});
  }
  return audits;
}

Result<GroupSpec> spec_of(const store::Reader& state, const market::Order& order) {
  const std::optional<OrderId> id = order_named(order.spec);
  TP_ASSERT(id);  // validate_spec admits no other
  TRY(const Group group, kGroups.get(state, id->group));
  wire::GroupSpec spec;
  TP_ASSERT(spec.ParseFromString(group.spec));
  return wire::read(spec);
}

}  // namespace

Result<void> check_bid_deposit(const NetworkInfo& network, const Coin& deposit) {
  for (const Coin& least : network.params.bid_deposits_min) {
    if (least.denom != deposit.denom) continue;
    if (deposit.amount >= least.amount) return {};
    return fail_named(MarketError::kInvalidDeposit,
                      "minimum:" + least.to_string() + " received:" + deposit.to_string());
  }
  return fail_named(MarketError::kInvalidDeposit, "unsupported denom " + deposit.denom.text());
}

Result<void> check_bid(const Core& core, const store::Reader& state, const NetworkInfo& network,
                       const market::Order& order, const Address& bidder, const market::Bid& bid) {
  TRY_VOID(check_bid_deposit(network, bid.held));
  TRY(const GroupSpec group, spec_of(state, order));

  akash::market::v1beta5::Bid offer;
  if (!offer.ParseFromString(bid.offer) || !offer_matches(offer.resources_offer(), group))
    return fail(MarketError::kCapabilitiesMismatch);

  TRY(const std::optional<registry::Provider> provider, core.registry.find_provider(state, bidder));
  if (!provider) return fail(MarketError::kUnknownProvider);
  TRY(const std::vector<Signed> audits, audits_of(core, state, group.requirements, bidder));
  if (!matches_requirements(group.requirements, provider->attributes, audits))
    return fail(MarketError::kAttributeMismatch);
  if (!matches_capabilities(group.resources, provider->attributes))
    return fail(MarketError::kCapabilitiesMismatch);

  if (bid.reclaim_window > Duration{} && (bid.reclaim_window < network.params.reclaim_window_min ||
                                          bid.reclaim_window > network.params.reclaim_window_max))
    return fail(MarketError::kReclamationWindowInvalid);
  return {};
}

}  // namespace tp::compute
