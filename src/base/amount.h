// Amounts of money in base units (micro-units): checked unsigned 128-bit integers. Rules: design.md
// §5, "Numbers".
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/wide.h"

namespace tp {

// A number of base units of some denomination. Overflow is an error, never a wrap.
class Amount {
 public:
  constexpr Amount() = default;
  constexpr explicit Amount(u128 units) : units_(units) {}

  // Decimal digits. Errors: kInvalidText, kOverflow.
  static Result<Amount> parse(std::string_view text);

  constexpr u128 units() const { return units_; }
  constexpr bool is_zero() const { return units_ == 0; }
  std::string to_string() const { return tp::to_string(units_); }

  Result<Amount> plus(Amount other) const;          // Errors: kOverflow.
  Result<Amount> minus(Amount other) const;         // Errors: kUnderflow.
  Result<Amount> times(std::uint64_t count) const;  // Errors: kOverflow.
  // The difference, or zero where `other` is larger.
  constexpr Amount minus_or_zero(Amount other) const {
    return Amount{units_ > other.units_ ? units_ - other.units_ : 0};
  }

  constexpr auto operator<=>(const Amount&) const = default;

 private:
  u128 units_ = 0;
};

}  // namespace tp
