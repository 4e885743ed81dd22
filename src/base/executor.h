// The seam through which work reaches threads; simulation runs everything on one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/function_ref.h"

namespace tp {

class Executor {
 public:
  virtual ~Executor() = default;

  // Runs task(0) ... task(count - 1), in any order and on any thread, and returns when all are
  // done. Tasks must not throw and must not touch shared mutable state.
  virtual void parallel(std::size_t count, FunctionRef<void(std::size_t)> task) = 0;
  // Runs `task` some time later. Tasks of one executor may run at the same time.
  virtual void post(std::function<void()> task) = 0;
  // How many tasks can make progress at once; at least 1.
  virtual std::size_t width() const = 0;
};

// Runs everything at once on the calling thread.
class InlineExecutor final : public Executor {
 public:
  void parallel(std::size_t count, FunctionRef<void(std::size_t)> task) override;
  void post(std::function<void()> task) override;
  std::size_t width() const override { return 1; }
};

// A fixed pool of threads. `parallel` also works on the calling thread, so that a pool of n - 1
// threads uses n cores; with no threads, everything runs on the caller. Calls of `parallel` may be
// nested. The destructor finishes posted tasks first.
class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(std::size_t threads);
  ~ThreadExecutor() override;

  void parallel(std::size_t count, FunctionRef<void(std::size_t)> task) override;
  void post(std::function<void()> task) override;
  std::size_t width() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tp
