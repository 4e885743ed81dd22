// The queries of Akash's modules, by subject. Private to the folder.
//
// List queries walk candidates in an order of their own and look at each: see listing.h. Rules:
// specs/compute-market.md §2.7.
#pragma once

#include "akash/deployment/v1beta4/query.pb.h"
#include "akash/market/v1beta5/query.pb.h"
#include "chain/router.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/index.h"

namespace tp::compute {

// Copied into every handler.
struct Queries {
  const Core& core;
  const Index& index;
};

// --- Single objects ---
//
// What the queries answer, and what history keeps of an object that leaves the state
// (chain/history.h): there it has its xid.

inline constexpr std::string_view kDeploymentQuery = "/akash.deployment.v1beta4.Query/Deployment";
inline constexpr std::string_view kOrderQuery = "/akash.market.v1beta5.Query/Order";
inline constexpr std::string_view kBidQuery = "/akash.market.v1beta5.Query/Bid";
inline constexpr std::string_view kLeaseQuery = "/akash.market.v1beta5.Query/Lease";
// About one account where the request's xid is whole: "deployment/owner/dseq" or "bid/...".
inline constexpr std::string_view kAccountsQuery = "/akash.escrow.v1.Query/Accounts";

Result<akash::deployment::v1beta4::QueryDeploymentResponse> answer(const Core& core,
                                                                   const store::Reader& state,
                                                                   const DeploymentId& id,
                                                                   const Deployment& deployment);
Result<akash::market::v1beta5::QueryOrderResponse> answer(const Core& core,
                                                          const store::Reader& state,
                                                          const OrderId& id,
                                                          const market::Order& order);
akash::market::v1beta5::QueryBidResponse answer(const Core& core, const BidId& id,
                                                const market::Bid& bid);
Result<akash::market::v1beta5::QueryLeaseResponse> answer(const Core& core,
                                                          const store::Reader& state,
                                                          const LeaseId& id,
                                                          const FoundLease& lease);

// --- All of them, by subject ---

void add_deployment_queries(Queries queries, chain::QueryRouter& router);
void add_market_queries(Queries queries, chain::QueryRouter& router);
void add_escrow_queries(Queries queries, chain::QueryRouter& router);
void add_provider_queries(Queries queries, chain::QueryRouter& router);
void add_audit_queries(Queries queries, chain::QueryRouter& router);
void add_discovery_queries(chain::QueryRouter& router);

}  // namespace tp::compute
