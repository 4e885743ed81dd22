// Hostile bytes: decoding never crashes, and what it accepts, protobuf reads the same way.

#include <cstddef>
#include <cstdint>

#include "chain/tx_codec.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"

namespace tp::chain {
namespace {

MessageTypes& types() {
  static MessageTypes* const all = [] {
    auto* made = new MessageTypes;
    made->add_message<cosmos::bank::v1beta1::MsgSend>();
    made->add_message<cosmos::bank::v1beta1::MsgMultiSend>();
    return made;
  }();
  return *all;
}

}  // namespace
}  // namespace tp::chain

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tp::chain;
  static const TxCodec codec(types());
  const std::string raw(reinterpret_cast<const char*>(data), size);
  const auto tx = codec.decode(raw);
  if (!tx) return 0;

  cosmos::tx::v1beta1::TxRaw again;
  TP_ASSERT(again.ParseFromString(raw));
  TP_ASSERT(again.body_bytes() == tx->body_bytes);
  TP_ASSERT(again.auth_info_bytes() == tx->auth_info_bytes);
  TP_ASSERT(static_cast<std::size_t>(again.signatures_size()) == tx->signatures.size());
  TP_ASSERT(again.SerializeAsString() == raw);
  TP_ASSERT(tx->messages.size() == static_cast<std::size_t>(tx->body->messages_size()));
  return 0;
}
