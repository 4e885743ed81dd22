// Addresses from keys and module names, and as text (specs/chain.md §2.5).
#pragma once

#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "crypto/bech32.h"
#include "crypto/ed25519.h"
#include "crypto/secp256k1.h"

namespace tp::crypto {

// RIPEMD-160(SHA-256(33-byte key)). Cost: about 1 us; cache it per key.
Address address_of(const Secp256k1PublicKey& key);
// SHA-256(32-byte key)[0..20): validators.
Address address_of(const Ed25519PublicKey& key);
// SHA-256(name)[0..20): accounts that no key controls.
Address module_address(std::string_view name);

// `hrp` names the chain: "turn" for an account, "turnvaloper" for an operator.
std::string address_text(std::string_view hrp, const Address& address);
// Errors: kInvalidAddress (not bech32, another prefix, not 20 bytes), naming what is wrong.
Result<Address> parse_address(std::string_view text, std::string_view hrp);

}  // namespace tp::crypto
