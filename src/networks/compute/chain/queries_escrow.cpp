// akash.escrow.v1.Query: the accounts of deployments and bids, and what leases are paid.
#include <algorithm>

#include "akash/escrow/v1/query.pb.h"
#include "base/text.h"
#include "networks/compute/chain/listing.h"
#include "networks/compute/chain/views.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace query = ::akash::escrow::v1;
namespace types = ::akash::escrow::types::v1;
using chain::QueryContext;

constexpr StateMask kOpen = mask_of(types::State::open);
constexpr StateMask kOverdrawn = mask_of(types::State::overdrawn);
constexpr StateMask kAll = kOpen | mask_of(types::State::closed) | kOverdrawn;

constexpr auto state_number = [](const std::string& name) {
  types::State state{};
  return types::State_Parse(name, &state) ? static_cast<int>(state) : 0;
};

// An account of either scope, with the position that its own source gave it.
struct AccountItem {
  DeploymentId deployment;
  std::optional<BidItem> bid;
};

// The reference compares the beginning of "<scope>/<xid>", in which a payment stands behind its
// account. What of it names a scope, an owner and a dseq narrows the walk.
struct Xid {
  std::string prefix;
  ListFilter filter;
  // A dseq that more digits may follow.
  std::uint64_t dseq_begins = 0;

  bool may_be(std::string_view scope) const {
    const std::size_t size = std::min(scope.size(), prefix.size());
    return scope.substr(0, size) == std::string_view(prefix).substr(0, size);
  }
};

Xid read_xid(const Core& core, const std::string& text) {
  Xid xid{.prefix = text, .filter = {}};
  const std::size_t owner_at = text.find('/');
  if (owner_at == std::string::npos) return xid;
  const std::size_t dseq_at = text.find('/', owner_at + 1);
  const auto owner = core.accounts.parse(text.substr(owner_at + 1, dseq_at - owner_at - 1));
  if (!owner) return xid;
  xid.filter.owner = *owner;
  if (dseq_at == std::string::npos) return xid;
  const std::size_t end = text.find('/', dseq_at + 1);
  const auto dseq =
      parse_int<std::uint64_t>(std::string_view(text).substr(dseq_at + 1, end - dseq_at - 1));
  if (dseq) (end == std::string::npos ? xid.dseq_begins : xid.filter.dseq) = *dseq;
  return xid;
}

// Segments that `make` gives for one filter: those of the deployment that the xid names first, then
// those of the numbers that begin so, a digit longer each time. Others of the owner are not looked
// at, who may have had thousands.
template <class Item, class Make>
std::vector<Segment<Item>> narrowed(const Xid& xid, Make make) {
  ListFilter filter = xid.filter;
  if (xid.dseq_begins == 0) return make(filter);
  filter.dseq = filter.dseq_last = xid.dseq_begins;
  std::vector<Segment<Item>> segments = make(filter);
  while (filter.dseq <= UINT64_MAX / 10) {
    filter.dseq *= 10;
    filter.dseq_last =
        filter.dseq_last > (UINT64_MAX - 9) / 10 ? UINT64_MAX : filter.dseq_last * 10 + 9;
    std::ranges::move(make(filter), std::back_inserter(segments));
  }
  return segments;
}

template <class Item>
Source<AccountItem> as_accounts(Source<Item> source) {
  return {[source = std::move(source)](BytesView from,
                                       Source<AccountItem>::Visitor visit) -> Result<void> {
    return source.walk(from, [&](const Item* found, const Bytes& position) {
      if (found == nullptr) return visit(nullptr, position);
      AccountItem item;
      if constexpr (std::same_as<Item, BidItem>)
        item = {found->id.order.deployment(), *found};
      else
        item = {*found, std::nullopt};
      return visit(&item, position);
    });
  }};
}

std::vector<Segment<AccountItem>> plan(Queries queries, const QueryContext& context, const Xid& xid,
                                       StateMask states) {
  const StateMask closed = states & ~(kOpen | kOverdrawn);
  const bool bids = xid.may_be("bid/"), deployments = xid.may_be("deployment/");
  return narrowed<AccountItem>(xid, [&](const ListFilter& filter) {
    std::vector<Segment<AccountItem>> segments;
    if ((states & kOpen) != 0 && bids)
      segments.push_back(
          {as_accounts(bids_on(queries, context, live_orders(queries, context, filter), filter)),
           kOpen});
    if ((states & (kOpen | kOverdrawn)) != 0 && deployments)
      segments.push_back({as_accounts(active_deployments(queries, context, filter)),
                          states & (kOpen | kOverdrawn)});
    if (closed != 0 && bids)
      segments.push_back(
          {as_accounts(bids_on(queries, context, all_orders(context, filter), filter)), closed});
    if (closed != 0 && deployments)
      segments.push_back({as_accounts(all_deployments(context, filter)), closed});
    return segments;
  });
}

Result<query::QueryAccountsResponse> accounts_list(Queries queries, const QueryContext& context,
                                                   const query::QueryAccountsRequest& request) {
  const Core& core = queries.core;
  const Xid xid = read_xid(core, request.xid());
  TRY(const StateMask states,
      states_asked(request.pagination(), request.state(), kAll, state_number));
  query::QueryAccountsResponse response;
  const auto take = [&](const AccountItem& item, StateMask admitted, bool wanted) -> Result<bool> {
    if (item.bid) {
      if (!holds(admitted, views::state_of(item.bid->bid)) ||
          !("bid/" + wire::xid(core.accounts, item.bid->id)).starts_with(xid.prefix))
        return false;
      if (wanted) views::write_account(core, item.bid->id, item.bid->bid, *response.add_accounts());
      return true;
    }
    TRY(const std::optional<Deployment> deployment,
        kDeployments.find(context.state, item.deployment));
    if (!deployment ||
        !("deployment/" + wire::xid(core.accounts, item.deployment)).starts_with(xid.prefix))
      return false;
    TRY(const escrow::Account account, core.escrow.get(context.state, deployment->escrow));
    if (!holds(admitted, views::state_of(account))) return false;
    if (wanted) views::write_account(core, item.deployment, account, *response.add_accounts());
    return true;
  };
  TRY_TO(*response.mutable_pagination(),
         fill_page(request.pagination(), states, plan(queries, context, xid, states), take));
  return response;
}

// The closed account that a request names, which may have left the state. A page key belongs to a
// list of several.
std::optional<std::string> account_asked(const query::QueryAccountsRequest& request) {
  const bool may_be_closed = request.state().empty() || request.state() == "closed";
  if (!may_be_closed || !request.pagination().key().empty()) return std::nullopt;
  return request.xid();
}

std::vector<Segment<OrderId>> payment_plan(Queries queries, const QueryContext& context,
                                           const Xid& xid, StateMask states) {
  return narrowed<OrderId>(xid, [&](const ListFilter& filter) {
    std::vector<Segment<OrderId>> segments;
    if ((states & kOpen) != 0) segments.push_back({live_orders(queries, context, filter), kOpen});
    if ((states & ~kOpen) != 0) segments.push_back({all_orders(context, filter), states & ~kOpen});
    return segments;
  });
}

Result<query::QueryPaymentsResponse> payments_list(Queries queries, const QueryContext& context,
                                                   const query::QueryPaymentsRequest& request) {
  const Core& core = queries.core;
  const Xid xid = read_xid(core, request.xid());
  TRY(const StateMask states,
      states_asked(request.pagination(), request.state(), kAll, state_number));
  query::QueryPaymentsResponse response;
  const auto take = [&](const OrderId& id, StateMask admitted, bool wanted) -> Result<bool> {
    TRY(const std::optional<FoundOrder> order, find_order(core, context.state, id));
    if (!order || order->order.agreement == market::AgreementId{}) return false;
    TRY(const std::optional<market::Agreement> agreement,
        core.market.find_agreement(context.state, order->order.agreement));
    if (!agreement || !holds(admitted, views::state_of(*agreement))) return false;
    const LeaseId lease{id, agreement->provider};
    if (!("deployment/" + wire::xid(core.accounts, lease)).starts_with(xid.prefix)) return false;
    if (!wanted) return true;
    std::optional<escrow::Account> account;
    if (market::is_live(agreement->status))
      TRY_TO(account, core.escrow.get(context.state, agreement->escrow));
    const escrow::Charge* charge =
        account ? account->find(agreement->charge_id(order->order.agreement)) : nullptr;
    views::write_payment(core, lease, *agreement, charge, *response.add_payments());
    return true;
  };
  TRY_TO(
      *response.mutable_pagination(),
      fill_page(request.pagination(), states, payment_plan(queries, context, xid, states), take));
  return response;
}

}  // namespace

void add_escrow_queries(Queries queries, chain::QueryRouter& router) {
  const std::string service = "/akash.escrow.v1.Query/";
  router.add_leaving<query::QueryAccountsRequest, query::QueryAccountsResponse>(
      std::string(kAccountsQuery),
      [queries](const QueryContext& context, const auto& request) {
        return accounts_list(queries, context, request);
      },
      [](const query::QueryAccountsRequest& request) { return account_asked(request); },
      [](const query::QueryAccountsResponse& response) { return response.accounts_size() == 0; });
  router.add<query::QueryPaymentsRequest, query::QueryPaymentsResponse>(
      service + "Payments", [queries](const QueryContext& context, const auto& request) {
        return payments_list(queries, context, request);
      });
}

}  // namespace tp::compute
