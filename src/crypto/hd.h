// Hierarchical keys (BIP-32): one seed, many accounts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secp256k1.h"
#include "crypto/secret.h"

namespace tp::crypto {

// The steps from the master key; a hardened step has bit 31 set.
struct HdPath {
  static constexpr std::uint32_t kHardened = 0x8000'0000u;
  std::vector<std::uint32_t> steps;

  bool operator==(const HdPath&) const = default;
};

// m/44'/118'/0'/0/index: what every Cosmos wallet uses (specs/chain.md §2.5). `coin_type` comes
// from the genesis file. Precondition: both below 2^31.
HdPath cosmos_path(std::uint32_t index = 0, std::uint32_t coin_type = 118);

// "m/44'/118'/0'/0/0"; h and H also mean hardened. Errors: kInvalidPath.
Result<HdPath> parse_hd_path(std::string_view text);
std::string to_text(const HdPath& path);

// A private key that can have children.
struct ExtendedKey {
  Secp256k1PrivateKey key;
  SecretBytes chain_code;
};

// Errors: kInvalidKey (the seed is not 16 to 64 bytes, or one of the 2^-127 seeds without a key).
Result<ExtendedKey> master_key(BytesView seed);
// Errors: kInvalidKey for the one index in 2^127 that has none.
Result<ExtendedKey> child_key(const ExtendedKey& parent, std::uint32_t step);
Result<Secp256k1PrivateKey> derive_key(BytesView seed, const HdPath& path);

}  // namespace tp::crypto
