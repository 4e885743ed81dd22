#include "chain/tx_codec.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <optional>
#include <string>

#include "base/varint.h"
#include "chain/wire_check.h"
#include "cosmos/tx/v1beta1/tx.pb.h"
#include "crypto/sha.h"

namespace tp::chain {
namespace {

using cosmos::tx::v1beta1::AuthInfo;
using cosmos::tx::v1beta1::TxBody;
using google::protobuf::Arena;
using google::protobuf::Message;

// What a transfer of one coin needs (tx_codec_bench.cpp), so that most transactions need one block.
constexpr std::size_t kArenaBytes = 1024;
constexpr std::size_t kArenaBytesPerByte = 4;

std::unexpected<Error> refuse(std::string_view why) {
  return fail(SdkError::kTxDecode, why);
}

struct RawParts {
  BytesView body;
  BytesView auth_info;
  std::vector<BytesView> signatures;
};

// Everyone who relays a transaction could rewrite the few bytes of TxRaw itself without touching a
// signature, so there is one valid form only (ADR-027; unlike the reference, which admits a
// repeated body and reads the last).
Result<RawParts> split(BytesView raw, std::size_t values_max) {
  RawParts parts;
  std::uint64_t last = 0;
  while (!raw.empty()) {
    const std::optional<std::uint64_t> tag = take_varint(raw);
    if (!tag) return refuse("TxRaw has a malformed tag");
    if ((*tag & 7) != 2) return refuse("TxRaw has a field that is not bytes");
    const std::uint64_t number = *tag >> 3;
    if (number < 1 || number > 3)
      return refuse("field " + std::to_string(number) + " of TxRaw is unknown");
    if (number < last) return refuse("the fields of TxRaw are out of order");
    if (number == last && number != 3)
      return refuse("field " + std::to_string(number) + " of TxRaw is there twice");
    last = number;
    const std::optional<std::uint64_t> size = take_varint(raw);
    if (!size) return refuse("TxRaw has a length that is malformed or not as short as possible");
    if (*size > raw.size()) return refuse("TxRaw ends in the middle of a field");
    const BytesView value = raw.substr(0, *size);
    raw.remove_prefix(*size);
    if (value.empty() && number != 3)
      return refuse("field " + std::to_string(number) +
                    " of TxRaw is empty and must be left out then");
    switch (number) {
      case 1: parts.body = value; break;
      case 2: parts.auth_info = value; break;
      default:
        if (parts.signatures.size() == values_max) return refuse("too many signatures");
        parts.signatures.push_back(value);
    }
  }
  return parts;
}

template <class T>
Result<T*> parse(BytesView bytes, T* into) {
  if (!into->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return refuse("cannot parse " + into->GetTypeName());
  return into;
}

Result<void> unpack_messages(const MessageTypes& types, Arena* arena, DecodedTx& tx) {
  tx.messages.reserve(static_cast<std::size_t>(tx.body->messages_size()));
  for (const google::protobuf::Any& any : tx.body->messages()) {
    const MessageType* type = types.find(any.type_url());
    TP_ASSERT(type != nullptr);  // the wire check resolved it
    TRY(const Message* message, parse(any.value(), type->prototype->New(arena)));
    tx.messages.push_back({.type = type, .message = message});
  }
  return {};
}

}  // namespace

TxCodec::TxCodec(MessageTypes& types, DecodeLimits limits)
    : types_(types),
      limits_(limits),
      body_table_(types.table_of(*TxBody::descriptor())),
      auth_info_table_(types.table_of(*AuthInfo::descriptor())) {}

Result<DecodedTx> TxCodec::decode(BytesView raw) const {
  return decode(raw, crypto::sha256(raw));
}

Result<DecodedTx> TxCodec::decode(BytesView raw, const Hash256& hash) const {
  if (raw.size() > limits_.bytes_max)
    return fail(SdkError::kTxTooLarge, std::to_string(raw.size()) + " bytes, at most " +
                                           std::to_string(limits_.bytes_max) + " are admitted");
  TRY(RawParts parts, split(raw, limits_.values_max));
  WireCheck check(types_, {.depth_max = limits_.depth_max, .values_max = limits_.values_max});
  TRY_VOID(check.message(parts.body, body_table_, UnknownFields::kAllowNonCritical));
  const bool has_unknown_fields = check.saw_unknown_fields();
  TRY_VOID(check.message(parts.auth_info, auth_info_table_, UnknownFields::kReject));

  // Everything of a transaction lies in one arena: few large allocations instead of one a field.
  google::protobuf::ArenaOptions options;
  options.start_block_size = kArenaBytes + kArenaBytesPerByte * raw.size();
  options.max_block_size = std::max(options.max_block_size, options.start_block_size);
  const auto arena = std::make_shared<Arena>(options);
  const Bytes& kept = *Arena::Create<Bytes>(arena.get(), raw);
  const auto moved = [&](BytesView part) {
    return part.empty() ? BytesView()
                        : BytesView(kept).substr(part.data() - raw.data(), part.size());
  };

  DecodedTx tx{};
  tx.owner = arena;
  tx.raw = kept;
  tx.body_bytes = moved(parts.body);
  tx.auth_info_bytes = moved(parts.auth_info);
  tx.signatures = std::move(parts.signatures);
  for (BytesView& signature : tx.signatures) signature = moved(signature);
  tx.has_unknown_fields = has_unknown_fields;

  TRY(tx.body, parse(tx.body_bytes, Arena::CreateMessage<TxBody>(arena.get())));
  TRY(tx.auth_info, parse(tx.auth_info_bytes, Arena::CreateMessage<AuthInfo>(arena.get())));
  if (tx.body->extension_options_size() > 0) return fail(SdkError::kUnknownExtensionOptions);
  if (tx.auth_info->has_tip())
    return fail(SdkError::kNotSupported, "AuthInfo.tip is retired and must not be set");

  TRY_VOID(unpack_messages(types_, arena.get(), tx));
  tx.hash = hash;
  return tx;
}

}  // namespace tp::chain
