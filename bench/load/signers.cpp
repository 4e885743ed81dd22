#include "signers.h"

#include <boost/json.hpp>

#include "base/disk.h"
#include "crypto/address.h"
#include "engine/comet_types/genesis.h"

namespace tp::load {
namespace {

constexpr std::string_view kPrefix = "turn";

Bytes numbered(std::size_t size, char first, std::uint64_t number) {
  Bytes bytes(size, first);
  for (std::size_t i = 0; i < 8; ++i) bytes[size - 1 - i] = static_cast<char>(number >> (8 * i));
  return bytes;
}

}  // namespace

crypto::Secp256k1PrivateKey key_number(std::uint64_t number) {
  return crypto::Secp256k1PrivateKey::from_bytes(numbered(32, '\1', number)).value();
}

std::string address_of_key(std::uint64_t number) {
  return crypto::address_text(kPrefix, crypto::address_of(key_number(number).public_key()));
}

std::string bystander(std::uint64_t number) {
  return crypto::address_text(kPrefix,
                              crypto::module_address("bystander " + std::to_string(number)));
}

Result<Signer> Signer::load(client::RpcClient& node, std::uint64_t key) {
  TRY(const auto account, node.account(address_of_key(key)));
  if (!account) return fail(BaseError::kNotFound, "no account " + address_of_key(key));
  return Signer(key, account->number, account->sequence);
}

Bytes Signer::sign(std::vector<client::Message> messages, Gas gas) {
  client::TxDraft draft{.messages = std::move(messages)};
  draft.fee = {.amount = {{Denom::of("utoll"), Amount{1'000}}}, .gas_limit = gas};
  Bytes bytes = client::sign_tx(draft, {std::string(kChain), number_, sequence_}, key_).bytes;
  sequence_ = client::Sequence{sequence_.value + 1};
  return bytes;
}

Result<void> add_accounts(const std::string& genesis_path, std::uint64_t accounts,
                          std::uint64_t signers, const std::string& coins) {
  SystemDisk disk;
  TRY(const Bytes json, disk.read(genesis_path));
  TRY(comet_types::Genesis genesis, comet_types::parse_genesis(json));
  // As text: a million balances as JSON values would take gigabytes.
  const std::string marker = R"("balances":[)";
  const std::size_t at = genesis.app_state_json.find(marker);
  if (at == std::string::npos)
    return fail(BaseError::kInvalidText, genesis_path + " has no bank.balances");
  std::string balances;
  for (std::uint64_t i = 0; i < accounts; ++i) {
    if (i > 0) balances += ',';
    balances += R"({"address":")" + (i < signers ? address_of_key(i) : bystander(i)) +
                R"(","coins":[{"denom":"utoll","amount":")" + coins + R"("}]})";
  }
  if (genesis.app_state_json[at + marker.size()] != ']') balances += ',';
  genesis.app_state_json.insert(at + marker.size(), balances);
  return write_atomically(disk, genesis_path, comet_types::write_genesis(genesis));
}

}  // namespace tp::load
