#include "engine/comet_types/encoding.h"

#include <limits>

#include "base/varint.h"
#include "engine/comet_types/wire.h"

namespace tp::comet_types {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;
constexpr std::int64_t kGoZeroSeconds = -62'135'596'800;  // 0001-01-01T00:00:00Z

struct SecondsAndNanos {
  std::int64_t seconds;
  std::int64_t nanos;
};

SecondsAndNanos split(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / kBillion;
  std::int64_t nanos = nanoseconds % kBillion;
  if (nanos < 0) nanos += kBillion, seconds -= 1;
  return {seconds, nanos};
}

// Of a Timestamp or a Duration.
Result<SecondsAndNanos> decode_seconds_and_nanos(BytesView bytes) {
  SecondsAndNanos out{0, 0};
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: out.seconds = in.integer(); break;
      case 2: out.nanos = in.integer(); break;
    }
  }
  TRY_VOID(in.finish("time"));
  return out;
}

Result<std::int64_t> join(SecondsAndNanos value) {
  constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / kBillion - 1;
  if (value.seconds > kLimit || value.seconds < -kLimit || value.nanos <= -kBillion ||
      value.nanos >= kBillion)
    return fail(WireError::kOutOfRange, "time");
  return value.seconds * kBillion + value.nanos;
}

Result<HashBytes> hash_field(BytesView bytes, std::string_view name) {
  if (!bytes.empty() && bytes.size() != Hash256::kSize)
    return fail(WireError::kOutOfRange, std::string(name) + " is not 32 bytes");
  return HashBytes(bytes);
}

Result<Address> address_field(BytesView bytes, std::string_view name) {
  if (!bytes.empty() && bytes.size() != Address::kSize)
    return fail(WireError::kOutOfRange, std::string(name) + " is not 20 bytes");
  return bytes.empty() ? Address{} : Address::of(bytes);
}

BytesView address_bytes(const Address& address) {
  return address.is_zero() ? BytesView() : address.view();
}

Bytes encode(const PartSetHeader& parts) {
  return ProtoWriter().varint(1, parts.total).bytes(2, parts.hash).take();
}

Result<PartSetHeader> decode_part_set_header(BytesView bytes) {
  PartSetHeader out;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        const std::uint64_t total = in.varint();
        if (total > std::numeric_limits<std::uint32_t>::max()) in.reject();
        out.total = static_cast<std::uint32_t>(total);
        break;
      }
      case 2: {
        TRY(out.hash, hash_field(in.bytes(), "part_set_header.hash"));
        break;
      }
    }
  }
  TRY_VOID(in.finish("PartSetHeader"));
  return out;
}

Result<CommitSig> decode_commit_sig(BytesView bytes) {
  CommitSig out{.flag = BlockIdFlag::kUnknown,
                .validator_address = {},
                .timestamp = BlockTime{0},
                .signature = {}};
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        const std::uint64_t flag = in.varint();
        if (flag > 3) in.reject();
        out.flag = static_cast<BlockIdFlag>(flag);
        break;
      }
      case 2: {
        TRY(out.validator_address, address_field(in.bytes(), "validator_address"));
        break;
      }
      case 3: {
        TRY(out.timestamp, decode_timestamp(in.bytes()));
        break;
      }
      case 4: out.signature = in.bytes(); break;
    }
  }
  TRY_VOID(in.finish("CommitSig"));
  if (out.signature.size() > 64) return fail(WireError::kOutOfRange, "signature over 64 bytes");
  return out;
}

Bytes encode_evidence(const std::vector<Bytes>& evidence) {
  ProtoWriter out;
  for (const Bytes& item : evidence) out.message(1, item);
  return out.take();
}

// The message field `number` of `bytes`, the last one where it is repeated; empty when absent.
Result<BytesView> only_field(BytesView bytes, std::uint32_t number, std::string_view message) {
  BytesView found;
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() == number) found = in.bytes();
  }
  TRY_VOID(in.finish(message));
  return found;
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

}  // namespace

Bytes encode_timestamp(std::optional<BlockTime> time) {
  const SecondsAndNanos value =
      time ? split(time->nanoseconds) : SecondsAndNanos{kGoZeroSeconds, 0};
  return ProtoWriter().integer(1, value.seconds).integer(2, value.nanos).take();
}

Result<std::optional<BlockTime>> decode_timestamp(BytesView bytes) {
  TRY(const SecondsAndNanos value, decode_seconds_and_nanos(bytes));
  if (value.seconds == kGoZeroSeconds && value.nanos == 0) return std::optional<BlockTime>();
  if (value.nanos < 0) return fail(WireError::kOutOfRange, "timestamp nanos");
  TRY(const std::int64_t nanoseconds, join(value));
  return std::optional<BlockTime>(BlockTime{nanoseconds});
}

Bytes encode(const BlockId& id) {
  return ProtoWriter().bytes(1, id.hash).message(2, encode(id.parts)).take();
}

Bytes encode(const Header& header) {
  const Bytes version =
      ProtoWriter().varint(1, header.block_version).varint(2, header.app_version).take();
  return ProtoWriter()
      .message(1, version)
      .bytes(2, header.chain_id)
      .integer(3, header.height.value)
      .message(4, encode_timestamp(header.time))
      .message(5, encode(header.last_block_id))
      .bytes(6, header.last_commit_hash)
      .bytes(7, header.data_hash)
      .bytes(8, header.validators_hash)
      .bytes(9, header.next_validators_hash)
      .bytes(10, header.consensus_hash)
      .bytes(11, header.app_hash)
      .bytes(12, header.last_results_hash)
      .bytes(13, header.evidence_hash)
      .bytes(14, address_bytes(header.proposer_address))
      .take();
}

Bytes encode(const CommitSig& signature) {
  return ProtoWriter()
      .varint(1, static_cast<std::uint64_t>(signature.flag))
      .bytes(2, address_bytes(signature.validator_address))
      .message(3, encode_timestamp(signature.timestamp))
      .bytes(4, signature.signature)
      .take();
}

Bytes encode(const Commit& commit) {
  ProtoWriter out;
  out.integer(1, commit.height.value).integer(2, commit.round).message(3, encode(commit.block_id));
  for (const CommitSig& signature : commit.signatures) out.message(4, encode(signature));
  return out.take();
}

Bytes encode(const Block& block) {
  Bytes out;
  append(block, out);
  return out;
}

void append(const Block& block, Bytes& out) {
  const auto open = [&out](std::uint32_t field, std::size_t size) {
    out.push_back(static_cast<char>(field << 3 | 2));
    append_varint(out, size);
  };
  const auto message = [&](std::uint32_t field, BytesView bytes) {
    open(field, bytes.size());
    out.append(bytes);
  };
  std::size_t data_size = 0;
  for (const Bytes& tx : block.txs) data_size += tx_size(tx);
  out.reserve(out.size() + data_size + 2'048);
  message(1, encode(block.header));
  open(2, data_size);
  for (const Bytes& tx : block.txs) message(1, tx);
  message(3, encode_evidence(block.evidence));
  message(4, encode(block.last_commit));
}

Bytes encode(const ConsensusParams& params) {
  const SecondsAndNanos age = split(params.evidence_max_age_duration.nanoseconds);
  ProtoWriter evidence;
  evidence.integer(1, params.evidence_max_age_num_blocks)
      .message(2, ProtoWriter().integer(1, age.seconds).integer(2, age.nanos).view())
      .integer(3, params.evidence_max_bytes);
  ProtoWriter validator;
  for (const std::string& type : params.pub_key_types) validator.message(1, type);
  return ProtoWriter()
      .message(
          1,
          ProtoWriter().integer(1, params.block_max_bytes).integer(2, params.block_max_gas).view())
      .message(2, evidence.view())
      .message(3, validator.view())
      .message(4, ProtoWriter().varint(1, params.app_version).view())
      .message(5, ProtoWriter().integer(1, params.vote_extensions_enable_height).view())
      .take();
}

std::size_t tx_size(BytesView tx) {
  return 1 + varint_size(tx.size()) + tx.size();
}

std::size_t size_without_txs(const Block& block) {
  const auto framed = [](std::size_t size) { return 1 + varint_size(size) + size; };
  return framed(encode(block.header).size()) + framed(encode_evidence(block.evidence).size()) +
         framed(encode(block.last_commit).size()) + 1 +
         varint_size(static_cast<std::uint64_t>(kMaxBlockBytes));  // frame of the data
}

Result<BlockId> decode_block_id(BytesView bytes) {
  BlockId out;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        TRY(out.hash, hash_field(in.bytes(), "block_id.hash"));
        break;
      }
      case 2: {
        TRY(out.parts, decode_part_set_header(in.bytes()));
        break;
      }
    }
  }
  TRY_VOID(in.finish("BlockID"));
  return out;
}

Result<Header> decode_header(BytesView bytes) {
  Header out;
  out.block_version = 0;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        ProtoReader version(in.bytes());
        while (version.next()) {
          switch (version.field()) {
            case 1: out.block_version = version.varint(); break;
            case 2: out.app_version = version.varint(); break;
          }
        }
        TRY_VOID(version.finish("Consensus"));
        break;
      }
      case 2: out.chain_id = in.bytes(); break;
      case 3: out.height = Height{in.integer()}; break;
      case 4: {
        TRY(const std::optional<BlockTime> time, decode_timestamp(in.bytes()));
        if (!time) return fail(WireError::kMissing, "header.time");
        out.time = *time;
        break;
      }
      case 5: {
        TRY(out.last_block_id, decode_block_id(in.bytes()));
        break;
      }
      case 6: {
        TRY(out.last_commit_hash, hash_field(in.bytes(), "last_commit_hash"));
        break;
      }
      case 7: {
        TRY(out.data_hash, hash_field(in.bytes(), "data_hash"));
        break;
      }
      case 8: {
        TRY(out.validators_hash, hash_field(in.bytes(), "validators_hash"));
        break;
      }
      case 9: {
        TRY(out.next_validators_hash, hash_field(in.bytes(), "next_validators_hash"));
        break;
      }
      case 10: {
        TRY(out.consensus_hash, hash_field(in.bytes(), "consensus_hash"));
        break;
      }
      case 11: out.app_hash = in.bytes(); break;
      case 12: {
        TRY(out.last_results_hash, hash_field(in.bytes(), "last_results_hash"));
        break;
      }
      case 13: {
        TRY(out.evidence_hash, hash_field(in.bytes(), "evidence_hash"));
        break;
      }
      case 14: {
        TRY(out.proposer_address, address_field(in.bytes(), "proposer_address"));
        break;
      }
    }
  }
  TRY_VOID(in.finish("Header"));
  return out;
}

Result<Commit> decode_commit(BytesView bytes) {
  Commit out;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: out.height = Height{in.integer()}; break;
      case 2: out.round = static_cast<std::int32_t>(in.integer()); break;
      case 3: {
        TRY(out.block_id, decode_block_id(in.bytes()));
        break;
      }
      case 4: {
        TRY(CommitSig signature, decode_commit_sig(in.bytes()));
        out.signatures.push_back(std::move(signature));
        break;
      }
    }
  }
  TRY_VOID(in.finish("Commit"));
  return out;
}

Result<Block> decode_block(BytesView bytes) {
  Block out;
  ProtoReader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1: {
        TRY(out.header, decode_header(in.bytes()));
        break;
      }
      case 2: {
        ProtoReader data(in.bytes());
        while (data.next()) {
          if (data.field() == 1) out.txs.emplace_back(data.bytes());
        }
        TRY_VOID(data.finish("Data"));
        break;
      }
      case 3: {
        ProtoReader evidence(in.bytes());
        while (evidence.next()) {
          if (evidence.field() == 1) out.evidence.emplace_back(evidence.bytes());
        }
        TRY_VOID(evidence.finish("EvidenceList"));
        break;
      }
      case 4: {
        TRY(out.last_commit, decode_commit(in.bytes()));
        break;
      }
    }
  }
  TRY_VOID(in.finish("Block"));
  return out;
}

Result<Header> decode_header_of_block(BytesView block) {
  TRY(const BytesView header, only_field(block, 1, "Block"));
  return decode_header(header);
}

Result<ConsensusParams> decode_consensus_params(BytesView bytes) {
  ConsensusParams out{.block_max_bytes = 0,
                      .block_max_gas = 0,
                      .evidence_max_age_num_blocks = 0,
                      .evidence_max_age_duration = {},
                      .evidence_max_bytes = 0,
                      .pub_key_types = {}};
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() < 1 || in.field() > 5) continue;
    ProtoReader group(in.bytes());
    while (group.next()) {
      switch (in.field() * 10 + group.field()) {
        case 11: out.block_max_bytes = group.integer(); break;
        case 12: out.block_max_gas = group.integer(); break;
        case 21: out.evidence_max_age_num_blocks = group.integer(); break;
        case 22: {
          TRY(const SecondsAndNanos age, decode_seconds_and_nanos(group.bytes()));
          TRY(out.evidence_max_age_duration.nanoseconds, join(age));
          break;
        }
        case 23: out.evidence_max_bytes = group.integer(); break;
        case 31: out.pub_key_types.emplace_back(group.bytes()); break;
        case 41: out.app_version = group.varint(); break;
        case 51: out.vote_extensions_enable_height = group.integer(); break;
      }
    }
    TRY_VOID(group.finish("ConsensusParams"));
  }
  TRY_VOID(in.finish("ConsensusParams"));
  return out;
}

}  // namespace tp::comet_types
