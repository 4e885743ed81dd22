#include "modules/market/records.h"

namespace tp::market {

ErrorInfo describe(MarketError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"turnpike.market", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case MarketError::kUnknownKind: return info("this program does not know the kind of network");
    case MarketError::kOrderNotFound: return info("order not found");
    case MarketError::kOrderNotOpen: return info("order is not open");
    case MarketError::kOrderHasAgreement: return info("order has an agreement: close that");
    case MarketError::kBidNotFound: return info("bid not found");
    case MarketError::kBidNotOpen: return info("bid is not open");
    case MarketError::kBidExists: return info("the operator has an open bid on this order");
    case MarketError::kTooManyBids: return info("the order takes no more bids");
    case MarketError::kOwnOrder: return info("customer and operator are the same account");
    case MarketError::kNotAnOperator: return info("not a registered provider");
    case MarketError::kWrongDenom: return info("wrong denomination");
    case MarketError::kPriceTooHigh: return info("price is above the order's");
    case MarketError::kInvalidPrice: return info("invalid price");
    case MarketError::kReclaimWindowTooShort:
      return info("notice before reclaiming is shorter than the order asks");
    case MarketError::kOfferNotFound: return info("offer not found");
    case MarketError::kOfferNotOpen: return info("offer is withdrawn");
    case MarketError::kOfferFull: return info("offer has all the agreements that it takes");
    case MarketError::kAgreementNotFound: return info("agreement not found");
    case MarketError::kAgreementNotLive: return info("agreement has ended");
    case MarketError::kUnauthorized: return info("unauthorized");
    case MarketError::kNoticeRequired:
      return info("the operator gave no notice, or its deadline is not over");
    case MarketError::kNoticeNotPossible: return info("no notice was agreed, or it was given");
    case MarketError::kEvidenceReplayed: return info("evidence was accepted before");
    case MarketError::kSpecTooLong: return info("spec or offer is too long");
    case MarketError::kInvalidDeposit: return info("invalid deposit");
    case MarketError::kInvalidTerms: return info("invalid terms");
  }
  TP_FATAL("MarketError out of range");
}

}  // namespace tp::market
