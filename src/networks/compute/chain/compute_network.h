// Compute: leases of containers, in the words of Akash. This folder owns every akash.* message,
// query, event, id and code, and translates them to the waist, whose market, escrow and registry
// keep the money and the agreements.
//
//   akash.deployment  deployments and groups ── kept here
//   akash.market      orders, bids, leases   ── market orders, bids, agreements
//   akash.escrow      accounts, payments     ── escrow accounts, charges
//   akash.provider    providers              ── registry providers
//   akash.audit       audited attributes     ── registry audits
//
// Akash's prices are per block; here a block is one tick of billable time (ChainParams::tick), so
// that an hour costs the same however many blocks it has. Where this network differs from the
// reference on purpose: a deployment whose escrow runs dry stays active with its groups in
// insufficient_funds, to be funded and started again; bids are counted exactly; a provider can
// leave; every closing names its reason and its actor. Rules: specs/compute-market.md §2, §8.
#pragma once

#include <memory>

#include "chain/module.h"
#include "modules/market/market.h"
#include "store/state.h"

namespace tp::compute {

struct Core;
class Index;

// One object serves every network of kind "compute". The akash.* messages, which know of no
// networks, mean the one that the genesis file names in "compute"; without that member it is
// created with the chain's fee denomination, a least deposit of 500,000 of it and no admin.
//
// Composition, after the modules that it is given:
//   market.add_kind(compute);
//   machine.add(compute);
//   state_store.add_observer(compute.index());   // before the first query
class ComputeNetwork final : public chain::Module, public NetworkKind {
 public:
  // All references must outlive the object. Adds its handler to the schedule.
  ComputeNetwork(accounts::Accounts& accounts, escrow::Escrow& escrow, registry::Registry& registry,
                 market::Market& market, chain::Schedule& schedule,
                 const chain::ChainParams& params);
  ~ComputeNetwork() override;

  // The index in memory behind the list queries. A query at a height that the index does not hold
  // (it was not added to a state store, or the height is too old) scans the tables instead: slow
  // where much has closed, but right.
  store::CommitObserver& index();

  std::string_view name() const override { return "compute"; }
  void add_messages(chain::MessageRouter& router) override;
  void add_queries(chain::QueryRouter& router) override;
  Result<void> import_genesis(chain::Context& context, const boost::json::value* json) override;
  Result<boost::json::value> export_genesis(const store::Reader& state) const override;
  // At most one open or active order a group, and exactly then the group is open; what is here and
  // what is in the market, the escrow and the registry name each other; the escrow account of every
  // active deployment is not closed.
  Result<void> check_invariants(const store::Reader& state) const override;

  std::string_view kind() const override { return "compute"; }
  Result<void> admit_network(const store::Reader& state, NetworkRef network) const override;
  // Orders come from deployments only.
  Result<void> validate_spec(const store::Reader& state, NetworkRef network,
                             const market::Spec& spec) const override;
  Result<void> admit_bid(const store::Reader& state, NetworkRef network, const market::Order& order,
                         const Address& bidder, const market::Bid& bid) const override;
  // Nothing is sold at a posted price or metered here: refused.
  Result<void> admit_offer(const store::Reader& state, NetworkRef network,
                           const market::Offer& offer) const override;
  Result<Verified> verify_evidence(const store::Reader& state, NetworkRef network,
                                   market::AgreementId id, const market::Agreement& agreement,
                                   const Address& submitter, BytesView evidence) const override;
  Result<void> agreement_formed(chain::Context& context, NetworkRef network, market::AgreementId id,
                                const market::Agreement& agreement) override;
  Result<void> agreement_ended(chain::Context& context, NetworkRef network, market::AgreementId id,
                               const market::Agreement& agreement) override;
  Result<void> escrow_ran_dry(chain::Context& context, NetworkRef network,
                              escrow::AccountId account, chain::BillableTime due) override;
  Result<void> order_forgotten(chain::Context& context, NetworkRef network, market::OrderId id,
                               const market::Order& order) override;

 private:
  std::unique_ptr<Core> core_;
  std::unique_ptr<Index> index_;
};

}  // namespace tp::compute
