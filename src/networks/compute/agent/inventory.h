// What this machine has, and what of it is promised: to bids that wait (pending) and to leases
// (active). Arithmetic is signed: a machine that is over-promised shows a negative rest, never a
// huge one. Rules: specs/compute-market.md §3.2.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "networks/compute/agent/market.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute::provider {

// One GPU of this machine; names are those of the SDL: "nvidia", "a100", "80Gi", "sxm".
struct GpuDevice {
  std::string vendor{};
  std::string model{};
  std::string ram{};
  std::string interface{};
  bool operator==(const GpuDevice&) const = default;
};

// Finds the GPUs. Machines differ too much for one way to be right; without one there are none.
class GpuLister {
 public:
  virtual ~GpuLister() = default;
  virtual std::vector<GpuDevice> devices() = 0;
};

// How much can be promised for each unit that is there, in percent: 100 is no over-commitment.
struct Overcommit {
  std::uint32_t cpu_percent = 100;
  std::uint32_t memory_percent = 100;
  std::uint32_t disk_percent = 100;
};

// Quantities of one kind, signed.
struct Quantities {
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t disk_bytes = 0;
  std::int64_t gpu_units = 0;

  Quantities& operator+=(const Quantities& other);
  Quantities& operator-=(const Quantities& other);
  bool operator==(const Quantities&) const = default;
};

// What all replicas of a group take here: memory-backed volumes count as memory, and so does what
// the runtime gives beyond what was asked for, and what watches each replica.
Quantities quantities_of(const std::vector<ResourceUnit>& units);
// `class` of the volume is "ram".
bool is_ram(const Volume& volume);

enum class InventoryError : std::uint32_t {
  kNoRoom = 2,  // the detail says of what, how much is asked and how much is free
  kAlreadyReserved = 3,
};
ErrorInfo describe(InventoryError error);

class Inventory {
 public:
  Inventory(Quantities machine, std::vector<GpuDevice> gpus, Overcommit overcommit);

  // Promises the group's resources, all or nothing, and returns its units with the hardware that
  // was chosen (a GPU model in place of a wildcard). Errors: kNoRoom, kAlreadyReserved.
  Result<std::vector<ResourceUnit>> reserve(const OrderId& order,
                                            const std::vector<ResourceUnit>& units);
  // The same for what runs already or has been promised on chain: there is no way back, so it may
  // over-promise.
  void adopt(const OrderId& order, const std::vector<ResourceUnit>& units, bool active);
  // The bid was accepted.
  void activate(const OrderId& order);
  // The disk has so many bytes for leases now: images, and whatever else writes there, take some.
  void set_disk(std::int64_t bytes);
  // Nothing happens where there is no reservation.
  void release(const OrderId& order);
  // How often something was released or the disk grew: when this has grown, an order that found no
  // room may.
  std::uint64_t releases() const;

  struct Report {
    Quantities total{};  // with over-commitment
    Quantities pending{};
    Quantities active{};
    Quantities available{};  // may be negative
    std::size_t pending_count = 0;
    std::size_t active_count = 0;
  };
  Report report() const;

 private:
  struct Reservation {
    Quantities quantities{};
    std::vector<std::size_t> gpus{};  // indexes of gpus_
    bool active = false;
  };

  Quantities available_locked() const;
  std::optional<std::vector<std::size_t>> choose_gpus_locked(
      std::vector<ResourceUnit>& units) const;

  mutable std::mutex mutex_;
  const Overcommit overcommit_;
  Quantities total_;
  const std::vector<GpuDevice> gpus_;
  std::map<OrderId, Reservation> reservations_;
  std::uint64_t releases_ = 0;
};

}  // namespace tp::compute::provider
