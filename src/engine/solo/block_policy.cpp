#include "engine/solo/block_policy.h"

#include <algorithm>

namespace tp::solo {
namespace {

constexpr Duration operator+(Duration a, Duration b) {
  return {a.nanoseconds + b.nanoseconds};
}

}  // namespace

Duration next_block_at(const BlockPolicy& policy, const BlockSituation& situation) {
  if (policy.fixed_interval) return situation.last_at + *policy.fixed_interval;
  if (situation.waiting_txs > 0) {
    const bool busy = situation.last_txs > policy.busy_txs;
    if (!busy || situation.waiting_txs >= policy.full_txs) return situation.last_at;
    return situation.last_at + policy.busy_interval;
  }
  const Duration pause = situation.last_did_something
                             ? std::min(policy.prove_after, policy.idle_interval)
                             : policy.idle_interval;
  return situation.last_at + pause;
}

bool is_long(const ReplayWork& work) {
  constexpr std::int64_t kReplayMax = Duration::milliseconds(800).nanoseconds;
  // A secp256k1 verification, shared by two processors.
  constexpr std::int64_t kVerification = 25'000;
  return work.execution.nanoseconds + static_cast<std::int64_t>(work.txs) * kVerification >=
         kReplayMax;
}

}  // namespace tp::solo
