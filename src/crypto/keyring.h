// Keys in a folder, encrypted with a passphrase.
//
// One file a key, "<name>.key", mode 0600: a few lines of text with the public key, the cost of
// the passphrase hash, the sealed private key, and a checksum that tells a torn file from a wrong
// passphrase. The passphrase is hashed by Argon2id; the private key is sealed by
// XChaCha20-Poly1305, which also covers the public lines, so that nobody can exchange them. Files
// are replaced atomically; a lock file keeps two processes from changing the folder at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/disk.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "crypto/hd.h"
#include "crypto/random.h"
#include "crypto/secp256k1.h"
#include "crypto/secret.h"

namespace tp::crypto {

enum class KeyAlgorithm { kSecp256k1, kEd25519 };
std::string_view to_text(KeyAlgorithm algorithm);  // "secp256k1", "ed25519"

// What is known of a key without its passphrase.
struct KeyInfo {
  std::string name;
  KeyAlgorithm algorithm = KeyAlgorithm::kSecp256k1;
  Bytes public_key;  // 33 bytes compressed, or 32
  Address address;

  bool operator==(const KeyInfo&) const = default;
};

// What guessing one passphrase costs. Written into each file, so it can be raised for new keys.
struct PassphraseCost {
  std::uint64_t passes;
  std::uint64_t memory_bytes;

  static PassphraseCost interactive();  // 64 MiB, under 0.1 s: tests and demo wallets
  static PassphraseCost moderate();     // 256 MiB, under 1 s: the default
  static PassphraseCost sensitive();    // 1 GiB, several seconds
};

// A new key and the words that restore it. They are stored nowhere else.
struct GeneratedKey {
  KeyInfo info;
  SecretBytes mnemonic;
};

// Names are 1 to 64 characters of a-z A-Z 0-9 . _ -, the first a letter or digit.
// Errors of every method: kInvalidName; BaseError::kInputOutput from the disk; and where stated.
class Keyring {
 public:
  // `disk` and `random` outlive the keyring. The folder is made when the first key is.
  Keyring(Disk& disk, Random& random, std::string directory,
          PassphraseCost cost = PassphraseCost::moderate());

  // A secp256k1 key of 24 fresh words. Errors: kKeyExists.
  Result<GeneratedKey> generate(std::string_view name, std::string_view passphrase,
                                const HdPath& path = cosmos_path());
  // Errors: kKeyExists, kInvalidMnemonic.
  Result<KeyInfo> add_mnemonic(std::string_view name, std::string_view mnemonic,
                               std::string_view passphrase, const HdPath& path = cosmos_path());
  // Errors: kKeyExists.
  Result<KeyInfo> add(std::string_view name, const Secp256k1PrivateKey& key,
                      std::string_view passphrase);
  Result<KeyInfo> add(std::string_view name, const Ed25519PrivateKey& key,
                      std::string_view passphrase);

  // Sorted by name; none when the folder is absent. Errors: kDamagedKeyFile, naming the file.
  Result<std::vector<KeyInfo>> list() const;
  // Errors: kKeyNotFound, kDamagedKeyFile.
  Result<KeyInfo> info(std::string_view name) const;

  // The private key, also for export. Errors: kKeyNotFound, kDamagedKeyFile, kWrongPassphrase,
  // kInvalidKey (a key of the other algorithm).
  Result<Secp256k1PrivateKey> unlock_secp256k1(std::string_view name,
                                               std::string_view passphrase) const;
  Result<Ed25519PrivateKey> unlock_ed25519(std::string_view name,
                                           std::string_view passphrase) const;

  // Errors: kKeyNotFound, kKeyExists (the new name is taken).
  Result<void> rename(std::string_view from, std::string_view to);
  // For good: what the words do not restore is lost. Errors: kKeyNotFound.
  Result<void> remove(std::string_view name);

 private:
  Result<KeyInfo> store(std::string_view name, KeyAlgorithm algorithm, BytesView public_key,
                        BytesView private_key, std::string_view passphrase);

  Disk& disk_;
  Random& random_;
  std::string directory_;
  PassphraseCost cost_;
};

}  // namespace tp::crypto
