#include "modules/escrow/settlement.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tp::escrow {
namespace {

u128 units_per_whole(Duration tick) {
  return static_cast<u128>(tick.nanoseconds) * Decimal::kOne;
}

// Sums over the charges by time: prices per tick, and remainders.
struct Flow {
  u128 price = 0;
  u128 remainder = 0;
};

Flow flow_of(const Account& account) {
  Flow flow;
  for (const Charge& charge : account.charges) {
    if (charge.kind != ChargeKind::kByTime) continue;
    flow.price += charge.price.scaled();
    flow.remainder += charge.remainder;
  }
  return flow;
}

// Indexes ordered by value, the largest first, the earlier first among equals.
std::vector<std::size_t> largest_first(const std::vector<u128>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&values](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return order;
}

}  // namespace

Result<Due> due_for_time(const Charge& charge, Duration elapsed, Duration tick) {
  TRY(const QuotientAndRemainder due,
      multiply_divide(charge.price.scaled(), static_cast<u128>(elapsed.nanoseconds),
                      charge.remainder, units_per_whole(tick)));
  return Due{Amount{due.quotient}, due.remainder};
}

Result<Due> due_for_units(const Charge& charge, Units units) {
  TRY(const QuotientAndRemainder due,
      multiply_divide(charge.price.scaled(), units.value, charge.remainder, Decimal::kOne));
  return Due{Amount{due.quotient}, due.remainder};
}

std::optional<chain::BillableTime> runs_dry_at(const Account& account, Duration tick) {
  const Flow flow = flow_of(account);
  if (flow.price == 0) return std::nullopt;

  // The first e with remainder + e x price > deposits x M. `reserved` whole units cover the
  // remainders, so that the subtraction cannot wrap.
  const u128 whole = units_per_whole(tick);
  const u128 deposits = account.deposited().units();
  const u128 reserved = flow.remainder / whole + (flow.remainder % whole != 0 ? 1 : 0);
  if (deposits < reserved) return account.settled_at;
  const auto elapsed =
      multiply_divide(deposits - reserved, whole, reserved * whole - flow.remainder, flow.price);

  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  const auto left = static_cast<u128>(last - account.settled_at.value);
  if (!elapsed || elapsed->quotient >= left) return chain::BillableTime{last};
  return chain::BillableTime{account.settled_at.value +
                             static_cast<std::int64_t>(elapsed->quotient) + 1};
}

bool is_dry(const Account& account, Duration tick) {
  const u128 remainder = flow_of(account).remainder;
  const u128 whole = units_per_whole(tick);
  // deposits x M < remainder, without the product
  return account.deposited().units() < remainder / whole + (remainder % whole != 0 ? 1 : 0);
}

void draw(Account& account, Charge& charge, Amount amount) {
  u128 left = amount.units();
  auto deposit = account.deposits.begin();
  while (left > 0) {
    TP_ASSERT(deposit != account.deposits.end());
    const u128 taken = std::min(left, deposit->balance.units());
    left -= taken;
    deposit->balance = Amount{deposit->balance.units() - taken};
    const auto same_owner =
        std::find_if(charge.accrued.begin(), charge.accrued.end(),
                     [&](const Drawn& drawn) { return drawn.owner == deposit->owner; });
    if (same_owner != charge.accrued.end())
      same_owner->amount = Amount{same_owner->amount.units() + taken};
    else if (taken > 0)
      charge.accrued.push_back({deposit->owner, Amount{taken}});
    if (deposit->balance.is_zero()) ++deposit;
  }
  account.deposits.erase(account.deposits.begin(), deposit);
  account.transferred = Amount{account.transferred.units() + amount.units()};
}

Result<std::vector<Amount>> share_out(Amount available, const std::vector<Amount>& dues) {
  Amount total;
  for (const Amount due : dues) {
    TRY_TO(total, total.plus(due));
  }
  std::vector<Amount> shares;
  std::vector<u128> remainders;
  u128 left = available.units();
  for (const Amount due : dues) {
    TRY(const QuotientAndRemainder share,
        multiply_divide(available.units(), due.units(), 0, total.units()));
    shares.emplace_back(share.quotient);
    remainders.push_back(share.remainder);
    left -= share.quotient;
  }
  for (const std::size_t i : largest_first(remainders)) {
    if (left == 0) break;
    shares[i] = Amount{shares[i].units() + 1};
    --left;
  }
  return shares;
}

Result<Amount> take_dues(Account& account, const std::vector<Due>& dues) {
  std::vector<Amount> pays;
  Amount total;
  for (const Due& due : dues) {
    pays.push_back(due.whole);
    TRY_TO(total, total.plus(due.whole));
  }
  const Amount available = account.deposited();
  if (total > available) {
    TRY_TO(pays, share_out(available, pays));
  }
  for (std::size_t i = 0; i < dues.size(); ++i) {
    Charge& charge = account.charges[i];
    draw(account, charge, pays[i]);
    charge.remainder = dues[i].remainder;
    charge.unsettled = Amount{charge.unsettled.units() + (dues[i].whole.units() - pays[i].units())};
  }
  return total.minus_or_zero(available);
}

void take_last_units(Account& account) {
  std::vector<u128> fractions;
  for (const Charge& charge : account.charges)
    fractions.push_back(charge.kind == ChargeKind::kByTime ? charge.remainder : 0);
  for (const std::size_t i : largest_first(fractions)) {
    if (account.deposits.empty() || fractions[i] == 0) break;
    draw(account, account.charges[i], Amount{1});
    account.charges[i].remainder = 0;
  }
}

}  // namespace tp::escrow
