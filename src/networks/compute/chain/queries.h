// The queries of Akash's modules, by subject. Private to the folder.
//
// List queries walk candidates in an order of their own and look at each: see listing.h. Rules:
// specs/compute-market.md §2.7.
#pragma once

#include "chain/router.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/index.h"

namespace tp::compute {

// Copied into every handler.
struct Queries {
  const Core& core;
  const Index& index;
};

void add_deployment_queries(Queries queries, chain::QueryRouter& router);
void add_market_queries(Queries queries, chain::QueryRouter& router);
void add_escrow_queries(Queries queries, chain::QueryRouter& router);
void add_provider_queries(Queries queries, chain::QueryRouter& router);
void add_audit_queries(Queries queries, chain::QueryRouter& router);
void add_discovery_queries(chain::QueryRouter& router);

}  // namespace tp::compute
