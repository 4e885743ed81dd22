// Text that people and strangers hand us: addresses, mnemonics, paths. Whatever is accepted must
// survive being written and read again.
#include "base/result.h"
#include "crypto/bech32.h"
#include "crypto/bip39.h"
#include "crypto/hd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tp::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto read = from_bech32(text)) {
    const auto again = from_bech32(to_bech32(read->hrp, read->bytes), read->hrp);
    TP_ASSERT(again && *again == read->bytes);
  }
  if (const auto entropy = entropy_from_mnemonic(text)) {
    const SecretBytes words = mnemonic_from_entropy(entropy->view());
    TP_ASSERT(entropy_from_mnemonic(words.view())->view() == entropy->view());
  }
  if (const auto path = parse_hd_path(text)) TP_ASSERT(parse_hd_path(to_text(*path)) == *path);
  return 0;
}
