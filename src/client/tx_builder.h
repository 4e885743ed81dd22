// Transactions from messages: the bytes that a node accepts and the hash by which it is found.
// Rules: specs/chain.md §2.4, §2.5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/coin.h"
#include "base/strong.h"
#include "crypto/secp256k1.h"

namespace tp::client {

using AccountNumber = Strong<struct AccountNumberTag, std::uint64_t>;
using Sequence = Strong<struct SequenceTag, std::uint64_t>;

// One thing to do, as a google.protobuf.Any holds it.
struct Message {
  std::string type_url;  // "/cosmos.bank.v1beta1.MsgSend"
  Bytes value;

  bool operator==(const Message&) const = default;
};

// Of a generated protobuf message.
template <class Proto>
Message to_message(const Proto& proto) {
  return {"/" + proto.GetTypeName(), proto.SerializeAsString()};
}

struct Fee {
  Coins amount;  // canonical
  Gas gas_limit{0};
  std::string payer;    // an address where another signer pays; empty: the first signer
  std::string granter;  // an address whose fee allowance pays
};

// What its signer decides about a transaction.
struct TxDraft {
  std::vector<Message> messages;
  std::string memo;
  Fee fee;
  Height timeout_height{0};  // not valid in later blocks; 0: always
};

// What binds a signature to one chain, account and place in its history.
struct SignerState {
  std::string chain_id;
  AccountNumber account_number{0};
  Sequence sequence{0};
};

struct SignedTx {
  Bytes bytes;   // a TxRaw
  Hash256 hash;  // SHA-256 of them
};

// Signs for one signer in SIGN_MODE_DIRECT.
SignedTx sign_tx(const TxDraft& draft, const SignerState& signer,
                 const crypto::Secp256k1PrivateKey& key);

// The same with an empty signature: what Simulate takes.
Bytes unsigned_tx(const TxDraft& draft, Sequence sequence, const crypto::Secp256k1PublicKey& key);

// SHA-256 of the SignDoc: what is signed.
Hash256 sign_digest(BytesView body, BytesView auth_info, const SignerState& signer);

}  // namespace tp::client
