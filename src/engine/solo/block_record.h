// One record of the block log: how a block lies on disk.
//
//   head    48 bytes: magic, checksum of head and meta, height, synced height, sizes, checksum of
//   body meta    id, header, commits, counts body    block (CometBFT's encoding), results
//   (ResponseFinalizeBlock), table
//
// The table has 20 bytes a transaction: where it and its result lie, and a checksum of both, so
// that one of them is read without the rest. Integers are little-endian; every checksum is CRC-32C
// that begins with the salt of the log.
#pragma once

#include <optional>
#include <string>

#include "engine/solo/stored_block.h"

namespace tp::solo {

inline constexpr std::size_t kRecordHeadSize = 48;

struct RecordHead {
  Height height;
  Height synced;  // every block up to here was safe on disk when this record was written
  std::uint32_t meta_size = 0;
  std::uint32_t block_size = 0;
  std::uint32_t results_size = 0;
  std::uint32_t tx_count = 0;
  std::uint32_t head_crc = 0;  // of the rest of the head and the meta
  std::uint32_t body_crc = 0;

  std::uint64_t table_size() const { return std::uint64_t{tx_count} * 20; }
  std::uint64_t body_size() const {
    return std::uint64_t{block_size} + results_size + table_size();
  }
  std::uint64_t size() const { return kRecordHeadSize + meta_size + body_size(); }
};

// The pieces of a record, to be written one after the other. Meant to be used again.
struct RecordBytes {
  Bytes head_and_meta;
  Bytes results_and_table;  // after the encoded block
};
// `encoded` is the encoding of the block. Errors: kTooLarge of BaseError (4 GiB).
Result<void> encode_record(const StoredBlock& block, BytesView encoded, Height synced,
                           std::uint32_t salt, RecordBytes& out);

// Nothing when these are not 48 bytes that a record can begin with. Checksums are not looked at.
std::optional<RecordHead> decode_record_head(BytesView bytes);
// Whether head and meta, which begin at `bytes`, are as they were written.
bool meta_is_whole(const RecordHead& head, BytesView bytes, std::uint32_t salt);
bool body_is_whole(const RecordHead& head, BytesView body, std::uint32_t salt);

// Errors: kMalformed.
Result<BlockMeta> decode_meta(BytesView meta);
Result<BlockPtr> decode_record(const RecordHead& head, BytesView meta, BytesView body);

// Where the `index`-th transaction lies. `table` begins with its entry.
struct TxEntry {
  std::uint32_t tx_offset = 0;  // in the block
  std::uint32_t tx_size = 0;
  std::uint32_t result_offset = 0;  // in the results
  std::uint32_t result_size = 0;
  std::uint32_t crc = 0;
};
inline constexpr std::size_t kTxEntrySize = 20;
// Precondition: kTxEntrySize bytes.
TxEntry decode_tx_entry(BytesView bytes);

}  // namespace tp::solo
