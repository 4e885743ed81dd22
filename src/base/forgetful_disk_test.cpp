#include "base/forgetful_disk.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/memory_disk.h"

namespace tp {
namespace {

using Syncs = ForgetfulDisk::Syncs;

class ForgetfulDiskTest : public testing::Test {
 protected:
  ForgetfulDiskTest() { EXPECT_TRUE(below_.make_directories("data")); }

  void start(Syncs syncs = Syncs::kHonest) { disk_ = *ForgetfulDisk::open(below_, "notes", syncs); }
  void append(const std::string& path, BytesView bytes, bool sync) {
    const auto file = disk_->open_append(path);
    ASSERT_TRUE(file && (*file)->append(bytes));
    ASSERT_TRUE(!sync || (*file)->sync());
  }
  void forget() {
    disk_.reset();
    const auto forgotten = forget_unsynced(below_, "notes");
    ASSERT_TRUE(forgotten) << forgotten.error().text;
  }

  MemoryDisk below_;
  std::unique_ptr<ForgetfulDisk> disk_;
};

TEST_F(ForgetfulDiskTest, UnsyncedBytesAreTakenBack) {
  start();
  append("data/log", "one", true);
  ASSERT_TRUE(disk_->sync_directory("data"));
  append("data/log", "two", false);
  forget();
  EXPECT_EQ(below_.read("data/log"), Bytes("one"));
}

TEST_F(ForgetfulDiskTest, ASyncCoversWhatOthersMadeOfTheFile) {
  start();
  const auto file = disk_->open_append("data/image");
  ASSERT_TRUE(file);
  {
    const auto other = below_.open_append("data/image");
    ASSERT_TRUE((*other)->append("a file system"));
  }
  ASSERT_TRUE((*file)->sync());
  ASSERT_TRUE(disk_->sync_directory("data"));
  forget();
  EXPECT_EQ(below_.read("data/image"), Bytes("a file system"));
}

TEST_F(ForgetfulDiskTest, WhatWasThereBeforeIsDurable) {
  {
    const auto file = below_.open_append("data/log");
    ASSERT_TRUE((*file)->append("one"));
  }
  start();
  append("data/log", "two", false);
  forget();
  EXPECT_EQ(below_.read("data/log"), Bytes("one"));
}

TEST_F(ForgetfulDiskTest, WhatAKilledProcessHadNotSyncedIsNotDurableForTheNext) {
  start();
  append("data/log", "one", true);
  ASSERT_TRUE(disk_->sync_directory("data"));
  append("data/log", "two", false);
  start();  // after a kill, which loses nothing
  append("data/log", "three", false);
  EXPECT_EQ(below_.read("data/log"), Bytes("onetwothree"));
  forget();
  EXPECT_EQ(below_.read("data/log"), Bytes("one"));
}

TEST_F(ForgetfulDiskTest, TheNextProcessMakesDurableWhatItFindsBySyncingIt) {
  start();
  append("data/log", "one", false);
  start();
  append("data/log", "", true);
  ASSERT_TRUE(disk_->sync_directory("data"));
  forget();
  EXPECT_EQ(below_.read("data/log"), Bytes("one"));
}

TEST_F(ForgetfulDiskTest, FilesRemovedByAKilledProcessAndTheNextComeBack) {
  start();
  append("data/a", "a", true);
  append("data/b", "b", true);
  ASSERT_TRUE(disk_->sync_directory("data"));
  ASSERT_TRUE(disk_->remove("data/a"));
  start();
  ASSERT_TRUE(disk_->remove("data/b"));
  forget();
  EXPECT_EQ(below_.read("data/a"), Bytes("a"));
  EXPECT_EQ(below_.read("data/b"), Bytes("b"));
}

TEST_F(ForgetfulDiskTest, OnlyFilesBelowItsFolderAreTakenBack) {
  ASSERT_TRUE(below_.make_directories("data2"));
  disk_ = *ForgetfulDisk::open(below_, "notes", Syncs::kHonest, "data/");
  append("data/a", "a", false);
  append("data2/b", "b", false);
  forget();
  EXPECT_FALSE(below_.exists("data/a"));
  EXPECT_EQ(below_.read("data2/b"), Bytes("b"));
}

TEST_F(ForgetfulDiskTest, AnUnsyncedAtomicReplacementIsUndone) {
  start();
  ASSERT_TRUE(write_atomically(*disk_, "data/mark", "one"));
  append("data/mark.new", "two", true);
  ASSERT_TRUE(disk_->rename("data/mark.new", "data/mark"));
  EXPECT_EQ(below_.read("data/mark"), Bytes("two"));
  forget();
  EXPECT_EQ(below_.read("data/mark"), Bytes("one"));
  EXPECT_FALSE(below_.exists("data/mark.new"));
}

TEST_F(ForgetfulDiskTest, WithIgnoredSyncsEverythingNewIsLost) {
  start(Syncs::kIgnored);
  ASSERT_TRUE(write_atomically(*disk_, "data/mark", "one"));
  forget();
  EXPECT_FALSE(below_.exists("data/mark"));
}

TEST_F(ForgetfulDiskTest, ANoteCutShortByTheKillIsAboutNothing) {
  start();
  append("data/log", "one", true);
  ASSERT_TRUE(disk_->sync_directory("data"));
  disk_.reset();
  {
    const auto log = below_.open_append("notes/log");
    ASSERT_TRUE(
        (*log)->append("r\x03\x08"
                       "data/"));
  }
  forget();
  EXPECT_EQ(below_.read("data/log"), Bytes("one"));
}

TEST_F(ForgetfulDiskTest, AKillBetweenANoteAndItsRenameUndoesNothing) {
  start();
  append("data/a", "a", true);
  append("data/b", "b", true);
  ASSERT_TRUE(disk_->sync_directory("data"));
  disk_.reset();
  {
    const auto log = below_.open_append("notes/log");
    ASSERT_TRUE(
        (*log)->append("r\x03\x06"
                       "data/a"
                       "\x06"
                       "data/b"
                       "\x01"
                       "9"));
  }
  forget();
  EXPECT_EQ(below_.read("data/a"), Bytes("a"));
  EXPECT_EQ(below_.read("data/b"), Bytes("b"));
}

TEST_F(ForgetfulDiskTest, NotesOfSomethingElseAreRefused) {
  ASSERT_TRUE(below_.make_directories("notes"));
  {
    const auto log = below_.open_append("notes/log");
    ASSERT_TRUE((*log)->append("hello, world: a log of another kind"));
  }
  const auto forgotten = forget_unsynced(below_, "notes");
  ASSERT_FALSE(forgotten);
  EXPECT_TRUE(is(forgotten.error(), BaseError::kInvalidText));
}

RC_GTEST_PROP(ForgetfulDiskProperty, TakesBackWhatAPowerCutWouldHaveTaken, ()) {
  MemoryDisk cut;
  MemoryDisk killed;
  RC_ASSERT(cut.make_directories("data").has_value() &&
            killed.make_directories("data").has_value());
  auto forgetful = *ForgetfulDisk::open(killed, "notes", Syncs::kHonest);
  std::map<std::string, std::pair<std::unique_ptr<AppendFile>, std::unique_ptr<AppendFile>>> open;
  const int operations = *rc::gen::inRange(1, 60);
  for (int i = 0; i < operations; ++i) {
    const std::string path =
        "data/" + std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 4)));
    switch (*rc::gen::inRange(0, 7)) {
      case 0:
      case 1:
      case 2: {
        auto& [first, second] = open[path];
        if (first == nullptr) {
          first = *cut.open_append(path);
          second = *forgetful->open_append(path);
        }
        const Bytes bytes = std::to_string(i) + " ";
        RC_ASSERT(first->append(bytes).has_value() && second->append(bytes).has_value());
        break;
      }
      case 3:
        if (const auto it = open.find(path); it != open.end())
          RC_ASSERT(it->second.first->sync().has_value() && it->second.second->sync().has_value());
        break;
      case 4:
        RC_ASSERT(cut.sync_directory("data").has_value() &&
                  forgetful->sync_directory("data").has_value());
        break;
      case 5:
        if (!cut.exists(path)) break;
        open.erase(path);
        RC_ASSERT(cut.remove(path).has_value() && forgetful->remove(path).has_value());
        break;
      default: {
        const std::string to =
            "data/" + std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 4)));
        if (!cut.exists(path) || path == to) break;
        open.erase(path);
        open.erase(to);
        RC_ASSERT(cut.rename(path, to).has_value() && forgetful->rename(path, to).has_value());
      }
    }
  }
  open.clear();
  forgetful.reset();
  cut.power_cut();
  cut.power_on();
  RC_ASSERT(forget_unsynced(killed, "notes").has_value());
  RC_ASSERT(killed.files() == cut.files());
  for (const std::string& path : cut.files()) RC_ASSERT(*killed.read(path) == *cut.read(path));
}

}  // namespace
}  // namespace tp
