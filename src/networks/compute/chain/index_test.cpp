#include "networks/compute/chain/index.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/executor.h"
#include "base/memory_disk.h"

namespace tp::compute {
namespace {

Result<std::set<DeploymentId>> active_by_table(const store::Reader& state) {
  std::set<DeploymentId> active;
  TRY_VOID(
      kDeployments.scan(state, std::tuple<>{},
                        [&](const DeploymentId& id, const Deployment& row) -> Result<store::Step> {
                          if (row.state == DeploymentState::kActive) active.insert(id);
                          return store::Step::kGoOn;
                        }));
  return active;
}

// A state of nothing but deployments.
class Deployments {
 public:
  Deployments() {
    auto opened = store::StateStore::open(
        {.directory = "state",
         .schema = {.version = 1,
                    .stores = {{.id = chain::kComputeStore, .name = "compute", .tables = {}}}}},
        disk_, clock_, executor_, executor_);
    TP_ASSERT(opened.has_value());
    store_ = std::move(*opened);
    store_->add_observer(index);
  }
  ~Deployments() { store_->remove_observer(index); }

  // The next block turns each deployment on (true), off (false) or forgets it (nothing).
  void block(const std::vector<std::pair<std::uint64_t, std::optional<bool>>>& changes) {
    const store::StatePtr base = store_->latest();
    store::Overlay writes(*base);
    for (const auto& [dseq, active] : changes) {
      const DeploymentId id = id_of(dseq);
      const Deployment row{.state = active.value_or(false) ? DeploymentState::kActive
                                                           : DeploymentState::kClosed};
      TP_ASSERT(active ? kDeployments.put(writes, id, row).has_value()
                       : kDeployments.erase(writes, id).has_value());
    }
    TP_ASSERT(store_->commit(base->height().next(), writes.writes(), {}).has_value());
  }
  Height height() const { return store_->latest()->height(); }
  std::vector<DeploymentId> scanned(Height at) const {
    const auto active = active_by_table(**store_->at(at));
    return {active->begin(), active->end()};
  }
  static DeploymentId id_of(std::uint64_t dseq) {
    Address owner;
    owner.data[0] = static_cast<std::uint8_t>(dseq % 3);
    return {owner, dseq};
  }

  Index index{active_by_table};

 private:
  MemoryDisk disk_;
  SystemClock clock_;
  InlineExecutor executor_;
  std::unique_ptr<store::StateStore> store_;
};

TEST(IndexTest, ItHoldsWhatIsActive) {
  Deployments deployments;
  deployments.block({{1, true}, {2, true}, {3, false}});
  const auto active = deployments.index.active(deployments.height(), {}, 10);
  ASSERT_TRUE(active);
  EXPECT_EQ(*active, (std::vector{Deployments::id_of(1), Deployments::id_of(2)}));
}

TEST(IndexTest, APageBeginsAndEndsWhereItIsToldTo) {
  Deployments deployments;
  deployments.block({{1, true}, {4, true}, {7, true}});
  EXPECT_EQ(deployments.index.active(deployments.height(), Deployments::id_of(4), 1),
            std::vector{Deployments::id_of(4)});
}

TEST(IndexTest, AHeightThatIsTooOldOrToComeIsNotHeld) {
  Deployments deployments;
  const Height first = deployments.height();
  for (std::size_t i = 0; i <= Index::kHeightsKept; ++i) deployments.block({{1, i % 2 == 0}});
  EXPECT_FALSE(deployments.index.active(first, {}, 10));
  EXPECT_FALSE(deployments.index.active(deployments.height().next(), {}, 10));
  EXPECT_FALSE(Index(active_by_table).active(Height{1}, {}, 10));
}

RC_GTEST_PROP(IndexProperty, EveryHeightThatItHoldsIsAsTheTableSays, ()) {
  Deployments deployments;
  const auto change = rc::gen::pair(rc::gen::inRange<std::uint64_t>(1, 8),
                                    rc::gen::maybe(rc::gen::arbitrary<bool>()));
  const auto blocks =
      *rc::gen::container<std::vector<std::vector<std::pair<std::uint64_t, rc::Maybe<bool>>>>>(
          rc::gen::container<std::vector<std::pair<std::uint64_t, rc::Maybe<bool>>>>(change));
  for (const auto& block : blocks) {
    std::vector<std::pair<std::uint64_t, std::optional<bool>>> changes;
    for (const auto& [dseq, active] : block)
      changes.emplace_back(dseq, active ? std::optional<bool>(*active) : std::nullopt);
    deployments.block(changes);
  }
  for (Height height{1}; height <= deployments.height(); height = height.next()) {
    const auto active = deployments.index.active(height, {}, 100);
    RC_ASSERT(active.has_value() || deployments.height().value - height.value >=
                                        static_cast<std::int64_t>(Index::kHeightsKept));
    if (active) RC_ASSERT(*active == deployments.scanned(height));
  }
}

}  // namespace
}  // namespace tp::compute
