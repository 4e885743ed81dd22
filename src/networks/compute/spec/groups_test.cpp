#include "networks/compute/spec/groups.h"

#include <gtest/gtest.h>

#include "networks/compute/spec/error.h"

namespace tp::compute {
namespace {

constexpr std::uint64_t kMi = 1ULL << 20;
constexpr std::uint64_t kTi = 1ULL << 40;

ResourceUnit unit(std::uint32_t id = 1) {
  ResourceUnit out;
  out.resources.id = id;
  out.resources.cpu.milli_units = 100;
  out.resources.memory.bytes = 64 * kMi;
  out.resources.storage = {{"default", 64 * kMi, {}}};
  out.count = 1;
  out.price = {"utoll", Decimal::parse("10").value()};
  return out;
}

GroupSpec group(std::string name = "lane") {
  return {std::move(name), {}, {unit()}};
}

// The text of the fault, "" when the groups are fine.
std::string fault(const std::vector<GroupSpec>& groups, const GroupLimits& limits = {}) {
  const auto checked = check_group_specs(groups, limits);
  return checked ? "" : checked.error().text;
}

std::string unit_fault(void (*change)(ResourceUnit&)) {
  GroupSpec spec = group();
  change(spec.resources[0]);
  return fault({spec});
}

testing::AssertionResult says(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << text << "\" does not say \"" << part << "\"";
}

TEST(GroupSpecs, OfASmallServiceAreFine) {
  EXPECT_EQ(fault({group()}), "");
}

TEST(GroupSpecs, MustBeSome) {
  EXPECT_TRUE(is(check_group_specs({}).error(), SpecError::kNoGroups));
}

TEST(GroupSpecs, HaveNamesOfABoundedLength) {
  EXPECT_EQ(fault({group(std::string(128, 'x'))}), "");
  EXPECT_TRUE(says(fault({group(std::string(129, 'x'))}), "129 bytes of at most 128"));
}

TEST(GroupSpecs, RequireABoundedNumberOfAttributes) {
  GroupSpec spec = group();
  for (int i = 0; i < 64; ++i)
    spec.requirements.attributes.push_back({"a" + std::to_string(i), ""});
  EXPECT_EQ(fault({spec}), "");
  spec.requirements.attributes.push_back({"b0", ""});
  EXPECT_TRUE(says(fault({spec}), "too many attributes (65 > 64)"));
}

TEST(GroupSpecs, NameABoundedNumberOfAuditorsEachOnceAList) {
  GroupSpec spec = group();
  SignedBy& by = spec.requirements.signed_by;
  for (int i = 0; i < 15; ++i) by.all_of.push_back("auditor " + std::to_string(i));
  by.any_of = {"auditor 0"};
  EXPECT_EQ(fault({spec}), "");
  by.any_of.push_back("auditor 16");
  EXPECT_TRUE(says(fault({spec}), "too many auditors (17 > 16)"));
  by.any_of.clear();
  by.all_of.back() = by.all_of.front();
  EXPECT_TRUE(says(fault({spec}), "stands twice"));
}

TEST(GroupSpecs, HaveUniqueNames) {
  const std::vector<GroupSpec> twice{group(), group()};
  const auto checked = check_group_specs(twice);
  ASSERT_FALSE(checked);
  EXPECT_TRUE(is(checked.error(), SpecError::kDuplicateGroup));
  EXPECT_TRUE(says(checked.error().text, "lane: duplicate deployment group name"));
}

TEST(GroupSpecs, HaveANameAndResources) {
  EXPECT_TRUE(says(fault({group("")}), "empty group spec name"));
  EXPECT_TRUE(says(fault({{"lane", {}, {}}}), "it has no resources"));
}

TEST(GroupSpecs, AreAtMostTwenty) {
  std::vector<GroupSpec> groups;
  for (int i = 0; i < 21; ++i) groups.push_back(group("g" + std::to_string(i)));
  EXPECT_TRUE(says(fault(groups), "too many groups (21 > 20)"));
  groups.pop_back();
  EXPECT_EQ(fault(groups), "");
}

TEST(GroupSpecs, HaveAtMostTwentyUnits) {
  GroupSpec spec{"lane", {}, {}};
  for (std::uint32_t id = 1; id <= 21; ++id) spec.resources.push_back(unit(id));
  EXPECT_TRUE(says(fault({spec}), "too many units (21 > 20)"));
  spec.resources.pop_back();
  EXPECT_EQ(fault({spec}), "");
}

TEST(GroupSpecs, HaveUnitIdsAboveZeroAndUnique) {
  EXPECT_TRUE(
      says(unit_fault([](ResourceUnit& u) { u.resources.id = 0; }), "resources ID must be > 0"));
  GroupSpec spec = group();
  spec.resources.push_back(unit(1));
  EXPECT_TRUE(says(fault({spec}), "duplicate resources ID (1) within group"));
}

TEST(GroupSpecs, CountOneToFiftyReplicas) {
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.count = 0; }), "count 0 is outside 1..50"));
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.count = 51; }), "count 51 is outside 1..50"));
  EXPECT_EQ(unit_fault([](ResourceUnit& u) { u.count = 50; }), "");
}

TEST(GroupSpecs, LimitTheCpuOfAUnit) {
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.cpu.milli_units = 9; }),
                   "invalid unit cpu: 9m is outside 10m..384000m"));
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.cpu.milli_units = 384'001; }),
                   "invalid unit cpu"));
  EXPECT_EQ(unit_fault([](ResourceUnit& u) { u.resources.cpu.milli_units = 384'000; }), "");
}

TEST(GroupSpecs, LimitTheMemoryOfAUnit) {
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.memory.bytes = kMi - 1; }),
                   "invalid unit memory: 1048575 is outside 1Mi..2Ti"));
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.memory.bytes = 2 * kTi + 1; }),
                   "invalid unit memory"));
}

TEST(GroupSpecs, LimitTheSizeAndNumberOfVolumes) {
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.storage[0].bytes = 5 * kMi - 1; }),
                   "invalid unit storage.default"));
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.storage[0].bytes = 32 * kTi + 1; }),
                   "invalid unit storage.default"));
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.storage.clear(); }),
                   "there must be at least one volume"));
  EXPECT_TRUE(says(
      unit_fault([](ResourceUnit& u) { u.resources.storage.assign(21, u.resources.storage[0]); }),
      "21 volumes are more than 20"));
}

TEST(GroupSpecs, LimitTheGpusOfAUnitAndWantAttributesOnlyWithThem) {
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.resources.gpu.units = 25; }),
                   "invalid unit gpu: 25 is outside 0..24"));
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) {
                     u.resources.gpu.attributes = {{"vendor/nvidia/model/*", "true"}};
                   }),
                   "attributes cannot be present if units == 0"));
}

TEST(GroupSpecs, LimitTheTotalsOfAGroupToFiftyUnits) {
  GroupSpec spec{"lane", {}, {unit(1), unit(2)}};
  for (ResourceUnit& one : spec.resources) {
    one.resources.cpu.milli_units = 384'000;
    one.count = 26;
  }
  EXPECT_TRUE(says(fault({spec}), "invalid total CPU: 19968000 is above 19200000"));
  for (ResourceUnit& one : spec.resources) {
    one.resources.cpu.milli_units = 100;
    one.resources.memory.bytes = 2 * kTi;
  }
  EXPECT_TRUE(says(fault({spec}), "invalid total memory"));
  for (ResourceUnit& one : spec.resources) {
    one.resources.memory.bytes = 64 * kMi;
    one.resources.gpu.units = 24;
  }
  EXPECT_TRUE(says(fault({spec}), "invalid total GPU: 1248 is above 1200"));
}

TEST(GroupSpecs, LimitTheSumOfAllVolumesWhichTheReferenceForgets) {
  GroupSpec spec = group();
  spec.resources[0].resources.storage = {{"a", 32 * kTi, {}}, {"b", 32 * kTi, {}}};
  spec.resources[0].count = 26;
  EXPECT_TRUE(says(fault({spec}), "invalid total storage"));
}

TEST(GroupSpecs, HaveAPriceAboveZeroAndBelowTheMaximum) {
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.price.amount = Decimal(); }),
                   "invalid coin amount: amount is zero"));
  EXPECT_TRUE(says(
      unit_fault([](ResourceUnit& u) { u.price.amount = Decimal::parse("10000000.1").value(); }),
      "price 10000000.1 is above 10000000"));
  EXPECT_EQ(
      unit_fault([](ResourceUnit& u) { u.price.amount = Decimal::parse("10000000").value(); }), "");
}

TEST(GroupSpecs, HaveOneDenominationForAll) {
  std::vector<GroupSpec> groups{group("a"), group("b")};
  groups[1].resources[0].price.denom = "uact";
  EXPECT_TRUE(says(fault(groups), "inconsistent group denomination: utoll != uact"));
  EXPECT_TRUE(says(unit_fault([](ResourceUnit& u) { u.price.denom = "u"; }),
                   "\"u\" is not a denomination"));
}

TEST(GroupSpecs, HaveUniqueAndWellFormedRequirementKeys) {
  GroupSpec spec = group();
  spec.requirements.attributes = {{"region", "a"}, {"region", "b"}};
  EXPECT_TRUE(says(fault({spec}), "attributes cannot have duplicate keys"));
  spec.requirements.attributes = {{"1region", "a"}};
  EXPECT_TRUE(says(fault({spec}), "does not match"));
}

TEST(GroupSpecs, AreHeldToTheLimitsThatTheCallerGives) {
  GroupLimits limits;
  limits.replicas_max = 2;
  GroupSpec spec = group();
  spec.resources[0].count = 3;
  EXPECT_TRUE(says(fault({spec}, limits), "count 3 is outside 1..2"));
}

TEST(AttributeKey, BeginsWithALetterAndMayEndInAWildcard) {
  for (const std::string_view key :
       {"ab", "region", "vendor/nvidia/model/*", "a.b-c/d_e", "tee/type", "a/"})
    EXPECT_TRUE(is_attribute_key(key)) << key;
  for (const std::string_view key : {"", "a", "1a", "-a", "a b", "a*b", "a*", "ä", "**"})
    EXPECT_FALSE(is_attribute_key(key)) << key;
}

TEST(AttributeKey, HasTwoTo128Bytes) {
  EXPECT_TRUE(is_attribute_key("a" + std::string(127, 'b')));
  EXPECT_FALSE(is_attribute_key("a" + std::string(128, 'b')));
  EXPECT_FALSE(is_attribute_key("a" + std::string(126, 'b') + "/"));  // the 128th is a word or "*"
}

TEST(Denomination, IsOfCosmosForm) {
  for (const std::string_view denom : {"utoll", "uakt", "ibc/ABCDEF0123", "a-b", "factory/x:y.z_1"})
    EXPECT_TRUE(is_denomination(denom)) << denom;
  for (const std::string_view denom : {"", "ab", "1abc", "a b c", "ü12"})
    EXPECT_FALSE(is_denomination(denom)) << denom;
}

}  // namespace
}  // namespace tp::compute
