// Hashes and what is built from them.
//
// SHA-256 calls OpenSSL's block function directly: 65 bytes cost 94 ns, through the EVP layer
// 327 ns (specs/chain.md §5.2). Nothing here can fail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace tp::crypto {

using Hash160 = FixedBytes<20, struct Hash160Tag>;  // SHA-1 and RIPEMD-160
using Hash224 = FixedBytes<28, struct Hash224Tag>;
using Hash512 = FixedBytes<64, struct Hash512Tag>;

Hash256 sha256(BytesView bytes);
// Of the concatenation of the parts, without building it.
Hash256 sha256(std::initializer_list<BytesView> parts);

Hash160 sha1(BytesView bytes);  // only for UUIDs and other protocols that name it
Hash224 sha224(BytesView bytes);
Hash512 sha512(BytesView bytes);
Hash160 ripemd160(BytesView bytes);

// RFC 2104 with SHA-512.
Hash512 hmac_sha512(BytesView key, BytesView message);
// RFC 8018 §5.2 with HMAC-SHA-512; 64 bytes. Cost: `rounds` HMACs.
SecretBytes pbkdf2_sha512(BytesView password, BytesView salt, std::uint32_t rounds);

// SHA-256 of bytes that arrive in pieces.
class Sha256 {
 public:
  Sha256();
  Sha256& update(BytesView bytes);
  Hash256 finish();  // once; the object is spent afterwards

 private:
  alignas(8) std::array<std::byte, 112> state_;  // an OpenSSL SHA256_CTX
};

}  // namespace tp::crypto
