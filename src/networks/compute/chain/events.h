// Akash's typed events, exactly as a Cosmos chain emits them: the type is the full name of the
// message, each field an attribute whose value is JSON, in order of their names. Events of endings
// carry `actor` ("owner", "provider" or "network") and `reason` beside the reference's fields.
// Rule: specs/compute-market.md §2.7; proto/README.md.
#pragma once

#include "chain/context.h"
#include "modules/accounts/accounts.h"
#include "modules/market/records.h"
#include "networks/compute/chain/ids.h"

namespace tp::compute::events {

using accounts::Accounts;

void deployment_created(chain::Context& context, const Accounts& accounts, const DeploymentId& id,
                        const Hash256& hash);
void deployment_updated(chain::Context& context, const Accounts& accounts, const DeploymentId& id,
                        const Hash256& hash);
void deployment_closed(chain::Context& context, const Accounts& accounts, const DeploymentId& id,
                       market::Reason reason);

void group_started(chain::Context& context, const Accounts& accounts, const GroupId& id);
void group_paused(chain::Context& context, const Accounts& accounts, const GroupId& id,
                  market::Reason reason);
void group_closed(chain::Context& context, const Accounts& accounts, const GroupId& id,
                  market::Reason reason);

void order_created(chain::Context& context, const Accounts& accounts, const OrderId& id);
void order_closed(chain::Context& context, const Accounts& accounts, const OrderId& id,
                  market::Reason reason);

void bid_created(chain::Context& context, const Accounts& accounts, const BidId& id,
                 const DecCoin& price);
void bid_closed(chain::Context& context, const Accounts& accounts, const BidId& id,
                market::Reason reason);

void lease_created(chain::Context& context, const Accounts& accounts, const LeaseId& id,
                   const DecCoin& price);
void lease_closed(chain::Context& context, const Accounts& accounts, const LeaseId& id,
                  market::Reason reason);
// `deadline` in seconds since 1970.
void lease_reclaim_started(chain::Context& context, const Accounts& accounts, const LeaseId& id,
                           market::ReasonCode reason, std::int64_t deadline);

void provider_created(chain::Context& context, const Accounts& accounts, const Address& owner);
void provider_updated(chain::Context& context, const Accounts& accounts, const Address& owner);
void provider_deleted(chain::Context& context, const Accounts& accounts, const Address& owner);

void trusted_auditor_created(chain::Context& context, const Accounts& accounts,
                             const Address& owner, const Address& auditor);
void trusted_auditor_deleted(chain::Context& context, const Accounts& accounts,
                             const Address& owner, const Address& auditor);

}  // namespace tp::compute::events
