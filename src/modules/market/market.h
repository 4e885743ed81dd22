// Market: how customers and operators come to an agreement, and how agreements end.
//
// Three ways in: an auction (order, bids, one accepted), a posted price (offer, accepted), a
// membership (an operator joins a network). One way out: `close_agreement`, also taken when the
// escrow runs dry, always with a typed reason. Networks with messages of their own (compute) call
// this class; for all others there is turnpike.market.v1. Rules: design.md §3;
// specs/compute-market.md §2.3, §2.4.
#pragma once

#include <map>
#include <vector>

#include "modules/escrow/escrow.h"
#include "modules/market/records.h"
#include "modules/network.h"
#include "modules/registry/registry.h"

namespace tp::market {

struct OrderTerms {
  NetworkId network;
  Address customer;
  Spec spec;
  DecCoin price_max;
  escrow::AccountId escrow;
  Duration reclaim_window;
  std::uint32_t bids_open_max = 20;  // 1..kBiddersEverMax
  // Instead of `escrow`: the market opens an account with this deposit, which closes with the order
  // or the agreement.
  std::optional<Coin> deposit;
};

struct BidTerms {
  BidKey key;
  DecCoin price;
  Bytes offer;
  Duration reclaim_window;
  Coin deposit;  // held by the market until the bid ends
};

struct OfferTerms {
  NetworkId network;
  Address seller;
  Spec spec;
  ChargeKind charge = ChargeKind::kMetered;
  DecCoin price;
  std::uint32_t agreements_max = 1;  // live at once; at least 1
};

// A bid that ended, and what went back to its bidder.
struct EndedBid {
  BidKey key;
  Bid bid;
  Coin refunded;
};

struct Match {
  AgreementId agreement;
  std::vector<EndedBid> lost;
};

class Market final : public chain::Module,
                     public escrow::DryObserver,
                     public escrow::DueValidator,
                     public registry::NetworkObserver,
                     public registry::LiveAgreements {
 public:
  // An order takes bids of at most this many operators in its life, those of closed bids included,
  // so that the schedule can remove its rows, one an operator, within the gas of one block; only
  // open ones count against Order::bids_open_max.
  static constexpr std::uint32_t kBiddersEverMax = 500;

  Market(accounts::Accounts& accounts, bank::Bank& bank, escrow::Escrow& escrow,
         registry::Registry& registry, chain::Schedule& schedule, const chain::ChainParams& params);

  // For the composition root: every kind that this program knows.
  void add_kind(NetworkKind& kind);

  // --- Auctions ---

  // Errors: RegistryError::kNetworkNotFound, kWrongDenom (the network does not take it, or the
  // escrow account holds another), kInvalidPrice (zero), kInvalidTerms, kSpecTooLong, kUnauthorized
  // (the escrow account is not the customer's in this network), EscrowError::kAccountNotFound,
  // those of Escrow::open, and what the network says.
  Result<OrderId> place_order(chain::Context& context, const OrderTerms& terms) const;

  // Holds the deposit. An operator whose bid was closed may bid again.
  // Errors, in this order: kOrderNotFound, kOrderNotOpen, kOwnOrder, kNotAnOperator, kBidExists,
  // kTooManyBids, kWrongDenom, kPriceTooHigh, kReclaimWindowTooShort, kSpecTooLong, what the
  // network says, SdkError::kInsufficientFunds.
  Result<void> place_bid(chain::Context& context, const BidTerms& terms) const;

  // The bidder takes an open bid back; the deposit returns. Errors: kBidNotFound, kBidNotOpen.
  Result<EndedBid> close_bid(chain::Context& context, const BidKey& key) const;

  // Forms the agreement: the charge opens at the bid's price, every other open bid is lost and its
  // deposit returns in the same transaction. The winner's deposit stays until the agreement ends.
  // Errors: kOrderNotFound, kOrderNotOpen, kBidNotFound, kBidNotOpen, those of
  // Escrow::open_charge, and what the network says to agreement_formed.
  Result<Match> accept_bid(chain::Context& context, const BidKey& key) const;

  // Closes an order without an agreement, and its open bids. Errors: kOrderNotFound,
  // kOrderNotOpen, kOrderHasAgreement.
  Result<std::vector<EndedBid>> close_order(chain::Context& context, OrderId id) const;

  // --- Posted prices and memberships ---

  // Errors: RegistryError::kNetworkNotFound, kNotAnOperator, kWrongDenom, kInvalidPrice,
  // kSpecTooLong, what the network says, SdkError::kInsufficientFunds for the row deposit.
  Result<OfferId> post_offer(chain::Context& context, const OfferTerms& terms) const;
  // No new agreements; live ones go on. Errors: kOfferNotFound, kUnauthorized, kOfferNotOpen.
  Result<void> withdraw_offer(chain::Context& context, OfferId id, const Address& seller) const;
  // Opens an escrow account with the customer's deposit and forms the agreement.
  // Errors: kOfferNotFound, kOfferNotOpen, kOfferFull, kOwnOrder, kWrongDenom, those of
  // Escrow::open and open_charge, and what the network says.
  Result<AgreementId> accept_offer(chain::Context& context, OfferId id, const Address& customer,
                                   const Coin& deposit) const;
  // The operator serves the network itself, for its rewards. A row deposit is held until the
  // membership ends. Errors: as post_offer.
  Result<AgreementId> join(chain::Context& context, NetworkId network, const Address& provider,
                           const Spec& spec) const;

  // --- Agreements ---

  // Ends a live agreement: settles, pays the operator, returns the bid's deposit, closes the order
  // and the escrow account that was opened for it, tells the network.
  // Errors: kAgreementNotFound, kAgreementNotLive; kNoticeRequired (the operator, before the
  // deadline of a notice that the agreement demands).
  Result<void> close_agreement(chain::Context& context, AgreementId id, Reason reason) const;

  // The operator gives notice. Pay goes on at the full rate. Errors: kAgreementNotFound,
  // kAgreementNotLive, kNoticeNotPossible (no window agreed, or given already).
  Result<Reclaim> start_reclaim(chain::Context& context, AgreementId id, ReasonCode code) const;

  // Pays out what the operator has earned; an agreement whose escrow turns out to be dry ends, and
  // that pays it. Errors: kAgreementNotFound, kAgreementNotLive.
  Result<Amount> withdraw(chain::Context& context, AgreementId id) const;

  // Lets the network verify the evidence, charges its units (metered) and counts its weight in the
  // running epoch. Errors: kAgreementNotFound, kAgreementNotLive, kEvidenceReplayed, those of
  // Escrow::meter, and what the network says.
  Result<Verified> submit_evidence(chain::Context& context, AgreementId id,
                                   const Address& submitter, BytesView evidence) const;

  // --- Reading ---

  Result<std::optional<Order>> find_order(const store::Reader& state, OrderId id) const;
  Result<std::optional<Bid>> find_bid(const store::Reader& state, const BidKey& key) const;
  Result<std::optional<Offer>> find_offer(const store::Reader& state, OfferId id) const;
  Result<std::optional<Agreement>> find_agreement(const store::Reader& state, AgreementId id) const;

  using BidVisitor = FunctionRef<Result<store::Step>(const BidKey&, const Bid&)>;
  using OrderIdVisitor = FunctionRef<Result<store::Step>(OrderId)>;
  using AgreementIdVisitor = FunctionRef<Result<store::Step>(AgreementId)>;
  // All bids of an order, by bidder.
  Result<void> scan_bids(const store::Reader& state, OrderId order, BidVisitor visit) const;
  // Open orders of a network from `from` on, oldest first; closed ones cost nothing.
  Result<void> scan_open_orders(const store::Reader& state, NetworkId network, OrderId from,
                                OrderIdVisitor visit) const;
  // Live agreements of an operator from `from` on, oldest first; ended ones cost nothing.
  Result<void> scan_live_agreements(const store::Reader& state, const Address& provider,
                                    AgreementId from, AgreementIdVisitor visit) const;
  Result<MarketParams> market_params(const store::Reader& state) const;

  // --- What other modules tell the market ---

  Result<void> escrow_ran_dry(chain::Context& context, escrow::AccountId account, NetworkId network,
                              chain::BillableTime due) override;
  Result<Amount> payable(const store::Reader& state, escrow::AccountId account,
                         const escrow::Charge& charge, escrow::Interval interval,
                         Amount earned) const override;
  Result<void> network_saved(chain::Context& context, NetworkId id,
                             const registry::Network& network) override;
  Result<bool> has_live_agreements(const store::Reader& state,
                                   const Address& provider) const override;

  const Address& module_address() const { return module_address_; }

  std::string_view name() const override { return "market"; }
  void add_messages(chain::MessageRouter& router) override;
  void add_queries(chain::QueryRouter& router) override;
  Result<void> import_genesis(chain::Context& context, const boost::json::value* json) override;
  Result<boost::json::value> export_genesis(const store::Reader& state) const override;
  // The module's account holds exactly what bids have deposited; orders count their open bids; the
  // indexes hold exactly what is open and live; every live agreement has its charge.
  Result<void> check_invariants(const store::Reader& state) const override;

 private:
  struct Instance;  // a network's record and its kind

  Result<Instance> instance(const store::Reader& state, NetworkId id) const;
  Result<NetworkKind*> kind(std::string_view name) const;
  Result<void> check_price(const Instance& network, const DecCoin& price) const;
  Result<void> check_account(const store::Reader& state, const OrderTerms& terms) const;
  Result<void> check_bid(const store::Reader& state, const Order& order,
                         const BidTerms& terms) const;
  Result<Order> get_order(const store::Reader& state, OrderId id) const;
  Result<Order> get_open_order(const store::Reader& state, OrderId id) const;
  Result<Bid> get_open_bid(const store::Reader& state, const BidKey& key) const;
  Result<Offer> get_open_offer(const store::Reader& state, OfferId id) const;
  Result<Agreement> get_live_agreement(const store::Reader& state, AgreementId id) const;

  Result<EndedBid> end_bid(chain::Context& context, const BidKey& key, Bid bid,
                           BidStatus status) const;
  Result<std::vector<EndedBid>> end_open_bids(chain::Context& context, OrderId order,
                                              BidStatus status) const;
  Result<AgreementId> form(chain::Context& context, const Instance& network,
                           Agreement agreement) const;
  Result<void> end(chain::Context& context, AgreementId id, Agreement agreement,
                   AgreementStatus status, Reason reason, chain::BillableTime at) const;
  Result<void> release_order(chain::Context& context, const Agreement& agreement) const;
  Result<void> release_offer(chain::Context& context, const Agreement& agreement) const;
  Result<void> release_membership(chain::Context& context, AgreementId id,
                                  const Agreement& agreement) const;
  Result<void> remove_offer(chain::Context& context, OfferId id) const;
  Result<void> forget_later(chain::Context& context, OrderId order, AgreementId agreement) const;
  Result<void> forget(chain::Context& context, BytesView key) const;
  Result<void> arm_schedule(chain::Context& context) const;
  void add_auction_messages(chain::MessageRouter& router);
  void add_offer_messages(chain::MessageRouter& router);
  void add_agreement_messages(chain::MessageRouter& router);
  Result<void> require_messages(const store::Reader& state, NetworkId network) const;
  Result<void> require_customer(const store::Reader& state, OrderId id,
                                const Address& signer) const;
  Result<Closer> role_of(const store::Reader& state, AgreementId id, const Address& signer) const;
  Result<void> add_weight(chain::Context& context, const Instance& network, const Address& provider,
                          std::uint64_t weight) const;
  Result<void> end_epoch(chain::Context& context, BytesView key) const;

  accounts::Accounts& accounts_;
  bank::Bank& bank_;
  escrow::Escrow& escrow_;
  registry::Registry& registry_;
  chain::Schedule& schedule_;
  const chain::ChainParams& params_;
  Address module_address_;
  std::map<std::string, NetworkKind*, std::less<>> kinds_;
};

}  // namespace tp::market
