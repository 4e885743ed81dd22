// Decimals: unsigned 18-digit fixed point in 128 bits with 256-bit intermediates (design.md §5,
// "Numbers").
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/amount.h"
#include "base/result.h"
#include "base/wide.h"

namespace tp {

// A non-negative number with exactly 18 digits after the point, up to about 3.4e20. Rounding
// directions are in the names.
class Decimal {
 public:
  static constexpr u128 kOne = 1'000'000'000'000'000'000;

  constexpr Decimal() = default;
  static constexpr Decimal from_scaled(u128 scaled) { return Decimal{scaled}; }
  static Result<Decimal> from_amount(Amount amount);  // Errors: kOverflow.
  // "12", "0.5", "1.000000000000000001"; at most 18 digits after the point. Errors: kInvalidText,
  // kOverflow.
  static Result<Decimal> parse(std::string_view text);

  constexpr u128 scaled() const { return scaled_; }  // the value times 10^18
  constexpr bool is_zero() const { return scaled_ == 0; }

  Result<Decimal> plus(Decimal other) const;         // Errors: kOverflow.
  Result<Decimal> minus(Decimal other) const;        // Errors: kUnderflow.
  Result<Decimal> times(std::uint64_t count) const;  // Errors: kOverflow.
  Result<Decimal> times_rounding_down(Decimal other) const;
  Result<Decimal> times_rounding_up(Decimal other) const;
  Result<Decimal> divided_by_rounding_down(
      Decimal divisor) const;  // Errors: kDivisionByZero, kOverflow.

  constexpr Amount floor() const { return Amount{scaled_ / kOne}; }
  constexpr Amount ceil() const { return Amount{scaled_ / kOne + (scaled_ % kOne != 0 ? 1 : 0)}; }
  constexpr Decimal fraction() const { return Decimal{scaled_ % kOne}; }

  std::string to_string()
      const;  // all 18 digits, as Cosmos clients read it: "0.500000000000000000"
  std::string to_string_trimmed() const;  // for people: "0.5"

  constexpr auto operator<=>(const Decimal&) const = default;

 private:
  constexpr explicit Decimal(u128 scaled) : scaled_(scaled) {}
  u128 scaled_ = 0;
};

}  // namespace tp
