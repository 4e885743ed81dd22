// Denominations and coins.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/amount.h"
#include "base/decimal.h"
#include "base/result.h"

namespace tp {

// The name of a kind of money, in base units: "utoll". `[a-zA-Z][a-zA-Z0-9/:._-]{2,127}`, as Cosmos
// clients check it.
class Denom {
 public:
  Denom() = default;
  static Result<Denom> parse(std::string_view text);  // Errors: kInvalidText.
  // Precondition: text is a valid denomination (for constants; aborts otherwise).
  static Denom of(std::string_view text);

  const std::string& text() const { return text_; }
  auto operator<=>(const Denom&) const = default;

  auto fields() { return std::tie(text_); }
  auto fields() const { return std::tie(text_); }

 private:
  std::string text_;
};

struct Coin {
  Denom denom;
  Amount amount;

  std::string to_string() const { return amount.to_string() + denom.text(); }  // "500utoll"
  // "500utoll". Errors: kInvalidText, kOverflow.
  static Result<Coin> parse(std::string_view text);
  auto operator<=>(const Coin&) const = default;
  auto fields() { return std::tie(denom, amount); }
  auto fields() const { return std::tie(denom, amount); }
};

// A price or rate: a decimal number of base units.
struct DecCoin {
  Denom denom;
  Decimal amount;

  auto operator<=>(const DecCoin&) const = default;
  auto fields() { return std::tie(denom, amount); }
  auto fields() const { return std::tie(denom, amount); }
};

// Sorted by denomination, no zero amounts, no denomination twice: the form in which Cosmos clients
// send coin lists.
using Coins = std::vector<Coin>;
bool is_canonical(const Coins& coins);
std::string to_string(const Coins& coins);  // "5utoll,7uusd"; "" when empty

}  // namespace tp
