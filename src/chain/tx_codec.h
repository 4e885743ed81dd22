// Bytes from outside to a transaction that execution may trust to be well-formed.
//
// Decoding is stricter than protobuf, because the hash of a transaction is the hash of its bytes
// and nobody but its signers may change them, and because what was checked must be what is
// executed:
//   - TxRaw: fields 1, 2, 3 in order, 1 and 2 once or left out, shortest varints;
//   - no unknown field anywhere, but for non-critical ones (bit 11 of the number) in the body;
//   - no field twice that can be there once (protobuf would merge the copies after the check);
//   - every Any names a registered type; no extension options; no tip;
//   - strings are UTF-8; size, depth and number of values are bounded before anything is allocated.
// Rules: specs/chain.md §2.4, "Decoding rules".
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "chain/message_types.h"
#include "chain/sdk_errors.h"

namespace google::protobuf {
class Arena;
}
namespace cosmos::tx::v1beta1 {
class AuthInfo;
class TxBody;
}  // namespace cosmos::tx::v1beta1

namespace tp::chain {

struct DecodedMessage {
  const MessageType* type;
  const google::protobuf::Message* message;  // of type->prototype's class

  // Precondition: T is the class of the message (compare `type`, or T's URL).
  template <class T>
  const T& as() const {
    return static_cast<const T&>(*message);
  }
};

// A decoded transaction. Views and pointers stay valid while any copy of it lives: a copy shares
// the memory. Immutable, so threads may share it.
struct DecodedTx {
  Hash256 hash;  // SHA-256 of `raw`
  BytesView raw;
  BytesView body_bytes;       // as received: this is what was signed
  BytesView auth_info_bytes;  // likewise
  std::vector<BytesView> signatures;
  const cosmos::tx::v1beta1::TxBody* body;
  const cosmos::tx::v1beta1::AuthInfo* auth_info;
  std::vector<DecodedMessage> messages;  // the messages of the body, in order
  // The body has fields that we do not know and may ignore. Amino JSON cannot show them to a
  // signer, so a transaction that has them may only be signed in SIGN_MODE_DIRECT.
  bool has_unknown_fields;
  std::shared_ptr<const google::protobuf::Arena> owner;
};

struct DecodeLimits {
  std::size_t bytes_max = 1 << 20;  // the mempool default of CometBFT
  unsigned depth_max = 32;          // messages within messages, an Any counting as two
  // Strings, byte strings and messages in one transaction. A value costs the sender two bytes and
  // us up to about 100, so this bounds the memory of one decoding to some 15 MB.
  std::size_t values_max = 150'000;
};

// Safe to use from many threads at once.
class TxCodec {
 public:
  // `types` must be complete, and outlive the codec and every DecodedTx.
  explicit TxCodec(MessageTypes& types, DecodeLimits limits = {});

  // Errors: kTxTooLarge (more than bytes_max), kUnknownExtensionOptions, kNotSupported (a tip),
  // kTxDecode (everything else, naming message and field). Cost: O(size).
  Result<DecodedTx> decode(BytesView raw) const;
  // The same for who knows the SHA-256 of `raw` already.
  Result<DecodedTx> decode(BytesView raw, const Hash256& hash) const;

 private:
  const MessageTypes& types_;
  DecodeLimits limits_;
  const MessageTable& body_table_;
  const MessageTable& auth_info_table_;
};

}  // namespace tp::chain
