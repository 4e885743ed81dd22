#include "base/amount.h"

namespace tp {

Result<Amount> Amount::parse(std::string_view text) {
  TRY(const u128 units, parse_u128(text));
  return Amount{units};
}

Result<Amount> Amount::plus(Amount other) const {
  if (units_ > kU128Max - other.units_) return fail(BaseError::kOverflow, "amount");
  return Amount{units_ + other.units_};
}

Result<Amount> Amount::minus(Amount other) const {
  if (units_ < other.units_) return fail(BaseError::kUnderflow, "amount");
  return Amount{units_ - other.units_};
}

Result<Amount> Amount::times(std::uint64_t count) const {
  if (count != 0 && units_ > kU128Max / count) return fail(BaseError::kOverflow, "amount");
  return Amount{units_ * count};
}

}  // namespace tp
