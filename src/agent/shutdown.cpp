#include "agent/shutdown.h"

#include <csignal>
#include <ctime>

namespace tp::agent {
namespace {

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Shutdown::Shutdown() {
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  watcher_ = std::thread([this] { watch(); });
}

Shutdown::~Shutdown() {
  request();
  watcher_.join();
}

void Shutdown::watch() {
  const sigset_t signals = ending_signals();
  while (!requested()) {
    const timespec slice{.tv_sec = 0,
                         .tv_nsec = 100'000'000};  // so that the destructor need not send a signal
    if (sigtimedwait(&signals, nullptr, &slice) > 0) request();
  }
}

Result<void> Shutdown::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return requested_; });
  if (failure_) return std::unexpected(*failure_);
  return {};
}

bool Shutdown::wait_for(Duration timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::nanoseconds(timeout.nanoseconds),
                           [this] { return requested_; });
}

bool Shutdown::requested() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

void Shutdown::request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  changed_.notify_all();
}

void Shutdown::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
    requested_ = true;
  }
  changed_.notify_all();
}

}  // namespace tp::agent
