#include "networks/compute/chain/matching.h"

#include <gtest/gtest.h>

namespace tp::compute {
namespace {

TEST(Glob, AStarCoversAnythingButASlash) {
  EXPECT_TRUE(glob_matches("vendor/nvidia/model/*", "vendor/nvidia/model/a100"));
  EXPECT_FALSE(glob_matches("vendor/nvidia/model/*", "vendor/nvidia/model/a100/ram/80Gi"));
  EXPECT_TRUE(glob_matches("a*c*e", "abcde"));
  EXPECT_FALSE(glob_matches("a*c*e", "ab/cde"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*", "a"));
  EXPECT_TRUE(glob_matches("*/b", "a/b"));
  EXPECT_FALSE(glob_matches("*b", "a/b"));
}

TEST(Glob, WithoutWildcardsItIsEquality) {
  EXPECT_TRUE(glob_matches("region", "region"));
  EXPECT_FALSE(glob_matches("region", "regions"));
  EXPECT_FALSE(glob_matches("regions", "region"));
  EXPECT_FALSE(glob_matches("", "region"));
  EXPECT_TRUE(glob_matches("", ""));
}

TEST(Glob, AQuestionMarkIsOneCharacter) {
  EXPECT_TRUE(glob_matches("a?c", "abc"));
  EXPECT_TRUE(glob_matches("a?c",
                           "a\xc3\xa9"
                           "c"));
  EXPECT_FALSE(glob_matches("a?c", "a/c"));
  EXPECT_FALSE(glob_matches("a?", "a"));
}

TEST(Glob, ClassesAndEscapes) {
  EXPECT_TRUE(glob_matches("a[b-d]e", "ace"));
  EXPECT_FALSE(glob_matches("a[b-d]e", "aee"));
  EXPECT_TRUE(glob_matches("a[^b-d]e", "axe"));
  EXPECT_TRUE(glob_matches("a\\*b", "a*b"));
  EXPECT_FALSE(glob_matches("a\\*b", "axb"));
  EXPECT_TRUE(glob_matches("[\\]a]", "]"));
}

TEST(Glob, AMalformedPatternMatchesNothing) {
  for (const char* pattern : {"[", "[a", "[]a]", "[-]", "[a-]", "a\\", "[^]"}) {
    EXPECT_FALSE(glob_matches(pattern, "a")) << pattern;
    EXPECT_FALSE(glob_matches(pattern, "]")) << pattern;
  }
}

TEST(Requirements, EveryAttributeIsTheProvidersOwn) {
  const PlacementRequirements needs{.signed_by = {},
                                    .attributes = {{"region", "eu"}, {"tier", "1"}}};
  EXPECT_TRUE(matches_requirements(needs, {{"region", "eu"}, {"tier", "1"}, {"x", "y"}}, {}));
  EXPECT_FALSE(matches_requirements(needs, {{"region", "eu"}}, {}));
  EXPECT_FALSE(matches_requirements(needs, {{"region", "us"}, {"tier", "1"}}, {}));
  EXPECT_TRUE(matches_requirements({}, {}, {}));
}

TEST(Requirements, AllOfTheAuditorsAndOneOfTheOthersHaveSigned) {
  const PlacementRequirements needs{.signed_by = {.all_of = {"a", "b"}, .any_of = {"c", "d"}},
                                    .attributes = {{"region", "eu"}}};
  const registry::Attributes eu{{"region", "eu"}};
  const Signed a{"a", eu}, b{"b", eu}, d{"d", eu}, wrong{"d", {{"region", "us"}}};
  EXPECT_TRUE(matches_requirements(needs, {}, std::vector{a, b, d}));
  EXPECT_FALSE(matches_requirements(needs, eu, std::vector{a, b}));
  EXPECT_FALSE(matches_requirements(needs, eu, std::vector{a, d}));
  EXPECT_FALSE(matches_requirements(needs, eu, std::vector{a, b, wrong}));
  EXPECT_FALSE(matches_requirements(needs, eu, {}));
}

TEST(Requirements, AnAuditorMustHaveSignedSomethingEvenIfNothingIsRequired) {
  const PlacementRequirements needs{.signed_by = {.all_of = {}, .any_of = {"c"}}, .attributes = {}};
  EXPECT_FALSE(matches_requirements(needs, {{"x", "y"}}, {}));
  EXPECT_TRUE(matches_requirements(needs, {}, std::vector{Signed{"c", {{"x", "y"}}}}));
}

std::vector<ResourceUnit> unit_with(Attributes storage, std::uint64_t gpus, Attributes models) {
  ResourceUnit unit;
  unit.resources.storage = {{"data", 1, std::move(storage)}};
  unit.resources.gpu = {gpus, std::move(models)};
  return {unit};
}

TEST(Capabilities, AVolumeIsOfOneStorageGroup) {
  const auto units = unit_with({{"class", "beta2"}, {"persistent", "true"}}, 0, {});
  EXPECT_TRUE(matches_capabilities(units, {{"capabilities/storage/1/class", "beta2"},
                                           {"capabilities/storage/1/persistent", "true"}}));
  // The class of one group and the persistence of another make no volume.
  EXPECT_FALSE(matches_capabilities(units, {{"capabilities/storage/1/class", "beta2"},
                                            {"capabilities/storage/1/persistent", "false"},
                                            {"capabilities/storage/2/class", "beta3"},
                                            {"capabilities/storage/2/persistent", "true"}}));
  EXPECT_FALSE(matches_capabilities(units, {}));
}

TEST(Capabilities, AVolumeWithoutAttributesFitsEverywhere) {
  EXPECT_TRUE(matches_capabilities(unit_with({}, 0, {}), {}));
}

TEST(Capabilities, AnyOneOfTheModelsWillDo) {
  const auto units = unit_with(
      {}, 1, {{"vendor/nvidia/model/a100/ram/80Gi", "true"}, {"vendor/nvidia/model/h100", "true"}});
  EXPECT_TRUE(matches_capabilities(units, {{"capabilities/gpu/vendor/nvidia/model/h100", "true"}}));
  EXPECT_TRUE(matches_capabilities(
      units, {{"capabilities/gpu/vendor/nvidia/model/a100/ram/80Gi", "true"}}));
  EXPECT_FALSE(
      matches_capabilities(units, {{"capabilities/gpu/vendor/nvidia/model/a100", "true"}}));
  EXPECT_FALSE(
      matches_capabilities(units, {{"capabilities/gpu/vendor/nvidia/model/h100", "false"}}));
}

TEST(Capabilities, AnyModelIsAWildcard) {
  const auto units = unit_with({}, 1, {{"vendor/nvidia/model/*", "true"}});
  EXPECT_TRUE(matches_capabilities(units, {{"capabilities/gpu/vendor/nvidia/model/t4", "true"}}));
  EXPECT_FALSE(matches_capabilities(units, {{"capabilities/gpu/vendor/amd/model/mi100", "true"}}));
}

TEST(Capabilities, WithoutGpusNothingIsAsked) {
  EXPECT_TRUE(matches_capabilities(unit_with({}, 0, {}), {}));
}

}  // namespace
}  // namespace tp::compute
