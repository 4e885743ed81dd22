#include "engine/comet_types/hash.h"

#include "crypto/merkle.h"
#include "crypto/sha.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/wire.h"

namespace tp::comet_types {
namespace {

// A value as CometBFT's cdcEncode gives it: a one-field message, or nothing when empty.
Bytes wrapped(BytesView value) {
  return ProtoWriter().bytes(1, value).take();
}

}  // namespace

Hash256 hash(const Header& header) {
  const std::vector<Bytes> fields{
      ProtoWriter().varint(1, header.block_version).varint(2, header.app_version).take(),
      wrapped(header.chain_id),
      ProtoWriter().integer(1, header.height.value).take(),
      encode_timestamp(header.time),
      encode(header.last_block_id),
      wrapped(header.last_commit_hash),
      wrapped(header.data_hash),
      wrapped(header.validators_hash),
      wrapped(header.next_validators_hash),
      wrapped(header.consensus_hash),
      wrapped(header.app_hash),
      wrapped(header.last_results_hash),
      wrapped(header.evidence_hash),
      wrapped(header.proposer_address.is_zero() ? BytesView() : header.proposer_address.view()),
  };
  return crypto::merkle_root(fields);
}

std::vector<Hash256> data_leaf_hashes(std::span<const Hash256> tx_hashes) {
  std::vector<Hash256> leaves;
  leaves.reserve(tx_hashes.size());
  for (const Hash256& tx : tx_hashes) leaves.push_back(crypto::merkle_leaf_hash(tx.view()));
  return leaves;
}

Hash256 data_hash(std::span<const Hash256> tx_hashes) {
  return crypto::merkle_root_of_hashes(data_leaf_hashes(tx_hashes));
}

Hash256 hash(const Commit& commit) {
  std::vector<Bytes> leaves;
  for (const CommitSig& signature : commit.signatures) leaves.push_back(encode(signature));
  return crypto::merkle_root(leaves);
}

Hash256 hash(const ValidatorSet& validators) {
  std::vector<Bytes> leaves;
  for (const Validator& validator : validators) {
    const Bytes key = ProtoWriter().bytes(1, validator.public_key.view()).take();
    leaves.push_back(ProtoWriter().message(1, key).integer(2, validator.power).take());
  }
  return crypto::merkle_root(leaves);
}

Hash256 hash(const ConsensusParams& params) {
  return crypto::sha256(
      ProtoWriter().integer(1, params.block_max_bytes).integer(2, params.block_max_gas).view());
}

Hash256 evidence_hash(std::span<const Bytes> evidence) {
  return crypto::merkle_root(evidence);
}

Hash256 results_hash(std::span<const DeterministicResult> results) {
  std::vector<Hash256> leaves;
  leaves.reserve(results.size());
  for (const DeterministicResult& result : results) {
    leaves.push_back(crypto::merkle_leaf_hash(ProtoWriter()
                                                  .varint(1, result.code)
                                                  .bytes(2, result.data)
                                                  .integer(5, result.gas_wanted)
                                                  .integer(6, result.gas_used)
                                                  .view()));
  }
  return crypto::merkle_root_of_hashes(leaves);
}

PartSetHeader part_set_header(BytesView encoded_block) {
  std::vector<Hash256> leaves;
  for (std::size_t at = 0; at < encoded_block.size(); at += kPartSize)
    leaves.push_back(crypto::merkle_leaf_hash(encoded_block.substr(at, kPartSize)));
  return {.total = static_cast<std::uint32_t>(leaves.size()),
          .hash = crypto::merkle_root_of_hashes(leaves).bytes()};
}

}  // namespace tp::comet_types
