// What the provider asks of the market on chain, and what it does there: the seam between its rules
// and a node. Answers are what the chain holds at one moment; an error always means "unknown",
// never "gone".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"
#include "crypto/secp256k1.h"
#include "networks/compute/agent/workload/spec.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute::provider {

// One order; with our address it also names our bid on it and our lease of it.
struct OrderId {
  std::string owner{};
  std::uint64_t dseq = 0;
  std::uint32_t gseq = 0;
  std::uint32_t oseq = 0;

  std::string text() const;  // "owner/dseq/gseq/oseq"
  auto operator<=>(const OrderId&) const = default;
};

workload::LeaseKey lease_key(const OrderId& id, const std::string& provider);
OrderId order_of(const workload::LeaseKey& key);

enum class OrderState : std::uint8_t { kOpen, kActive, kClosed };
enum class BidState : std::uint8_t { kOpen, kActive, kLost, kClosed };
enum class LeaseState : std::uint8_t { kActive, kReclaiming, kInsufficientFunds, kClosed };

struct Order {
  OrderId id{};
  OrderState state = OrderState::kClosed;
  GroupSpec spec{};
  // The customer insists on at least so much notice before the provider may leave.
  std::optional<Duration> notice_min{};
};

struct Bid {
  OrderId id{};
  BidState state = BidState::kClosed;
  Price price{};
  Height created_at{};
};

struct Lease {
  OrderId id{};
  LeaseState state = LeaseState::kClosed;
  Price price{};  // per tick
  Height created_at{};

  // Still to be served, and paid for.
  bool is_live() const { return state == LeaseState::kActive || state == LeaseState::kReclaiming; }
};

struct Group {
  std::uint32_t gseq = 0;
  GroupSpec spec{};
};

struct Deployment {
  bool active = false;
  Bytes hash{};  // of the manifest
  std::vector<Group> groups{};
};

// What one auditor has signed about us.
struct Audit {
  std::string auditor{};
  Attributes attributes{};
  bool operator==(const Audit&) const = default;
};

// Our record on chain.
struct Registration {
  std::string host_uri{};
  Attributes attributes{};  // sorted
  std::string email{};
  std::string website{};
  bool operator==(const Registration&) const = default;
};

// Why a provider ends a bid or lease (specs/compute-market.md §2.4).
enum class CloseReason : std::uint32_t {
  kUnstable = 10'000,
  kDecommission = 10'001,
  kUnspecified = 10'002,
  kManifestTimeout = 10'003,
};

struct PlaceBid {
  OrderId id{};
  Price price{};
  std::vector<ResourceUnit> offer{};  // the order's units with the hardware that was chosen
  std::optional<Duration> notice{};
};
struct CloseBid {
  OrderId id{};
  CloseReason reason = CloseReason::kUnspecified;
};
struct Withdraw {
  OrderId id{};
};
using Act = std::variant<PlaceBid, CloseBid, Withdraw>;

// The node did not answer, or not in time: what was asked may have happened, and may be asked
// again. Every other error is an answer.
bool is_away(const Error& error);

// Thread-safe; blocks until the node has answered. Errors of every method: the node is away, or
// answers what nobody understands.
class Market {
 public:
  virtual ~Market() = default;

  // Without those that cannot be read.
  virtual Result<std::vector<Order>> open_orders() = 0;
  // Nothing where the chain holds no such order (any more). The same below.
  virtual Result<std::optional<Order>> order(const OrderId& id) = 0;
  virtual Result<std::vector<Bid>> own_open_bids() = 0;
  virtual Result<std::vector<Lease>> own_live_leases() = 0;
  virtual Result<std::optional<Bid>> own_bid(const OrderId& id) = 0;
  virtual Result<std::optional<Lease>> own_lease(const OrderId& id) = 0;
  virtual Result<std::optional<Deployment>> deployment(const std::string& owner,
                                                       std::uint64_t dseq) = 0;
  virtual Result<std::vector<Audit>> audits() = 0;
  virtual Result<std::optional<Registration>> registration() = 0;
  // Nothing where the account has never signed a transaction.
  virtual Result<std::optional<crypto::Secp256k1PublicKey>> public_key(
      const std::string& account) = 0;
  virtual Result<BlockTime> block_time(Height height) = 0;
  // The height up to which the answers above know the chain. Errors: as above, and while the node
  // still catches up, so that what it does not know yet is not taken for gone.
  virtual Result<Height> height() = 0;

  // One transaction; when it is refused, each act alone, so that one bad act spoils no other. An
  // outcome for each act, in order, once they stand in a block.
  virtual std::vector<Result<void>> send(const std::vector<Act>& acts) = 0;
  // Registers us, or replaces our record.
  virtual Result<void> publish(const Registration& record, bool is_new) = 0;
};

}  // namespace tp::compute::provider
