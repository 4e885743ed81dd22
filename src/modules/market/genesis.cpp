// How the market begins, leaves a chain, and proves itself. In the genesis file:
//   {"retention"?: seconds}
// and, only in an export, its tables as rows.

#include <boost/json.hpp>
#include <map>
#include <set>

#include "modules/market/market.h"
#include "modules/market/tables.h"

namespace tp::market {
namespace {

namespace json = boost::json;

std::unexpected<Error> broken(const std::string& what) {
  return fail(chain::ModuleError::kInvariant, "market: " + what);
}

// Counts while the invariants walk the tables.
struct Books {
  std::map<Denom, Amount> held;
  std::map<OrderId, std::uint32_t> open_bids;
  std::map<OfferId, std::uint32_t> live_of_offer;
  std::size_t open_orders = 0;
  std::size_t live_agreements = 0;
};

template <class Key, class Record>
Result<std::size_t> count(const store::Reader& state, const store::Table<Key, Record>& table) {
  std::size_t rows = 0;
  TRY_VOID(table.scan(state, std::tuple<>{}, [&rows](const Key&, const Record&) {
    ++rows;
    return Result<store::Step>(store::Step::kGoOn);
  }));
  return rows;
}

}  // namespace

Result<void> Market::import_genesis(chain::Context& context, const json::value* value) {
  TRY_VOID(accounts_.ensure_module_account(context, name()));
  if (value == nullptr) return {};
  TRY(const auto genesis, chain::GenesisObject::of(*value, "market"));
  TRY_VOID(genesis.allow_only({"retention", "counters", "orders", "open_orders", "bids", "offers",
                               "agreements", "live_agreements", "epochs", "epoch_weights"}));
  MarketParams params;
  if (genesis.has("retention")) TRY_TO(params.retention, genesis.duration("retention"));
  TRY_VOID(kParams.put(context, kOnly, params));

  TRY_VOID(modules::put_rows_from_json(kCounters, context, genesis, "counters"));
  TRY_VOID(modules::put_rows_from_json(kOrders, context, genesis, "orders"));
  TRY_VOID(modules::put_rows_from_json(kOpenOrders, context, genesis, "open_orders"));
  TRY_VOID(modules::put_rows_from_json(kBids, context, genesis, "bids"));
  TRY_VOID(modules::put_rows_from_json(kOffers, context, genesis, "offers"));
  TRY_VOID(modules::put_rows_from_json(kAgreements, context, genesis, "agreements"));
  TRY_VOID(modules::put_rows_from_json(kLiveAgreements, context, genesis, "live_agreements"));
  TRY_VOID(modules::put_rows_from_json(kEpochs, context, genesis, "epochs"));
  TRY_VOID(modules::put_rows_from_json(kEpochWeights, context, genesis, "epoch_weights"));
  return arm_schedule(context);
}

// The schedule of a new chain is empty: what is closed gets a retention window from its beginning,
// what an epoch has accepted is shared out when it ends.
Result<void> Market::arm_schedule(chain::Context& context) const {
  TRY(const auto orders, kOrders.collect(context, std::tuple<>{}));
  for (const auto& [id, order] : orders)
    if (order.status == OrderStatus::kClosed) TRY_VOID(forget_later(context, id, order.agreement));
  TRY(const auto agreements, kAgreements.collect(context, std::tuple<>{}));
  for (const auto& [id, agreement] : agreements)
    if (!is_live(agreement.status) && agreement.order == OrderId{})
      TRY_VOID(forget_later(context, {}, id));
  TRY(const auto epochs, kEpochs.collect(context, std::tuple<>{}));
  for (const auto& [key, epoch] : epochs) {
    Bytes entry;
    store::append_key(entry, key);
    TRY_VOID(schedule_.at(context, chain::ScheduleClock::kBlockTime, key.end_ns,
                          chain::HandlerId::kEpochEnds, entry));
  }
  return {};
}

Result<json::value> Market::export_genesis(const store::Reader& state) const {
  TRY(const MarketParams params, market_params(state));
  json::object out;
  out["retention"] =
      Decimal::from_scaled(static_cast<u128>(params.retention.nanoseconds) * 1'000'000'000)
          .to_string_trimmed() +
      "s";
  TRY_TO(out["counters"], modules::rows_to_json(kCounters, state));
  TRY_TO(out["orders"], modules::rows_to_json(kOrders, state));
  TRY_TO(out["open_orders"], modules::rows_to_json(kOpenOrders, state));
  TRY_TO(out["bids"], modules::rows_to_json(kBids, state));
  TRY_TO(out["offers"], modules::rows_to_json(kOffers, state));
  TRY_TO(out["agreements"], modules::rows_to_json(kAgreements, state));
  TRY_TO(out["live_agreements"], modules::rows_to_json(kLiveAgreements, state));
  TRY_TO(out["epochs"], modules::rows_to_json(kEpochs, state));
  TRY_TO(out["epoch_weights"], modules::rows_to_json(kEpochWeights, state));
  return out;
}

Result<void> Market::check_invariants(const store::Reader& state) const {
  Books books;
  const auto bid_row = [&](const BidKey& key, const Bid& bid) -> Result<store::Step> {
    const bool live = bid.status == BidStatus::kOpen || bid.status == BidStatus::kWon;
    if (!live && !bid.held.amount.is_zero()) return broken("an ended bid still holds a deposit");
    TRY_TO(books.held[bid.held.denom], books.held[bid.held.denom].plus(bid.held.amount));
    if (bid.status == BidStatus::kOpen) ++books.open_bids[key.order];
    return store::Step::kGoOn;
  };
  TRY_VOID(kBids.scan(state, std::tuple<>{}, bid_row));

  const auto order_row = [&](const OrderId& id, const Order& order) -> Result<store::Step> {
    const std::string number = "order " + std::to_string(id.value);
    const bool open = order.status == OrderStatus::kOpen;
    if (order.bids_open != books.open_bids[id]) return broken(number + " miscounts its open bids");
    if (!open && order.bids_open != 0) return broken(number + " is not open but its bids are");
    TRY(const bool listed, kOpenOrders.contains(state, {order.network, id}));
    if (listed != open) return broken(number + " is wrongly listed as open or not");
    books.open_orders += open ? 1 : 0;
    return store::Step::kGoOn;
  };
  TRY_VOID(kOrders.scan(state, std::tuple<>{}, order_row));

  const auto agreement_row = [&](const AgreementId& id,
                                 const Agreement& agreement) -> Result<store::Step> {
    const std::string number = "agreement " + std::to_string(id.value);
    const bool live = is_live(agreement.status);
    if (live == agreement.ending.has_value()) return broken(number + " ended without a reason");
    TRY(const bool listed, kLiveAgreements.contains(state, {agreement.provider, id}));
    if (listed != live) return broken(number + " is wrongly listed as live or not");
    if (agreement.escrow != escrow::AccountId{}) {
      TRY(const auto account, escrow_.find(state, agreement.escrow));
      const bool charged = account && account->find(agreement.charge_id(id)) != nullptr;
      if (charged != live) return broken(number + " is live exactly when nothing is charged");
    }
    books.live_agreements += live ? 1 : 0;
    if (live && agreement.offer != OfferId{}) ++books.live_of_offer[agreement.offer];
    return store::Step::kGoOn;
  };
  TRY_VOID(kAgreements.scan(state, std::tuple<>{}, agreement_row));

  const auto offer_row = [&](const OfferId& id, const Offer& offer) -> Result<store::Step> {
    if (offer.agreements_live != books.live_of_offer[id])
      return broken("offer " + std::to_string(id.value) + " miscounts its agreements");
    return store::Step::kGoOn;
  };
  TRY_VOID(kOffers.scan(state, std::tuple<>{}, offer_row));

  TRY(const std::size_t open_orders, count(state, kOpenOrders));
  TRY(const std::size_t live_agreements, count(state, kLiveAgreements));
  if (open_orders != books.open_orders || live_agreements != books.live_agreements)
    return broken("an index lists what is not there");
  TRY(const Coins balances, bank_.balances(state, module_address_));
  std::map<Denom, Amount> banked;
  for (const Coin& coin : balances) banked[coin.denom] = coin.amount;
  std::erase_if(books.held, [](const auto& entry) { return entry.second.is_zero(); });
  if (banked != books.held) return broken("the module's balance is not what bids have deposited");
  return {};
}

}  // namespace tp::market
