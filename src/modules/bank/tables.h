// The bank's rows in state: for this folder, and for app/, which tells the store of them.
#pragma once

#include "base/address.h"
#include "base/coin.h"
#include "chain/ids.h"
#include "modules/bank/bank.h"
#include "store/table.h"

namespace tp::bank {

// Module accounts.
inline constexpr std::string_view kFeeCollector = "fee_collector";
inline constexpr std::string_view kRowDepositHolder = "row_deposits";

struct BalanceKey {
  Address address;
  Denom denom;
  auto fields() { return std::tie(address, denom); }
  auto fields() const { return std::tie(address, denom); }
};

struct SupplyKey {
  Denom denom;
  auto fields() { return std::tie(denom); }
  auto fields() const { return std::tie(denom); }
};

// A number of base units: of a balance, a supply or a flow.
struct Balance {
  static constexpr std::uint8_t kVersion = 1;
  Amount amount;
  auto fields() { return std::tie(amount); }
  auto fields() const { return std::tie(amount); }
};

// Everything that ever moved, by purpose and payer class.
struct FlowKey {
  Purpose purpose = Purpose::kTransfer;
  PayerClass payer = PayerClass::kOther;
  Denom denom;
  auto fields() { return std::tie(purpose, payer, denom); }
  auto fields() const { return std::tie(purpose, payer, denom); }
};

struct RowDepositKey {
  Bytes key;
  auto fields() { return std::tie(key); }
  auto fields() const { return std::tie(key); }
};

struct RowDeposit {
  static constexpr std::uint8_t kVersion = 1;
  Address payer;
  Coin coin;
  auto fields() { return std::tie(payer, coin); }
  auto fields() const { return std::tie(payer, coin); }
};

struct FoundationKey {
  Address address;
  auto fields() { return std::tie(address); }
  auto fields() const { return std::tie(address); }
};

struct Marker {
  static constexpr std::uint8_t kVersion = 1;
  bool present = true;
  auto fields() { return std::tie(present); }
  auto fields() const { return std::tie(present); }
};

struct MetadataRow {
  static constexpr std::uint8_t kVersion = 1;
  Bytes metadata;  // a cosmos.bank.v1beta1.Metadata
  auto fields() { return std::tie(metadata); }
  auto fields() const { return std::tie(metadata); }
};

inline constexpr store::Table<BalanceKey, Balance> kBalances{chain::kBalancesTable};
inline constexpr store::Table<SupplyKey, Balance> kSupply{chain::kSupplyTable};
inline constexpr store::Table<SupplyKey, MetadataRow> kMetadata{chain::kDenomMetadataTable};
inline constexpr store::Table<RowDepositKey, RowDeposit> kRowDeposits{chain::kRowDepositsTable};
inline constexpr store::Table<FlowKey, Balance> kFlows{chain::kFlowsTable};
inline constexpr store::Table<FoundationKey, Marker> kFoundation{chain::kFoundationTable};

}  // namespace tp::bank
