// Ed25519 (RFC 8032) by libsodium: the signatures of validators and devices.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace tp::crypto {

using Ed25519PublicKey = FixedBytes<32, struct Ed25519PublicKeyTag>;
using Ed25519Signature = FixedBytes<64, struct Ed25519SignatureTag>;

// Refuses signatures that are not canonical and keys of small order. Cost: 50 us.
bool verify(const Ed25519PublicKey& key, BytesView message, const Ed25519Signature& signature);

// Made from a 32-byte seed, the form in which keys are stored. Wiped on destruction.
class Ed25519PrivateKey {
 public:
  static constexpr std::size_t kSeedSize = 32;

  // Errors: kInvalidKey (not 32 bytes).
  static Result<Ed25519PrivateKey> from_seed(BytesView seed);
  static Ed25519PrivateKey generate(Random& random);

  Ed25519PublicKey public_key() const;
  Ed25519Signature sign(BytesView message) const;
  BytesView seed() const { return expanded_.view().substr(0, kSeedSize); }

 private:
  explicit Ed25519PrivateKey(SecretBytes expanded) : expanded_(std::move(expanded)) {}

  SecretBytes expanded_;  // seed || public key, as libsodium holds it
};

}  // namespace tp::crypto
