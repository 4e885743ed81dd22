// The index behind list queries: which deployments are active, in memory, derived from the state
// and never committed. Everything that lives hangs on an active deployment; whatever closed lies
// only in the tables, so that a million closed ones cost a query nothing.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <shared_mutex>
#include <vector>

#include "networks/compute/chain/records.h"
#include "store/state.h"

namespace tp::compute {

class Index final : public store::CommitObserver {
 public:
  // Queries may come this many commits late.
  static constexpr std::size_t kHeightsKept = 64;

  void loaded(const store::StateVersion& state) override;
  void committed(const store::WriteSet& writes, const store::StateVersion& before,
                 const store::StateVersion& after) override;

  // At most `count` deployments that were active after the block of `height`, from `from` on, in
  // order of owner and dseq. Nothing when the index does not hold that height. Thread-safe.
  // Cost: O(log n + count + what the blocks since have changed).
  std::optional<std::vector<DeploymentId>> active(Height height, const DeploymentId& from,
                                                  std::size_t count) const;

 private:
  // What a commit changed: the deployments that became active (true) or ceased to be (false).
  struct Step {
    Height height;
    std::vector<std::pair<DeploymentId, bool>> changes;
  };

  mutable std::shared_mutex mutex_;
  std::optional<Height> height_;  // nothing before the first load
  std::set<DeploymentId> active_;
  std::deque<Step> steps_;  // oldest first; the last one led to height_
};

}  // namespace tp::compute
