// Bech32 text (BIP-173): a human-readable prefix, "1", the bytes in groups of 5 bits, a checksum.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace tp::crypto {

// Lower case. Precondition: `hrp` is 1 to 83 characters of lower-case printable ASCII.
std::string to_bech32(std::string_view hrp, BytesView bytes);

struct Bech32 {
  std::string hrp;  // lower case
  Bytes bytes;
};

// Accepts all lower or all upper case, up to 1023 characters (Cosmos raises the 90 of BIP-173).
// Refuses mixed case, the bech32m checksum, stray padding bits.
// Errors: kInvalidAddress, naming what is wrong.
Result<Bech32> from_bech32(std::string_view text);
// The same, and the prefix must be `hrp`.
Result<Bytes> from_bech32(std::string_view text, std::string_view hrp);

}  // namespace tp::crypto
