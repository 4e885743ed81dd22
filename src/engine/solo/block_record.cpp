#include "engine/solo/block_record.h"

#include <cstring>
#include <limits>

#include "base/varint.h"
#include "crypto/sha.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/hash.h"
#include "engine/comet_types/wire.h"
#include "engine/solo/crc32c.h"
#include "engine/solo/results_codec.h"

namespace tp::solo {
namespace {

using comet_types::ProtoReader;
using comet_types::ProtoWriter;

constexpr std::uint32_t kMagic = 0x31425054;  // "TPB1"

template <class Integer>
void put(Bytes& out, Integer value) {
  std::array<char, sizeof value> raw;
  std::memcpy(raw.data(), &value, sizeof value);
  out.append(raw.data(), raw.size());
}

template <class Integer>
Integer get(BytesView bytes, std::size_t at) {
  Integer value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

Bytes encode_meta(const BlockMeta& meta) {
  return ProtoWriter()
      .message(1, comet_types::encode(meta.id))
      .message(2, comet_types::encode(meta.header))
      .message(3, comet_types::encode(meta.last_commit))
      .message(4, comet_types::encode(meta.seen_commit))
      .varint(5, meta.tx_count)
      .varint(6, meta.size_bytes)
      .take();
}

struct Place {
  std::size_t offset;
  std::size_t size;
};

// Where the contents of every field `number` lie in `message`, whose first byte is at `base`. Only
// for what was encoded here: length-delimited and varint fields.
std::vector<Place> places_of(BytesView message, std::uint32_t number, std::size_t base) {
  std::vector<Place> out;
  BytesView rest = message;
  while (!rest.empty()) {
    const auto tag = take_varint(rest);
    const auto value = take_varint(rest);
    TP_ASSERT(tag && value);
    if ((*tag & 7) != 2) continue;
    const std::size_t offset = message.size() - rest.size();
    if (*tag >> 3 == number) out.push_back({base + offset, static_cast<std::size_t>(*value)});
    rest.remove_prefix(static_cast<std::size_t>(*value));
  }
  return out;
}

Bytes make_table(BytesView block, BytesView results, std::size_t tx_count, std::uint32_t salt) {
  const std::vector<Place> data = places_of(block, 2, 0);
  TP_ASSERT(data.size() == 1);
  const auto txs = places_of(block.substr(data[0].offset, data[0].size), 1, data[0].offset);
  const auto tx_results = places_of(results, 2, 0);
  TP_ASSERT(txs.size() == tx_count && tx_results.size() == tx_count);
  Bytes out;
  out.reserve(tx_count * kTxEntrySize);
  for (std::size_t i = 0; i < tx_count; ++i) {
    put(out, static_cast<std::uint32_t>(txs[i].offset));
    put(out, static_cast<std::uint32_t>(txs[i].size));
    put(out, static_cast<std::uint32_t>(tx_results[i].offset));
    put(out, static_cast<std::uint32_t>(tx_results[i].size));
    const std::uint32_t crc = crc32c(block.substr(txs[i].offset, txs[i].size), salt);
    put(out, crc32c(results.substr(tx_results[i].offset, tx_results[i].size), crc));
  }
  return out;
}

}  // namespace

Result<RecordBytes> encode_record(const StoredBlock& block, BytesView encoded, Height synced,
                                  std::uint32_t salt) {
  Bytes results = encode_results(block.executed.response);
  constexpr std::size_t kMax = std::numeric_limits<std::uint32_t>::max();
  if (encoded.size() > kMax || results.size() > kMax)
    return fail(BaseError::kTooLarge, "block " + std::to_string(block.height().value));
  const std::size_t tx_count = block.executed.txs.size();
  const Bytes meta = encode_meta(block.meta);
  const auto results_size = static_cast<std::uint32_t>(results.size());
  const Bytes table = make_table(encoded, results, tx_count, salt);
  results += table;

  Bytes rest;  // of the head, which its checksum covers
  put(rest, block.height().value);
  put(rest, synced.value);
  put(rest, static_cast<std::uint32_t>(meta.size()));
  put(rest, static_cast<std::uint32_t>(encoded.size()));
  put(rest, results_size);
  put(rest, static_cast<std::uint32_t>(tx_count));
  put(rest, crc32c(results, crc32c(encoded, salt)));
  put(rest, std::uint32_t{0});
  rest += meta;
  Bytes head;
  put(head, kMagic);
  put(head, crc32c(rest, salt));
  return RecordBytes{head + rest, std::move(results)};
}

std::optional<RecordHead> decode_record_head(BytesView bytes) {
  if (bytes.size() < kRecordHeadSize || get<std::uint32_t>(bytes, 0) != kMagic) return std::nullopt;
  RecordHead head;
  head.head_crc = get<std::uint32_t>(bytes, 4);
  head.height = Height{get<std::int64_t>(bytes, 8)};
  head.synced = Height{get<std::int64_t>(bytes, 16)};
  head.meta_size = get<std::uint32_t>(bytes, 24);
  head.block_size = get<std::uint32_t>(bytes, 28);
  head.results_size = get<std::uint32_t>(bytes, 32);
  head.tx_count = get<std::uint32_t>(bytes, 36);
  head.body_crc = get<std::uint32_t>(bytes, 40);
  return head;
}

bool meta_is_whole(const RecordHead& head, BytesView bytes, std::uint32_t salt) {
  return bytes.size() >= kRecordHeadSize + head.meta_size &&
         crc32c(bytes.substr(8, kRecordHeadSize - 8 + head.meta_size), salt) == head.head_crc;
}

bool body_is_whole(const RecordHead& head, BytesView body, std::uint32_t salt) {
  return body.size() == head.body_size() && crc32c(body, salt) == head.body_crc;
}

Result<BlockMeta> decode_meta(BytesView meta) {
  BlockMeta out;
  ProtoReader in(meta);
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        TRY(out.id, comet_types::decode_block_id(in.bytes()));
        break;
      }
      case 2: {
        TRY(out.header, comet_types::decode_header(in.bytes()));
        break;
      }
      case 3: {
        TRY(out.last_commit, comet_types::decode_commit(in.bytes()));
        break;
      }
      case 4: {
        TRY(out.seen_commit, comet_types::decode_commit(in.bytes()));
        break;
      }
      case 5: out.tx_count = static_cast<std::uint32_t>(in.varint()); break;
      case 6: out.size_bytes = in.varint(); break;
    }
  }
  TRY_VOID(in.finish("BlockMeta"));
  return out;
}

Result<BlockPtr> decode_record(const RecordHead& head, BytesView meta, BytesView body) {
  auto out = std::make_shared<StoredBlock>();
  TRY(out->meta, decode_meta(meta));
  TRY(comet_types::Block block, comet_types::decode_block(body.substr(0, head.block_size)));
  TRY(chain::BlockResponse response,
      decode_results(body.substr(head.block_size, head.results_size)));
  chain::CommittedBlock& executed = out->executed;
  executed.height = out->meta.header.height;
  executed.time = out->meta.header.time;
  executed.hash = Hash256::of(out->meta.id.hash);
  executed.txs = std::move(block.txs);
  executed.tx_hashes.reserve(executed.txs.size());
  for (const Bytes& tx : executed.txs) executed.tx_hashes.push_back(crypto::sha256(tx));
  executed.response = std::move(response);
  return out;
}

TxEntry decode_tx_entry(BytesView bytes) {
  return {.tx_offset = get<std::uint32_t>(bytes, 0),
          .tx_size = get<std::uint32_t>(bytes, 4),
          .result_offset = get<std::uint32_t>(bytes, 8),
          .result_size = get<std::uint32_t>(bytes, 12),
          .crc = get<std::uint32_t>(bytes, 16)};
}

}  // namespace tp::solo
