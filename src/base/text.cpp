#include "base/text.h"

#include <array>

namespace tp {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string hex(BytesView bytes, std::string_view digits) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string encode_base64(BytesView bytes, std::string_view alphabet, bool padded) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  const std::uint8_t* from = as_u8(bytes);
  const std::size_t whole = bytes.size() / 3 * 3;
  for (std::size_t i = 0; i < whole; i += 3) {
    const std::uint32_t three = std::uint32_t{from[i]} << 16 | from[i + 1] << 8 | from[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) *to++ = alphabet[three >> shift & 63];
  }
  if (const std::size_t rest = bytes.size() - whole; rest > 0) {
    const std::uint32_t last =
        std::uint32_t{from[whole]} << 16 | (rest > 1 ? from[whole + 1] << 8 : 0);
    for (std::size_t i = 0; i <= rest; ++i) *to++ = alphabet[last >> (18 - 6 * i) & 63];
  }
  if (!padded) out.resize(static_cast<std::size_t>(to - out.data()));
  return out;
}

Result<Bytes> decode_base64(std::string_view text, std::string_view alphabet, bool padded) {
  std::array<int, 256> value;
  value.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    value[static_cast<std::uint8_t>(alphabet[i])] = static_cast<int>(i);

  if (padded) {
    if (text.size() % 4 != 0)
      return fail(BaseError::kInvalidText, "base64 length is not a multiple of 4");
    for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return fail(BaseError::kInvalidText, "base64 ends inside a byte");

  Bytes out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const int digit = value[static_cast<std::uint8_t>(c)];
    if (digit < 0) return fail(BaseError::kInvalidText, "a character outside the base64 alphabet");
    buffer = buffer << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(buffer >> bits & 255));
    }
  }
  if ((buffer & ((1u << bits) - 1)) != 0)
    return fail(BaseError::kInvalidText, "base64 has stray trailing bits");
  return out;
}

}  // namespace

std::string to_hex(BytesView bytes) {
  return hex(bytes, "0123456789abcdef");
}
std::string to_hex_upper(BytesView bytes) {
  return hex(bytes, "0123456789ABCDEF");
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(BaseError::kInvalidText, "hexadecimal text of odd length");
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0)
      return fail(BaseError::kInvalidText, "a character that is not a hexadecimal digit");
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

std::string to_base64(BytesView bytes) {
  return encode_base64(bytes, kBase64, true);
}
Result<Bytes> from_base64(std::string_view text) {
  return decode_base64(text, kBase64, true);
}
std::string to_base64url(BytesView bytes) {
  return encode_base64(bytes, kBase64Url, false);
}
Result<Bytes> from_base64url(std::string_view text) {
  return decode_base64(text, kBase64Url, false);
}

std::string to_base32hex(BytesView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = buffer << 8 | static_cast<std::uint8_t>(c);
    for (bits += 8; bits >= 5;) {
      bits -= 5;
      out.push_back(kDigits[buffer >> bits & 31]);
    }
  }
  if (bits > 0) out.push_back(kDigits[buffer << (5 - bits) & 31]);
  return out;
}

}  // namespace tp
