// Bank: who holds how much of what. Every movement says what it is for (set by the module that
// moves the money), and the class of whoever pays is derived from the ledger, never declared
// (design.md §7).
//
// Wire forms: cosmos.bank.v1beta1. Rules: specs/chain.md §2.4.
#pragma once

#include <string>
#include <string_view>

#include "base/address.h"
#include "base/coin.h"
#include "chain/module.h"
#include "modules/accounts/accounts.h"
#include "modules/accounts/admission.h"
#include "store/table.h"

namespace tp::bank {

// What a movement of money is for.
enum class Purpose : std::uint8_t {
  kService = 1,
  kOnboarding = 2,
  kStake = 3,
  kPenalty = 4,
  kBuyback = 5,
  kTransfer = 6,
  kFee = 7,
  kDeposit = 8,
  kRefund = 9,
  kReward = 10,
  kMint = 11,
  kBurn = 12,
  kCompensation = 13,
  kGrant = 14,
};
std::string_view to_string(Purpose purpose);

// Who pays, in the end.
enum class PayerClass : std::uint8_t {
  kFoundation = 1,  // on the genesis list
  kOperator =
      2,  // owner of a registered provider, device, checker or validator, or a key linked to one
  kOther = 3,
};
std::string_view to_string(PayerClass payer);

// Told by the registry; passed in by app/.
class OperatorDirectory {
 public:
  virtual ~OperatorDirectory() = default;
  virtual Result<bool> is_operator(const store::Reader& state, const Address& address) const = 0;
};

// Money that moves: from, to, how much, what for, and on whose account.
struct Movement {
  Address from;
  Address to;
  Coin coin;
  Purpose purpose = Purpose::kTransfer;
  // Whose money it is in truth, where `from` only keeps it: for escrow, the owner of the deposit
  // drawn on. Nothing: `from` itself.
  std::optional<Address> payer;
};

class Bank final : public chain::Module, public accounts::FeeSource {
 public:
  Bank(accounts::Accounts& accounts, const chain::ChainParams& params);

  // For the composition root: who counts as an operator. Until it is set, nobody does.
  void set_operator_directory(const OperatorDirectory& directory) { operators_ = &directory; }

  // Zero when the address holds none. Cost: one row.
  Result<Amount> balance(const store::Reader& state, const Address& address,
                         const Denom& denom) const;
  Result<Amount> supply(const store::Reader& state, const Denom& denom) const;

  // Moves money, creates the receiver's account where there is none, and emits coin_spent,
  // coin_received and transfer, the last with `purpose` and `payer_class`. A zero amount moves
  // nothing and emits nothing. Errors: SdkError::kInsufficientFunds. Cost: O(1), up to six rows.
  Result<void> move(chain::Context& context, const Movement& movement) const;

  // Makes money from nothing / destroys it. Purposes kMint and kBurn are implied.
  Result<void> mint(chain::Context& context, const Address& to, const Coin& coin) const;
  Result<void> burn(chain::Context& context, const Address& from, const Coin& coin) const;

  // Moves each coin to the module account "fee_collector", purpose kFee.
  Result<void> pay_fee(chain::Context& context, const Address& payer,
                       const Coins& fee) const override;
  Result<void> set_fee_aside(chain::Context& context, const Address& payer,
                             const Coins& fee) const override;
  void name_fee_rows(const Address& payer, const Coins& fee, store::RowNames& rows) const override;

  // Takes params.row_deposit for `rows` rows that `payer` makes others store, and gives it back
  // when they go: to the one who paid. `key` names what the deposit stands for; unique over the
  // chain ("provider/" + address bytes). Errors: SdkError::kInsufficientFunds.
  Result<void> hold_row_deposit(chain::Context& context, const Address& payer, BytesView key,
                                std::uint32_t rows) const;
  Result<void> release_row_deposit(chain::Context& context, BytesView key) const;
  Result<bool> holds_row_deposit(const store::Reader& state, BytesView key) const;

  Result<PayerClass> payer_class(const store::Reader& state, const Address& payer) const;

  // Visits the address's balances in order of denomination.
  Result<Coins> balances(const store::Reader& state, const Address& address) const;

  std::string_view name() const override { return "bank"; }
  void add_messages(chain::MessageRouter& router) override;
  void add_queries(chain::QueryRouter& router) override;
  Result<void> import_genesis(chain::Context& context, const boost::json::value* json) override;
  Result<boost::json::value> export_genesis(const store::Reader& state) const override;
  // The balances of every denomination add up to its supply.
  Result<void> check_invariants(const store::Reader& state) const override;

 private:
  Result<void> list_fee_balance(store::Overlay& state, const Address& address) const;
  void name_balance(const Address& address, const Denom& denom, store::RowNames& rows) const;
  Result<void> add_balance(chain::Context& context, const Address& address, const Coin& coin) const;
  Result<void> take_balance(chain::Context& context, const Address& address,
                            const Coin& coin) const;
  Result<void> record_flow(chain::Context& context, const Coin& coin, Purpose purpose,
                           PayerClass payer) const;
  Result<void> send(chain::Context& context, const Address& from, const Address& to,
                    const Coins& coins) const;

  accounts::Accounts& accounts_;
  const chain::ChainParams& params_;
  const OperatorDirectory* operators_ = nullptr;
};

}  // namespace tp::bank
