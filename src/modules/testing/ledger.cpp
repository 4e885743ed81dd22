#include "modules/testing/ledger.h"

#include <algorithm>

#include "crypto/sha.h"

namespace tp::testing {

Address address_of(std::string_view name) {
  return Address::of(crypto::sha256(name).view().substr(0, Address::kSize));
}

Ledger::Ledger() {
  params_.chain_id = "test-1";
  block_.chain_id = params_.chain_id;
  block_.height = Height{1};
  block_.time = BlockTime{1'767'225'600'000'000'000};
  const auto begun = tx([this](chain::Context& context) -> Result<void> {
    TRY_VOID(accounts_.import_genesis(context, nullptr));
    return bank_.import_genesis(context, nullptr);
  });
  TP_ASSERT(begun.has_value());
}

void Ledger::begin(Duration gap) {
  block_.height = block_.height.next();
  block_.time = block_.time + gap;
  block_.billable_now = chain::BillableTime{block_.billable_now.value +
                                            std::min(gap, params_.billable_gap_max).nanoseconds};
}

void Ledger::end() {
  auto events = schedule_.run_due(state_, block_, params_);
  TP_ASSERT(events.has_value());
  add_events(*events);
}

void Ledger::add_events(const chain::EventList& events) {
  for (chain::Event& event : events.decode()) events_.push_back(std::move(event));
}

void Ledger::pass_blocks(int count, Duration gap) {
  for (int i = 0; i < count; ++i) pass(gap);
}

void Ledger::give(const Address& to, const Coin& coin) {
  const auto given = tx([&](chain::Context& context) { return bank_.mint(context, to, coin); });
  TP_ASSERT(given.has_value());
}

Amount Ledger::balance(const Address& address, const Denom& denom) const {
  const auto amount = bank_.balance(state_, address, denom);
  TP_ASSERT(amount.has_value());
  return *amount;
}

std::size_t Ledger::count(std::string_view type) const {
  return static_cast<std::size_t>(
      std::count_if(events_.begin(), events_.end(),
                    [type](const chain::Event& event) { return event.type == type; }));
}

}  // namespace tp::testing
