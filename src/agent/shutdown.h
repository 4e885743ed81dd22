// When a daemon ends: by SIGINT or SIGTERM, or because a part of it cannot go on.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "base/time.h"

namespace tp::agent {

// One a process, made before any other thread: it keeps the two signals from all threads and waits
// for them on its own.
class Shutdown {
 public:
  Shutdown();
  ~Shutdown();

  // Blocks until a signal came or fail() was called. Returns the failure, if that was it.
  Result<void> wait();
  // Waits at most `timeout`; true when it is time to end.
  bool wait_for(Duration timeout);
  bool requested() const;
  void request();
  void fail(Error error);

 private:
  void watch();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;
  std::optional<Error> failure_;
  std::thread watcher_;
};

}  // namespace tp::agent
