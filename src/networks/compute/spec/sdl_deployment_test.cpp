#include <gtest/gtest.h>

#include "networks/compute/spec/testing/sdl_texts.h"

namespace tp::compute {
namespace {

using testing::accepted;
using testing::lenient_faults;
using testing::refused;
using testing::strict_only;
using testing::with;

// --- Placement, prices, deployment ---

TEST(SdlPlacement, HasWellFormedAttributeKeys) {
  refused(with("region: local", "1region: local"), "attribute key \"1region\"");
}

TEST(SdlPlacement, HasPositiveDecimalPrices) {
  const auto amount = [](std::string_view text) {
    return with("amount: 10", "amount: " + std::string(text));
  };
  accepted(amount("0.000000000000000001"));
  refused(amount("0"), "66: placement \"lane\": invalid coin amount: amount is zero");
  refused(amount("-1"), "invalid: negative value not allowed: amount \"-1\" is negative");
  refused(amount("0.0000000000000000001"), "at most 18 digits after the point");
  refused(amount("1e3"), "is not a decimal number");
  refused(amount("10000001"), "amount 10000001 for profile \"db\" is above 10000000");
}

TEST(SdlPlacement, MayHaveAnEmptyPriceThatNobodyUsesInGo) {
  strict_only(with("        db:\n          denom", "        other:\n        db:\n          denom"),
              "other must be a mapping, but it is empty");
  refused(with("        db:\n          denom: utoll\n          amount: 10\n", "        db:\n"),
          "db");
}

TEST(SdlPlacement, HasOneDenominationOfAnyName) {
  refused(with("denom: utoll", "denom: uact"),
          "inconsistent group denomination: uact (line 66) != utoll");
  refused(with("denom: utoll", "denom: \"1\""), "denom \"1\" is not a denomination");
}

TEST(SdlDeployment, RefersToWhatExists) {
  refused(with("profile: web", "profile: wep"), "77: web.lane: no compute profile named \"wep\"");
  refused(with("        web:\n          denom: utoll\n          amount: \"20.5\"\n", ""),
          "web.lane: no pricing for profile \"web\"");
  refused(with("  web:\n    lane:\n      profile", "  web:\n    road:\n      profile"),
          "web.road: no placement profile named \"road\"");
  refused(with("  web:\n    lane", "  wep:\n    lane"),
          "wep.lane: no service profile named \"wep\"");
}

TEST(SdlDeployment, CountsOneToFifty) {
  refused(with("count: 2", "count: 0"), "78: web.lane: count 0 is outside 1..50");
  refused(with("count: 2", "count: 51"), "count 51 is outside 1..50");
  accepted(with("count: 2", "count: 50"));
}

TEST(SdlDeployment, CountsTheMergedUnitsOfVersion21Together) {
  std::string text = with("count: 2", "count: 30");
  text.replace(text.find("count: 1"), 8, "count: 30");
  text.replace(text.find("profile: db"), 11, "profile: web");
  text.replace(text.find("          mount: /data"), 22, "          mount: /d");
  text.replace(text.find("        data:"), 13, "        default:");
  EXPECT_EQ(lenient_faults(text), "");
  text.replace(text.find("2.0"), 3, "2.1");
  refused(text, "together the services of profile \"web\" count 60, outside 1..50");
}

TEST(SdlDeployment, IsOfSomething) {
  const std::string_view text =
      "version: \"2.0\"\nservices: {}\nprofiles: {compute: {}, placement: "
      "{}}\ndeployment: {}\n";
  refused(std::string(text), "no groups present");
}

TEST(SdlDeployment, HasAtMostTwentyPlacementsAndUnits) {
  const auto many = [](int placements, int services) {
    std::string text = "version: \"2.0\"\nservices:\n";
    for (int s = 0; s < services; ++s)
      text +=
          "  s" + std::to_string(s) + ": {image: x, expose: [{port: 1, to: [{global: true}]}]}\n";
    text +=
        "profiles:\n  compute:\n    c: {resources: {cpu: {units: 1}, memory: {size: 64Mi}, "
        "storage: {size: 64Mi}}}\n  placement:\n";
    for (int p = 0; p < placements; ++p)
      text += "    p" + std::to_string(p) + ": {pricing: {c: {denom: utoll, amount: 1}}}\n";
    text += "deployment:\n";
    for (int s = 0; s < services; ++s) {
      text += "  s" + std::to_string(s) + ":\n";
      for (int p = 0; p < placements; ++p)
        text += "    p" + std::to_string(p) + ": {profile: c, count: 1}\n";
    }
    return text;
  };
  accepted(many(20, 1));
  accepted(many(1, 20));
  refused(many(21, 1), "too many placements: 21 are more than 20");
  refused(many(1, 21), "placement \"p0\": too many units; at most 20");
}

}  // namespace
}  // namespace tp::compute
