// Who acts in tests and benchmarks of whole chains, and what they sign: bytes as a client would
// post them.
#pragma once

#include <string>

#include "akash/deployment/v1beta4/deploymentmsg.pb.h"
#include "akash/market/v1beta5/bidmsg.pb.h"
#include "akash/market/v1beta5/leasemsg.pb.h"
#include "akash/provider/v1beta4/msg.pb.h"
#include "client/tx_builder.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "crypto/address.h"

namespace tp::app::testing {

inline crypto::Secp256k1PrivateKey key_number(std::uint64_t number) {
  Bytes seed(32, '\1');
  for (int i = 0; i < 8; ++i) seed[31 - i] = static_cast<char>(number >> (8 * i));
  return crypto::Secp256k1PrivateKey::from_bytes(seed).value();
}

inline std::string text_of(const crypto::Secp256k1PrivateKey& key) {
  return crypto::address_text("turn", crypto::address_of(key.public_key()));
}

// The number that genesis gives to the first account of its list: the modules' accounts come first.
inline constexpr std::uint64_t kFirstAccountNumber = 2;  // the bank's two

// Signs for one account after the other sequence.
class Signer {
 public:
  // The `number`-th account of genesis, from 0, of the chain `chain_id`.
  Signer(std::string chain_id, std::uint64_t number, client::Sequence next = client::Sequence{0})
      : chain_id_(std::move(chain_id)),
        key_(key_number(number)),
        number_(kFirstAccountNumber + number),
        sequence_(next.value),
        text_(text_of(key_)) {}
  const std::string& text() const { return text_; }
  Address address() const { return crypto::address_of(key_.public_key()); }

  template <class Proto>
  Bytes sign(const Proto& message, std::uint64_t gas = 1'000'000) {
    client::TxDraft draft{.messages = {client::to_message(message)}};
    draft.fee = {.amount = {{Denom::of("utoll"), Amount{1'000}}}, .gas_limit = Gas{gas}};
    return client::sign_tx(
               draft, {chain_id_, client::AccountNumber{number_}, client::Sequence{sequence_++}},
               key_)
        .bytes;
  }

 private:
  std::string chain_id_;
  crypto::Secp256k1PrivateKey key_;
  std::uint64_t number_;
  std::uint64_t sequence_;
  std::string text_;
};

// --- Messages ---

inline void set_deposit(akash::base::deposit::v1::Deposit& deposit, std::uint64_t amount) {
  deposit.mutable_amount()->set_denom("utoll");
  deposit.mutable_amount()->set_amount(std::to_string(amount));
  deposit.add_sources(akash::base::deposit::v1::balance);
}

// Prices travel as decimals of 18 digits without a point.
template <class DecCoin>
void set_price(DecCoin& price, std::uint64_t units) {
  price.set_denom("utoll");
  price.set_amount(std::to_string(units) + std::string(18, '0'));
}

inline akash::deployment::v1beta4::GroupSpec small_group() {
  akash::deployment::v1beta4::GroupSpec group;
  group.set_name("g");
  auto& unit = *group.add_resources();
  unit.set_count(1);
  set_price(*unit.mutable_price(), 100);
  auto& resources = *unit.mutable_resource();
  resources.set_id(1);
  resources.mutable_cpu()->mutable_units()->set_val("100");
  resources.mutable_memory()->mutable_quantity()->set_val("134217728");
  auto& volume = *resources.add_storage();
  volume.set_name("default");
  volume.mutable_quantity()->set_val("134217728");
  resources.mutable_gpu()->mutable_units()->set_val("0");
  resources.add_endpoints()->set_kind(akash::base::resources::v1beta4::Endpoint::SHARED_HTTP);
  return group;
}

inline akash::provider::v1beta4::MsgCreateProvider registration(const std::string& owner) {
  akash::provider::v1beta4::MsgCreateProvider message;
  message.set_owner(owner);
  message.set_host_uri("https://provider.example:8443");
  return message;
}

inline akash::deployment::v1beta4::MsgCreateDeployment deployment(const std::string& owner,
                                                                  std::uint64_t dseq,
                                                                  std::uint64_t deposit = 500'000) {
  akash::deployment::v1beta4::MsgCreateDeployment message;
  message.mutable_id()->set_owner(owner);
  message.mutable_id()->set_dseq(dseq);
  *message.add_groups() = small_group();
  message.set_hash(Bytes(32, 'h'));
  set_deposit(*message.mutable_deposit(), deposit);
  return message;
}

// For the only order of the deployment. `price` is per tick.
inline akash::market::v1beta5::MsgCreateBid bid(const std::string& owner, std::uint64_t dseq,
                                                const std::string& provider,
                                                std::uint64_t price = 1) {
  akash::market::v1beta5::MsgCreateBid message;
  auto& id = *message.mutable_id();
  id.set_owner(owner);
  id.set_dseq(dseq);
  id.set_gseq(1);
  id.set_oseq(1);
  id.set_provider(provider);
  set_price(*message.mutable_price(), price);
  set_deposit(*message.mutable_deposit(), 500'000);
  return message;
}

inline akash::market::v1beta5::MsgCreateLease acceptance(
    const akash::market::v1beta5::MsgCreateBid& bid) {
  akash::market::v1beta5::MsgCreateLease message;
  *message.mutable_bid_id() = bid.id();
  return message;
}

inline akash::deployment::v1beta4::MsgCloseDeployment closing(const std::string& owner,
                                                              std::uint64_t dseq) {
  akash::deployment::v1beta4::MsgCloseDeployment message;
  message.mutable_id()->set_owner(owner);
  message.mutable_id()->set_dseq(dseq);
  return message;
}

inline cosmos::bank::v1beta1::MsgSend transfer(const std::string& from, const std::string& to,
                                               std::uint64_t amount) {
  cosmos::bank::v1beta1::MsgSend message;
  message.set_from_address(from);
  message.set_to_address(to);
  message.add_amount()->set_denom("utoll");
  message.mutable_amount(0)->set_amount(std::to_string(amount));
  return message;
}

}  // namespace tp::app::testing
