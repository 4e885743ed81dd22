// The market that the benchmarks look at: deployment number `dseq` belongs to tenant
// dseq % kTenants, and provider dseq % kProviders serves it.
#pragma once

#include <cstdint>

#include "client/tx_builder.h"

namespace tp::load {

inline constexpr std::uint64_t kTenants = 1'000;
inline constexpr std::uint64_t kProviders = 50;

// The number of the key of a deployment's owner and of its provider.
constexpr std::uint64_t tenant_of(std::uint64_t dseq) {
  return dseq % kTenants;
}
constexpr std::uint64_t provider_of(std::uint64_t dseq) {
  return kTenants + dseq % kProviders;
}

// How much of its life a deployment has behind it.
enum class Stage { kOrder, kBid, kLeased, kClosed };

// The messages of lives, to be signed by the tenant or the provider. Addresses are computed once.
class MarketMessages {
 public:
  MarketMessages();
  const std::string& tenant(std::uint64_t dseq) const { return addresses_[tenant_of(dseq)]; }
  const std::string& provider(std::uint64_t dseq) const { return addresses_[provider_of(dseq)]; }
  const std::string& address(std::uint64_t key) const { return addresses_[key]; }

  client::Message create(std::uint64_t dseq) const;
  client::Message bid(std::uint64_t dseq) const;
  client::Message lease(std::uint64_t dseq) const;
  client::Message close(std::uint64_t dseq) const;
  client::Message register_provider(std::uint64_t key) const;

 private:
  std::vector<std::string> addresses_;  // by number of the key
};

}  // namespace tp::load
