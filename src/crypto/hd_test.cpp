#include "crypto/hd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "crypto/address.h"
#include "crypto/bip39.h"
#include "crypto/bip39_words.h"
#include "crypto/error.h"
#include "crypto/sha.h"

namespace tp::crypto {
namespace {

using ::testing::HasSubstr;

const std::string kAbandonAbout =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

std::string repeated(std::string_view word, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text.append(word).append(" ");
  return text;
}

// The list that BIP-39 links to, one word a line, has this hash.
TEST(Bip39, WordListIsThePublishedOne) {
  std::string lines(kBip39Words);
  for (char& c : lines)
    if (c == ' ') c = '\n';
  EXPECT_EQ(to_hex(sha256(lines).view()),
            "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
}

// The vectors that BIP-39 links to; passphrase TREZOR.
TEST(Bip39, EntropyWordsAndSeedAreThePublishedOnes) {
  const struct {
    std::string entropy, words, seed;
  } cases[] = {
      {"00000000000000000000000000000000", kAbandonAbout,
       "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
       "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"},
      {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
       "legal winner thank year wave sausage worth useful legal winner thank yellow",
       "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"
       "a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607"},
      {"ffffffffffffffffffffffffffffffff", repeated("zoo", 11) + "wrong",
       "ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13"
       "332572917f0f8e5a589620c6f15b11c61dee327651a14c34e18231052e48c069"},
      {"000000000000000000000000000000000000000000000000", repeated("abandon", 17) + "agent",
       "035895f2f481b1b0f01fcf8c289c794660b289981a78f8106447707fdd9666ca"
       "06da5a9a565181599b79f53b844d8a71dd9f439c52a3d7b3e8a79c906ac845fa"},
      {"808080808080808080808080808080808080808080808080",
       "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount "
       "doctor acoustic avoid letter always",
       "107d7c02a5aa6f38c58083ff74f04c607c2d2c0ecc55501dadd72d025b751bc2"
       "7fe913ffb796f841c49b1d33b610cf0e91d3aa239027f5e99fe4ce9e5088cd65"},
      {std::string(64, 'f'), repeated("zoo", 23) + "vote",
       "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e16"
       "13912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad"},
      {"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
       "hamster diagram private dutch cause delay private meat slide toddler razor book happy "
       "fancy gospel tennis maple dilemma loan word shrug inflict delay length",
       "64c87cde7e12ecf6704ab95bb1408bef047c22db4cc7491c4271d170a1b213d2"
       "0b385bc1588d9c7b38f1b39d415665b8a9030c9ec653d75e65f847d8fc1fc440"},
  };
  for (const auto& [entropy, words, seed] : cases) {
    EXPECT_EQ(mnemonic_from_entropy(*from_hex(entropy)).view(), words);
    EXPECT_EQ(to_hex(entropy_from_mnemonic(words)->view()), entropy);
    EXPECT_EQ(to_hex(seed_from_mnemonic(words, "TREZOR")->view()), seed);
  }
}

TEST(Bip39, SpacingDoesNotChangeTheSeed) {
  const auto seed = seed_from_mnemonic(kAbandonAbout);
  EXPECT_EQ(seed_from_mnemonic("\n " + repeated("abandon\t ", 11) + "\r\nabout\n")->view(),
            seed->view());
}

TEST(Bip39, SaysWhatIsWrongWithAMnemonic) {
  const struct {
    std::string words, why;
  } cases[] = {
      {"", "0 words; 12, 15, 18, 21 or 24 are allowed"},
      {repeated("abandon", 11), "11 words"},
      {repeated("abandon", 27), "27 words"},
      {repeated("abandon", 11) + "abouts", "word 12 \"abouts\" is not in"},
      {"Abandon " + repeated("abandon", 11), "word 1 \"Abandon\" is not in"},
      {repeated("abandon", 12), "checksum does not match"},
      {repeated("abandon", 10) + "about abandon", "checksum does not match"},
  };
  for (const auto& [words, why] : cases) {
    const auto entropy = entropy_from_mnemonic(words);
    ASSERT_FALSE(entropy) << words;
    EXPECT_TRUE(is(entropy.error(), CryptoError::kInvalidMnemonic));
    EXPECT_THAT(entropy.error().text, HasSubstr(why));
    EXPECT_FALSE(seed_from_mnemonic(words));
  }
}

// Somebody pasted a hexadecimal private key among the words.
TEST(Bip39, ErrorsDoNotRepeatWhatCouldBeAnotherSecret) {
  const std::string pasted(64, 'a');
  const auto entropy = entropy_from_mnemonic(pasted + " " + repeated("abandon", 11));
  ASSERT_FALSE(entropy);
  EXPECT_THAT(entropy.error().text, HasSubstr("word 1 is not in"));
}

TEST(Bip39, RefusesAPassphraseThatWouldNeedNormalization) {
  EXPECT_THAT(seed_from_mnemonic(kAbandonAbout, "m\xc3\xa9tro").error().text,
              HasSubstr("printable ASCII"));
}

TEST(Bip39, GeneratesTheNumberOfWordsAskedFor) {
  SystemRandom random;
  for (const auto words : {MnemonicWords::k12, MnemonicWords::k15, MnemonicWords::k18,
                           MnemonicWords::k21, MnemonicWords::k24}) {
    const SecretBytes mnemonic = generate_mnemonic(random, words);
    const auto spaces = std::count(mnemonic.view().begin(), mnemonic.view().end(), ' ');
    EXPECT_EQ(static_cast<std::size_t>(spaces) + 1, static_cast<std::size_t>(words));
    EXPECT_TRUE(entropy_from_mnemonic(mnemonic.view()));
  }
}

RC_GTEST_PROP(Bip39Property, EntropySurvivesItsWords, ()) {
  const auto size = *rc::gen::element<std::size_t>(16, 20, 24, 28, 32);
  const auto entropy = *rc::gen::container<std::string>(size, rc::gen::arbitrary<char>());
  RC_ASSERT(entropy_from_mnemonic(mnemonic_from_entropy(entropy).view())->view() == entropy);
}

// BIP-32, test vectors 1 and 2: chain code and key.
TEST(Bip32, DerivesThePublishedKeys) {
  const std::string first = "000102030405060708090a0b0c0d0e0f";
  const std::string second =
      "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2"
      "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542";
  const struct {
    std::string seed, path, chain_code, key;
  } cases[] = {
      {first, "m", "873dff81c02f525623fd1fe5167eac3a55a049de3d314bb42ee227ffed37d508",
       "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35"},
      {first, "m/0'", "47fdacbd0f1097043b78c63c20c34ef4ed9a111d980047ad16282c7ae6236141",
       "edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea"},
      {first, "m/0'/1", "2a7857631386ba23dacac34180dd1983734e444fdbf774041578e9b6adb37c19",
       "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368"},
      {first, "m/0'/1/2'", "04466b9cc8e161e966409ca52986c584f07e9dc81f735db683c3ff6ec7b1503f",
       "cbce0d719ecf7431d88e6a89fa1483e02e35092af60c042b1df2ff59fa424dca"},
      {first, "m/0'/1/2'/2/1000000000",
       "c783e67b921d2beb8f6b389cc646d7263b4145701dadd2161548a8b078e65e9e",
       "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8"},
      {second, "m/0", "f0909affaa7ee7abe5dd4e100598d4dc53cd709d5a5c2cac40e7412f232f7c9c",
       "abe74a98f6c7eabee0428f53798f0ab8aa1bd37873999041703c742f15ac7e1e"},
      {second, "m/0/2147483647H/1/2147483646h/2",
       "9452b549be8cea3ecb7a84bec10dcfd94afe4d129ebfd3b3cb58eedf394ed271",
       "bb7d39bdb83ecf58f2fd82b6d918341cbef428661ef01ab97c28a4842125ac23"},
  };
  for (const auto& [seed, path, chain_code, key] : cases) {
    const HdPath steps = *parse_hd_path(path);
    ExtendedKey at = *master_key(*from_hex(seed));
    for (const std::uint32_t step : steps.steps) at = *child_key(at, step);
    EXPECT_EQ(to_hex(at.chain_code.view()), chain_code) << path;
    EXPECT_EQ(to_hex(at.key.secret()), key) << path;
    EXPECT_EQ(to_hex(derive_key(*from_hex(seed), steps)->secret()), key) << path;
  }
}

// specs/chain.md §2.5, made with CosmJS 0.39.0: from words to a signature over a SignDoc.
TEST(Bip32, WordsGiveTheAccountAndSignatureOfCosmJs) {
  const auto seed = seed_from_mnemonic(kAbandonAbout);
  const auto key = derive_key(seed->view(), cosmos_path());
  EXPECT_EQ(to_hex(key->public_key().view()),
            "024f4e2ad99c34d60b9ba6283c9431a8418af8673212961f97a77b6377fcd05b62");
  EXPECT_EQ(address_text("cosmos", address_of(key->public_key())),
            "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4");
  const auto digest =
      Hash256::of(*from_hex("c7ae1fc27887d49a7fb5e2476ee01171edee7d11043ef9016a98e538dbcd3421"));
  EXPECT_EQ(
      to_base64(key->sign(digest).view()),
      "VfVbD8HavKVi838NCZk61RpTRK/CJckfLr5r99QtbhpAgrSpb9LJnkOOuRDFOuoY5+VQ+oEyVOc7LPr7r6mqnw==");
}

TEST(HdPath, ReadsWhatItWrites) {
  EXPECT_EQ(to_text(cosmos_path(7)), "m/44'/118'/0'/0/7");
  EXPECT_EQ(parse_hd_path("m/44'/118'/0'/0/7"), cosmos_path(7));
  EXPECT_EQ(parse_hd_path("m"), HdPath{});
}

TEST(HdPath, RefusesWhatIsNotAPath) {
  for (const char* text : {"", "M", "44'/118'", "m/", "m//0", "m/0/", "m/-1", "m/2147483648",
                           "m/0''", "m/0'h", "m/x", "m0", "m/ 0", "m/4294967296"}) {
    const auto path = parse_hd_path(text);
    ASSERT_FALSE(path) << text;
    EXPECT_TRUE(is(path.error(), CryptoError::kInvalidPath));
  }
}

TEST(Bip32, RefusesSeedsOfAnotherSize) {
  EXPECT_TRUE(is(master_key(Bytes(15, 'x')).error(), CryptoError::kInvalidKey));
  EXPECT_TRUE(is(master_key(Bytes(65, 'x')).error(), CryptoError::kInvalidKey));
}

}  // namespace
}  // namespace tp::crypto
