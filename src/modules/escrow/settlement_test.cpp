#include "modules/escrow/settlement.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "modules/testing/ledger.h"

namespace tp::escrow {
namespace {

constexpr Duration kTick = Duration::seconds(6);

Account account_with(std::uint64_t deposit, std::vector<std::string> prices) {
  Account account;
  if (deposit > 0)
    account.deposits.push_back({.owner = testing::address_of("alice"), .balance = Amount{deposit}});
  for (const std::string& price : prices)
    account.charges.push_back({.id = ChargeId{account.charges.size() + 1},
                               .payee = testing::address_of("operator"),
                               .price = *Decimal::parse(price)});
  return account;
}

TEST(Settlement, AnAccountWithoutChargesNeverRunsDry) {
  EXPECT_FALSE(runs_dry_at(account_with(5, {}), kTick));
}

TEST(Settlement, AChargeThatCostsNothingNeverRunsDry) {
  EXPECT_FALSE(runs_dry_at(account_with(5, {"0"}), kTick));
}

TEST(Settlement, AnAccountRunsDryOneNanosecondAfterItsLastPaidOne) {
  // 10 units at 1 unit a tick pay for 60 s exactly.
  EXPECT_EQ(runs_dry_at(account_with(10, {"1"}), kTick)->value, 60'000'000'001);
}

TEST(Settlement, AnEmptyAccountRunsDryAtOnce) {
  EXPECT_EQ(runs_dry_at(account_with(0, {"1"}), kTick)->value, 1);
}

TEST(Settlement, APriceTooSmallToMatterRunsDryAtTheEndOfTime) {
  EXPECT_EQ(runs_dry_at(account_with(1'000'000, {"0.000000000000000001"}), kTick)->value,
            std::numeric_limits<std::int64_t>::max());
}

TEST(Settlement, TheHighestPricesDoNotOverflow) {
  Account account = account_with(1, {});
  account.deposits[0].balance = Amount{kU128Max};
  for (int i = 0; i < 64; ++i)
    account.charges.push_back(
        {.id = ChargeId{static_cast<std::uint64_t>(i)}, .price = kPriceMax, .remainder = 1});
  const auto dry = runs_dry_at(account, kTick);
  ASSERT_TRUE(dry);
  EXPECT_GT(dry->value, 0);
}

TEST(Settlement, SharesOfAShortageAddUpAndFavourTheLargestRemainder) {
  const auto shares = share_out(Amount{100}, {Amount{1}, Amount{1}, Amount{1}});
  EXPECT_EQ(*shares, (std::vector{Amount{34}, Amount{33}, Amount{33}}));
}

TEST(Settlement, DrawingTakesTheOldestDepositFirst) {
  Account account = account_with(5, {"1"});
  account.deposits.push_back({.owner = testing::address_of("bob"), .balance = Amount{5}});
  draw(account, account.charges[0], Amount{7});
  ASSERT_EQ(account.deposits.size(), 1u);
  EXPECT_EQ(account.deposits[0].owner, testing::address_of("bob"));
  EXPECT_EQ(account.deposits[0].balance, Amount{3});
  EXPECT_EQ(account.charges[0].accrued,
            (std::vector<Drawn>{{testing::address_of("alice"), Amount{5}},
                                {testing::address_of("bob"), Amount{2}}}));
}

TEST(Settlement, TheLastUnitsGoToTheLargestFractions) {
  Account account = account_with(1, {"1", "1", "1"});
  account.charges[0].remainder = 10;
  account.charges[1].remainder = 30;
  account.charges[2].remainder = 20;
  take_last_units(account);
  EXPECT_TRUE(account.deposits.empty());
  EXPECT_EQ(account.charges[1].balance(), Amount{1});
  EXPECT_EQ(account.charges[1].remainder, u128{0});
  EXPECT_EQ(account.charges[0].remainder, u128{10});
}

RC_GTEST_PROP(SettlementProperty, SharesNeverExceedWhatIsDueAndAddUp, ()) {
  const auto raw = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 1'000)));
  std::vector<Amount> dues;
  std::uint64_t total = 0;
  for (const std::uint64_t due : raw) {
    dues.emplace_back(due);
    total += due;
  }
  RC_PRE(total > 0);
  const auto available = *rc::gen::inRange<std::uint64_t>(0, total);
  const auto shares = share_out(Amount{available}, dues);
  u128 paid = 0;
  for (std::size_t i = 0; i < dues.size(); ++i) {
    RC_ASSERT((*shares)[i] <= dues[i]);
    paid += (*shares)[i].units();
  }
  RC_ASSERT(paid == available);
}

// Cutting an interval anywhere leaves the same whole units and the same remainder.
RC_GTEST_PROP(SettlementProperty, EveryWayOfCuttingAnIntervalPaysTheSame, ()) {
  const auto scaled = *rc::gen::arbitrary<std::uint64_t>();
  const auto cuts = *rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::inRange<std::int64_t>(0, 600'000'000'000));
  Charge whole{.price = Decimal::from_scaled(u128{scaled} * 1'000)};
  Charge cut = whole;

  std::int64_t elapsed = 0;
  u128 paid = 0;
  for (const std::int64_t span : cuts) {
    const auto due = due_for_time(cut, Duration{span}, kTick);
    cut.remainder = due->remainder;
    paid += due->whole.units();
    elapsed += span;
  }
  const auto due = due_for_time(whole, Duration{elapsed}, kTick);
  RC_ASSERT(due->whole.units() == paid);
  RC_ASSERT(due->remainder == cut.remainder);
}

// The forecast does not move while nothing but time passes.
RC_GTEST_PROP(SettlementProperty, SettlingOnTheWayDoesNotMoveTheMomentOfRunningDry, ()) {
  Account account = account_with(*rc::gen::inRange<std::uint64_t>(1, 1'000'000), {});
  const auto charges = *rc::gen::inRange(1, 4);
  for (int i = 0; i < charges; ++i)
    account.charges.push_back(
        {.id = ChargeId{static_cast<std::uint64_t>(i)},
         .price = Decimal::from_scaled(*rc::gen::inRange<std::uint64_t>(1, 1ull << 62))});
  const chain::BillableTime dry = *runs_dry_at(account, kTick);
  const std::int64_t at = *rc::gen::inRange<std::int64_t>(0, dry.value);

  std::vector<Due> dues;
  for (const Charge& charge : account.charges)
    dues.push_back(*due_for_time(charge, Duration{at}, kTick));
  RC_ASSERT(take_dues(account, dues)->is_zero());
  account.settled_at = chain::BillableTime{at};
  RC_ASSERT(!is_dry(account, kTick));
  RC_ASSERT(runs_dry_at(account, kTick) == dry);
}

}  // namespace
}  // namespace tp::escrow
