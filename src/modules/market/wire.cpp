#include "modules/market/wire.h"

namespace tp::market {
namespace {

const char* name_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::kOpen: return "open";
    case OrderStatus::kMatched: return "matched";
    case OrderStatus::kClosed: return "closed";
  }
  TP_FATAL("OrderStatus out of range");
}

const char* name_of(BidStatus status) {
  switch (status) {
    case BidStatus::kOpen: return "open";
    case BidStatus::kWon: return "won";
    case BidStatus::kLost: return "lost";
    case BidStatus::kClosed: return "closed";
  }
  TP_FATAL("BidStatus out of range");
}

const char* name_of(OfferStatus status) {
  switch (status) {
    case OfferStatus::kOpen: return "open";
    case OfferStatus::kWithdrawn: return "withdrawn";
  }
  TP_FATAL("OfferStatus out of range");
}

const char* name_of(Formation formation) {
  switch (formation) {
    case Formation::kAuction: return "auction";
    case Formation::kPostedPrice: return "posted_price";
    case Formation::kMembership: return "membership";
  }
  TP_FATAL("Formation out of range");
}

const char* name_of(AgreementStatus status) {
  switch (status) {
    case AgreementStatus::kActive: return "active";
    case AgreementStatus::kInsufficientFunds: return "insufficient_funds";
    case AgreementStatus::kClosed: return "closed";
    case AgreementStatus::kReclaiming: return "reclaiming";
  }
  TP_FATAL("AgreementStatus out of range");
}

const char* name_of(ChargeKind kind) {
  switch (kind) {
    case ChargeKind::kByTime: return "time";
    case ChargeKind::kMetered: return "metered";
    case ChargeKind::kOneOff: return "one_off";
  }
  TP_FATAL("ChargeKind out of range");
}

void write(const Spec& spec, pb::Spec& out) {
  out.set_payload(spec.payload);
  out.set_hash(spec.hash.bytes());
}

void write(const DecCoin& price, pb::Price& out) {
  out.set_denom(price.denom.text());
  out.set_amount(price.amount.to_string_trimmed());
}

}  // namespace

const char* name_of(Closer closer) {
  switch (closer) {
    case Closer::kCustomer: return "customer";
    case Closer::kOperator: return "operator";
    case Closer::kNetwork: return "network";
  }
  TP_FATAL("Closer out of range");
}

Result<Spec> read(const pb::Spec& spec) {
  if (!spec.hash().empty() && spec.hash().size() != Hash256::kSize)
    return fail(MarketError::kInvalidTerms, "the hash of a spec has 32 bytes");
  return Spec{spec.payload(), spec.hash().empty() ? Hash256{} : Hash256::of(spec.hash())};
}

Result<DecCoin> read(const pb::Price& price) {
  DecCoin out;
  TRY_TO(out.denom, Denom::parse(price.denom()));
  TRY_TO(out.amount, Decimal::parse(price.amount()));
  return out;
}

Result<Coin> read(const cosmos::base::v1beta1::Coin& coin) {
  Coin out;
  TRY_TO(out.denom, Denom::parse(coin.denom()));
  TRY_TO(out.amount, Amount::parse(coin.amount()));
  return out;
}

Result<ChargeKind> read_charge(const std::string& name) {
  for (const ChargeKind kind : {ChargeKind::kByTime, ChargeKind::kMetered, ChargeKind::kOneOff})
    if (name == name_of(kind)) return kind;
  return fail(MarketError::kInvalidTerms, "a charge is \"time\", \"metered\" or \"one_off\"");
}

void write(const accounts::Accounts& accounts, OrderId id, const Order& order, pb::Order& out) {
  out.set_id(id.value);
  out.set_network(order.network.value);
  out.set_customer(accounts.text(order.customer));
  write(order.spec, *out.mutable_spec());
  write(order.price_max, *out.mutable_price_max());
  out.set_escrow(order.escrow.value);
  out.set_reclaim_window_ns(order.reclaim_window.nanoseconds);
  out.set_status(name_of(order.status));
  out.set_bids_open(order.bids_open);
  out.set_bids_open_max(order.bids_open_max);
  out.set_created_height(order.created_height.value);
  out.set_agreement(order.agreement.value);
}

void write(const accounts::Accounts& accounts, const BidKey& key, const Bid& bid, pb::Bid& out) {
  out.set_order(key.order.value);
  out.set_bidder(accounts.text(key.bidder));
  write(bid.price, *out.mutable_price());
  out.set_offer(bid.offer);
  out.set_reclaim_window_ns(bid.reclaim_window.nanoseconds);
  out.set_status(name_of(bid.status));
  out.mutable_held()->set_denom(bid.held.denom.text());
  out.mutable_held()->set_amount(bid.held.amount.to_string());
  out.set_created_height(bid.created_height.value);
}

void write(const accounts::Accounts& accounts, OfferId id, const Offer& offer, pb::Offer& out) {
  out.set_id(id.value);
  out.set_network(offer.network.value);
  out.set_seller(accounts.text(offer.seller));
  write(offer.spec, *out.mutable_spec());
  out.set_charge(name_of(offer.charge));
  write(offer.price, *out.mutable_price());
  out.set_agreements_max(offer.agreements_max);
  out.set_agreements_live(offer.agreements_live);
  out.set_status(name_of(offer.status));
  out.set_created_height(offer.created_height.value);
}

void write(const accounts::Accounts& accounts, AgreementId id, const Agreement& agreement,
           pb::Agreement& out) {
  out.set_id(id.value);
  out.set_network(agreement.network.value);
  out.set_formation(name_of(agreement.formation));
  out.set_customer(accounts.text(agreement.customer));
  out.set_provider(accounts.text(agreement.provider));
  write(agreement.spec, *out.mutable_spec());
  out.set_order(agreement.order.value);
  out.set_offer(agreement.offer.value);
  out.set_escrow(agreement.escrow.value);
  out.set_charge(name_of(agreement.charge));
  write(agreement.price, *out.mutable_price());
  out.set_status(name_of(agreement.status));
  out.set_created_height(agreement.created_height.value);
  out.set_units(agreement.units);
  out.set_evidence_last(agreement.evidence_last);
  out.set_reclaim_window_ns(agreement.reclaim_window.nanoseconds);
  if (agreement.reclaim) out.set_reclaim_deadline_ns(agreement.reclaim->deadline.nanoseconds);
  if (!agreement.ending) return;
  pb::Ending& ending = *out.mutable_ending();
  ending.set_closer(name_of(agreement.ending->reason.closer));
  ending.set_reason(agreement.ending->reason.code.value);
  ending.set_height(agreement.ending->height.value);
  ending.set_paid(agreement.ending->paid.to_string());
  ending.set_unsettled(agreement.ending->unsettled.to_string());
}

}  // namespace tp::market
