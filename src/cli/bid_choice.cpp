#include "cli/bid_choice.h"

#include <istream>
#include <ostream>
#include <string>

#include "cli/command.h"
#include "client/money.h"

namespace tp::cli {

Result<BidView> ask_which_bid(const std::vector<BidView>& bids, Duration tick, std::istream& in,
                              std::ostream& out) {
  TP_ASSERT(!bids.empty());
  const std::string group = "group " + std::to_string(bids.front().name.gseq);
  out << "\nbids for " << group << "\n  #  price per hour        provider\n";
  for (std::size_t i = 0; i < bids.size(); ++i) {
    TRY(const Decimal hourly, client::per_hour(bids[i].price.amount, tick));
    out << "  " << i + 1 << "  " << client::money_for_people(hourly, bids[i].price.denom.text())
        << "  " << bids[i].name.provider << "\n";
  }
  out << "  0  none of these\n";
  while (true) {
    out << "Which one? [1] " << std::flush;
    std::string line;
    if (!std::getline(in, line))
      return fail(CliError::kUsage,
                  "no bid for " + group + " was chosen; say --yes to take the cheapest unasked");
    if (line.empty()) return bids.front();
    const auto number = parse_u128(line);
    if (!number || *number > bids.size()) continue;
    if (*number == 0)
      return fail(CliError::kFailed,
                  "none of the bids for " + group + " was wanted; it stays open for others");
    return bids[static_cast<std::size_t>(*number) - 1];
  }
}

}  // namespace tp::cli
