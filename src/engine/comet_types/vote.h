// Precommits: what a validator signs, and whether a commit proves a block (specs/chain.md §9).
#pragma once

#include "engine/comet_types/types.h"

namespace tp::comet_types {

struct Precommit {
  Height height;
  std::int32_t round = 0;
  BlockId block_id{};  // nil: a vote for no block
  std::optional<BlockTime> timestamp{};
};

// The length-prefixed CanonicalVote.
Bytes sign_bytes(const Precommit& vote, std::string_view chain_id);

// A commit of round 0 in which the only validator signs for the block.
Commit sign_commit(const crypto::Ed25519PrivateKey& key, std::string_view chain_id, Height height,
                   const BlockId& block_id, BlockTime timestamp);

enum class CommitError : std::uint32_t { kWrongShape = 2, kBadSignature = 3, kTooLittlePower = 4 };
ErrorInfo describe(CommitError error);

// That more than two thirds of the power signed for `block_id` at `height`; every signature is
// checked. Errors: CommitError, naming the signature. Cost: 50 us a signature.
Result<void> verify_commit(const ValidatorSet& validators, std::string_view chain_id,
                           const BlockId& block_id, Height height, const Commit& commit);

}  // namespace tp::comet_types
