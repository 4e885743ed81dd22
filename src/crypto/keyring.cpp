#include "crypto/keyring.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.h"
#include "crypto/address.h"
#include "crypto/bip39.h"
#include "crypto/error.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

constexpr std::string_view kSuffix = ".key";
constexpr std::size_t kNameSizeMax = 64;
constexpr std::size_t kFileSizeMax = 4096;
constexpr std::size_t kPrivateSize = 32;  // of both algorithms
constexpr std::size_t kSealedSize = kPrivateSize + crypto_aead_xchacha20poly1305_ietf_ABYTES;
// A file may not make us spend more than this: it could come from anywhere.
constexpr std::uint64_t kPassesMax = 64;
constexpr std::uint64_t kMemoryMin = 8 << 10;  // libsodium's own limit
constexpr std::uint64_t kMemoryMax = std::uint64_t{4} << 30;

using Salt = FixedBytes<crypto_pwhash_argon2id_SALTBYTES, struct SaltTag>;
using Nonce = FixedBytes<crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, struct NonceTag>;

// What a key file says.
struct KeyFile {
  KeyAlgorithm algorithm = KeyAlgorithm::kSecp256k1;
  Bytes public_key;
  PassphraseCost cost{};
  Salt salt;
  Nonce nonce;
  Bytes sealed;
};

// The lines that anyone may read. Sealing covers them.
std::string public_part(const KeyFile& file) {
  std::string out = "turnpike-key 1\n";
  out.append("algorithm ").append(to_text(file.algorithm)).append("\n");
  out.append("public-key ").append(to_hex(file.public_key)).append("\n");
  out.append("argon2id-passes ").append(std::to_string(file.cost.passes)).append("\n");
  out.append("argon2id-memory-bytes ").append(std::to_string(file.cost.memory_bytes)).append("\n");
  out.append("argon2id-salt ").append(to_hex(file.salt.view())).append("\n");
  out.append("xchacha20poly1305-nonce ").append(to_hex(file.nonce.view())).append("\n");
  return out;
}

std::string encode(const KeyFile& file) {
  std::string out = public_part(file);
  out.append("sealed-private-key ").append(to_hex(file.sealed)).append("\n");
  const std::string checksum = to_hex(sha256(out).view());
  return out.append("checksum ").append(checksum).append("\n");
}

// Takes the line "<field> <value>\n" off the front.
Result<std::string_view> take_field(std::string_view& text, std::string_view field) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  if (end == std::string_view::npos || !line.starts_with(field) ||
      !line.substr(field.size()).starts_with(' '))
    return fail(BaseError::kInvalidText, "expected a line \"" + std::string(field) + " ...\"");
  text.remove_prefix(end + 1);
  return line.substr(field.size() + 1);
}

Result<Bytes> take_hex(std::string_view& text, std::string_view field, std::size_t size) {
  TRY(const std::string_view value, take_field(text, field));
  TRY(Bytes bytes, from_hex(value));
  if (bytes.size() != size)
    return fail(BaseError::kInvalidText,
                std::string(field) + " must have " + std::to_string(size) + " bytes");
  return bytes;
}

Result<std::uint64_t> take_number(std::string_view& text, std::string_view field, std::uint64_t low,
                                  std::uint64_t high) {
  TRY(const std::string_view value, take_field(text, field));
  TRY(const std::uint64_t number, parse_int<std::uint64_t>(value));
  if (number < low || number > high)
    return fail(BaseError::kInvalidText, std::string(field) + " is outside " + std::to_string(low) +
                                             ".." + std::to_string(high));
  return number;
}

Result<KeyAlgorithm> parse_algorithm(std::string_view text) {
  for (const auto algorithm : {KeyAlgorithm::kSecp256k1, KeyAlgorithm::kEd25519})
    if (text == to_text(algorithm)) return algorithm;
  return fail(BaseError::kInvalidText, "unknown algorithm");
}

std::size_t public_key_size(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kSecp256k1 ? Secp256k1PublicKey::kSize
                                               : Ed25519PublicKey::kSize;
}

Result<KeyFile> decode(std::string_view text) {
  if (text.size() > kFileSizeMax) return fail(BaseError::kTooLarge);
  // The checksum first: a torn file must not be reported as one that means something else.
  const std::size_t last = text.rfind("checksum ");
  if (last == std::string_view::npos ||
      text.substr(last) != "checksum " + to_hex(sha256(text.substr(0, last)).view()) + "\n")
    return fail(BaseError::kInvalidText, "the file was cut or altered: its checksum is wrong");

  KeyFile file;
  TRY(const std::string_view version, take_field(text, "turnpike-key"));
  if (version != "1")
    return fail(BaseError::kInvalidText, "written by a newer version of this program");
  TRY(const std::string_view algorithm, take_field(text, "algorithm"));
  TRY(file.algorithm, parse_algorithm(algorithm));
  TRY(file.public_key, take_hex(text, "public-key", public_key_size(file.algorithm)));
  TRY(file.cost.passes, take_number(text, "argon2id-passes", 1, kPassesMax));
  TRY(file.cost.memory_bytes, take_number(text, "argon2id-memory-bytes", kMemoryMin, kMemoryMax));
  TRY(const Bytes salt, take_hex(text, "argon2id-salt", Salt::kSize));
  file.salt = Salt::of(salt);
  TRY(const Bytes nonce, take_hex(text, "xchacha20poly1305-nonce", Nonce::kSize));
  file.nonce = Nonce::of(nonce);
  TRY(file.sealed, take_hex(text, "sealed-private-key", kSealedSize));
  TRY_VOID(take_field(text, "checksum"));
  if (!text.empty()) return fail(BaseError::kInvalidText, "lines after the checksum");
  return file;
}

// Argon2id: what makes guessing passphrases dear.
Result<SecretBytes> sealing_key(std::string_view passphrase, const Salt& salt,
                                const PassphraseCost& cost) {
  SecretBytes key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  if (crypto_pwhash_argon2id(key.span().data(), key.size(), passphrase.data(), passphrase.size(),
                             salt.data.data(), cost.passes, cost.memory_bytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
    return fail(CryptoError::kOutOfMemory,
                "hashing the passphrase needs " + std::to_string(cost.memory_bytes >> 20) + " MiB");
  return key;
}

Result<void> seal(KeyFile& file, BytesView private_key, std::string_view passphrase) {
  TRY(const SecretBytes key, sealing_key(passphrase, file.salt, file.cost));
  const std::string covered = public_part(file);
  std::array<std::uint8_t, kSealedSize> out;
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, as_u8(private_key),
                                             private_key.size(), as_u8(covered), covered.size(),
                                             nullptr, file.nonce.data.data(), key.data());
  file.sealed.assign(reinterpret_cast<const char*>(out.data()), out.size());
  return {};
}

Result<SecretBytes> unseal(const KeyFile& file, std::string_view name,
                           std::string_view passphrase) {
  TRY(const SecretBytes key, sealing_key(passphrase, file.salt, file.cost));
  const std::string covered = public_part(file);
  SecretBytes private_key(kPrivateSize);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          private_key.span().data(), nullptr, nullptr, as_u8(file.sealed), file.sealed.size(),
          as_u8(covered), covered.size(), file.nonce.data.data(), key.data()) != 0)
    return fail(CryptoError::kWrongPassphrase, "key \"" + std::string(name) + "\"");
  return private_key;
}

Address address_from(const KeyFile& file) {
  return file.algorithm == KeyAlgorithm::kSecp256k1
             ? address_of(Secp256k1PublicKey::of(file.public_key))
             : address_of(Ed25519PublicKey::of(file.public_key));
}

KeyInfo info_from(std::string_view name, const KeyFile& file) {
  return {.name = std::string(name),
          .algorithm = file.algorithm,
          .public_key = file.public_key,
          .address = address_from(file)};
}

Result<void> check_name(std::string_view name) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool valid = !name.empty() && name.size() <= kNameSizeMax && alphanumeric(name.front()) &&
                     std::all_of(name.begin(), name.end(), [&](char c) {
                       return alphanumeric(c) || c == '.' || c == '_' || c == '-';
                     });
  if (valid) return {};
  return fail(CryptoError::kInvalidName,
              "a key name has 1 to 64 characters of a-z A-Z 0-9 . _ - and begins with a letter or "
              "digit");
}

std::string path_of(const std::string& directory, std::string_view name) {
  return directory + "/" + std::string(name) + std::string(kSuffix);
}

Result<KeyFile> load(Disk& disk, const std::string& directory, std::string_view name) {
  TRY_VOID(check_name(name));
  const std::string path = path_of(directory, name);
  const Result<Bytes> text = disk.read(path);
  if (!text && is(text.error(), BaseError::kNotFound))
    return fail(CryptoError::kKeyNotFound,
                "there is no key \"" + std::string(name) + "\" in " + directory);
  if (!text) return std::unexpected(text.error());
  Result<KeyFile> file = decode(*text);
  if (!file) return fail(CryptoError::kDamagedKeyFile, path + ": " + file.error().text);
  return file;
}

// Held while the folder is changed.
Result<std::unique_ptr<FileLock>> lock(Disk& disk, const std::string& directory) {
  TRY_VOID(disk.make_directories(directory));
  return disk.lock(directory + "/.lock");
}

Result<void> check_absent(Disk& disk, const std::string& directory, std::string_view name) {
  TRY_VOID(check_name(name));
  if (!disk.exists(path_of(directory, name))) return {};
  return fail(CryptoError::kKeyExists,
              "there is already a key \"" + std::string(name) + "\" in " + directory);
}

}  // namespace

std::string_view to_text(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::kSecp256k1 ? "secp256k1" : "ed25519";
}

PassphraseCost PassphraseCost::interactive() {
  return {crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE, crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE};
}
PassphraseCost PassphraseCost::moderate() {
  return {crypto_pwhash_argon2id_OPSLIMIT_MODERATE, crypto_pwhash_argon2id_MEMLIMIT_MODERATE};
}
PassphraseCost PassphraseCost::sensitive() {
  return {crypto_pwhash_argon2id_OPSLIMIT_SENSITIVE, crypto_pwhash_argon2id_MEMLIMIT_SENSITIVE};
}

Keyring::Keyring(Disk& disk, Random& random, std::string directory, PassphraseCost cost)
    : disk_(disk), random_(random), directory_(std::move(directory)), cost_(cost) {
  TP_ASSERT(sodium_init() >= 0);
}

Result<KeyInfo> Keyring::store(std::string_view name, KeyAlgorithm algorithm, BytesView public_key,
                               BytesView private_key, std::string_view passphrase) {
  TRY_VOID(check_absent(disk_, directory_, name));
  KeyFile file;
  file.algorithm = algorithm;
  file.public_key = Bytes(public_key);
  file.cost = cost_;
  random_.fill(file.salt.data);
  random_.fill(file.nonce.data);
  TRY_VOID(seal(file, private_key, passphrase));

  TRY(const auto held, lock(disk_, directory_));
  TRY_VOID(check_absent(disk_, directory_, name));
  TRY_VOID(write_atomically(disk_, path_of(directory_, name), encode(file)));
  return info_from(name, file);
}

Result<GeneratedKey> Keyring::generate(std::string_view name, std::string_view passphrase,
                                       const HdPath& path) {
  SecretBytes mnemonic = generate_mnemonic(random_);
  TRY(KeyInfo info, add_mnemonic(name, mnemonic.view(), passphrase, path));
  return GeneratedKey{std::move(info), std::move(mnemonic)};
}

Result<KeyInfo> Keyring::add_mnemonic(std::string_view name, std::string_view mnemonic,
                                      std::string_view passphrase, const HdPath& path) {
  TRY(const SecretBytes seed, seed_from_mnemonic(mnemonic));
  TRY(const Secp256k1PrivateKey key, derive_key(seed.view(), path));
  return add(name, key, passphrase);
}

Result<KeyInfo> Keyring::add(std::string_view name, const Secp256k1PrivateKey& key,
                             std::string_view passphrase) {
  return store(name, KeyAlgorithm::kSecp256k1, key.public_key().view(), key.secret(), passphrase);
}

Result<KeyInfo> Keyring::add(std::string_view name, const Ed25519PrivateKey& key,
                             std::string_view passphrase) {
  return store(name, KeyAlgorithm::kEd25519, key.public_key().view(), key.seed(), passphrase);
}

Result<std::vector<KeyInfo>> Keyring::list() const {
  std::vector<KeyInfo> keys;
  if (!disk_.exists(directory_)) return keys;
  TRY(const std::vector<std::string> names, disk_.list(directory_));
  for (const std::string& file_name : names) {
    if (!file_name.ends_with(kSuffix)) continue;
    const std::string_view name =
        std::string_view(file_name).substr(0, file_name.size() - kSuffix.size());
    if (!check_name(name)) continue;  // not one of ours
    TRY(KeyInfo key, info(name));
    keys.push_back(std::move(key));
  }
  std::sort(keys.begin(), keys.end(),
            [](const KeyInfo& a, const KeyInfo& b) { return a.name < b.name; });
  return keys;
}

Result<KeyInfo> Keyring::info(std::string_view name) const {
  TRY(const KeyFile file, load(disk_, directory_, name));
  return info_from(name, file);
}

Result<Secp256k1PrivateKey> Keyring::unlock_secp256k1(std::string_view name,
                                                      std::string_view passphrase) const {
  TRY(const KeyFile file, load(disk_, directory_, name));
  if (file.algorithm != KeyAlgorithm::kSecp256k1)
    return fail(CryptoError::kInvalidKey, "\"" + std::string(name) + "\" is an ed25519 key");
  TRY(const SecretBytes secret, unseal(file, name, passphrase));
  return Secp256k1PrivateKey::from_bytes(secret.view());
}

Result<Ed25519PrivateKey> Keyring::unlock_ed25519(std::string_view name,
                                                  std::string_view passphrase) const {
  TRY(const KeyFile file, load(disk_, directory_, name));
  if (file.algorithm != KeyAlgorithm::kEd25519)
    return fail(CryptoError::kInvalidKey, "\"" + std::string(name) + "\" is a secp256k1 key");
  TRY(const SecretBytes secret, unseal(file, name, passphrase));
  return Ed25519PrivateKey::from_seed(secret.view());
}

Result<void> Keyring::rename(std::string_view from, std::string_view to) {
  TRY_VOID(info(from));
  TRY(const auto held, lock(disk_, directory_));
  TRY_VOID(check_absent(disk_, directory_, to));
  TRY_VOID(disk_.rename(path_of(directory_, from), path_of(directory_, to)));
  return disk_.sync_directory(directory_);
}

Result<void> Keyring::remove(std::string_view name) {
  TRY_VOID(check_name(name));
  if (!disk_.exists(path_of(directory_, name)))
    return fail(CryptoError::kKeyNotFound,
                "there is no key \"" + std::string(name) + "\" in " + directory_);
  TRY(const auto held, lock(disk_, directory_));
  TRY_VOID(disk_.remove(path_of(directory_, name)));
  return disk_.sync_directory(directory_);
}

}  // namespace tp::crypto
