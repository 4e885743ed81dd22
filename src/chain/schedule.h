// What is due when. Nothing in the ledger scans for things that come due: whoever needs to be woken
// stands here, ordered by (clock, time, sequence), and each block spends at most
// ChainParams::schedule_gas on what is due (design.md §5).
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "chain/context.h"
#include "chain/ids.h"

namespace tp::chain {

enum class ScheduleClock : std::uint8_t {
  kBlockTime = 1,     // nanoseconds since 1970, of the header
  kBillableTime = 2,  // BillableTime
};

// Names one entry, so that it can be cancelled.
struct ScheduleTicket {
  ScheduleClock clock = ScheduleClock::kBlockTime;
  std::int64_t time = 0;
  std::uint64_t sequence = 0;

  auto fields() { return std::tie(clock, time, sequence); }
  auto fields() const { return std::tie(clock, time, sequence); }
  auto operator<=>(const ScheduleTicket&) const = default;
};

class Schedule {
 public:
  // Called with the key of the entry and the time at which it was due, which may lie before the
  // block's: what was due counts from then. A failing handler changes nothing; the failure is
  // reported as an event `schedule_failed`.
  using Handler = std::function<Result<void>(Context& context, BytesView key, std::int64_t due)>;

  // For the composition root, before the first block. One handler an id.
  void on(HandlerId id, Handler handler);

  // Cost: two rows.
  Result<ScheduleTicket> at(Context& context, ScheduleClock clock, std::int64_t time,
                            HandlerId handler, BytesView key) const;
  // Cancelling an entry that has run does nothing.
  Result<void> cancel(Context& context, const ScheduleTicket& ticket) const;

  // Visits every entry, in order: for invariants.
  using Visitor = FunctionRef<Result<store::Step>(const ScheduleTicket& ticket, HandlerId handler,
                                                  BytesView key)>;
  Result<void> scan(const store::Reader& state, Visitor visit) const;

  // Runs what is due at `block`, in order, within params.schedule_gas; the rest stays. What is too
  // big for a whole block's gas runs alone in its block, unmetered. What a handler adds and is due
  // counts, wherever in the order it stands. Returns the events. Cost, beside the handlers': O(log
  // n) for each entry that runs or was cancelled in this block.
  Result<EventList> run_due(store::Overlay& state, const BlockInfo& block,
                            const ChainParams& params) const;

 private:
  std::map<HandlerId, Handler> handlers_;
};

}  // namespace tp::chain
