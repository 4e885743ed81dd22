// Keys by number, so that every part of a benchmark knows the same accounts without a file between
// them.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "client/rpc_client.h"
#include "client/tx_builder.h"
#include "crypto/secp256k1.h"

namespace tp::load {

inline constexpr std::string_view kChain = "bench-1";

crypto::Secp256k1PrivateKey key_number(std::uint64_t number);
std::string address_of_key(std::uint64_t number);
// An account without a key: it makes the state large and receives.
std::string bystander(std::uint64_t number);

// Signs for one account, one sequence after the other.
class Signer {
 public:
  Signer(std::uint64_t key, client::AccountNumber number, client::Sequence sequence = {})
      : key_(key_number(key)), number_(number), sequence_(sequence), text_(address_of_key(key)) {}
  // With the number and the sequence that the node knows. Errors: those of RpcClient; kNotFound.
  static Result<Signer> load(client::RpcClient& node, std::uint64_t key);

  const std::string& text() const { return text_; }
  Bytes sign(std::vector<client::Message> messages, Gas gas);

 private:
  crypto::Secp256k1PrivateKey key_;
  client::AccountNumber number_;
  client::Sequence sequence_;
  std::string text_;
};

// Adds `signers` accounts with keys and as many bystanders as make `accounts` to the genesis file,
// each with `coins` utoll. Errors: those of the file; kInvalidText.
Result<void> add_accounts(const std::string& genesis_path, std::uint64_t accounts,
                          std::uint64_t signers, const std::string& coins);

}  // namespace tp::load
