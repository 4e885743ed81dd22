#include "base/memory_disk.h"

#include <gtest/gtest.h>

namespace tp {
namespace {

class MemoryDiskTest : public testing::Test {
 protected:
  MemoryDiskTest() { EXPECT_TRUE(disk_.make_directories("data")); }

  std::unique_ptr<AppendFile> open(const std::string& path) {
    auto file = disk_.open_append(path);
    EXPECT_TRUE(file);
    return std::move(*file);
  }
  void write_durably(const std::string& path, BytesView bytes) {
    const auto file = open(path);
    ASSERT_TRUE(file->append(bytes) && file->sync() && disk_.sync_directory("data"));
  }
  void cut() {
    disk_.power_cut();
    disk_.power_on();
  }

  MemoryDisk disk_;
};

TEST_F(MemoryDiskTest, SyncedBytesUnderASyncedNameSurvive) {
  write_durably("data/log", "one");
  cut();
  EXPECT_EQ(disk_.read("data/log"), Bytes("one"));
}

TEST_F(MemoryDiskTest, UnsyncedBytesAreLost) {
  write_durably("data/log", "one");
  ASSERT_TRUE(open("data/log")->append("two"));
  EXPECT_EQ(disk_.read("data/log"), Bytes("onetwo"));
  cut();
  EXPECT_EQ(disk_.read("data/log"), Bytes("one"));
}

TEST_F(MemoryDiskTest, AnUnsyncedNameIsLostWithItsSyncedBytes) {
  const auto file = open("data/log");
  ASSERT_TRUE(file->append("one") && file->sync());
  cut();
  EXPECT_FALSE(disk_.exists("data/log"));
}

TEST_F(MemoryDiskTest, AnUnsyncedRenameIsUndone) {
  write_durably("data/old", "old");
  write_durably("data/new", "new");
  ASSERT_TRUE(disk_.rename("data/new", "data/old"));
  EXPECT_EQ(disk_.read("data/old"), Bytes("new"));
  cut();
  EXPECT_EQ(disk_.read("data/old"), Bytes("old"));
  EXPECT_EQ(disk_.read("data/new"), Bytes("new"));
}

TEST_F(MemoryDiskTest, AnUnsyncedRemovalIsUndone) {
  write_durably("data/log", "one");
  ASSERT_TRUE(disk_.remove("data/log"));
  cut();
  EXPECT_EQ(disk_.read("data/log"), Bytes("one"));
  ASSERT_TRUE(disk_.remove("data/log") && disk_.sync_directory("data"));
  cut();
  EXPECT_FALSE(disk_.exists("data/log"));
}

TEST_F(MemoryDiskTest, WritingAtomicallySurvivesWhole) {
  ASSERT_TRUE(write_atomically(disk_, "data/mark", "one"));
  cut();
  EXPECT_EQ(disk_.read("data/mark"), Bytes("one"));
}

TEST_F(MemoryDiskTest, ADiskThatIgnoresSyncsLosesEverything) {
  disk_.ignore_syncs(true);
  ASSERT_TRUE(write_atomically(disk_, "data/mark", "one"));
  cut();
  EXPECT_FALSE(disk_.exists("data/mark"));
}

TEST_F(MemoryDiskTest, HandlesFromBeforeACutAreDead) {
  write_durably("data/log", "one");
  const auto file = open("data/log");
  cut();
  EXPECT_FALSE(file->append("two"));
  EXPECT_FALSE(file->sync());
}

TEST_F(MemoryDiskTest, NothingWorksWhileThePowerIsCut) {
  write_durably("data/log", "one");
  disk_.power_cut();
  EXPECT_FALSE(disk_.read("data/log"));
  EXPECT_FALSE(disk_.open_append("data/log"));
}

TEST_F(MemoryDiskTest, AFullDiskRefusesToGrow) {
  disk_.set_capacity(5);
  const auto file = open("data/log");
  EXPECT_TRUE(file->append("12345"));
  const auto result = file->append("6");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text, "data/log: cannot write: No space left on device: " +
                                     std::string(describe(BaseError::kInputOutput).text));
}

TEST_F(MemoryDiskTest, ACloneLeavesTheOriginalAlone) {
  write_durably("data/log", "one");
  const auto clone = disk_.clone();
  clone->flip_byte("data/log", 0);
  EXPECT_EQ(disk_.read("data/log"), Bytes("one"));
  EXPECT_NE(clone->read("data/log"), Bytes("one"));
  clone->power_cut();
  clone->power_on();
  EXPECT_TRUE(clone->exists("data/log"));
}

TEST_F(MemoryDiskTest, ALockIsHeldOnce) {
  const auto lock = disk_.lock("data/LOCK");
  ASSERT_TRUE(lock);
  const auto second = disk_.lock("data/LOCK");
  ASSERT_FALSE(second);
  EXPECT_TRUE(is(second.error(), BaseError::kInUse));
}

TEST_F(MemoryDiskTest, ListsFilesAndFoldersOfAFolder) {
  ASSERT_TRUE(disk_.make_directories("data/inner"));
  write_durably("data/log", "one");
  EXPECT_EQ(disk_.list("data"), (std::vector<std::string>{"inner", "log"}));
}

}  // namespace
}  // namespace tp
