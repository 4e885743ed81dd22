// Escrow against a slow, obvious second implementation that walks through time one nanosecond at a
// time with whole numbers.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "modules/escrow/escrow.h"
#include "modules/testing/ledger.h"

namespace tp::escrow {
namespace {

constexpr std::int64_t kTickNs = 10;
constexpr std::int64_t kCents = 100;              // prices have two digits
constexpr std::int64_t kUnit = kTickNs * kCents;  // of a charge's fraction

struct ModelCharge {
  bool by_time = true;
  std::int64_t price_cents = 0;
  std::int64_t fraction = 0;  // over kUnit by time, over kCents when metered
  std::int64_t earned = 0;    // whole units
  std::int64_t debt = 0;
};

struct Model {
  std::int64_t pool = 0;
  bool overdrawn = false;
  bool closed = false;
  std::map<std::uint64_t, ModelCharge> charges;  // numbers rise in the order of opening
  std::size_t dried = 0;

  std::int64_t fractions() const {
    std::int64_t sum = 0;
    for (const auto& [id, charge] : charges) sum += charge.by_time ? charge.fraction : 0;
    return sum;
  }
  bool earns() const {
    for (const auto& [id, charge] : charges)
      if (charge.by_time && charge.price_cents > 0) return true;
    return false;
  }
  void dry() {
    overdrawn = true;
    ++dried;
    // Prices are under a unit a nanosecond, so nobody is due more than one whole unit here. Too few
    // for all are shared in proportion, which gives them to the earlier.
    for (auto& [id, charge] : charges) {
      if (!charge.by_time || charge.fraction < kUnit) continue;
      charge.fraction -= kUnit;
      ++(pool > 0 ? charge.earned : charge.debt);
      if (pool > 0) --pool;
    }
    while (pool > 0) {  // the largest fraction first, the earlier among equals
      ModelCharge* best = nullptr;
      for (auto& [id, charge] : charges)
        if (charge.by_time && charge.fraction > 0 && (!best || charge.fraction > best->fraction))
          best = &charge;
      if (!best) return;
      best->fraction = 0;
      ++best->earned;
      --pool;
    }
  }
  void check_dry() {
    if (!overdrawn && !closed && earns() && fractions() > pool * kUnit) dry();
  }
  void nanosecond() {
    check_dry();
    if (overdrawn || closed) return;
    for (auto& [id, charge] : charges)
      if (charge.by_time) charge.fraction += charge.price_cents;
    check_dry();
    if (overdrawn) return;
    for (auto& [id, charge] : charges) {
      while (charge.by_time && charge.fraction >= kUnit) {
        charge.fraction -= kUnit;
        ++charge.earned;
        --pool;
      }
    }
  }
  void deposit(std::int64_t amount) {
    check_dry();
    pool += amount;
    if (!overdrawn) return;
    bool owes = false;
    for (auto& [id, charge] : charges) {
      const std::int64_t paid = std::min(charge.debt, pool);
      pool -= paid;
      charge.debt -= paid;
      charge.earned += paid;
      owes = owes || charge.debt > 0;
    }
    overdrawn = owes;
  }
  void meter(ModelCharge& charge, std::int64_t units) {
    const std::int64_t due = charge.fraction + charge.price_cents * units;
    charge.fraction = due % kCents;
    const std::int64_t whole = due / kCents;
    const std::int64_t paid = std::min(whole, pool);
    charge.earned += paid;
    pool -= paid;
    charge.debt += whole - paid;
    if (whole > paid) dry();
  }
};

// An event, so that a transaction that fails takes it back.
class Teller final : public DryObserver {
 public:
  Result<void> escrow_ran_dry(chain::Context& context, AccountId, NetworkId,
                              chain::BillableTime) override {
    context.emit({"ran_dry", {}});
    return {};
  }
};

struct World {
  World() {
    ledger.params().tick = Duration{kTickNs};
    escrow.set_dry_observer(teller);
    TP_ASSERT(ledger.tx(
        [&](chain::Context& context) { return escrow.import_genesis(context, nullptr); }));
    for (const Address& person : people) ledger.give(person, {denom, Amount{1'000'000}});
    const auto opened = ledger.tx([&](chain::Context& context) {
      return escrow.open(context, NetworkId{1}, people[0], denom, {});
    });
    TP_ASSERT(opened.has_value());
    id = *opened;
  }

  u128 everything() const {
    u128 sum = ledger.balance(escrow.module_address()).units();
    for (const Address& person : people) sum += ledger.balance(person).units();
    for (const auto& [number, earner] : earners) sum += ledger.balance(earner).units();
    return sum;
  }

  testing::Ledger ledger;
  Teller teller;
  Escrow escrow{ledger.accounts(), ledger.bank(), ledger.schedule(), ledger.params()};
  const Denom denom = Denom::of("utoll");
  const std::vector<Address> people{testing::address_of("alice"), testing::address_of("bob")};
  std::map<std::uint64_t, Address> earners;
  AccountId id;
  Model model;
  std::uint64_t next_charge = 1;
};

std::uint64_t pick(const std::map<std::uint64_t, ModelCharge>& charges) {
  auto found = charges.begin();
  std::advance(found, *rc::gen::inRange<std::size_t>(0, charges.size()));
  return found->first;
}

void open_charge(World& world) {
  const std::uint64_t number = world.next_charge++;
  const bool by_time = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
  const auto cents = *rc::gen::inRange<std::int64_t>(0, 400);
  const Address payee = testing::address_of("operator " + std::to_string(number));
  const auto opened = world.ledger.tx([&](chain::Context& context) {
    return world.escrow.open_charge(
        context, world.id,
        {.id = ChargeId{number},
         .kind = by_time ? ChargeKind::kByTime : ChargeKind::kMetered,
         .payee = payee,
         .price = Decimal::from_scaled(static_cast<u128>(cents) * (Decimal::kOne / kCents))});
  });
  Model after = world.model;
  after.check_dry();
  if (after.overdrawn) {  // refused; the schedule finds out in the next block
    RC_ASSERT(!opened);
    return;
  }
  RC_ASSERT(opened.has_value());
  world.earners[number] = payee;
  world.model.charges[number] = {.by_time = by_time, .price_cents = cents};
}

void meter(World& world) {
  const std::uint64_t number = pick(world.model.charges);
  const auto units = *rc::gen::inRange<std::uint64_t>(0, 50);
  const auto metered = world.ledger.tx([&](chain::Context& context) {
    return world.escrow.meter(context, world.id, ChargeId{number}, Units{units});
  });
  Model after = world.model;
  after.check_dry();
  if (after.overdrawn || after.charges[number].by_time) {
    RC_ASSERT(!metered);
    return;
  }
  RC_ASSERT(metered.has_value());
  world.model.meter(world.model.charges[number], static_cast<std::int64_t>(units));
}

void close_charge(World& world) {
  const std::uint64_t number = pick(world.model.charges);
  const auto closed = world.ledger.tx([&](chain::Context& context) {
    return world.escrow.close_charge(context, world.id, ChargeId{number});
  });
  world.model.check_dry();
  RC_ASSERT(closed.has_value());
  const ModelCharge& expected = world.model.charges[number];
  RC_ASSERT(closed->withdrawn == Amount{static_cast<u128>(expected.earned)});
  RC_ASSERT(closed->unsettled == Amount{static_cast<u128>(expected.debt)});
  RC_ASSERT(world.ledger.balance(world.earners[number]) == closed->withdrawn);
  world.model.charges.erase(number);
}

void withdraw(World& world) {
  const std::uint64_t number = pick(world.model.charges);
  const auto paid = world.ledger.tx([&](chain::Context& context) {
    return world.escrow.withdraw(context, world.id, ChargeId{number});
  });
  world.model.check_dry();
  RC_ASSERT(paid.has_value());
  RC_ASSERT(world.ledger.balance(world.earners[number]) ==
            Amount{static_cast<u128>(world.model.charges[number].earned)});
}

void settle(World& world) {
  RC_ASSERT(world.ledger
                .tx([&](chain::Context& context) { return world.escrow.settle(context, world.id); })
                .has_value());
  world.model.check_dry();
}

void deposit(World& world) {
  const Address& owner = *rc::gen::elementOf(world.people);
  const auto amount = *rc::gen::inRange<std::int64_t>(1, 60);
  RC_ASSERT(world.ledger
                .tx([&](chain::Context& context) {
                  return world.escrow.deposit(
                      context, world.id,
                      {.owner = owner, .amount = Amount{static_cast<u128>(amount)}});
                })
                .has_value());
  world.model.deposit(amount);
}

void pass(World& world) {
  const auto gap = *rc::gen::inRange<std::int64_t>(0, 80);
  world.ledger.pass(Duration{gap});
  for (std::int64_t i = 0; i < gap; ++i) world.model.nanosecond();
  world.model.check_dry();
}

void compare(World& world) {
  settle(world);
  const Account account = *world.escrow.get(world.ledger.state(), world.id);
  const Model& model = world.model;
  RC_ASSERT((account.status == AccountStatus::kOverdrawn) == model.overdrawn);
  RC_ASSERT(account.deposited() == Amount{static_cast<u128>(model.pool)});
  RC_ASSERT(world.ledger.count("ran_dry") == model.dried);
  RC_ASSERT(account.charges.size() == model.charges.size());
  for (const Charge& charge : account.charges) {
    const ModelCharge& expected = model.charges.at(charge.id.value);
    RC_ASSERT(charge.balance().units() + charge.withdrawn.units() ==
              static_cast<u128>(expected.earned));
    RC_ASSERT(charge.unsettled == Amount{static_cast<u128>(expected.debt)});
    // remainders are over tick x 10^18 or 10^18; the model's over kUnit or kCents
    RC_ASSERT(charge.remainder == static_cast<u128>(expected.fraction) * (Decimal::kOne / kCents));
  }
}

void check_sound(World& world) {
  const auto sound = world.escrow.check_invariants(world.ledger.state());
  if (!sound) RC_FAIL(sound.error().text);
  RC_ASSERT(world.everything() == u128{2'000'000});
}

RC_GTEST_PROP(EscrowModel, AgreesWithTheModelAndNoUnitIsMadeOrLost, ()) {
  World world;
  const int steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    const bool none = world.model.charges.empty();
    switch (*rc::gen::inRange(0, 8)) {
      case 0: deposit(world); break;
      case 1: open_charge(world); break;
      case 2: none ? open_charge(world) : meter(world); break;
      case 3: none ? deposit(world) : withdraw(world); break;
      case 4: none ? deposit(world) : close_charge(world); break;
      case 5: compare(world); break;
      default: pass(world); break;
    }
    check_sound(world);
  }
  compare(world);
  RC_ASSERT(world.ledger
                .tx([&](chain::Context& context) { return world.escrow.close(context, world.id); })
                .has_value());
  check_sound(world);
  RC_ASSERT(world.ledger.balance(world.escrow.module_address()).is_zero());
}

}  // namespace
}  // namespace tp::escrow
