#include "market.h"

#include "app/testing/people.h"
#include "signers.h"

namespace tp::load {

namespace people = ::tp::app::testing;

MarketMessages::MarketMessages() {
  for (std::uint64_t key = 0; key < kTenants + kProviders; ++key)
    addresses_.push_back(address_of_key(key));
}

client::Message MarketMessages::create(std::uint64_t dseq) const {
  return client::to_message(people::deployment(tenant(dseq), dseq));
}

client::Message MarketMessages::bid(std::uint64_t dseq) const {
  return client::to_message(people::bid(tenant(dseq), dseq, provider(dseq)));
}

client::Message MarketMessages::lease(std::uint64_t dseq) const {
  return client::to_message(people::acceptance(people::bid(tenant(dseq), dseq, provider(dseq))));
}

client::Message MarketMessages::close(std::uint64_t dseq) const {
  return client::to_message(people::closing(tenant(dseq), dseq));
}

client::Message MarketMessages::register_provider(std::uint64_t key) const {
  return client::to_message(people::registration(addresses_[key]));
}

}  // namespace tp::load
