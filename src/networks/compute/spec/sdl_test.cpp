#include "networks/compute/spec/sdl.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "networks/compute/spec/compile.h"
#include "networks/compute/spec/error.h"
#include "networks/compute/spec/testing/sdl_texts.h"

namespace tp::compute {
namespace {

using testing::accepted;
using testing::kText;
using testing::refused;
using testing::strict_faults;
using testing::strict_only;
using testing::with;

// --- The whole file ---

TEST(Sdl, OfTheTestIsValid) {
  accepted(std::string(kText));
}

TEST(Sdl, ErrorsNameFileLineFieldAndWhatIsAllowed) {
  const auto sdl = check_sdl(with("port: 8080", "port: 70000"), "app.yaml");
  ASSERT_FALSE(sdl);
  EXPECT_EQ(sdl.error().to_string(),
            "app.yaml:18: service \"web\": port 70000 is outside 1..65535");
  EXPECT_EQ(sdl.error().issues[0].field, "services.web.expose[0].port");
}

TEST(Sdl, ErrorsComeAllAtOnceInTheOrderOfLines) {
  std::string text = with("port: 8080", "port: 70000");
  text.replace(text.find("100m"), 4, "1mm");
  text.replace(text.find("profile: db"), 11, "profile: dx");
  EXPECT_EQ(strict_faults(text),
            "18: service \"web\": port 70000 is outside 1..65535\n"
            "44: compute profile \"web\": cpu units: \"1mm\" is not a share of a CPU; write cores "
            "(0.5, 2) or whole thousandths of a core (500m)\n"
            "73: db.lane: no compute profile named \"dx\"\n"
            "73: db.lane: no pricing for profile \"dx\"");
}

TEST(Sdl, ErrorOfTheHouseHoldsEveryLine) {
  const auto sdl = parse_sdl(with("port: 8080", "port: 0"), "app.yaml", SdlMode::kStrict);
  ASSERT_FALSE(sdl);
  EXPECT_TRUE(is(sdl.error(), SpecError::kInvalidSdl));
  EXPECT_EQ(sdl.error().text, "app.yaml:18: service \"web\": port 0 is outside 1..65535");
  const auto large = parse_sdl(std::string(kSdlBytesMax + 1, ' '), "app.yaml", SdlMode::kStrict);
  EXPECT_TRUE(is(large.error(), SpecError::kTooLarge));
}

TEST(Sdl, ErrorsStopAtAHundred) {
  std::string text = "version: \"2.0\"\nservices:\n";
  for (int i = 0; i < 200; ++i) text += "  s" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(check_sdl(text, "app.yaml").error().issues.size(), 100U);
}

TEST(Sdl, IsAMapping) {
  refused("", "must be a mapping with version, services, profiles and deployment");
  refused("[a]", "must be a mapping");
  refused("a", "must be a mapping");
}

TEST(Sdl, HasNoOtherFieldsAtTheTop) {
  refused(with("services:", "volumes: {}\nservices:"),
          "2: unexpected field \"volumes\"; allowed: ");
}

TEST(Sdl, HasOneDocumentWhenStrict) {
  strict_only(std::string(kText) + "---\na: 1\n", "more than one YAML document");
}

TEST(Sdl, RefusesAKeyThatIsWrittenTwice) {
  refused(std::string(kText) + "services: {}\n", "key \"services\" is written twice");
}

TEST(Sdl, MayIncludeWithoutEffect) {
  accepted(with("services:", "include: [a]\nservices:"));
}

// --- Version ---

TEST(SdlVersions, Are20And21) {
  EXPECT_EQ(parse_sdl(kText, "", SdlMode::kStrict)->version, SdlVersion::k2_0);
  EXPECT_EQ(parse_sdl(with("2.0", "2.1"), "", SdlMode::kStrict)->version, SdlVersion::k2_1);
}

TEST(SdlVersions, AreReadTolerantlyWhenLenient) {
  for (const auto& [written, version] :
       std::vector<std::pair<std::string, SdlVersion>>{{"2.0", SdlVersion::k2_0},
                                                       {"2", SdlVersion::k2_0},
                                                       {"v2.0", SdlVersion::k2_0},
                                                       {"2.0.0", SdlVersion::k2_0},
                                                       {"2.1.0", SdlVersion::k2_1},
                                                       {"2.7", SdlVersion::k2_1},
                                                       {"3", SdlVersion::k2_1}}) {
    const auto sdl = parse_sdl(with("\"2.0\"", written), "", SdlMode::kLenient);
    ASSERT_TRUE(sdl) << written;
    EXPECT_EQ(sdl->version, version) << written;
    EXPECT_NE(strict_faults(with("\"2.0\"", written)), "") << written;
  }
}

TEST(SdlVersions, OfAnyOtherNumberAreUnsupported) {
  for (const std::string_view written : {"1.0", "2.0.5", "x", "2.", "\"\"", "2.0.0.0", "2.1-rc1"})
    refused(with("\"2.0\"", written), "config: unsupported version");
}

TEST(SdlVersions, MustBeThere) {
  refused(with("version: \"2.0\"\n", ""), "no version found");
}

// --- Strictness ---

TEST(SdlStrict, RefusesUnknownKeysWhereGoIgnoresThem) {
  strict_only(
      with("    image: example/web:1", "    depends_on: [db]\n    image: example/web:1"),
      "14: service \"web\": unexpected field \"depends_on\"; allowed: image, command, args, "
      "env, expose, dependencies, params, credentials");
  strict_only(with("mount: /data", "mount: /data\n          size: 1"), "unexpected field \"size\"");
  strict_only(with("count: 2", "count: 2\n      name: x"), "unexpected field \"name\" in lane");
}

TEST(SdlStrict, RefusesEmptyValuesWhereGoTakesThemForAbsent) {
  strict_only(with("      attributes:\n        region: local", "      attributes:"),
              "attributes must be a mapping, but it is empty");
  strict_only(with("        accept:\n          - www.example.com", "        accept:"),
              "accept must be a list, but it is empty");
}

TEST(SdlStrict, TakesEmptyListsOfCommandArgsEnvAndExpose) {
  accepted(with("    env:\n      - DB=db", "    env:\n    command:\n    args:"));
}

TEST(SdlStrict, RefusesNumbersForText) {
  strict_only(with("- DB=db", "- DB=db\n    args:\n      - 80"),
              "args[0] must be text (write it in quotes), but it is a number");
  strict_only(with("image: example/web:1", "image: 1"), "image must be text (write it in quotes)");
  strict_only(with("size: 64Mi", "size: 67108864"), "size must be text (write it in quotes)");
}

TEST(SdlStrict, RefusesYaml11Truths) {
  strict_only(with("global: true", "global: yes"), "global must be true or false, but it is text");
}

TEST(SdlStrict, RefusesNumbersThatAreNotWhole) {
  strict_only(with("as: 80", "as: 80.5"), "as must be a whole number");
  accepted(with("as: 80", "as: 80.0"));
}

TEST(Sdl, RefusesTextForNumbersListsAndMappings) {
  refused(with("as: 80", "as: \"80\""), "as must be a whole number in 1..65535");
  refused(with("as: 80", "as: -1"), "as must be a whole number in 1..65535, but it is -1");
  refused(with("count: 2", "count: [2]"), "count must be a whole number");
  refused(with("- DB=db", "A: b"), "env must be a list, but it is a mapping");
  refused(with("    image: example/web:1", "    image: [a]"), "image must be text");
  refused(with("global: true", "global: 1"), "global must be true or false, but it is a number");
  refused(with("        region: local", "        region: [a]"), "region must be a single value");
  refused(with("  lane:\n      profile: web\n      count: 2", "  lane: web"),
          "must be a mapping, but it is text");
}

TEST(SdlLenient, DropsEmptyItemsAsGoDoes) {
  const auto sdl = parse_sdl(with("- DB=db", "- DB=db\n      -\n      - C"), "", SdlMode::kLenient);
  ASSERT_TRUE(sdl);
  EXPECT_EQ(*sdl->services.at("web").env, std::vector<std::string>({"DB=db", "C"}));
}

// --- Reclamation ---

TEST(SdlReclamation, IsAWholeNumberOfSecondsMinutesOrHoursWhenStrict) {
  const auto window = [](std::string_view text) {
    return std::string(kText) + "reclamation: {min_window: " + std::string(text) + "}\n";
  };
  accepted(window("24h"));
  EXPECT_EQ(parse_sdl(window("24h"), "", SdlMode::kStrict)->reclamation_min_window,
            Duration::hours(24));
  strict_only(window("1h30m"), "must be a whole number followed by s, m, or h");
  strict_only(window("1.5h"), "must be a whole number followed by s, m, or h");
  refused(window("0s"), "invalid reclamation min_window");
  refused(window("abc"), "invalid reclamation min_window");
  refused(std::string(kText) + "reclamation: {}\n", "min_window is missing");
}

// --- Robustness ---

RC_GTEST_PROP(SdlProperty, NoMutationCrashesAndWhatIsAcceptedCompilesConsistently, ()) {
  std::string text(kText);
  const int edits = *rc::gen::inRange(1, 4);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const auto size =
        std::min<std::size_t>(*rc::gen::inRange<std::size_t>(0, 12), text.size() - at);
    text.replace(at, size,
                 *rc::gen::element<std::string>("", " ", "\n", "- ", ": ", "{", "[", "*a", "&a ",
                                                "0", "-1", "~", "\"", "x"));
  }
  for (const SdlMode mode : {SdlMode::kStrict, SdlMode::kLenient}) {
    const auto sdl = check_sdl(text, "app.yaml", {.mode = mode});
    if (!sdl) continue;
    const CompiledSdl compiled = compile_sdl(*sdl);
    RC_ASSERT(check_group_specs(compiled.groups).has_value());
    RC_ASSERT(check_manifest_against_groups(compiled.manifest, compiled.groups).has_value());
    const auto back = parse_manifest_json(canonical_json(compiled.manifest));
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == compiled.manifest);
  }
}

}  // namespace
}  // namespace tp::compute
