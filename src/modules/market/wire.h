// Between records and turnpike.market.v1.
#pragma once

#include "modules/accounts/accounts.h"
#include "modules/market/records.h"
#include "turnpike/market/v1/market.pb.h"

namespace tp::market {

namespace pb = turnpike::market::v1;

// The queries for what leaves the state (chain/history.h); ids are written as numbers.
inline constexpr std::string_view kOrderQuery = "/turnpike.market.v1.Query/Order";
inline constexpr std::string_view kAgreementQuery = "/turnpike.market.v1.Query/Agreement";

// Errors: MarketError::kInvalidTerms for a hash that is neither absent nor 32 bytes.
Result<Spec> read(const pb::Spec& spec);
// Errors: BaseError::kInvalidText, kOverflow.
Result<DecCoin> read(const pb::Price& price);
Result<Coin> read(const cosmos::base::v1beta1::Coin& coin);
// Errors: MarketError::kInvalidTerms.
Result<ChargeKind> read_charge(const std::string& name);

void write(const accounts::Accounts& accounts, OrderId id, const Order& order, pb::Order& out);
void write(const accounts::Accounts& accounts, const BidKey& key, const Bid& bid, pb::Bid& out);
void write(const accounts::Accounts& accounts, OfferId id, const Offer& offer, pb::Offer& out);
void write(const accounts::Accounts& accounts, AgreementId id, const Agreement& agreement,
           pb::Agreement& out);

const char* name_of(Closer closer);

}  // namespace tp::market
