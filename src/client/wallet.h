// One account that signs and sends: it knows its sequence, pays for gas, and says what became of
// each transaction.
//
// Errors of what the chain refuses carry the chain's codespace, code and log. Safe to call from
// many threads; transactions of one wallet reach the mempool one after the other and wait for
// their blocks side by side.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/coin.h"
#include "base/result.h"
#include "client/rpc_client.h"
#include "client/tx_builder.h"
#include "crypto/keyring.h"
#include "crypto/secp256k1.h"

namespace tp::client {

struct WalletOptions {
  std::string hrp;    // of addresses on this chain
  DecCoin gas_price;  // base units for one gas
  // What is bought for what the simulation used: state may change until the block.
  std::uint32_t gas_percent = 130;
  Duration inclusion_timeout = Duration::seconds(30);
};

class Wallet {
 public:
  // `rpc` outlives the wallet.
  Wallet(RpcClient& rpc, crypto::Secp256k1PrivateKey key, WalletOptions options);
  Wallet(const Wallet&) = delete;
  Wallet& operator=(const Wallet&) = delete;

  const Address& address() const { return address_; }
  const std::string& address_text() const { return address_text_; }
  const crypto::Secp256k1PrivateKey& key() const { return key_; }  // for tokens and certificates

  // Simulates, signs, hands to the mempool and waits for the block. When our sequence was wrong
  // (another program uses the key), takes the chain's and tries again.
  // Errors: what the simulation, the mempool or the block refused; kNotFound (the account has never
  // held money); kNotIncluded.
  Result<TxOutcome> send(const std::vector<Message>& messages, std::string_view memo = {});

  // The same without waiting: the hash, once the mempool has accepted.
  Result<Hash256> submit(const std::vector<Message>& messages, std::string_view memo = {});

  // The fee that send would offer now.
  Result<Fee> estimate(const std::vector<Message>& messages, std::string_view memo = {});

 private:
  // A transaction that was handed over; `doubt` when nobody said that it arrived.
  struct Submitted {
    Hash256 hash;
    std::optional<Error> doubt;
  };

  Result<Submitted> hand_over(const std::vector<Message>& messages, std::string_view memo);
  Result<void> learn_state();
  Result<void> correct_sequence(std::string_view log);
  Result<Fee> fee_for(const TxDraft& draft);
  void forget_state();

  RpcClient& rpc_;
  const crypto::Secp256k1PrivateKey key_;
  const crypto::Secp256k1PublicKey public_key_;
  const WalletOptions options_;
  const Address address_;
  const std::string address_text_;
  std::mutex mutex_;
  std::optional<SignerState> state_;  // the next transaction's; unknown at first and after doubt
};

}  // namespace tp::client
