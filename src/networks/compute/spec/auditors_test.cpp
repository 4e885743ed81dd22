#include "networks/compute/spec/auditors.h"

#include <gtest/gtest.h>

#include "networks/compute/spec/compile.h"
#include "networks/compute/spec/testing/sdl_texts.h"

namespace tp::compute {
namespace {

TEST(Auditors, OfAnotherChainBecomeThoseOfThisOneAndTheCustomerIsTold) {
  auto sdl = parse_sdl(testing::kText, "app.yaml", SdlMode::kStrict);
  ASSERT_TRUE(sdl) << sdl.error().text;
  const auto changes = map_auditors(*sdl, {{"auditor", "turn1auditor"}, {"nobody", "turn1nobody"}});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].to_string().substr(changes[0].to_string().find(':')),
            ": placement \"lane\", signedBy: auditor -> turn1auditor");
  EXPECT_EQ(compile_sdl(*sdl).groups[0].requirements.signed_by.any_of,
            std::vector<std::string>{"turn1auditor"});
  // The line is where the file says signedBy.
  int line = 1;
  for (const char c : std::string_view(testing::kText)
                          .substr(0, std::string_view(testing::kText).find("signedBy")))
    line += c == '\n' ? 1 : 0;
  EXPECT_EQ(changes[0].line, line);
}

TEST(Auditors, DoNotEnterTheHash) {
  auto sdl = parse_sdl(testing::kText, "app.yaml", SdlMode::kStrict);
  const Hash256 before = compile_sdl(*sdl).hash;
  EXPECT_EQ(map_auditors(*sdl, {{"auditor", "another"}}).size(), 1U);
  EXPECT_EQ(compile_sdl(*sdl).hash, before);
}

TEST(Auditors, WhoAreRightStayAndNothingIsSaid) {
  auto sdl = parse_sdl(testing::kText, "app.yaml", SdlMode::kStrict);
  EXPECT_TRUE(map_auditors(*sdl, {{"auditor", "auditor"}}).empty());
  EXPECT_TRUE(map_auditors(*sdl, {}).empty());
}

}  // namespace
}  // namespace tp::compute
