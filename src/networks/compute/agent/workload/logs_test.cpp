#include "networks/compute/agent/workload/logs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace tp::compute::workload {
namespace {

class LogsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = "/tmp/tp-logs-test." + std::to_string(::getpid());
    std::filesystem::create_directories(directory_);
    path_ = directory_ + "/log";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  void append(const std::string& text) {
    std::ofstream(path_, std::ios::app)
        << "2026-11-20T17:41:39.166650937+00:00 stdout F " << text << "\n";
  }
  static std::string words(const std::vector<LogLine>& lines) {
    std::string out;
    for (const LogLine& line : lines) out += line.text + ",";
    return out;
  }

  std::string directory_;
  std::string path_;
};

TEST(LogLineTest, WhatIsNotUtf8IsReplacedAndCharactersStay) {
  const std::string before = "2026-11-20T17:41:39.166650937+00:00 stdout F ";
  const std::string odd = "\xEF\xBF\xBD";
  const auto text = [&](const std::string& bytes) { return parse_log_line(before + bytes)->text; };
  EXPECT_EQ(text("a\xFF"
                 "b"),
            "a" + odd + "b");
  EXPECT_EQ(text("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(text("\xC0\xAF"), odd + odd);
  EXPECT_EQ(text("\xED\xA0\x80"), odd + odd + odd) << "a surrogate";
  EXPECT_EQ(text("\xE2\x82"), odd + odd) << "torn";
}

TEST(LogLineTest, ALongLineIsCutBetweenCharacters) {
  std::string line = "2026-11-20T17:41:39.166650937+00:00 stdout F x";
  for (int i = 0; i < 10'000; ++i) line += "\xC3\xA4";
  const std::string text = parse_log_line(line)->text;
  EXPECT_EQ(text.size(), 16 * 1024u - 1);
  EXPECT_EQ(text.find("\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(LogsTest, TheLastOutputIsCutBetweenCharacters) {
  std::string words;
  for (int i = 0; i < 300; ++i) words += "\xC3\xA4";
  append(words + "x");
  const std::string text = last_output(path_, 1);
  EXPECT_TRUE(text.starts_with("...\xC3\xA4")) << text;
  EXPECT_EQ(text.size(), 3 + 399u);
}

TEST(LogLineTest, TimeStreamAndTextAreTakenApart) {
  const auto line = parse_log_line("2026-11-20T17:41:39.166650937+00:00 stderr F a b  c");
  ASSERT_TRUE(line);
  EXPECT_EQ(to_rfc3339(line->at), "2026-11-20T17:41:39.166650937Z");
  EXPECT_TRUE(line->is_stderr);
  EXPECT_EQ(line->text, "a b  c");
  EXPECT_EQ(parse_log_line("2026-11-20T17:41:39.1+00:00 stdout P ")->text, "");
}

TEST(LogLineTest, WhatIsNoLogLineIsNothing) {
  for (const char* text : {"", "x", "2026-11-20T17:41:39Z", "2026-11-20T17:41:39Z stdin F x",
                           "2026-11-20T17:41:39Z stdout Q x", "rest of a line that was cut"})
    EXPECT_FALSE(parse_log_line(text)) << text;
}

TEST_F(LogsTest, OnlyWhatIsNewComesWithEachCall) {
  LogReader reader(path_, "web", 3);
  EXPECT_TRUE(reader.take().empty());
  append("one");
  const auto lines = reader.take();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].service, "web");
  EXPECT_EQ(lines[0].replica, 3u);
  EXPECT_TRUE(reader.take().empty());
  append("two");
  append("three");
  EXPECT_EQ(words(reader.take()), "two,three,");
}

TEST_F(LogsTest, HalfALineIsNotGivenUntilItIsWhole) {
  LogReader reader(path_, "web", 0);
  std::ofstream(path_, std::ios::app) << "2026-11-20T17:41:39.1+00:00 stdout F ha";
  EXPECT_TRUE(reader.take().empty());
  std::ofstream(path_, std::ios::app) << "lf\n";
  EXPECT_EQ(words(reader.take()), "half,");
}

TEST_F(LogsTest, NoLineIsLostOrDoubledWhenTheFileTurnsOver) {
  LogReader reader(path_, "web", 0);
  append("one");
  EXPECT_EQ(words(reader.take()), "one,");
  append("two");
  std::filesystem::rename(path_, path_ + ".1");
  append("three");
  EXPECT_EQ(words(reader.take()), "two,three,");
  EXPECT_EQ(words(LogReader(path_, "web", 0).take()), "one,two,three,");
}

TEST_F(LogsTest, AFullFileIsMovedAsideAndItsWriterTold) {
  const std::string control = directory_ + "/ctl";
  ASSERT_EQ(::mkfifo(control.c_str(), 0600), 0);
  const int fd = ::open(control.c_str(), O_RDWR | O_NONBLOCK);
  append(std::string(600, 'x'));
  EXPECT_FALSE(*turn_over(path_, control, 10'000));
  EXPECT_TRUE(*turn_over(path_, control, 1'000));
  std::array<char, 64> told{};
  EXPECT_EQ(::read(fd, told.data(), told.size()), 6);
  ::close(fd);
  EXPECT_EQ(std::string(told.data()), "2 0 0\n");
  EXPECT_TRUE(std::filesystem::exists(path_ + ".1"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(LogsTest, TheLastWordsAreShort) {
  for (int i = 0; i < 10; ++i) append("line " + std::to_string(i));
  EXPECT_EQ(last_output(path_, 2), "line 8 | line 9");
  append(std::string(1000, 'y'));
  EXPECT_LE(last_output(path_, 2).size(), 403u);
  EXPECT_EQ(last_output(directory_ + "/none", 2), "");
}

}  // namespace
}  // namespace tp::compute::workload
