// A market, a runtime and a clock for the tests of this folder: what the chain holds is what a test
// says, and whether it answers too.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/clock.h"
#include "client/error.h"
#include "networks/compute/agent/market.h"
#include "networks/compute/agent/workload/manager.h"
#include "networks/compute/spec/manifest.h"

namespace tp::compute::provider {

class FakeClock final : public Clock {
 public:
  BlockTime at{1'700'000'000'000'000'000};
  BlockTime now() const override { return at; }
  Duration elapsed() const override { return {at.nanoseconds}; }
};

inline const std::string kUs = "turn1us";
inline const std::string kCustomer = "turn1customer";

inline ResourceUnit unit(std::uint64_t cpu_milli, std::uint64_t memory_mib, std::uint64_t disk_mib,
                         std::uint32_t count = 1, std::string_view price = "100") {
  ResourceUnit out{.count = count};
  out.resources.id = 1;
  out.resources.cpu.milli_units = cpu_milli;
  out.resources.memory.bytes = memory_mib << 20;
  out.resources.storage = {{.name = "default", .bytes = disk_mib << 20}};
  out.resources.endpoints = {{EndpointKind::kSharedHttp, 0}};
  out.price = {"utoll", *Decimal::parse(price)};
  return out;
}

inline Order order(std::uint64_t dseq, std::vector<ResourceUnit> units = {unit(100, 32, 64)}) {
  return {.id = {kCustomer, dseq, 1, 1},
          .state = OrderState::kOpen,
          .spec = {.name = "local", .resources = std::move(units)}};
}

// The manifest that fits a group of one unit.
inline Manifest manifest_for(const GroupSpec& spec, const std::string& image) {
  Service service{.name = "web",
                  .image = image,
                  .resources = spec.resources.at(0).resources,
                  .count = spec.resources.at(0).count,
                  .expose = {{.port = 80, .external_port = 80, .global = true}}};
  return {.groups = {{.name = spec.name, .services = {std::move(service)}}}};
}

class FakeMarket final : public Market {
 public:
  bool away = false;  // nobody answers
  std::map<OrderId, Order> orders{};
  std::map<OrderId, Bid> bids{};
  std::map<OrderId, Lease> leases{};
  std::map<std::uint64_t, Deployment> deployments{};  // by dseq
  std::vector<Audit> audits_signed{};
  std::optional<crypto::Secp256k1PublicKey> key{};
  std::set<OrderId> refused{};  // orders on which a bid is refused
  std::set<OrderId> unreadable{};
  Height at{100};
  std::vector<Act> sent{};
  std::size_t transactions = 0;
  std::function<void()> while_asked{};  // happens before `deployment` answers
  BlockTime made_at{1'700'000'000'000'000'000};

  // The customer chooses our bid.
  void accept(const OrderId& id) {
    orders[id].state = OrderState::kActive;
    bids[id].state = BidState::kActive;
    leases[id] = {.id = id, .state = LeaseState::kActive, .created_at = at};
  }

  template <class T>
  Result<T> answer(T value) const {
    if (away) return fail(client::ClientError::kUnreachable, "the node");
    return value;
  }
  template <class T>
  Result<std::optional<T>> find(const std::map<OrderId, T>& in, const OrderId& id) const {
    const auto found = in.find(id);
    return answer(found == in.end() ? std::nullopt : std::optional<T>(found->second));
  }

  Result<std::vector<Order>> open_orders() override {
    std::vector<Order> out;
    for (const auto& [id, one] : orders)
      if (one.state == OrderState::kOpen) out.push_back(one);
    return answer(out);
  }
  Result<std::optional<Order>> order(const OrderId& id) override {
    if (unreadable.contains(id)) return fail(client::ClientError::kMalformed, id.text());
    return find(orders, id);
  }
  Result<std::vector<Bid>> own_open_bids() override {
    std::vector<Bid> out;
    for (const auto& [id, one] : bids)
      if (one.state == BidState::kOpen) out.push_back(one);
    return answer(out);
  }
  Result<std::vector<Lease>> own_live_leases() override {
    std::vector<Lease> out;
    for (const auto& [id, one] : leases)
      if (one.is_live()) out.push_back(one);
    return answer(out);
  }
  Result<std::optional<Bid>> own_bid(const OrderId& id) override { return find(bids, id); }
  Result<std::optional<Lease>> own_lease(const OrderId& id) override { return find(leases, id); }
  Result<std::optional<Deployment>> deployment(const std::string&, std::uint64_t dseq) override {
    if (while_asked) std::exchange(while_asked, nullptr)();
    const auto found = deployments.find(dseq);
    return answer(found == deployments.end() ? std::nullopt
                                             : std::optional<Deployment>(found->second));
  }
  Result<std::vector<Audit>> audits() override { return answer(audits_signed); }
  Result<std::optional<Registration>> registration() override {
    return answer(std::optional<Registration>());
  }
  Result<std::optional<crypto::Secp256k1PublicKey>> public_key(const std::string&) override {
    return answer(key);
  }
  Result<BlockTime> block_time(Height) override { return answer(made_at); }
  Result<Height> height() override { return answer(at); }

  std::vector<Result<void>> send(const std::vector<Act>& acts) override {
    ++transactions;
    std::vector<Result<void>> out;
    for (const Act& act : acts) out.push_back(answer(0) ? apply(act) : unreachable());
    return out;
  }
  Result<void> publish(const Registration&, bool) override { return {}; }

 private:
  static Result<void> unreachable() { return fail(client::ClientError::kUnreachable, "the node"); }

  Result<void> apply(const Act& act) {
    if (const auto* place = std::get_if<PlaceBid>(&act)) {
      if (refused.contains(place->id))
        return std::unexpected(Error{"market", 13, "order not open"});
      bids[place->id] = {.id = place->id, .state = BidState::kOpen, .price = place->price};
    }
    if (const auto* close = std::get_if<CloseBid>(&act)) {
      if (leases.contains(close->id)) leases[close->id].state = LeaseState::kClosed;
      bids[close->id].state = BidState::kClosed;
    }
    sent.push_back(act);
    return {};
  }
};

// Keeps what it was told to run; nothing runs.
class FakeWorkloads final : public workload::WorkloadManager {
 public:
  std::map<workload::LeaseKey, workload::LeaseWorkload> running{};
  std::set<workload::LeaseKey> stopping{};  // until a test clears it
  std::optional<Error> refuses{};
  std::size_t updates = 0;

  Result<void> start(const workload::LeaseWorkload& wanted) override {
    if (refuses) return std::unexpected(*refuses);
    running[wanted.key] = wanted;
    return {};
  }
  Result<void> update(const workload::LeaseWorkload& wanted) override {
    if (refuses) return std::unexpected(*refuses);
    ++updates;
    running[wanted.key] = wanted;
    return {};
  }
  Result<void> stop(const workload::LeaseKey& key) override {
    if (running.erase(key) == 0) return fail(workload::WorkloadError::kNotFound, key.text());
    stopping.insert(key);
    return {};
  }
  bool stopped(const workload::LeaseKey& key) const override { return !stopping.contains(key); }
  std::vector<workload::LeaseKey> list() const override {
    std::vector<workload::LeaseKey> out;
    for (const auto& [key, wanted] : running) out.push_back(key);
    return out;
  }
  Result<workload::LeaseStatus> status(const workload::LeaseKey& key) const override {
    TRY(const workload::LeaseWorkload wanted, workload(key));
    workload::LeaseStatus out{.key = key, .healthy = true};
    for (const workload::Service& one : wanted.services)
      out.services.push_back(
          {.name = one.name,
           .state = workload::ServiceState::kRunning,
           .total = one.replicas,
           .available = one.replicas,
           .ready = one.replicas,
           .uris = one.exposes.empty() ? std::vector<std::string>{} : one.exposes[0].hosts});
    return out;
  }
  Result<workload::LeaseWorkload> workload(const workload::LeaseKey& key) const override {
    const auto found = running.find(key);
    if (found == running.end()) return fail(workload::WorkloadError::kNotFound, key.text());
    return found->second;
  }
  Result<workload::Usage> usage(const workload::LeaseKey&) const override {
    return workload::Usage{};
  }
  std::uint64_t reclaimable_bytes() const override { return 0; }
  Result<std::vector<workload::LeaseEvent>> events(const workload::LeaseKey& key,
                                                   std::uint64_t after) const override {
    if (!running.contains(key)) return fail(workload::WorkloadError::kNotFound, key.text());
    std::vector<workload::LeaseEvent> out;
    if (after < 1)
      out.push_back({.serial = 1, .reason = "Started", .note = "started", .object = "web-0"});
    if (after < 2)
      out.push_back({.serial = 2, .reason = "Started", .note = "started", .object = "db-0"});
    return out;
  }
  Result<void> logs(const workload::LeaseKey& key, const workload::LogQuery& query,
                    FunctionRef<bool(const workload::LogLine&)> sink,
                    std::stop_token) const override {
    if (!running.contains(key)) return fail(workload::WorkloadError::kNotFound, key.text());
    std::vector<std::string> lines{"one", "two", "three"};
    if (query.tail >= 0 && static_cast<std::size_t>(query.tail) < lines.size())
      lines.erase(lines.begin(), lines.end() - query.tail);
    for (const std::string& line : lines)
      if (!sink({.service = "web", .text = line})) break;
    return {};
  }
  Result<std::vector<std::string>> exec_command(const workload::LeaseKey&, const std::string&,
                                                std::uint32_t, bool,
                                                const std::vector<std::string>&) const override {
    return fail(workload::WorkloadError::kNotFound);
  }
  Result<workload::ReconcileReport> reconcile() override { return workload::ReconcileReport{}; }
};

}  // namespace tp::compute::provider
