#include "store/ics23.h"

#include <algorithm>
#include <bit>

#include "base/varint.h"
#include "cosmos/ics23/v1/proofs.pb.h"
#include "crypto/merkle.h"
#include "crypto/sha.h"
#include "store/error.h"

namespace tp::store {
namespace {

namespace pb = cosmos::ics23::v1;

using Step = SparseMerkleTree::Step;
using LeafPath = SparseMerkleTree::LeafPath;

// A proof larger than this is not looked at: twice the deepest path with room for a value.
constexpr std::size_t kMaxProofBytes = 1u << 20;

const Bytes kLeafPrefix("\x00", 1);
const Bytes kInnerPrefix("\x01", 1);
constexpr std::size_t kHashSize = 32;

void fill_leaf_op(pb::LeafOp& op, const ProofSpec& spec);

void fill_steps(pb::ExistenceProof& proof, std::span<const Step> steps) {
  for (const Step& step : steps) {
    pb::InnerOp& op = *proof.add_path();
    op.set_hash(pb::SHA256);
    if (step.is_right) {
      op.set_prefix(kInnerPrefix + step.sibling.bytes());
    } else {
      op.set_prefix(kInnerPrefix);
      op.set_suffix(step.sibling.bytes());
    }
  }
}

Result<void> fill_existence(pb::ExistenceProof& proof, const LeafPath& path, ValueOf value_of) {
  TRY(Bytes value, value_of(path.key));
  proof.set_key(path.key);
  proof.set_value(std::move(value));
  fill_leaf_op(*proof.mutable_leaf(), smt_spec());
  fill_steps(proof, path.steps);
  return {};
}

Bytes store_leaf(const NamedRoot& store) {
  Bytes leaf;
  append_varint(leaf, store.name.size());
  leaf.append(store.name);
  append_varint(leaf, kHashSize);
  leaf.append(crypto::sha256(store.root.view()).view());
  return leaf;
}

std::vector<Hash256> store_leaf_hashes(std::span<const NamedRoot> stores) {
  std::vector<Hash256> hashes;
  for (const NamedRoot& store : stores)
    hashes.push_back(crypto::merkle_leaf_hash(store_leaf(store)));
  return hashes;
}

// From the leaf at `index` to the root of RFC 6962's tree over `leaves`.
void append_steps(std::span<const Hash256> leaves, std::size_t index, std::vector<Step>& steps) {
  if (leaves.size() < 2) return;
  const std::size_t middle = std::bit_floor(leaves.size() - 1);
  const bool is_right = index >= middle;
  const auto own = is_right ? leaves.subspan(middle) : leaves.first(middle);
  const auto other = is_right ? leaves.first(middle) : leaves.subspan(middle);
  append_steps(own, is_right ? index - middle : index, steps);
  steps.push_back({is_right, crypto::merkle_root_of_hashes(other)});
}

}  // namespace

// What differs between the three trees we know. All hash with SHA-256, have leaf prefix 00 and two
// children in order.
struct ProofSpec {
  bool hashes_key;       // leaf: the key is hashed, and positions compare by the hash
  bool prefixes_length;  // leaf: key and value hash follow their length as a varint
  std::size_t child_size;
  std::size_t min_prefix;
  std::size_t max_prefix;
  Bytes empty_child;  // nothing: the tree has no empty children
  int max_depth;
  enum class Kind { kSmt, kSimple, kIavl } kind;
};

const ProofSpec& smt_spec() {
  static const ProofSpec spec{.hashes_key = true,
                              .prefixes_length = false,
                              .child_size = kHashSize,
                              .min_prefix = 1,
                              .max_prefix = 1,
                              .empty_child = Bytes(kHashSize, '\0'),
                              .max_depth = 256,
                              .kind = ProofSpec::Kind::kSmt};
  return spec;
}

const ProofSpec& simple_spec() {
  static const ProofSpec spec{.hashes_key = false,
                              .prefixes_length = true,
                              .child_size = kHashSize,
                              .min_prefix = 1,
                              .max_prefix = 1,
                              .empty_child = {},
                              .max_depth = 128,
                              .kind = ProofSpec::Kind::kSimple};
  return spec;
}

const ProofSpec& iavl_spec() {
  static const ProofSpec spec{.hashes_key = false,
                              .prefixes_length = true,
                              .child_size = kHashSize + 1,
                              .min_prefix = 4,
                              .max_prefix = 12,
                              .empty_child = {},
                              .max_depth = 128,
                              .kind = ProofSpec::Kind::kIavl};
  return spec;
}

namespace {

void fill_leaf_op(pb::LeafOp& op, const ProofSpec& spec) {
  op.set_hash(pb::SHA256);
  if (spec.hashes_key) op.set_prehash_key(pb::SHA256);
  op.set_prehash_value(pb::SHA256);
  if (spec.prefixes_length) op.set_length(pb::VAR_PROTO);
  op.set_prefix(kLeafPrefix);
}

}  // namespace

// --- proving ---

Hash256 multistore_root(std::span<const NamedRoot> stores) {
  return crypto::merkle_root_of_hashes(store_leaf_hashes(stores));
}

Bytes prove_store(std::span<const NamedRoot> stores, std::string_view name) {
  const auto it = std::ranges::find(stores, name, &NamedRoot::name);
  TP_ASSERT(it != stores.end());
  pb::CommitmentProof proof;
  pb::ExistenceProof& exist = *proof.mutable_exist();
  exist.set_key(it->name);
  exist.set_value(it->root.bytes());
  fill_leaf_op(*exist.mutable_leaf(), simple_spec());
  std::vector<Step> steps;
  append_steps(store_leaf_hashes(stores), static_cast<std::size_t>(it - stores.begin()), steps);
  fill_steps(exist, steps);
  return proof.SerializeAsString();
}

Result<Bytes> prove_key(const SparseMerkleTree& tree, SparseMerkleTree::Root root, BytesView key,
                        ValueOf value_of) {
  const TreePosition position = tree_position(key);
  pb::CommitmentProof proof;
  if (const std::optional<LeafPath> path = tree.find(root, position)) {
    TRY_VOID(fill_existence(*proof.mutable_exist(), *path, value_of));
    return proof.SerializeAsString();
  }
  const std::optional<LeafPath> left = tree.before(root, position);
  const std::optional<LeafPath> right = tree.after(root, position);
  if (!left && !right)
    return fail(StoreError::kNotProvable, "an empty store has no neighbours to show");
  pb::NonExistenceProof& nonexist = *proof.mutable_nonexist();
  nonexist.set_key(
      position.bytes());  // as the published vectors; verifiers use the key they ask about
  if (left) TRY_VOID(fill_existence(*nonexist.mutable_left(), *left, value_of));
  if (right) TRY_VOID(fill_existence(*nonexist.mutable_right(), *right, value_of));
  return proof.SerializeAsString();
}

// --- verifying (specs/chain.md §3.3) ---

namespace {

std::unexpected<Error> invalid(std::string_view why) {
  return fail(StoreError::kInvalidProof, why);
}

// A signed varint as Go's encoding/binary writes it; nothing when it is cut short or too long.
std::optional<std::int64_t> take_zigzag(BytesView& in) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<std::uint8_t>(in[i]);
    if (i == 9 && byte > 1) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    in.remove_prefix(i + 1);
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  return std::nullopt;
}

// An IAVL prefix begins with height, size and version; a leaf is layer 0.
Result<void> check_iavl_prefix(BytesView prefix, std::int64_t layer) {
  const auto height = take_zigzag(prefix);
  const auto size = height ? take_zigzag(prefix) : std::nullopt;
  const auto version = size ? take_zigzag(prefix) : std::nullopt;
  if (!version || *height < 0 || *size < 0 || *version < 0)
    return invalid("IAVL prefix without height, size and version");
  if (*height < layer) return invalid("IAVL height below its layer");
  if (layer == 0) {
    if (!prefix.empty() || *height != 0 || *size != 1)
      return invalid("IAVL leaf prefix of an inner node");
    return {};
  }
  if (prefix.size() != 1 && prefix.size() != 34)
    return invalid("IAVL inner prefix of wrong length");
  return {};
}

Result<void> check_leaf_op(const ProofSpec& spec, const pb::LeafOp& op) {
  if (op.hash() != pb::SHA256) return invalid("leaf hash is not SHA-256");
  if (op.prehash_key() != (spec.hashes_key ? pb::SHA256 : pb::NO_HASH))
    return invalid("leaf hashes its key otherwise");
  if (op.prehash_value() != pb::SHA256) return invalid("leaf hashes its value otherwise");
  if (op.length() != (spec.prefixes_length ? pb::VAR_PROTO : pb::NO_PREFIX))
    return invalid("leaf length otherwise");
  if (!op.prefix().starts_with(kLeafPrefix)) return invalid("leaf prefix otherwise");
  if (spec.kind == ProofSpec::Kind::kIavl) return check_iavl_prefix(op.prefix(), 0);
  return {};
}

Result<void> check_inner_op(const ProofSpec& spec, const pb::InnerOp& op, std::int64_t layer) {
  if (op.hash() != pb::SHA256) return invalid("inner hash is not SHA-256");
  if (op.prefix().starts_with(kLeafPrefix)) return invalid("inner prefix begins as a leaf's");
  if (op.prefix().size() < spec.min_prefix) return invalid("inner prefix too short");
  if (op.prefix().size() > spec.max_prefix + spec.child_size)
    return invalid("inner prefix too long");
  if (op.suffix().size() % spec.child_size != 0)
    return invalid("inner suffix is not of whole children");
  if (spec.kind == ProofSpec::Kind::kIavl) return check_iavl_prefix(op.prefix(), layer);
  if (spec.kind == ProofSpec::Kind::kSimple) {
    if (!op.prefix().starts_with(kInnerPrefix) ||
        (!op.suffix().empty() && op.prefix() != kInnerPrefix))
      return invalid("inner prefix otherwise");
  }
  return {};
}

void append_leaf_part(const ProofSpec& spec, Bytes& preimage, BytesView data) {
  if (spec.prefixes_length) append_varint(preimage, data.size());
  preimage.append(data);
}

// That the proof is well formed and leads from (key, value) to `root`.
Result<void> check_existence(const ProofSpec& spec, const Hash256& root,
                             const pb::ExistenceProof& proof, BytesView key, BytesView value) {
  if (proof.key() != key) return invalid("proves another key");
  if (proof.value() != value) return invalid("proves another value");
  if (key.empty() || value.empty()) return invalid("an empty key or value");
  TRY_VOID(check_leaf_op(spec, proof.leaf()));
  if (proof.path_size() > spec.max_depth) return invalid("too deep");
  Bytes preimage = proof.leaf().prefix();
  append_leaf_part(spec, preimage, spec.hashes_key ? crypto::sha256(key).view() : key);
  append_leaf_part(spec, preimage, crypto::sha256(value).view());
  Hash256 hash = crypto::sha256(preimage);
  std::int64_t layer = 1;
  for (const pb::InnerOp& op : proof.path()) {
    TRY_VOID(check_inner_op(spec, op, layer++));
    hash = crypto::sha256({BytesView(op.prefix()), hash.view(), BytesView(op.suffix())});
  }
  if (hash != root) return invalid("leads to another root");
  return {};
}

// On which side of its parent the proven child stands, by what surrounds it.
enum class Side { kLeft, kRight, kUnclear };

Side side_of(const ProofSpec& spec, const pb::InnerOp& op) {
  const std::size_t prefix = op.prefix().size();
  const std::size_t suffix = op.suffix().size();
  if (prefix >= spec.min_prefix && prefix <= spec.max_prefix && suffix == spec.child_size)
    return Side::kLeft;
  if (prefix >= spec.min_prefix + spec.child_size && prefix <= spec.max_prefix + spec.child_size &&
      suffix == 0)
    return Side::kRight;
  return Side::kUnclear;
}

bool sibling_is_empty(const ProofSpec& spec, const pb::InnerOp& op, Side side) {
  if (spec.empty_child.empty()) return false;
  if (side == Side::kLeft) return op.suffix() == spec.empty_child;
  return BytesView(op.prefix()).substr(op.prefix().size() - spec.child_size) == spec.empty_child;
}

using Path = std::span<const pb::InnerOp* const>;

// Nothing of the tree stands beyond the path on the far side of `side`: each step is on that side,
// or its sibling is empty.
bool is_outermost(const ProofSpec& spec, Path path, Side side) {
  return std::ranges::all_of(path, [&](const pb::InnerOp* op) {
    const Side at = side_of(spec, *op);
    return at == side || (at != Side::kUnclear && sibling_is_empty(spec, *op, at));
  });
}

std::vector<const pb::InnerOp*> path_of(const pb::ExistenceProof& proof) {
  std::vector<const pb::InnerOp*> path;
  for (const pb::InnerOp& op : proof.path()) path.push_back(&op);
  return path;
}

// Two leaves with nothing between them: their paths meet, and below that the left one keeps right
// and the right one left.
bool are_neighbours(const ProofSpec& spec, Path left, Path right) {
  while (!left.empty() && !right.empty() && left.back()->prefix() == right.back()->prefix() &&
         left.back()->suffix() == right.back()->suffix()) {
    left = left.first(left.size() - 1);
    right = right.first(right.size() - 1);
  }
  if (left.empty() || right.empty()) return false;
  if (side_of(spec, *left.back()) != Side::kLeft || side_of(spec, *right.back()) != Side::kRight)
    return false;
  return is_outermost(spec, left.first(left.size() - 1), Side::kRight) &&
         is_outermost(spec, right.first(right.size() - 1), Side::kLeft);
}

Result<pb::CommitmentProof> parse(BytesView bytes) {
  pb::CommitmentProof proof;
  if (bytes.size() > kMaxProofBytes) return invalid("too large");
  if (!proof.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return invalid("not a CommitmentProof");
  return proof;
}

}  // namespace

Result<void> verify_membership(const ProofSpec& spec, const Hash256& root, BytesView proof,
                               BytesView key, BytesView value) {
  TRY(const pb::CommitmentProof parsed, parse(proof));
  if (!parsed.has_exist()) return invalid("not a proof of existence");
  return check_existence(spec, root, parsed.exist(), key, value);
}

Result<void> verify_absence(const ProofSpec& spec, const Hash256& root, BytesView proof,
                            BytesView key) {
  TRY(const pb::CommitmentProof parsed, parse(proof));
  if (!parsed.has_nonexist()) return invalid("not a proof of absence");
  const pb::NonExistenceProof& nonexist = parsed.nonexist();
  if (!nonexist.has_left() && !nonexist.has_right()) return invalid("absence without a neighbour");
  const auto order = [&](BytesView raw) {
    return spec.hashes_key ? crypto::sha256(raw).bytes() : Bytes(raw);
  };
  if (nonexist.has_left()) {
    TRY_VOID(check_existence(spec, root, nonexist.left(), nonexist.left().key(),
                             nonexist.left().value()));
    if (order(nonexist.left().key()) >= order(key))
      return invalid("the left neighbour is not left of the key");
  }
  if (nonexist.has_right()) {
    TRY_VOID(check_existence(spec, root, nonexist.right(), nonexist.right().key(),
                             nonexist.right().value()));
    if (order(nonexist.right().key()) <= order(key))
      return invalid("the right neighbour is not right of the key");
  }
  const auto left = path_of(nonexist.left());
  const auto right = path_of(nonexist.right());
  if (!nonexist.has_left() && !is_outermost(spec, right, Side::kLeft))
    return invalid("the right neighbour is not the first");
  if (!nonexist.has_right() && !is_outermost(spec, left, Side::kRight))
    return invalid("the left neighbour is not the last");
  if (nonexist.has_left() && nonexist.has_right() && !are_neighbours(spec, left, right))
    return invalid("there is room between the neighbours");
  return {};
}

}  // namespace tp::store
