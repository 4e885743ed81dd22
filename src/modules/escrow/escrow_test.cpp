#include "modules/escrow/escrow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "chain/sdk_errors.h"
#include "modules/testing/ledger.h"

namespace tp::escrow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Dried {
  AccountId account;
  NetworkId network;
  chain::BillableTime due;
  auto operator<=>(const Dried&) const = default;
};

class Listener final : public DryObserver {
 public:
  Result<void> escrow_ran_dry(chain::Context&, AccountId account, NetworkId network,
                              chain::BillableTime due) override {
    dried.push_back({account, network, due});
    return {};
  }
  std::vector<Dried> dried;
};

// Owes half of everything, rounded up.
class Halver final : public DueValidator {
 public:
  Result<Amount> payable(const store::Reader&, AccountId, const Charge&, Interval,
                         Amount earned) const override {
    return Amount{(earned.units() + 1) / 2};
  }
};

class EscrowTest : public ::testing::Test {
 protected:
  EscrowTest() {
    escrow.set_dry_observer(listener);
    const auto begun =
        ledger.tx([&](chain::Context& context) { return escrow.import_genesis(context, nullptr); });
    TP_ASSERT(begun.has_value());
    for (const Address& person : {alice, bob}) ledger.give(person, {denom, Amount{1'000'000}});
  }

  AccountId open(std::uint64_t amount) {
    const auto id = ledger.tx([&](chain::Context& context) {
      const Funding funding{.owner = alice, .amount = Amount{amount}};
      return escrow.open(context, NetworkId{7}, alice, denom, std::span(&funding, amount > 0));
    });
    TP_ASSERT(id.has_value());
    return *id;
  }
  Result<void> deposit(AccountId id, const Address& owner, std::uint64_t amount) {
    return ledger.tx([&](chain::Context& context) {
      return escrow.deposit(context, id, {.owner = owner, .amount = Amount{amount}});
    });
  }
  Result<void> charge(AccountId id, std::uint64_t number, std::string_view price,
                      ChargeKind kind = ChargeKind::kByTime, bool validated = false) {
    return ledger.tx([&](chain::Context& context) {
      return escrow.open_charge(context, id,
                                {.id = ChargeId{number},
                                 .kind = kind,
                                 .payee = number % 2 == 1 ? carol : dave,
                                 .price = *Decimal::parse(price),
                                 .validated = validated});
    });
  }
  Result<Amount> meter(AccountId id, std::uint64_t number, std::uint64_t units) {
    return ledger.tx([&](chain::Context& context) {
      return escrow.meter(context, id, ChargeId{number}, Units{units});
    });
  }
  Result<void> settle(AccountId id) {
    return ledger.tx([&](chain::Context& context) { return escrow.settle(context, id); });
  }
  Result<Amount> withdraw(AccountId id, std::uint64_t number) {
    return ledger.tx(
        [&](chain::Context& context) { return escrow.withdraw(context, id, ChargeId{number}); });
  }
  Result<Charge> close_charge(AccountId id, std::uint64_t number) {
    return ledger.tx([&](chain::Context& context) {
      return escrow.close_charge(context, id, ChargeId{number});
    });
  }
  Result<Closing> close(AccountId id) {
    return ledger.tx([&](chain::Context& context) { return escrow.close(context, id); });
  }
  Account get(AccountId id) { return *escrow.get(ledger.state(), id); }
  void expect_sound() {
    const auto sound = escrow.check_invariants(ledger.state());
    EXPECT_TRUE(sound) << sound.error().text;
  }

  testing::Ledger ledger;
  Listener listener;
  Halver halver;
  Escrow escrow{ledger.accounts(), ledger.bank(), ledger.schedule(), ledger.params()};
  const Denom denom = Denom::of("utoll");
  const Address alice = testing::address_of("alice"), bob = testing::address_of("bob"),
                carol = testing::address_of("carol"), dave = testing::address_of("dave");
};

// --- Deposits ---

TEST_F(EscrowTest, ADepositLeavesItsOwnerAndLiesWithTheModule) {
  const AccountId id = open(400);
  EXPECT_EQ(ledger.balance(alice), Amount{999'600});
  EXPECT_EQ(ledger.balance(escrow.module_address()), Amount{400});
  EXPECT_EQ(get(id).deposited(), Amount{400});
  expect_sound();
}

TEST_F(EscrowTest, NumbersAreGivenInOrder) {
  EXPECT_EQ(open(1), AccountId{1});
  EXPECT_EQ(open(1), AccountId{2});
}

TEST_F(EscrowTest, ADepositBeyondTheBalanceOpensNothing) {
  const auto opened = ledger.tx([&](chain::Context& context) {
    const Funding funding{.owner = alice, .amount = Amount{2'000'000}};
    return escrow.open(context, NetworkId{7}, alice, denom, std::span(&funding, 1));
  });
  ASSERT_FALSE(opened);
  EXPECT_TRUE(is(opened.error(), chain::SdkError::kInsufficientFunds));
  EXPECT_FALSE(*escrow.find(ledger.state(), AccountId{1}));
}

TEST_F(EscrowTest, ADepositOfNothingIsRefused) {
  EXPECT_TRUE(is(deposit(open(1), bob, 0).error(), EscrowError::kInvalidAmount));
}

TEST_F(EscrowTest, ADepositIntoAnUnknownAccountIsRefused) {
  EXPECT_TRUE(is(deposit(AccountId{9}, bob, 1).error(), EscrowError::kAccountNotFound));
}

TEST_F(EscrowTest, ADepositIntoAClosedAccountIsRefused) {
  const AccountId id = open(1);
  ASSERT_TRUE(close(id));
  EXPECT_TRUE(is(deposit(id, bob, 1).error(), EscrowError::kAccountClosed));
}

TEST_F(EscrowTest, DepositsInARowOfOneOwnerAreOneRow) {
  const AccountId id = open(5);
  ASSERT_TRUE(deposit(id, alice, 6));
  EXPECT_EQ(get(id).deposits.size(), 1u);
  EXPECT_EQ(get(id).deposited(), Amount{11});
}

TEST_F(EscrowTest, StrangersCannotFillTheListOfDepositsAgainstTheOwner) {
  const AccountId id = open(1);
  for (std::size_t rows = 1; rows < Escrow::kDepositsMax; ++rows)
    ASSERT_TRUE(deposit(id, rows % 2 == 1 ? bob : alice, 1));
  ledger.give(carol, {denom, Amount{10}});
  EXPECT_TRUE(is(deposit(id, carol, 1).error(), EscrowError::kTooManyDeposits));
  EXPECT_TRUE(deposit(id, alice, 1));
}

// --- Charges by time ---

TEST_F(EscrowTest, AChargeEarnsItsPriceEachTick) {
  const AccountId id = open(100);
  ASSERT_TRUE(charge(id, 1, "1.5"));
  ledger.pass(Duration::seconds(12));
  ASSERT_TRUE(settle(id));
  EXPECT_EQ(get(id).charges[0].balance(), Amount{3});
  EXPECT_EQ(get(id).deposited(), Amount{97});
  EXPECT_EQ(get(id).transferred, Amount{3});
  expect_sound();
}

TEST_F(EscrowTest, SettlingTwiceInOneBlockPaysOnce) {
  const AccountId id = open(100);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass(Duration::seconds(6));
  ASSERT_TRUE(settle(id));
  const Account once = get(id);
  ASSERT_TRUE(settle(id));
  EXPECT_EQ(get(id), once);
}

TEST_F(EscrowTest, WithdrawingTwiceInOneBlockPaysOnce) {
  const AccountId id = open(100);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass(Duration::seconds(6));
  EXPECT_EQ(*withdraw(id, 1), Amount{1});
  EXPECT_EQ(*withdraw(id, 1), Amount{0});
  EXPECT_EQ(ledger.balance(carol), Amount{1});
}

TEST_F(EscrowTest, AnHourCostsTheSameAt1And10And600BlocksAMinute) {
  std::vector<Amount> costs;
  for (const int blocks_a_minute : {1, 10, 600}) {
    const AccountId id = open(100'000);
    ASSERT_TRUE(charge(id, 1, "7.123456789012345678"));
    ledger.pass_blocks(60 * blocks_a_minute,
                       Duration{Duration::minutes(1).nanoseconds / blocks_a_minute});
    costs.push_back(close_charge(id, 1)->withdrawn);
  }
  // 600 ticks of 7.123456789012345678
  EXPECT_THAT(costs, ElementsAre(Amount{4274}, Amount{4274}, Amount{4274}));
}

TEST_F(EscrowTest, AnHourCostsTheSameWhenSettledInEveryBlock) {
  const AccountId id = open(100'000);
  ASSERT_TRUE(charge(id, 1, "7.123456789012345678"));
  for (int block = 0; block < 3600; ++block) {
    ledger.pass(Duration::seconds(1));
    if (block % 2 == 0)
      ASSERT_TRUE(settle(id));
    else
      ASSERT_TRUE(withdraw(id, 1));
  }
  EXPECT_EQ(close_charge(id, 1)->withdrawn, Amount{4274});
}

// What was drawn from a depositor counts until it is paid out: each costs the payment a movement.
TEST_F(EscrowTest, TheDepositorsOfAnAccountAreLimitedAndThePaidOutOnesAreNotCounted) {
  const AccountId id = open(1);
  ASSERT_TRUE(charge(id, 1, "1"));
  const auto next = [&](std::size_t i) {
    const Address depositor = testing::address_of("depositor " + std::to_string(i));
    ledger.give(depositor, {denom, Amount{1}});
    return deposit(id, depositor, 1);
  };
  for (std::size_t i = 0; i < Escrow::kDepositsMax; ++i) {
    ASSERT_TRUE(next(i));
    ledger.pass(ledger.params().tick);
  }
  EXPECT_TRUE(is(next(Escrow::kDepositsMax).error(), EscrowError::kTooManyDeposits));
  EXPECT_TRUE(deposit(id, alice, 1));
  ASSERT_TRUE(withdraw(id, 1));
  EXPECT_TRUE(next(Escrow::kDepositsMax));
  expect_sound();
}

TEST_F(EscrowTest, APauseOfTheChainIsNotCharged) {
  const AccountId id = open(100'000);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass(Duration::hours(10));
  EXPECT_EQ(close_charge(id, 1)->withdrawn, Amount{20});  // two minutes, the longest billable gap
}

TEST_F(EscrowTest, ANewPriceCountsFromItsBlock) {
  const AccountId id = open(1'000);
  ASSERT_TRUE(charge(id, 1, "1.5"));
  ledger.pass(Duration::seconds(6));
  ASSERT_TRUE(ledger.tx([&](chain::Context& context) {
    return escrow.change_price(context, id, ChargeId{1}, *Decimal::parse("10.5"));
  }));
  ledger.pass(Duration::seconds(6));
  EXPECT_EQ(close_charge(id, 1)->withdrawn, Amount{12});
  expect_sound();
}

TEST_F(EscrowTest, AChargeIsOpenedOnce) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  EXPECT_TRUE(is(charge(id, 1, "1").error(), EscrowError::kChargeExists));
}

TEST_F(EscrowTest, AnAccountHasABoundedNumberOfCharges) {
  const AccountId id = open(10);
  for (std::uint64_t number = 1; number <= Escrow::kChargesMax; ++number)
    ASSERT_TRUE(charge(id, number, "0.001"));
  EXPECT_TRUE(is(charge(id, 1'000, "1").error(), EscrowError::kTooManyCharges));
}

TEST_F(EscrowTest, APriceBeyondTheHighestIsRefused) {
  EXPECT_TRUE(is(charge(open(10), 1, "1000000000000000001").error(), EscrowError::kInvalidAmount));
}

TEST_F(EscrowTest, TheFractionThatAClosingChargeEarnedStaysWithTheCustomer) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "0.9"));
  ledger.pass(Duration::seconds(6));
  EXPECT_EQ(close_charge(id, 1)->withdrawn, Amount{0});
  EXPECT_EQ(get(id).deposited(), Amount{10});
  expect_sound();
}

// --- Payers ---

TEST_F(EscrowTest, PaymentsNameTheOwnerOfEachDepositAsPayer) {
  class Directory final : public bank::OperatorDirectory {
   public:
    Result<bool> is_operator(const store::Reader&, const Address& address) const override {
      return address == testing::address_of("bob");
    }
  } directory;
  ledger.bank().set_operator_directory(directory);
  const AccountId id = open(1);
  ASSERT_TRUE(deposit(id, bob, 10));
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass(Duration::seconds(18));
  ASSERT_TRUE(withdraw(id, 1));

  std::vector<std::string> paid;
  for (const chain::Event& event : ledger.events()) {
    if (event.type != "transfer" || event.attributes[3].value != "service") continue;
    paid.push_back(event.attributes[2].value + " " + event.attributes[4].value);
  }
  EXPECT_THAT(paid, ElementsAre("1utoll other", "2utoll operator"));
}

// --- Running dry ---

TEST_F(EscrowTest, AnAccountRunsDryWithoutAnybodyTouchingIt) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass(Duration::seconds(60));  // paid to the last nanosecond
  EXPECT_TRUE(listener.dried.empty());
  ledger.pass(Duration::seconds(1));
  EXPECT_THAT(listener.dried,
              ElementsAre(Dried{id, NetworkId{7}, chain::BillableTime{60'000'000'001}}));
  EXPECT_EQ(get(id).status, AccountStatus::kOverdrawn);
  EXPECT_EQ(get(id).charges[0].balance(), Amount{10});
  EXPECT_EQ(get(id).deposited(), Amount{0});
  expect_sound();
}

TEST_F(EscrowTest, WhatWasDueCountsFromWhenItWasDueHoweverLateTheBlock) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass(Duration::seconds(30));
  ledger.pass(Duration::seconds(55));
  EXPECT_EQ(get(id).settled_at, chain::BillableTime{60'000'000'001});
}

TEST_F(EscrowTest, EqualChargesOfADryAccountArePaidAlike) {
  const AccountId id = open(100);
  for (std::uint64_t number = 1; number <= 3; ++number) ASSERT_TRUE(charge(id, number, "10"));
  ledger.pass(Duration::seconds(60));
  const Account account = get(id);
  EXPECT_EQ(account.charges[0].balance(), Amount{34});
  EXPECT_EQ(account.charges[1].balance(), Amount{33});
  EXPECT_EQ(account.charges[2].balance(), Amount{33});
  expect_sound();
}

TEST_F(EscrowTest, ChargesOfADryAccountArePaidInProportionToTheirPrices) {
  const AccountId id = open(40);
  ASSERT_TRUE(charge(id, 1, "30"));
  ASSERT_TRUE(charge(id, 2, "10"));
  ledger.pass(Duration::seconds(60));
  EXPECT_EQ(get(id).charges[0].balance(), Amount{30});
  EXPECT_EQ(get(id).charges[1].balance(), Amount{10});
}

TEST_F(EscrowTest, PricesAboveAUnitANanosecondArePaidInProportionWhenShort) {
  const AccountId id = open(100);
  ASSERT_TRUE(charge(id, 1, "1800000000000"));  // 300 units a nanosecond
  ASSERT_TRUE(charge(id, 2, "600000000000"));   // 100
  ledger.pass(Duration::seconds(1));
  EXPECT_EQ(get(id).charges[0].balance(), Amount{75});
  EXPECT_EQ(get(id).charges[1].balance(), Amount{25});
  EXPECT_EQ(get(id).charges[0].unsettled, Amount{225});
  expect_sound();
}

TEST_F(EscrowTest, NothingAccruesWhileAnAccountIsOverdrawn) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass_blocks(5, Duration::seconds(30));
  EXPECT_EQ(*withdraw(id, 1), Amount{10});
  EXPECT_EQ(listener.dried.size(), 1u);
}

TEST_F(EscrowTest, ADepositOpensAnOverdrawnAccountAndChargesGoOnFromThen) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass_blocks(5, Duration::seconds(30));
  ASSERT_TRUE(deposit(id, bob, 100));
  EXPECT_EQ(get(id).status, AccountStatus::kOpen);
  ledger.pass(Duration::seconds(12));
  ASSERT_TRUE(settle(id));
  EXPECT_EQ(get(id).deposited(), Amount{98});
  expect_sound();
}

TEST_F(EscrowTest, ADepositInTimeMovesTheMomentOfRunningDry) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.pass(Duration::seconds(30));
  ASSERT_TRUE(deposit(id, bob, 10));
  ledger.pass(Duration::seconds(60));
  EXPECT_TRUE(listener.dried.empty());
  ledger.pass(Duration::seconds(31));
  EXPECT_EQ(listener.dried.size(), 1u);
  expect_sound();
}

TEST_F(EscrowTest, WhoeverTouchesADryAccountBeforeTheScheduleTellsTheObserver) {
  const AccountId first = open(10), id = open(10);
  ASSERT_TRUE(charge(first, 1, "1"));
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.params().schedule_gas = Gas{1};  // the first fills the block, this one waits
  ledger.pass_blocks(2, Duration::seconds(60));
  const Dried first_dried{first, NetworkId{7}, chain::BillableTime{60'000'000'001}};
  ASSERT_THAT(listener.dried, ElementsAre(first_dried));
  ASSERT_TRUE(deposit(id, bob, 5));
  EXPECT_THAT(listener.dried, ElementsAre(first_dried, Dried{id, NetworkId{7},
                                                             chain::BillableTime{60'000'000'001}}));
  EXPECT_EQ(get(id).deposited(), Amount{5});
}

TEST_F(EscrowTest, ATransactionOfTheBlockInWhichAnAccountEndsFindsItDry) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ledger.begin(Duration::seconds(90));  // it ended after 60; the schedule runs after transactions
  EXPECT_EQ(*withdraw(id, 1), Amount{10}) << "up to its end, not up to this block";
  EXPECT_TRUE(is(charge(id, 2, "1").error(), EscrowError::kAccountOverdrawn));
  EXPECT_THAT(listener.dried,
              ElementsAre(Dried{id, NetworkId{7}, chain::BillableTime{60'000'000'001}}));
  ledger.end();
  EXPECT_EQ(listener.dried.size(), 1u) << "it is not told twice";
  EXPECT_EQ(get(id).status, AccountStatus::kOverdrawn);
  expect_sound();
}

TEST_F(EscrowTest, AnOverdrawnAccountTakesNoNewCharges) {
  const AccountId id = open(1);
  ASSERT_TRUE(charge(id, 1, "10"));
  ledger.pass(Duration::seconds(6));
  EXPECT_TRUE(is(charge(id, 2, "1").error(), EscrowError::kAccountOverdrawn));
}

// --- Metered and one-off ---

TEST_F(EscrowTest, MeteredUnitsCostTheirPriceHoweverTheyAreReported) {
  const AccountId at_once = open(1'000), in_pieces = open(1'000);
  ASSERT_TRUE(charge(at_once, 1, "0.37", ChargeKind::kMetered));
  ASSERT_TRUE(charge(in_pieces, 1, "0.37", ChargeKind::kMetered));
  EXPECT_EQ(*meter(at_once, 1, 100), Amount{37});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(meter(in_pieces, 1, 1));
  EXPECT_EQ(close_charge(in_pieces, 1)->withdrawn, Amount{37});
  expect_sound();
}

TEST_F(EscrowTest, UnitsBeyondTheDepositsAreNotedAndTheAccountIsOverdrawn) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1", ChargeKind::kMetered));
  EXPECT_EQ(*meter(id, 1, 25), Amount{10});
  EXPECT_EQ(get(id).charges[0].unsettled, Amount{15});
  EXPECT_EQ(listener.dried.size(), 1u);
  expect_sound();
}

TEST_F(EscrowTest, ADepositPaysOldDebtsFirst) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1", ChargeKind::kMetered));
  ASSERT_TRUE(meter(id, 1, 25));
  ASSERT_TRUE(deposit(id, bob, 10));
  EXPECT_EQ(get(id).status, AccountStatus::kOverdrawn);
  EXPECT_EQ(get(id).charges[0].unsettled, Amount{5});
  ASSERT_TRUE(deposit(id, bob, 10));
  EXPECT_EQ(get(id).status, AccountStatus::kOpen);
  EXPECT_EQ(get(id).charges[0].balance(), Amount{25});
  EXPECT_EQ(get(id).deposited(), Amount{5});
  expect_sound();
}

TEST_F(EscrowTest, OnlyMeteredChargesAreMetered) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  EXPECT_TRUE(is(meter(id, 1, 1).error(), EscrowError::kWrongKind));
  EXPECT_TRUE(is(meter(id, 2, 1).error(), EscrowError::kChargeNotFound));
}

TEST_F(EscrowTest, AOneOffChargeEarnsItsPriceOnce) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "4", ChargeKind::kOneOff));
  ledger.pass(Duration::seconds(60));
  EXPECT_EQ(close_charge(id, 1)->withdrawn, Amount{4});
  EXPECT_EQ(get(id).deposited(), Amount{6});
}

TEST_F(EscrowTest, AOneOffChargeBeyondTheDepositsIsRefused) {
  EXPECT_TRUE(
      is(charge(open(3), 1, "4", ChargeKind::kOneOff).error(), EscrowError::kInsufficientDeposits));
}

TEST_F(EscrowTest, AOneOffPriceIsWhole) {
  EXPECT_TRUE(
      is(charge(open(9), 1, "4.5", ChargeKind::kOneOff).error(), EscrowError::kInvalidAmount));
}

// --- A validator ---

TEST_F(EscrowTest, AValidatorReducesWhatIsDueAndTheRestStaysWithTheCustomer) {
  escrow.set_due_validator(halver);
  const AccountId id = open(100);
  ASSERT_TRUE(charge(id, 1, "10", ChargeKind::kByTime, true));
  ledger.pass(Duration::seconds(6));
  EXPECT_EQ(close_charge(id, 1)->withdrawn, Amount{5});
  EXPECT_EQ(get(id).deposited(), Amount{95});
  expect_sound();
}

TEST_F(EscrowTest, AnAccountWhoseDuesWereReducedRunsDryLater) {
  escrow.set_due_validator(halver);
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1", ChargeKind::kByTime, true));
  ledger.pass_blocks(14, Duration::seconds(6));
  EXPECT_TRUE(listener.dried.empty());
  ledger.pass_blocks(200, Duration::seconds(6));
  EXPECT_EQ(listener.dried.size(), 1u);
  EXPECT_EQ(get(id).charges[0].balance(), Amount{10});
  expect_sound();
}

TEST_F(EscrowTest, WithoutAValidatorNoChargeIsValidated) {
  EXPECT_TRUE(is(charge(open(10), 1, "1", ChargeKind::kByTime, true).error(),
                 EscrowError::kValidatorMissing));
}

// --- Closing ---

TEST_F(EscrowTest, ClosingPaysEveryChargeAndRefundsEachDepositor) {
  const AccountId id = open(100);
  ASSERT_TRUE(deposit(id, bob, 50));
  ASSERT_TRUE(charge(id, 1, "1"));
  ASSERT_TRUE(charge(id, 2, "2"));
  ledger.pass(Duration::seconds(60));
  const auto closing = close(id);
  ASSERT_TRUE(closing);
  EXPECT_EQ(ledger.balance(carol), Amount{10});
  EXPECT_EQ(ledger.balance(dave), Amount{20});
  EXPECT_EQ(ledger.balance(alice), Amount{999'970});
  EXPECT_EQ(ledger.balance(bob), Amount{1'000'000});
  EXPECT_EQ(ledger.balance(escrow.module_address()), Amount{0});
  EXPECT_EQ(closing->charges.size(), 2u);
  EXPECT_EQ(get(id).status, AccountStatus::kClosed);
  expect_sound();
}

TEST_F(EscrowTest, AnAccountClosesOnce) {
  const AccountId id = open(1);
  ASSERT_TRUE(close(id));
  EXPECT_TRUE(is(close(id).error(), EscrowError::kAccountClosed));
}

TEST_F(EscrowTest, AClosedAccountIsNeverWokenAgain) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ASSERT_TRUE(close(id));
  ledger.pass_blocks(5, Duration::seconds(60));
  EXPECT_TRUE(listener.dried.empty());
  EXPECT_EQ(ledger.count("schedule_failed"), 0u);
}

TEST_F(EscrowTest, OnlyAClosedAccountIsForgotten) {
  const AccountId id = open(10);
  const auto forget = [&] {
    return ledger.tx([&](chain::Context& context) { return escrow.forget(context, id); });
  };
  EXPECT_TRUE(is(forget().error(), EscrowError::kAccountNotClosed));
  ASSERT_TRUE(close(id));
  ASSERT_TRUE(forget());
  EXPECT_FALSE(*escrow.find(ledger.state(), id));
}

// --- Invariants and genesis ---

TEST_F(EscrowTest, MoneyThatNoAccountExplainsBreaksTheInvariant) {
  open(10);
  ledger.give(escrow.module_address(), {denom, Amount{1}});
  const auto checked = escrow.check_invariants(ledger.state());
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().text, HasSubstr("escrow"));
}

TEST_F(EscrowTest, AMissingScheduleEntryBreaksTheInvariant) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  ASSERT_TRUE(ledger.tx([&](chain::Context& context) {
    return ledger.schedule().cancel(context, *get(id).runs_dry);
  }));
  EXPECT_FALSE(escrow.check_invariants(ledger.state()));
}

TEST_F(EscrowTest, AnExportedEscrowGoesOnAfterImport) {
  const AccountId id = open(10);
  ASSERT_TRUE(charge(id, 1, "1"));
  const auto exported = escrow.export_genesis(ledger.state());
  ASSERT_TRUE(exported);

  testing::Ledger other;
  Escrow imported{other.accounts(), other.bank(), other.schedule(), other.params()};
  other.give(imported.module_address(), {denom, Amount{10}});
  const auto done = other.tx(
      [&](chain::Context& context) { return imported.import_genesis(context, &*exported); });
  ASSERT_TRUE(done) << done.error().text;
  EXPECT_TRUE(imported.check_invariants(other.state()));
  other.pass(Duration::seconds(60));
  other.pass(Duration::seconds(1));
  EXPECT_EQ(imported.get(other.state(), id)->status, AccountStatus::kOverdrawn);
}

TEST_F(EscrowTest, AGenesisRowThatIsNoAccountIsNamed) {
  const auto json =
      boost::json::parse(R"({"next_account": 2, "accounts": [{"key": "AAAA", "record": "AAAA"}]})");
  const auto imported =
      ledger.tx([&](chain::Context& context) { return escrow.import_genesis(context, &json); });
  ASSERT_FALSE(imported);
  EXPECT_THAT(imported.error().text, HasSubstr("escrow.accounts[0]"));
}

TEST_F(EscrowTest, ABlockAMinuteThatComesLateIsPaidInFull) {
  const AccountId id = open(100'000);
  ASSERT_TRUE(charge(id, 1, "10"));
  ledger.pass_blocks(10, Duration::seconds(66));
  EXPECT_EQ(close_charge(id, 1)->withdrawn, Amount{10 * 11 * 10});
}

}  // namespace
}  // namespace tp::escrow
