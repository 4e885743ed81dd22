// Mnemonics (BIP-39, English words): entropy as words that a person can write down.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace tp::crypto {

// 12 words hold 128 bits, 24 words 256.
enum class MnemonicWords : std::size_t { k12 = 12, k15 = 15, k18 = 18, k21 = 21, k24 = 24 };

// Words joined by single spaces.
SecretBytes generate_mnemonic(Random& random, MnemonicWords words = MnemonicWords::k24);

// Precondition: `entropy` is 16, 20, 24, 28 or 32 bytes.
SecretBytes mnemonic_from_entropy(BytesView entropy);

// Words may be separated by any run of spaces, tabs or newlines.
// Errors: kInvalidMnemonic: how many words there are, which word is not in the list and where it
// stands, or that the checksum does not match.
Result<SecretBytes> entropy_from_mnemonic(std::string_view mnemonic);

// The 64-byte seed that HD wallets start from. Checks the mnemonic as above. `passphrase` is
// BIP-39's optional extra word; only ASCII is admitted, because other text would need Unicode
// normalization to mean the same in every wallet. Cost: 2048 HMAC-SHA-512, about 1 ms.
// Errors: kInvalidMnemonic.
Result<SecretBytes> seed_from_mnemonic(std::string_view mnemonic, std::string_view passphrase = {});

}  // namespace tp::crypto
