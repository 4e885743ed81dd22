#include "networks/compute/agent/settings.h"

#include <gtest/gtest.h>

namespace tp::compute::provider {
namespace {

TEST(Settings, TheDefaultsAreGood) {
  EXPECT_TRUE(rates_of({}));
  EXPECT_TRUE(workload_config({}, "/var/lib/p"));
}

TEST(Settings, EveryPromisedStorageClassNeedsARateUnlessAScriptNamesPrices) {
  Settings settings{.storage_classes = {"default", "beta3"}};
  const auto missing = rates_of(settings);
  ASSERT_FALSE(missing);
  EXPECT_EQ(
      missing.error().text,
      "pricing.storage: no rate for class \"beta3\", which capacity.storage_classes promises: "
      "invalid setting");
  settings.pricing_script = "/usr/local/bin/price";
  EXPECT_TRUE(rates_of(settings));
  settings.pricing_script.clear();
  settings.price_storage.push_back("beta3=90");
  EXPECT_TRUE(rates_of(settings));
}

TEST(Settings, MirrorsAndPromisedDiskReachTheRuntime) {
  const auto config = workload_config(
      {.registry_mirrors = {"docker.io=http://127.0.0.1:5000", "ghcr.io=https://cache.lan/ghcr"},
       .disk_percent = 250},
      "/var/lib/p");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->disk_percent, 250u);
  ASSERT_EQ(config->registry_mirrors.size(), 2u);
  EXPECT_EQ(config->registry_mirrors[1], (workload::Mirror{"ghcr.io", "cache.lan", "ghcr", false}));
}

TEST(Settings, ABadMirrorIsRefusedByItsKey) {
  const auto config = workload_config({.registry_mirrors = {"docker.io"}}, "/var/lib/p");
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().text.starts_with("runtime.registry_mirrors: \"docker.io\" "))
      << config.error().text;
}

}  // namespace
}  // namespace tp::compute::provider
