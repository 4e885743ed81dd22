#include "base/wide.h"

#include <algorithm>

namespace tp {
namespace {

struct U256 {
  u128 high;
  u128 low;
};

U256 multiply(u128 a, u128 b) {
  const u128 mask = ~std::uint64_t{0};
  const u128 a0 = a & mask, a1 = a >> 64, b0 = b & mask, b1 = b >> 64;
  const u128 low = a0 * b0;
  const u128 mid1 = a1 * b0 + (low >> 64);
  const u128 mid2 = a0 * b1 + (mid1 & mask);
  return {a1 * b1 + (mid1 >> 64) + (mid2 >> 64), (mid2 << 64) | (low & mask)};
}

}  // namespace

Result<QuotientAndRemainder> multiply_divide(u128 a, u128 b, u128 addend, u128 divisor) {
  if (divisor == 0) return fail(BaseError::kDivisionByZero);
  U256 n = multiply(a, b);
  n.low += addend;
  if (n.low < addend) n.high += 1;  // cannot overflow: (2^128-1)^2 + 2^128-1 < 2^256
  if (n.high == 0) return QuotientAndRemainder{n.low / divisor, n.low % divisor};
  if (n.high >= divisor) return fail(BaseError::kOverflow);

  // Long division in two digits of 64 bits where the divisor is one: every decimal of 18 digits.
  constexpr u128 kDigit = ~std::uint64_t{0};
  if (divisor <= kDigit) {
    const u128 upper = n.high << 64 | n.low >> 64;
    const u128 lower = upper % divisor << 64 | (n.low & kDigit);
    return QuotientAndRemainder{upper / divisor << 64 | lower / divisor, lower % divisor};
  }

  // Schoolbook binary division of (high:low); `high` is the running remainder and stays below the
  // divisor.
  u128 remainder = n.high;
  u128 quotient = 0;
  for (int bit = 127; bit >= 0; --bit) {
    const bool carry = (remainder >> 127) != 0;
    remainder = (remainder << 1) | (n.low >> bit & 1);
    quotient <<= 1;
    if (carry || remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1;
    }
  }
  return QuotientAndRemainder{quotient, remainder};
}

std::string to_string(u128 value) {
  if (value == 0) return "0";
  std::string out;
  for (; value != 0; value /= 10)
    out.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
  std::reverse(out.begin(), out.end());
  return out;
}

Result<u128> parse_u128(std::string_view text) {
  if (text.empty()) return fail(BaseError::kInvalidText, "an empty number");
  u128 value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9')
      return fail(BaseError::kInvalidText, "\"" + std::string(text) + "\" is not a whole number");
    const auto digit = static_cast<u128>(c - '0');
    if (value > (kU128Max - digit) / 10) return fail(BaseError::kOverflow, text);
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace tp
