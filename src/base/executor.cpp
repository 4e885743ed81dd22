#include "base/executor.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace tp {

void InlineExecutor::parallel(std::size_t count, FunctionRef<void(std::size_t)> task) {
  for (std::size_t i = 0; i < count; ++i) task(i);
}

void InlineExecutor::post(std::function<void()> task) {
  task();
}

struct ThreadExecutor::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> tasks;
  bool stopping = false;
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !tasks.empty(); });
      if (tasks.empty()) return;
      std::function<void()> task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }
};

ThreadExecutor::ThreadExecutor(std::size_t threads) : state_(std::make_unique<State>()) {
  for (std::size_t i = 0; i < threads; ++i)
    state_->threads.emplace_back([this] { state_->work(); });
}

ThreadExecutor::~ThreadExecutor() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

void ThreadExecutor::post(std::function<void()> task) {
  if (state_->threads.empty()) return task();
  {
    const std::lock_guard lock(state_->mutex);
    state_->tasks.push_back(std::move(task));
  }
  state_->wake.notify_one();
}

std::size_t ThreadExecutor::width() const {
  return state_->threads.size() + 1;
}

namespace {

// One call of parallel(): helpers and the caller take the next index until none is left. Shared
// ownership, because a helper may be scheduled only after the caller has finished everything and
// left.
struct Batch {
  Batch(std::size_t size, FunctionRef<void(std::size_t)> work) : count(size), task(work) {}

  const std::size_t count;
  const FunctionRef<void(std::size_t)> task;  // valid while done < count
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::condition_variable finished;
  std::size_t done = 0;

  void help() {
    std::size_t completed = 0;
    for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
      task(i);
      ++completed;
    }
    if (completed == 0) return;
    const std::lock_guard lock(mutex);
    done += completed;
    if (done == count) finished.notify_all();
  }
};

}  // namespace

void ThreadExecutor::parallel(std::size_t count, FunctionRef<void(std::size_t)> task) {
  if (count == 0) return;
  const auto batch = std::make_shared<Batch>(count, task);
  const std::size_t helpers = std::min(count - 1, state_->threads.size());
  for (std::size_t i = 0; i < helpers; ++i) post([batch] { batch->help(); });
  batch->help();
  std::unique_lock lock(batch->mutex);
  batch->finished.wait(lock, [&batch] { return batch->done == batch->count; });
}

}  // namespace tp
