#include "engine/solo/block_record.h"

#include <cstring>
#include <limits>
#include <span>

#include "base/varint.h"
#include "crypto/sha.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/hash.h"
#include "engine/comet_types/wire.h"
#include "engine/solo/crc32c.h"
#include "engine/solo/results_codec.h"
#include "engine/solo/reused_buffer.h"

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

// Where the contents of the only field `number` lie in `message`. Only for what was encoded here:
// length-delimited fields.
Place place_of(BytesView message, std::uint32_t number) {
  BytesView rest = message;
  while (true) {
    const auto tag = take_varint(rest);
    const auto size = take_varint(rest);
    TP_ASSERT(tag && (*tag & 7) == 2 && size && *size <= rest.size());
    if (*tag >> 3 == number) return {message.size() - rest.size(), static_cast<std::size_t>(*size)};
    rest.remove_prefix(static_cast<std::size_t>(*size));
  }
}

// Where each transaction lies in the encoded block.
std::vector<Place> places_of_txs(BytesView encoded, std::span<const Bytes> txs) {
  std::vector<Place> out;
  out.reserve(txs.size());
  const Place data = place_of(encoded, 2);
  std::size_t at = data.offset;
  for (const Bytes& tx : txs) {
    at += comet_types::tx_size(tx);
    out.push_back({at - tx.size(), tx.size()});
  }
  TP_ASSERT(at == data.offset + data.size);
  return out;
}

// Carries `whole` on over all of `bytes`, and each of `parts` over the bytes at its place.
void add_checksums(BytesView bytes, std::span<const Place> places, std::uint32_t& whole,
                   std::span<std::uint32_t> parts) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [offset, size] = places[i];
    whole = crc32c(bytes.substr(at, offset - at), whole);
    crc32c_both(bytes.substr(offset, size), whole, parts[i]);
    at = offset + size;
  }
  whole = crc32c(bytes.substr(at), whole);
}

}  // namespace

Result<void> encode_record(const StoredBlock& block, BytesView encoded, Height synced,
                           std::uint32_t salt, RecordBytes& out) {
  const std::span<const Bytes> txs = block.executed.txs;
  Bytes& results = out.results_and_table;
  empty_for_reuse(results);
  std::vector<Place> result_places;
  append_results(block.executed.response, results, result_places);
  constexpr std::size_t kMax = std::numeric_limits<std::uint32_t>::max();
  if (encoded.size() > kMax || results.size() > kMax)
    return fail(BaseError::kTooLarge, "block " + std::to_string(block.height().value));
  TP_ASSERT(result_places.size() == txs.size());
  const auto results_size = static_cast<std::uint32_t>(results.size());

  const std::vector<Place> tx_places = places_of_txs(encoded, txs);
  std::vector<std::uint32_t> checksums(txs.size(), salt);
  std::uint32_t body_checksum = salt;
  add_checksums(encoded, tx_places, body_checksum, checksums);
  add_checksums(results, result_places, body_checksum, checksums);
  for (std::size_t i = 0; i < txs.size(); ++i) {
    put(results, static_cast<std::uint32_t>(tx_places[i].offset));
    put(results, static_cast<std::uint32_t>(tx_places[i].size));
    put(results, static_cast<std::uint32_t>(result_places[i].offset));
    put(results, static_cast<std::uint32_t>(result_places[i].size));
    put(results, checksums[i]);
  }
  body_checksum = crc32c(BytesView(results).substr(results_size), body_checksum);

  const Bytes meta = encode_meta(block.meta);
  Bytes rest;  // of the head, which its checksum covers
  put(rest, block.height().value);
  put(rest, synced.value);
  put(rest, static_cast<std::uint32_t>(meta.size()));
  put(rest, static_cast<std::uint32_t>(encoded.size()));
  put(rest, results_size);
  put(rest, static_cast<std::uint32_t>(txs.size()));
  put(rest, body_checksum);
  put(rest, std::uint32_t{0});
  rest += meta;
  out.head_and_meta.clear();
  put(out.head_and_meta, kMagic);
  put(out.head_and_meta, crc32c(rest, salt));
  out.head_and_meta += rest;
  return {};
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
