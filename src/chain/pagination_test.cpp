#include "chain/pagination.h"

#include <gtest/gtest.h>

#include "chain/ids.h"
#include "store/overlay.h"

namespace tp::chain {
namespace {

struct Row {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t value = 0;
  auto fields() { return std::tie(value); }
  auto fields() const { return std::tie(value); }
};

constexpr store::Table<std::uint64_t, Row> kRows{kAccountsTable};

class PaginationTest : public testing::Test {
 protected:
  void fill(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(kRows.put(state_, i, {i}));
  }
  // One page; its values are in found_.
  Result<PageResponse> ask() {
    found_.clear();
    return paginate(state_, kRows, std::tuple<>{}, request_,
                    [this](std::uint64_t, const Row& row, bool wanted) -> Result<bool> {
                      if (row.value % every_ != 0) return false;
                      if (wanted) found_.push_back(row.value);
                      return true;
                    });
  }

  store::EmptyReader nothing_;
  store::Overlay state_{nothing_};
  PageRequest request_;
  std::uint64_t every_ = 1;  // the rows that belong to the answer
  std::vector<std::uint64_t> found_;
};

TEST_F(PaginationTest, PagesGoOnFromTheirKeys) {
  fill(5);
  request_.set_limit(2);
  std::vector<std::uint64_t> all;
  for (int page = 0; page < 3; ++page) {
    const auto response = ask();
    ASSERT_TRUE(response);
    all.insert(all.end(), found_.begin(), found_.end());
    request_.set_key(response->next_key());
  }
  EXPECT_EQ(all, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_TRUE(request_.key().empty());
}

TEST_F(PaginationTest, OffsetAndTotalCountFromTheEndInReverse) {
  fill(5);
  request_.set_limit(2);
  request_.set_offset(1);
  request_.set_count_total(true);
  request_.set_reverse(true);
  const auto response = ask();
  ASSERT_TRUE(response);
  EXPECT_EQ(found_, (std::vector<std::uint64_t>{3, 2}));
  EXPECT_EQ(response->total(), 5u);
}

TEST_F(PaginationTest, APageIsNeverLongerThanTheMost) {
  fill(kPageLimitMax + 1);
  request_.set_limit(UINT64_MAX);
  const auto response = ask();
  ASSERT_TRUE(response);
  EXPECT_EQ(found_.size(), kPageLimitMax);
  EXPECT_FALSE(response->next_key().empty());
}

TEST_F(PaginationTest, APageEndsAfterSoManyRowsAndTheNextGoesOn) {
  fill(kPageRowsMax + 1);
  every_ = kPageRowsMax;
  request_.set_limit(2);
  auto response = ask();
  ASSERT_TRUE(response);
  EXPECT_EQ(found_, std::vector<std::uint64_t>{0});
  request_.set_key(response->next_key());
  response = ask();
  ASSERT_TRUE(response);
  EXPECT_EQ(found_, std::vector<std::uint64_t>{kPageRowsMax});
  EXPECT_TRUE(response->next_key().empty());
}

TEST_F(PaginationTest, WhatWouldNeedTooManyRowsIsRefused) {
  fill(kPageRowsMax + 1);
  const auto refused = [this] {
    const auto response = ask();
    return !response && is(response.error(), QueryError::kInvalidArgument);
  };
  request_.set_count_total(true);
  EXPECT_TRUE(refused());
  request_.set_count_total(false);
  request_.set_reverse(true);
  EXPECT_TRUE(refused());
  request_.set_reverse(false);
  request_.set_offset(kPageRowsMax + 1);
  EXPECT_TRUE(refused());
  request_.set_offset(kPageRowsMax - 1);
  EXPECT_FALSE(refused());
}

}  // namespace
}  // namespace tp::chain
