#include "networks/compute/chain/wire.h"

#include <algorithm>

#include "base/text.h"
#include "chain/sdk_errors.h"
#include "networks/compute/chain/errors.h"

namespace tp::compute::wire {
namespace {

using accounts::Accounts;
using chain::SdkError;

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// The fields that all ids share, under the names that the reference's errors have for them.
template <class Wire>
Result<DeploymentId> read_deployment(const Accounts& accounts, const Wire& id) {
  const auto owner = accounts.parse(id.owner());
  if (!owner) return fail(SdkError::kInvalidAddress, "DeploymentID: Invalid Owner Address");
  if (id.dseq() == 0)
    return fail(SdkError::kInvalidSequence, "DeploymentID: Invalid Deployment Sequence");
  return DeploymentId{*owner, id.dseq()};
}

std::unexpected<Error> within(std::string_view outer, Error error) {
  // "<detail>: <registered>" becomes "<outer>: <detail>: <registered>".
  error.text = std::string(outer).append(": ").append(error.text);
  return std::unexpected(std::move(error));
}

template <class Wire>
Result<GroupId> read_group(const Accounts& accounts, const Wire& id) {
  auto deployment = read_deployment(accounts, id);
  if (!deployment) return within("GroupID: Invalid DeploymentID", std::move(deployment).error());
  if (id.gseq() == 0) return fail(SdkError::kInvalidSequence, "GroupID: Invalid Group Sequence");
  return GroupId{*deployment, id.gseq()};
}

template <class Wire>
Result<OrderId> read_order(const Accounts& accounts, const Wire& id) {
  auto group = read_group(accounts, id);
  if (!group) return within("OrderID: Invalid GroupID", std::move(group).error());
  if (id.oseq() == 0) return fail(SdkError::kInvalidSequence, "OrderID: Invalid Order Sequence");
  return OrderId{*group, id.oseq()};
}

template <class Wire>
Result<BidId> read_bid(const Accounts& accounts, const Wire& id) {
  auto order = read_order(accounts, id);
  if (!order) return within("BidID: Invalid OrderID", std::move(order).error());
  const auto provider = accounts.parse(id.provider());
  if (!provider) return fail(SdkError::kInvalidAddress, "BidID: Invalid Provider Address");
  if (order->owner() == *provider) return fail(SdkError::kConflict, "BidID: self-bid");
  if (id.bseq() != 0) return fail(SdkError::kConflict, "BidID: invalid bseq");
  return BidId{*order, *provider};
}

template <class Wire>
void write_bid(const Accounts& accounts, const BidId& id, Wire& out) {
  out.set_owner(accounts.text(id.order.owner()));
  out.set_dseq(id.order.deployment().dseq);
  out.set_gseq(id.order.group.gseq);
  out.set_oseq(id.order.oseq);
  out.set_provider(accounts.text(id.provider));
}

// The decimal text in a ResourceValue. Empty is zero, as the reference's integer type has it.
std::optional<std::uint64_t> quantity(const akash::base::resources::v1beta4::ResourceValue& value) {
  if (value.val().empty()) return 0;
  const auto number = parse_int<std::uint64_t>(value.val());
  return number ? std::optional(*number) : std::nullopt;
}

compute::Attributes spec_attributes(const List<Attribute>& attributes) {
  compute::Attributes out;
  out.reserve(static_cast<std::size_t>(attributes.size()));
  for (const Attribute& attribute : attributes) out.push_back({attribute.key(), attribute.value()});
  return out;
}

Result<std::uint64_t> needed(std::optional<std::uint64_t> value, std::string_view group,
                             std::uint32_t unit, std::string_view field) {
  if (value) return *value;
  return fail(DeploymentError::kInvalidGroups,
              "group " + std::string(group) + ": resources " + std::to_string(unit) + ": " +
                  std::string(field) + " is not a number of 64 bits");
}

Result<compute::Resources> read_resources(
    const akash::base::resources::v1beta4::Resources& resources, std::string_view group) {
  compute::Resources out{.id = resources.id()};
  const auto missing = [&](std::string_view field) {
    return fail(DeploymentError::kInvalidGroups, "group " + std::string(group) +
                                                     ": error: invalid unit " + std::string(field) +
                                                     ", cannot be nil");
  };
  if (!resources.has_cpu()) return missing("CPU");
  if (!resources.has_gpu()) return missing("GPU");
  if (!resources.has_memory()) return missing("memory");
  TRY_TO(out.cpu.milli_units,
         needed(quantity(resources.cpu().units()), group, resources.id(), "cpu"));
  out.cpu.attributes = spec_attributes(resources.cpu().attributes());
  TRY_TO(out.memory.bytes,
         needed(quantity(resources.memory().quantity()), group, resources.id(), "memory"));
  out.memory.attributes = spec_attributes(resources.memory().attributes());
  TRY_TO(out.gpu.units, needed(quantity(resources.gpu().units()), group, resources.id(), "gpu"));
  out.gpu.attributes = spec_attributes(resources.gpu().attributes());
  for (const auto& volume : resources.storage()) {
    TRY(const std::uint64_t bytes,
        needed(quantity(volume.quantity()), group, resources.id(), "storage " + volume.name()));
    out.storage.push_back({volume.name(), bytes, spec_attributes(volume.attributes())});
  }
  for (const auto& endpoint : resources.endpoints())
    out.endpoints.push_back(
        {static_cast<EndpointKind>(endpoint.kind()), endpoint.sequence_number()});
  return out;
}

}  // namespace

Result<DeploymentId> read(const Accounts& accounts, const akash::deployment::v1::DeploymentID& id) {
  return read_deployment(accounts, id);
}

Result<GroupId> read(const Accounts& accounts, const akash::deployment::v1::GroupID& id) {
  return read_group(accounts, id);
}

Result<OrderId> read(const Accounts& accounts, const akash::market::v1::OrderID& id) {
  return read_order(accounts, id);
}

Result<BidId> read(const Accounts& accounts, const akash::market::v1::BidID& id) {
  return read_bid(accounts, id);
}

Result<LeaseId> read(const Accounts& accounts, const akash::market::v1::LeaseID& id) {
  auto bid = read_bid(accounts, id);
  if (!bid) return within("LeaseID: Invalid BidID", std::move(bid).error());
  return *bid;
}

void write(const Accounts& accounts, const DeploymentId& id,
           akash::deployment::v1::DeploymentID& out) {
  out.set_owner(accounts.text(id.owner));
  out.set_dseq(id.dseq);
}

void write(const Accounts& accounts, const GroupId& id, akash::deployment::v1::GroupID& out) {
  out.set_owner(accounts.text(id.deployment.owner));
  out.set_dseq(id.deployment.dseq);
  out.set_gseq(id.gseq);
}

void write(const Accounts& accounts, const OrderId& id, akash::market::v1::OrderID& out) {
  out.set_owner(accounts.text(id.owner()));
  out.set_dseq(id.deployment().dseq);
  out.set_gseq(id.group.gseq);
  out.set_oseq(id.oseq);
}

void write(const Accounts& accounts, const BidId& id, akash::market::v1::BidID& out) {
  write_bid(accounts, id, out);
}

void write(const Accounts& accounts, const BidId& id, akash::market::v1::LeaseID& out) {
  write_bid(accounts, id, out);
}

std::string xid(const Accounts& accounts, const DeploymentId& id) {
  return accounts.text(id.owner) + "/" + std::to_string(id.dseq);
}

std::string xid(const Accounts& accounts, const OrderId& id) {
  return xid(accounts, id.deployment()) + "/" + std::to_string(id.group.gseq) + "/" +
         std::to_string(id.oseq);
}

std::string xid(const Accounts& accounts, const BidId& id) {
  return xid(accounts, id.order.deployment()) + "/" + payment_xid(accounts, id);
}

std::string payment_xid(const Accounts& accounts, const LeaseId& id) {
  return std::to_string(id.order.group.gseq) + "/" + std::to_string(id.order.oseq) + "/" +
         accounts.text(id.provider);
}

Result<DeploymentId> parse_xid(const Accounts& accounts, std::string_view xid) {
  const std::size_t slash = xid.find('/');
  if (slash == std::string_view::npos || xid.find('/', slash + 1) != std::string_view::npos)
    return fail(EscrowError::kInvalidId, "invalid xid format");
  const auto owner = accounts.parse(xid.substr(0, slash));
  if (!owner) return fail(EscrowError::kInvalidId, "invalid xid/owner: " + owner.error().text);
  const auto dseq = parse_int<std::uint64_t>(xid.substr(slash + 1));
  if (!dseq) return fail(EscrowError::kInvalidId, "invalid xid/dseq: " + dseq.error().text);
  return DeploymentId{*owner, *dseq};
}

Result<tp::Coin> read(const Coin& coin) {
  auto denom = Denom::parse(coin.denom());
  const auto amount = Amount::parse(coin.amount());
  if (!denom || !amount) return fail(SdkError::kInvalidCoins, coin.amount() + coin.denom());
  return tp::Coin{*std::move(denom), *amount};
}

void write(const tp::Coin& coin, Coin& out) {
  out.set_denom(coin.denom.text());
  out.set_amount(coin.amount.to_string());
}

Result<Coins> read_coins(const List<Coin>& coins) {
  Coins out;
  for (const Coin& coin : coins) {
    TRY(tp::Coin one, read(coin));
    out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end());
  if (!is_canonical(out)) return fail(SdkError::kInvalidCoins, to_string(out));
  return out;
}

void write_coins(const Coins& coins, List<Coin>& out) {
  for (const tp::Coin& coin : coins) write(coin, *out.Add());
}

std::optional<tp::DecCoin> read(const DecCoin& price) {
  auto denom = Denom::parse(price.denom());
  const auto scaled = Amount::parse(price.amount());
  if (!denom || !scaled) return std::nullopt;
  return tp::DecCoin{*std::move(denom), Decimal::from_scaled(scaled->units())};
}

void write(const tp::DecCoin& price, DecCoin& out) {
  out.set_denom(price.denom.text());
  out.set_amount(to_string(price.amount.scaled()));
}

std::string whole_decimal(Amount amount) {
  return amount.is_zero() ? "0" : amount.to_string() + std::string(18, '0');
}

void write_whole(const Denom& denom, Amount amount, DecCoin& out) {
  out.set_denom(denom.text());
  out.set_amount(whole_decimal(amount));
}

Result<tp::Coin> read_deposit(const akash::base::deposit::v1::Deposit& deposit) {
  using akash::base::deposit::v1::Source;
  TRY(tp::Coin coin, read(deposit.amount()));
  if (deposit.sources().empty())
    return fail(CommonError::kInvalidDepositSource, "empty deposit sources");
  bool balance = false, grant = false;
  for (const int source : deposit.sources()) {
    if (source != Source::balance && source != Source::grant)
      return fail(CommonError::kInvalidDepositSource,
                  "empty deposit source type " + std::to_string(source));
    bool& seen = source == Source::balance ? balance : grant;
    if (seen)
      return fail(CommonError::kInvalidDepositSource,
                  "duplicate deposit source type " + std::to_string(source));
    seen = true;
  }
  if (!balance)
    return fail_named(compute::MarketError::kInvalidDeposit,
                      "this chain has no deposit grants; use the source \"balance\"");
  return coin;
}

Result<Duration> read(const google::protobuf::Duration& duration) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(duration.seconds(), kNanosPerSecond, &nanos) ||
      __builtin_add_overflow(nanos, std::int64_t{duration.nanos()}, &nanos) ||
      duration.nanos() <= -kNanosPerSecond || duration.nanos() >= kNanosPerSecond ||
      (duration.seconds() > 0 && duration.nanos() < 0) ||
      (duration.seconds() < 0 && duration.nanos() > 0))
    return fail(SdkError::kInvalidRequest, "the duration " + std::to_string(duration.seconds()) +
                                               "s " + std::to_string(duration.nanos()) +
                                               "ns is out of range");
  return Duration{nanos};
}

void write(Duration duration, google::protobuf::Duration& out) {
  out.set_seconds(duration.nanoseconds / kNanosPerSecond);
  out.set_nanos(static_cast<std::int32_t>(duration.nanoseconds % kNanosPerSecond));
}

registry::Attributes read_attributes(const List<Attribute>& attributes) {
  registry::Attributes out;
  out.reserve(static_cast<std::size_t>(attributes.size()));
  for (const Attribute& attribute : attributes) out.push_back({attribute.key(), attribute.value()});
  return out;
}

void write_attributes(const registry::Attributes& attributes, List<Attribute>& out) {
  for (const registry::Attribute& attribute : attributes) {
    Attribute& one = *out.Add();
    one.set_key(attribute.key);
    one.set_value(attribute.value);
  }
}

Result<compute::GroupSpec> read(const GroupSpec& spec) {
  compute::GroupSpec out{.name = spec.name()};
  const auto& requirements = spec.requirements();
  out.requirements.attributes = spec_attributes(requirements.attributes());
  const auto& signed_by = requirements.signed_by();
  out.requirements.signed_by.all_of.assign(signed_by.all_of().begin(), signed_by.all_of().end());
  out.requirements.signed_by.any_of.assign(signed_by.any_of().begin(), signed_by.any_of().end());
  for (const auto& unit : spec.resources()) {
    TRY(compute::Resources resources, read_resources(unit.resource(), spec.name()));
    const std::optional<tp::DecCoin> price = read(unit.price());
    if (!price)
      return fail(DeploymentError::kInvalidGroups,
                  "group " + spec.name() + ": error: invalid price object");
    out.resources.push_back({.resources = std::move(resources),
                             .count = unit.count(),
                             .price = {price->denom.text(), price->amount}});
  }
  return out;
}

std::optional<tp::DecCoin> price_max(const compute::GroupSpec& spec) {
  if (spec.resources.empty()) return std::nullopt;
  auto denom = Denom::parse(spec.resources.front().price.denom);
  if (!denom) return std::nullopt;
  Decimal sum;
  for (const ResourceUnit& unit : spec.resources) {
    if (unit.price.denom != denom->text()) return std::nullopt;
    const auto part = unit.price.amount.times(unit.count);
    const auto total = part ? sum.plus(*part) : part;
    if (!total) return std::nullopt;
    sum = *total;
  }
  return tp::DecCoin{*std::move(denom), sum};
}

}  // namespace tp::compute::wire
