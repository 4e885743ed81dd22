#include "networks/compute/agent/market.h"

#include "client/error.h"

namespace tp::compute::provider {

bool is_away(const Error& error) {
  using client::ClientError;
  for (const ClientError kind : {ClientError::kUnreachable, ClientError::kBroken,
                                 ClientError::kTimeout, ClientError::kNotIncluded})
    if (is(error, kind)) return true;
  return false;
}

std::string OrderId::text() const {
  return owner + "/" + std::to_string(dseq) + "/" + std::to_string(gseq) + "/" +
         std::to_string(oseq);
}

workload::LeaseKey lease_key(const OrderId& id, const std::string& provider) {
  return {
      .owner = id.owner, .dseq = id.dseq, .gseq = id.gseq, .oseq = id.oseq, .provider = provider};
}

OrderId order_of(const workload::LeaseKey& key) {
  return {.owner = key.owner, .dseq = key.dseq, .gseq = key.gseq, .oseq = key.oseq};
}

}  // namespace tp::compute::provider
