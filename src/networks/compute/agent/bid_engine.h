// Looks at every open order, bids on those that this provider wants, and follows each bid to its
// end: won, lost, or taken back when nobody chose it in time.
//
//   open order ─▶ reasons_against ─▶ reserve ─▶ price* ─▶ MsgCreateBid ─▶ wait ┬▶ lease: LeaseSink
//                      │                │          │                           ├▶ lost: release
//                      └── rejected ◀───┴──────────┘     (with its reasons)    └▶ time: MsgCloseBid
//
// * By tasks of an executor, so that a program that thinks about one order keeps nobody waiting.
//
// Events are hints only: what they name is looked up. So an event missed, seen twice or late does
// no harm, and sync() finds everything again after a restart. Used by one thread; report() by any.
// Rules: specs/compute-market.md §3.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "networks/compute/agent/admission.h"
#include "networks/compute/agent/inventory.h"
#include "networks/compute/agent/market.h"
#include "networks/compute/agent/pricing.h"

namespace tp::compute::provider {

// Who takes over when a bid has become a lease.
class LeaseSink {
 public:
  virtual ~LeaseSink() = default;
  virtual void lease_won(const Lease& lease, const GroupSpec& spec) = 0;
};

struct BidSettings {
  // A bid that nobody has chosen by then is taken back, and what it reserved is free again.
  Duration timeout = Duration::minutes(5);
  std::size_t batch_max = 50;  // bids in one transaction
};

class BidEngine {
 public:
  // Prices that are asked for at once (specs/compute-market.md §3.1).
  static constexpr std::size_t kPricingMax = 32;

  // All references must outlive it, and the executor its tasks.
  BidEngine(Market& market, Inventory& inventory, Pricing& pricing, Executor& executor,
            LeaseSink& leases, const Clock& clock, BidSettings settings);
  // Tells tasks that are under way to give up.
  ~BidEngine();
  BidEngine(const BidEngine&) = delete;
  BidEngine& operator=(const BidEngine&) = delete;

  void set_profile(Profile profile);

  // Walks all open orders and our open bids: at the start, after events were missed, now and then.
  // Errors: the node is away; nothing is lost by trying again.
  Result<void> sync();
  // A new order.
  void order_created(const OrderId& id);
  // Something happened to an order or its lease; matters where we have bid.
  void touch(const OrderId& id);

  // Does what waits: looks, bids, takes back. One batch a call; true while more can be done at
  // once. Prices that are not known yet are taken up by a later call. Errors: the node is away;
  // what waited still waits.
  Result<bool> work();

  struct Rejection {
    OrderId order{};
    std::vector<Reject> reasons{};
    BlockTime at{};
  };
  struct Report {
    std::size_t open_bids = 0;
    std::size_t waiting = 0;
    std::uint64_t placed = 0;  // since the start
    std::uint64_t won = 0;
    std::uint64_t lost = 0;
    std::uint64_t timed_out = 0;
    std::vector<Rejection> rejected{};  // the last kRejectionsMax, oldest first
  };
  static constexpr std::size_t kRejectionsMax = 100;
  Report report() const;

 private:
  struct OpenBid {
    GroupSpec spec{};
    BlockTime deadline{};
  };
  struct Candidate {
    Order order{};
    PlaceBid bid{};
    Price most{};
  };
  // Where tasks leave what they found out; outlives the engine as long as one of them needs it.
  struct Priced {
    std::mutex mutex;
    std::vector<std::pair<OrderId, Result<Decimal>>> found;
    std::stop_source stop;
  };

  Result<void> adopt(const Bid& bid);
  Result<void> look_at_bid(const OrderId& id);
  Result<void> look_at_order(const OrderId& id);
  Result<void> consider(const Order& order);
  void ask_price(Candidate candidate);
  void take_prices(std::vector<Candidate>& chosen);
  Result<void> place(const std::vector<Candidate>& chosen);
  Result<void> take_back_old_bids();
  void reject(const OrderId& order, std::vector<Reject> reasons);
  void put_off(const OrderId& order, Reject reason);
  void remember(Rejection rejection);  // with the mutex held
  void look_again_when_room_was_freed();

  Market& market_;
  Inventory& inventory_;
  Pricing& pricing_;
  Executor& executor_;
  LeaseSink& leases_;
  const Clock& clock_;
  const BidSettings settings_;
  const std::shared_ptr<Priced> priced_ = std::make_shared<Priced>();

  mutable std::mutex mutex_;  // of everything below, for report()
  Profile profile_;
  std::set<OrderId> touched_;
  std::map<OrderId, Candidate> pricing_now_;  // reserved, and nothing else is known yet
  std::map<OrderId, OpenBid> open_;
  std::set<OrderId> rejected_;  // not looked at again, unless what we are changes
  std::vector<Audit> audits_;   // as of the last sync
  std::set<OrderId> lacked_room_;
  std::uint64_t releases_seen_ = 0;
  std::deque<Rejection> rejections_;
  Report counts_;
};

}  // namespace tp::compute::provider
