#include "crypto/sha.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "crypto/uuid.h"

namespace tp::crypto {
namespace {

template <class Hash>
std::string hex(const Hash& hash) {
  return to_hex(hash.view());
}

// FIPS 180-4 examples.
TEST(Sha, GivesThePublishedDigests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(Bytes(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(hex(sha224("abc")), "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  EXPECT_EQ(hex(sha512("abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

// The RIPEMD-160 page of its authors.
TEST(Ripemd160, GivesThePublishedDigests) {
  EXPECT_EQ(hex(ripemd160("")), "9c1185a5c5e9fc54612808977ee8f548b2258d31");
  EXPECT_EQ(hex(ripemd160("abc")), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
}

// RFC 4231 test cases 1, 2 and 6 (a key longer than a block).
TEST(HmacSha512, GivesThePublishedCodes) {
  EXPECT_EQ(hex(hmac_sha512(Bytes(20, '\x0b'), "Hi There")),
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
            "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
  EXPECT_EQ(hex(hmac_sha512("Jefe", "what do ya want for nothing?")),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
            "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
  EXPECT_EQ(hex(hmac_sha512(Bytes(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First")),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
            "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

RC_GTEST_PROP(ShaProperty, PiecesHashLikeTheirConcatenation,
              (const std::vector<std::string>& pieces)) {
  Sha256 hasher;
  Bytes whole;
  for (const std::string& piece : pieces) {
    hasher.update(piece);
    whole += piece;
  }
  RC_ASSERT(hasher.finish() == sha256(whole));
  const std::string first = pieces.empty() ? "" : pieces.front();
  RC_ASSERT(sha256({first, whole}) == sha256(first + whole));
}

// RFC 9562 appendix A.4.
TEST(Uuid, NamesAreAsInTheStandard) {
  EXPECT_EQ(to_text(uuid5(kUuidNamespaceDns, "www.example.com")),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

// RFC 4648 §10, in lower case and without padding.
TEST(Base32Hex, WritesThePublishedTexts) {
  EXPECT_EQ(to_base32hex(""), "");
  EXPECT_EQ(to_base32hex("f"), "co");
  EXPECT_EQ(to_base32hex("fo"), "cpng");
  EXPECT_EQ(to_base32hex("foo"), "cpnmu");
  EXPECT_EQ(to_base32hex("foob"), "cpnmuog");
  EXPECT_EQ(to_base32hex("fooba"), "cpnmuoj1");
  EXPECT_EQ(to_base32hex("foobar"), "cpnmuoj1e8");
}

}  // namespace
}  // namespace tp::crypto
