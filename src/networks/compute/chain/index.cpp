#include "networks/compute/chain/index.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace tp::compute {

void Index::loaded(const store::StateVersion& state) {
  Result<std::set<DeploymentId>> active = active_in_(state);
  TP_ASSERT(active.has_value());  // state itself never fails
  const std::unique_lock lock(mutex_);
  active_ = *std::move(active);
  height_ = state.height();
  steps_.assign(1, Step{.height = *height_, .changes = {}});
}

void Index::committed(const store::WriteSet& writes, const store::StateVersion&,
                      const store::StateVersion& after) {
  Step step{.height = after.height(), .changes = {}};
  if (const auto store = writes.find(kDeployments.id().store); store != writes.end()) {
    const store::KeyRange range =
        store::KeyRange::with_prefix(kDeployments.raw_key(std::tuple<>{}));
    for (auto row = std::ranges::lower_bound(store->second, range.from, {}, &store::Write::key);
         row != store->second.end() && row->key < range.to; ++row) {
      const bool active =
          row->value && kDeployments.decoded(*row->value).state == DeploymentState::kActive;
      step.changes.emplace_back(kDeployments.decoded_key(row->key), active);
    }
  }
  const std::unique_lock lock(mutex_);
  // Only what really changes is undone later.
  std::erase_if(step.changes, [this](const auto& change) {
    return active_.contains(change.first) == change.second;
  });
  for (const auto& [id, active] : step.changes) {
    if (active)
      active_.insert(id);
    else
      active_.erase(id);
  }
  height_ = step.height;
  steps_.push_back(std::move(step));
  if (steps_.size() > kHeightsKept) steps_.pop_front();
}

std::optional<std::vector<DeploymentId>> Index::active(Height height, const DeploymentId& from,
                                                       std::size_t count) const {
  const std::shared_lock lock(mutex_);
  if (!height_ || height > *height_) return std::nullopt;
  // How it was at `height`, where later blocks have changed it: the earliest change decides.
  std::map<DeploymentId, bool> was_active;
  bool reached = height == *height_;
  for (auto step = steps_.rbegin(); !reached && step != steps_.rend(); ++step) {
    for (const auto& [id, active] : step->changes) was_active[id] = !active;
    const auto older = std::next(step);
    reached = older != steps_.rend() && older->height <= height;
  }
  if (!reached) return std::nullopt;

  std::vector<DeploymentId> found;
  auto now = active_.lower_bound(from);
  auto then = was_active.lower_bound(from);
  while (found.size() < count && (now != active_.end() || then != was_active.end())) {
    const bool changed = then != was_active.end() && (now == active_.end() || then->first <= *now);
    if (!changed) {
      found.push_back(*now++);
      continue;
    }
    if (now != active_.end() && *now == then->first) ++now;
    if (then->second) found.push_back(then->first);
    ++then;
  }
  return found;
}

Result<std::set<DeploymentId>> active_by_accounts(const escrow::Escrow& escrow,
                                                  const store::Reader& state) {
  std::set<DeploymentId> active;
  TRY_VOID(kEscrowOwners.scan(
      state, std::tuple<>{},
      [&](const escrow::AccountId& id, const EscrowOwner& owner) -> Result<store::Step> {
        TRY(const std::optional<escrow::Account> account, escrow.find(state, id));
        if (account && account->status != escrow::AccountStatus::kClosed)
          active.insert(owner.deployment);
        return store::Step::kGoOn;
      }));
  return active;
}

}  // namespace tp::compute
