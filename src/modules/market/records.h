// What the market stores: orders, bids, offers, agreements. A closed one stays for the retention
// window (MarketParams), then lives in the index only.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "base/address.h"
#include "base/coin.h"
#include "base/time.h"
#include "modules/escrow/account.h"
#include "modules/network_id.h"

namespace tp::market {

using escrow::ChargeKind;
using escrow::Units;

// Numbers of the chain, given in order from 1 and never reused; 0 names none.
using OrderId = Strong<struct OrderIdTag, std::uint64_t>;
using OfferId = Strong<struct OfferIdTag, std::uint64_t>;
using AgreementId = Strong<struct AgreementIdTag, std::uint64_t>;

// What is sold, in the network's own words: the market keeps the bytes and their hash and never
// looks inside. A network whose records hold the spec already may store its own key of it here.
struct Spec {
  Bytes payload;  // at most kSpecBytesMax
  Hash256 hash;   // of the full spec, which may be kept elsewhere

  auto fields() { return std::tie(payload, hash); }
  auto fields() const { return std::tie(payload, hash); }
  bool operator==(const Spec&) const = default;
};
// Bounded so that the schedule can end every agreement of a dry escrow account within the gas of
// one block: rows are paid by the byte.
inline constexpr std::size_t kSpecBytesMax = 1024;
inline constexpr std::size_t kOfferBytesMax = 8 * 1024;  // of a bid

enum class OrderStatus : std::uint8_t { kOpen = 1, kMatched = 2, kClosed = 3 };

// A customer asks for bids.
struct Order {
  static constexpr std::uint8_t kVersion = 1;

  NetworkId network;
  Address customer;
  Spec spec;
  DecCoin price_max;         // per tick
  escrow::AccountId escrow;  // pays the winner
  bool owns_escrow = false;  // the account was opened for this order and closes with it
  Duration reclaim_window;   // the least that a bid must grant; zero: none asked
  OrderStatus status = OrderStatus::kOpen;
  std::uint32_t bids_open_max = 0;
  std::uint32_t bids_open = 0;
  std::uint32_t bidders_ever = 0;
  Height created_height;
  AgreementId agreement;  // once matched

  auto fields() {
    return std::tie(network, customer, spec, price_max, escrow, owns_escrow, reclaim_window, status,
                    bids_open_max, bids_open, bidders_ever, created_height, agreement);
  }
  auto fields() const {
    return std::tie(network, customer, spec, price_max, escrow, owns_escrow, reclaim_window, status,
                    bids_open_max, bids_open, bidders_ever, created_height, agreement);
  }
  bool operator==(const Order&) const = default;
};

// One bid an operator and order.
struct BidKey {
  OrderId order;
  Address bidder;

  auto fields() { return std::tie(order, bidder); }
  auto fields() const { return std::tie(order, bidder); }
  auto operator<=>(const BidKey&) const = default;
};

enum class BidStatus : std::uint8_t { kOpen = 1, kWon = 2, kLost = 3, kClosed = 4 };

struct Bid {
  static constexpr std::uint8_t kVersion = 1;

  DecCoin price;
  Bytes offer;              // in the network's own words, opaque here; at most kOfferBytesMax
  Duration reclaim_window;  // notice that the operator promises before closing; zero: none
  BidStatus status = BidStatus::kOpen;
  // Held by the market while the bid is open or won; zero once it went back to the bidder.
  Coin held;
  Height created_height;

  auto fields() { return std::tie(price, offer, reclaim_window, status, held, created_height); }
  auto fields() const {
    return std::tie(price, offer, reclaim_window, status, held, created_height);
  }
  bool operator==(const Bid&) const = default;
};

enum class OfferStatus : std::uint8_t { kOpen = 1, kWithdrawn = 2 };

// An operator sells at a posted price to whoever accepts.
struct Offer {
  static constexpr std::uint8_t kVersion = 1;

  NetworkId network;
  Address seller;
  Spec spec;
  ChargeKind charge = ChargeKind::kMetered;
  DecCoin price;
  std::uint32_t agreements_max = 0;  // live at once
  std::uint32_t agreements_live = 0;
  OfferStatus status = OfferStatus::kOpen;
  Height created_height;

  auto fields() {
    return std::tie(network, seller, spec, charge, price, agreements_max, agreements_live, status,
                    created_height);
  }
  auto fields() const {
    return std::tie(network, seller, spec, charge, price, agreements_max, agreements_live, status,
                    created_height);
  }
  bool operator==(const Offer&) const = default;
};

enum class Formation : std::uint8_t { kAuction = 1, kPostedPrice = 2, kMembership = 3 };

enum class AgreementStatus : std::uint8_t {
  kActive = 1,
  kInsufficientFunds = 2,  // ended because the escrow ran dry
  kClosed = 3,
  kReclaiming = 4,  // live: the operator has given notice
};
constexpr bool is_live(AgreementStatus status) {
  return status == AgreementStatus::kActive || status == AgreementStatus::kReclaiming;
}

enum class Closer : std::uint8_t { kCustomer = 1, kOperator = 2, kNetwork = 3 };
// The network's own code for why; the waist's own is below.
using ReasonCode = Strong<struct ReasonCodeTag, std::uint32_t>;
inline constexpr ReasonCode kRanDry{20'000};  // specs/compute-market.md §2.4: 20000..29999

// Why something ended, on every closing.
struct Reason {
  Closer closer = Closer::kNetwork;
  ReasonCode code;

  auto fields() { return std::tie(closer, code); }
  auto fields() const { return std::tie(closer, code); }
  bool operator==(const Reason&) const = default;
};

struct Ending {
  Reason reason;
  Height height;
  // Up to when the operator was paid: the block's, or the moment at which the escrow ran dry.
  chain::BillableTime at;
  Amount paid;       // over the life of the agreement, all withdrawn
  Amount unsettled;  // due, but the deposits had run out

  auto fields() { return std::tie(reason, height, at, paid, unsettled); }
  auto fields() const { return std::tie(reason, height, at, paid, unsettled); }
  bool operator==(const Ending&) const = default;
};

// Notice that an operator gave (AEP-82; specs/compute-market.md §2.4 "Reclamation").
struct Reclaim {
  Height started_height;
  BlockTime deadline;  // from here on the operator may close
  ReasonCode code;

  auto fields() { return std::tie(started_height, deadline, code); }
  auto fields() const { return std::tie(started_height, deadline, code); }
  bool operator==(const Reclaim&) const = default;
};

// Two parties, a spec, and what pays for it. Its charge in escrow has the same number.
struct Agreement {
  static constexpr std::uint8_t kVersion = 1;

  NetworkId network;
  Formation formation = Formation::kAuction;
  Address customer;  // of a membership: the network's treasury
  Address provider;  // the operator
  Spec spec;
  OrderId order;             // of an auction
  OfferId offer;             // of a posted price
  escrow::AccountId escrow;  // 0: nothing is charged (membership)
  bool owns_escrow = false;  // the account was opened for this agreement and closes with it
  ChargeKind charge = ChargeKind::kByTime;
  DecCoin price;
  Duration reclaim_window;
  AgreementStatus status = AgreementStatus::kActive;
  Height created_height;
  std::uint64_t evidence_last = 0;  // the highest sequence accepted
  std::uint64_t units = 0;          // accepted over its life
  std::optional<Reclaim> reclaim;
  std::optional<Ending> ending;  // exactly when no longer live

  escrow::ChargeId charge_id(AgreementId id) const { return escrow::ChargeId{id.value}; }

  auto fields() {
    return std::tie(network, formation, customer, provider, spec, order, offer, escrow, owns_escrow,
                    charge, price, reclaim_window, status, created_height, evidence_last, units,
                    reclaim, ending);
  }
  auto fields() const {
    return std::tie(network, formation, customer, provider, spec, order, offer, escrow, owns_escrow,
                    charge, price, reclaim_window, status, created_height, evidence_last, units,
                    reclaim, ending);
  }
  bool operator==(const Agreement&) const = default;
};

struct MarketParams {
  static constexpr std::uint8_t kVersion = 1;

  Duration retention = Duration::hours(24);  // of block time, for closed records

  auto fields() { return std::tie(retention); }
  auto fields() const { return std::tie(retention); }
  bool operator==(const MarketParams&) const = default;
};

enum class MarketError : std::uint32_t {
  kUnknownKind = 2,
  kOrderNotFound = 3,
  kOrderNotOpen = 4,
  kOrderHasAgreement = 5,
  kBidNotFound = 6,
  kBidNotOpen = 7,
  kBidExists = 8,
  kTooManyBids = 9,
  kOwnOrder = 10,
  kNotAnOperator = 11,
  kWrongDenom = 12,
  kPriceTooHigh = 13,
  kInvalidPrice = 14,
  kReclaimWindowTooShort = 15,
  kOfferNotFound = 16,
  kOfferNotOpen = 17,
  kOfferFull = 18,
  kAgreementNotFound = 19,
  kAgreementNotLive = 20,
  kUnauthorized = 21,
  kNoticeRequired = 22,
  kNoticeNotPossible = 23,
  kEvidenceReplayed = 24,
  kSpecTooLong = 25,
  kInvalidDeposit = 26,
  kInvalidTerms = 27,
};
ErrorInfo describe(MarketError error);

}  // namespace tp::market
