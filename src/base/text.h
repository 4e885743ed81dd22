// Text codecs: hexadecimal, base64, decimal integers. Decoders are strict: any byte that does not
// belong is an error.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tp {

std::string to_hex(BytesView bytes);        // lower case
std::string to_hex_upper(BytesView bytes);  // as CometBFT writes hashes and addresses
// Accepts either case. Errors: kInvalidText (odd length, not a digit).
Result<Bytes> from_hex(std::string_view text);

// RFC 4648 §4, with padding.
std::string to_base64(BytesView bytes);
// Requires padding and zero trailing bits. Errors: kInvalidText.
Result<Bytes> from_base64(std::string_view text);
// RFC 4648 §5, no padding: JSON Web Tokens.
std::string to_base64url(BytesView bytes);
Result<Bytes> from_base64url(std::string_view text);

// RFC 4648 §7, lower case, no padding: host names made from hashes.
std::string to_base32hex(BytesView bytes);

// A whole decimal integer without sign prefix "+", spaces or trailing text. Errors: kInvalidText,
// kOverflow.
template <std::integral T>
Result<T> parse_int(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return fail(BaseError::kOverflow, text);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return fail(BaseError::kInvalidText, "\"" + std::string(text) + "\" is not a whole number");
  return value;
}

}  // namespace tp
