#include "networks/compute/chain/events.h"

#include <algorithm>

#include "akash/market/v1/types.pb.h"
#include "base/text.h"

namespace tp::compute::events {
namespace {

using chain::Attribute;
using chain::Context;

// Addresses, denominations, numbers and base64 need no escapes in JSON.
std::string quoted(std::string_view text) {
  return std::string("\"").append(text).append("\"");
}

template <class Number>
std::string number(std::string_view name, Number value) {
  return quoted(name) + ":" + std::to_string(value);
}

std::string member(std::string_view name, std::string_view text) {
  return quoted(name) + ":" + quoted(text);
}

std::string members(const Accounts& accounts, const DeploymentId& id) {
  return member("owner", accounts.text(id.owner)) + "," + member("dseq", std::to_string(id.dseq));
}
std::string members(const Accounts& accounts, const GroupId& id) {
  return members(accounts, id.deployment) + "," + number("gseq", id.gseq);
}
std::string members(const Accounts& accounts, const OrderId& id) {
  return members(accounts, id.group) + "," + number("oseq", id.oseq);
}
std::string members(const Accounts& accounts, const BidId& id) {
  return members(accounts, id.order) + "," + member("provider", accounts.text(id.provider)) + "," +
         number("bseq", 0);
}

template <class Id>
Attribute id_attribute(const Accounts& accounts, const Id& id) {
  return {"id", "{" + members(accounts, id) + "}"};
}

Attribute hash_attribute(const Hash256& hash) {
  return {"hash", quoted(to_base64(hash.view()))};
}

Attribute price_attribute(const DecCoin& price) {
  return {"price", "{" + member("denom", price.denom.text()) + "," +
                       member("amount", price.amount.to_string()) + "}"};
}

// An enum by its name; a number that has none, as a number.
Attribute reason_attribute(market::ReasonCode code) {
  const auto reason = static_cast<int>(code.value);
  return {"reason", akash::market::v1::LeaseClosedReason_IsValid(reason)
                        ? quoted(akash::market::v1::LeaseClosedReason_Name(
                              static_cast<akash::market::v1::LeaseClosedReason>(reason)))
                        : std::to_string(reason)};
}

Attribute actor_attribute(market::Closer closer) {
  switch (closer) {
    case market::Closer::kCustomer: return {"actor", quoted("owner")};
    case market::Closer::kOperator: return {"actor", quoted("provider")};
    case market::Closer::kNetwork: return {"actor", quoted("network")};
  }
  TP_FATAL("Closer out of range");
}

void emit(Context& context, std::string type, std::vector<Attribute> attributes) {
  std::sort(attributes.begin(), attributes.end(),
            [](const Attribute& a, const Attribute& b) { return a.key < b.key; });
  context.emit({std::move(type), std::move(attributes)});
}

template <class Id>
void emit_ending(Context& context, const Accounts& accounts, std::string type, const Id& id,
                 market::Reason reason) {
  emit(context, std::move(type),
       {id_attribute(accounts, id), reason_attribute(reason.code), actor_attribute(reason.closer)});
}

}  // namespace

void deployment_created(Context& context, const Accounts& accounts, const DeploymentId& id,
                        const Hash256& hash) {
  emit(context, "akash.deployment.v1.EventDeploymentCreated",
       {id_attribute(accounts, id), hash_attribute(hash)});
}
void deployment_updated(Context& context, const Accounts& accounts, const DeploymentId& id,
                        const Hash256& hash) {
  emit(context, "akash.deployment.v1.EventDeploymentUpdated",
       {id_attribute(accounts, id), hash_attribute(hash)});
}
void deployment_closed(Context& context, const Accounts& accounts, const DeploymentId& id,
                       market::Reason reason) {
  emit_ending(context, accounts, "akash.deployment.v1.EventDeploymentClosed", id, reason);
}

void group_started(Context& context, const Accounts& accounts, const GroupId& id) {
  emit(context, "akash.deployment.v1.EventGroupStarted", {id_attribute(accounts, id)});
}
void group_paused(Context& context, const Accounts& accounts, const GroupId& id,
                  market::Reason reason) {
  emit_ending(context, accounts, "akash.deployment.v1.EventGroupPaused", id, reason);
}
void group_closed(Context& context, const Accounts& accounts, const GroupId& id,
                  market::Reason reason) {
  emit_ending(context, accounts, "akash.deployment.v1.EventGroupClosed", id, reason);
}

void order_created(Context& context, const Accounts& accounts, const OrderId& id) {
  emit(context, "akash.market.v1.EventOrderCreated", {id_attribute(accounts, id)});
}
void order_closed(Context& context, const Accounts& accounts, const OrderId& id,
                  market::Reason reason) {
  emit_ending(context, accounts, "akash.market.v1.EventOrderClosed", id, reason);
}

void bid_created(Context& context, const Accounts& accounts, const BidId& id,
                 const DecCoin& price) {
  emit(context, "akash.market.v1.EventBidCreated",
       {id_attribute(accounts, id), price_attribute(price)});
}
void bid_closed(Context& context, const Accounts& accounts, const BidId& id,
                market::Reason reason) {
  emit_ending(context, accounts, "akash.market.v1.EventBidClosed", id, reason);
}

void lease_created(Context& context, const Accounts& accounts, const LeaseId& id,
                   const DecCoin& price) {
  emit(context, "akash.market.v1.EventLeaseCreated",
       {id_attribute(accounts, id), price_attribute(price)});
}
void lease_closed(Context& context, const Accounts& accounts, const LeaseId& id,
                  market::Reason reason) {
  emit_ending(context, accounts, "akash.market.v1.EventLeaseClosed", id, reason);
}
void lease_reclaim_started(Context& context, const Accounts& accounts, const LeaseId& id,
                           market::ReasonCode reason, std::int64_t deadline) {
  emit(context, "akash.market.v1.EventLeaseReclaimStarted",
       {id_attribute(accounts, id),
        reason_attribute(reason),
        {"deadline", quoted(std::to_string(deadline))}});
}

void provider_created(Context& context, const Accounts& accounts, const Address& owner) {
  emit(context, "akash.provider.v1beta4.EventProviderCreated",
       {{"owner", quoted(accounts.text(owner))}});
}
void provider_updated(Context& context, const Accounts& accounts, const Address& owner) {
  emit(context, "akash.provider.v1beta4.EventProviderUpdated",
       {{"owner", quoted(accounts.text(owner))}});
}
void provider_deleted(Context& context, const Accounts& accounts, const Address& owner) {
  emit(context, "akash.provider.v1beta4.EventProviderDeleted",
       {{"owner", quoted(accounts.text(owner))}});
}

void trusted_auditor_created(Context& context, const Accounts& accounts, const Address& owner,
                             const Address& auditor) {
  emit(context, "akash.audit.v1.EventTrustedAuditorCreated",
       {{"owner", quoted(accounts.text(owner))}, {"auditor", quoted(accounts.text(auditor))}});
}
void trusted_auditor_deleted(Context& context, const Accounts& accounts, const Address& owner,
                             const Address& auditor) {
  emit(context, "akash.audit.v1.EventTrustedAuditorDeleted",
       {{"owner", quoted(accounts.text(owner))}, {"auditor", quoted(accounts.text(auditor))}});
}

}  // namespace tp::compute::events
