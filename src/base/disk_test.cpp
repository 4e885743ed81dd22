#include "base/disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace tp {
namespace {

namespace fs = std::filesystem;

class DiskTest : public testing::Test {
 protected:
  DiskTest() {
    std::string pattern = testing::TempDir() + "/disk_test.XXXXXX";
    root_ = ::mkdtemp(pattern.data());
  }
  ~DiskTest() override { fs::remove_all(root_); }

  std::string path(const std::string& name) const { return root_ + "/" + name; }
  void write(const std::string& name, BytesView bytes) {
    const auto file = disk_.open_append(path(name));
    ASSERT_TRUE(file && (*file)->append(bytes) && (*file)->sync());
  }

  std::string root_;
  SystemDisk disk_;
};

TEST_F(DiskTest, AppendingContinuesWhereTheFileEnds) {
  write("log", "one");
  const auto file = disk_.open_append(path("log"));
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), 3u);
  ASSERT_TRUE((*file)->append("two"));
  EXPECT_EQ((*file)->size(), 6u);
  EXPECT_EQ(disk_.read(path("log")), Bytes("onetwo"));
}

TEST_F(DiskTest, AFileOfManyBuffersReadsBackWhole) {
  Bytes bytes;
  for (int i = 0; i < 200'000; ++i) bytes.push_back(static_cast<char>(i * 31));
  write("large", bytes);
  EXPECT_EQ(disk_.read(path("large")), bytes);
  EXPECT_EQ(disk_.read_at(path("large"), 70'000, 70'000), bytes.substr(70'000, 70'000));
}

TEST_F(DiskTest, ReadingPastTheEndGivesWhatThereIs) {
  write("short", "abc");
  EXPECT_EQ(disk_.read_at(path("short"), 1, 100), Bytes("bc"));
  EXPECT_EQ(disk_.read_at(path("short"), 3, 100), Bytes());
  EXPECT_EQ(disk_.read_at(path("short"), 30, 100), Bytes());
}

TEST_F(DiskTest, WhatIsMissingIsNotFound) {
  EXPECT_TRUE(is(disk_.read(path("none")).error(), BaseError::kNotFound));
  EXPECT_TRUE(is(disk_.read_at(path("none"), 0, 1).error(), BaseError::kNotFound));
  EXPECT_TRUE(is(disk_.remove(path("none")).error(), BaseError::kNotFound));
  EXPECT_TRUE(is(disk_.list(path("none")).error(), BaseError::kNotFound));
  EXPECT_FALSE(disk_.exists(path("none")));
}

TEST_F(DiskTest, ErrorsNameThePathAndTheReason) {
  const auto file = disk_.open_append(root_);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().text, root_ + ": cannot open: Is a directory: input/output error");
}

TEST_F(DiskTest, TruncateDropsTheTail) {
  write("log", "onetwo");
  ASSERT_TRUE(disk_.truncate(path("log"), 3));
  EXPECT_EQ(disk_.read(path("log")), Bytes("one"));
}

TEST_F(DiskTest, AnAtomicWriteReplacesTheWholeFile) {
  ASSERT_TRUE(write_atomically(disk_, path("config"), "a long first version"));
  ASSERT_TRUE(write_atomically(disk_, path("config"), "second"));
  EXPECT_EQ(disk_.read(path("config")), Bytes("second"));
  EXPECT_EQ(disk_.list(root_), std::vector<std::string>{"config"});
}

TEST_F(DiskTest, AnAtomicWriteIsNotMisledByWhatACrashLeft) {
  write("config", "old");
  write("config.new", "half a fi");
  EXPECT_EQ(disk_.read(path("config")), Bytes("old"));
  ASSERT_TRUE(write_atomically(disk_, path("config"), "new"));
  EXPECT_EQ(disk_.read(path("config")), Bytes("new"));
}

TEST_F(DiskTest, AFailedAtomicWriteLeavesTheOldFile) {
  write("config", "old");
  ASSERT_TRUE(disk_.make_directories(path("config.new/in-the-way")));
  EXPECT_FALSE(write_atomically(disk_, path("config"), "new"));
  EXPECT_EQ(disk_.read(path("config")), Bytes("old"));
}

TEST_F(DiskTest, ASecondHolderOfALockIsRefused) {
  {
    const auto first = disk_.lock(path("lock"));
    ASSERT_TRUE(first);
    const auto second = disk_.lock(path("lock"));
    ASSERT_FALSE(second);
    EXPECT_TRUE(is(second.error(), BaseError::kInUse));
    EXPECT_NE(second.error().text.find(path("lock")), std::string::npos);
  }
  EXPECT_TRUE(disk_.lock(path("lock")));
}

TEST_F(DiskTest, DirectoriesAreMadeWithTheirParentsAndAgainWithoutHarm) {
  ASSERT_TRUE(disk_.make_directories(path("a/b/c")));
  ASSERT_TRUE(disk_.make_directories(path("a/b/c/")));
  EXPECT_TRUE(disk_.exists(path("a/b/c")));
  EXPECT_TRUE(disk_.sync_directory(path("a/b")));
}

TEST_F(DiskTest, AFileWhereADirectoryIsNeededIsAnError) {
  write("file", "");
  EXPECT_TRUE(is(disk_.make_directories(path("file")).error(), BaseError::kInputOutput));
  EXPECT_TRUE(is(disk_.make_directories(path("file/below")).error(), BaseError::kInputOutput));
}

TEST_F(DiskTest, ListsNamesInOrder) {
  write("b", "");
  write("a", "");
  write("c", "");
  EXPECT_EQ(disk_.list(root_), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(DiskTest, NewFilesAndFoldersAreTheOwnersAlone) {
  write("secret", "");
  ASSERT_TRUE(disk_.make_directories(path("folder")));
  struct stat status{};
  ASSERT_EQ(::stat(path("secret").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(path("folder").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

}  // namespace
}  // namespace tp
