#include "cli/market_client.h"

#include <algorithm>

#include "akash/deployment/v1beta4/deploymentmsg.pb.h"
#include "akash/deployment/v1beta4/groupmsg.pb.h"
#include "akash/deployment/v1beta4/query.pb.h"
#include "akash/escrow/v1/msg.pb.h"
#include "akash/market/v1beta5/leasemsg.pb.h"
#include "akash/market/v1beta5/query.pb.h"
#include "akash/provider/v1beta4/query.pb.h"
#include "cli/command.h"
#include "turnpike/chain/v1/query.pb.h"

namespace tp::cli {
namespace {

namespace deployment_wire = ::akash::deployment::v1beta4;
namespace market_wire = ::akash::market::v1beta5;
namespace provider_wire = ::akash::provider::v1beta4;
using WireDecCoin = ::cosmos::base::v1beta1::DecCoin;
using WireAttributes = google::protobuf::RepeatedPtrField<::akash::base::attributes::v1::Attribute>;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(CliError::kFailed, "the node's answer has an unreadable " + std::string(what));
}

// On the wire a decimal is the integer number of 10^-18.
Result<Decimal> read_decimal(const std::string& text) {
  const auto scaled = parse_u128(text);
  if (!scaled) return malformed("amount \"" + text + "\"");
  return Decimal::from_scaled(*scaled);
}

Result<DecCoin> read_price(const WireDecCoin& coin) {
  const auto denom = Denom::parse(coin.denom());
  if (!denom) return malformed("denomination");
  TRY(const Decimal amount, read_decimal(coin.amount()));
  return DecCoin{*denom, amount};
}

std::string amounts_text(const google::protobuf::RepeatedPtrField<WireDecCoin>& coins) {
  std::string text;
  for (const WireDecCoin& coin : coins) {
    const auto amount = read_decimal(coin.amount());
    text += (text.empty() ? "" : ",") + (amount ? amount->to_string_trimmed() : coin.amount()) +
            coin.denom();
  }
  return text;
}

// Funds may be negative where an account is overdrawn.
std::string funds_text(const ::akash::escrow::types::v1::AccountState& account) {
  std::string text;
  for (const auto& balance : account.funds()) {
    std::string_view digits = balance.amount();
    const bool negative = digits.starts_with('-');
    if (negative) digits.remove_prefix(1);
    const auto amount = read_decimal(std::string(digits));
    text += (text.empty() ? "" : ",") + std::string(negative ? "-" : "") +
            (amount ? amount->to_string_trimmed() : std::string(digits)) + balance.denom();
  }
  return text;
}

// Pages of this many; the node may give fewer and a key to go on from.
constexpr std::uint64_t kPageItems = 100;

// Asks for one page after the other, and hands each to `read`.
template <class Response, class Request, class Read>
Result<void> for_each_page(client::RpcClient& rpc, std::string_view path, Request request,
                           Read read) {
  request.mutable_pagination()->set_limit(kPageItems);
  while (true) {
    TRY(const Response response, rpc.query<Response>(path, request));
    TRY_VOID(read(response));
    const std::string& next = response.pagination().next_key();
    if (next.empty()) return {};
    // A node that gives the same key again would keep us for ever.
    if (next == request.pagination().key()) return malformed("page: it leads to itself");
    request.mutable_pagination()->set_key(next);
  }
}

DeploymentView read_deployment(const deployment_wire::QueryDeploymentResponse& wire) {
  DeploymentView view{
      .dseq = wire.deployment().id().dseq(),
      .state = ::akash::deployment::v1::Deployment::State_Name(wire.deployment().state())};
  for (const auto& group : wire.groups())
    view.groups.push_back({group.id().gseq(), group.group_spec().name(),
                           deployment_wire::Group::State_Name(group.state())});
  view.funds = funds_text(wire.escrow_account().state());
  view.transferred = amounts_text(wire.escrow_account().state().transferred());
  return view;
}

template <class Id>
BidName read_name(const Id& id) {
  return {id.owner(), id.dseq(), id.gseq(), id.oseq(), id.provider()};
}

template <class Id>
void write_name(const BidName& name, Id& id) {
  id.set_owner(name.owner);
  id.set_dseq(name.dseq);
  id.set_gseq(name.gseq);
  id.set_oseq(name.oseq);
  id.set_provider(name.provider);
}

Result<LeaseView> read_lease(const ::akash::market::v1::Lease& lease) {
  using Lease = ::akash::market::v1::Lease;
  TRY(DecCoin price, read_price(lease.price()));
  const bool ended = lease.state() == Lease::closed || lease.state() == Lease::insufficient_funds;
  return LeaseView{read_name(lease.id()), std::move(price), Lease::State_Name(lease.state()),
                   ended ? ::akash::market::v1::LeaseClosedReason_Name(lease.reason()) : ""};
}

void write_attributes(const compute::Attributes& attributes, WireAttributes& out) {
  for (const compute::Attribute& attribute : attributes) {
    auto& item = *out.Add();
    item.set_key(attribute.key);
    item.set_value(attribute.value);
  }
}

void write_resources(const compute::Resources& resources,
                     ::akash::base::resources::v1beta4::Resources& out) {
  using Kind = ::akash::base::resources::v1beta4::Endpoint::Kind;
  out.set_id(resources.id);
  out.mutable_cpu()->mutable_units()->set_val(std::to_string(resources.cpu.milli_units));
  write_attributes(resources.cpu.attributes, *out.mutable_cpu()->mutable_attributes());
  out.mutable_memory()->mutable_quantity()->set_val(std::to_string(resources.memory.bytes));
  write_attributes(resources.memory.attributes, *out.mutable_memory()->mutable_attributes());
  for (const compute::Volume& volume : resources.storage) {
    auto& item = *out.add_storage();
    item.set_name(volume.name);
    item.mutable_quantity()->set_val(std::to_string(volume.bytes));
    write_attributes(volume.attributes, *item.mutable_attributes());
  }
  out.mutable_gpu()->mutable_units()->set_val(std::to_string(resources.gpu.units));
  write_attributes(resources.gpu.attributes, *out.mutable_gpu()->mutable_attributes());
  for (const compute::Endpoint& endpoint : resources.endpoints) {
    auto& item = *out.add_endpoints();
    item.set_kind(static_cast<Kind>(endpoint.kind));
    item.set_sequence_number(endpoint.sequence_number);
  }
}

void write_group(const compute::GroupSpec& group, deployment_wire::GroupSpec& out) {
  out.set_name(group.name);
  auto& requirements = *out.mutable_requirements();
  for (const std::string& auditor : group.requirements.signed_by.all_of)
    requirements.mutable_signed_by()->add_all_of(auditor);
  for (const std::string& auditor : group.requirements.signed_by.any_of)
    requirements.mutable_signed_by()->add_any_of(auditor);
  write_attributes(group.requirements.attributes, *requirements.mutable_attributes());
  for (const compute::ResourceUnit& unit : group.resources) {
    auto& item = *out.add_resources();
    write_resources(unit.resources, *item.mutable_resource());
    item.set_count(unit.count);
    item.mutable_price()->set_denom(unit.price.denom);
    item.mutable_price()->set_amount(to_string(unit.price.amount.scaled()));
  }
}

void write_deposit(const Coin& coin, ::akash::base::deposit::v1::Deposit& out) {
  out.mutable_amount()->set_denom(coin.denom.text());
  out.mutable_amount()->set_amount(coin.amount.to_string());
  out.add_sources(::akash::base::deposit::v1::balance);
}

}  // namespace

Result<ChainFacts> MarketClient::facts() {
  namespace wire = ::turnpike::chain::v1;
  TRY(const auto params, rpc_.query<wire::QueryParamsResponse>("/turnpike.chain.v1.Query/Params",
                                                               wire::QueryParamsRequest()));
  return ChainFacts{
      .chain_id = params.chain_id(),
      .prefix = params.prefix(),
      .fee_denom = params.fee_denom(),
      .tick = Duration{params.tick().seconds() * 1'000'000'000 + params.tick().nanos()}};
}

Result<std::optional<DeploymentView>> MarketClient::deployment(const std::string& owner,
                                                               std::uint64_t dseq) {
  deployment_wire::QueryDeploymentRequest request;
  request.mutable_id()->set_owner(owner);
  request.mutable_id()->set_dseq(dseq);
  const auto response = rpc_.query<deployment_wire::QueryDeploymentResponse>(
      "/akash.deployment.v1beta4.Query/Deployment", request);
  if (!response) {
    if (response.error().text.find("NotFound") != std::string::npos) return std::nullopt;
    return std::unexpected(response.error());
  }
  return read_deployment(*response);
}

Result<std::vector<DeploymentView>> MarketClient::deployments(const std::string& owner,
                                                              bool with_closed) {
  std::vector<DeploymentView> views;
  for (const char* state : {"active", "closed"}) {
    if (std::string_view(state) == "closed" && !with_closed) break;
    deployment_wire::QueryDeploymentsRequest request;
    request.mutable_filters()->set_owner(owner);
    request.mutable_filters()->set_state(state);
    using Page = deployment_wire::QueryDeploymentsResponse;
    TRY_VOID(for_each_page<Page>(rpc_, "/akash.deployment.v1beta4.Query/Deployments", request,
                                 [&](const Page& page) -> Result<void> {
                                   for (const auto& deployment : page.deployments())
                                     views.push_back(read_deployment(deployment));
                                   return {};
                                 }));
  }
  std::sort(views.begin(), views.end(),
            [](const auto& a, const auto& b) { return a.dseq > b.dseq; });
  return views;
}

Result<std::vector<BidView>> MarketClient::bids(const std::string& owner, std::uint64_t dseq) {
  market_wire::QueryBidsRequest request;
  request.mutable_filters()->set_owner(owner);
  request.mutable_filters()->set_dseq(dseq);
  std::vector<BidView> views;
  using Page = market_wire::QueryBidsResponse;
  TRY_VOID(for_each_page<Page>(
      rpc_, "/akash.market.v1beta5.Query/Bids", request, [&](const Page& page) -> Result<void> {
        for (const auto& item : page.bids()) {
          TRY(DecCoin price, read_price(item.bid().price()));
          views.push_back({read_name(item.bid().id()), std::move(price),
                           market_wire::Bid::State_Name(item.bid().state())});
        }
        return {};
      }));
  return views;
}

Result<std::vector<LeaseView>> MarketClient::leases(const std::string& owner, std::uint64_t dseq) {
  market_wire::QueryLeasesRequest request;
  request.mutable_filters()->set_owner(owner);
  request.mutable_filters()->set_dseq(dseq);
  std::vector<LeaseView> views;
  using Page = market_wire::QueryLeasesResponse;
  TRY_VOID(for_each_page<Page>(rpc_, "/akash.market.v1beta5.Query/Leases", request,
                               [&](const Page& page) -> Result<void> {
                                 for (const auto& item : page.leases()) {
                                   TRY(LeaseView view, read_lease(item.lease()));
                                   views.push_back(std::move(view));
                                 }
                                 return {};
                               }));
  return views;
}

Result<ProviderView> MarketClient::provider(const std::string& owner) {
  provider_wire::QueryProviderRequest request;
  request.set_owner(owner);
  TRY(const auto response, rpc_.query<provider_wire::QueryProviderResponse>(
                               "/akash.provider.v1beta4.Query/Provider", request));
  ProviderView view{.owner = owner,
                    .gateway = {.host_uri = response.provider().host_uri(), .provider = owner}};
  for (const auto& attribute : response.provider().attributes()) {
    if (attribute.key() == compute::provider::kCertificateAttribute)
      view.gateway.certificate_sha256 = attribute.value();
    view.attributes.emplace_back(attribute.key(), attribute.value());
  }
  return view;
}

Result<Amount> MarketClient::min_deposit(const std::string& denom) {
  TRY(const auto response,
      rpc_.query<deployment_wire::QueryParamsResponse>("/akash.deployment.v1beta4.Query/Params",
                                                       deployment_wire::QueryParamsRequest()));
  for (const auto& coin : response.params().min_deposits())
    if (coin.denom() == denom) return Amount::parse(coin.amount());
  return fail(CliError::kFailed, "this chain takes no deposits in " + denom);
}

client::Message create_deployment(const std::string& owner, std::uint64_t dseq,
                                  const compute::CompiledSdl& sdl, const Coin& deposit,
                                  const std::optional<Duration>& reclamation) {
  deployment_wire::MsgCreateDeployment message;
  message.mutable_id()->set_owner(owner);
  message.mutable_id()->set_dseq(dseq);
  for (const compute::GroupSpec& group : sdl.groups) write_group(group, *message.add_groups());
  message.set_hash(sdl.hash.bytes());
  write_deposit(deposit, *message.mutable_deposit());
  if (reclamation)
    message.mutable_reclamation()->mutable_min_window()->set_seconds(reclamation->nanoseconds /
                                                                     1'000'000'000);
  return client::to_message(message);
}

client::Message create_lease(const BidName& bid) {
  market_wire::MsgCreateLease message;
  write_name(bid, *message.mutable_bid_id());
  return client::to_message(message);
}

client::Message close_deployment(const std::string& owner, std::uint64_t dseq) {
  deployment_wire::MsgCloseDeployment message;
  message.mutable_id()->set_owner(owner);
  message.mutable_id()->set_dseq(dseq);
  return client::to_message(message);
}

client::Message deposit_into(const std::string& signer, const std::string& owner,
                             std::uint64_t dseq, const Coin& deposit) {
  ::akash::escrow::v1::MsgAccountDeposit message;
  message.set_signer(signer);
  message.mutable_id()->set_scope(::akash::escrow::id::v1::deployment);
  message.mutable_id()->set_xid(owner + "/" + std::to_string(dseq));
  write_deposit(deposit, *message.mutable_deposit());
  return client::to_message(message);
}

client::Message start_group(const std::string& owner, std::uint64_t dseq, std::uint32_t gseq) {
  deployment_wire::MsgStartGroup message;
  message.mutable_id()->set_owner(owner);
  message.mutable_id()->set_dseq(dseq);
  message.mutable_id()->set_gseq(gseq);
  return client::to_message(message);
}

}  // namespace tp::cli
