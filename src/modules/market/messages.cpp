// turnpike.market.v1.Msg: the market for networks that have no messages of their own.

#include "modules/market/instance.h"
#include "modules/market/market.h"
#include "modules/market/wire.h"
#include "turnpike/market/v1/tx.pb.h"

namespace tp::market {
namespace {

using chain::Context;

// The route of a message that one address signs: `signer(message)` is its text,
// `handle(context, address, message)` returns the response.
template <class Message, class Response, class Handle>
void add(chain::MessageRouter& router, const accounts::Accounts& accounts,
         const std::string& (Message::*signer)() const, Handle handle) {
  router.add<Message, Response>(
      [&accounts, signer](const Message& message) -> Result<std::vector<Address>> {
        TRY(const Address address, accounts.parse((message.*signer)()));
        return std::vector{address};
      },
      [&accounts, signer, handle](Context& context, const Message& message) -> Result<Response> {
        TRY(const Address address, accounts.parse((message.*signer)()));
        return handle(context, address, message);
      });
}

}  // namespace

void Market::add_messages(chain::MessageRouter& router) {
  add_auction_messages(router);
  add_offer_messages(router);
  add_agreement_messages(router);
}

void Market::add_auction_messages(chain::MessageRouter& router) {
  add<pb::MsgPlaceOrder, pb::MsgPlaceOrderResponse>(
      router, accounts_, &pb::MsgPlaceOrder::customer,
      [this](Context& context, const Address& customer,
             const pb::MsgPlaceOrder& message) -> Result<pb::MsgPlaceOrderResponse> {
        TRY_VOID(require_messages(context, NetworkId{message.network()}));
        OrderTerms terms{.network = NetworkId{message.network()},
                         .customer = customer,
                         .reclaim_window = Duration{message.reclaim_window_ns()},
                         .bids_open_max = message.bids_open_max()};
        TRY_TO(terms.spec, read(message.spec()));
        TRY_TO(terms.price_max, read(message.price_max()));
        TRY_TO(terms.deposit, read(message.deposit()));
        TRY(const OrderId id, place_order(context, terms));
        context.emit({"order_placed",
                      {{"order", std::to_string(id.value)},
                       {"network", std::to_string(message.network())},
                       {"customer", message.customer()}}});
        pb::MsgPlaceOrderResponse response;
        response.set_order(id.value);
        return response;
      });
  add<pb::MsgCloseOrder, pb::MsgCloseOrderResponse>(
      router, accounts_, &pb::MsgCloseOrder::customer,
      [this](Context& context, const Address& customer,
             const pb::MsgCloseOrder& message) -> Result<pb::MsgCloseOrderResponse> {
        TRY_VOID(require_customer(context, OrderId{message.order()}, customer));
        TRY_VOID(close_order(context, OrderId{message.order()}));
        context.emit(
            {"order_closed",
             {{"order", std::to_string(message.order())}, {"closer", name_of(Closer::kCustomer)}}});
        return pb::MsgCloseOrderResponse{};
      });
  add<pb::MsgPlaceBid, pb::MsgPlaceBidResponse>(
      router, accounts_, &pb::MsgPlaceBid::bidder,
      [this](Context& context, const Address& bidder,
             const pb::MsgPlaceBid& message) -> Result<pb::MsgPlaceBidResponse> {
        TRY(const Order order, get_order(context, OrderId{message.order()}));
        TRY_VOID(require_messages(context, order.network));
        BidTerms terms{.key = {OrderId{message.order()}, bidder},
                       .offer = message.offer(),
                       .reclaim_window = Duration{message.reclaim_window_ns()}};
        TRY_TO(terms.price, read(message.price()));
        TRY_TO(terms.deposit, read(message.deposit()));
        TRY_VOID(place_bid(context, terms));
        context.emit({"bid_placed",
                      {{"order", std::to_string(message.order())},
                       {"bidder", message.bidder()},
                       {"price", message.price().amount() + message.price().denom()}}});
        return pb::MsgPlaceBidResponse{};
      });
  add<pb::MsgCloseBid, pb::MsgCloseBidResponse>(
      router, accounts_, &pb::MsgCloseBid::bidder,
      [this](Context& context, const Address& bidder,
             const pb::MsgCloseBid& message) -> Result<pb::MsgCloseBidResponse> {
        TRY(const Order order, get_order(context, OrderId{message.order()}));
        TRY_VOID(require_messages(context, order.network));
        TRY_VOID(close_bid(context, {OrderId{message.order()}, bidder}));
        context.emit({"bid_closed",
                      {{"order", std::to_string(message.order())},
                       {"bidder", message.bidder()},
                       {"closer", name_of(Closer::kOperator)}}});
        return pb::MsgCloseBidResponse{};
      });
  add<pb::MsgAcceptBid, pb::MsgAcceptBidResponse>(
      router, accounts_, &pb::MsgAcceptBid::customer,
      [this](Context& context, const Address& customer,
             const pb::MsgAcceptBid& message) -> Result<pb::MsgAcceptBidResponse> {
        const OrderId order{message.order()};
        TRY_VOID(require_customer(context, order, customer));
        TRY(const Address bidder, accounts_.parse(message.bidder()));
        TRY(const Match match, accept_bid(context, {order, bidder}));
        pb::MsgAcceptBidResponse response;
        response.set_agreement(match.agreement.value);
        return response;
      });
}

void Market::add_offer_messages(chain::MessageRouter& router) {
  add<pb::MsgPostOffer, pb::MsgPostOfferResponse>(
      router, accounts_, &pb::MsgPostOffer::seller,
      [this](Context& context, const Address& seller,
             const pb::MsgPostOffer& message) -> Result<pb::MsgPostOfferResponse> {
        TRY_VOID(require_messages(context, NetworkId{message.network()}));
        OfferTerms terms{.network = NetworkId{message.network()},
                         .seller = seller,
                         .agreements_max = message.agreements_max()};
        TRY_TO(terms.spec, read(message.spec()));
        TRY_TO(terms.charge, read_charge(message.charge()));
        TRY_TO(terms.price, read(message.price()));
        TRY(const OfferId id, post_offer(context, terms));
        context.emit({"offer_posted",
                      {{"offer", std::to_string(id.value)},
                       {"network", std::to_string(message.network())},
                       {"seller", message.seller()}}});
        pb::MsgPostOfferResponse response;
        response.set_offer(id.value);
        return response;
      });
  add<pb::MsgWithdrawOffer, pb::MsgWithdrawOfferResponse>(
      router, accounts_, &pb::MsgWithdrawOffer::seller,
      [this](Context& context, const Address& seller,
             const pb::MsgWithdrawOffer& message) -> Result<pb::MsgWithdrawOfferResponse> {
        TRY_VOID(withdraw_offer(context, OfferId{message.offer()}, seller));
        context.emit({"offer_withdrawn", {{"offer", std::to_string(message.offer())}}});
        return pb::MsgWithdrawOfferResponse{};
      });
  add<pb::MsgAcceptOffer, pb::MsgAcceptOfferResponse>(
      router, accounts_, &pb::MsgAcceptOffer::customer,
      [this](Context& context, const Address& customer,
             const pb::MsgAcceptOffer& message) -> Result<pb::MsgAcceptOfferResponse> {
        TRY(const Offer offer, get_open_offer(context, OfferId{message.offer()}));
        TRY_VOID(require_messages(context, offer.network));
        TRY(const Coin deposit, read(message.deposit()));
        TRY(const AgreementId id,
            accept_offer(context, OfferId{message.offer()}, customer, deposit));
        pb::MsgAcceptOfferResponse response;
        response.set_agreement(id.value);
        return response;
      });
  add<pb::MsgJoin, pb::MsgJoinResponse>(
      router, accounts_, &pb::MsgJoin::provider,
      [this](Context& context, const Address& provider,
             const pb::MsgJoin& message) -> Result<pb::MsgJoinResponse> {
        TRY_VOID(require_messages(context, NetworkId{message.network()}));
        TRY(const Spec spec, read(message.spec()));
        TRY(const AgreementId id, join(context, NetworkId{message.network()}, provider, spec));
        pb::MsgJoinResponse response;
        response.set_agreement(id.value);
        return response;
      });
}

void Market::add_agreement_messages(chain::MessageRouter& router) {
  add<pb::MsgSubmitEvidence, pb::MsgSubmitEvidenceResponse>(
      router, accounts_, &pb::MsgSubmitEvidence::submitter,
      [this](Context& context, const Address& submitter,
             const pb::MsgSubmitEvidence& message) -> Result<pb::MsgSubmitEvidenceResponse> {
        const AgreementId id{message.agreement()};
        TRY(const Agreement agreement, get_live_agreement(context, id));
        TRY_VOID(require_messages(context, agreement.network));
        TRY(const Verified verified, submit_evidence(context, id, submitter, message.evidence()));
        context.emit({"evidence_accepted",
                      {{"agreement", std::to_string(id.value)},
                       {"sequence", std::to_string(verified.sequence)},
                       {"units", std::to_string(verified.units.value)}}});
        pb::MsgSubmitEvidenceResponse response;
        response.set_units(verified.units.value);
        return response;
      });
  add<pb::MsgStartReclaim, pb::MsgStartReclaimResponse>(
      router, accounts_, &pb::MsgStartReclaim::provider,
      [this](Context& context, const Address& provider,
             const pb::MsgStartReclaim& message) -> Result<pb::MsgStartReclaimResponse> {
        const AgreementId id{message.agreement()};
        TRY(const Closer role, role_of(context, id, provider));
        if (role != Closer::kOperator) return fail(MarketError::kUnauthorized, message.provider());
        TRY(const Reclaim reclaim, start_reclaim(context, id, ReasonCode{message.reason()}));
        context.emit({"reclaim_started",
                      {{"agreement", std::to_string(id.value)},
                       {"reason", std::to_string(message.reason())},
                       {"deadline", to_rfc3339(reclaim.deadline)}}});
        pb::MsgStartReclaimResponse response;
        response.set_deadline_ns(reclaim.deadline.nanoseconds);
        return response;
      });
  add<pb::MsgWithdraw, pb::MsgWithdrawResponse>(
      router, accounts_, &pb::MsgWithdraw::provider,
      [this](Context& context, const Address& provider,
             const pb::MsgWithdraw& message) -> Result<pb::MsgWithdrawResponse> {
        const AgreementId id{message.agreement()};
        TRY(const Closer role, role_of(context, id, provider));
        if (role != Closer::kOperator) return fail(MarketError::kUnauthorized, message.provider());
        TRY(const Amount paid, withdraw(context, id));
        pb::MsgWithdrawResponse response;
        response.set_paid(paid.to_string());
        return response;
      });
  add<pb::MsgCloseAgreement, pb::MsgCloseAgreementResponse>(
      router, accounts_, &pb::MsgCloseAgreement::closer,
      [this](Context& context, const Address& closer,
             const pb::MsgCloseAgreement& message) -> Result<pb::MsgCloseAgreementResponse> {
        const AgreementId id{message.agreement()};
        TRY(const Closer role, role_of(context, id, closer));
        TRY_VOID(close_agreement(context, id, {role, ReasonCode{message.reason()}}));
        return pb::MsgCloseAgreementResponse{};
      });
}

Result<void> Market::require_messages(const store::Reader& state, NetworkId id) const {
  TRY(const Instance network, instance(state, id));
  if (network.kind->takes_market_messages()) return {};
  return fail(MarketError::kUnauthorized,
              network.record.name + " has messages of its own: turnpike.market.v1 is not for it");
}

// As whom `signer` may act in the agreement.
Result<Closer> Market::role_of(const store::Reader& state, AgreementId id,
                               const Address& signer) const {
  TRY(const Agreement agreement, get_live_agreement(state, id));
  TRY_VOID(require_messages(state, agreement.network));
  if (signer == agreement.customer) return Closer::kCustomer;
  if (signer == agreement.provider) return Closer::kOperator;
  TRY(const registry::Network network, registry_.get_network(state, agreement.network));
  if (signer == network.admin) return Closer::kNetwork;
  return fail(MarketError::kUnauthorized,
              accounts_.text(signer) + " is no party of agreement " + std::to_string(id.value));
}

Result<void> Market::require_customer(const store::Reader& state, OrderId id,
                                      const Address& signer) const {
  TRY(const Order order, get_order(state, id));
  TRY_VOID(require_messages(state, order.network));
  if (order.customer != signer)
    return fail(MarketError::kUnauthorized,
                accounts_.text(signer) + " did not place order " + std::to_string(id.value));
  return {};
}

}  // namespace tp::market
