#include "market.h"

#include "akash/deployment/v1beta4/deploymentmsg.pb.h"
#include "akash/market/v1beta5/bidmsg.pb.h"
#include "akash/market/v1beta5/leasemsg.pb.h"
#include "akash/provider/v1beta4/msg.pb.h"
#include "signers.h"

namespace tp::load {
namespace {

akash::deployment::v1beta4::GroupSpec small_group() {
  akash::deployment::v1beta4::GroupSpec group;
  group.set_name("g");
  auto& unit = *group.add_resources();
  unit.set_count(1);
  unit.mutable_price()->set_denom("utoll");
  unit.mutable_price()->set_amount("100000000000000000000");
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

void set_deposit(akash::base::deposit::v1::Deposit& deposit) {
  deposit.mutable_amount()->set_denom("utoll");
  deposit.mutable_amount()->set_amount("500000");
  deposit.add_sources(akash::base::deposit::v1::balance);
}

void set_id(akash::market::v1::BidID& id, const MarketMessages& market, std::uint64_t dseq) {
  id.set_owner(market.tenant(dseq));
  id.set_dseq(dseq);
  id.set_gseq(1);
  id.set_oseq(1);
  id.set_provider(market.provider(dseq));
}

}  // namespace

MarketMessages::MarketMessages() {
  for (std::uint64_t key = 0; key < kTenants + kProviders; ++key)
    addresses_.push_back(address_of_key(key));
}

client::Message MarketMessages::create(std::uint64_t dseq) const {
  akash::deployment::v1beta4::MsgCreateDeployment message;
  message.mutable_id()->set_owner(tenant(dseq));
  message.mutable_id()->set_dseq(dseq);
  *message.add_groups() = small_group();
  message.set_hash(Bytes(32, 'h'));
  set_deposit(*message.mutable_deposit());
  return client::to_message(message);
}

client::Message MarketMessages::bid(std::uint64_t dseq) const {
  akash::market::v1beta5::MsgCreateBid message;
  set_id(*message.mutable_id(), *this, dseq);
  message.mutable_price()->set_denom("utoll");
  message.mutable_price()->set_amount("1000000000000000000");
  set_deposit(*message.mutable_deposit());
  return client::to_message(message);
}

client::Message MarketMessages::lease(std::uint64_t dseq) const {
  akash::market::v1beta5::MsgCreateLease message;
  set_id(*message.mutable_bid_id(), *this, dseq);
  return client::to_message(message);
}

client::Message MarketMessages::close(std::uint64_t dseq) const {
  akash::deployment::v1beta4::MsgCloseDeployment message;
  message.mutable_id()->set_owner(tenant(dseq));
  message.mutable_id()->set_dseq(dseq);
  return client::to_message(message);
}

client::Message MarketMessages::register_provider(std::uint64_t key) const {
  akash::provider::v1beta4::MsgCreateProvider message;
  message.set_owner(addresses_[key]);
  message.set_host_uri("https://provider.example:8443");
  return client::to_message(message);
}

}  // namespace tp::load
