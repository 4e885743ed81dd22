#include "crypto/bech32.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "crypto/error.h"

namespace tp::crypto {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumSize = 6;
constexpr std::size_t kHrpSizeMax = 83;
constexpr std::size_t kTextSizeMax = 1023;
// What the checksum of a valid text comes to: BIP-173, and BIP-350 only to name it in an error.
constexpr std::uint32_t kBech32 = 1;
constexpr std::uint32_t kBech32m = 0x2bc830a3;

constexpr std::array<std::int8_t, 128> kDigits = [] {
  std::array<std::int8_t, 128> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    digits[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return digits;
}();

// What the 5 bits that leave the register feed back into it: a table, because the bits are as good
// as random and a branch on each costs more than everything else here.
constexpr std::array<std::uint32_t, 32> kFeedback = [] {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                       0x3d4233dd, 0x2a1462b3};
  std::array<std::uint32_t, 32> feedback{};
  for (std::size_t top = 0; top < feedback.size(); ++top)
    for (std::size_t i = 0; i < kGenerator.size(); ++i)
      if ((top >> i & 1) != 0) feedback[top] ^= kGenerator[i];
  return feedback;
}();

// The BCH code of BIP-173, one group of 5 bits at a time.
class Checksum {
 public:
  explicit Checksum(std::string_view hrp) {
    for (const char c : hrp) add(static_cast<std::uint8_t>(c) >> 5);
    add(0);
    for (const char c : hrp) add(c & 31);
  }

  void add(int group) {
    const std::uint32_t top = value_ >> 25;
    value_ = (value_ & 0x1ffffff) << 5 ^ static_cast<std::uint32_t>(group) ^ kFeedback[top];
  }

  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 1;
};

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_valid_hrp(std::string_view hrp) {
  return !hrp.empty() && hrp.size() <= kHrpSizeMax &&
         std::all_of(hrp.begin(), hrp.end(), [](char c) { return c >= 33 && c <= 126; });
}

std::unexpected<Error> invalid(std::string_view what) {
  return fail(CryptoError::kInvalidAddress, what);
}

}  // namespace

std::string to_bech32(std::string_view hrp, BytesView bytes) {
  TP_ASSERT(is_valid_hrp(hrp) && std::none_of(hrp.begin(), hrp.end(), is_upper));
  std::string text(hrp.size() + 1 + (bytes.size() * 8 + 4) / 5 + kChecksumSize, '1');
  char* next = std::copy(hrp.begin(), hrp.end(), text.data()) + 1;

  Checksum checksum(hrp);
  const auto put = [&](std::uint32_t group) {
    checksum.add(static_cast<int>(group));
    *next++ = kAlphabet[group];
  };
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8 | static_cast<std::uint8_t>(c)) & 0xfff;
    for (bits += 8; bits >= 5;) {
      bits -= 5;
      put(buffer >> bits & 31);
    }
  }
  if (bits > 0) put(buffer << (5 - bits) & 31);

  for (std::size_t i = 0; i < kChecksumSize; ++i) checksum.add(0);
  const std::uint32_t tail = checksum.value() ^ kBech32;
  for (int shift = 25; shift >= 0; shift -= 5) *next++ = kAlphabet[tail >> shift & 31];
  return text;
}

Result<Bech32> from_bech32(std::string_view text) {
  if (text.size() > kTextSizeMax) return invalid("longer than 1023 characters");
  const bool has_upper = std::any_of(text.begin(), text.end(), is_upper);
  if (has_upper && std::any_of(text.begin(), text.end(), is_lower))
    return invalid("upper and lower case letters are mixed");

  const std::size_t separator = text.rfind('1');
  if (separator == std::string_view::npos)
    return invalid("there is no \"1\" between prefix and data");
  Bech32 out;
  out.hrp = std::string(text.substr(0, separator));
  if (has_upper) std::transform(out.hrp.begin(), out.hrp.end(), out.hrp.begin(), lower);
  if (!is_valid_hrp(out.hrp))
    return invalid("the prefix is not 1 to 83 printable ASCII characters");

  const std::string_view data = text.substr(separator + 1);
  if (data.size() < kChecksumSize) return invalid("too short to hold a checksum");
  const std::size_t payload = data.size() - kChecksumSize;
  Checksum checksum(out.hrp);
  std::uint32_t buffer = 0;
  int bits = 0;
  out.bytes.resize(payload * 5 / 8);
  char* next = out.bytes.data();
  for (std::size_t i = 0; i < data.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(lower(data[i]));
    const int group = byte < kDigits.size() ? kDigits[byte] : -1;
    if (group < 0)
      return invalid("character " + std::to_string(separator + 2 + i) +
                     " is not in the bech32 alphabet");
    checksum.add(group);
    if (i >= payload) continue;
    buffer = (buffer << 5 | static_cast<std::uint32_t>(group)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    *next++ = static_cast<char>(buffer >> bits & 255);
  }
  if (checksum.value() == kBech32m) return invalid("the checksum is bech32m's; bech32 is required");
  if (checksum.value() != kBech32)
    return invalid("the checksum does not match: a character was mistyped");
  // BIP-173: regrouping leaves at most 4 bits, all zero.
  if (bits > 4 || (buffer & ((1u << bits) - 1)) != 0)
    return invalid("stray bits after the last byte");
  return out;
}

Result<Bytes> from_bech32(std::string_view text, std::string_view hrp) {
  TRY(Bech32 decoded, from_bech32(text));
  if (decoded.hrp != hrp)
    return invalid("the prefix is \"" + decoded.hrp + "\", expected \"" + std::string(hrp) + "\"");
  return std::move(decoded.bytes);
}

}  // namespace tp::crypto
