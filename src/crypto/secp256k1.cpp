#include "crypto/secp256k1.h"

#include <secp256k1.h>

#include <cstring>

#include "crypto/error.h"

namespace tp::crypto {
namespace {

const secp256k1_context* context() {
  static const secp256k1_context* const shared = [] {
    secp256k1_context* made =
        secp256k1_context_create(SECP256K1_CONTEXT_SIGN | SECP256K1_CONTEXT_VERIFY);
    SecretBytes seed(32);
    SystemRandom().fill(seed.span());
    TP_ASSERT(made != nullptr && secp256k1_context_randomize(made, seed.data()) == 1);
    return made;
  }();
  return shared;
}

static_assert(sizeof(secp256k1_pubkey) == 64);

secp256k1_pubkey point_from(const std::array<std::uint8_t, 64>& bytes) {
  secp256k1_pubkey point;
  std::memcpy(&point, bytes.data(), sizeof point);
  return point;
}

Secp256k1PublicKey compress(const secp256k1_pubkey& point) {
  Secp256k1PublicKey out;
  std::size_t size = out.kSize;
  secp256k1_ec_pubkey_serialize(context(), out.data.data(), &size, &point, SECP256K1_EC_COMPRESSED);
  return out;
}

bool verify_point(const secp256k1_pubkey& point, const Hash256& digest,
                  const Secp256k1Signature& signature) {
  secp256k1_ecdsa_signature parsed;
  // The library's verify refuses high s by itself; parsing refuses r and s beyond the order.
  return secp256k1_ecdsa_signature_parse_compact(context(), &parsed, signature.data.data()) == 1 &&
         secp256k1_ecdsa_verify(context(), &parsed, digest.data.data(), &point) == 1;
}

}  // namespace

Result<Secp256k1ParsedKey> Secp256k1ParsedKey::parse(BytesView key) {
  if (key.size() != Secp256k1PublicKey::kSize)
    return fail(CryptoError::kInvalidKey,
                "a secp256k1 public key has 33 bytes, this one has " + std::to_string(key.size()));
  secp256k1_pubkey point;
  if (secp256k1_ec_pubkey_parse(context(), &point, as_u8(key), key.size()) != 1)
    return fail(CryptoError::kInvalidKey, "not a point on secp256k1");
  Secp256k1ParsedKey out;
  std::memcpy(out.point_.data(), &point, sizeof point);
  return out;
}

bool Secp256k1ParsedKey::verify(const Hash256& digest, const Secp256k1Signature& signature) const {
  return verify_point(point_from(point_), digest, signature);
}

Secp256k1PublicKey Secp256k1ParsedKey::compressed() const {
  return compress(point_from(point_));
}

bool verify(const Secp256k1PublicKey& key, const Hash256& digest,
            const Secp256k1Signature& signature) {
  secp256k1_pubkey point;
  return secp256k1_ec_pubkey_parse(context(), &point, key.data.data(), key.kSize) == 1 &&
         verify_point(point, digest, signature);
}

Result<Secp256k1PrivateKey> Secp256k1PrivateKey::from_bytes(BytesView bytes) {
  if (bytes.size() != kSize)
    return fail(CryptoError::kInvalidKey, "a secp256k1 private key has 32 bytes, this one has " +
                                              std::to_string(bytes.size()));
  if (secp256k1_ec_seckey_verify(context(), as_u8(bytes)) != 1)
    return fail(CryptoError::kInvalidKey, "a secp256k1 private key is from 1 to the order less 1");
  return Secp256k1PrivateKey(SecretBytes(bytes));
}

Secp256k1PrivateKey Secp256k1PrivateKey::generate(Random& random) {
  while (true) {  // about one draw in 2^128 is out of range
    SecretBytes scalar(kSize);
    random.fill(scalar.span());
    if (secp256k1_ec_seckey_verify(context(), scalar.data()) == 1)
      return Secp256k1PrivateKey(std::move(scalar));
  }
}

Secp256k1PublicKey Secp256k1PrivateKey::public_key() const {
  secp256k1_pubkey point;
  TP_ASSERT(secp256k1_ec_pubkey_create(context(), &point, scalar_.data()) == 1);
  return compress(point);
}

Secp256k1Signature Secp256k1PrivateKey::sign(const Hash256& digest) const {
  secp256k1_ecdsa_signature made;
  TP_ASSERT(secp256k1_ecdsa_sign(context(), &made, digest.data.data(), scalar_.data(),
                                 secp256k1_nonce_function_rfc6979, nullptr) == 1);
  Secp256k1Signature out;
  secp256k1_ecdsa_signature_serialize_compact(context(), out.data.data(), &made);
  return out;
}

Result<Secp256k1PrivateKey> Secp256k1PrivateKey::plus(BytesView tweak) const {
  if (tweak.size() != kSize) return fail(CryptoError::kInvalidKey, "a tweak has 32 bytes");
  SecretBytes sum = scalar_.copy();
  if (secp256k1_ec_seckey_tweak_add(context(), sum.span().data(), as_u8(tweak)) != 1)
    return fail(CryptoError::kInvalidKey, "the tweaked key is out of range");
  return Secp256k1PrivateKey(std::move(sum));
}

}  // namespace tp::crypto
