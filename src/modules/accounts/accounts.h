// Accounts: who may sign, with which key, and which transaction of theirs comes next.
//
// An account comes into being when its address first receives money or signs. Its number never
// changes and is part of what is signed, so that an address that was emptied and used again cannot
// be replayed. Wire forms: cosmos.auth.v1beta1. Rules: specs/chain.md §2.4, §2.5.
#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "base/address.h"
#include "base/amount.h"
#include "base/function_ref.h"
#include "chain/module.h"
#include "store/table.h"

namespace tp::accounts {

using AccountNumber = Strong<struct AccountNumberTag, std::uint64_t>;
using Sequence = Strong<struct SequenceTag, std::uint64_t>;

struct Account {
  static constexpr std::uint8_t kVersion = 2;

  AccountNumber number;
  Sequence sequence;  // of the next transaction
  // Of the fee's denomination; the bank keeps it, and everything else that the address holds. Here,
  // because every transaction changes both (docs/decisions/0011).
  Amount fee_balance;
  Bytes secp256k1_public_key;  // 33 bytes; empty until the first signature
  std::string module_name;     // empty for accounts that a key controls

  auto fields() {
    return std::tie(number, sequence, fee_balance, secp256k1_public_key, module_name);
  }
  auto fields() const {
    return std::tie(number, sequence, fee_balance, secp256k1_public_key, module_name);
  }
};

class Accounts final : public chain::Module {
 public:
  explicit Accounts(const chain::ChainParams& params) : params_(params) {}

  // Nothing when the address never received or signed anything.
  Result<std::optional<Account>> find(const store::Reader& state, const Address& address) const;
  // Visits every account, in order of addresses.
  using Visitor = FunctionRef<Result<store::Step>(const Address& address, const Account& account)>;
  Result<void> scan(const store::Reader& state, Visitor visit) const;
  // Names the row that find() reads.
  void name_row(const Address& address, store::RowNames& rows) const;
  // Creates the account with the next number where there is none.
  Result<Account> find_or_create(chain::Context& context, const Address& address) const;
  // The same for callers who do not look at it.
  Result<void> ensure_exists(chain::Context& context, const Address& address) const;
  Result<void> put(chain::Context& context, const Address& address, const Account& account) const;
  // The account of a module, at module_address(name): no key controls it.
  Result<Address> ensure_module_account(chain::Context& context, std::string_view name) const;

  // Text forms with this chain's prefix.
  std::string text(const Address& address) const;
  // Errors: SdkError::kInvalidAddress, naming what is wrong.
  Result<Address> parse(std::string_view text) const;

  std::string_view name() const override { return "accounts"; }
  void add_queries(chain::QueryRouter& router) override;
  Result<void> import_genesis(chain::Context& context, const boost::json::value* json) override;
  Result<boost::json::value> export_genesis(const store::Reader& state) const override;
  Result<void> check_invariants(const store::Reader& state) const override;

 private:
  Result<Account> create(chain::Context& context, const Address& address) const;

  const chain::ChainParams& params_;
};

}  // namespace tp::accounts
