#include "base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>
#include <vector>

namespace tp {
namespace {

class ExecutorTest : public testing::TestWithParam<std::size_t> {
 protected:
  ThreadExecutor executor_{GetParam()};
};

TEST_P(ExecutorTest, ParallelRunsEveryIndexOnceBeforeItReturns) {
  for (const std::size_t count : {0, 1, 2, 3, 100, 10'000}) {
    std::vector<std::atomic<int>> runs(count);
    executor_.parallel(count, [&runs](std::size_t i) { runs[i].fetch_add(1); });
    for (const auto& run : runs) ASSERT_EQ(run.load(), 1);
  }
}

TEST_P(ExecutorTest, ParallelMayBeNested) {
  std::atomic<int> runs{0};
  executor_.parallel(20, [&](std::size_t) {
    executor_.parallel(
        20, [&](std::size_t) { executor_.parallel(5, [&](std::size_t) { runs.fetch_add(1); }); });
  });
  EXPECT_EQ(runs.load(), 20 * 20 * 5);
}

TEST_P(ExecutorTest, ManyThreadsMayCallParallelAtOnce) {
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round)
        executor_.parallel(50, [&](std::size_t) { runs.fetch_add(1); });
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs.load(), 4 * 50 * 50);
}

TEST_P(ExecutorTest, ParallelFinishesWhileThePoolIsBusyWithSomethingElse) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  if (GetParam() == 0) return release.set_value();  // with no threads, post() would wait here
  for (std::size_t i = 0; i < GetParam(); ++i) executor_.post([released] { released.wait(); });
  std::atomic<int> runs{0};
  executor_.parallel(10, [&](std::size_t) { runs.fetch_add(1); });
  EXPECT_EQ(runs.load(), 10);
  release.set_value();
}

TEST_P(ExecutorTest, WidthCountsTheCaller) {
  EXPECT_EQ(executor_.width(), GetParam() + 1);
}

INSTANTIATE_TEST_SUITE_P(Pools, ExecutorTest, testing::Values(0, 1, 3));

TEST(ThreadExecutor, TheDestructorFinishesWhatWasPosted) {
  for (const std::size_t threads : {0, 1, 3}) {
    std::atomic<int> runs{0};
    {
      ThreadExecutor executor(threads);
      for (int i = 0; i < 100; ++i) executor.post([&runs] { runs.fetch_add(1); });
    }
    EXPECT_EQ(runs.load(), 100) << threads;
  }
}

TEST(ThreadExecutor, ATaskMayPostAnother) {
  std::atomic<int> runs{0};
  {
    ThreadExecutor executor(2);
    executor.post([&] { executor.post([&runs] { runs.fetch_add(1); }); });
  }
  EXPECT_EQ(runs.load(), 1);
}

TEST(InlineExecutor, RunsInOrderOnTheCaller) {
  InlineExecutor executor;
  std::vector<std::size_t> order;
  executor.parallel(3, [&order](std::size_t i) { order.push_back(i); });
  executor.post([&order] { order.push_back(9); });
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 9}));
  EXPECT_EQ(executor.width(), 1u);
}

}  // namespace
}  // namespace tp
