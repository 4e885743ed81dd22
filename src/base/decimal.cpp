#include "base/decimal.h"

namespace tp {
namespace {

constexpr int kDigits = 18;

Result<u128> scale(u128 whole) {
  if (whole > kU128Max / Decimal::kOne) return fail(BaseError::kOverflow, "decimal");
  return whole * Decimal::kOne;
}

}  // namespace

Result<Decimal> Decimal::from_amount(Amount amount) {
  TRY(const u128 scaled, scale(amount.units()));
  return Decimal{scaled};
}

Result<Decimal> Decimal::parse(std::string_view text) {
  const std::size_t point = text.find('.');
  TRY(const u128 whole, parse_u128(text.substr(0, point)));
  TRY(const u128 scaled, scale(whole));
  if (point == std::string_view::npos) return Decimal{scaled};

  const std::string_view digits = text.substr(point + 1);
  if (digits.empty() || digits.size() > kDigits)
    return fail(BaseError::kInvalidText,
                "\"" + std::string(text) + "\" needs 1 to 18 digits after the point");
  TRY(u128 fraction, parse_u128(digits));
  for (std::size_t i = digits.size(); i < kDigits; ++i) fraction *= 10;
  return Decimal{scaled}.plus(Decimal{fraction});
}

Result<Decimal> Decimal::plus(Decimal other) const {
  if (scaled_ > kU128Max - other.scaled_) return fail(BaseError::kOverflow, "decimal");
  return Decimal{scaled_ + other.scaled_};
}

Result<Decimal> Decimal::minus(Decimal other) const {
  if (scaled_ < other.scaled_) return fail(BaseError::kUnderflow, "decimal");
  return Decimal{scaled_ - other.scaled_};
}

Result<Decimal> Decimal::times(std::uint64_t count) const {
  if (count != 0 && scaled_ > kU128Max / count) return fail(BaseError::kOverflow, "decimal");
  return Decimal{scaled_ * count};
}

Result<Decimal> Decimal::times_rounding_down(Decimal other) const {
  TRY(const auto product, multiply_divide(scaled_, other.scaled_, 0, kOne));
  return Decimal{product.quotient};
}

Result<Decimal> Decimal::times_rounding_up(Decimal other) const {
  TRY(const auto product, multiply_divide(scaled_, other.scaled_, kOne - 1, kOne));
  return Decimal{product.quotient};
}

Result<Decimal> Decimal::divided_by_rounding_down(Decimal divisor) const {
  TRY(const auto quotient, multiply_divide(scaled_, kOne, 0, divisor.scaled_));
  return Decimal{quotient.quotient};
}

std::string Decimal::to_string() const {
  std::string fraction = tp::to_string(scaled_ % kOne);
  fraction.insert(0, kDigits - fraction.size(), '0');
  return tp::to_string(scaled_ / kOne) + "." + fraction;
}

std::string Decimal::to_string_trimmed() const {
  std::string text = to_string();
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace tp
