#include "chain/schedule.h"

#include <limits>
#include <set>

#include "chain/tables.h"

namespace tp::chain {
namespace {

constexpr store::OneRow kOnly{};

using DueEntry = std::pair<ScheduleTicket, ScheduleEntry>;

// What is due on one clock, in order. Whoever began at the front for each entry would pass, each
// time, all that ran before in this block: erased rows that the state below still has.
class DueEntries {
 public:
  DueEntries(ScheduleClock clock, std::int64_t now)
      : now_(now), from_{.clock = clock, .time = std::numeric_limits<std::int64_t>::min()} {}

  // The first that is due, if any. The same again, until passed() or added() say otherwise.
  Result<std::optional<DueEntry>> next(const store::Reader& state) {
    while (!added_.empty()) {
      const ScheduleTicket ticket = *added_.begin();
      TRY(std::optional<ScheduleEntry> entry, kScheduleEntries.find(state, ticket));
      if (entry) return DueEntry(ticket, *std::move(entry));
      added_.erase(added_.begin());  // cancelled since
    }
    store::KeyRange range =
        store::KeyRange::with_prefix(kScheduleEntries.raw_key(std::tie(from_.clock)));
    range.from = kScheduleEntries.raw_key(from_);
    std::optional<DueEntry> due;
    TRY_VOID(kScheduleEntries.scan_range(
        state, range, [&](const ScheduleTicket& ticket, const ScheduleEntry& entry) {
          if (ticket.time <= now_) due.emplace(ticket, entry);
          return Result<store::Step>(store::Step::kStop);
        }));
    return due;
  }

  // That entry is gone, and so is everything before it.
  void passed(const ScheduleTicket& ticket) {
    if (added_.erase(ticket) == 0) from_ = {ticket.clock, ticket.time, ticket.sequence + 1};
  }

  // A handler added entries, which may stand before those that have run.
  void added(const std::vector<ScheduleTicket>& tickets) {
    for (const ScheduleTicket& ticket : tickets)
      if (ticket.clock == from_.clock && ticket < from_) added_.insert(ticket);
  }

 private:
  const std::int64_t now_;
  ScheduleTicket from_;             // nothing before it is left but what was added since
  std::set<ScheduleTicket> added_;  // all before from_
};

}  // namespace

void Schedule::on(HandlerId id, Handler handler) {
  const bool added = handlers_.emplace(id, std::move(handler)).second;
  TP_ASSERT(added);
}

Result<ScheduleTicket> Schedule::at(Context& context, ScheduleClock clock, std::int64_t time,
                                    HandlerId handler, BytesView key) const {
  TRY(std::optional<ScheduleCounter> counter, kScheduleCounter.find(context, kOnly));
  const ScheduleTicket ticket{clock, time, counter.value_or(ScheduleCounter{}).next};
  TRY_VOID(kScheduleCounter.put(context, kOnly, ScheduleCounter{ticket.sequence + 1}));
  TRY_VOID(kScheduleEntries.put(context, ticket, ScheduleEntry{handler, Bytes(key)}));
  context.note_scheduled(ticket);
  return ticket;
}

Result<void> Schedule::cancel(Context& context, const ScheduleTicket& ticket) const {
  return kScheduleEntries.erase(context, ticket);
}

Result<void> Schedule::scan(const store::Reader& state, Visitor visit) const {
  return kScheduleEntries.scan(state, std::tuple<>{},
                               [&](const ScheduleTicket& ticket, const ScheduleEntry& entry) {
                                 return visit(ticket, entry.handler, entry.key);
                               });
}

Result<EventList> Schedule::run_due(store::Overlay& state, const BlockInfo& block,
                                    const ChainParams& params) const {
  EventList events;
  Gas remaining = params.schedule_gas;
  bool is_first = true;  // nothing has run in this block
  bool alone = false;    // the first entry did not fit: it runs without a limit, and nothing else
  // Money first: housekeeping that fills a block must not keep an escrow running that is dry.
  const std::pair<ScheduleClock, std::int64_t> clocks[] = {
      {ScheduleClock::kBillableTime, block.billable_now.value},
      {ScheduleClock::kBlockTime, block.time.nanoseconds},
  };
  for (const auto& [clock, now] : clocks) {
    DueEntries entries(clock, now);
    while (true) {
      TRY(const std::optional<DueEntry> due, entries.next(state));
      if (!due) break;
      const auto& [ticket, entry] = *due;
      const auto handler = handlers_.find(entry.handler);
      if (handler == handlers_.end())
        TP_FATAL("a due schedule entry names a handler that this program does not have");

      const std::size_t events_before = events.bytes().size();
      std::optional<store::Attempt> attempt(std::in_place, state);
      GasMeter meter(alone ? GasMeter::kUnlimited : remaining);
      Context context(state, block, params, meter, events);
      std::vector<ScheduleTicket> added;
      context.note_scheduled_in(added);
      // Outside the meter: gas that is all but spent must not fail the block.
      TRY_VOID(kScheduleEntries.erase(state, ticket));
      const Result<void> ran = handler->second(context, entry.key, ticket.time);
      const bool out_of_gas = meter.used() > meter.limit();
      if (ran && !out_of_gas) {
        attempt->keep();
      } else {
        attempt.reset();
        events.cut(events_before);
      }
      if (out_of_gas) {
        // Gone for lack of gas, a due entry would never come back: its lease would run free.
        if (!is_first) return events;  // the next block begins with it
        alone = true;
        continue;
      }
      entries.passed(ticket);
      if (ran) entries.added(added);
      if (!ran) {
        events.add("schedule_failed", {{"handler", std::to_string(static_cast<int>(entry.handler))},
                                       {"codespace", ran.error().codespace},
                                       {"code", std::to_string(ran.error().code)},
                                       {"reason", ran.error().text}});
        TRY_VOID(kScheduleEntries.erase(state, ticket));
      }
      remaining = Gas{remaining.value - std::min(remaining.value, meter.used().value)};
      is_first = false;
      if (alone || remaining == Gas{0}) return events;
    }
  }
  return events;
}

}  // namespace tp::chain
