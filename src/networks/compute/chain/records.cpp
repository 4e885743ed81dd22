#include "networks/compute/chain/records.h"

namespace tp::compute {

Bytes spec_payload(const OrderId& id) {
  Bytes payload;
  store::append_key(payload, id);
  return payload;
}

std::optional<OrderId> order_named(const market::Spec& spec) {
  BytesView bytes = spec.payload;
  OrderId id;
  if (!store::take_key(bytes, id) || !bytes.empty()) return std::nullopt;
  return id;
}

}  // namespace tp::compute
