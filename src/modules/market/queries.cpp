// turnpike.market.v1.Query.

#include "chain/pagination.h"
#include "modules/market/market.h"
#include "modules/market/tables.h"
#include "modules/market/wire.h"
#include "turnpike/market/v1/query.pb.h"

namespace tp::market {
namespace {

using chain::QueryContext;
using chain::QueryError;

// Answers a query for one record by number.
template <class Request, class Response, class Id, class Record, class Out>
auto lookup(const accounts::Accounts& accounts, const store::Table<Id, Record>& table,
            Out* (Response::*out)()) {
  return [&accounts, &table, out](const QueryContext& query,
                                  const Request& request) -> Result<Response> {
    const Id id{request.id()};
    TRY(const std::optional<Record> record, table.find(query.state, id));
    if (!record)
      return fail(QueryError::kNotFound,
                  std::string(table.id().name) + " " + std::to_string(request.id()));
    Response response;
    write(accounts, id, *record, *(response.*out)());
    return response;
  };
}

// The id under which history keeps what left.
template <class Request>
std::optional<std::string> number_asked(const Request& request) {
  return std::to_string(request.id());
}

}  // namespace

void Market::add_queries(chain::QueryRouter& router) {
  const std::string service = "/turnpike.market.v1.Query/";
  router.add_leaving<pb::QueryOrderRequest, pb::QueryOrderResponse>(
      std::string(kOrderQuery),
      lookup<pb::QueryOrderRequest>(accounts_, kOrders, &pb::QueryOrderResponse::mutable_order),
      number_asked<pb::QueryOrderRequest>);
  router.add_leaving<pb::QueryAgreementRequest, pb::QueryAgreementResponse>(
      std::string(kAgreementQuery),
      lookup<pb::QueryAgreementRequest>(accounts_, kAgreements,
                                        &pb::QueryAgreementResponse::mutable_agreement),
      number_asked<pb::QueryAgreementRequest>);
  router.add<pb::QueryOfferRequest, pb::QueryOfferResponse>(
      service + "Offer",
      lookup<pb::QueryOfferRequest>(accounts_, kOffers, &pb::QueryOfferResponse::mutable_offer));

  router.add<pb::QueryOpenOrdersRequest, pb::QueryOpenOrdersResponse>(
      service + "OpenOrders",
      [this](const QueryContext& query,
             const pb::QueryOpenOrdersRequest& request) -> Result<pb::QueryOpenOrdersResponse> {
        pb::QueryOpenOrdersResponse response;
        const NetworkId network{request.network()};
        const auto take = [&](const OpenOrderKey& key, const Marker&, bool wanted) -> Result<bool> {
          if (!wanted) return true;
          TRY(const Order order, kOrders.get(query.state, key.order));
          write(accounts_, key.order, order, *response.add_orders());
          return true;
        };
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(query.state, kOpenOrders, std::tie(network), request.pagination(),
                               take));
        return response;
      });
  router.add<pb::QueryBidsRequest, pb::QueryBidsResponse>(
      service + "Bids",
      [this](const QueryContext& query,
             const pb::QueryBidsRequest& request) -> Result<pb::QueryBidsResponse> {
        pb::QueryBidsResponse response;
        const OrderId order{request.order()};
        const auto take = [&](const BidKey& key, const Bid& bid, bool wanted) -> Result<bool> {
          if (wanted) write(accounts_, key, bid, *response.add_bids());
          return true;
        };
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(query.state, kBids, std::tie(order), request.pagination(), take));
        return response;
      });
  router.add<pb::QueryOffersRequest, pb::QueryOffersResponse>(
      service + "Offers",
      [this](const QueryContext& query,
             const pb::QueryOffersRequest& request) -> Result<pb::QueryOffersResponse> {
        pb::QueryOffersResponse response;
        const NetworkId network{request.network()};
        const auto take = [&](const OfferId& id, const Offer& offer, bool wanted) -> Result<bool> {
          if (network != NetworkId{} && offer.network != network) return false;
          if (wanted) write(accounts_, id, offer, *response.add_offers());
          return true;
        };
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(query.state, kOffers, std::tuple<>{}, request.pagination(), take));
        return response;
      });
  router.add<pb::QueryLiveAgreementsRequest, pb::QueryLiveAgreementsResponse>(
      service + "LiveAgreements",
      [this](const QueryContext& query, const pb::QueryLiveAgreementsRequest& request)
          -> Result<pb::QueryLiveAgreementsResponse> {
        const auto provider = accounts_.parse(request.provider());
        if (!provider) return fail(QueryError::kInvalidArgument, provider.error().text);
        pb::QueryLiveAgreementsResponse response;
        const auto take = [&](const LiveAgreementKey& key, const Marker&,
                              bool wanted) -> Result<bool> {
          if (!wanted) return true;
          TRY(const Agreement agreement, kAgreements.get(query.state, key.agreement));
          write(accounts_, key.agreement, agreement, *response.add_agreements());
          return true;
        };
        TRY_TO(*response.mutable_pagination(),
               chain::paginate(query.state, kLiveAgreements, std::tie(*provider),
                               request.pagination(), take));
        return response;
      });
}

}  // namespace tp::market
