#include "modules/bank/bank.h"

#include <gtest/gtest.h>

#include "chain/module.h"
#include "crypto/address.h"
#include "modules/bank/tables.h"
#include "modules/testing/ledger.h"

namespace tp::bank {
namespace {

class BankTest : public ::testing::Test {
 protected:
  BankTest() { ledger.give(alice, {denom, Amount{100'000}}); }

  Result<void> hold(BytesView key) {
    return ledger.tx([&](chain::Context& context) {
      return ledger.bank().hold_row_deposit(context, alice, key, 1);
    });
  }

  testing::Ledger ledger;
  const Denom denom = Denom::of("utoll");
  const Address alice = testing::address_of("alice");
};

TEST_F(BankTest, TheAccountOfRowDepositsHoldsWhatTheRowsSay) {
  ASSERT_TRUE(hold("a row"));
  EXPECT_TRUE(ledger.bank().check_invariants(ledger.state()));
  ledger.give(crypto::module_address(kRowDepositHolder), {denom, Amount{1}});
  EXPECT_FALSE(ledger.bank().check_invariants(ledger.state()));
}

TEST_F(BankTest, ARowHasOneDeposit) {
  ASSERT_TRUE(hold("a row"));
  EXPECT_TRUE(is(hold("a row").error(), chain::ModuleError::kInvariant));
  EXPECT_EQ(ledger.balance(alice), Amount{99'000});
}

}  // namespace
}  // namespace tp::bank
