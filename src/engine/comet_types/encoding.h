// How CometBFT writes its structures, byte for byte (specs/chain.md §9). Decoders skip unknown
// fields and accept embedded messages that were left out. Errors: kMalformed, kOutOfRange.
#pragma once

#include <optional>

#include "engine/comet_types/types.h"

namespace tp::comet_types {

// google.protobuf.Timestamp; no time is Go's zero time, 0001-01-01.
Bytes encode_timestamp(std::optional<BlockTime> time);
Result<std::optional<BlockTime>> decode_timestamp(BytesView bytes);

Bytes encode(const BlockId& id);
Bytes encode(const Header& header);
Bytes encode(const CommitSig& signature);
Bytes encode(const Commit& commit);
Bytes encode(const Block& block);
void append(const Block& block, Bytes& out);  // the same at the end of `out`
// tendermint.types.ConsensusParams, every group present.
Bytes encode(const ConsensusParams& params);

// How many bytes encode(block) has, without the transactions: what the limits are measured
// against. Each transaction adds tx_size().
std::size_t size_without_txs(const Block& block);
// What one transaction costs in a block: its length, the varint of it, one tag byte
// (specs/chain.md §1.5, rule 3).
std::size_t tx_size(BytesView tx);

Result<BlockId> decode_block_id(BytesView bytes);
Result<Header> decode_header(BytesView bytes);
Result<Commit> decode_commit(BytesView bytes);
Result<Block> decode_block(BytesView bytes);
// Only the header of an encoded block. Cost: independent of the transactions.
Result<Header> decode_header_of_block(BytesView block);
Result<ConsensusParams> decode_consensus_params(BytesView bytes);

}  // namespace tp::comet_types
