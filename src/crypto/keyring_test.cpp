#include "crypto/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/text.h"
#include "crypto/address.h"
#include "crypto/error.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What a forger would write.
Bytes with_right_checksum(BytesView file) {
  const Bytes covered(file.substr(0, file.rfind("checksum ")));
  return covered + "checksum " + to_hex(sha256(covered).view()) + "\n";
}

constexpr std::string_view kMnemonic =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

class KeyringTest : public ::testing::Test {
 protected:
  ~KeyringTest() override { std::filesystem::remove_all(root_); }

  std::string directory() const { return root_ + "/keys"; }
  std::string path(std::string_view name) const {
    return directory() + "/" + std::string(name) + ".key";
  }
  Bytes contents(std::string_view name) { return *disk_.read(path(name)); }
  void overwrite(std::string_view name, const Bytes& bytes) {
    ASSERT_TRUE(write_atomically(disk_, path(name), bytes));
  }

  static std::string make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "keyring-XXXXXX").string();
    TP_ASSERT(::mkdtemp(name.data()) != nullptr);
    return name;
  }

  const std::string root_ = make_folder();
  SystemDisk disk_;
  SystemRandom random_;
  // The least that libsodium accepts, so that the tests are quick.
  Keyring keyring_{disk_, random_, directory(), {.passes = 1, .memory_bytes = 8192}};
};

TEST_F(KeyringTest, WordsGiveTheAccountThatOtherWalletsShow) {
  const auto info = keyring_.add_mnemonic("alice", kMnemonic, "open sesame");
  ASSERT_TRUE(info) << info.error().text;
  EXPECT_EQ(address_text("cosmos", info->address), "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4");
  EXPECT_EQ(keyring_.info("alice"), *info);
  const auto key = keyring_.unlock_secp256k1("alice", "open sesame");
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(key->public_key().view(), info->public_key);
}

TEST_F(KeyringTest, WordsOfAGeneratedKeyRestoreIt) {
  const auto made = keyring_.generate("alice", "pass");
  ASSERT_TRUE(made);
  const auto restored = keyring_.add_mnemonic("restored", made->mnemonic.view(), "other");
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->address, made->info.address);
}

TEST_F(KeyringTest, Ed25519KeysAreKeptToo) {
  const auto key = Ed25519PrivateKey::generate(random_);
  const auto info = keyring_.add("validator", key, "pass");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->address, address_of(key.public_key()));
  EXPECT_EQ(keyring_.unlock_ed25519("validator", "pass")->seed(), key.seed());
  EXPECT_TRUE(is(keyring_.unlock_secp256k1("validator", "pass").error(), CryptoError::kInvalidKey));
}

TEST_F(KeyringTest, AWrongPassphraseIsNamedAsSuch) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "right"));
  for (const char* wrong : {"", "Right", "right ", "left"}) {
    const auto key = keyring_.unlock_secp256k1("alice", wrong);
    ASSERT_FALSE(key);
    EXPECT_TRUE(is(key.error(), CryptoError::kWrongPassphrase));
    EXPECT_EQ(key.error().text, "key \"alice\": wrong passphrase");
  }
}

TEST_F(KeyringTest, AFileCutAnywhereIsNamedAsDamaged) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  const Bytes whole = contents("alice");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    overwrite("alice", whole.substr(0, size));
    const auto key = keyring_.unlock_secp256k1("alice", "pass");
    ASSERT_FALSE(key) << size;
    ASSERT_TRUE(is(key.error(), CryptoError::kDamagedKeyFile)) << size;
    ASSERT_THAT(key.error().text, HasSubstr(path("alice")));
    ASSERT_TRUE(is(keyring_.list().error(), CryptoError::kDamagedKeyFile)) << size;
  }
}

TEST_F(KeyringTest, AFlippedByteAnywhereIsNamedAsDamaged) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  const Bytes whole = contents("alice");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    overwrite("alice", flipped);
    ASSERT_TRUE(is(keyring_.info("alice").error(), CryptoError::kDamagedKeyFile)) << i;
  }
}

// Someone who can write the folder puts their own public key into the file, checksum and all, so
// that money meant for us goes to them.
TEST_F(KeyringTest, AnExchangedPublicKeyIsNoticedWhenUnlocking) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  const auto theirs = keyring_.generate("mallory", "theirs");
  const std::string ours_hex = to_hex(keyring_.info("alice")->public_key);
  Bytes text = contents("alice");
  text.replace(text.find(ours_hex), ours_hex.size(), to_hex(theirs->info.public_key));
  overwrite("alice", with_right_checksum(text));
  ASSERT_TRUE(keyring_.info("alice"));
  EXPECT_TRUE(
      is(keyring_.unlock_secp256k1("alice", "pass").error(), CryptoError::kWrongPassphrase));
}

TEST_F(KeyringTest, AFileThatWouldExhaustMemoryIsRefused) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  Bytes text = contents("alice");
  const std::string field = "argon2id-memory-bytes 8192";
  text.replace(text.find(field), field.size(), "argon2id-memory-bytes 1099511627776");
  overwrite("alice", with_right_checksum(text));
  const auto key = keyring_.unlock_secp256k1("alice", "pass");
  ASSERT_FALSE(key);
  EXPECT_TRUE(is(key.error(), CryptoError::kDamagedKeyFile));
  EXPECT_THAT(key.error().text, HasSubstr("argon2id-memory-bytes is outside"));
}

TEST_F(KeyringTest, FilesAreReadableByTheirOwnerOnly) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  struct stat status{};
  ASSERT_EQ(::stat(path("alice").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(directory().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(KeyringTest, ThePrivateKeyIsNotInTheFile) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  const auto key = keyring_.unlock_secp256k1("alice", "pass");
  EXPECT_THAT(contents("alice"), AllOf(Not(HasSubstr(to_hex(key->secret()))),
                                       Not(HasSubstr(std::string(key->secret())))));
}

TEST_F(KeyringTest, AnExistingKeyIsNeverReplaced) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  const Bytes before = contents("alice");
  EXPECT_TRUE(is(keyring_.generate("alice", "pass").error(), CryptoError::kKeyExists));
  ASSERT_TRUE(keyring_.generate("bob", "pass"));
  EXPECT_TRUE(is(keyring_.rename("bob", "alice").error(), CryptoError::kKeyExists));
  EXPECT_EQ(contents("alice"), before);
}

TEST_F(KeyringTest, ListsKeysByNameWithoutAPassphrase) {
  EXPECT_EQ(keyring_.list()->size(), 0u);
  ASSERT_TRUE(keyring_.generate("bob", "1"));
  ASSERT_TRUE(keyring_.add("carol", Ed25519PrivateKey::generate(random_), "2"));
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "3"));
  const auto keys = keyring_.list();
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 3u);
  EXPECT_EQ((*keys)[0].name, "alice");
  EXPECT_EQ((*keys)[1].name, "bob");
  EXPECT_EQ((*keys)[2].algorithm, KeyAlgorithm::kEd25519);
}

TEST_F(KeyringTest, ARenamedKeyOpensWithItsOldPassphrase) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  ASSERT_TRUE(keyring_.rename("alice", "alice.old"));
  EXPECT_TRUE(is(keyring_.info("alice").error(), CryptoError::kKeyNotFound));
  EXPECT_TRUE(keyring_.unlock_secp256k1("alice.old", "pass"));
}

TEST_F(KeyringTest, ARemovedKeyIsGone) {
  ASSERT_TRUE(keyring_.add_mnemonic("alice", kMnemonic, "pass"));
  ASSERT_TRUE(keyring_.remove("alice"));
  EXPECT_TRUE(is(keyring_.remove("alice").error(), CryptoError::kKeyNotFound));
  EXPECT_TRUE(is(keyring_.unlock_secp256k1("alice", "pass").error(), CryptoError::kKeyNotFound));
}

TEST_F(KeyringTest, RefusesNamesThatLeadElsewhere) {
  for (const std::string& name :
       {std::string(), std::string("../x"), std::string("a/b"), std::string(".hidden"),
        std::string("a b"), std::string("a\0b", 3), std::string(65, 'x'),
        std::string("na\xc3\xafve")}) {
    EXPECT_TRUE(is(keyring_.generate(name, "pass").error(), CryptoError::kInvalidName)) << name;
    EXPECT_TRUE(is(keyring_.info(name).error(), CryptoError::kInvalidName)) << name;
  }
}

TEST_F(KeyringTest, ABadMnemonicLeavesNoFile) {
  EXPECT_TRUE(is(keyring_.add_mnemonic("alice", "abandon ability", "pass").error(),
                 CryptoError::kInvalidMnemonic));
  EXPECT_EQ(keyring_.list()->size(), 0u);
}

TEST_F(KeyringTest, TwoWritersAtOnceAreKeptApart) {
  ASSERT_TRUE(keyring_.generate("alice", "pass"));
  const auto held = disk_.lock(directory() + "/.lock");
  ASSERT_TRUE(held);
  EXPECT_THAT(keyring_.generate("bob", "pass").error().text, HasSubstr("held by another process"));
  EXPECT_TRUE(keyring_.unlock_secp256k1("alice", "pass")) << "readers need no lock";
}

TEST_F(KeyringTest, TheFileCarriesItsOwnCost) {
  Keyring dearer(disk_, random_, directory(), PassphraseCost::interactive());
  ASSERT_TRUE(dearer.add_mnemonic("alice", kMnemonic, "pass"));
  EXPECT_THAT(contents("alice"), HasSubstr("argon2id-memory-bytes 67108864\n"));
  EXPECT_TRUE(keyring_.unlock_secp256k1("alice", "pass"));
}

}  // namespace
}  // namespace tp::crypto
