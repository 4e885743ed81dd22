// A chain with the real modules and one compute network, for this folder's tests: people send
// akash.* messages through the router and read the answers of the queries.
#pragma once

#include <boost/json.hpp>

#include "akash/audit/v1/msg.pb.h"
#include "akash/deployment/v1beta4/deploymentmsg.pb.h"
#include "akash/deployment/v1beta4/groupmsg.pb.h"
#include "akash/deployment/v1beta4/query.pb.h"
#include "akash/escrow/v1/msg.pb.h"
#include "akash/market/v1beta5/bidmsg.pb.h"
#include "akash/market/v1beta5/leasemsg.pb.h"
#include "akash/market/v1beta5/query.pb.h"
#include "akash/provider/v1beta4/msg.pb.h"
#include "modules/testing/ledger.h"
#include "networks/compute/chain/compute_network.h"
#include "networks/compute/chain/core.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {

namespace deployment_pb = ::akash::deployment::v1beta4;
namespace market_pb = ::akash::market::v1beta5;
namespace market_v1 = ::akash::market::v1;
namespace escrow_pb = ::akash::escrow::v1;
namespace provider_pb = ::akash::provider::v1beta4;
namespace audit_pb = ::akash::audit::v1;

inline constexpr std::uint64_t kGiven = 100'000'000;
inline constexpr std::uint64_t kDeposit = 500'000;

struct ComputeChain {
  // `genesis`: what the member "compute" of app_state says; the defaults where it is empty.
  explicit ComputeChain(const std::string& genesis = "") {
    ledger.bank().set_operator_directory(registry);
    escrow.set_dry_observer(market);
    escrow.set_due_validator(market);
    registry.set_network_observer(market);
    registry.set_live_agreements(market);
    market.add_kind(compute);
    compute.add_messages(messages);
    compute.add_queries(queries);
    const auto begun = ledger.tx([&](chain::Context& context) -> Result<void> {
      TRY_VOID(escrow.import_genesis(context, nullptr));
      TRY_VOID(registry.import_genesis(context, nullptr));
      TRY_VOID(market.import_genesis(context, nullptr));
      if (genesis.empty()) return compute.import_genesis(context, nullptr);
      const boost::json::value json = boost::json::parse(genesis);
      return compute.import_genesis(context, &json);
    });
    TP_ASSERT(begun.has_value());
    for (const Address& person : people()) ledger.give(person, {denom, Amount{kGiven}});
    for (const Address& operator_ : {oscar, olga}) TP_ASSERT(provide(operator_).has_value());
  }

  std::vector<Address> people() const { return {admin, alice, bob, oscar, olga, auditor}; }
  std::string text(const Address& address) { return ledger.accounts().text(address); }

  // Runs a message as a transaction of its own.
  template <class Message>
  Result<void> send(const Message& message) {
    const chain::MessageType* type =
        messages.types().find("/" + Message::descriptor()->full_name());
    TP_ASSERT(type != nullptr);
    const chain::MessageRoute* route = messages.find(*type);
    TP_ASSERT(route != nullptr);
    return ledger.tx([&](chain::Context& context) -> Result<void> {
      TRY_VOID(route->handle(context, message));
      gas_used = context.gas().used();
      return {};
    });
  }
  template <class Message>
  std::vector<Address> signers(const Message& message) {
    const chain::MessageType* type =
        messages.types().find("/" + Message::descriptor()->full_name());
    return *messages.find(*type)->signers(message);
  }
  template <class Response, class Request>
  Result<Response> query(std::string_view path, const Request& request) {
    const auto* handler = queries.find(path);
    TP_ASSERT(handler != nullptr);
    TRY(const Bytes bytes,
        (*handler)({ledger.state(), ledger.block(), ledger.params()}, request.SerializeAsString()));
    Response response;
    TP_ASSERT(response.ParseFromString(bytes));
    return response;
  }

  // --- Messages ---

  static void price(std::string_view amount, wire::DecCoin& out, const Denom& of = denom) {
    wire::write(tp::DecCoin{of, *Decimal::parse(amount)}, out);
  }
  static void put_deposit(std::uint64_t amount, akash::base::deposit::v1::Deposit& out,
                          const Denom& of = denom) {
    wire::write(tp::Coin{of, Amount{amount}}, *out.mutable_amount());
    out.add_sources(akash::base::deposit::v1::Source::balance);
  }
  static void put_group(const std::string& name, std::string_view price_max, wire::GroupSpec& out) {
    out.set_name(name);
    auto& unit = *out.add_resources();
    unit.set_count(1);
    price(price_max, *unit.mutable_price());
    auto& resource = *unit.mutable_resource();
    resource.set_id(1);
    resource.mutable_cpu()->mutable_units()->set_val("500");
    resource.mutable_gpu()->mutable_units()->set_val("0");
    resource.mutable_memory()->mutable_quantity()->set_val("536870912");
    auto& volume = *resource.add_storage();
    volume.set_name("default");
    volume.mutable_quantity()->set_val("1073741824");
  }
  deployment_pb::MsgCreateDeployment creation(const Address& owner, std::uint64_t dseq,
                                              std::uint64_t amount = kDeposit, int groups = 1) {
    deployment_pb::MsgCreateDeployment message;
    wire::write(ledger.accounts(), DeploymentId{owner, dseq}, *message.mutable_id());
    message.set_hash(std::string(32, 'h'));
    put_deposit(amount, *message.mutable_deposit());
    for (int i = 1; i <= groups; ++i)
      put_group("group-" + std::to_string(i), "100", *message.add_groups());
    return message;
  }
  market_pb::MsgCreateBid bidding(const BidId& id, std::string_view amount = "10") {
    market_pb::MsgCreateBid message;
    wire::write(ledger.accounts(), id, *message.mutable_id());
    price(amount, *message.mutable_price());
    put_deposit(kDeposit, *message.mutable_deposit());
    return message;
  }
  template <class Message, class Id>
  Message with_id(const Id& id) {
    Message message;
    wire::write(ledger.accounts(), id, *message.mutable_id());
    return message;
  }
  provider_pb::MsgCreateProvider registration(const Address& owner) {
    provider_pb::MsgCreateProvider message;
    message.set_owner(text(owner));
    message.set_host_uri("https://provider.example.com:8443");
    return message;
  }

  // --- Steps ---

  Result<void> provide(const Address& owner) { return send(registration(owner)); }
  Result<void> create(const Address& owner, std::uint64_t dseq, std::uint64_t amount = kDeposit,
                      int groups = 1) {
    return send(creation(owner, dseq, amount, groups));
  }
  Result<void> bid(const BidId& id, std::string_view amount = "10") {
    return send(bidding(id, amount));
  }
  Result<void> accept(const BidId& id) {
    market_pb::MsgCreateLease message;
    wire::write(ledger.accounts(), id, *message.mutable_bid_id());
    return send(message);
  }
  Result<void> close_bid(const BidId& id, int reason = 10'002) {
    auto message = with_id<market_pb::MsgCloseBid>(id);
    message.set_reason(static_cast<market_v1::LeaseClosedReason>(reason));
    return send(message);
  }
  Result<void> close_lease(const LeaseId& id) {
    return send(with_id<market_pb::MsgCloseLease>(id));
  }
  Result<void> withdraw(const LeaseId& id) {
    return send(with_id<market_pb::MsgWithdrawLease>(id));
  }
  Result<void> close(const DeploymentId& id) {
    return send(with_id<deployment_pb::MsgCloseDeployment>(id));
  }
  Result<void> close_group(const GroupId& id) {
    return send(with_id<deployment_pb::MsgCloseGroup>(id));
  }
  Result<void> pause(const GroupId& id) { return send(with_id<deployment_pb::MsgPauseGroup>(id)); }
  Result<void> start(const GroupId& id) { return send(with_id<deployment_pb::MsgStartGroup>(id)); }
  Result<void> deposit(const Address& signer, const DeploymentId& id, std::uint64_t amount) {
    escrow_pb::MsgAccountDeposit message;
    message.set_signer(text(signer));
    message.mutable_id()->set_scope(akash::escrow::id::v1::Scope::deployment);
    message.mutable_id()->set_xid(wire::xid(ledger.accounts(), id));
    put_deposit(amount, *message.mutable_deposit());
    return send(message);
  }
  // Alice's deployment `dseq`, leased from oscar.
  LeaseId lease(std::uint64_t dseq = 1, std::string_view amount = "10",
                std::uint64_t deposited = kDeposit) {
    const LeaseId id{order(dseq), oscar};
    TP_ASSERT(create(alice, dseq, deposited).has_value());
    TP_ASSERT(bid(id, amount).has_value());
    TP_ASSERT(accept(id).has_value());
    return id;
  }

  // --- Looking ---

  static DeploymentId deployment(std::uint64_t dseq) { return {alice, dseq}; }
  static GroupId group(std::uint64_t dseq, std::uint32_t gseq = 1) { return {{alice, dseq}, gseq}; }
  static OrderId order(std::uint64_t dseq, std::uint32_t gseq = 1, std::uint32_t oseq = 1) {
    return {group(dseq, gseq), oseq};
  }
  GroupState group_state(const GroupId& id) { return kGroups.get(ledger.state(), id)->state; }
  DeploymentState deployment_state(std::uint64_t dseq) {
    return kDeployments.get(ledger.state(), deployment(dseq))->state;
  }
  market::OrderStatus order_status(const OrderId& id) {
    const OrderRow row = *kOrders.get(ledger.state(), id);
    return (**market.find_order(ledger.state(), row.order)).status;
  }
  market::Bid find_bid(const BidId& id) {
    const OrderRow row = *kOrders.get(ledger.state(), id.order);
    return **market.find_bid(ledger.state(), {row.order, id.provider});
  }
  market::Agreement find_lease(const LeaseId& id) {
    const OrderRow row = *kOrders.get(ledger.state(), id.order);
    const market::Order found = **market.find_order(ledger.state(), row.order);
    return **market.find_agreement(ledger.state(), found.agreement);
  }
  escrow::Account account(std::uint64_t dseq = 1) {
    const Deployment row = *kDeployments.get(ledger.state(), deployment(dseq));
    return *escrow.get(ledger.state(), row.escrow);
  }
  std::uint64_t balance(const Address& address) {
    return static_cast<std::uint64_t>(ledger.balance(address, denom).units());
  }
  // The last event of a type; fails the test where there is none.
  const chain::Event& last(std::string_view type) const {
    const auto& all = ledger.events();
    const auto found = std::find_if(all.rbegin(), all.rend(),
                                    [type](const auto& event) { return event.type == type; });
    TP_ASSERT(found != all.rend());
    return *found;
  }
  static std::string attribute(const chain::Event& event, std::string_view key) {
    for (const chain::Attribute& one : event.attributes)
      if (one.key == key) return one.value;
    return "";
  }
  // Errors: what is broken, in any module.
  Result<void> check() const {
    TRY_VOID(escrow.check_invariants(ledger.state()));
    TRY_VOID(registry.check_invariants(ledger.state()));
    TRY_VOID(market.check_invariants(ledger.state()));
    return compute.check_invariants(ledger.state());
  }

  static inline const Denom denom = Denom::of("utoll");
  static inline const Address admin = testing::address_of("admin");
  static inline const Address alice = testing::address_of("alice");
  static inline const Address bob = testing::address_of("bob");
  static inline const Address oscar = testing::address_of("oscar");
  static inline const Address olga = testing::address_of("olga");
  static inline const Address auditor = testing::address_of("auditor");

  testing::Ledger ledger;
  escrow::Escrow escrow{ledger.accounts(), ledger.bank(), ledger.schedule(), ledger.params()};
  registry::Registry registry{ledger.accounts(), ledger.bank(), ledger.params()};
  market::Market market{ledger.accounts(), ledger.bank(),     escrow,
                        registry,          ledger.schedule(), ledger.params()};
  ComputeNetwork compute{ledger.accounts(), escrow,         registry, market,
                         ledger.schedule(), ledger.params()};
  chain::MessageRouter messages;
  chain::QueryRouter queries;
  Gas gas_used;  // by the last message that succeeded, without signatures and bytes
};

}  // namespace tp::compute
