// What a signer in SIGN_MODE_DIRECT signs. Rules: specs/chain.md §2.5.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace tp::chain {

// What binds a signature to one chain and one account.
struct SignerContext {
  std::string_view chain_id;
  std::uint64_t account_number = 0;
};

// The encoded SignDoc. `body` and `auth_info` are the bytes as received, never encoded again.
Bytes sign_doc(BytesView body, BytesView auth_info, const SignerContext& signer);

// SHA-256 of the same, without building it: the digest that the signature is over.
Hash256 sign_doc_hash(BytesView body, BytesView auth_info, const SignerContext& signer);

}  // namespace tp::chain
