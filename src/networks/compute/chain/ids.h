// The names of Akash's objects. Each contains the one before; a lease has the name of its bid.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "base/address.h"

namespace tp::compute {

struct DeploymentId {
  Address owner;
  std::uint64_t dseq = 0;  // chosen by the owner, not 0

  auto fields() { return std::tie(owner, dseq); }
  auto fields() const { return std::tie(owner, dseq); }
  auto operator<=>(const DeploymentId&) const = default;
};

struct GroupId {
  DeploymentId deployment;
  std::uint32_t gseq = 0;  // from 1

  auto fields() { return std::tie(deployment, gseq); }
  auto fields() const { return std::tie(deployment, gseq); }
  auto operator<=>(const GroupId&) const = default;
};

struct OrderId {
  GroupId group;
  std::uint32_t oseq = 0;  // from 1

  const DeploymentId& deployment() const { return group.deployment; }
  const Address& owner() const { return group.deployment.owner; }

  auto fields() { return std::tie(group, oseq); }
  auto fields() const { return std::tie(group, oseq); }
  auto operator<=>(const OrderId&) const = default;
};

// bseq is always 0 and therefore not here.
struct BidId {
  OrderId order;
  Address provider;

  auto fields() { return std::tie(order, provider); }
  auto fields() const { return std::tie(order, provider); }
  auto operator<=>(const BidId&) const = default;
};
using LeaseId = BidId;

}  // namespace tp::compute
