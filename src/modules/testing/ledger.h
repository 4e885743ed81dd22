// A ledger for module tests: state in memory, accounts and bank, a schedule, and blocks that pass
// when the test says so. No machine, no transactions: `tx` is all-or-nothing as a message handler
// is.
#pragma once

#include <string_view>
#include <vector>

#include "chain/context.h"
#include "chain/schedule.h"
#include "modules/accounts/accounts.h"
#include "modules/bank/bank.h"
#include "store/overlay.h"

namespace tp::testing {

// The same address for the same name.
Address address_of(std::string_view name);

class Ledger {
 public:
  // Block 1 at 2026-01-01T00:00:00Z; the tick is 6 s.
  Ledger();
  Ledger(const Ledger&) = delete;

  // Runs `work(context)` on an overlay: success is kept, failure leaves no trace. Returns what
  // `work` returned.
  template <class Work>
  auto tx(Work&& work) {
    store::Attempt attempt(state_);
    chain::GasMeter gas(chain::GasMeter::kUnlimited);
    chain::EventList events;
    chain::Context context(state_, block_, params_, gas, events);
    auto result = work(context);
    if (result) {
      attempt.keep();
      add_events(events);
    }
    return result;
  }

  // The next block, `gap` later: clocks advance as the machine advances them, then what is due
  // runs.
  void pass(Duration gap) {
    begin(gap);
    end();
  }
  // The two halves of it: between them stand the transactions of the block, before what is due.
  void begin(Duration gap);
  void end();
  // `count` blocks, `gap` apart.
  void pass_blocks(int count, Duration gap);

  // Makes money out of nothing.
  void give(const Address& to, const Coin& coin);
  Amount balance(const Address& address, const Denom& denom = Denom::of("utoll")) const;

  // Everything emitted so far, in order; `count` the events of one type.
  const std::vector<chain::Event>& events() const { return events_; }
  std::size_t count(std::string_view type) const;

  const store::Overlay& state() const { return state_; }
  const chain::BlockInfo& block() const { return block_; }
  chain::ChainParams& params() { return params_; }
  chain::Schedule& schedule() { return schedule_; }
  accounts::Accounts& accounts() { return accounts_; }
  bank::Bank& bank() { return bank_; }

 private:
  void add_events(const chain::EventList& events);

  store::EmptyReader nothing_;
  store::Overlay state_{nothing_};
  chain::ChainParams params_;
  chain::BlockInfo block_;
  chain::Schedule schedule_;
  accounts::Accounts accounts_{params_};
  bank::Bank bank_{accounts_, params_};
  std::vector<chain::Event> events_;
};

}  // namespace tp::testing
