#include "crypto/sha.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ripemd.h>
#include <openssl/sha.h>

#include "base/result.h"

// The low-level functions are deprecated in favour of EVP, which costs three times as much for the
// short inputs that we hash (specs/chain.md §5.2).
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace tp::crypto {
namespace {

// One-shot hashing with OpenSSL's Init, Update, Final of one algorithm.
template <class Out, auto Init, auto Update, auto Final, class Context>
Out hash(BytesView bytes) {
  Context context;
  Out out;
  Init(&context);
  Update(&context, bytes.data(), bytes.size());
  Final(out.data.data(), &context);
  return out;
}

int length_of(BytesView bytes) {
  TP_ASSERT(bytes.size() <= 0x7fff'ffff);
  return static_cast<int>(bytes.size());
}

}  // namespace

Hash256 sha256(BytesView bytes) {
  return hash<Hash256, SHA256_Init, SHA256_Update, SHA256_Final, SHA256_CTX>(bytes);
}

Hash256 sha256(std::initializer_list<BytesView> parts) {
  Sha256 hasher;
  for (const BytesView part : parts) hasher.update(part);
  return hasher.finish();
}

Hash160 sha1(BytesView bytes) {
  return hash<Hash160, SHA1_Init, SHA1_Update, SHA1_Final, SHA_CTX>(bytes);
}

Hash224 sha224(BytesView bytes) {
  return hash<Hash224, SHA224_Init, SHA224_Update, SHA224_Final, SHA256_CTX>(bytes);
}

Hash512 sha512(BytesView bytes) {
  return hash<Hash512, SHA512_Init, SHA512_Update, SHA512_Final, SHA512_CTX>(bytes);
}

Hash160 ripemd160(BytesView bytes) {
  return hash<Hash160, RIPEMD160_Init, RIPEMD160_Update, RIPEMD160_Final, RIPEMD160_CTX>(bytes);
}

Hash512 hmac_sha512(BytesView key, BytesView message) {
  Hash512 out;
  unsigned size = 0;
  TP_ASSERT(HMAC(EVP_sha512(), key.data(), length_of(key), as_u8(message), message.size(),
                 out.data.data(), &size) != nullptr);
  return out;
}

SecretBytes pbkdf2_sha512(BytesView password, BytesView salt, std::uint32_t rounds) {
  SecretBytes out(64);
  TP_ASSERT(PKCS5_PBKDF2_HMAC(password.data(), length_of(password), as_u8(salt), length_of(salt),
                              static_cast<int>(rounds), EVP_sha512(), 64, out.span().data()) == 1);
  return out;
}

static_assert(sizeof(SHA256_CTX) <= sizeof(Sha256) && alignof(SHA256_CTX) <= alignof(Sha256));

Sha256::Sha256() {
  SHA256_Init(reinterpret_cast<SHA256_CTX*>(state_.data()));
}

Sha256& Sha256::update(BytesView bytes) {
  SHA256_Update(reinterpret_cast<SHA256_CTX*>(state_.data()), bytes.data(), bytes.size());
  return *this;
}

Hash256 Sha256::finish() {
  Hash256 out;
  SHA256_Final(out.data.data(), reinterpret_cast<SHA256_CTX*>(state_.data()));
  return out;
}

}  // namespace tp::crypto
