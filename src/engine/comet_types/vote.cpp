#include "engine/comet_types/vote.h"

#include "base/varint.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/wire.h"

namespace tp::comet_types {
namespace {

constexpr std::uint64_t kPrecommitType = 2;

}  // namespace

Bytes sign_bytes(const Precommit& vote, std::string_view chain_id) {
  ProtoWriter out;
  out.varint(1, kPrecommitType).sfixed64(2, vote.height.value).sfixed64(3, vote.round);
  if (!vote.block_id.is_nil()) out.message(4, encode(vote.block_id));
  out.message(5, encode_timestamp(vote.timestamp)).bytes(6, chain_id);
  Bytes framed;
  append_varint(framed, out.view().size());
  return framed + out.view();
}

Commit sign_commit(const crypto::Ed25519PrivateKey& key, std::string_view chain_id, Height height,
                   const BlockId& block_id, BlockTime timestamp) {
  const Bytes message = sign_bytes({height, 0, block_id, timestamp}, chain_id);
  const Validator self{.public_key = key.public_key(), .power = 0};
  return {.height = height,
          .round = 0,
          .block_id = block_id,
          .signatures = {{.flag = BlockIdFlag::kCommit,
                          .validator_address = self.address(),
                          .timestamp = timestamp,
                          .signature = key.sign(message).bytes()}}};
}

ErrorInfo describe(CommitError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"commit", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case CommitError::kWrongShape: return info("commit does not fit");
    case CommitError::kBadSignature: return info("wrong signature");
    case CommitError::kTooLittlePower: return info("not more than two thirds signed");
  }
  TP_FATAL("CommitError out of range");
}

Result<void> verify_commit(const ValidatorSet& validators, std::string_view chain_id,
                           const BlockId& block_id, Height height, const Commit& commit) {
  if (commit.height != height) return fail(CommitError::kWrongShape, "another height");
  if (commit.block_id != block_id) return fail(CommitError::kWrongShape, "another block");
  if (commit.signatures.size() != validators.size())
    return fail(CommitError::kWrongShape, "as many signatures as validators are needed");
  std::int64_t signed_power = 0;
  for (std::size_t i = 0; i < validators.size(); ++i) {
    const CommitSig& signature = commit.signatures[i];
    if (signature.flag == BlockIdFlag::kAbsent) continue;
    const std::string which = "signature " + std::to_string(i);
    if (signature.flag != BlockIdFlag::kCommit && signature.flag != BlockIdFlag::kNil)
      return fail(CommitError::kWrongShape, which);
    if (signature.validator_address != validators[i].address())
      return fail(CommitError::kWrongShape, which + " is of another validator");
    if (signature.signature.size() != crypto::Ed25519Signature::kSize)
      return fail(CommitError::kBadSignature, which);
    const bool for_block = signature.flag == BlockIdFlag::kCommit;
    const Bytes message = sign_bytes(
        {height, commit.round, for_block ? block_id : BlockId{}, signature.timestamp}, chain_id);
    if (!crypto::verify(validators[i].public_key, message,
                        crypto::Ed25519Signature::of(signature.signature)))
      return fail(CommitError::kBadSignature, which);
    if (for_block) signed_power += validators[i].power;
  }
  // Total power is at most 2^60 (specs/chain.md §1.5), so that three times it fits 64 bits.
  if (signed_power > total_power(validators) / 3 * 2 + total_power(validators) % 3 * 2 / 3)
    return {};
  return fail(CommitError::kTooLittlePower);
}

}  // namespace tp::comet_types
