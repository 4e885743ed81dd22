#include "networks/compute/agent/market.h"

namespace tp::compute::provider {

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
