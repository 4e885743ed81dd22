// Posted prices and memberships.

#include "modules/market/instance.h"
#include "modules/market/market.h"
#include "modules/market/tables.h"

namespace tp::market {
namespace {

Bytes deposit_key(OfferId id) {
  return "offer/" + std::to_string(id.value);
}

Bytes deposit_key(AgreementId id) {
  return "membership/" + std::to_string(id.value);
}

}  // namespace

Result<OfferId> Market::post_offer(chain::Context& context, const OfferTerms& terms) const {
  TRY(const Instance network, instance(context, terms.network));
  TRY(const bool registered, registry_.is_operator(context, terms.seller));
  if (!registered) return fail(MarketError::kNotAnOperator, accounts_.text(terms.seller));
  TRY_VOID(check_price(network, terms.price));
  if (terms.agreements_max == 0)
    return fail(MarketError::kInvalidTerms, "an offer takes one agreement at least");
  if (terms.spec.payload.size() > kSpecBytesMax)
    return fail(MarketError::kSpecTooLong, std::to_string(terms.spec.payload.size()) + " bytes");
  const Offer offer{.network = terms.network,
                    .seller = terms.seller,
                    .spec = terms.spec,
                    .charge = terms.charge,
                    .price = terms.price,
                    .agreements_max = terms.agreements_max,
                    .created_height = context.block().height};
  TRY_VOID(network.kind->validate_spec(context, network.ref(), terms.spec));
  TRY_VOID(network.kind->admit_offer(context, network.ref(), offer));

  TRY(const std::optional<Counters> found, kCounters.find(context, kOnly));
  Counters counters = found.value_or(Counters{});
  const OfferId id = counters.offer;
  counters.offer = id.next();
  TRY_VOID(kCounters.put(context, kOnly, counters));
  TRY_VOID(bank_.hold_row_deposit(context, terms.seller, deposit_key(id), 1));
  TRY_VOID(kOffers.put(context, id, offer));
  return id;
}

Result<void> Market::remove_offer(chain::Context& context, OfferId id) const {
  TRY_VOID(kOffers.erase(context, id));
  return bank_.release_row_deposit(context, deposit_key(id));
}

Result<void> Market::withdraw_offer(chain::Context& context, OfferId id,
                                    const Address& seller) const {
  TRY(Offer offer, get_open_offer(context, id));
  if (offer.seller != seller)
    return fail(MarketError::kUnauthorized, accounts_.text(seller) + " did not post this offer");
  if (offer.agreements_live == 0) return remove_offer(context, id);
  offer.status = OfferStatus::kWithdrawn;
  return kOffers.put(context, id, offer);
}

Result<AgreementId> Market::accept_offer(chain::Context& context, OfferId id,
                                         const Address& customer, const Coin& deposit) const {
  TRY(Offer offer, get_open_offer(context, id));
  if (offer.agreements_live >= offer.agreements_max)
    return fail(MarketError::kOfferFull, std::to_string(offer.agreements_max));
  if (offer.seller == customer) return fail(MarketError::kOwnOrder, accounts_.text(customer));
  if (deposit.denom != offer.price.denom)
    return fail(MarketError::kWrongDenom,
                deposit.denom.text() + " instead of " + offer.price.denom.text());
  TRY(const Instance network, instance(context, offer.network));

  ++offer.agreements_live;
  TRY_VOID(kOffers.put(context, id, offer));
  const escrow::Funding funding{.owner = customer, .amount = deposit.amount};
  TRY(const escrow::AccountId account,
      escrow_.open(context, offer.network, customer, deposit.denom, std::span(&funding, 1)));
  return form(context, network,
              {.network = offer.network,
               .formation = Formation::kPostedPrice,
               .customer = customer,
               .provider = offer.seller,
               .spec = offer.spec,
               .offer = id,
               .escrow = account,
               .owns_escrow = true,
               .charge = offer.charge,
               .price = offer.price});
}

Result<AgreementId> Market::join(chain::Context& context, NetworkId network_id,
                                 const Address& provider, const Spec& spec) const {
  TRY(const Instance network, instance(context, network_id));
  TRY(const bool registered, registry_.is_operator(context, provider));
  if (!registered) return fail(MarketError::kNotAnOperator, accounts_.text(provider));
  if (spec.payload.size() > kSpecBytesMax)
    return fail(MarketError::kSpecTooLong, std::to_string(spec.payload.size()) + " bytes");
  TRY_VOID(network.kind->validate_spec(context, network.ref(), spec));
  TRY(const AgreementId id, form(context, network,
                                 {.network = network_id,
                                  .formation = Formation::kMembership,
                                  .customer = network.record.treasury,
                                  .provider = provider,
                                  .spec = spec,
                                  .charge = ChargeKind::kMetered,
                                  .price = {network.record.denoms.front(), Decimal{}}}));
  // No escrow and no bid stands behind it: without this, rows would cost nothing but gas.
  TRY_VOID(bank_.hold_row_deposit(context, provider, deposit_key(id), 1));
  return id;
}

Result<void> Market::release_membership(chain::Context& context, AgreementId id,
                                        const Agreement& agreement) const {
  if (agreement.formation != Formation::kMembership) return {};
  return bank_.release_row_deposit(context, deposit_key(id));
}

// The offer of an agreement that ends: has room again, or leaves if it was withdrawn.
Result<void> Market::release_offer(chain::Context& context, const Agreement& agreement) const {
  if (agreement.offer == OfferId{}) return {};
  TRY(Offer offer, kOffers.get(context, agreement.offer));
  --offer.agreements_live;
  if (offer.status == OfferStatus::kWithdrawn && offer.agreements_live == 0)
    return remove_offer(context, agreement.offer);
  return kOffers.put(context, agreement.offer, offer);
}

}  // namespace tp::market
