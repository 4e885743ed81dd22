// The index behind list queries: which deployments are active, in memory, derived from the state
// and never committed. Everything that lives hangs on an active deployment; whatever closed lies
// only in the tables, so that a million closed ones cost a query nothing.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <shared_mutex>
#include <vector>

#include "modules/escrow/escrow.h"
#include "networks/compute/chain/records.h"
#include "store/state.h"

namespace tp::compute {

class Index final : public store::CommitObserver {
 public:
  // Queries may come this many commits late.
  static constexpr std::size_t kHeightsKept = 64;
  // All deployments that are active in a state: what an index begins with.
  using ActiveIn = std::function<Result<std::set<DeploymentId>>(const store::Reader& state)>;

  explicit Index(ActiveIn active_in) : active_in_(std::move(active_in)) {}

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

  const ActiveIn active_in_;
  mutable std::shared_mutex mutex_;
  std::optional<Height> height_;  // nothing before the first load
  std::set<DeploymentId> active_;
  std::deque<Step> steps_;  // oldest first; the last one led to height_
};

// A deployment is active exactly while its account is not closed. Accounts are in memory and
// deployments are not, so that a node with a million closed ones starts without reading them.
Result<std::set<DeploymentId>> active_by_accounts(const escrow::Escrow& escrow,
                                                  const store::Reader& state);

}  // namespace tp::compute
