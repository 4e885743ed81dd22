#include "networks/compute/agent/workload/host.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <thread>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

class HostTest : public ::testing::Test {
 protected:
  Result<Ran> shell(const std::string& script, Duration timeout = Duration::seconds(20)) {
    return host_.run({.argv = {"sh", "-c", script}, .timeout = timeout});
  }
  SystemHost host_;
};

TEST_F(HostTest, OutputErrorsAndExitCodeComeBackApart) {
  const auto ran = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->output, "out\n");
  EXPECT_EQ(ran->errors, "err\n");
  EXPECT_EQ(ran->exit_code, 3);
}

TEST_F(HostTest, ArgumentsAreNotInterpretedByAShell) {
  const auto ran = host_.run({.argv = {"echo", "$HOME; `id`"}});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->output, "$HOME; `id`\n");
}

TEST_F(HostTest, LongInputArrivesWhole) {
  const std::string input(1 << 20, 'x');
  const auto ran = host_.run({.argv = {"wc", "-c"}, .input = input});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->output, "1048576\n");
}

TEST_F(HostTest, AProgramThatRunsTooLongIsKilledWithItsChildren) {
  const auto ran = shell("sleep 30 & sleep 30", Duration::milliseconds(150));
  ASSERT_FALSE(ran);
  EXPECT_TRUE(is(ran.error(), WorkloadError::kTimedOut));
}

TEST_F(HostTest, StoppingEndsTheProgram) {
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  const auto ran = host_.run({.argv = {"sleep", "30"}}, stop.get_token());
  ASSERT_FALSE(ran);
  EXPECT_TRUE(is(ran.error(), WorkloadError::kCancelled));
}

TEST_F(HostTest, OutputPastTheBoundIsDroppedAndTheProgramStillEnds) {
  const auto ran =
      host_.run({.argv = {"head", "-c", "5000000", "/dev/zero"}, .output_bytes_max = 1000});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->output.size(), 1000u);
  EXPECT_EQ(ran->exit_code, 0);
}

TEST_F(HostTest, AFileCannotGrowPastItsLimit) {
  const auto ran =
      host_.run({.argv = {"dd", "if=/dev/zero", "of=/tmp/tp-host-test", "bs=1M", "count=4"},
                 .file_bytes_max = 1 << 20});
  ASSERT_TRUE(ran);
  EXPECT_NE(ran->exit_code, 0);
  EXPECT_TRUE(host_.run({.argv = {"rm", "-f", "/tmp/tp-host-test"}}));
}

TEST_F(HostTest, AMissingProgramIsNamed) {
  const auto ran = host_.run({.argv = {"no-such-program-here"}});
  ASSERT_FALSE(ran);
  EXPECT_TRUE(is(ran.error(), WorkloadError::kProgramMissing));
  EXPECT_NE(ran.error().text.find("no-such-program-here"), std::string::npos);
}

TEST_F(HostTest, TheFirstLineOnTheSyncPipeIsWaitedForPastTheEndOfTheProgram) {
  Command command{
      .argv = {"sh", "-c",
               "(sleep 0.2; echo '{\"data\": 7}' >&3; sleep 5) >/dev/null 2>&1 & exit 0"}};
  command.wants_sync = true;
  const auto ran = host_.run(command);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->sync, "{\"data\": 7}\n");
}

TEST_F(HostTest, NoSecretOfOurEnvironmentIsHandedOn) {
  ::setenv("TP_SECRET", "hidden", 1);
  const auto ran = host_.run({.argv = {"env"}, .env = {"GIVEN=1"}});
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->output.find("TP_SECRET"), std::string::npos);
  EXPECT_NE(ran->output.find("GIVEN=1"), std::string::npos);
}

TEST_F(HostTest, ASpawnedProgramIsNobodysChildHere) {
  const auto pid = host_.spawn({.argv = {"sleep", "0.2"}, .log_path = "/tmp/tp-host-test.log"});
  ASSERT_TRUE(pid);
  EXPECT_EQ(::waitpid(*pid, nullptr, WNOHANG), -1);
  EXPECT_TRUE(host_.run({.argv = {"rm", "-f", "/tmp/tp-host-test.log"}}));
}

TEST_F(HostTest, AFailureIsToldInTheProgramsOwnWords) {
  const auto ran = run_checked(host_, {.argv = {"sh", "-c", "echo nothing works >&2; exit 9"}});
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().text.find("sh ended with code 9: nothing works"), std::string::npos);
}

}  // namespace
}  // namespace tp::compute::workload
