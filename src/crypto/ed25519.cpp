#include "crypto/ed25519.h"

#include <sodium.h>

#include "crypto/error.h"

namespace tp::crypto {
namespace {

static_assert(crypto_sign_ed25519_SECRETKEYBYTES == 64 && crypto_sign_ed25519_SEEDBYTES == 32);

// libsodium chooses its fastest code for this machine the first time.
void ready() {
  static const bool done = sodium_init() >= 0;
  TP_ASSERT(done);
}

SecretBytes expand(BytesView seed) {
  ready();
  SecretBytes expanded(crypto_sign_ed25519_SECRETKEYBYTES);
  Ed25519PublicKey unused;
  crypto_sign_ed25519_seed_keypair(unused.data.data(), expanded.span().data(), as_u8(seed));
  return expanded;
}

}  // namespace

bool verify(const Ed25519PublicKey& key, BytesView message, const Ed25519Signature& signature) {
  ready();
  return crypto_sign_ed25519_verify_detached(signature.data.data(), as_u8(message), message.size(),
                                             key.data.data()) == 0;
}

Result<Ed25519PrivateKey> Ed25519PrivateKey::from_seed(BytesView seed) {
  if (seed.size() != kSeedSize)
    return fail(CryptoError::kInvalidKey,
                "an ed25519 seed has 32 bytes, this one has " + std::to_string(seed.size()));
  return Ed25519PrivateKey(expand(seed));
}

Ed25519PrivateKey Ed25519PrivateKey::generate(Random& random) {
  SecretBytes seed(kSeedSize);
  random.fill(seed.span());
  return Ed25519PrivateKey(expand(seed.view()));
}

Ed25519PublicKey Ed25519PrivateKey::public_key() const {
  return Ed25519PublicKey::of(expanded_.view().substr(kSeedSize));
}

Ed25519Signature Ed25519PrivateKey::sign(BytesView message) const {
  Ed25519Signature out;
  TP_ASSERT(crypto_sign_ed25519_detached(out.data.data(), nullptr, as_u8(message), message.size(),
                                         expanded_.data()) == 0);
  return out;
}

}  // namespace tp::crypto
