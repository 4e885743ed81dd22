#include "store/ics23.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "base/text.h"
#include "cosmos/ics23/v1/proofs.pb.h"
#include "crypto/sha.h"
#include "store/error.h"

namespace tp::store {
namespace {

namespace pb = cosmos::ics23::v1;

// The published vectors of the sparse Merkle tree (cosmos/ics23, testdata/smt), as what they hold:
// a leaf and the siblings on its way up, L when the leaf's side is left, R when right. The bytes of
// the proof are compared by their hash.
struct Leaf {
  std::string key;
  std::string value;
  std::vector<std::string> steps;
};

struct Vector {
  std::string name;
  std::string key;  // hex
  std::string root;
  std::string proof_sha256;
  std::optional<Leaf> exist;
  std::optional<Leaf> left;
  std::optional<Leaf> right;
};

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> kVectors = {
      {
          .name = "exist_left",
          .key = "4445687a30613576355036616536514c376d6445",
          .root = "432d73b49019d8df5c7e38fd93288d0240a62a3c010e7217a4a74f5885c391d5",
          .proof_sha256 = "0fd15321cdec378eaa7212c6cfc37cd2106c9e147ad988d1c8bae0e6ab576903",
          .exist =
              Leaf{.key = "DEhz0a5v5P6ae6QL7mdE",
                   .value = "value_for_DEhz0a5v5P6ae6QL7mdE",
                   .steps = {"Lbc79ee59a60c4f08cc0216a5f64d39f871cd730b6983079429e91d9bcd57d470",
                             "L6732b1eaa2cf07fbc94599aecc2df057d8efb0ccd775d86b6ea176bfaad367ad",
                             "L3112ffea611a3ef030f5ed8dafb8bcaf8e33bec16fff9027b1a0c718136de2d3",
                             "L480983a2541b5527e1b5607e32f0597b12204d4973b5d9b498d1ff2a2350352b",
                             "L97058f1bf50e2b47ad129fdaf2dfd53f88f81467dad54dabfcf0fbe8330c4e4c",
                             "L08f6f1e45958b4780e1e0f7791315d44355eba4e519e2fb25c3dc48627a59a45",
                             "Lbb4f607cb62f20e673fdfad3e40a8b596db50dc7c34e65aba74eec37f791e886",
                             "Lfe97c3211b6a7eb3d859e754b373e89897a54f74244f0a84defc1df2a203dfd8",
                             "L2cab93bf9b91d25010972968d69b47ca9dfd5b4cea0c71310e0adced33acb19d",
                             "L69ca519f1f2528c971a930cdd00b65c41762e8510ce3d4a998d4ad8ccf598984"}},
      },
      {
          .name = "exist_middle",
          .key = "464a544d75787a575873713470436c46506e6b48",
          .root = "d32dd06714f3cee110cdb37ad7bc4760d4e291a555160f54429f9f15ddb04c4d",
          .proof_sha256 = "1f36d62a09c86437ae9468b2f0b1fde3efe421b1a50cbeee920711f29279a430",
          .exist =
              Leaf{.key = "FJTMuxzWXsq4pClFPnkH",
                   .value = "value_for_FJTMuxzWXsq4pClFPnkH",
                   .steps = {"Rc607dff72d77496a8088f58c886a59e2c2e115c18688c1ea21007fa8a9c884da",
                             "R52491dba094231188b893d16b0b08ad25246d5147a7a62149186518712618054",
                             "L0000000000000000000000000000000000000000000000000000000000000000",
                             "Re3a85febd896e193b7ba37bc638c46d69530de820647fccb40da8583473c8feb",
                             "R4baf41d85dc399f406edbe4374e6b767663e4680fee217bfbca889618b7a83dc",
                             "L4ed121ef20f0e1d65a8a5e7d9ed86844de0bfd82621f3325f60eb872e9e738ea",
                             "La7cd5e87f54353e0b8d36901ba175daf7c00ff05c00183f522e94850a39ac4ce",
                             "L5a927fe700b5feacbf30a7cd160533e326c513eedc8e1d000cd8a71abd8480f5",
                             "Rd9423c60941997d2078abd897d53f09cb4a844c684bc6a38140c04d6869809de",
                             "Rb1de51ac7abc0e0e5bc6955c4223228d16aba8cdb6e59bfd111d0901595bc32b",
                             "Redbbd22b093f48404d082448bd335028477d700b449450b6800708095f78b9d6"}},
      },
      {
          .name = "exist_right",
          .key = "796c52704356713162706b4575786b526b68644f",
          .root = "6177836ac520808df67bc402ae76382282f4f07a526a2ac25c409cf0380cad97",
          .proof_sha256 = "622401557f8492df330d31cec06e8f266e0a82dccf7d2c1c04c4cd7104bdc593",
          .exist =
              Leaf{.key = "ylRpCVq1bpkEuxkRkhdO",
                   .value = "value_for_ylRpCVq1bpkEuxkRkhdO",
                   .steps = {"R3ae2d90a118dd6f8a42f4006817e777f22540e921df1d97ed334a8b9de92c6cd",
                             "R56a62a015a84af9a33ca716f52ed414382bed27a70b00391f15a5471f94443d3",
                             "R44c48bf2a802195fba5164a7a6c171a9af7a114c7880136108a5544d82fbacba",
                             "Rc0bda8822a881b6a6a1dc5016bb062a9dd434ee3fe1c9bfb5bc0247bd6aeb5b4",
                             "R38cb0f6ef907a179a530fba848bae9547bcc37b9207aead6f7ef44064900386c",
                             "R08f120d84fa1d8b2e7cc080673b382cb29169dd6e954b090f9cb7a25195d59a4",
                             "Rad476a123e0e8fbbbd4a225e29b193af4ae64600ccba4cc37922fc5d09159963",
                             "R3ad52a705d9b923dd07047aea6ad1bc1327e7557210c77cf06bcab7833ae3136",
                             "Rc3a40ac7ab7c6cd3f267981dcd75158053dcad700af423ac0541ac0d315b4e7b",
                             "R7176acbe6927c4797f9e0456b7073802ad015fa8a915712e87b22830b72a1f94"}},
      },
      {
          .name = "nonexist_left",
          .key = "636c536e4d46714a4e6162776a7a5134356e6d4d",
          .root = "50be82f8013965f595392462f6c68b4c1d3d3401210a1084f6f73e3e2caf0648",
          .proof_sha256 = "a4bb4bc2a99c2dcb6c720a9cf7dc6c4b8f97e5d155a006ee849d34b256c3a2e9",
          .right =
              Leaf{.key = "DEhz0a5v5P6ae6QL7mdE",
                   .value = "value_for_DEhz0a5v5P6ae6QL7mdE",
                   .steps = {"L5aa5f240071f196e8d21e38b3fa6e942d5c529cd5fa0eec85607ba8cd8e37985",
                             "L6732b1eaa2cf07fbc94599aecc2df057d8efb0ccd775d86b6ea176bfaad367ad",
                             "L074e19b2ce9887b188cabd61f0af10d699c206d4eee9c5e914bcfea5960439f8",
                             "L8c8012ca455d57135bea305ad1080cc0a9d8dec078a7813736ff871b40708a72",
                             "L0c70649c4ea15de4a2f2087a340fa93adb880f851d5465481349803315201ecd",
                             "Lca5d1f4ee19172af78ff61c113336292c11c89884ead5b541f54cc53449e2edf",
                             "L91a26f99a2852c72dd4a15c6b0444421a6d033f7f570f10c8c564bc3dce2fbc3",
                             "L6bdf78f09ef3fc2789b9a48e5e741e722dbf44050ec052de79135fbabf10ccd6",
                             "Lecbc7b302eae49d180b8d1f1fb36e7c5d19f84ce3c5d9a84e4913ef73a9cbab2",
                             "L10d3a9e28ea143c3b9910b1d40e6087e97520bc2a3dbe66a806bf214039fdb1b"}},
      },
      {
          .name = "nonexist_middle",
          .key = "364e58393178705248554d796e514c465332ffff",
          .root = "771301eae8764c6147399a9944dd4454e865db8bc33e60f22bebea1c9bf7021e",
          .proof_sha256 = "08e03e8ae6a79ff8a85ab123a2cd9f8df38ff8169bad7a8132c8d71c535d5bf0",
          .left =
              Leaf{.key = "gnN45mR2h16tgxjdo8TN",
                   .value = "value_for_gnN45mR2h16tgxjdo8TN",
                   .steps = {"Ld9948e386372dc85899e1890e988d8e47677c0bc211c65b55b5f70134dc15b0f",
                             "L1c2caf7504cfca30f253fce9c82051c3dd167058b0e22d840f4d90d0a0b2a9f7",
                             "R2db282d912c7d3f1dfd2750db451ad6e8176abddef45eb41fe1830c8789c1700",
                             "L0bd4fd01f2784fc637cc886ec0db6c4465cd4b4c8eb7266aaf84e0127740af2c",
                             "R8bf18f4ddf61ff31cb450737f6cf733d53d40f99bc3da526071755c37cc08ee1",
                             "R7bc720cf72271f5ac20af7962453209d5278965672e2cfebe5135bf851876812",
                             "Rf8500cdcf5ae664bdefce1221c42a69cf057b071e34a0ab946526525d6f3bc4d",
                             "L27e93aecb0ea7d88fc13ce568017187ee5f07361f4d90e03866fb7f3f37a3966",
                             "R346d7d14c3a5521852f37261f20e91af45c5c0f772c13917b67d6eb6be9171ea"}},
          .right =
              Leaf{.key = "rRPzGqWewJmj8pkCE2td",
                   .value = "value_for_rRPzGqWewJmj8pkCE2td",
                   .steps = {"L03414f6402648178d0e76d39250d2e4cee54ec1f16e451cb602756a0a3044507",
                             "R0000000000000000000000000000000000000000000000000000000000000000",
                             "R0000000000000000000000000000000000000000000000000000000000000000",
                             "L0000000000000000000000000000000000000000000000000000000000000000",
                             "R0000000000000000000000000000000000000000000000000000000000000000",
                             "Rf18e35df2f213a21db25d856f3532afb9b1f7f47073f6f009507ddacd6d7457c",
                             "L1c2caf7504cfca30f253fce9c82051c3dd167058b0e22d840f4d90d0a0b2a9f7",
                             "R2db282d912c7d3f1dfd2750db451ad6e8176abddef45eb41fe1830c8789c1700",
                             "L0bd4fd01f2784fc637cc886ec0db6c4465cd4b4c8eb7266aaf84e0127740af2c",
                             "R8bf18f4ddf61ff31cb450737f6cf733d53d40f99bc3da526071755c37cc08ee1",
                             "R7bc720cf72271f5ac20af7962453209d5278965672e2cfebe5135bf851876812",
                             "Rf8500cdcf5ae664bdefce1221c42a69cf057b071e34a0ab946526525d6f3bc4d",
                             "L27e93aecb0ea7d88fc13ce568017187ee5f07361f4d90e03866fb7f3f37a3966",
                             "R346d7d14c3a5521852f37261f20e91af45c5c0f772c13917b67d6eb6be9171ea"}},
      },
      {
          .name = "nonexist_right",
          .key = "68316d656864356a774f646f4f4264613530684e",
          .root = "7bfe3d7630eb1f47be11d1724abad7a1b5de70c7131e7ed8ed60d9656ea49886",
          .proof_sha256 = "d25b220f73cf04e561eb3e88ba2e9daca43ba7f6efa521ce8fec7d9a4fe18f62",
          .left =
              Leaf{.key = "kc9XtFnZFExMAoKo7VlZ",
                   .value = "value_for_kc9XtFnZFExMAoKo7VlZ",
                   .steps = {"Rb76263b0c4e8438e81f21cdbff1e21b894a3c0e4ea08a0deab7c1de3292cd16a",
                             "R0000000000000000000000000000000000000000000000000000000000000000",
                             "R3ae2d90a118dd6f8a42f4006817e777f22540e921df1d97ed334a8b9de92c6cd",
                             "R56a62a015a84af9a33ca716f52ed414382bed27a70b00391f15a5471f94443d3",
                             "R44c48bf2a802195fba5164a7a6c171a9af7a114c7880136108a5544d82fbacba",
                             "R354656582d1a82da7965901b2035596704419e5d238def48fdc03950624ee518",
                             "R23ea47d69d737db4713327399685b2b15fc605d8b9fc63dad042cc7e2ca86b88",
                             "R0f0393085c3dd349cc0f45cb559fae81a1c4f24231afcb2b5ae51fd892621493",
                             "Rc5c632712f2341f6a31c3db7420c52c8d34df31704ce55856377cd9f23226469",
                             "R9209817b26ad0a91845bcbbd42453be5a6ba6f1c47e462014d6de896feede652",
                             "R46446f4723153a265d03a7a20f4b906738d1af822434e77189134f45f2b2a80f",
                             "R680acaa83722e275ea78c80914940c67efd48e5da6b331c821aaa2eb0ae184ed"}},
      },
  };
  return kVectors;
}

Bytes unhex(std::string_view text) {
  return *from_hex(text);
}

void fill(pb::ExistenceProof& proof, const Leaf& leaf) {
  proof.set_key(leaf.key);
  proof.set_value(leaf.value);
  proof.mutable_leaf()->set_hash(pb::SHA256);
  proof.mutable_leaf()->set_prehash_key(pb::SHA256);
  proof.mutable_leaf()->set_prehash_value(pb::SHA256);
  proof.mutable_leaf()->set_prefix(Bytes(1, '\0'));
  for (const std::string& step : leaf.steps) {
    pb::InnerOp& op = *proof.add_path();
    op.set_hash(pb::SHA256);
    const Bytes sibling = unhex(step.substr(1));
    op.set_prefix(step[0] == 'L' ? "\x01" : "\x01" + sibling);
    if (step[0] == 'L') op.set_suffix(sibling);
  }
}

pb::CommitmentProof proof_of(const Vector& vector) {
  pb::CommitmentProof proof;
  if (vector.exist) fill(*proof.mutable_exist(), *vector.exist);
  if (vector.left || vector.right)
    proof.mutable_nonexist()->set_key(crypto::sha256(unhex(vector.key)).bytes());
  if (vector.left) fill(*proof.mutable_nonexist()->mutable_left(), *vector.left);
  if (vector.right) fill(*proof.mutable_nonexist()->mutable_right(), *vector.right);
  return proof;
}

class PublishedVector : public testing::TestWithParam<Vector> {};

TEST_P(PublishedVector, IsRestatedExactly) {
  EXPECT_EQ(to_hex(crypto::sha256(proof_of(GetParam()).SerializeAsString()).view()),
            GetParam().proof_sha256);
}

TEST_P(PublishedVector, Verifies) {
  const Bytes proof = proof_of(GetParam()).SerializeAsString();
  const Hash256 root = Hash256::of(unhex(GetParam().root));
  const Bytes key = unhex(GetParam().key);
  const auto verified =
      GetParam().exist ? verify_membership(smt_spec(), root, proof, key, GetParam().exist->value)
                       : verify_absence(smt_spec(), root, proof, key);
  EXPECT_TRUE(verified) << verified.error().text;
}

TEST_P(PublishedVector, VerifiesUnderNoOtherRoot) {
  const Bytes proof = proof_of(GetParam()).SerializeAsString();
  const Bytes key = unhex(GetParam().key);
  Hash256 root = Hash256::of(unhex(GetParam().root));
  root.data[31] ^= 1;
  const auto verified =
      GetParam().exist ? verify_membership(smt_spec(), root, proof, key, GetParam().exist->value)
                       : verify_absence(smt_spec(), root, proof, key);
  ASSERT_FALSE(verified);
  EXPECT_TRUE(is(verified.error(), StoreError::kInvalidProof));
}

INSTANTIATE_TEST_SUITE_P(Smt, PublishedVector, testing::ValuesIn(vectors()),
                         [](const auto& param) { return param.param.name; });

// A tree with its values.
struct Grown {
  explicit Grown(const std::map<Bytes, Bytes>& values) : content(values) {
    std::vector<LeafChange> changes;
    for (const auto& [key, value] : content) {
      const TreePosition position = tree_position(key);
      changes.push_back({position, tree_leaf_hash(position, value), key});
    }
    std::ranges::sort(changes, {}, &LeafChange::position);
    SupersededNodes<SparseMerkleTree::Node> superseded;
    InlineExecutor executor;
    root = tree.apply({}, changes, VersionNumber{1}, executor, superseded);
  }

  Bytes prove(BytesView key) const {
    return *prove_key(tree, root, key,
                      [this](BytesView leaf) -> Result<Bytes> { return content.at(Bytes(leaf)); });
  }
  Hash256 hash() const { return tree.hash(root); }

  std::map<Bytes, Bytes> content;
  SparseMerkleTree tree;
  SparseMerkleTree::Root root;
};

Grown numbered(int count) {
  std::map<Bytes, Bytes> content;
  for (int i = 0; i < count; ++i) content["key" + std::to_string(i)] = "value" + std::to_string(i);
  return Grown(content);
}

bool proves_absence(const Hash256& root, const pb::CommitmentProof& proof, BytesView key) {
  return verify_absence(smt_spec(), root, proof.SerializeAsString(), key).has_value();
}

pb::CommitmentProof parsed(const Bytes& bytes) {
  pb::CommitmentProof proof;
  EXPECT_TRUE(proof.ParseFromString(bytes));
  return proof;
}

TEST(Ics23, EveryKeyOfATreeIsProven) {
  const Grown grown = numbered(300);
  for (const auto& [key, value] : grown.content)
    EXPECT_TRUE(verify_membership(smt_spec(), grown.hash(), grown.prove(key), key, value)) << key;
}

TEST(Ics23, EveryAbsentKeyIsProvenAbsent) {
  const Grown grown = numbered(100);
  for (int i = 100; i < 400; ++i) {
    const Bytes key = "key" + std::to_string(i);
    const auto verified = verify_absence(smt_spec(), grown.hash(), grown.prove(key), key);
    EXPECT_TRUE(verified) << key << ": " << verified.error().text;
  }
}

TEST(Ics23, ATreeOfOneLeafProvesPresenceAndAbsence) {
  const Grown grown = numbered(1);
  EXPECT_TRUE(verify_membership(smt_spec(), grown.hash(), grown.prove("key0"), "key0", "value0"));
  EXPECT_TRUE(verify_absence(smt_spec(), grown.hash(), grown.prove("other"), "other"));
}

TEST(Ics23, AnEmptyTreeProvesNothing) {
  const Grown grown({});
  const auto proof =
      prove_key(grown.tree, grown.root, "key", [](BytesView) -> Result<Bytes> { return Bytes(); });
  ASSERT_FALSE(proof);
  EXPECT_TRUE(is(proof.error(), StoreError::kNotProvable));
}

TEST(Ics23, PresenceIsNotAnotherKeysOrValues) {
  const Grown grown = numbered(10);
  const Bytes proof = grown.prove("key3");
  EXPECT_FALSE(verify_membership(smt_spec(), grown.hash(), proof, "key4", "value3"));
  EXPECT_FALSE(verify_membership(smt_spec(), grown.hash(), proof, "key3", "value4"));
  EXPECT_FALSE(verify_membership(simple_spec(), grown.hash(), proof, "key3", "value3"));
  EXPECT_FALSE(verify_absence(smt_spec(), grown.hash(), proof, "key3"));
}

TEST(Ics23, APresentKeyIsNeverProvenAbsent) {
  // With the true neighbours of a key that is there, nothing stands between them but the key.
  const Grown with = numbered(50);
  for (const auto& [key, value] : with.content) {
    const auto left = with.tree.before(with.root, tree_position(key));
    const auto right = with.tree.after(with.root, tree_position(key));
    pb::CommitmentProof proof;
    if (left) *proof.mutable_nonexist()->mutable_left() = parsed(with.prove(left->key)).exist();
    if (right) *proof.mutable_nonexist()->mutable_right() = parsed(with.prove(right->key)).exist();
    EXPECT_FALSE(proves_absence(with.hash(), proof, key)) << key;
  }
}

TEST(Ics23, ANeighbourLeftOutIsNoticed) {
  const Grown grown = numbered(50);
  int both = 0;
  for (int i = 50; i < 150; ++i) {
    const Bytes key = "key" + std::to_string(i);
    pb::CommitmentProof proof = parsed(grown.prove(key));
    ASSERT_TRUE(proves_absence(grown.hash(), proof, key));
    if (!proof.nonexist().has_left() || !proof.nonexist().has_right()) continue;
    ++both;
    pb::CommitmentProof without_left = proof;
    without_left.mutable_nonexist()->clear_left();
    EXPECT_FALSE(proves_absence(grown.hash(), without_left, key));
    pb::CommitmentProof without_right = proof;
    without_right.mutable_nonexist()->clear_right();
    EXPECT_FALSE(proves_absence(grown.hash(), without_right, key));
  }
  EXPECT_GT(both, 50);
}

TEST(Ics23, AnInnerPrefixThatReadsAsALeafIsRefused) {
  const Grown grown = numbered(10);
  pb::CommitmentProof proof = parsed(grown.prove("key3"));
  proof.mutable_exist()->mutable_path(0)->mutable_prefix()->front() = '\0';
  const auto verified =
      verify_membership(smt_spec(), grown.hash(), proof.SerializeAsString(), "key3", "value3");
  ASSERT_FALSE(verified);
  EXPECT_NE(verified.error().text.find("begins as a leaf's"), std::string::npos);
}

TEST(Ics23, OtherHashesThanTheTreesAreRefused) {
  const Grown grown = numbered(10);
  const pb::CommitmentProof proof = parsed(grown.prove("key3"));
  const auto refuses = [&](const pb::CommitmentProof& changed) {
    return !verify_membership(smt_spec(), grown.hash(), changed.SerializeAsString(), "key3",
                              "value3");
  };
  pb::CommitmentProof changed = proof;
  changed.mutable_exist()->mutable_leaf()->set_hash(pb::SHA512);
  EXPECT_TRUE(refuses(changed));
  changed = proof;
  changed.mutable_exist()->mutable_leaf()->set_prehash_key(pb::NO_HASH);
  EXPECT_TRUE(refuses(changed));
  changed = proof;
  changed.mutable_exist()->mutable_leaf()->set_length(pb::VAR_PROTO);
  EXPECT_TRUE(refuses(changed));
  changed = proof;
  changed.mutable_exist()->mutable_path(0)->set_hash(pb::KECCAK256);
  EXPECT_TRUE(refuses(changed));
  changed = proof;
  changed.mutable_exist()->mutable_path(0)->mutable_suffix()->append("x");
  EXPECT_TRUE(refuses(changed));
}

TEST(Ics23, GarbageIsNotAProof) {
  EXPECT_FALSE(verify_membership(smt_spec(), Hash256{}, "garbage", "k", "v"));
  EXPECT_FALSE(verify_membership(smt_spec(), Hash256{}, "", "k", "v"));
  EXPECT_FALSE(verify_absence(smt_spec(), Hash256{}, Bytes(2u << 20, '\x12'), "k"));
}

TEST(Ics23, EveryStoreIsProvenUnderTheMultistoreRoot) {
  std::vector<NamedRoot> stores;
  for (int count = 1; count <= 17; ++count) {
    stores.push_back(
        {std::string(1, static_cast<char>('a' + count)), crypto::sha256(std::to_string(count))});
    const Hash256 root = multistore_root(stores);
    for (const NamedRoot& store : stores) {
      const Bytes proof = prove_store(stores, store.name);
      EXPECT_TRUE(verify_membership(simple_spec(), root, proof, store.name, store.root.view()))
          << count;
      EXPECT_FALSE(verify_membership(simple_spec(), root, proof, store.name, Hash256{}.view()));
    }
  }
}

TEST(Ics23, TheMultistoreRootIsTheSimpleMerkleMap) {
  // One store: the leaf itself. SHA-256(00 || len name || name || 32 || SHA-256(root)).
  const Hash256 store_root = crypto::sha256("x");
  Bytes leaf("\0\3ibc\x20", 6);
  leaf.append(crypto::sha256(store_root.view()).view());
  EXPECT_EQ(multistore_root(std::vector<NamedRoot>{{"ibc", store_root}}), crypto::sha256(leaf));
}

RC_GTEST_PROP(Ics23Property, AProofOfATreeHoldsForItsContentAndNothingElse, ()) {
  std::map<Bytes, Bytes> content;
  for (const int i :
       *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 200))))
    content["k" + std::to_string(i)] = "v" + std::to_string(i);
  const Grown grown(content);
  for (int i = 0; i < 30; ++i) {
    const Bytes key = "k" + std::to_string(*rc::gen::inRange(0, 200));
    const Bytes proof = grown.prove(key);
    const bool present = content.contains(key);
    RC_ASSERT(present ==
              verify_membership(smt_spec(), grown.hash(), proof, key, present ? content[key] : "v")
                  .has_value());
    RC_ASSERT(present != verify_absence(smt_spec(), grown.hash(), proof, key).has_value());
  }
}

RC_GTEST_PROP(Ics23Property, NoChangedByteOfAProofIsOverlooked, ()) {
  const Grown grown = numbered(40);
  const Bytes key = "key" + std::to_string(*rc::gen::inRange(0, 40));
  Bytes proof = grown.prove(key);
  const auto at = *rc::gen::inRange<std::size_t>(0, proof.size());
  proof[at] = static_cast<char>(proof[at] ^ *rc::gen::inRange(1, 256));
  const Bytes value = grown.content.at(key);
  // A changed byte may at most be one that protobuf ignores: then the proof still says the same.
  if (verify_membership(smt_spec(), grown.hash(), proof, key, value)) {
    RC_ASSERT(parsed(proof).exist().key() == key);
    RC_ASSERT(parsed(proof).exist().value() == value);
  }
}

}  // namespace
}  // namespace tp::store
