#include "networks/compute/agent/pricing.h"

#include <gtest/gtest.h>

#include "networks/compute/agent/fakes.h"

namespace tp::compute::provider {
namespace {

Decimal d(std::string_view text) {
  return *Decimal::parse(text);
}

// Base units for an hour; 600 ticks of 6 s.
HourlyRates rates() {
  return {.cpu_core = d("6000"),
          .memory_gib = d("600"),
          .storage_gib = {{"ephemeral", d("60")}, {"default", d("120")}},
          .gpu = d("60000"),
          .gpu_models = {{"a100", d("120000")}},
          .endpoint = d("6"),
          .leased_ip = d("12")};
}

Result<Decimal> price(const std::vector<ResourceUnit>& units, HourlyRates with = rates(),
                      Duration tick = Duration::seconds(6)) {
  return ScalePricing(std::move(with), tick).price({.owner = kCustomer, .units = units});
}

TEST(ScalePricing, SumsCpuMemoryStorageAndEndpointsPerTick) {
  // 1 core 10, 1 GiB 1, 1 GiB of disk 0.1, one endpoint 0.01.
  EXPECT_EQ(*price({unit(1000, 1024, 1024)}), d("11.11"));
}

TEST(ScalePricing, WhatDividesEvenlyIsExact) {
  HourlyRates with{
      .cpu_core = d("2000"), .memory_gib = d("1000"), .storage_gib = {{"ephemeral", d("30")}}};
  EXPECT_EQ(*price({unit(100, 32, 64)}, with), d("0.388541666666666667"));
  EXPECT_EQ(*price({unit(300, 1536, 1024)}, with), d("3.55"));
}

TEST(ScalePricing, MultipliesReplicasButNotEndpoints) {
  EXPECT_EQ(*price({unit(1000, 1024, 1024, 3)}), d("33.31"));
}

TEST(ScalePricing, ScalesWithTheTick) {
  EXPECT_EQ(*price({unit(1000, 1024, 1024)}, rates(), Duration::seconds(60)), d("111.1"));
}

TEST(ScalePricing, RoundsUpInTheLastDigit) {
  HourlyRates with{.cpu_core = d("0.000000000000000001"), .storage_gib = {{"ephemeral", d("0")}}};
  EXPECT_EQ(*price({unit(10, 1, 5)}, with), d("0.000000000000000001"));
}

TEST(ScalePricing, PricesStorageByItsClass) {
  ResourceUnit one = unit(1000, 1024, 1024);
  one.resources.storage.push_back({.name = "data",
                                   .bytes = 1 << 30,
                                   .attributes = {{"class", "default"}, {"persistent", "true"}}});
  EXPECT_EQ(*price({one}), d("11.31"));
}

TEST(ScalePricing, PricesMemoryBackedVolumesAsMemory) {
  ResourceUnit one = unit(1000, 1024, 1024);
  one.resources.storage.push_back(
      {.name = "shm", .bytes = 1 << 30, .attributes = {{"class", "ram"}, {"persistent", "false"}}});
  EXPECT_EQ(*price({one}), d("12.11"));
}

TEST(ScalePricing, RefusesAStorageClassWithoutARate) {
  ResourceUnit one = unit(1000, 1024, 1024);
  one.resources.storage[0].attributes = {{"class", "beta3"}, {"persistent", "true"}};
  const auto refused = price({one});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), PricingError::kUnknownClass));
}

TEST(ScalePricing, PricesAGpuByItsModel) {
  ResourceUnit one = unit(1000, 1024, 1024);
  one.resources.gpu = {.units = 2, .attributes = {{"vendor/nvidia/model/a100", "true"}}};
  EXPECT_EQ(*price({one}), d("411.11"));
  one.resources.gpu.attributes = {{"vendor/nvidia/model/t4", "true"}};
  EXPECT_EQ(*price({one}), d("211.11"));
}

TEST(ScalePricing, NothingIsFree) {
  HourlyRates with{.storage_gib = {{"ephemeral", d("0")}}};
  const auto refused = price({unit(1000, 1024, 1024)}, with);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), PricingError::kZeroPrice));
}

TEST(ScalePricing, AGpuIsNotFreeEither) {
  HourlyRates with = rates();
  with.gpu = Decimal();
  ResourceUnit one = unit(1000, 1024, 1024);
  one.resources.gpu = {.units = 1, .attributes = {{"vendor/nvidia/model/t4", "true"}}};
  EXPECT_FALSE(price({one}, with));
}

TEST(PriceMax, IsTheSumOfPriceTimesCount) {
  const auto most = price_max({unit(100, 32, 64, 2, "1.5"), unit(100, 32, 64, 3, "2")});
  ASSERT_TRUE(most);
  EXPECT_EQ(most->amount, d("9"));
  EXPECT_EQ(most->denom, "utoll");
}

TEST(PriceMax, RefusesTwoDenominations) {
  auto other = unit(100, 32, 64);
  other.price.denom = "uusd";
  EXPECT_FALSE(price_max({unit(100, 32, 64), other}));
}

class FakeHost final : public workload::Host {
 public:
  workload::Ran answer;
  workload::Command seen;
  Result<workload::Ran> run(const workload::Command& what, std::stop_token) override {
    seen = what;
    return answer;
  }
  Result<int> spawn(const workload::Spawn&) override { return 0; }
};

TEST(ScriptPricing, ReadsOneDecimal) {
  FakeHost host;
  host.answer.output = "1.25\n";
  ScriptPricing script(host, "/bin/price");
  EXPECT_EQ(*script.price({.owner = kCustomer, .units = {unit(100, 32, 64)}}), d("1.25"));
  EXPECT_EQ(host.seen.argv, std::vector<std::string>{"/bin/price"});
  EXPECT_EQ(host.seen.timeout, Duration::seconds(10));
}

TEST(ScriptPricing, TellsTheOrderAsJson) {
  const Quote quote{.owner = kCustomer, .units = {unit(100, 32, 64, 2)}, .most = {"utoll", d("5")}};
  EXPECT_EQ(ScriptPricing::input_for(quote),
            R"({"resources":[{"memory":33554432,"cpu":100,"gpu":{"units":0,"attributes":)"
            R"({"vendor":{}}},"storage":[{"class":"ephemeral","size":67108864}],"count":2,)"
            R"("endpoint_quantity":1,"ip_lease_quantity":0}],"price":{"denom":"utoll",)"
            R"("amount":"5.000000000000000000"},"price_precision":6})");
}

TEST(ScriptPricing, AnotherExitCodeIsNoBid) {
  FakeHost host;
  host.answer = {.exit_code = 1, .output = "1", .errors = "no"};
  const auto refused = ScriptPricing(host, "/bin/price").price({});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), PricingError::kScript));
}

TEST(ScriptPricing, MoreThanOneDecimalIsNoPrice) {
  FakeHost host;
  for (const char* text : {"", "1 2", "abc", "-1", "1e3", "1\n2"}) {
    host.answer.output = text;
    EXPECT_FALSE(ScriptPricing(host, "/bin/price").price({})) << text;
  }
}

TEST(ScriptPricing, ZeroIsNoPrice) {
  FakeHost host;
  host.answer.output = "0\n";
  EXPECT_TRUE(is(ScriptPricing(host, "/bin/price").price({}).error(), PricingError::kZeroPrice));
}

}  // namespace
}  // namespace tp::compute::provider
