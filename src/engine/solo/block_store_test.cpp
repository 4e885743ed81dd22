#include "engine/solo/block_store.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "base/memory_disk.h"
#include "engine/comet_types/encoding.h"
#include "engine/solo/counter_app.h"
#include "engine/solo/crc32c.h"
#include "engine/solo/results_codec.h"
#include "engine/solo/solo_test_support.h"

namespace tp::solo {
namespace {

class BlockStoreTest : public testing::Test {
 protected:
  BlockStoreTest() { set_log_level(LogLevel::kError); }  // a warning a torn tail

  // `safe`: blocks up to there are known to have been safe.
  Result<std::unique_ptr<BlockStore>> open(Disk& disk, Height safe = Height{0}) {
    BlockStoreOptions options = test_store_options("blocks");
    options.file_bytes = file_bytes_;
    options.safe = safe;
    return BlockStore::open(options, disk);
  }
  Result<std::unique_ptr<BlockStore>> open() { return open(disk_); }

  // Where the `n`-th record of the first file begins.
  std::uint64_t record_at(int n) {
    const Bytes log = *disk_.read(kFirstFile);
    std::size_t at = log.find("TPB1");
    for (int i = 1; i < n; ++i) at = log.find("TPB1", at + 1);
    return at;
  }

  // A chain of `count` blocks, of three transactions each, in the store.
  void make_blocks(std::int64_t count) {
    auto store = open();
    ASSERT_TRUE(store) << store.error().text;
    CounterApp app(saved_);
    auto maker = BlockMaker::open(app, **store, test_genesis(), test_key(), clock_);
    ASSERT_TRUE(maker) << maker.error().text;
    for (std::int64_t i = 0; i < count; ++i) {
      clock_.advance(Duration::seconds(1));
      const std::string n = std::to_string(i);
      const auto block = (*maker)->seal(pooled({"add 1 " + n, "fail", "add 2 " + n}));
      ASSERT_TRUE(block) << block.error().text;
      ASSERT_TRUE((*maker)->commit());
      blocks_.push_back(*block);
    }
  }

  static std::string error_of(const Result<std::unique_ptr<BlockStore>>& store) {
    return store ? "" : store.error().text;
  }

  static void expect_same(const StoredBlock& read, const StoredBlock& written) {
    EXPECT_EQ(read.meta.id, written.meta.id);
    EXPECT_EQ(read.meta.header, written.meta.header);
    EXPECT_EQ(read.meta.last_commit, written.meta.last_commit);
    EXPECT_EQ(read.meta.seen_commit, written.meta.seen_commit);
    EXPECT_EQ(read.meta.size_bytes, written.meta.size_bytes);
    EXPECT_EQ(read.executed.txs, written.executed.txs);
    EXPECT_EQ(read.executed.tx_hashes, written.executed.tx_hashes);
    EXPECT_EQ(read.executed.hash, written.executed.hash);
    EXPECT_EQ(read.executed.response.tx_results, written.executed.response.tx_results);
    EXPECT_EQ(read.executed.response.app_hash, written.executed.response.app_hash);
  }

  static constexpr auto kFirstFile = "blocks/blocks-00000000000000000001.log";

  MemoryDisk disk_;
  HandClock clock_;
  CounterApp::State saved_;
  std::uint64_t file_bytes_ = 64 << 20;
  std::vector<BlockPtr> blocks_;
};

TEST_F(BlockStoreTest, WhatWasWrittenIsReadBackAfterReopening) {
  make_blocks(5);
  const auto store = open();
  ASSERT_TRUE(store) << store.error().text;
  EXPECT_EQ((*store)->first(), Height{1});
  EXPECT_EQ((*store)->last(), Height{5});
  for (const BlockPtr& block : blocks_) {
    const auto read = (*store)->block(block->height());
    ASSERT_TRUE(read) << read.error().text;
    expect_same(**read, *block);
    const auto meta = (*store)->meta(block->height());
    ASSERT_TRUE(meta);
    EXPECT_EQ(meta->id, block->meta.id);
    EXPECT_EQ(meta->tx_count, 3u);
  }
}

TEST_F(BlockStoreTest, OneTransactionIsReadWithoutTheOthers) {
  make_blocks(3);
  const auto store = open();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto tx = (*store)->tx(Height{2}, i);
    ASSERT_TRUE(tx) << tx.error().text;
    EXPECT_EQ(tx->tx, blocks_[1]->executed.txs[i]);
    EXPECT_EQ(tx->result, blocks_[1]->executed.response.tx_results[i]);
  }
  EXPECT_TRUE(is((*store)->tx(Height{2}, 3).error(), BaseError::kNotFound));
}

TEST_F(BlockStoreTest, HeightsThatAreNotThereAreNamedWithTheRangeThatIs) {
  make_blocks(3);
  const auto store = open();
  const auto block = (*store)->block(Height{4});
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().text, "block 4 is not among those from 1 to 3: no such block");
  EXPECT_FALSE((*store)->block(Height{0}));
  EXPECT_FALSE((*store)->block(Height{-1}));
}

TEST_F(BlockStoreTest, FilesAreFinishedAndReadThroughTheirIndex) {
  file_bytes_ = 2'000;
  make_blocks(20);
  EXPECT_GT(disk_.files().size(), 10u);
  const auto store = open();
  ASSERT_TRUE(store) << store.error().text;
  for (const BlockPtr& block : blocks_) {
    const auto read = (*store)->block(block->height());
    ASSERT_TRUE(read) << read.error().text;
    expect_same(**read, *block);
  }
}

TEST_F(BlockStoreTest, AMissingIndexIsMadeAgain) {
  file_bytes_ = 2'000;
  make_blocks(10);
  const std::string index = "blocks/blocks-00000000000000000001.idx";
  ASSERT_TRUE(disk_.remove(index));
  const auto store = open();
  ASSERT_TRUE(store) << store.error().text;
  EXPECT_TRUE(disk_.exists(index));
  EXPECT_TRUE((*store)->block(Height{1}));
}

TEST_F(BlockStoreTest, AMissingFileInTheMiddleIsRefused) {
  file_bytes_ = 2'000;
  make_blocks(10);
  for (const std::string& path : disk_.files()) {
    if (path.ends_with(".log") && path != kFirstFile) {
      ASSERT_TRUE(disk_.remove(path));
      break;
    }
  }
  EXPECT_NE(error_of(open()).find("a file between them is missing"), std::string::npos);
}

TEST_F(BlockStoreTest, ADamagedIndexIsMadeAgainAndTheLogIsNotBlamed) {
  file_bytes_ = 2'000;
  make_blocks(10);
  const std::string index = "blocks/blocks-00000000000000000001.idx";
  const Bytes whole = *disk_.read(index);
  for (std::uint64_t at = 0; at < whole.size(); ++at) {
    const auto damaged = disk_.clone();
    damaged->flip_byte(index, at);
    const auto store = open(*damaged);
    ASSERT_TRUE(store) << "byte " << at << ": " << store.error().text;
    EXPECT_EQ(*damaged->read(index), whole) << "byte " << at;
    for (const BlockPtr& block : blocks_) ASSERT_TRUE((*store)->block(block->height()));
  }
}

TEST_F(BlockStoreTest, ATornTailIsMovedAsideAtEveryByte) {
  make_blocks(3);
  const Bytes whole = *disk_.read(kFirstFile);
  const std::uint64_t third = record_at(3);
  for (std::uint64_t size = whole.size() - 1; size > third; --size) {
    const auto torn = disk_.clone();
    ASSERT_TRUE(torn->truncate(kFirstFile, size));
    const auto store = open(*torn, Height{2});
    ASSERT_TRUE(store) << "cut to " << size << ": " << store.error().text;
    ASSERT_EQ((*store)->last(), Height{2}) << "cut to " << size;
    ASSERT_EQ(*torn->read(kFirstFile), whole.substr(0, third));
    ASSERT_EQ(*torn->read(std::string(kFirstFile) + ".torn-1"), whole.substr(third, size - third));
  }
}

TEST_F(BlockStoreTest, AnEarlierTornTailIsKept) {
  make_blocks(3);
  const auto aside = disk_.open_append(std::string(kFirstFile) + ".torn-1");
  ASSERT_TRUE((*aside)->append("of an earlier crash"));
  ASSERT_TRUE(disk_.truncate(kFirstFile, *disk_.file_size(kFirstFile) - 1));
  ASSERT_TRUE(open());
  EXPECT_EQ(*disk_.read(std::string(kFirstFile) + ".torn-1"), "of an earlier crash");
  EXPECT_TRUE(disk_.exists(std::string(kFirstFile) + ".torn-2"));
}

TEST_F(BlockStoreTest, DamageToTheLastBlockIsRefusedWhereTheStateHoldsIt) {
  make_blocks(3);
  const std::uint64_t third = record_at(3);
  for (std::uint64_t at = third; at < *disk_.file_size(kFirstFile); at += 5) {
    const auto damaged = disk_.clone();
    damaged->flip_byte(kFirstFile, at);
    const Bytes log = *damaged->read(kFirstFile);
    const auto store = open(*damaged, Height{3});
    ASSERT_FALSE(store) << "byte " << at;
    EXPECT_TRUE(is(store.error(), SoloError::kDamaged));
    EXPECT_NE(store.error().text.find("block 3 at byte " + std::to_string(third)),
              std::string::npos)
        << store.error().text;
    EXPECT_EQ(*damaged->read(kFirstFile), log) << "it is not changed";
  }
}

TEST_F(BlockStoreTest, ALastBlockThatIsCutShortIsRefusedWhereTheStateHoldsIt) {
  make_blocks(3);
  ASSERT_TRUE(disk_.truncate(kFirstFile, *disk_.file_size(kFirstFile) - 1));
  EXPECT_FALSE(open(disk_, Height{3}));
}

TEST_F(BlockStoreTest, TheLastBlockOfALogIsToldWithoutOpeningIt) {
  const BlockStoreOptions options = test_store_options("blocks");
  EXPECT_EQ(*last_stored_block(options, disk_), Height{0});
  EXPECT_TRUE(disk_.files().empty());
  make_blocks(3);
  EXPECT_EQ(*last_stored_block(options, disk_), Height{3});
}

TEST_F(BlockStoreTest, DamageToASafeBlockIsRefusedByFileBlockAndByte) {
  make_blocks(3);
  disk_.flip_byte(kFirstFile, 300);
  EXPECT_EQ(error_of(open()),
            std::string(kFirstFile) +
                ": block 1 at byte 0 is damaged; restore the file from a copy of this node's data: "
                "damaged block log");
}

TEST_F(BlockStoreTest, AnyFlippedByteOfASafeBlockIsFound) {
  make_blocks(2);
  const Bytes log = *disk_.read(kFirstFile);
  const std::uint64_t second = log.find("TPB1", 1);
  for (std::uint64_t at = 0; at < second; at += 7) {
    disk_.flip_byte(kFirstFile, at);
    EXPECT_FALSE(open()) << "byte " << at;
    disk_.flip_byte(kFirstFile, at);  // what it was, if flipping is its own inverse
    ASSERT_TRUE(disk_.remove(kFirstFile));
    auto file = disk_.open_append(kFirstFile);
    ASSERT_TRUE((*file)->append(log) && (*file)->sync());
  }
}

TEST_F(BlockStoreTest, DamageInAFinishedFileIsNeverServed) {
  file_bytes_ = 2'000;
  make_blocks(10);
  const auto store = open();
  ASSERT_TRUE(store);
  disk_.flip_byte(kFirstFile, 1'000);
  int refused = 0;
  for (std::int64_t h = 1; h <= 2; ++h) {
    const auto block = (*store)->block(Height{h});
    if (!block && is(block.error(), SoloError::kDamaged)) ++refused;
  }
  EXPECT_EQ(refused, 1);
}

TEST_F(BlockStoreTest, ATransactionThatLooksLikeARecordDoesNotHideATornTail) {
  auto store = open();
  CounterApp app(saved_);
  auto maker = BlockMaker::open(app, **store, test_genesis(), test_key(), clock_);
  ASSERT_TRUE((*maker)->seal({}));
  ASSERT_TRUE((*maker)->commit());
  // What an attacker could send without knowing the salt: a record that claims to be later.
  Bytes rest;
  for (const std::int64_t height : {9, 9}) rest.append(reinterpret_cast<const char*>(&height), 8);
  rest.append(24, '\0');
  const std::uint32_t crc = crc32c(rest);
  Bytes fake = "add 1 TPB1";
  fake.append(reinterpret_cast<const char*>(&crc), 4).append(rest);
  ASSERT_TRUE((*maker)->seal(pooled({fake})));
  maker->reset();
  store->reset();
  const Bytes log = *disk_.read(kFirstFile);
  disk_.flip_byte(kFirstFile, log.find("TPB1", 1) + 60);
  const auto again = open();
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_EQ((*again)->last(), Height{1});
}

TEST_F(BlockStoreTest, AnotherChainOrGenesisIsRefused) {
  make_blocks(1);
  BlockStoreOptions options = test_store_options("blocks");
  options.chain_id = "other";
  const auto other = BlockStore::open(options, disk_);
  ASSERT_FALSE(other);
  EXPECT_TRUE(is(other.error(), SoloError::kOtherChain));
  options = test_store_options("blocks");
  options.genesis_hash = crypto::sha256("changed");
  EXPECT_TRUE(is(BlockStore::open(options, disk_).error(), SoloError::kOtherChain));
}

TEST_F(BlockStoreTest, ASecondProcessIsRefused) {
  const auto first = open();
  ASSERT_TRUE(first);
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_TRUE(is(second.error(), BaseError::kInUse));
}

TEST_F(BlockStoreTest, BlocksThatAreNotSyncedAreNotShown) {
  make_blocks(2);
  BlockStoreOptions options = test_store_options("copy");
  const auto store = BlockStore::open(options, disk_);
  const Bytes encoded = comet_types::encode(blocks_[0]->block());
  ASSERT_TRUE((*store)->append(*blocks_[0], encoded));
  EXPECT_EQ((*store)->last(), Height{0});
  EXPECT_FALSE((*store)->block(Height{1}));
  ASSERT_TRUE((*store)->append(*blocks_[1], comet_types::encode(blocks_[1]->block())));
  ASSERT_TRUE((*store)->sync());  // one sync for both
  EXPECT_EQ((*store)->last(), Height{2});
  EXPECT_TRUE((*store)->block(Height{1}));
}

TEST_F(BlockStoreTest, AFullDiskStopsTheStoreAndLosesNothing) {
  make_blocks(2);
  const auto store = open();
  disk_.set_capacity(*disk_.file_size(kFirstFile) + 500);
  BlockPtr next;
  {
    auto block = std::make_shared<StoredBlock>(*blocks_[1]);
    block->meta.header.height = Height{3};
    next = block;
  }
  const Bytes encoded = comet_types::encode(next->block());
  const auto full = (*store)->append(*next, encoded);
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().text.find("No space left on device"), std::string::npos);
  EXPECT_TRUE(is((*store)->append(*next, encoded).error(), SoloError::kStopped));
  EXPECT_TRUE((*store)->block(Height{2}));
}

TEST(ResultsCodec, ResultsAreCometBftsResponseFinalizeBlock) {
  chain::BlockResponse response;
  response.tx_results = {{.code = 5,
                          .data = "x",
                          .log = "log",
                          .info = "i",
                          .gas_wanted = 2,
                          .gas_used = 1,
                          .events = {{"t", {{"k", "v", true}, {"z", "", false}}}},
                          .codespace = "sdk"},
                         {}};
  response.app_hash = crypto::sha256("app");
  Bytes bytes;
  std::vector<Place> places;
  append_results(response, bytes, places);
  // Made by CometBFT v0.38.25, but for the app hash at the end.
  EXPECT_TRUE(to_hex(bytes).starts_with(
      "122a08051201781a036c6f67220169280230013a120a017412080a016b120176180112030a017a420373646b"
      "1200"));
  const auto read = decode_results(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->tx_results, response.tx_results);
  EXPECT_EQ(read->app_hash, response.app_hash);
  ASSERT_EQ(places.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto one = decode_tx_result(BytesView(bytes).substr(places[i].offset, places[i].size));
    ASSERT_TRUE(one);
    EXPECT_EQ(*one, response.tx_results[i]);
  }
}

TEST(Crc32c, TheInstructionAndTheTableAgreeOnThePublishedVector) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);  // RFC 3720 B.4 polynomial
  EXPECT_EQ(crc32c_portable("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xe3069283u);
  std::uint32_t one = crc32c("1234"), other = 7;
  crc32c_both("56789", one, other);
  EXPECT_EQ(one, 0xe3069283u);
  EXPECT_EQ(other, crc32c("56789", 7));
  crc32c_both("0123456789abcdef0", one, other);
  EXPECT_EQ(other, crc32c_portable("567890123456789abcdef0", 7));
}

}  // namespace
}  // namespace tp::solo
