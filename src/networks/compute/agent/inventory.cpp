#include "networks/compute/agent/inventory.h"

#include <fnmatch.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/wide.h"

namespace tp::compute::provider {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Saturates: the limits of a group keep far below, and what passes them must not wrap.
std::int64_t clamp(u128 value) {
  return value > static_cast<u128>(kMost) ? kMost : static_cast<std::int64_t>(value);
}

std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kMost : std::numeric_limits<std::int64_t>::min();
}

std::int64_t scaled(std::int64_t value, std::uint32_t percent) {
  return clamp(static_cast<u128>(value) * percent / 100);
}

// Every way in which an order may name this device (specs/compute-market.md §2.3).
std::vector<std::string> names_of(const GpuDevice& device) {
  const std::string model = "vendor/" + device.vendor + "/model/" + device.model;
  std::vector<std::string> out{model};
  if (!device.ram.empty()) out.push_back(model + "/ram/" + device.ram);
  if (!device.interface.empty()) out.push_back(model + "/interface/" + device.interface);
  if (!device.ram.empty() && !device.interface.empty())
    out.push_back(model + "/ram/" + device.ram + "/interface/" + device.interface);
  return out;
}

bool is_one_of(const GpuDevice& device, const Attributes& wanted) {
  for (const std::string& name : names_of(device))
    for (const Attribute& one : wanted)
      if (one.value == "true" && ::fnmatch(one.key.c_str(), name.c_str(), FNM_PATHNAME) == 0)
        return true;
  return false;
}

std::string lacks(const char* what, std::int64_t asked, std::int64_t free) {
  return std::string(what) + ": " + std::to_string(asked) + " asked, " + std::to_string(free) +
         " free";
}

}  // namespace

Quantities& Quantities::operator+=(const Quantities& other) {
  cpu_milli = add(cpu_milli, other.cpu_milli);
  memory_bytes = add(memory_bytes, other.memory_bytes);
  disk_bytes = add(disk_bytes, other.disk_bytes);
  gpu_units = add(gpu_units, other.gpu_units);
  return *this;
}

Quantities& Quantities::operator-=(const Quantities& other) {
  return *this +=
         Quantities{-other.cpu_milli, -other.memory_bytes, -other.disk_bytes, -other.gpu_units};
}

bool is_ram(const Volume& volume) {
  return std::ranges::any_of(volume.attributes, [](const Attribute& one) {
    return one.key == "class" && one.value == "ram";
  });
}

Quantities quantities_of(const std::vector<ResourceUnit>& units) {
  Quantities out;
  for (const ResourceUnit& unit : units) {
    u128 memory = unit.resources.memory.bytes;
    u128 disk = 0;
    for (const Volume& volume : unit.resources.storage)
      (is_ram(volume) ? memory : disk) += volume.bytes;
    memory =
        std::max<u128>(memory, workload::kReplicaMemoryBytesMin) + workload::kMonitorMemoryBytes;
    out += {
        .cpu_milli = clamp(static_cast<u128>(unit.resources.cpu.milli_units) * unit.count),
        .memory_bytes = clamp(memory * unit.count),
        .disk_bytes = clamp(disk * unit.count),
        .gpu_units = clamp(static_cast<u128>(unit.resources.gpu.units) * unit.count),
    };
  }
  return out;
}

ErrorInfo describe(InventoryError error) {
  switch (error) {
    case InventoryError::kNoRoom: return {"inventory", 2, "not enough is free"};
    case InventoryError::kAlreadyReserved: return {"inventory", 3, "reserved already"};
  }
  TP_FATAL("InventoryError out of range");
}

Inventory::Inventory(Quantities machine, std::vector<GpuDevice> gpus, Overcommit overcommit)
    : overcommit_(overcommit),
      total_{.cpu_milli = scaled(machine.cpu_milli, overcommit.cpu_percent),
             .memory_bytes = scaled(machine.memory_bytes, overcommit.memory_percent),
             .disk_bytes = scaled(machine.disk_bytes, overcommit.disk_percent),
             .gpu_units = static_cast<std::int64_t>(gpus.size())},
      gpus_(std::move(gpus)) {}

Result<std::vector<ResourceUnit>> Inventory::reserve(const OrderId& order,
                                                     const std::vector<ResourceUnit>& units) {
  const std::lock_guard lock(mutex_);
  if (reservations_.contains(order)) return fail(InventoryError::kAlreadyReserved, order.text());
  const Quantities asked = quantities_of(units);
  const Quantities free = available_locked();
  if (asked.cpu_milli > free.cpu_milli)
    return fail(InventoryError::kNoRoom,
                lacks("thousandths of a core", asked.cpu_milli, free.cpu_milli));
  if (asked.memory_bytes > free.memory_bytes)
    return fail(InventoryError::kNoRoom,
                lacks("bytes of memory", asked.memory_bytes, free.memory_bytes));
  if (asked.disk_bytes > free.disk_bytes)
    return fail(InventoryError::kNoRoom, lacks("bytes of disk", asked.disk_bytes, free.disk_bytes));
  std::vector<ResourceUnit> offer = units;
  const auto gpus = choose_gpus_locked(offer);
  if (!gpus) return fail(InventoryError::kNoRoom, lacks("GPUs", asked.gpu_units, free.gpu_units));
  reservations_[order] = {.quantities = asked, .gpus = *gpus};
  return offer;
}

// First fit: replica by replica, any free device that the unit's list of models admits. Within one
// replica all devices are of the same kind, so that the offer can name it.
std::optional<std::vector<std::size_t>> Inventory::choose_gpus_locked(
    std::vector<ResourceUnit>& units) const {
  std::set<std::size_t> taken;
  for (const auto& [order, reservation] : reservations_)
    taken.insert(reservation.gpus.begin(), reservation.gpus.end());
  std::vector<std::size_t> out;
  for (ResourceUnit& unit : units) {
    const std::uint64_t wanted = unit.resources.gpu.units * unit.count;
    if (wanted == 0) continue;
    std::optional<std::vector<std::size_t>> chosen;
    for (std::size_t first = 0; first < gpus_.size() && !chosen; ++first) {
      if (!is_one_of(gpus_[first], unit.resources.gpu.attributes)) continue;
      std::vector<std::size_t> same;
      for (std::size_t i = 0; i < gpus_.size() && same.size() < wanted; ++i)
        if (gpus_[i] == gpus_[first] && !taken.contains(i)) same.push_back(i);
      if (same.size() == wanted) chosen = std::move(same);
    }
    if (!chosen) return std::nullopt;
    taken.insert(chosen->begin(), chosen->end());
    out.insert(out.end(), chosen->begin(), chosen->end());
    const GpuDevice& device = gpus_[chosen->front()];
    unit.resources.gpu.attributes = {{names_of(device).back(), "true"}};
  }
  return out;
}

void Inventory::adopt(const OrderId& order, const std::vector<ResourceUnit>& units, bool active) {
  const std::lock_guard lock(mutex_);
  if (const auto known = reservations_.find(order); known != reservations_.end()) {
    known->second.active = known->second.active || active;
    return;
  }
  std::vector<ResourceUnit> offer = units;
  const auto gpus = choose_gpus_locked(offer);
  reservations_[order] = {.quantities = quantities_of(units),
                          .gpus = gpus.value_or(std::vector<std::size_t>{}),
                          .active = active};
}

void Inventory::activate(const OrderId& order) {
  const std::lock_guard lock(mutex_);
  if (const auto found = reservations_.find(order); found != reservations_.end())
    found->second.active = true;
}

void Inventory::release(const OrderId& order) {
  const std::lock_guard lock(mutex_);
  releases_ += reservations_.erase(order);
}

void Inventory::set_disk(std::int64_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::int64_t now = scaled(bytes, overcommit_.disk_percent);
  if (now > total_.disk_bytes) ++releases_;
  total_.disk_bytes = now;
}

std::uint64_t Inventory::releases() const {
  const std::lock_guard lock(mutex_);
  return releases_;
}

Quantities Inventory::available_locked() const {
  Quantities out = total_;
  for (const auto& [order, reservation] : reservations_) out -= reservation.quantities;
  return out;
}

Inventory::Report Inventory::report() const {
  const std::lock_guard lock(mutex_);
  Report out{.total = total_, .available = available_locked()};
  for (const auto& [order, reservation] : reservations_) {
    (reservation.active ? out.active : out.pending) += reservation.quantities;
    ++(reservation.active ? out.active_count : out.pending_count);
  }
  return out;
}

}  // namespace tp::compute::provider
