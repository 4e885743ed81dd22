#include "networks/compute/agent/rpc_market.h"

#include <algorithm>
#include <boost/json.hpp>

#include "akash/audit/v1/query.pb.h"
#include "akash/deployment/v1beta4/query.pb.h"
#include "akash/market/v1/types.pb.h"
#include "akash/market/v1beta5/bidmsg.pb.h"
#include "akash/market/v1beta5/leasemsg.pb.h"
#include "akash/market/v1beta5/query.pb.h"
#include "akash/provider/v1beta4/msg.pb.h"
#include "akash/provider/v1beta4/query.pb.h"
#include "base/log.h"
#include "base/text.h"
#include "client/error.h"
#include "cosmos/auth/v1beta1/auth.pb.h"
#include "cosmos/auth/v1beta1/query.pb.h"
#include "cosmos/crypto/secp256k1/keys.pb.h"
#include "turnpike/chain/v1/query.pb.h"

namespace tp::compute::provider {
namespace {

namespace wire = ::akash::market::v1beta5;
using client::ClientError;
using WireAttributes = google::protobuf::RepeatedPtrField<::akash::base::attributes::v1::Attribute>;

constexpr std::uint64_t kPageSize = 200;

std::unexpected<Error> malformed(std::string_view text) {
  return fail(ClientError::kMalformed, text);
}

// --- From the wire ---

Attributes read_attributes(const WireAttributes& in) {
  Attributes out;
  for (const auto& one : in) out.push_back({one.key(), one.value()});
  return out;
}

// Prices travel as the whole number of 10^-18.
Result<Price> read_price(const cosmos::base::v1beta1::DecCoin& in) {
  TRY(const Amount scaled, Amount::parse(in.amount()));
  return Price{in.denom(), Decimal::from_scaled(scaled.units())};
}

Result<std::uint64_t> read_value(const ::akash::base::resources::v1beta4::ResourceValue& in) {
  if (in.val().empty()) return std::uint64_t{0};
  return parse_int<std::uint64_t>(in.val());
}

Result<Resources> read_resources(const ::akash::base::resources::v1beta4::Resources& in) {
  Resources out{.id = in.id()};
  TRY_TO(out.cpu.milli_units, read_value(in.cpu().units()));
  out.cpu.attributes = read_attributes(in.cpu().attributes());
  TRY_TO(out.memory.bytes, read_value(in.memory().quantity()));
  out.memory.attributes = read_attributes(in.memory().attributes());
  TRY_TO(out.gpu.units, read_value(in.gpu().units()));
  out.gpu.attributes = read_attributes(in.gpu().attributes());
  for (const auto& one : in.storage()) {
    Volume volume{.name = one.name(), .attributes = read_attributes(one.attributes())};
    TRY_TO(volume.bytes, read_value(one.quantity()));
    out.storage.push_back(std::move(volume));
  }
  for (const auto& one : in.endpoints())
    out.endpoints.push_back({static_cast<EndpointKind>(one.kind()), one.sequence_number()});
  return out;
}

Result<GroupSpec> read_spec(const ::akash::deployment::v1beta4::GroupSpec& in) {
  GroupSpec out{.name = in.name()};
  const auto& by = in.requirements().signed_by();
  out.requirements.signed_by.all_of.assign(by.all_of().begin(), by.all_of().end());
  out.requirements.signed_by.any_of.assign(by.any_of().begin(), by.any_of().end());
  out.requirements.attributes = read_attributes(in.requirements().attributes());
  for (const auto& one : in.resources()) {
    ResourceUnit unit{.count = one.count()};
    TRY_TO(unit.resources, read_resources(one.resource()));
    TRY_TO(unit.price, read_price(one.price()));
    out.resources.push_back(std::move(unit));
  }
  return out;
}

template <class Id>
OrderId read_id(const Id& id) {
  return {.owner = id.owner(), .dseq = id.dseq(), .gseq = id.gseq(), .oseq = id.oseq()};
}

Result<Order> read_order(const wire::Order& in) {
  Order out{.id = read_id(in.id())};
  switch (in.state()) {
    case wire::Order::open: out.state = OrderState::kOpen; break;
    case wire::Order::active: out.state = OrderState::kActive; break;
    case wire::Order::closed: out.state = OrderState::kClosed; break;
    default: return malformed("order " + out.id.text() + " is in an unknown state");
  }
  TRY_TO(out.spec, read_spec(in.spec()));
  if (in.reclamation().has_min_window())
    out.notice_min = Duration{in.reclamation().min_window().seconds() * 1'000'000'000 +
                              in.reclamation().min_window().nanos()};
  return out;
}

Result<Bid> read_bid(const wire::Bid& in) {
  Bid out{.id = read_id(in.id()), .created_at = Height{in.created_at()}};
  switch (in.state()) {
    case wire::Bid::open: out.state = BidState::kOpen; break;
    case wire::Bid::active: out.state = BidState::kActive; break;
    case wire::Bid::lost: out.state = BidState::kLost; break;
    case wire::Bid::closed: out.state = BidState::kClosed; break;
    default: return malformed("the bid on " + out.id.text() + " is in an unknown state");
  }
  TRY_TO(out.price, read_price(in.price()));
  return out;
}

Result<Lease> read_lease(const ::akash::market::v1::Lease& in) {
  using Wire = ::akash::market::v1::Lease;
  Lease out{.id = read_id(in.id()), .created_at = Height{in.created_at()}};
  switch (in.state()) {
    case Wire::active: out.state = LeaseState::kActive; break;
    case Wire::reclaiming: out.state = LeaseState::kReclaiming; break;
    case Wire::insufficient_funds: out.state = LeaseState::kInsufficientFunds; break;
    case Wire::closed: out.state = LeaseState::kClosed; break;
    default: return malformed("lease " + out.id.text() + " is in an unknown state");
  }
  TRY_TO(out.price, read_price(in.price()));
  return out;
}

// --- To the wire ---

void write_attributes(const Attributes& in, WireAttributes& out) {
  for (const Attribute& one : in) {
    auto& item = *out.Add();
    item.set_key(one.key);
    item.set_value(one.value);
  }
}

void write_resources(const Resources& in, ::akash::base::resources::v1beta4::Resources& out) {
  using Kind = ::akash::base::resources::v1beta4::Endpoint::Kind;
  out.set_id(in.id);
  out.mutable_cpu()->mutable_units()->set_val(std::to_string(in.cpu.milli_units));
  write_attributes(in.cpu.attributes, *out.mutable_cpu()->mutable_attributes());
  out.mutable_memory()->mutable_quantity()->set_val(std::to_string(in.memory.bytes));
  write_attributes(in.memory.attributes, *out.mutable_memory()->mutable_attributes());
  for (const Volume& volume : in.storage) {
    auto& item = *out.add_storage();
    item.set_name(volume.name);
    item.mutable_quantity()->set_val(std::to_string(volume.bytes));
    write_attributes(volume.attributes, *item.mutable_attributes());
  }
  out.mutable_gpu()->mutable_units()->set_val(std::to_string(in.gpu.units));
  write_attributes(in.gpu.attributes, *out.mutable_gpu()->mutable_attributes());
  for (const Endpoint& endpoint : in.endpoints) {
    auto& item = *out.add_endpoints();
    item.set_kind(static_cast<Kind>(endpoint.kind));
    item.set_sequence_number(endpoint.sequence_number);
  }
}

template <class Id>
void write_id(const OrderId& in, const std::string& provider, Id& out) {
  out.set_owner(in.owner);
  out.set_dseq(in.dseq);
  out.set_gseq(in.gseq);
  out.set_oseq(in.oseq);
  out.set_provider(provider);
}

// The filters of a list that finds exactly what is ours of one order.
template <class Filters>
void write_filter(const OrderId& in, Filters& out) {
  out.set_owner(in.owner);
  out.set_dseq(in.dseq);
  out.set_gseq(in.gseq);
  out.set_oseq(in.oseq);
}

class RpcMarket final : public Market {
 public:
  RpcMarket(client::RpcClient& rpc, client::Wallet& wallet, Coin deposit, std::string chain_id)
      : rpc_(rpc), wallet_(wallet), deposit_(std::move(deposit)), chain_id_(std::move(chain_id)) {}

  Result<std::vector<Order>> open_orders() override {
    wire::QueryOrdersRequest request;
    request.mutable_filters()->set_state("open");
    std::vector<Order> out;
    TRY_VOID(pages<wire::QueryOrdersResponse>(
        "/akash.market.v1beta5.Query/Orders", request, [&](const auto& page) -> Result<void> {
          for (const wire::Order& one : page.orders()) {
            auto order = read_order(one);
            if (order)
              out.push_back(std::move(*order));
            else
              log_warning("provider",
                          read_id(one.id()).text() + " cannot be read: " + order.error().text);
          }
          return {};
        }));
    return out;
  }

  Result<std::optional<Order>> order(const OrderId& id) override {
    wire::QueryOrdersRequest request;
    write_filter(id, *request.mutable_filters());
    TRY(const auto response,
        rpc_.query<wire::QueryOrdersResponse>("/akash.market.v1beta5.Query/Orders", request));
    for (const wire::Order& one : response.orders()) {
      if (read_id(one.id()) != id) continue;
      TRY(Order found, read_order(one));
      return found;
    }
    return std::nullopt;
  }

  Result<std::vector<Bid>> own_open_bids() override {
    wire::QueryBidsRequest request;
    request.mutable_filters()->set_provider(wallet_.address_text());
    request.mutable_filters()->set_state("open");
    return bids(request);
  }

  Result<std::optional<Bid>> own_bid(const OrderId& id) override {
    wire::QueryBidsRequest request;
    write_filter(id, *request.mutable_filters());
    request.mutable_filters()->set_provider(wallet_.address_text());
    TRY(const std::vector<Bid> found, bids(request));
    const auto own = std::ranges::find(found, id, &Bid::id);
    return own == found.end() ? std::nullopt : std::optional(*own);
  }

  Result<std::vector<Lease>> own_live_leases() override {
    std::vector<Lease> out;
    for (const char* state : {"active", "reclaiming"}) {
      wire::QueryLeasesRequest request;
      request.mutable_filters()->set_provider(wallet_.address_text());
      request.mutable_filters()->set_state(state);
      TRY(const std::vector<Lease> some, leases(request));
      out.insert(out.end(), some.begin(), some.end());
    }
    return out;
  }

  Result<std::optional<Lease>> own_lease(const OrderId& id) override {
    wire::QueryLeasesRequest request;
    write_filter(id, *request.mutable_filters());
    request.mutable_filters()->set_provider(wallet_.address_text());
    TRY(const std::vector<Lease> found, leases(request));
    const auto own = std::ranges::find(found, id, &Lease::id);
    return own == found.end() ? std::nullopt : std::optional(*own);
  }

  Result<std::optional<Deployment>> deployment(const std::string& owner,
                                               std::uint64_t dseq) override {
    namespace deployment_wire = ::akash::deployment::v1beta4;
    deployment_wire::QueryDeploymentsRequest request;
    request.mutable_filters()->set_owner(owner);
    request.mutable_filters()->set_dseq(dseq);
    TRY(const auto response, rpc_.query<deployment_wire::QueryDeploymentsResponse>(
                                 "/akash.deployment.v1beta4.Query/Deployments", request));
    for (const auto& one : response.deployments()) {
      if (one.deployment().id().owner() != owner || one.deployment().id().dseq() != dseq) continue;
      Deployment out{
          .active = one.deployment().state() == ::akash::deployment::v1::Deployment::active,
          .hash = one.deployment().hash()};
      for (const auto& group : one.groups()) {
        TRY(GroupSpec spec, read_spec(group.group_spec()));
        out.groups.push_back({group.id().gseq(), std::move(spec)});
      }
      std::ranges::sort(out.groups, {}, &Group::gseq);
      return out;
    }
    return std::nullopt;
  }

  Result<std::vector<Audit>> audits() override {
    ::akash::audit::v1::QueryProviderAttributesRequest request;
    request.set_owner(wallet_.address_text());
    auto response = rpc_.query<::akash::audit::v1::QueryProvidersResponse>(
        "/akash.audit.v1.Query/ProviderAttributes", request);
    std::vector<Audit> out;
    if (!response && is_absent(response.error())) return out;
    if (!response) return std::unexpected(response.error());
    for (const auto& one : response->providers())
      out.push_back({one.auditor(), read_attributes(one.attributes())});
    return out;
  }

  Result<std::optional<Registration>> registration() override {
    namespace provider_wire = ::akash::provider::v1beta4;
    provider_wire::QueryProviderRequest request;
    request.set_owner(wallet_.address_text());
    const auto response = rpc_.query<provider_wire::QueryProviderResponse>(
        "/akash.provider.v1beta4.Query/Provider", request);
    if (!response && is_absent(response.error())) return std::nullopt;
    if (!response) return std::unexpected(response.error());
    const auto& in = response->provider();
    Registration out{.host_uri = in.host_uri(),
                     .attributes = read_attributes(in.attributes()),
                     .email = in.info().email(),
                     .website = in.info().website()};
    std::ranges::sort(out.attributes);
    return out;
  }

  Result<std::optional<crypto::Secp256k1PublicKey>> public_key(
      const std::string& account) override {
    cosmos::auth::v1beta1::QueryAccountRequest request;
    request.set_address(account);
    const auto response = rpc_.query<cosmos::auth::v1beta1::QueryAccountResponse>(
        "/cosmos.auth.v1beta1.Query/Account", request);
    if (!response && is_absent(response.error())) return std::nullopt;
    if (!response) return std::unexpected(response.error());
    cosmos::auth::v1beta1::BaseAccount base;
    if (response->account().type_url() != "/cosmos.auth.v1beta1.BaseAccount" ||
        !base.ParseFromString(response->account().value()) || !base.has_pub_key())
      return std::nullopt;
    cosmos::crypto::secp256k1::PubKey key;
    if (base.pub_key().type_url() != "/cosmos.crypto.secp256k1.PubKey" ||
        !key.ParseFromString(base.pub_key().value()))
      return std::nullopt;
    const auto bytes = crypto::Secp256k1PublicKey::from(key.key());
    return bytes ? std::optional(*bytes) : std::nullopt;
  }

  Result<BlockTime> block_time(Height height) override {
    TRY(const std::string text,
        rpc_.call("header", "{\"height\":\"" + std::to_string(height.value) + "\"}"));
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(text, error);
    const boost::json::value* time = error ? nullptr : value.find_pointer("/header/time", error);
    if (time == nullptr || !time->is_string()) return malformed("a header without time");
    return from_rfc3339(time->get_string());
  }

  Result<Height> height() override {
    TRY(const client::NodeStatus status, rpc_.status());
    if (chain_id_ != status.chain_id)
      return malformed("the node runs chain " + status.chain_id + " and no longer " + chain_id_);
    if (status.catching_up)
      return fail(ClientError::kUnreachable, "the node still catches up with its chain");
    return status.latest_height;
  }

  std::vector<Result<void>> send(const std::vector<Act>& acts) override {
    std::vector<client::Message> messages;
    for (const Act& act : acts)
      messages.push_back(std::visit([this](const auto& one) { return message(one); }, act));
    std::vector<Result<void>> out;
    const auto whole = wallet_.send(messages);
    // What may have happened already is not done again; and what cannot be sent now, nobody can.
    if (whole || acts.size() == 1 || whole.error().codespace == "client") {
      for (std::size_t i = 0; i < acts.size(); ++i)
        out.push_back(whole ? Result<void>() : std::unexpected(whole.error()));
      return out;
    }
    for (const client::Message& one : messages) {
      const auto sent = wallet_.send({one});
      out.push_back(sent ? Result<void>() : std::unexpected(sent.error()));
    }
    return out;
  }

  Result<void> publish(const Registration& record, bool is_new) override {
    const auto fill = [&](auto message) {
      message.set_owner(wallet_.address_text());
      message.set_host_uri(record.host_uri);
      write_attributes(record.attributes, *message.mutable_attributes());
      message.mutable_info()->set_email(record.email);
      message.mutable_info()->set_website(record.website);
      return client::to_message(message);
    };
    TRY_VOID(wallet_.send({is_new ? fill(::akash::provider::v1beta4::MsgCreateProvider())
                                  : fill(::akash::provider::v1beta4::MsgUpdateProvider())}));
    return {};
  }

 private:
  static bool is_absent(const Error& error) {
    return error.codespace != "client" &&
           (error.text.find("code = NotFound") != std::string::npos ||
            error.text.find("not found") != std::string::npos);
  }

  template <class Response, class Request, class Take>
  Result<void> pages(std::string_view path, Request request, Take take) {
    request.mutable_pagination()->set_limit(kPageSize);
    while (true) {
      TRY(const Response response, rpc_.query<Response>(path, request));
      TRY_VOID(take(response));
      if (response.pagination().next_key().empty()) return {};
      request.mutable_pagination()->set_key(response.pagination().next_key());
    }
  }

  Result<std::vector<Bid>> bids(const wire::QueryBidsRequest& request) {
    std::vector<Bid> out;
    TRY_VOID(pages<wire::QueryBidsResponse>("/akash.market.v1beta5.Query/Bids", request,
                                            [&](const auto& page) -> Result<void> {
                                              for (const auto& one : page.bids()) {
                                                TRY(Bid bid, read_bid(one.bid()));
                                                out.push_back(std::move(bid));
                                              }
                                              return {};
                                            }));
    return out;
  }

  Result<std::vector<Lease>> leases(const wire::QueryLeasesRequest& request) {
    std::vector<Lease> out;
    TRY_VOID(pages<wire::QueryLeasesResponse>("/akash.market.v1beta5.Query/Leases", request,
                                              [&](const auto& page) -> Result<void> {
                                                for (const auto& one : page.leases()) {
                                                  TRY(Lease lease, read_lease(one.lease()));
                                                  out.push_back(std::move(lease));
                                                }
                                                return {};
                                              }));
    return out;
  }

  client::Message message(const PlaceBid& bid) const {
    wire::MsgCreateBid out;
    write_id(bid.id, wallet_.address_text(), *out.mutable_id());
    out.mutable_price()->set_denom(bid.price.denom);
    out.mutable_price()->set_amount(to_string(bid.price.amount.scaled()));
    out.mutable_deposit()->mutable_amount()->set_denom(deposit_.denom.text());
    out.mutable_deposit()->mutable_amount()->set_amount(deposit_.amount.to_string());
    out.mutable_deposit()->add_sources(::akash::base::deposit::v1::balance);
    for (const ResourceUnit& unit : bid.offer) {
      auto& offer = *out.add_resources_offer();
      write_resources(unit.resources, *offer.mutable_resources());
      offer.set_count(unit.count);
    }
    if (bid.notice) {
      out.mutable_reclamation_window()->set_seconds(bid.notice->nanoseconds / 1'000'000'000);
      out.mutable_reclamation_window()->set_nanos(
          static_cast<std::int32_t>(bid.notice->nanoseconds % 1'000'000'000));
    }
    return client::to_message(out);
  }

  client::Message message(const CloseBid& close) const {
    wire::MsgCloseBid out;
    write_id(close.id, wallet_.address_text(), *out.mutable_id());
    out.set_reason(static_cast<::akash::market::v1::LeaseClosedReason>(close.reason));
    return client::to_message(out);
  }

  client::Message message(const Withdraw& withdraw) const {
    wire::MsgWithdrawLease out;
    write_id(withdraw.id, wallet_.address_text(), *out.mutable_id());
    return client::to_message(out);
  }

  client::RpcClient& rpc_;
  client::Wallet& wallet_;
  const Coin deposit_;
  const std::string chain_id_;
};

Result<Amount> least_deposit(client::RpcClient& rpc, const Denom& denom) {
  TRY(const auto params, rpc.query<wire::QueryParamsResponse>("/akash.market.v1beta5.Query/Params",
                                                              wire::QueryParamsRequest()));
  for (const auto& coin : params.params().bid_min_deposits())
    if (coin.denom() == denom.text()) return Amount::parse(coin.amount());
  return fail(ClientError::kNotFound,
              "the market takes no deposits of bids in " + denom.text() + "; set bid.denom");
}

}  // namespace

Result<ChainFacts> read_chain_facts(client::RpcClient& rpc) {
  namespace chain_wire = ::turnpike::chain::v1;
  TRY(const auto params, rpc.query<chain_wire::QueryParamsResponse>(
                             "/turnpike.chain.v1.Query/Params", chain_wire::QueryParamsRequest()));
  return ChainFacts{
      .chain_id = params.chain_id(),
      .prefix = params.prefix(),
      .fee_denom = params.fee_denom(),
      .tick = Duration{params.tick().seconds() * 1'000'000'000 + params.tick().nanos()}};
}

Result<std::unique_ptr<Market>> make_rpc_market(client::RpcClient& rpc, client::Wallet& wallet,
                                                const Denom& denom, Amount deposit) {
  if (deposit.is_zero()) TRY_TO(deposit, least_deposit(rpc, denom));
  TRY(const client::NodeStatus status, rpc.status());
  return std::make_unique<RpcMarket>(rpc, wallet, Coin{denom, deposit}, status.chain_id);
}

}  // namespace tp::compute::provider
