#include "networks/compute/agent/inventory.h"

#include <gtest/gtest.h>

#include "networks/compute/agent/fakes.h"

namespace tp::compute::provider {
namespace {

constexpr Quantities kMachine{.cpu_milli = 2000, .memory_bytes = 1 << 30, .disk_bytes = 1 << 30};
const OrderId kFirst{kCustomer, 1, 1, 1};
const OrderId kSecond{kCustomer, 2, 1, 1};

TEST(Inventory, ReservesAllReplicas) {
  Inventory inventory(kMachine, {}, {});
  ASSERT_TRUE(inventory.reserve(kFirst, {unit(500, 128, 64, 2)}));
  const auto report = inventory.report();
  EXPECT_EQ(report.pending.cpu_milli, 1000);
  EXPECT_EQ(report.pending.memory_bytes, (256 + 2 * 3) << 20);  // each has its conmon
  EXPECT_EQ(report.available.cpu_milli, 1000);
}

TEST(Inventory, RefusesWhatDoesNotFitAndSaysWhatIsFree) {
  Inventory inventory(kMachine, {}, {});
  const auto refused = inventory.reserve(kFirst, {unit(2001, 1, 1)});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), InventoryError::kNoRoom));
  EXPECT_NE(refused.error().text.find("2001 asked, 2000 free"), std::string::npos);
  EXPECT_FALSE(inventory.reserve(kFirst, {unit(10, 1025, 1)}));
  EXPECT_FALSE(inventory.reserve(kFirst, {unit(10, 1, 1025)}));
  EXPECT_EQ(inventory.report().pending_count, 0u);
}

TEST(Inventory, WhatImagesTakeOfTheDiskIsNotPromised) {
  Inventory inventory(kMachine, {}, {.disk_percent = 200});
  ASSERT_TRUE(inventory.reserve(kFirst, {unit(10, 1, 512)}));
  inventory.set_disk(300 << 20);
  EXPECT_EQ(inventory.report().available.disk_bytes, 88 << 20);
  EXPECT_FALSE(inventory.reserve(kSecond, {unit(10, 1, 89)}));
  const std::uint64_t before = inventory.releases();
  inventory.set_disk(1 << 30);
  EXPECT_GT(inventory.releases(), before);
  EXPECT_TRUE(inventory.reserve(kSecond, {unit(10, 1, 89)}));
}

TEST(Inventory, AnOrderIsReservedOnce) {
  Inventory inventory(kMachine, {}, {});
  ASSERT_TRUE(inventory.reserve(kFirst, {unit(10, 1, 1)}));
  EXPECT_FALSE(inventory.reserve(kFirst, {unit(10, 1, 1)}));
}

TEST(Inventory, ReleasingGivesBackWhatWasReserved) {
  Inventory inventory(kMachine, {}, {});
  ASSERT_TRUE(inventory.reserve(kFirst, {unit(2000, 1, 1)}));
  EXPECT_FALSE(inventory.reserve(kSecond, {unit(10, 1, 1)}));
  inventory.release(kFirst);
  inventory.release(kFirst);
  EXPECT_EQ(inventory.releases(), 1u);
  EXPECT_TRUE(inventory.reserve(kSecond, {unit(10, 1, 1)}));
}

TEST(Inventory, AcceptedBidsAreActive) {
  Inventory inventory(kMachine, {}, {});
  ASSERT_TRUE(inventory.reserve(kFirst, {unit(10, 1, 1)}));
  inventory.activate(kFirst);
  EXPECT_EQ(inventory.report().pending_count, 0u);
  EXPECT_EQ(inventory.report().active.cpu_milli, 10);
}

TEST(Inventory, WhatRunsAlreadyMayOverPromiseAndShowsANegativeRest) {
  Inventory inventory(kMachine, {}, {});
  inventory.adopt(kFirst, {unit(3000, 1, 1)}, true);
  EXPECT_EQ(inventory.report().available.cpu_milli, -1000);
  EXPECT_FALSE(inventory.reserve(kSecond, {unit(10, 1, 1)}));
}

TEST(Inventory, OverCommitsByPercent) {
  Inventory inventory(kMachine, {}, {.cpu_percent = 150});
  EXPECT_EQ(inventory.report().total.cpu_milli, 3000);
  EXPECT_TRUE(inventory.reserve(kFirst, {unit(3000, 1, 1)}));
}

TEST(Inventory, MemoryBackedVolumesCountAsMemory) {
  ResourceUnit one = unit(10, 100, 5);
  one.resources.storage.push_back({.name = "shm",
                                   .bytes = 50 << 20,
                                   .attributes = {{"class", "ram"}, {"persistent", "false"}}});
  const Quantities taken = quantities_of({one});
  EXPECT_EQ(taken.memory_bytes, (150 + 3) << 20);
  EXPECT_EQ(taken.disk_bytes, 5 << 20);
}

TEST(Inventory, CountsTheMemoryThatASmallReplicaIsGiven) {
  EXPECT_EQ(quantities_of({unit(10, 1, 64, 4)}).memory_bytes, 4 * (8 + 3) << 20);
  EXPECT_EQ(quantities_of({unit(10, 8, 64)}).memory_bytes, (8 + 3) << 20);
}

TEST(Inventory, AbsurdAmountsDoNotWrap) {
  ResourceUnit one = unit(10, 1, 1, 4'000'000'000);
  one.resources.memory.bytes = UINT64_MAX;
  EXPECT_GT(quantities_of({one, one}).memory_bytes, 0);
  EXPECT_FALSE(Inventory(kMachine, {}, {}).reserve(kFirst, {one, one}));
}

ResourceUnit with_gpu(std::uint64_t count, std::string model) {
  ResourceUnit out = unit(10, 1, 1);
  out.resources.gpu = {.units = count, .attributes = {{std::move(model), "true"}}};
  return out;
}

TEST(Inventory, NamesTheGpuThatAWildcardGot) {
  Inventory inventory(kMachine, {{"nvidia", "a100", "80Gi", "sxm"}}, {});
  const auto offer = inventory.reserve(kFirst, {with_gpu(1, "vendor/nvidia/model/*")});
  ASSERT_TRUE(offer);
  EXPECT_EQ((*offer)[0].resources.gpu.attributes[0].key,
            "vendor/nvidia/model/a100/ram/80Gi/interface/sxm");
  EXPECT_FALSE(inventory.reserve(kSecond, {with_gpu(1, "vendor/nvidia/model/*")}));
}

TEST(Inventory, GivesNoOtherModelThanWasAskedFor) {
  Inventory inventory(kMachine, {{"nvidia", "t4", "16Gi", ""}}, {});
  EXPECT_FALSE(inventory.reserve(kFirst, {with_gpu(1, "vendor/nvidia/model/a100")}));
  EXPECT_FALSE(inventory.reserve(kFirst, {with_gpu(1, "vendor/nvidia/model/t4/ram/32Gi")}));
  EXPECT_TRUE(inventory.reserve(kFirst, {with_gpu(1, "vendor/nvidia/model/t4/ram/16Gi")}));
}

}  // namespace
}  // namespace tp::compute::provider
