// The bytes of records that no saved home holds (src/app/saved_home_test.cpp has all others): a
// changed layout needs a new version, and then another number here.
#include "modules/market/records.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "modules/market/tables.h"

namespace tp::market {
namespace {

TEST(MarketRecords, AnOfferHasTheseBytes) {
  const Offer offer{.network = NetworkId{2},
                    .seller = Address::of(Bytes(20, 's')),
                    .spec = {.payload = "spec", .hash = Hash256::of(Bytes(32, 'h'))},
                    .charge = ChargeKind::kMetered,
                    .price = {Denom::of("utoll"), *Decimal::parse("1.5")},
                    .agreements_max = 300,
                    .agreements_live = 4,
                    .status = OfferStatus::kWithdrawn,
                    .created_height = Height{77}};
  EXPECT_EQ(
      to_hex(store::encode_record(offer)),
      "0102737373737373737373737373737373737373737304737065636868686868686868686868686868686868"
      "686868686868686868686868686868020575746f6c6c0814d1120d7b160000ac0204029a01");
}

TEST(MarketRecords, AnEpochHasTheseBytes) {
  const Epoch epoch{
      .weight = 1'000, .reward = Coin{Denom::of("utoll"), Amount{500}}, .paid = Amount{7}};
  EXPECT_EQ(to_hex(store::encode_record(epoch)), "010203e8010575746f6c6c0201f40107");
}

TEST(MarketRecords, AnEpochWeightHasTheseBytes) {
  EXPECT_EQ(to_hex(store::encode_record(EpochWeight{.weight = 258})), "01020102");
}

TEST(MarketRecords, ParametersHaveTheseBytes) {
  EXPECT_EQ(to_hex(store::encode_record(MarketParams{.retention = Duration{5}})), "010a");
}

}  // namespace
}  // namespace tp::market
