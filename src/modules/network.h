// The only door between the waist and a network (design.md §3). A network implements NetworkKind;
// the market calls it. Everything else about a network (its messages, ids, codes) stays in its own
// folder.
//
// One object serves every instance of its kind: each call names the instance. The calls marked
// const decide and must not change state; the others are told what has happened, after the waist's
// own records say so, in the same transaction: a failure undoes it.
#pragma once

#include "chain/context.h"
#include "modules/escrow/escrow.h"
#include "modules/market/records.h"
#include "modules/registry/records.h"

namespace tp {

// The instance that a call is about.
struct NetworkRef {
  NetworkId id;
  const registry::Network& record;
};

// What a piece of evidence proved.
struct Verified {
  // Rises with every piece of one agreement; the market refuses what it has seen.
  std::uint64_t sequence = 0;
  market::Units units;       // to be paid at the agreement's price, where it is metered
  std::uint64_t weight = 0;  // in the rewards of the epoch
};

class NetworkKind {
 public:
  virtual ~NetworkKind() = default;

  // "compute": what Network::kind says.
  virtual std::string_view kind() const = 0;

  // May customers and operators of this kind use turnpike.market.v1? A kind that has messages of
  // its own would lose track.
  virtual bool takes_market_messages() const { return false; }

  // May this instance exist, with these params? Asked at creation and at every change.
  virtual Result<void> admit_network(const store::Reader& state, NetworkRef network) const = 0;

  // Is the spec of an order or offer well formed?
  virtual Result<void> validate_spec(const store::Reader& state, NetworkRef network,
                                     const market::Spec& spec) const = 0;

  // May this operator sell this? The market has checked price, denomination and registration.
  virtual Result<void> admit_bid(const store::Reader& state, NetworkRef network,
                                 const market::Order& order, const Address& bidder,
                                 const market::Bid& bid) const = 0;
  virtual Result<void> admit_offer(const store::Reader& state, NetworkRef network,
                                   const market::Offer& offer) const = 0;

  // Does `evidence`, brought by `submitter`, prove service under the agreement?
  virtual Result<Verified> verify_evidence(const store::Reader& state, NetworkRef network,
                                           market::AgreementId id,
                                           const market::Agreement& agreement,
                                           const Address& submitter, BytesView evidence) const = 0;

  // Does this kind reduce what operators are due by time or unit? Then escrow asks at every
  // settlement how many of the `earned` base units are owed; what is not stays with the customer.
  virtual bool reduces_dues() const { return false; }
  virtual Result<Amount> payable(const store::Reader&, NetworkRef, market::AgreementId,
                                 const market::Agreement&, escrow::Interval, Amount earned) const {
    return earned;
  }

  virtual Result<void> agreement_formed(chain::Context& context, NetworkRef network,
                                        market::AgreementId id,
                                        const market::Agreement& agreement) = 0;
  // Whatever ended it; `agreement.ending` says what. Its order is closed, its bid's deposit back.
  virtual Result<void> agreement_ended(chain::Context& context, NetworkRef network,
                                       market::AgreementId id,
                                       const market::Agreement& agreement) = 0;
  // Told once all agreements that the account paid for have ended, unless the account was opened
  // for one of them and closed with it. Must not fail for any reason but gas.
  virtual Result<void> escrow_ran_dry(chain::Context& context, NetworkRef network,
                                      escrow::AccountId account, chain::BillableTime due) = 0;
  // The retention window of a closed order is over: it, its bids and its agreement leave the
  // state. Must not fail for any reason but gas.
  virtual Result<void> order_forgotten(chain::Context& context, NetworkRef network,
                                       market::OrderId id, const market::Order& order) = 0;
};

}  // namespace tp
