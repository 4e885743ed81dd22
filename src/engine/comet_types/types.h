// CometBFT v0.38's data structures: headers, commits, validators, parameters, blocks.
//
// Plain structs. How they are hashed is in hash.h, how they are written in encoding.h. Facts:
// specs/chain.md §9, §1.4. Checked against CometBFT v0.38.25.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/strong.h"
#include "base/time.h"
#include "crypto/ed25519.h"

namespace tp::comet_types {

// A SHA-256 digest, or empty where CometBFT leaves a hash unset.
using HashBytes = Bytes;

inline constexpr std::uint64_t kBlockProtocol = 11;
inline constexpr std::size_t kPartSize = 65'536;
inline constexpr std::int64_t kMaxBlockBytes = 104'857'600;  // what max_bytes = -1 stands for

struct PartSetHeader {
  std::uint32_t total = 0;
  HashBytes hash;

  bool operator==(const PartSetHeader&) const = default;
};

struct BlockId {
  HashBytes hash;
  PartSetHeader parts;

  bool is_nil() const { return hash.empty() && parts.total == 0 && parts.hash.empty(); }
  bool operator==(const BlockId&) const = default;
};

struct Header {
  std::uint64_t block_version = kBlockProtocol;
  std::uint64_t app_version = 0;
  std::string chain_id;
  Height height;
  BlockTime time;
  BlockId last_block_id;
  HashBytes last_commit_hash;
  HashBytes data_hash;
  HashBytes validators_hash;
  HashBytes next_validators_hash;
  HashBytes consensus_hash;
  Bytes app_hash;  // after the block before this one; as long as the application likes
  HashBytes last_results_hash;
  HashBytes evidence_hash;
  Address proposer_address;

  bool operator==(const Header&) const = default;
};

enum class BlockIdFlag : std::uint8_t { kUnknown = 0, kAbsent = 1, kCommit = 2, kNil = 3 };

struct CommitSig {
  BlockIdFlag flag = BlockIdFlag::kAbsent;
  Address validator_address;           // nobody when absent
  std::optional<BlockTime> timestamp;  // nothing is Go's zero time, 0001-01-01T00:00:00Z
  Bytes signature;

  bool operator==(const CommitSig&) const = default;
};

struct Commit {
  Height height;
  std::int32_t round = 0;
  BlockId block_id;
  std::vector<CommitSig> signatures;  // in the order of the validator set

  bool operator==(const Commit&) const = default;
};

struct Validator {
  crypto::Ed25519PublicKey public_key;
  std::int64_t power = 0;

  Address address() const;
  bool operator==(const Validator&) const = default;
};

using ValidatorSet = std::vector<Validator>;

// CometBFT's order: by power, the largest first, then by address.
void sort_validators(ValidatorSet& validators);
std::int64_t total_power(const ValidatorSet& validators);

// Defaults are CometBFT's.
struct ConsensusParams {
  std::int64_t block_max_bytes = 22'020'096;  // -1: kMaxBlockBytes
  std::int64_t block_max_gas = -1;            // -1: no limit
  std::int64_t evidence_max_age_num_blocks = 100'000;
  Duration evidence_max_age_duration = Duration::hours(48);
  std::int64_t evidence_max_bytes = 1'048'576;
  std::vector<std::string> pub_key_types{"ed25519"};
  std::uint64_t app_version = 0;
  std::int64_t vote_extensions_enable_height = 0;

  bool operator==(const ConsensusParams&) const = default;
};

// Errors: kOutOfRange, naming the parameter, as CometBFT's ValidateBasic.
Result<void> validate(const ConsensusParams& params);

struct Block {
  Header header;
  std::vector<Bytes> txs;
  std::vector<Bytes> evidence;  // encoded tendermint.types.Evidence messages
  Commit last_commit;

  bool operator==(const Block&) const = default;
};

}  // namespace tp::comet_types
