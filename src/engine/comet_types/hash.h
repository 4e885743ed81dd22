// CometBFT's hashes (specs/chain.md §9): what light clients check.
#pragma once

#include <span>

#include "engine/comet_types/types.h"

namespace tp::comet_types {

// The block's hash: the Merkle root of the header's 14 fields.
Hash256 hash(const Header& header);

// Of the SHA-256 digests of the transactions, which whoever admitted them has already.
// Cost: 2n hashes of at most 65 bytes.
Hash256 data_hash(std::span<const Hash256> tx_hashes);
// The Merkle leaves under data_hash: for proofs that a transaction is in a block.
std::vector<Hash256> data_leaf_hashes(std::span<const Hash256> tx_hashes);

Hash256 hash(const Commit& commit);
Hash256 hash(const ValidatorSet& validators);
// Covers block.max_bytes and block.max_gas only.
Hash256 hash(const ConsensusParams& params);
// `evidence`: each item as its own type encodes it, without the Evidence envelope.
Hash256 evidence_hash(std::span<const Bytes> evidence);

// What of a transaction's result the next header commits to.
struct DeterministicResult {
  std::uint32_t code = 0;
  BytesView data{};
  std::int64_t gas_wanted = 0;
  std::int64_t gas_used = 0;
};
Hash256 results_hash(std::span<const DeterministicResult> results);

// The header of an encoded block's parts of 65,536 bytes.
PartSetHeader part_set_header(BytesView encoded_block);

}  // namespace tp::comet_types
