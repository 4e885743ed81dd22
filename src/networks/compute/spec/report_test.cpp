#include "networks/compute/spec/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "networks/compute/spec/testing/sdl_texts.h"

namespace tp::compute {
namespace {

using ::testing::HasSubstr;
using testing::kText;
using ::testing::Not;
using testing::with;

TEST(Denominations, OfAkashBecomeThoseOfTheChainAndTheCustomerIsTold) {
  std::string text = with("denom: utoll", "denom: uakt");
  text.replace(text.find("denom: utoll"), 12, "denom: uakt");
  auto sdl = parse_sdl(text, "app.yaml", SdlMode::kStrict);
  ASSERT_TRUE(sdl) << sdl.error().text;
  const auto changes = map_denominations(*sdl, akash_denominations_to("utoll"));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].to_string(), "line 66: placement \"lane\", profile \"db\": uakt -> utoll");
  EXPECT_EQ(compile_sdl(*sdl).groups[0].resources[0].price.denom, "utoll");
  EXPECT_EQ(compile_sdl(*sdl).groups[0].resources[1].price.amount.to_string_trimmed(), "20.5");
}

TEST(Denominations, ThatAreRightStayAndNothingIsSaid) {
  auto sdl = parse_sdl(kText, "app.yaml", SdlMode::kStrict);
  EXPECT_TRUE(map_denominations(*sdl, akash_denominations_to("utoll")).empty());
  EXPECT_TRUE(map_denominations(*sdl, {{"utoll", "utoll"}}).empty());
  EXPECT_TRUE(map_denominations(*sdl, {}).empty());
}

TEST(Denominations, DoNotEnterTheHash) {
  auto sdl = parse_sdl(kText, "app.yaml", SdlMode::kStrict);
  const Hash256 before = compile_sdl(*sdl).hash;
  map_denominations(*sdl, {{"utoll", "uact"}});
  EXPECT_EQ(compile_sdl(*sdl).hash, before);
}

TEST(SdlReport, OfAValidFileHoldsGroupsManifestAndHash) {
  const std::string json = sdl_report_json(kText, "app.yaml");
  EXPECT_THAT(json, HasSubstr(R"({"file":"app.yaml","valid":true,"version":"2.0","hash":")"));
  EXPECT_THAT(json,
              HasSubstr(R"("groups":[{"name":"lane","requirements":{"signed_by":{"all_of":[],)"
                        R"("any_of":["auditor"]},"attributes":[{"key":"region","value":)"
                        R"("local"}]},"resources":[{"resource":{)"));
  EXPECT_THAT(json, HasSubstr(R"("price":{"denom":"utoll","amount":"20.500000000000000000"})"));
  EXPECT_THAT(json, HasSubstr(R"("manifest":[{"name":"lane","services":[{)"));
  EXPECT_THAT(json, HasSubstr(R"("denominations":[]})"));
}

TEST(SdlReport, OfAFaultyFileHoldsEveryFault) {
  EXPECT_EQ(
      sdl_report_json(with("port: 8080", "port: 0"), "app.yaml"),
      R"({"file":"app.yaml","valid":false,"errors":[{"line":18,"field":)"
      R"("services.web.expose[0].port","text":"service \"web\": port 0 is outside 1..65535"}]})");
}

TEST(SdlReport, TellsWhichDenominationsItChanged) {
  const SdlReportOptions options{.denominations = {{"utoll", "uact"}}};
  EXPECT_THAT(
      sdl_report_json(kText, "app.yaml", options),
      HasSubstr(R"({"placement":"lane","profile":"db","from":"utoll","to":"uact","line":66})"));
  EXPECT_THAT(
      sdl_report_text(kText, "app.yaml", options),
      HasSubstr("denomination changed, line 66: placement \"lane\", profile \"db\": utoll -> "
                "uact\n"));
}

TEST(SdlReport, ForAPersonNamesServicesUnitsAndHash) {
  bool valid = false;
  const std::string text = sdl_report_text(kText, "app.yaml", {}, &valid);
  EXPECT_TRUE(valid);
  EXPECT_THAT(text, HasSubstr("app.yaml: valid SDL 2.0\ngroup lane\n"));
  EXPECT_THAT(text, HasSubstr("  web: 2 x example/web:1, cpu 100m, memory 64 MiB, gpu 1, volume "
                              "default 64 MiB, port 80/TCP\n"));
  EXPECT_THAT(text, HasSubstr("  unit 2: 2 x at most 20.5 utoll\n"));
  EXPECT_THAT(text, HasSubstr("hash "));
}

TEST(SdlReport, ForAPersonNamesFaultsOnePerLine) {
  bool valid = true;
  const std::string text = sdl_report_text(with("port: 8080", "port: 0"), "app.yaml", {}, &valid);
  EXPECT_FALSE(valid);
  EXPECT_EQ(text, "app.yaml:18: service \"web\": port 0 is outside 1..65535\n");
  EXPECT_THAT(text, Not(HasSubstr("hash")));
}

}  // namespace
}  // namespace tp::compute
