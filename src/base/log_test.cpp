#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tp {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { set_log_level(LogLevel::kInfo); }
};

TEST_F(LogTest, ALineHasTimeLevelComponentAndMessage) {
  testing::internal::CaptureStderr();
  log_warning("solo", "the disk is slow");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::ContainsRegex("^[0-9-]{10}T[0-9:.]{12}Z warning solo: the disk is slow\n$"));
}

TEST_F(LogTest, LinesBelowTheLevelAreDropped) {
  set_log_level(LogLevel::kError);
  testing::internal::CaptureStderr();
  log_warning("solo", "quiet");
  log_error("solo", "loud");
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_EQ(output.find("quiet"), std::string::npos);
  EXPECT_NE(output.find("loud"), std::string::npos);
}

TEST_F(LogTest, AMessageFromOutsideCannotForgeALine) {
  testing::internal::CaptureStderr();
  log_error("rpc", "bad request\n2026-01-01T00:00:00.000Z info bank: paid\x1b[2J");
  const std::string output = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1);
  EXPECT_NE(output.find("bad request\\n2026"), std::string::npos);
  EXPECT_NE(output.find("paid\\x1b[2J"), std::string::npos);
}

}  // namespace
}  // namespace tp
