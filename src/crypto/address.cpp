#include "crypto/address.h"

#include "crypto/error.h"
#include "crypto/sha.h"

namespace tp::crypto {

Address address_of(const Secp256k1PublicKey& key) {
  return Address::of(ripemd160(sha256(key.view()).view()).view());
}

Address address_of(const Ed25519PublicKey& key) {
  return Address::of(sha256(key.view()).view().substr(0, Address::kSize));
}

Address module_address(std::string_view name) {
  return Address::of(sha256(name).view().substr(0, Address::kSize));
}

std::string address_text(std::string_view hrp, const Address& address) {
  return to_bech32(hrp, address.view());
}

Result<Address> parse_address(std::string_view text, std::string_view hrp) {
  TRY(const Bytes bytes, from_bech32(text, hrp));
  if (bytes.size() != Address::kSize)
    return fail(CryptoError::kInvalidAddress,
                "holds " + std::to_string(bytes.size()) + " bytes, an address has 20");
  return Address::of(bytes);
}

}  // namespace tp::crypto
