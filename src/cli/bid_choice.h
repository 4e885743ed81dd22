// The question that `turnpike deploy` asks without --yes: which bid of a group to take.
#pragma once

#include <iosfwd>
#include <vector>

#include "cli/market_client.h"

namespace tp::cli {

// Shows `bids` of one group, the cheapest first, with prices per hour on a chain of this `tick`,
// and reads the choice. Nothing is taken unasked: one bid alone is a question too. An empty line
// takes the first. Errors: CliError::kFailed when none is wanted, kUsage when `in` ends.
Result<BidView> ask_which_bid(const std::vector<BidView>& bids, Duration tick, std::istream& in,
                              std::ostream& out);

}  // namespace tp::cli
