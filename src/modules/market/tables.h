// The tables of the market.
#pragma once

#include "chain/ids.h"
#include "modules/genesis_rows.h"
#include "modules/market/records.h"
#include "store/table.h"

namespace tp::market {

inline constexpr store::OneRow kOnly{};

// A row that says nothing but that it is there.
struct Marker {
  static constexpr std::uint8_t kVersion = 1;
  std::uint8_t zero = 0;
  auto fields() { return std::tie(zero); }
  auto fields() const { return std::tie(zero); }
};

struct OpenOrderKey {
  NetworkId network;
  OrderId order;
  auto fields() { return std::tie(network, order); }
  auto fields() const { return std::tie(network, order); }
  auto operator<=>(const OpenOrderKey&) const = default;
};

struct LiveAgreementKey {
  Address provider;
  AgreementId agreement;
  auto fields() { return std::tie(provider, agreement); }
  auto fields() const { return std::tie(provider, agreement); }
  auto operator<=>(const LiveAgreementKey&) const = default;
};

struct Counters {
  static constexpr std::uint8_t kVersion = 1;
  OrderId order{1};
  OfferId offer{1};
  AgreementId agreement{1};
  auto fields() { return std::tie(order, offer, agreement); }
  auto fields() const { return std::tie(order, offer, agreement); }
};

// An epoch in which something was accepted, by when it ends.
struct EpochKey {
  NetworkId network;
  std::int64_t end_ns = 0;  // of block time
  auto fields() { return std::tie(network, end_ns); }
  auto fields() const { return std::tie(network, end_ns); }
  auto operator<=>(const EpochKey&) const = default;
};

struct Epoch {
  static constexpr std::uint8_t kVersion = 1;
  u128 weight = 0;             // of all operators
  std::optional<Coin> reward;  // set when the epoch ends: what is shared out
  Amount paid;                 // of it, so far
  auto fields() { return std::tie(weight, reward, paid); }
  auto fields() const { return std::tie(weight, reward, paid); }
};

struct EpochWeightKey {
  EpochKey epoch;
  Address provider;
  auto fields() { return std::tie(epoch, provider); }
  auto fields() const { return std::tie(epoch, provider); }
};

struct EpochWeight {
  static constexpr std::uint8_t kVersion = 1;
  u128 weight = 0;
  auto fields() { return std::tie(weight); }
  auto fields() const { return std::tie(weight); }
};

// The key of a schedule entry of HandlerId::kMarketForgets: an order with its agreement, or an
// agreement without order.
struct ForgetKey {
  OrderId order;
  AgreementId agreement;
  auto fields() { return std::tie(order, agreement); }
  auto fields() const { return std::tie(order, agreement); }
};

inline constexpr store::Table<OrderId, Order> kOrders{chain::kOrdersTable};
inline constexpr store::Table<BidKey, Bid> kBids{chain::kBidsTable};
inline constexpr store::Table<AgreementId, Agreement> kAgreements{chain::kAgreementsTable};
inline constexpr store::Table<store::OneRow, Counters> kCounters{chain::kMarketCounterTable};
inline constexpr store::Table<LiveAgreementKey, Marker> kLiveAgreements{
    chain::kAgreementsByOperatorTable};
inline constexpr store::Table<OpenOrderKey, Marker> kOpenOrders{chain::kOpenOrdersTable};
inline constexpr store::Table<OfferId, Offer> kOffers{chain::kOffersTable};
inline constexpr store::Table<store::OneRow, MarketParams> kParams{chain::kMarketParamsTable};
inline constexpr store::Table<EpochKey, Epoch> kEpochs{chain::kEpochsTable};
inline constexpr store::Table<EpochWeightKey, EpochWeight> kEpochWeights{chain::kEpochWeightsTable};

}  // namespace tp::market
