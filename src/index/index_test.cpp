#include "index/index.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <thread>

#include "base/memory_disk.h"
#include "base/text.h"
#include "crypto/sha.h"

namespace tp::index {
namespace {

// A folder that goes when the test does.
class Folder {
 public:
  Folder() {
    static int counter = 0;
    path_ = testing::TempDir() + "turnpike_index_" + std::to_string(::getpid()) + "_" +
            std::to_string(++counter);
    std::filesystem::remove_all(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using Events = std::vector<chain::Event>;

// A block in which each transaction has the given events.
chain::CommittedBlock block(std::int64_t height, std::vector<Events> txs, Events own = {}) {
  chain::CommittedBlock out;
  out.height = Height{height};
  out.hash = crypto::sha256("block " + std::to_string(height));
  for (std::size_t i = 0; i < txs.size(); ++i) {
    out.txs.push_back("tx " + std::to_string(height) + "/" + std::to_string(i));
    out.tx_hashes.push_back(crypto::sha256(out.txs.back()));
    chain::TxResult& result = out.response.tx_results.emplace_back();
    result.events = chain::EventList(txs[i]);
  }
  out.response.events = chain::EventList(own);
  return out;
}

Events transfer(const std::string& from, const std::string& to, const std::string& amount) {
  return {{"transfer", {{"sender", from}, {"recipient", to}, {"amount", amount}}}};
}

class IndexTest : public testing::Test {
 protected:
  IndexTest() { reopen(); }

  void reopen() {
    index_.reset();
    auto opened = Index::open(disk_, folder_.path(), "test-1");
    ASSERT_TRUE(opened) << opened.error().text;
    index_ = std::move(*opened);
  }

  void add(const chain::CommittedBlock& b) { ASSERT_TRUE(index_->on_block(b)); }

  // "height/index" of what is found, in order.
  std::string txs(std::string_view text, Order order = Order::kAscending, Page page = {}) {
    const auto found = index_->search_txs(*Query::parse(text), order, page);
    if (!found) return found.error().text;
    std::string out;
    for (const TxPlace& place : found->places) {
      out += (out.empty() ? "" : " ") + std::to_string(place.height.value) + "/" +
             std::to_string(place.index);
    }
    return out;
  }

  std::string blocks(std::string_view text, Order order = Order::kAscending) {
    const auto found = index_->search_blocks(*Query::parse(text), order, {});
    if (!found) return found.error().text;
    std::string out;
    for (const Height height : found->places)
      out += (out.empty() ? "" : " ") + std::to_string(height.value);
    return out;
  }

  SystemDisk disk_;
  Folder folder_;
  std::unique_ptr<Index> index_;
};

TEST_F(IndexTest, TheLastBlockThatSaysSomethingIsTheNewestUpToAHeight) {
  const auto says = [](const std::string& value) {
    return Events{{"left_state", {{"query", value}, {"answer", "kept", false}}}};
  };
  add(block(1, {}, says("a")));
  add(block(2, {}, says("a b")));
  add(block(3, {}, says("a")));
  add(block(4, {}));
  const auto last = [this](std::string_view value, std::int64_t height) {
    return *index_->last_block_saying("left_state.query", value, Height{height});
  };
  EXPECT_EQ(last("a", 4), Height{3});
  EXPECT_EQ(last("a", 2), Height{1});
  EXPECT_EQ(last("a b", 4), Height{2});
  EXPECT_EQ(last("a b", 1), std::nullopt);
  EXPECT_EQ(last("none", 4), std::nullopt);
  EXPECT_EQ(*index_->last_block_saying("left_state.answer", "kept", Height{4}), std::nullopt);
}

TEST_F(IndexTest, ATransactionIsFoundByItsHash) {
  const auto b = block(7, {{}, {}});
  add(b);
  EXPECT_EQ(index_->tx_by_hash(b.tx_hashes[1]), (TxPlace{Height{7}, 1}));
  EXPECT_EQ(txs("tx.hash='" + to_hex_upper(b.tx_hashes[1].view()) + "'"), "7/1");
  EXPECT_EQ(txs("tx.hash='" + to_hex(b.tx_hashes[1].view()) + "'"), "7/1");
  const auto unknown = index_->tx_by_hash(crypto::sha256("unknown"));
  ASSERT_TRUE(unknown);
  EXPECT_FALSE(*unknown);
  EXPECT_EQ(txs("tx.hash='" + to_hex_upper(crypto::sha256("unknown").view()) + "'"), "");
}

TEST_F(IndexTest, WhatIsNotThereYetAfterARestartIsNotMissedInSilence) {
  const auto first = block(1, {transfer("a", "b", "1")}), second = block(2, {{}});
  const auto third = block(3, {transfer("a", "c", "1")});
  add(first);
  index_->expect(Height{3});
  const std::string why = "searches reach height 1 of 3 so far: the index is catching up";
  EXPECT_EQ(index_->tx_by_hash(first.tx_hashes[0]), (TxPlace{Height{1}, 0}));
  EXPECT_EQ(index_->block_by_hash(first.hash), Height{1});
  EXPECT_EQ(index_->tx_by_hash(third.tx_hashes[0]).error().text, why);
  EXPECT_EQ(index_->block_by_hash(third.hash).error().text, why);
  for (const std::string query :
       {"transfer.sender='a'", "tx.height>0", "transfer.sender='a' AND tx.height<=3"})
    EXPECT_EQ(txs(query), why);
  EXPECT_EQ(txs("tx.hash='" + to_hex(third.tx_hashes[0].view()) + "'"), why);
  EXPECT_EQ(txs("tx.hash='" + to_hex(first.tx_hashes[0].view()) + "'"), "1/0");
  EXPECT_EQ(txs("transfer.sender='a' AND tx.height<2"), "1/0");
  EXPECT_EQ(blocks("block.height>=1"), why);
  EXPECT_EQ(blocks("block.height=1"), "1");
  EXPECT_FALSE(index_->last_block_saying("left_state.query", "a", Height{2}));
  EXPECT_TRUE(index_->last_block_saying("left_state.query", "a", Height{1}));

  add(second);
  add(third);
  EXPECT_EQ(txs("transfer.sender='a'"), "1/0 3/0");
  EXPECT_EQ(*index_->tx_by_hash(crypto::sha256("unknown")), std::nullopt);
  // What comes later may be missed, as before: nobody was told of it by this index.
  EXPECT_EQ(txs("tx.height=4"), "");
}

TEST_F(IndexTest, AHashIsCombinedWithOtherConditions) {
  const auto b = block(7, {transfer("a", "b", "1"), transfer("b", "a", "2")});
  add(b);
  const std::string hash = "tx.hash='" + to_hex_upper(b.tx_hashes[1].view()) + "'";
  EXPECT_EQ(txs(hash + " AND transfer.sender='b'"), "7/1");
  EXPECT_EQ(txs(hash + " AND transfer.sender='a'"), "");
  EXPECT_EQ(txs(hash + " AND tx.height=7"), "7/1");
  EXPECT_EQ(txs(hash + " AND tx.height>7"), "");
}

TEST_F(IndexTest, ABlockIsFoundByItsHash) {
  const auto b = block(7, {});
  add(b);
  EXPECT_EQ(index_->block_by_hash(b.hash), Height{7});
}

TEST_F(IndexTest, TransactionsAreFoundByHeight) {
  add(block(1, {{}, {}}));
  add(block(2, {}));
  add(block(3, {{}}));
  EXPECT_EQ(txs("tx.height=1"), "1/0 1/1");
  EXPECT_EQ(txs("tx.height='1'"), "1/0 1/1");
  EXPECT_EQ(txs("tx.height>1"), "3/0");
  EXPECT_EQ(txs("tx.height>=1 AND tx.height<3"), "1/0 1/1");
  EXPECT_EQ(txs("tx.height>5 AND tx.height<2"), "");
  EXPECT_EQ(txs("tx.height<99999999999999999999999"), "1/0 1/1 3/0");
  EXPECT_NE(txs("tx.height='x'").find("numbers only"), std::string::npos);
}

TEST_F(IndexTest, TransactionsAreFoundByTheirEvents) {
  add(block(1, {transfer("a", "b", "5utoll"), transfer("b", "c", "10utoll")}));
  add(block(2, {transfer("a", "c", "100utoll")}));
  EXPECT_EQ(txs("transfer.sender='a'"), "1/0 2/0");
  EXPECT_EQ(txs("transfer.sender='a' AND transfer.recipient='c'"), "2/0");
  EXPECT_EQ(txs("transfer.amount>9"), "1/1 2/0");
  EXPECT_EQ(txs("transfer.amount CONTAINS '0u'"), "1/1 2/0");
  EXPECT_EQ(txs("transfer.memo EXISTS"), "");
  EXPECT_EQ(txs("transfer EXISTS AND tx.height=2"), "2/0");
  EXPECT_EQ(txs("transfer.sender='a' AND tx.height<2"), "1/0");
}

TEST_F(IndexTest, ConditionsOnOneEventTypeHoldInOneEvent) {
  Events two = transfer("a", "b", "5");
  two.push_back(transfer("c", "d", "9")[0]);
  two.push_back({"message", {{"action", "send"}}});
  add(block(1, {two}));
  EXPECT_EQ(txs("transfer.sender='a' AND transfer.amount='5'"), "1/0");
  EXPECT_EQ(txs("transfer.sender='a' AND transfer.amount='9'"), "");
  EXPECT_EQ(txs("transfer.sender='a' AND transfer.amount>6"), "");
  EXPECT_EQ(txs("transfer.sender='c' AND message.action='send'"), "1/0");
}

TEST_F(IndexTest, OnlyMarkedAttributesAreFound) {
  add(block(1, {{{"e", {{"shown", "1", true}, {"hidden", "1", false}}}}}));
  EXPECT_EQ(txs("e.shown='1'"), "1/0");
  EXPECT_EQ(txs("e.hidden='1'"), "");
}

TEST_F(IndexTest, ValuesWithZeroBytesAndCommonPrefixesStayApart) {
  add(block(1, {{{"e", {{"k", "a"}}}},
                {{"e", {{"k", std::string("a\0b", 3)}}}},
                {{"e", {{"k", "ab"}}}},
                {{"e", {{"k", std::string("a\0", 2) + std::string(16, '\0')}}}}}));
  EXPECT_EQ(txs("e.k='a'"), "1/0");
  EXPECT_EQ(txs("e.k='ab'"), "1/2");
  EXPECT_EQ(txs("e.k EXISTS"), "1/0 1/1 1/2 1/3");
}

TEST_F(IndexTest, PagesAreCutInTheOrderAskedFor) {
  for (std::int64_t h = 1; h <= 5; ++h) add(block(h, {transfer("a", "b", "1"), {}}));
  EXPECT_EQ(txs("transfer.sender='a'", Order::kDescending), "5/0 4/0 3/0 2/0 1/0");
  EXPECT_EQ(txs("transfer.sender='a'", Order::kAscending, {.skip = 2, .limit = 2}), "3/0 4/0");
  EXPECT_EQ(txs("transfer.sender='a'", Order::kDescending, {.skip = 4, .limit = 9}), "1/0");
  EXPECT_EQ(txs("transfer.sender='a'", Order::kAscending, {.skip = 9, .limit = 2}), "");
  EXPECT_EQ(
      index_->search_txs(*Query::parse("transfer.sender='a'"), Order::kAscending, {0, 1})->total,
      5u);
}

TEST_F(IndexTest, BlocksAreFoundByHeightAndByTheirOwnEvents) {
  add(block(1, {transfer("a", "b", "1")}));
  add(block(2, {}, {{"epoch", {{"number", "7"}}}}));
  add(block(3, {}, {{"epoch", {{"number", "8"}}}}));
  EXPECT_EQ(blocks("block.height>1"), "2 3");
  EXPECT_EQ(blocks("epoch.number=8"), "3");
  EXPECT_EQ(blocks("epoch.number EXISTS AND block.height<3"), "2");
  EXPECT_EQ(blocks("epoch EXISTS", Order::kDescending), "3 2");
  EXPECT_EQ(blocks("transfer.sender='a'"), "");
}

TEST_F(IndexTest, ItGoesOnWhereItStood) {
  EXPECT_EQ(index_->next_height(), Height{0});
  add(block(1, {transfer("a", "b", "1")}));
  add(block(2, {transfer("a", "b", "1")}));
  reopen();
  EXPECT_EQ(index_->next_height(), Height{3});
  EXPECT_EQ(index_->indexed_height(), Height{2});
  EXPECT_EQ(txs("transfer.sender='a'"), "1/0 2/0");
}

TEST_F(IndexTest, ACrashLosesWholeBlocksThatComeAgain) {
  add(block(1, {transfer("a", "b", "1")}));
  add(block(2, {transfer("a", "b", "1")}));
  // What the disk would hold: nothing was closed.
  const Folder crashed;
  std::filesystem::copy(folder_.path(), crashed.path(), std::filesystem::copy_options::recursive);
  const auto again = Index::open(disk_, crashed.path(), "test-1");
  ASSERT_TRUE(again) << again.error().text;
  const Height next = (*again)->next_height();
  EXPECT_LE(next, Height{3});
  for (Height h{std::max<std::int64_t>(next.value, 1)}; h <= Height{2}; h = h.next())
    ASSERT_TRUE((*again)->on_block(block(h.value, {transfer("a", "b", "1")})));
  const auto found =
      (*again)->search_txs(*Query::parse("transfer.sender='a'"), Order::kAscending, {});
  EXPECT_EQ(found->total, 2u);
}

TEST_F(IndexTest, APowerCutLosesAFewThousandBlocksAtMost) {
  MemoryDisk disk;
  constexpr std::int64_t kBlocks = 12'000;
  auto index = Index::open(disk, "index", "test-1");
  ASSERT_TRUE(index) << index.error().text;
  for (std::int64_t h = 1; h <= kBlocks; ++h) ASSERT_TRUE((*index)->on_block(block(h, {})));
  // Flushes end a little later: looked for in copies of the disk.
  for (int i = 0; i < 500; ++i) {
    const auto copy = disk.clone();
    const auto peek = Index::open(*copy, "index", "test-1");
    ASSERT_TRUE(peek) << peek.error().text;
    if ((*peek)->next_height() > Height{10'000}) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  disk.power_cut();
  index->reset();
  disk.power_on();
  const auto again = Index::open(disk, "index", "test-1");
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_GT((*again)->next_height(), Height{10'000});
  EXPECT_LE((*again)->next_height(), Height{kBlocks + 1});
}

TEST_F(IndexTest, ABlockSeenTwiceIsThereOnce) {
  add(block(1, {transfer("a", "b", "1")}));
  add(block(1, {transfer("a", "b", "1")}));
  EXPECT_EQ(txs("transfer.sender='a'"), "1/0");
}

TEST_F(IndexTest, AnotherChainIsRefused) {
  index_.reset();
  const auto other = Index::open(disk_, folder_.path(), "test-2");
  ASSERT_FALSE(other);
  EXPECT_TRUE(is(other.error(), IndexError::kOtherChain));
}

TEST_F(IndexTest, ASecondProcessIsRefused) {
  const auto second = Index::open(disk_, folder_.path(), "test-1");
  ASSERT_FALSE(second);
  EXPECT_TRUE(is(second.error(), IndexError::kDatabase));
}

TEST_F(IndexTest, AReaderCanWaitForAHeight) {
  EXPECT_FALSE(index_->wait_for(Height{1}, Duration::milliseconds(1)));
  std::thread writer([&] { add(block(1, {})); });
  EXPECT_TRUE(index_->wait_for(Height{1}, Duration::seconds(10)));
  writer.join();
}

// --- A long history ---

// 40 blocks of up to 200 transactions, some blocks empty; all transactions have one value in
// common, some share others. The index is closed and opened again on the way.
class LongHistory : public IndexTest {
 protected:
  LongHistory() {
    std::uint32_t n = 0;
    for (std::int64_t h = 1; h <= 40; ++h) {
      std::vector<Events> transactions(h % 5 == 0 ? 0 : static_cast<std::size_t>(h * 37 % 200));
      for (std::size_t i = 0; i < transactions.size(); ++i, ++n) {
        transactions[i] = {
            {"message", {{"action", "send"}, {"sender", "a" + std::to_string(n % 3)}}},
            {"message", {{"action", "send"}, {"module", "bank"}}},
            {"fee", {{"payer", "p" + std::to_string(n)}}}};
        places_.push_back({Height{h}, static_cast<std::uint32_t>(i)});
      }
      add(block(h, std::move(transactions), {{"epoch", {{"kind", "day"}}}}));
      if (h == 17) reopen();
    }
  }

  // Whether every page of the search is what `expected` says, in both orders.
  void expect_pages(const std::string& text, const std::vector<TxPlace>& expected) {
    const Query query = *Query::parse(text);
    for (const Order order : {Order::kAscending, Order::kDescending}) {
      std::vector<TxPlace> all = expected;
      if (order == Order::kDescending) std::reverse(all.begin(), all.end());
      for (const std::uint64_t skip :
           {0ull, 1ull, 1'000ull, 1'023ull, 1'024ull, 2'500ull, 9'999ull}) {
        const auto found = index_->search_txs(query, order, {.skip = skip, .limit = 30});
        ASSERT_TRUE(found) << found.error().text;
        EXPECT_EQ(found->total, all.size()) << text;
        const auto first = all.begin() + static_cast<std::ptrdiff_t>(std::min(skip, all.size()));
        const auto last = first + std::min<std::ptrdiff_t>(30, all.end() - first);
        EXPECT_EQ(found->places, std::vector<TxPlace>(first, last)) << text << " after " << skip;
      }
    }
  }
  std::vector<TxPlace> places_between(std::int64_t first, std::int64_t last) const {
    std::vector<TxPlace> out;
    for (const TxPlace& place : places_)
      if (place.height.value >= first && place.height.value <= last) out.push_back(place);
    return out;
  }

  std::vector<TxPlace> places_;
};

TEST_F(LongHistory, WhatMostOfItMatchesIsPagedThrough) {
  expect_pages("message.action='send'", places_);
  expect_pages("message.action='send' AND tx.height>4 AND tx.height<=33", places_between(5, 33));
  expect_pages("message.action='send' AND tx.height=7", places_between(7, 7));
  expect_pages("message.action='receive'", {});
}

TEST_F(LongHistory, HeightsAloneArePagedThrough) {
  expect_pages("tx.height>0", places_);
  expect_pages("tx.height>=4 AND tx.height<=6", places_between(4, 6));
  expect_pages("tx.height=5", {});
  expect_pages("tx.height>40", {});
}

TEST_F(LongHistory, ConditionsTogetherArePagedThrough) {
  std::vector<TxPlace> expected;
  for (std::size_t i = 1; i < places_.size(); i += 3) expected.push_back(places_[i]);
  expect_pages("message.action='send' AND message.sender='a1'", expected);
}

TEST_F(LongHistory, BlocksArePagedThrough) {
  EXPECT_EQ(blocks("block.height>=39"), "39 40");
  EXPECT_EQ(blocks("epoch.kind='day' AND block.height>38", Order::kDescending), "40 39");
  const auto found =
      index_->search_blocks(*Query::parse("epoch.kind='day'"), Order::kAscending, {38, 30});
  EXPECT_EQ(found->total, 40u);
  EXPECT_EQ(found->places, (std::vector{Height{39}, Height{40}}));
}

TEST_F(IndexTest, ASearchThatWouldReadTooMuchIsRefused) {
  for (std::int64_t h = 1; h <= 60; ++h) {
    std::vector<Events> transactions(1'000);
    for (std::size_t i = 0; i < transactions.size(); ++i)
      transactions[i] =
          transfer("a", std::to_string(h * 1'000 + static_cast<std::int64_t>(i)), "1");
    add(block(h, std::move(transactions)));
  }
  const auto refused =
      index_->search_txs(*Query::parse("transfer.recipient CONTAINS 'no'"), Order::kAscending, {});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), QueryError::kTooBroad)) << refused.error().text;
  EXPECT_EQ(txs("transfer.sender='a' AND tx.height=60", Order::kDescending, {.limit = 2}),
            "60/999 60/998");
  EXPECT_EQ(txs("transfer.recipient='7007'"), "7/7");
}

// What a search should find, the slow way: every transaction against the query itself.
TEST(IndexOnAFullDisk, GoesOnWhereTheDiskStandsOnceThereIsRoom) {
  MemoryDisk disk;
  auto opened = Index::open(disk, "index", "test-1");
  ASSERT_TRUE(opened) << opened.error().text;
  Index& index = **opened;
  ASSERT_TRUE(index.on_block(block(1, {transfer("a", "b", "1")})));
  disk.set_capacity(64 << 10);
  constexpr std::int64_t kFlushed = 5'000, kLimit = 200'000;  // a flush begins every so many blocks
  std::int64_t height = 2;
  while (height < kLimit && index.on_block(block(height, {transfer("a", "b", "1")}))) ++height;
  ASSERT_LT(height, kLimit) << "the disk was never full";
  EXPECT_GE(height, kFlushed);
  disk.set_capacity(std::numeric_limits<std::uint64_t>::max());
  // As the engine does: again from where the index stands.
  int failures = 0;
  for (std::int64_t next = height; next <= height; next = index.next_height().value) {
    next = std::max<std::int64_t>(next, 1);
    if (!index.on_block(block(next, {transfer("a", "b", "1")}))) ++failures;
    ASSERT_LT(failures, 5);
  }
  const auto found =
      index.search_txs(*Query::parse("transfer.sender='a'"), Order::kAscending, {0, 1});
  ASSERT_TRUE(found) << found.error().text;
  EXPECT_EQ(found->total, static_cast<std::uint64_t>(height));
}

RC_GTEST_PROP(IndexProperty, SearchFindsWhatTheQueryMatches, ()) {
  const auto small = [](const std::string& prefix, int count) {
    return prefix + std::to_string(*rc::gen::inRange(0, count));
  };
  // One index for all cases, each at heights of its own: opening one takes long.
  static const Folder folder;
  static SystemDisk disk;
  static const auto index = Index::open(disk, folder.path(), "test-1");
  RC_ASSERT(index.has_value());
  const std::int64_t base = (*index)->indexed_height().value;
  std::vector<chain::CommittedBlock> chain;
  const auto block_count = *rc::gen::inRange(1, 6);
  for (std::int64_t h = base + 1; h <= base + block_count; ++h) {
    std::vector<Events> transactions(static_cast<std::size_t>(*rc::gen::inRange(0, 5)));
    for (Events& events : transactions) {
      events.resize(static_cast<std::size_t>(*rc::gen::inRange(0, 4)));
      for (chain::Event& event : events) {
        event.type = small("t", 2);
        const auto attributes = *rc::gen::inRange(0, 3);
        for (int i = 0; i < attributes; ++i)
          event.attributes.push_back({small("k", 3), small("", 4), true});
      }
    }
    chain.push_back(block(h, std::move(transactions)));
  }
  std::string text;
  const auto conditions = *rc::gen::inRange(1, 4);
  for (int i = 0; i < conditions; ++i) {
    const std::string key = small("t", 2) + "." + small("k", 3);
    const std::vector<std::string> shapes{
        key + "='" + small("", 4) + "'",
        key + ">" + small("", 4),
        key + "<=" + small("", 4),
        key + " EXISTS",
        key + " CONTAINS '" + small("", 4) + "'",
        "tx.height>" + std::to_string(base + *rc::gen::inRange(0, 4)),
        "tx.height=" + std::to_string(base + *rc::gen::inRange(0, 6))};
    text += (i == 0 ? "" : " AND ") + *rc::gen::elementOf(shapes);
  }
  text += " AND tx.height>" + std::to_string(base);
  const Query q = *Query::parse(text);

  std::vector<TxPlace> expected;
  for (const chain::CommittedBlock& b : chain) {
    RC_ASSERT((*index)->on_block(b).has_value());
    for (std::size_t i = 0; i < b.txs.size(); ++i) {
      Events events = b.response.tx_results[i].events.decode();
      events.push_back({"tx", {{"height", std::to_string(b.height.value)}}});
      if (q.matches(events)) expected.push_back({b.height, static_cast<std::uint32_t>(i)});
    }
  }
  const auto found = (*index)->search_txs(q, Order::kAscending, {.skip = 0, .limit = 1'000});
  RC_ASSERT(found.has_value());
  RC_LOG() << text;
  RC_ASSERT(found->places == expected);
  RC_ASSERT(found->total == expected.size());
}

}  // namespace
}  // namespace tp::index
