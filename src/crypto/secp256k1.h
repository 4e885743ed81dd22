// ECDSA on secp256k1: the signatures of accounts.
//
// One process-wide libsecp256k1 context, blinded with fresh randomness at first use and constant
// from then on; everything here is safe to call from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace tp::crypto {

// Compressed form. Holding one says nothing about being a point on the curve: parsing does.
using Secp256k1PublicKey = FixedBytes<33, struct Secp256k1PublicKeyTag>;
// r || s, big-endian.
using Secp256k1Signature = FixedBytes<64, struct Secp256k1SignatureTag>;

// A key whose point is already computed. Keep it beside the account: parsing is 12 % of a
// verification (specs/chain.md §5.2).
class Secp256k1ParsedKey {
 public:
  // Takes exactly 33 bytes in compressed form. Errors: kInvalidKey.
  static Result<Secp256k1ParsedKey> parse(BytesView key);

  // True when `signature` is valid for the SHA-256 `digest` and its s is in the lower half: of the
  // two signatures that mean the same, only one is admitted, so nobody can change the hash of
  // someone else's transaction. Cost: 37 us.
  bool verify(const Hash256& digest, const Secp256k1Signature& signature) const;

  Secp256k1PublicKey compressed() const;

 private:
  std::array<std::uint8_t, 64> point_{};  // a secp256k1_pubkey
};

// Parses and verifies; a key that is no point verifies nothing. Cost: 42 us.
bool verify(const Secp256k1PublicKey& key, const Hash256& digest,
            const Secp256k1Signature& signature);

// A scalar in [1, order). Wiped on destruction.
class Secp256k1PrivateKey {
 public:
  static constexpr std::size_t kSize = 32;

  // Errors: kInvalidKey (not 32 bytes, zero, not below the order).
  static Result<Secp256k1PrivateKey> from_bytes(BytesView bytes);
  static Secp256k1PrivateKey generate(Random& random);

  Secp256k1PublicKey public_key() const;
  // Deterministic (RFC 6979), low s.
  Secp256k1Signature sign(const Hash256& digest) const;
  // This scalar plus `tweak` modulo the order (BIP-32). Errors: kInvalidKey when that is none.
  Result<Secp256k1PrivateKey> plus(BytesView tweak) const;

  BytesView secret() const { return scalar_.view(); }

 private:
  explicit Secp256k1PrivateKey(SecretBytes scalar) : scalar_(std::move(scalar)) {}

  SecretBytes scalar_;
};

}  // namespace tp::crypto
