#include "chain/schedule.h"

#include "chain/tables.h"

namespace tp::chain {
namespace {

constexpr store::OneRow kOnly{};

using DueEntry = std::pair<ScheduleTicket, ScheduleEntry>;

// The first entry of `clock` that is due at `now`, if any.
Result<std::optional<DueEntry>> first_due(const store::Reader& state, ScheduleClock clock,
                                          std::int64_t now) {
  std::optional<DueEntry> due;
  TRY_VOID(kScheduleEntries.scan(state, std::make_tuple(clock),
                                 [&](const ScheduleTicket& ticket, const ScheduleEntry& entry) {
                                   if (ticket.time <= now) due.emplace(ticket, entry);
                                   return Result<store::Step>(store::Step::kStop);
                                 }));
  return due;
}

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
    while (true) {
      TRY(const std::optional<DueEntry> due, first_due(state, clock, now));
      if (!due) break;
      const auto& [ticket, entry] = *due;
      const auto handler = handlers_.find(entry.handler);
      if (handler == handlers_.end())
        TP_FATAL("a due schedule entry names a handler that this program does not have");

      const std::size_t events_before = events.bytes().size();
      std::optional<store::Attempt> attempt(std::in_place, state);
      GasMeter meter(alone ? GasMeter::kUnlimited : remaining);
      Context context(state, block, params, meter, events);
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
