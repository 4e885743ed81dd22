// Which bids a network of this kind admits, whatever message they came in.
// Rules: specs/compute-market.md §2.3.
#pragma once

#include "networks/compute/chain/core.h"

namespace tp::compute {

// The denomination is known and the amount large enough. Errors: MarketError::kInvalidDeposit.
Result<void> check_bid_deposit(const NetworkInfo& network, const Coin& deposit);

// The bid's offer, deposit and notice, and the bidder's attributes and capabilities, suit the
// order. Errors: MarketError::kInvalidDeposit, kCapabilitiesMismatch, kUnknownProvider,
// kAttributeMismatch, kReclamationWindowInvalid.
Result<void> check_bid(const Core& core, const store::Reader& state, const NetworkInfo& network,
                       const market::Order& order, const Address& bidder, const market::Bid& bid);

}  // namespace tp::compute
