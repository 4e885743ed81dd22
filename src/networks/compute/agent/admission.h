// Whether this provider wants an order at all: everything that can be said without looking at what
// is free. Each refusal is typed and says in words what is missing, so that a customer who asks why
// nobody bids gets an answer. Rules: specs/compute-market.md §2.3, §3.1.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "networks/compute/agent/market.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute::provider {

enum class RejectReason : std::uint8_t {
  kOwnOrder,      // nobody leases from himself
  kAttributes,    // the placement requires what we do not claim
  kSignedBy,      // an auditor that the placement names has not signed for us
  kDemands,       // the order lacks attributes that we insist on
  kCapabilities,  // storage class or GPU that we have not
  kLeasedIp,      // wants an IP address of its own
  kLimits,        // outside the limits of a group, or more volumes than we mount
  kDenomination,
  kNotice,      // asks for more notice than we give
  kCapacity,    // would fit on an empty machine or not, but not on this one now
  kPrice,       // the order pays less than we ask
  kPricing,     // our own pricing failed
  kRefused,     // the chain refused the bid
  kUnreadable,  // the node cannot tell us what it asks for
};
std::string_view name_of(RejectReason reason);  // "attributes", "signed-by", ...

struct Reject {
  RejectReason reason = RejectReason::kAttributes;
  std::string text{};
};

// What the daemon knows of its own provider.
struct Profile {
  std::string address{};
  Attributes attributes{};
  std::vector<Audit> audits{};
  Attributes demands{};           // that every order must carry in its placement
  std::string denom{};            // that we are paid in
  Duration notice{};              // the most that we promise
  std::uint32_t volumes_max = 4;  // of one unit
};

// Go's filepath.Match on the key of a requirement: `*` does not cross '/'. Values are equal.
bool satisfies(const Attribute& required, const Attribute& offered);
bool covers(const Attributes& required, const Attributes& offered);

// All reasons against the order; none: it is worth a look at inventory and price.
std::vector<Reject> reasons_against(const Order& order, const Profile& profile);

}  // namespace tp::compute::provider
