#include "crypto/hd.h"

#include "base/text.h"
#include "crypto/error.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

constexpr std::size_t kDepthMax = 255;  // BIP-32 serializes the depth in one byte

// Splits HMAC-SHA-512 output into a key and a chain code.
struct Halves {
  SecretBytes left;
  SecretBytes right;
};

Halves keyed_halves(BytesView key, BytesView message) {
  Hash512 digest = hmac_sha512(key, message);
  Halves halves{SecretBytes(digest.view().substr(0, 32)), SecretBytes(digest.view().substr(32))};
  wipe(digest.data.data(), digest.kSize);
  return halves;
}

}  // namespace

HdPath cosmos_path(std::uint32_t index, std::uint32_t coin_type) {
  TP_ASSERT(index < HdPath::kHardened && coin_type < HdPath::kHardened);
  return {{44 | HdPath::kHardened, coin_type | HdPath::kHardened, HdPath::kHardened, 0, index}};
}

Result<HdPath> parse_hd_path(std::string_view text) {
  const auto invalid = [text] {
    return fail(CryptoError::kInvalidPath,
                "\"" + std::string(text) + "\" is not of the form m/44'/118'/0'/0/0");
  };
  if (!text.starts_with('m')) return invalid();
  HdPath path;
  for (std::string_view rest = text.substr(1); !rest.empty();) {
    if (rest.front() != '/') return invalid();
    rest.remove_prefix(1);
    std::string_view step = rest.substr(0, rest.find('/'));
    rest.remove_prefix(step.size());
    const bool hardened = step.ends_with('\'') || step.ends_with('h') || step.ends_with('H');
    if (hardened) step.remove_suffix(1);
    const Result<std::uint32_t> number = parse_int<std::uint32_t>(step);
    if (!number || *number >= HdPath::kHardened || path.steps.size() == kDepthMax) return invalid();
    path.steps.push_back(*number | (hardened ? HdPath::kHardened : 0));
  }
  return path;
}

std::string to_text(const HdPath& path) {
  std::string text = "m";
  for (const std::uint32_t step : path.steps) {
    text.append("/").append(std::to_string(step & ~HdPath::kHardened));
    if ((step & HdPath::kHardened) != 0) text.push_back('\'');
  }
  return text;
}

Result<ExtendedKey> master_key(BytesView seed) {
  if (seed.size() < 16 || seed.size() > 64)
    return fail(CryptoError::kInvalidKey, "a seed has 16 to 64 bytes");
  Halves halves = keyed_halves("Bitcoin seed", seed);
  TRY(Secp256k1PrivateKey key, Secp256k1PrivateKey::from_bytes(halves.left.view()));
  return ExtendedKey{std::move(key), std::move(halves.right)};
}

Result<ExtendedKey> child_key(const ExtendedKey& parent, std::uint32_t step) {
  SecretBytes message(37);  // 00 || private key, or the public key, then the step
  if ((step & HdPath::kHardened) != 0) {
    std::copy_n(as_u8(parent.key.secret()), 32, message.span().data() + 1);
  } else {
    std::copy_n(parent.key.public_key().data.data(), 33, message.span().data());
  }
  for (std::size_t i = 0; i < 4; ++i)
    message.span()[33 + i] = static_cast<std::uint8_t>(step >> (24 - 8 * i));
  Halves halves = keyed_halves(parent.chain_code.view(), message.view());
  TRY(Secp256k1PrivateKey key, parent.key.plus(halves.left.view()));
  return ExtendedKey{std::move(key), std::move(halves.right)};
}

Result<Secp256k1PrivateKey> derive_key(BytesView seed, const HdPath& path) {
  TRY(ExtendedKey at, master_key(seed));
  for (const std::uint32_t step : path.steps) {
    TRY(ExtendedKey child, child_key(at, step));
    at = std::move(child);
  }
  return std::move(at.key);
}

}  // namespace tp::crypto
