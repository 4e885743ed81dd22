// Between Akash's wire forms and ours: ids, coins, prices, resources, attributes, spans of time.
//
// Addresses are texts on the wire; `Addresses` turns them, so that nothing here depends on more
// than the chain's prefix. Reading fails with the errors that the reference gives for the same
// message.
#pragma once

#include <google/protobuf/repeated_ptr_field.h>

#include "akash/base/deposit/v1/deposit.pb.h"
#include "akash/deployment/v1/deployment.pb.h"
#include "akash/deployment/v1/group.pb.h"
#include "akash/deployment/v1beta4/groupspec.pb.h"
#include "akash/escrow/id/v1/id.pb.h"
#include "akash/market/v1/bid.pb.h"
#include "akash/market/v1/lease.pb.h"
#include "akash/market/v1/order.pb.h"
#include "base/coin.h"
#include "base/time.h"
#include "cosmos/base/v1beta1/coin.pb.h"
#include "google/protobuf/duration.pb.h"
#include "modules/accounts/accounts.h"
#include "modules/registry/records.h"
#include "networks/compute/chain/ids.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute::wire {

using Coin = cosmos::base::v1beta1::Coin;
using DecCoin = cosmos::base::v1beta1::DecCoin;
using GroupSpec = akash::deployment::v1beta4::GroupSpec;
using Attribute = akash::base::attributes::v1::Attribute;
template <class T>
using List = google::protobuf::RepeatedPtrField<T>;

// --- Ids ---
// Errors: SdkError::kInvalidAddress, kInvalidSequence; kConflict for a bid on one's own order and
// for a bseq other than 0.

Result<DeploymentId> read(const accounts::Accounts& accounts,
                          const akash::deployment::v1::DeploymentID& id);
Result<GroupId> read(const accounts::Accounts& accounts, const akash::deployment::v1::GroupID& id);
Result<OrderId> read(const accounts::Accounts& accounts, const akash::market::v1::OrderID& id);
Result<BidId> read(const accounts::Accounts& accounts, const akash::market::v1::BidID& id);
Result<LeaseId> read(const accounts::Accounts& accounts, const akash::market::v1::LeaseID& id);

void write(const accounts::Accounts& accounts, const DeploymentId& id,
           akash::deployment::v1::DeploymentID& out);
void write(const accounts::Accounts& accounts, const GroupId& id,
           akash::deployment::v1::GroupID& out);
void write(const accounts::Accounts& accounts, const OrderId& id, akash::market::v1::OrderID& out);
void write(const accounts::Accounts& accounts, const BidId& id, akash::market::v1::BidID& out);
void write(const accounts::Accounts& accounts, const BidId& id, akash::market::v1::LeaseID& out);

// "owner/dseq", "owner/dseq/gseq/oseq/provider", "gseq/oseq/provider": the xids of escrow; and
// "owner/dseq/gseq/oseq".
std::string xid(const accounts::Accounts& accounts, const DeploymentId& id);
std::string xid(const accounts::Accounts& accounts, const OrderId& id);
std::string xid(const accounts::Accounts& accounts, const BidId& id);
std::string payment_xid(const accounts::Accounts& accounts, const LeaseId& id);
// Errors: EscrowError::kInvalidId.
Result<DeploymentId> parse_xid(const accounts::Accounts& accounts, std::string_view xid);

// --- Money ---

// Errors: SdkError::kInvalidCoins.
Result<tp::Coin> read(const Coin& coin);
void write(const tp::Coin& coin, Coin& out);
Result<Coins> read_coins(const List<Coin>& coins);
void write_coins(const Coins& coins, List<Coin>& out);
// On the wire the amount is the integer number of 10^-18. Nothing when it is not a price.
std::optional<tp::DecCoin> read(const DecCoin& price);
void write(const tp::DecCoin& price, DecCoin& out);
// A whole amount as the decimal that Akash's escrow shows.
void write_whole(const Denom& denom, Amount amount, DecCoin& out);
std::string whole_decimal(Amount amount);

// The coin of a deposit whose sources are in order. Errors: SdkError::kInvalidCoins;
// CommonError::kInvalidDepositSource (none, unknown, twice); compute::MarketError::kInvalidDeposit
// when only grants are named: nobody can grant deposits on this chain.
Result<tp::Coin> read_deposit(const akash::base::deposit::v1::Deposit& deposit);

// --- The rest ---

// Errors: SdkError::kInvalidRequest (more than 64 bits of nanoseconds, or a mixed sign).
Result<Duration> read(const google::protobuf::Duration& duration);
void write(Duration duration, google::protobuf::Duration& out);

registry::Attributes read_attributes(const List<Attribute>& attributes);
void write_attributes(const registry::Attributes& attributes, List<Attribute>& out);

// Errors: DeploymentError::kInvalidGroups naming the field whose number cannot be read.
Result<compute::GroupSpec> read(const GroupSpec& spec);
// What a group may cost at most per tick: the sum of price x count. Nothing when the units do not
// agree on a denomination or the sum overflows. Errors: those of read.
std::optional<tp::DecCoin> price_max(const compute::GroupSpec& spec);

}  // namespace tp::compute::wire
