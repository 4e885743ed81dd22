// What is stored, as Akash's clients see it. Private to the folder.
#pragma once

#include "akash/deployment/v1/deployment.pb.h"
#include "akash/deployment/v1beta4/group.pb.h"
#include "akash/escrow/types/v1/account.pb.h"
#include "akash/escrow/types/v1/payment.pb.h"
#include "akash/market/v1/lease.pb.h"
#include "akash/market/v1beta5/bid.pb.h"
#include "akash/market/v1beta5/order.pb.h"
#include "networks/compute/chain/core.h"

namespace tp::compute::views {

void write(const Core& core, const DeploymentId& id, const Deployment& deployment,
           akash::deployment::v1::Deployment& out);
void write(const Core& core, const GroupId& id, const Group& group,
           akash::deployment::v1beta4::Group& out);
// `spec` is the group's.
void write(const Core& core, const OrderId& id, const market::Order& order, const Bytes& spec,
           akash::market::v1beta5::Order& out);
void write(const Core& core, const BidId& id, const market::Bid& bid,
           akash::market::v1beta5::Bid& out);
void write(const Core& core, const LeaseId& id, const market::Agreement& agreement,
           akash::market::v1::Lease& out);

// The account that pays for a deployment, as of its last settlement. Its funds are below zero by
// what it owes when it is overdrawn.
void write_account(const Core& core, const DeploymentId& id, const escrow::Account& account,
                   akash::escrow::types::v1::Account& out);
// The deposit of a bid; the market holds it.
void write_account(const Core& core, const BidId& id, const market::Bid& bid,
                   akash::escrow::types::v1::Account& out);
// What a lease is paid; `charge` is its charge in escrow while it lives.
void write_payment(const Core& core, const LeaseId& id, const market::Agreement& agreement,
                   const escrow::Charge* charge, akash::escrow::types::v1::Payment& out);

// The states in which escrow objects are shown.
akash::escrow::types::v1::State state_of(const escrow::Account& account);
akash::escrow::types::v1::State state_of(const market::Bid& bid);
akash::escrow::types::v1::State state_of(const market::Agreement& agreement);

}  // namespace tp::compute::views
