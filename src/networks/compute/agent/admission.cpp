#include "networks/compute/agent/admission.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>

namespace tp::compute::provider {
namespace {

constexpr std::string_view kStorage = "capabilities/storage/";
constexpr std::string_view kGpu = "capabilities/gpu/";

std::string text_of(const Attributes& attributes) {
  std::string out;
  for (const Attribute& one : attributes)
    out += (out.empty() ? "" : ", ") + one.key + "=" + one.value;
  return out;
}

Attributes missing(const Attributes& required, const Attributes& offered) {
  Attributes out;
  for (const Attribute& need : required)
    if (std::ranges::none_of(offered, [&](const auto& one) { return satisfies(need, one); }))
      out.push_back(need);
  return out;
}

void check_placement(const PlacementRequirements& requirements, const Profile& profile,
                     std::vector<Reject>& out) {
  const SignedBy& by = requirements.signed_by;
  if (by.all_of.empty() && by.any_of.empty()) {
    if (const Attributes lacking = missing(requirements.attributes, profile.attributes);
        !lacking.empty())
      out.push_back({RejectReason::kAttributes, "this provider has not " + text_of(lacking)});
    return;
  }
  const auto vouches = [&](const std::string& auditor) {
    return std::ranges::any_of(profile.audits, [&](const Audit& audit) {
      return audit.auditor == auditor && covers(requirements.attributes, audit.attributes);
    });
  };
  for (const std::string& auditor : by.all_of)
    if (!vouches(auditor))
      out.push_back({RejectReason::kSignedBy,
                     auditor + " has not signed " + text_of(requirements.attributes) + " for us"});
  if (!by.any_of.empty() && std::ranges::none_of(by.any_of, vouches))
    out.push_back({RejectReason::kSignedBy, "none of the auditors named in any_of has signed " +
                                                text_of(requirements.attributes) + " for us"});
}

// The provider's storage groups: "capabilities/storage/<n>/<key>" by n.
std::map<std::string, Attributes> storage_groups(const Attributes& own) {
  std::map<std::string, Attributes> out;
  for (const Attribute& one : own) {
    if (!one.key.starts_with(kStorage)) continue;
    const std::string rest = one.key.substr(kStorage.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string::npos) continue;
    out[rest.substr(0, slash)].push_back({rest.substr(slash + 1), one.value});
  }
  return out;
}

void check_unit(const Resources& resources, const Profile& profile, std::vector<Reject>& out) {
  const std::string unit = "unit " + std::to_string(resources.id);
  const auto groups = storage_groups(profile.attributes);
  for (const Volume& volume : resources.storage) {
    const bool found =
        volume.attributes.empty() || std::ranges::any_of(groups, [&](const auto& group) {
          return covers(volume.attributes, group.second);
        });
    if (!found)
      out.push_back({RejectReason::kCapabilities,
                     unit + ": no storage with " + text_of(volume.attributes) + " here"});
  }
  if (resources.gpu.units > 0) {
    Attributes models;
    for (const Attribute& one : profile.attributes)
      if (one.key.starts_with(kGpu)) models.push_back({one.key.substr(kGpu.size()), one.value});
    const bool found = std::ranges::any_of(
        resources.gpu.attributes, [&](const auto& wanted) { return covers({wanted}, models); });
    if (!found)
      out.push_back({RejectReason::kCapabilities,
                     unit + ": no GPU of " + text_of(resources.gpu.attributes) + " here"});
  }
  if (std::ranges::any_of(resources.endpoints,
                          [](const Endpoint& one) { return one.kind == EndpointKind::kLeasedIp; }))
    out.push_back({RejectReason::kLeasedIp, unit + ": no IP addresses are leased here"});
  if (resources.storage.size() > profile.volumes_max)
    out.push_back({RejectReason::kLimits, unit + ": " + std::to_string(resources.storage.size()) +
                                              " volumes, at most " +
                                              std::to_string(profile.volumes_max) + " here"});
}

}  // namespace

std::string_view name_of(RejectReason reason) {
  switch (reason) {
    case RejectReason::kOwnOrder: return "own-order";
    case RejectReason::kAttributes: return "attributes";
    case RejectReason::kSignedBy: return "signed-by";
    case RejectReason::kDemands: return "demands";
    case RejectReason::kCapabilities: return "capabilities";
    case RejectReason::kLeasedIp: return "leased-ip";
    case RejectReason::kLimits: return "limits";
    case RejectReason::kDenomination: return "denomination";
    case RejectReason::kNotice: return "notice";
    case RejectReason::kCapacity: return "capacity";
    case RejectReason::kPrice: return "price";
    case RejectReason::kPricing: return "pricing";
    case RejectReason::kRefused: return "refused";
    case RejectReason::kUnreadable: return "unreadable";
  }
  TP_FATAL("RejectReason out of range");
}

bool satisfies(const Attribute& required, const Attribute& offered) {
  return required.value == offered.value &&
         ::fnmatch(required.key.c_str(), offered.key.c_str(), FNM_PATHNAME) == 0;
}

bool covers(const Attributes& required, const Attributes& offered) {
  return missing(required, offered).empty();
}

std::vector<Reject> reasons_against(const Order& order, const Profile& profile) {
  std::vector<Reject> out;
  if (order.id.owner == profile.address)
    out.push_back({RejectReason::kOwnOrder, "owner and provider are the same account"});
  check_placement(order.spec.requirements, profile, out);
  if (const Attributes lacking = missing(profile.demands, order.spec.requirements.attributes);
      !lacking.empty())
    out.push_back({RejectReason::kDemands, "we serve only orders with " + text_of(lacking)});
  if (order.spec.resources.empty()) out.push_back({RejectReason::kLimits, "asks for nothing"});
  for (const ResourceUnit& unit : order.spec.resources) {
    check_unit(unit.resources, profile, out);
    if (unit.price.denom != profile.denom)
      out.push_back({RejectReason::kDenomination,
                     "pays in " + unit.price.denom + ", and we ask for " + profile.denom});
  }
  if (const auto fine = check_group_specs({{order.spec}}); !fine)
    out.push_back({RejectReason::kLimits, fine.error().text});
  if (order.notice_min && *order.notice_min > profile.notice)
    out.push_back({RejectReason::kNotice,
                   "wants " + std::to_string(order.notice_min->nanoseconds / 3'600'000'000'000) +
                       " h of notice, more than we promise"});
  return out;
}

}  // namespace tp::compute::provider
