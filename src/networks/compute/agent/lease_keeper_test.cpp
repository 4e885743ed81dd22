#include "networks/compute/agent/lease_keeper.h"

#include <gtest/gtest.h>

#include "base/memory_disk.h"
#include "networks/compute/agent/fakes.h"
#include "networks/compute/spec/error.h"

namespace tp::compute::provider {
namespace {

class LeaseKeeperTest : public ::testing::Test {
 protected:
  FakeClock clock_;
  FakeMarket market_;
  FakeWorkloads workloads_;
  MemoryDisk disk_;
  Inventory inventory_{
      {.cpu_milli = 8000, .memory_bytes = 8ll << 30, .disk_bytes = 8ll << 30}, {}, {}};
  std::unique_ptr<LeaseKeeper> keeper_;

  void SetUp() override {
    ASSERT_TRUE(disk_.make_directories("/p/manifests"));
    restart();
  }
  void restart() {
    keeper_ = std::make_unique<LeaseKeeper>(
        market_, inventory_, workloads_, disk_, clock_,
        KeeperSettings{.directory = "/p/manifests",
                       .provider = kUs,
                       .plan = {.ingress_domain = "localhost", .public_host = "127.0.0.1"}});
  }
  static workload::LeaseKey key(const OrderId& id) { return lease_key(id, kUs); }

  // A lease that stands on chain, with its deployment; the manifest that fits it.
  OrderId lease(std::uint64_t dseq, std::string image = "hello:1") {
    const Order asked = order(dseq);
    market_.orders[asked.id] = asked;
    market_.accept(asked.id);
    market_.deployments[dseq] = {.active = true,
                                 .hash = manifest_hash(manifest_for(asked.spec, image)).bytes(),
                                 .groups = {{1, asked.spec}}};
    return asked.id;
  }
  OrderId won(std::uint64_t dseq) {
    const OrderId id = lease(dseq);
    keeper_->lease_won(market_.leases[id], market_.orders[id].spec);
    return id;
  }
  Result<void> put(std::uint64_t dseq, std::string image = "hello:1") {
    return keeper_->put_manifest(kCustomer, dseq,
                                 canonical_json(manifest_for(order(dseq).spec, image)));
  }
};

TEST_F(LeaseKeeperTest, AManifestStartsTheWorkload) {
  const OrderId id = won(1);
  EXPECT_TRUE(is(keeper_->check_running(id).error(), LeaseError::kNoManifest));
  const auto put_outcome = put(1);
  ASSERT_TRUE(put_outcome) << put_outcome.error().text;
  ASSERT_TRUE(workloads_.running.contains(key(id)));
  const workload::Service& service = workloads_.running[key(id)].services.at(0);
  EXPECT_EQ(service.image, "hello:1");
  EXPECT_EQ(service.exposes.at(0).hosts.size(), 1u);
  EXPECT_TRUE(keeper_->check_running(id));
}

TEST_F(LeaseKeeperTest, TheSameManifestAgainChangesNothing) {
  won(1);
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(put(1));
  EXPECT_EQ(workloads_.updates, 0u);
}

TEST_F(LeaseKeeperTest, AManifestWithoutALeaseIsRefused) {
  EXPECT_TRUE(is(put(1).error(), LeaseError::kNoLease));
}

TEST_F(LeaseKeeperTest, NobodySendsAManifestForAnothersLease) {
  won(1);
  const auto refused =
      keeper_->put_manifest("turn1thief", 1, canonical_json(manifest_for(order(1).spec, "x:1")));
  EXPECT_TRUE(is(refused.error(), LeaseError::kNoLease));
}

TEST_F(LeaseKeeperTest, AManifestWithAnotherHashIsRefused) {
  won(1);
  EXPECT_TRUE(is(put(1, "other:1").error(), LeaseError::kWrongHash));
  EXPECT_TRUE(workloads_.running.empty());
}

TEST_F(LeaseKeeperTest, AManifestThatDoesNotFitItsGroupsIsRefused) {
  const OrderId id = won(1);
  GroupSpec larger = order(1).spec;
  larger.resources[0].resources.cpu.milli_units = 8000;
  const Manifest manifest = manifest_for(larger, "hello:1");
  market_.deployments[1].hash = manifest_hash(manifest).bytes();
  const auto refused = keeper_->put_manifest(kCustomer, 1, canonical_json(manifest));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().codespace, describe(SpecError::kManifestMismatch).codespace);
  EXPECT_FALSE(workloads_.running.contains(key(id)));
}

TEST_F(LeaseKeeperTest, WhatIsNoManifestIsRefused) {
  won(1);
  for (const char* text : {"", "{}", "[", "[{\"name\":1}]"})
    EXPECT_EQ(keeper_->put_manifest(kCustomer, 1, text).error().codespace,
              describe(SpecError::kInvalidManifest).codespace)
        << text;
}

TEST_F(LeaseKeeperTest, AClosedDeploymentTakesNoManifest) {
  won(1);
  market_.deployments[1].active = false;
  EXPECT_TRUE(is(put(1).error(), LeaseError::kDeploymentClosed));
}

TEST_F(LeaseKeeperTest, AnUpdateReplacesTheWorkload) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  market_.deployments[1].hash = manifest_hash(manifest_for(order(1).spec, "hello:2")).bytes();
  ASSERT_TRUE(put(1, "hello:2"));
  EXPECT_EQ(workloads_.updates, 1u);
  EXPECT_EQ(workloads_.running[key(id)].services[0].image, "hello:2");
}

TEST_F(LeaseKeeperTest, AnUpdateThatACrashCutShortIsDoneAtTheNextStart) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  const workload::LeaseWorkload before = workloads_.running[key(id)];
  market_.deployments[1].hash = manifest_hash(manifest_for(order(1).spec, "hello:2")).bytes();
  ASSERT_TRUE(put(1, "hello:2"));
  workloads_.running[key(id)] = before;
  restart();
  ASSERT_TRUE(keeper_->sync());
  EXPECT_EQ(workloads_.running[key(id)].services[0].image, "hello:2");
}

TEST_F(LeaseKeeperTest, AWorkloadThatTheMachineRefusesIsNotRemembered) {
  const OrderId id = won(1);
  workloads_.refuses = Error{"workload", 3, "no"};
  EXPECT_FALSE(put(1));
  EXPECT_TRUE(is(keeper_->manifest(id).error(), LeaseError::kNoManifest));
  workloads_.refuses.reset();
  restart();
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(workloads_.running.empty());
}

TEST_F(LeaseKeeperTest, ALeaseThatTheChainClosedEnds) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  market_.leases[id].state = LeaseState::kClosed;
  keeper_->touch(id);
  ASSERT_TRUE(keeper_->work());
  EXPECT_TRUE(workloads_.running.empty());
  // What it held is free when nothing of it is left.
  EXPECT_EQ(inventory_.report().active_count, 1u);
  workloads_.stopping.clear();
  ASSERT_TRUE(keeper_->work());
  EXPECT_EQ(inventory_.report().active_count, 0u);
}

TEST_F(LeaseKeeperTest, ALeaseWithoutFundsEnds) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  market_.leases[id].state = LeaseState::kInsufficientFunds;
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(workloads_.running.empty());
}

TEST_F(LeaseKeeperTest, AReclaimingLeaseGoesOn) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  market_.leases[id].state = LeaseState::kReclaiming;
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(workloads_.running.contains(key(id)));
}

TEST_F(LeaseKeeperTest, ANodeThatIsAwayEndsNothing) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  market_.away = true;
  keeper_->touch(id);
  EXPECT_FALSE(keeper_->work());
  EXPECT_FALSE(keeper_->sync());
  EXPECT_TRUE(workloads_.running.contains(key(id)));
}

TEST_F(LeaseKeeperTest, ANodeThatIsBehindEndsNothing) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  ASSERT_TRUE(keeper_->sync());
  market_.leases.clear();
  market_.at = Height{50};
  restart();  // it remembers what it has seen
  const auto refused = keeper_->sync();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is(refused.error(), LeaseError::kNodeBehind));
  EXPECT_TRUE(workloads_.running.contains(key(id)));
}

TEST_F(LeaseKeeperTest, ALeaseThatTheChainHasForgottenEnds) {
  won(1);
  ASSERT_TRUE(put(1));
  market_.leases.clear();
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(workloads_.running.empty());
}

TEST_F(LeaseKeeperTest, AfterARestartLeasesGoOn) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  restart();
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(keeper_->manifest(id));
  EXPECT_TRUE(workloads_.running.contains(key(id)));
}

TEST_F(LeaseKeeperTest, AnAcceptedManifestIsStartedAfterACrash) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  workloads_.running.clear();  // the crash came before the runtime knew
  restart();
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(workloads_.running.contains(key(id)));
}

TEST_F(LeaseKeeperTest, WhatRunsWithoutALeaseIsEnded) {
  const OrderId id{kCustomer, 9, 1, 1};
  workloads_.running[key(id)] = {.key = key(id)};
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(workloads_.running.empty());
}

TEST_F(LeaseKeeperTest, ALeaseWonWhileAwayIsFound) {
  const OrderId id = lease(1);
  ASSERT_TRUE(keeper_->sync());
  EXPECT_EQ(keeper_->report().awaiting_manifest, 1u);
  EXPECT_EQ(inventory_.report().active_count, 1u);
  EXPECT_TRUE(put(1));
  EXPECT_TRUE(workloads_.running.contains(key(id)));
}

TEST_F(LeaseKeeperTest, ALeaseWithoutAManifestIsGivenUpInTime) {
  const OrderId id = won(1);
  ASSERT_TRUE(keeper_->work());
  EXPECT_TRUE(market_.sent.empty());
  clock_.at = clock_.at + Duration::minutes(5);
  ASSERT_TRUE(keeper_->work());
  ASSERT_EQ(market_.sent.size(), 1u);
  EXPECT_EQ(std::get<CloseBid>(market_.sent[0]).reason, CloseReason::kManifestTimeout);
  ASSERT_TRUE(keeper_->work());
  EXPECT_TRUE(is(keeper_->check_running(id).error(), LeaseError::kNoLease));
}

TEST_F(LeaseKeeperTest, ALeaseWithAManifestIsNotGivenUp) {
  won(1);
  ASSERT_TRUE(put(1));
  clock_.at = clock_.at + Duration::minutes(30);
  ASSERT_TRUE(keeper_->work());
  EXPECT_TRUE(market_.sent.empty());
}

TEST_F(LeaseKeeperTest, EarningsAreDrawnEachPeriodInOneTransaction) {
  for (std::uint64_t dseq = 1; dseq <= 3; ++dseq) {
    won(dseq);
    ASSERT_TRUE(put(dseq));
  }
  clock_.at = clock_.at + Duration::hours(24);
  ASSERT_TRUE(keeper_->work());
  EXPECT_EQ(market_.sent.size(), 3u);
  EXPECT_EQ(market_.transactions, 1u);
  EXPECT_TRUE(std::holds_alternative<Withdraw>(market_.sent[0]));
  ASSERT_TRUE(keeper_->work());
  EXPECT_EQ(market_.sent.size(), 3u);
}

TEST_F(LeaseKeeperTest, EarningsAreDrawnAsOftenHoweverOftenTheProviderRestarts) {
  won(1);
  ASSERT_TRUE(put(1));
  for (int hours = 6; hours <= 72; hours += 6) {
    clock_.at = clock_.at + Duration::hours(6);
    ASSERT_TRUE(keeper_->work());
    restart();
    ASSERT_TRUE(keeper_->sync());
  }
  EXPECT_EQ(market_.sent.size(), 3u);
}

TEST_F(LeaseKeeperTest, AManifestThatArrivesWhileItsLeaseEndsStartsNothing) {
  const OrderId id = won(1);
  market_.while_asked = [&] {
    market_.leases[id].state = LeaseState::kClosed;
    keeper_->touch(id);
    ASSERT_TRUE(keeper_->work());
  };
  EXPECT_TRUE(is(put(1).error(), LeaseError::kNoLease));
  EXPECT_TRUE(workloads_.running.empty());
  EXPECT_EQ(disk_.list("/p/manifests")->size(), 1u) << "only the height";
}

TEST_F(LeaseKeeperTest, ManifestsWithoutALeaseAreSweptAway) {
  const OrderId id = won(1);
  ASSERT_TRUE(put(1));
  const std::string orphan = "/p/manifests/" + std::string(64, 'a') + ".json";
  ASSERT_TRUE(write_atomically(disk_, orphan, "{}"));
  restart();
  market_.away = true;
  EXPECT_FALSE(keeper_->sync());
  EXPECT_TRUE(disk_.exists(orphan)) << "nothing is known yet";
  market_.away = false;
  ASSERT_TRUE(keeper_->sync());
  EXPECT_FALSE(disk_.exists(orphan));
  restart();
  ASSERT_TRUE(keeper_->sync());
  EXPECT_TRUE(keeper_->manifest(id));
}

}  // namespace
}  // namespace tp::compute::provider
