// akash.market.v1beta5.Query.
#include "akash/market/v1beta5/query.pb.h"
#include "networks/compute/chain/listing.h"
#include "networks/compute/chain/views.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {
namespace {

namespace query = ::akash::market::v1beta5;
using chain::QueryContext;
using chain::QueryError;
using market::AgreementStatus;
using market::BidStatus;
using market::OrderStatus;

// --- Orders ---

constexpr StateMask kLiveOrders = mask_of(OrderStatus::kOpen) | mask_of(OrderStatus::kMatched);
constexpr StateMask kAllOrders = kLiveOrders | mask_of(OrderStatus::kClosed);

// The orders that a query looks at, cut into segments by what the states of something that hangs on
// them need: `open` of an open order, `live` of an open or matched one, `all` of any.
std::vector<Segment<OrderId>> order_plan(Queries queries, const QueryContext& context,
                                         const ListFilter& filter, StateMask states, StateMask open,
                                         StateMask live) {
  const bool only_live = (states & ~(open | live)) == 0;
  if (filter.owner && (filter.dseq != 0 || !only_live))
    return {{all_orders(context, filter), states}};
  if (filter.owner) return {{live_orders(queries, context, filter), states}};
  std::vector<Segment<OrderId>> segments;
  if ((states & open) != 0) segments.push_back({open_orders(queries, context), states & open});
  if ((states & live) != 0)
    segments.push_back({filter.provider ? leased_orders(queries, context, *filter.provider)
                                        : live_orders(queries, context, filter),
                        states & live});
  if (!only_live) segments.push_back({all_orders(context, filter), states & ~(open | live)});
  return segments;
}

Result<query::QueryOrdersResponse> list(Queries queries, const QueryContext& context,
                                        const query::QueryOrdersRequest& request) {
  TRY(const ListFilter filter, read_filter(queries.core, request.filters()));
  TRY(const StateMask states,
      states_asked(request.pagination(), filter.state, kAllOrders, [](const std::string& name) {
        query::Order::State state{};
        return query::Order::State_Parse(name, &state) ? static_cast<int>(state) : 0;
      }));
  query::QueryOrdersResponse response;
  const auto take = [&](const OrderId& id, StateMask admitted, bool wanted) -> Result<bool> {
    if (!filter.admits(id)) return false;
    TRY(const std::optional<FoundOrder> found, find_order(queries.core, context.state, id));
    if (!found || !holds(admitted, found->order.status)) return false;
    if (!wanted) return true;
    TRY(auto whole, answer(queries.core, context.state, id, found->order));
    *response.add_orders() = std::move(*whole.mutable_order());
    return true;
  };
  TRY_TO(*response.mutable_pagination(),
         fill_page(request.pagination(), states,
                   order_plan(queries, context, filter, states, mask_of(OrderStatus::kOpen),
                              mask_of(OrderStatus::kMatched)),
                   take));
  return response;
}

// --- Bids ---

constexpr StateMask kAllBids = mask_of(BidStatus::kOpen) | mask_of(BidStatus::kWon) |
                               mask_of(BidStatus::kLost) | mask_of(BidStatus::kClosed);

Result<query::QueryBidsResponse> list(Queries queries, const QueryContext& context,
                                      const query::QueryBidsRequest& request) {
  TRY(const ListFilter filter, read_filter(queries.core, request.filters()));
  TRY(const StateMask states,
      states_asked(request.pagination(), filter.state, kAllBids, [](const std::string& name) {
        query::Bid::State state{};
        return query::Bid::State_Parse(name, &state) ? static_cast<int>(state) : 0;
      }));
  std::vector<Segment<BidItem>> segments;
  for (Segment<OrderId>& orders : order_plan(queries, context, filter, states,
                                             mask_of(BidStatus::kOpen), mask_of(BidStatus::kWon)))
    segments.push_back(
        {bids_on(queries, context, std::move(orders.source), filter), orders.states});
  query::QueryBidsResponse response;
  const auto take = [&](const BidItem& item, StateMask admitted, bool wanted) -> Result<bool> {
    if (!filter.admits(item.id.order) || !holds(admitted, item.bid.status) ||
        request.filters().bseq() != 0)
      return false;
    if (wanted) *response.add_bids() = answer(queries.core, item.id, item.bid);
    return true;
  };
  TRY_TO(*response.mutable_pagination(),
         fill_page(request.pagination(), states, std::move(segments), take));
  return response;
}

// --- Leases ---

constexpr StateMask kLiveLeases =
    mask_of(AgreementStatus::kActive) | mask_of(AgreementStatus::kReclaiming);
constexpr StateMask kAllLeases =
    kLiveLeases | mask_of(AgreementStatus::kInsufficientFunds) | mask_of(AgreementStatus::kClosed);

Result<query::QueryLeasesResponse> list(Queries queries, const QueryContext& context,
                                        const query::QueryLeasesRequest& request) {
  TRY(const ListFilter filter, read_filter(queries.core, request.filters()));
  TRY(const StateMask states,
      states_asked(request.pagination(), filter.state, kAllLeases, [](const std::string& name) {
        akash::market::v1::Lease::State state{};
        return akash::market::v1::Lease::State_Parse(name, &state) ? static_cast<int>(state) : 0;
      }));
  query::QueryLeasesResponse response;
  const auto take = [&](const OrderId& id, StateMask admitted, bool wanted) -> Result<bool> {
    if (!filter.admits(id) || request.filters().bseq() != 0) return false;
    TRY(const auto found, lease_of(queries.core, context.state, id));
    if (!found || !holds(admitted, found->second.agreement.status)) return false;
    if (filter.provider && *filter.provider != found->first.provider) return false;
    if (wanted)
      TRY_TO(*response.add_leases(),
             answer(queries.core, context.state, found->first, found->second));
    return true;
  };
  TRY_TO(*response.mutable_pagination(),
         fill_page(request.pagination(), states,
                   order_plan(queries, context, filter, states, 0, kLiveLeases), take));
  return response;
}

// --- One of each ---

Result<query::QueryOrderResponse> one(Queries queries, const QueryContext& context,
                                      const query::QueryOrderRequest& request) {
  TRY(const OrderId id, query_id<OrderId>(queries.core, request.id()));
  TRY(const std::optional<FoundOrder> found, find_order(queries.core, context.state, id));
  if (!found) return fail(QueryError::kNotFound, "invalid order: order not found");
  return answer(queries.core, context.state, id, found->order);
}

Result<query::QueryBidResponse> one(Queries queries, const QueryContext& context,
                                    const query::QueryBidRequest& request) {
  TRY(const BidId id, query_id<BidId>(queries.core, request.id()));
  TRY(const std::optional<market::Bid> bid, find_bid(queries.core, context.state, id));
  if (!bid) return fail(QueryError::kNotFound, "invalid bid: bid not found");
  return answer(queries.core, id, *bid);
}

Result<query::QueryLeaseResponse> one(Queries queries, const QueryContext& context,
                                      const query::QueryLeaseRequest& request) {
  TRY(const LeaseId id, query_id<LeaseId>(queries.core, request.id()));
  TRY(const std::optional<FoundLease> lease, find_lease(queries.core, context.state, id));
  if (!lease) return fail(QueryError::kNotFound, "invalid lease: lease not found");
  return answer(queries.core, context.state, id, *lease);
}

Result<query::QueryParamsResponse> params(Queries queries, const QueryContext& context) {
  TRY(const NetworkInfo network, default_network(queries.core, context.state));
  query::QueryParamsResponse response;
  auto& out = *response.mutable_params();
  wire::write(network.params.bid_deposits_min.front(), *out.mutable_bid_min_deposit());
  out.set_order_max_bids(network.params.order_bids_max);
  wire::write_coins(network.params.bid_deposits_min, *out.mutable_bid_min_deposits());
  wire::write(network.params.reclaim_window_min, *out.mutable_min_reclamation_window());
  wire::write(network.params.reclaim_window_max, *out.mutable_max_reclamation_window());
  return response;
}

}  // namespace

Result<query::QueryOrderResponse> answer(const Core& core, const store::Reader& state,
                                         const OrderId& id, const market::Order& order) {
  TRY(const Group group, kGroups.get(state, id.group));
  query::QueryOrderResponse out;
  views::write(core, id, order, group.spec, *out.mutable_order());
  return out;
}

query::QueryBidResponse answer(const Core& core, const BidId& id, const market::Bid& bid) {
  query::QueryBidResponse out;
  views::write(core, id, bid, *out.mutable_bid());
  views::write_account(core, id, bid, *out.mutable_escrow_account());
  return out;
}

Result<query::QueryLeaseResponse> answer(const Core& core, const store::Reader& state,
                                         const LeaseId& id, const FoundLease& lease) {
  query::QueryLeaseResponse out;
  views::write(core, id, lease.agreement, *out.mutable_lease());
  const escrow::Charge* charge = nullptr;
  std::optional<escrow::Account> account;
  if (market::is_live(lease.agreement.status)) {
    TRY_TO(account, core.escrow.get(state, lease.agreement.escrow));
    charge = account->find(lease.agreement.charge_id(lease.id));
  }
  views::write_payment(core, id, lease.agreement, charge, *out.mutable_escrow_payment());
  return out;
}

void add_market_queries(Queries queries, chain::QueryRouter& router) {
  const std::string service = "/akash.market.v1beta5.Query/";
  router.add<query::QueryOrdersRequest, query::QueryOrdersResponse>(
      service + "Orders", [queries](const QueryContext& context, const auto& request) {
        return list(queries, context, request);
      });
  router.add<query::QueryBidsRequest, query::QueryBidsResponse>(
      service + "Bids", [queries](const QueryContext& context, const auto& request) {
        return list(queries, context, request);
      });
  router.add<query::QueryLeasesRequest, query::QueryLeasesResponse>(
      service + "Leases", [queries](const QueryContext& context, const auto& request) {
        return list(queries, context, request);
      });
  router.add_leaving<query::QueryOrderRequest, query::QueryOrderResponse>(
      std::string(kOrderQuery),
      [queries](const QueryContext& context, const auto& request) {
        return one(queries, context, request);
      },
      [queries](const query::QueryOrderRequest& request) {
        return xid_asked<OrderId>(queries.core, request);
      });
  router.add_leaving<query::QueryBidRequest, query::QueryBidResponse>(
      std::string(kBidQuery),
      [queries](const QueryContext& context, const auto& request) {
        return one(queries, context, request);
      },
      [queries](const query::QueryBidRequest& request) {
        return xid_asked<BidId>(queries.core, request);
      });
  router.add_leaving<query::QueryLeaseRequest, query::QueryLeaseResponse>(
      std::string(kLeaseQuery),
      [queries](const QueryContext& context, const auto& request) {
        return one(queries, context, request);
      },
      [queries](const query::QueryLeaseRequest& request) {
        return xid_asked<LeaseId>(queries.core, request);
      });
  router.add<query::QueryParamsRequest, query::QueryParamsResponse>(
      service + "Params",
      [queries](const QueryContext& context, const auto&) { return params(queries, context); });
}

}  // namespace tp::compute
