#include "client/money.h"

#include "base/wide.h"

namespace tp::client {

Result<Decimal> per_hour(const Decimal& per_tick, Duration tick) {
  const auto hour = static_cast<std::uint64_t>(Duration::hours(1).nanoseconds);
  TRY(const auto exact,
      multiply_divide(per_tick.scaled(), hour, 0, static_cast<std::uint64_t>(tick.nanoseconds)));
  return Decimal::from_scaled(exact.quotient);
}

std::string short_decimal(const Decimal& value) {
  constexpr u128 kTenToSix = 1'000'000;
  u128 unit = 1;  // of the last digit that stays
  while (value.scaled() / unit >= kTenToSix && unit < Decimal::kOne) unit *= 10;
  const u128 below = value.scaled() % unit;
  const u128 floor = value.scaled() - below;
  const bool up = below * 2 >= unit && below != 0 && floor <= kU128Max - unit;
  return Decimal::from_scaled(up ? floor + unit : floor).to_string_trimmed();
}

std::string money_for_people(const Decimal& amount, const std::string& denom) {
  if (denom.size() < 4 || denom.front() != 'u') return short_decimal(amount) + " " + denom;
  const auto whole =
      amount.divided_by_rounding_down(Decimal::from_scaled(Decimal::kOne * 1'000'000));
  if (!whole) return short_decimal(amount) + " " + denom;
  return short_decimal(*whole) + " " + denom.substr(1);
}

}  // namespace tp::client
