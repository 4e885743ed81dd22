// One lease, supervised: a thread that brings the machine to what the record wants and keeps it
// there.
//
// A service: pull the image, then for each replica: create → running → ready; when it ends, its
// reason is kept and it is made again after a wait that doubles. Nothing here decides from what is
// unknown: a replica counts as dead only when conmon wrote its exit code or its processes are gone.
//
// An update: the images of services that run are pulled first, and only when all are here, what
// changes is replaced. Until then, and for ever when an image cannot be had, the earlier version
// runs on.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "networks/compute/agent/workload/backoff.h"
#include "networks/compute/agent/workload/container.h"

namespace tp::compute::workload {

class Lease {
 public:
  // The machine must outlive it. Nothing happens before adopt() and begin().
  Lease(Machine& machine, Record record);
  // Stops supervising; what runs goes on.
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  struct Found {
    std::uint32_t running = 0;
    std::uint32_t dead = 0;
  };
  // Looks what of it runs already, and takes it over.
  Found adopt();
  void begin();

  // The thread does the rest. `record` differs in workload, addresses and ports; ports that neither
  // it nor what runs needs are released.
  void update(Record record);
  // Ends everything of the lease; then stopped() is true.
  void stop();
  bool stopping() const;
  bool stopped() const;
  // Look again now.
  void wake();

  Record record() const;
  LeaseStatus status() const;
  std::vector<LeaseEvent> events(std::uint64_t after) const;
  bool replica_runs(const std::string& service, std::uint32_t index) const;

 private:
  struct Replica;
  struct Pull;
  struct Running;

  void run(std::stop_token stop);
  Duration step();  // the longest sleep until the next step
  void take_update();
  bool stage(const Record& next);
  void replace_with(Record next);
  void release_ports(const Record& gone, const Record& kept, const Record* also = nullptr);
  void remove_service(Running& service, bool with_data);
  void step_pull(Running& service, Record& record);
  void finish_pull(Running& service, Record& record);
  void step_replica(Running& service, Replica& replica);
  void look_at_limits(Running& service, Replica& replica);
  void create_replica(Running& service, Replica& replica);
  void replica_ended(Running& service, Replica& replica, const Observed& seen);
  void probe(Running& service, Replica& replica);
  void publish();
  void tear_down();
  bool stop_replicas(std::vector<Running*> services);
  void note(bool warning, const std::string& reason, const std::string& object,
            const std::string& text);
  // Says a failure of the machine once, not at every step.
  void complain(const Result<void>& result);
  Duration now() const;
  BlockTime wall() const;

  Machine& machine_;
  const std::string id_;

  mutable std::mutex mutex_;  // of everything down to the next blank line
  std::condition_variable_any changed_;
  Record record_;
  std::optional<Record> next_;     // wanted, and not looked at yet
  std::optional<Record> staging_;  // wanted, and its images are not all here yet
  bool woken_ = false;
  bool stopping_ = false;
  bool stopped_ = false;
  LeaseStatus status_;
  std::deque<LeaseEvent> events_;
  std::uint64_t serial_ = 0;

  // Only the thread touches these (and adopt, before it begins).
  std::vector<std::unique_ptr<Running>> services_;
  std::vector<std::unique_ptr<Running>> staged_;  // of `staging_`, those that need an image
  bool bridge_ready_ = false;
  std::string last_complaint_;
  std::jthread thread_;
};

}  // namespace tp::compute::workload
