#include "crypto/bip39.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "crypto/bip39_words.h"
#include "crypto/error.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

constexpr std::size_t kBitsPerWord = 11;
constexpr std::size_t kWordSizeMax = 8;
constexpr std::uint32_t kRounds = 2048;

constexpr std::array<std::string_view, 2048> kWords = [] {
  std::array<std::string_view, 2048> words;
  std::string_view rest = kBip39Words;
  for (std::string_view& word : words) {
    const std::size_t end = rest.find(' ');
    word = rest.substr(0, end);
    rest.remove_prefix(end + 1);
  }
  return words;
}();
static_assert(std::is_sorted(kWords.begin(), kWords.end()));

std::optional<std::size_t> index_of(std::string_view word) {
  const auto found = std::lower_bound(kWords.begin(), kWords.end(), word);
  if (found == kWords.end() || *found != word) return std::nullopt;
  return static_cast<std::size_t>(found - kWords.begin());
}

std::unexpected<Error> invalid(std::string_view what) {
  return fail(CryptoError::kInvalidMnemonic, what);
}

std::vector<std::string_view> split(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t start = text.find_first_not_of(kSpace);
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    const std::size_t end = std::min(text.find_first_of(kSpace), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// What may be repeated in an error: a long or strange word is more likely another secret.
std::string quoted(std::string_view word) {
  const bool plain =
      word.size() <= kWordSizeMax + 4 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      });
  return plain ? " \"" + std::string(word) + "\"" : "";
}

// The checksum has one bit for each 32 of the entropy, at most 8: they fit the first byte.
std::uint8_t checksum_of(BytesView entropy) {
  const std::size_t bits = entropy.size() * 8 / 32;
  return static_cast<std::uint8_t>(sha256(entropy).data[0] >> (8 - bits));
}

}  // namespace

SecretBytes mnemonic_from_entropy(BytesView entropy) {
  TP_ASSERT(entropy.size() >= 16 && entropy.size() <= 32 && entropy.size() % 4 == 0);
  SecretBytes bits(entropy.size() + 1);
  std::copy_n(as_u8(entropy), entropy.size(), bits.span().data());
  const std::size_t checksum_bits = entropy.size() / 4;
  bits.span()[entropy.size()] =
      static_cast<std::uint8_t>(checksum_of(entropy) << (8 - checksum_bits));

  const std::size_t words = (entropy.size() * 8 + checksum_bits) / kBitsPerWord;
  std::array<std::string_view, 24> chosen;
  std::size_t size = words - 1;  // the spaces
  for (std::size_t i = 0; i < words; ++i) {
    std::size_t index = 0;
    for (std::size_t bit = i * kBitsPerWord; bit < (i + 1) * kBitsPerWord; ++bit)
      index = index << 1 | (bits.span()[bit / 8] >> (7 - bit % 8) & 1);
    chosen[i] = kWords[index];
    size += chosen[i].size();
  }
  SecretBytes text(size);
  std::uint8_t* out = text.span().data();
  for (std::size_t i = 0; i < words; ++i) {
    if (i > 0) *out++ = ' ';
    out = std::copy_n(as_u8(chosen[i]), chosen[i].size(), out);
  }
  wipe(chosen.data(), sizeof chosen);
  return text;
}

SecretBytes generate_mnemonic(Random& random, MnemonicWords words) {
  SecretBytes entropy(static_cast<std::size_t>(words) / 3 * 4);
  random.fill(entropy.span());
  return mnemonic_from_entropy(entropy.view());
}

Result<SecretBytes> entropy_from_mnemonic(std::string_view mnemonic) {
  const std::vector<std::string_view> words = split(mnemonic);
  if (words.size() < 12 || words.size() > 24 || words.size() % 3 != 0)
    return invalid(std::to_string(words.size()) + " words; 12, 15, 18, 21 or 24 are allowed");

  const std::size_t entropy_size = words.size() / 3 * 4;
  SecretBytes bits(entropy_size + 1);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::optional<std::size_t> index = index_of(words[i]);
    if (!index)
      return invalid("word " + std::to_string(i + 1) + quoted(words[i]) +
                     " is not in the English word list of BIP-39");
    for (std::size_t j = 0; j < kBitsPerWord; ++j) {
      const std::size_t bit = i * kBitsPerWord + j;
      const std::size_t value = *index >> (kBitsPerWord - 1 - j) & 1;
      bits.span()[bit / 8] |= static_cast<std::uint8_t>(value << (7 - bit % 8));
    }
  }
  SecretBytes entropy(bits.view().substr(0, entropy_size));
  if (bits.span()[entropy_size] >> (8 - entropy_size / 4) != checksum_of(entropy.view()))
    return invalid(
        "the words are all known, but their checksum does not match: a word is wrong "
        "or out of order");
  return entropy;
}

Result<SecretBytes> seed_from_mnemonic(std::string_view mnemonic, std::string_view passphrase) {
  if (!std::all_of(passphrase.begin(), passphrase.end(), [](char c) { return c >= 32 && c < 127; }))
    return invalid("the extra passphrase may hold only printable ASCII");
  TRY(const SecretBytes entropy, entropy_from_mnemonic(mnemonic));
  const SecretBytes canonical = mnemonic_from_entropy(entropy.view());
  SecretBytes salt(8 + passphrase.size());
  std::copy_n("mnemonic", 8, salt.span().data());
  std::copy_n(as_u8(passphrase), passphrase.size(), salt.span().data() + 8);
  return pbkdf2_sha512(canonical.view(), salt.view(), kRounds);
}

}  // namespace tp::crypto
