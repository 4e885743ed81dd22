#include "base/coin.h"

#include <algorithm>

namespace tp {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_denom_char(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("/:._-").find(c) != std::string_view::npos;
}

}  // namespace

Result<Denom> Denom::parse(std::string_view text) {
  const bool valid = text.size() >= 3 && text.size() <= 128 && is_letter(text[0]) &&
                     std::all_of(text.begin(), text.end(), is_denom_char);
  if (!valid) return fail(BaseError::kInvalidText, "invalid denom: " + std::string(text));
  Denom denom;
  denom.text_ = text;
  return denom;
}

Denom Denom::of(std::string_view text) {
  auto denom = parse(text);
  TP_ASSERT(denom.has_value());
  return *std::move(denom);
}

Result<Coin> Coin::parse(std::string_view text) {
  const auto split = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = static_cast<std::size_t>(split - text.begin());
  TRY(const Amount amount, Amount::parse(text.substr(0, digits)));
  TRY(Denom denom, Denom::parse(text.substr(digits)));
  return Coin{std::move(denom), amount};
}

bool is_canonical(const Coins& coins) {
  for (std::size_t i = 0; i < coins.size(); ++i) {
    if (coins[i].amount.is_zero()) return false;
    if (i > 0 && !(coins[i - 1].denom < coins[i].denom)) return false;
  }
  return true;
}

std::string to_string(const Coins& coins) {
  std::string out;
  for (const Coin& coin : coins) {
    if (!out.empty()) out.push_back(',');
    out.append(coin.to_string());
  }
  return out;
}

}  // namespace tp
