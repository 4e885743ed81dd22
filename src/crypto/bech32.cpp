#include "crypto/bech32.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

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

// The digit that a character of either case stands for, or -1.
constexpr std::array<std::int8_t, 256> kDigits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    const char c = kAlphabet[i];
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    for (const char each : {c, upper})
      digits[static_cast<std::uint8_t>(each)] = static_cast<std::int8_t>(i);
  }
  return digits;
}();

// What `value` becomes by one more group of zero bits.
constexpr std::uint32_t shifted(std::uint32_t value) {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                       0x3d4233dd, 0x2a1462b3};
  std::uint32_t out = (value & 0x1ffffff) << 5;
  for (std::size_t i = 0; i < kGenerator.size(); ++i)
    out ^= (0 - (value >> 25 >> i & 1)) & kGenerator[i];
  return out;
}

// What the 10 bits that leave the register with two groups feed back into it. A table, because the
// bits are as good as random and a branch on each costs more than everything else here; of two
// groups, because every step waits for the one before.
constexpr std::array<std::uint32_t, 1024> kFeedback = [] {
  std::array<std::uint32_t, 1024> feedback{};
  for (std::uint32_t top = 0; top < feedback.size(); ++top)
    feedback[top] = shifted(shifted(top << 20));
  return feedback;
}();

// The BCH code of BIP-173 over groups of 5 bits.
class Checksum {
 public:
  // Precondition: is_valid_hrp(hrp).
  explicit Checksum(std::string_view hrp) {
    std::array<std::uint8_t, 2 * kHrpSizeMax + 1> groups;
    std::size_t count = 0;
    for (const char c : hrp) groups[count++] = static_cast<std::uint8_t>(c) >> 5;
    groups[count++] = 0;
    for (const char c : hrp) groups[count++] = static_cast<std::uint8_t>(c) & 31;
    add(std::span(groups).first(count));
  }

  void add(std::span<const std::uint8_t> groups) {
    std::size_t i = 0;
    for (; i + 1 < groups.size(); i += 2) {
      const std::uint32_t both = std::uint32_t{groups[i]} << 5 | groups[i + 1];
      value_ = (value_ & 0xfffff) << 10 ^ both ^ kFeedback[value_ >> 20];
    }
    if (i < groups.size()) value_ = shifted(value_) ^ groups[i];
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

  const std::span groups(reinterpret_cast<std::uint8_t*>(next), text.data() + text.size() - next);
  std::size_t count = 0;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8 | static_cast<std::uint8_t>(c)) & 0xfff;
    for (bits += 8; bits >= 5;) {
      bits -= 5;
      groups[count++] = buffer >> bits & 31;
    }
  }
  if (bits > 0) groups[count++] = buffer << (5 - bits) & 31;

  Checksum checksum(hrp);
  checksum.add(groups.first(count));
  checksum.add(std::array<std::uint8_t, kChecksumSize>{});
  const std::uint32_t tail = checksum.value() ^ kBech32;
  for (int shift = 25; shift >= 0; shift -= 5) groups[count++] = tail >> shift & 31;
  for (std::uint8_t& group : groups) group = static_cast<std::uint8_t>(kAlphabet[group]);
  return text;
}

Result<Bech32> from_bech32(std::string_view text) {
  if (text.size() > kTextSizeMax) return invalid("longer than 1023 characters");
  bool has_upper = false, has_lower = false;
  for (const char c : text) {
    has_upper |= is_upper(c);
    has_lower |= is_lower(c);
  }
  if (has_upper && has_lower) return invalid("upper and lower case letters are mixed");

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
  std::array<std::uint8_t, kTextSizeMax> groups;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const int group = kDigits[static_cast<std::uint8_t>(data[i])];
    if (group < 0)
      return invalid("character " + std::to_string(separator + 2 + i) +
                     " is not in the bech32 alphabet");
    groups[i] = static_cast<std::uint8_t>(group);
  }
  Checksum checksum(out.hrp);
  checksum.add(std::span(groups).first(data.size()));
  std::uint32_t buffer = 0;
  int bits = 0;
  out.bytes.resize(payload * 5 / 8);
  char* next = out.bytes.data();
  for (const std::uint8_t group : std::span(groups).first(payload)) {
    buffer = (buffer << 5 | group) & 0xfff;
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
