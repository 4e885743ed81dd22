#include "networks/compute/agent/admission.h"

#include <gtest/gtest.h>

#include "networks/compute/agent/fakes.h"

namespace tp::compute::provider {
namespace {

Profile us() {
  return {.address = kUs,
          .attributes = {{"region", "local"},
                         {"capabilities/storage/1/class", "default"},
                         {"capabilities/storage/1/persistent", "true"},
                         {"capabilities/storage/2/class", "ram"},
                         {"capabilities/storage/2/persistent", "false"},
                         {"capabilities/gpu/vendor/nvidia/model/a100", "true"}},
          .denom = "utoll"};
}

std::vector<RejectReason> reasons(const Order& asked, const Profile& profile = us()) {
  std::vector<RejectReason> out;
  for (const Reject& one : reasons_against(asked, profile)) out.push_back(one.reason);
  return out;
}
using Reasons = std::vector<RejectReason>;

TEST(Admission, APlainOrderIsWelcome) {
  EXPECT_EQ(reasons(order(1)), Reasons{});
}

TEST(Admission, NobodyLeasesFromHimself) {
  Order asked = order(1);
  asked.id.owner = kUs;
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kOwnOrder});
}

TEST(Admission, RequiredAttributesMustBeOurs) {
  Order asked = order(1);
  asked.spec.requirements.attributes = {{"region", "local"}};
  EXPECT_EQ(reasons(asked), Reasons{});
  asked.spec.requirements.attributes = {{"region", "elsewhere"}};
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kAttributes});
}

TEST(Admission, AnOrderWithALeasedIpIsNotBidOn) {
  Order asked = order(1);
  asked.spec.resources[0].resources.endpoints.push_back({EndpointKind::kRandomPort, 0});
  EXPECT_EQ(reasons(asked), Reasons{});
  asked.spec.resources[0].resources.endpoints.push_back({EndpointKind::kLeasedIp, 1});
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kLeasedIp});
  EXPECT_EQ(name_of(RejectReason::kLeasedIp), "leased-ip");
}

TEST(Admission, AStarInARequiredKeyDoesNotCrossASlash) {
  EXPECT_TRUE(satisfies({"reg*", "x"}, {"region", "x"}));
  EXPECT_TRUE(satisfies({"a/*/c", "x"}, {"a/b/c", "x"}));
  EXPECT_FALSE(satisfies({"a/*", "x"}, {"a/b/c", "x"}));
  EXPECT_FALSE(satisfies({"region", "x"}, {"region", "y"}));
}

TEST(Admission, AllNamedAuditorsMustHaveSignedAllAttributes) {
  Order asked = order(1);
  asked.spec.requirements.attributes = {{"region", "local"}};
  asked.spec.requirements.signed_by.all_of = {"turn1a", "turn1b"};
  Profile profile = us();
  profile.audits = {{"turn1a", {{"region", "local"}}}, {"turn1b", {{"tier", "x"}}}};
  EXPECT_EQ(reasons(asked, profile), Reasons{RejectReason::kSignedBy});
  profile.audits[1].attributes = {{"region", "local"}};
  EXPECT_EQ(reasons(asked, profile), Reasons{});
}

TEST(Admission, OneOfTheAuditorsInAnyOfIsEnough) {
  Order asked = order(1);
  asked.spec.requirements.signed_by.any_of = {"turn1a", "turn1b"};
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kSignedBy});
  Profile profile = us();
  profile.audits = {{"turn1b", {}}};
  EXPECT_EQ(reasons(asked, profile), Reasons{});
}

TEST(Admission, OrdersMustCarryWhatWeDemand) {
  Profile profile = us();
  profile.demands = {{"tier", "paid"}};
  EXPECT_EQ(reasons(order(1), profile), Reasons{RejectReason::kDemands});
  Order asked = order(1);
  profile.attributes.push_back({"tier", "paid"});
  asked.spec.requirements.attributes = {{"tier", "paid"}};
  EXPECT_EQ(reasons(asked, profile), Reasons{});
}

TEST(Admission, AStorageClassMustBeOneThatWeHave) {
  Order asked = order(1);
  auto& storage = asked.spec.resources[0].resources.storage;
  storage.push_back({.name = "data",
                     .bytes = 64 << 20,
                     .attributes = {{"class", "default"}, {"persistent", "true"}}});
  EXPECT_EQ(reasons(asked), Reasons{});
  // Class and persistence of two different groups are not one group that has both.
  storage[1].attributes = {{"class", "ram"}, {"persistent", "true"}};
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kCapabilities});
}

TEST(Admission, AnyOneOfTheNamedGpusWillDo) {
  Order asked = order(1);
  asked.spec.resources[0].resources.gpu = {
      .units = 1,
      .attributes = {{"vendor/nvidia/model/h100", "true"}, {"vendor/nvidia/model/a100", "true"}}};
  EXPECT_EQ(reasons(asked), Reasons{});
  asked.spec.resources[0].resources.gpu.attributes.pop_back();
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kCapabilities});
}

TEST(Admission, MoreVolumesThanWeMountAreRefused) {
  Order asked = order(1);
  for (int i = 0; i < 4; ++i)
    asked.spec.resources[0].resources.storage.push_back(
        {.name = "v" + std::to_string(i), .bytes = 5 << 20});
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kLimits});
}

TEST(Admission, AnotherDenominationIsRefused) {
  Profile profile = us();
  profile.denom = "uusd";
  EXPECT_EQ(reasons(order(1), profile), Reasons{RejectReason::kDenomination});
}

TEST(Admission, MoreNoticeThanWePromiseIsRefused) {
  Order asked = order(1);
  asked.notice_min = Duration::hours(2);
  EXPECT_EQ(reasons(asked), Reasons{RejectReason::kNotice});
  Profile profile = us();
  profile.notice = Duration::hours(2);
  EXPECT_EQ(reasons(asked, profile), Reasons{});
}

TEST(Admission, LimitsOfTheMarketAreOursToo) {
  EXPECT_EQ(reasons(order(1, {unit(1, 32, 64)})), Reasons{RejectReason::kLimits});
  EXPECT_EQ(reasons(order(1, {}))[0], RejectReason::kLimits);
}

TEST(Admission, AllReasonsAreGivenAtOnce) {
  Order asked = order(1);
  asked.spec.requirements.attributes = {{"region", "elsewhere"}};
  asked.notice_min = Duration::hours(2);
  EXPECT_EQ(reasons(asked), (Reasons{RejectReason::kAttributes, RejectReason::kNotice}));
}

}  // namespace
}  // namespace tp::compute::provider
