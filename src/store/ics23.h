// ICS-23 proofs of what a state holds, as stock ics23 libraries and IBC verify them. Rules:
// specs/chain.md §3.2, §3.3.
//
// A key is proven in two steps: under its store's root (sparse Merkle tree, `smt_spec`), and the
// store's root under the state's root (the multistore's Merkle map, `simple_spec`).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "store/smt.h"

namespace tp::store {

// One entry of CometBFT's ProofOps: the proof of one level. `data` is a
// cosmos.ics23.v1.CommitmentProof.
struct ProofOp {
  std::string type;  // "ics23:smt" or "ics23:simple"
  Bytes key;
  Bytes data;
};

// A store under the multistore root.
struct NamedRoot {
  std::string name;
  Hash256 root;
};

// The state's root ("app hash"): the Merkle map of store roots by name. Precondition: sorted by
// name, names differ.
Hash256 multistore_root(std::span<const NamedRoot> stores);

// CommitmentProof of the store `name` under multistore_root(stores). Precondition: one of `stores`
// is `name`.
Bytes prove_store(std::span<const NamedRoot> stores, std::string_view name);

// The value a proven leaf holds, which the tree itself does not keep.
using ValueOf = FunctionRef<Result<Bytes>(BytesView key)>;

// CommitmentProof that `key` is in the tree, or that it is not. Errors: kNotProvable when the tree
// is empty; those of `value_of`.
Result<Bytes> prove_key(const SparseMerkleTree& tree, SparseMerkleTree::Root root, BytesView key,
                        ValueOf value_of);

// How a verifier expects a tree to hash (cosmos.ics23.v1.ProofSpec).
struct ProofSpec;
const ProofSpec& smt_spec();
const ProofSpec& simple_spec();
const ProofSpec& iavl_spec();

// Checks a CommitmentProof that came from anywhere. Nothing of the proof is believed that the rules
// do not force. Errors: kInvalidProof, naming the rule that is broken.
Result<void> verify_membership(const ProofSpec& spec, const Hash256& root, BytesView proof,
                               BytesView key, BytesView value);
Result<void> verify_absence(const ProofSpec& spec, const Hash256& root, BytesView proof,
                            BytesView key);

}  // namespace tp::store
