// What a lease's thread knows about its services and replicas; private to lease*.cpp.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "networks/compute/agent/workload/lease.h"

namespace tp::compute::workload {

struct Lease::Replica {
  std::uint32_t index = 0;
  ReplicaPlace place;
  Backoff backoff;
  bool running = false;
  bool ready = false;
  std::uint32_t restarts = 0;
  bool made_before = false;
  Duration next_try{};
  BlockTime started_at{};
  std::optional<Exit> last_exit{};
  std::string reason{};  // why it does not run, or why it did not last time
  std::string limits{};  // what it has hit while it runs
};

struct Lease::Pull {
  std::mutex mutex;
  std::optional<Result<Image>> result;
  std::jthread thread;  // last: it ends before the others go
};

struct Lease::Running {
  Service spec;
  Backoff backoff;
  std::optional<Image> image{};
  std::unique_ptr<Pull> pull{};
  Duration next_pull{};
  std::string reason{};
  std::vector<Replica> replicas{};
};

}  // namespace tp::compute::workload
