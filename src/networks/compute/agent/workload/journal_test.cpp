#include "networks/compute/agent/workload/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

// A disk in memory that keeps only what was synced when it is cut, plus any part of the rest.
class MemoryDisk final : public Disk {
 public:
  struct File {
    Bytes bytes;
    std::size_t synced = 0;
  };

  class Appender final : public AppendFile {
   public:
    Appender(MemoryDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    Result<void> append(BytesView bytes) override {
      if (disk_.full) {
        disk_.files[path_].bytes += bytes.substr(0, bytes.size() / 2);
        return fail(BaseError::kInputOutput, "disk full");
      }
      disk_.files[path_].bytes += bytes;
      return {};
    }
    Result<void> sync() override {
      disk_.files[path_].synced = disk_.files[path_].bytes.size();
      return {};
    }
    std::uint64_t size() const override { return disk_.files[path_].bytes.size(); }

   private:
    MemoryDisk& disk_;
    std::string path_;
  };

  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override {
    files[path];
    return std::make_unique<Appender>(*this, path);
  }
  Result<Bytes> read(const std::string& path) override {
    if (!files.contains(path)) return fail(BaseError::kNotFound, path);
    return files[path].bytes;
  }
  Result<void> truncate(const std::string& path, std::uint64_t size) override {
    if (fixed) return fail(BaseError::kInputOutput, path);
    files[path].bytes.resize(size);
    return {};
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    files[to] = files[from];
    files.erase(from);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    files.erase(path);
    return {};
  }
  bool exists(const std::string& path) override { return files.contains(path); }
  Result<std::vector<std::string>> list(const std::string&) override {
    return std::vector<std::string>();
  }
  Result<void> make_directories(const std::string&) override { return {}; }
  Result<void> sync_directory(const std::string&) override { return {}; }
  Result<std::unique_ptr<FileLock>> lock(const std::string&) override {
    return std::make_unique<FileLock>();
  }

  std::map<std::string, File> files;
  bool full = false;
  bool fixed = false;  // cannot be truncated
};

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> open() {
    auto journal = Journal::open(disk_, "journal");
    EXPECT_TRUE(journal) << journal.error().text;
    return std::move(*journal);
  }
  Bytes& bytes() { return disk_.files["journal"].bytes; }

  MemoryDisk disk_;
};

TEST_F(JournalTest, WhatWasPutIsThereAfterOpeningAgain) {
  auto journal = open();
  ASSERT_TRUE(journal->put("a", "1"));
  ASSERT_TRUE(journal->put("b", std::string("x\0y", 3)));
  ASSERT_TRUE(journal->put("a", "2"));
  ASSERT_TRUE(journal->put("c", "3"));
  ASSERT_TRUE(journal->erase("c"));
  EXPECT_EQ(open()->entries(), journal->entries());
  EXPECT_EQ(open()->entries().at("a"), "2");
  EXPECT_EQ(open()->entries().size(), 2u);
}

TEST_F(JournalTest, EveryWriteIsSyncedBeforeItIsAcknowledged) {
  auto journal = open();
  ASSERT_TRUE(journal->put("a", "1"));
  EXPECT_EQ(disk_.files["journal"].synced, bytes().size());
}

TEST_F(JournalTest, WhatAKilledProcessHadNotSyncedIsSyncedWhenItIsFound) {
  ASSERT_TRUE(open()->put("a", "1"));
  disk_.files["journal"].synced = 3;  // killed between write and sync
  EXPECT_EQ(open()->entries().size(), 1u);
  EXPECT_EQ(disk_.files["journal"].synced, bytes().size());
}

TEST_F(JournalTest, AnEntryTornAtTheEndIsDroppedAndTheRestKept) {
  auto journal = open();
  ASSERT_TRUE(journal->put("a", "1"));
  const Bytes before = bytes();
  ASSERT_TRUE(journal->put("b", "2"));
  const Bytes whole = bytes();
  for (std::size_t size = before.size(); size < whole.size(); ++size) {
    bytes() = whole.substr(0, size);
    EXPECT_EQ(open()->entries().size(), 1u) << size;
    EXPECT_EQ(bytes(), before);
    bytes() = whole.substr(0, size) + Bytes(whole.size() - size, '\0');
    if (bytes() == whole) continue;
    EXPECT_EQ(open()->entries().size(), 1u) << size;
  }
}

TEST_F(JournalTest, DamageBeforeTheEndIsReportedWithItsPlace) {
  auto journal = open();
  ASSERT_TRUE(journal->put("a", "1"));
  ASSERT_TRUE(journal->put("b", "2"));
  bytes()[20] ^= 1;
  const auto opened = Journal::open(disk_, "journal");
  ASSERT_FALSE(opened);
  EXPECT_TRUE(is(opened.error(), WorkloadError::kCorrupted));
  EXPECT_NE(opened.error().text.find("byte 8"), std::string::npos) << opened.error().text;
}

TEST_F(JournalTest, AnotherKindOfFileIsRefused) {
  bytes() = "something else entirely";
  EXPECT_FALSE(Journal::open(disk_, "journal"));
}

TEST_F(JournalTest, AFailedWriteIsCutOffAndTheNextOneCounts) {
  auto journal = open();
  ASSERT_TRUE(journal->put("a", "1"));
  const Bytes before = bytes();
  disk_.full = true;
  EXPECT_FALSE(journal->put("b", "1"));
  EXPECT_EQ(bytes(), before);
  EXPECT_FALSE(journal->entries().contains("b"));
  disk_.full = false;
  EXPECT_TRUE(journal->put("c", "1"));
  EXPECT_EQ(open()->entries(), (std::map<std::string, std::string>{{"a", "1"}, {"c", "1"}}));
}

TEST_F(JournalTest, WhileAFailedWriteCannotBeCutOffNothingIsAcknowledged) {
  auto journal = open();
  ASSERT_TRUE(journal->put("a", "1"));
  disk_.full = disk_.fixed = true;
  EXPECT_FALSE(journal->put("b", "1"));
  disk_.full = false;
  const auto refused = journal->put("c", "1");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), WorkloadError::kCorrupted)) << refused.error().text;
  EXPECT_EQ(journal->entries().size(), 1u);
  disk_.fixed = false;
  EXPECT_TRUE(journal->put("c", "1"));
  EXPECT_EQ(open()->entries(), (std::map<std::string, std::string>{{"a", "1"}, {"c", "1"}}));
}

TEST_F(JournalTest, OldEntriesLeaveWhenTheyAreMostOfTheFile) {
  auto journal = open();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(journal->put("key", std::string(10'000, 'x')));
  EXPECT_LT(bytes().size(), 2u << 20);
  ASSERT_TRUE(journal->put("after", "1"));
  EXPECT_EQ(open()->entries().size(), 2u);
}

RC_GTEST_PROP(JournalProperty, AnyCutLeavesAPrefixOfTheHistory,
              (const std::vector<std::pair<std::uint8_t, std::string>>& history)) {
  MemoryDisk disk;
  std::vector<std::map<std::string, std::string>> states{{}};
  std::vector<std::size_t> ends;
  {
    auto journal = *Journal::open(disk, "journal");
    ends.push_back(disk.files["journal"].bytes.size());
    for (const auto& [number, value] : history) {
      const std::string key = std::to_string(number % 8);
      if (number % 3 == 0) {
        RC_ASSERT(journal->erase(key).has_value());
      } else {
        RC_ASSERT(journal->put(key, value).has_value());
      }
      states.push_back(journal->entries());
      ends.push_back(disk.files["journal"].bytes.size());
    }
  }
  const Bytes whole = disk.files["journal"].bytes;
  const auto cut = *rc::gen::inRange<std::size_t>(ends[0], whole.size() + 1);
  disk.files["journal"].bytes = whole.substr(0, cut);
  const auto journal = Journal::open(disk, "journal");
  RC_ASSERT(journal.has_value());
  std::size_t last = 0;
  for (std::size_t i = 0; i < ends.size(); ++i)
    if (ends[i] <= cut) last = i;
  RC_ASSERT((*journal)->entries() == states[last]);
}

}  // namespace
}  // namespace tp::compute::workload
