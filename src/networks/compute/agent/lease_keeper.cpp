#include "networks/compute/agent/lease_keeper.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "crypto/sha.h"
#include "networks/compute/spec/error.h"

namespace tp::compute::provider {
namespace {

constexpr Duration kRetry = Duration::minutes(1);
constexpr std::int64_t kHeightsBetweenWrites = 10;

const ManifestGroup* group_named(const Manifest& manifest, const std::string& name) {
  const auto found = std::ranges::find(manifest.groups, name, &ManifestGroup::name);
  return found == manifest.groups.end() ? nullptr : &*found;
}

// The first moment after `now` that lies whole periods after `since`: the same, however often this
// program is started.
BlockTime next_after(BlockTime since, Duration period, BlockTime now) {
  if (period <= Duration{}) return now;
  const std::int64_t age = std::max<std::int64_t>(0, now.nanoseconds - since.nanoseconds);
  return since + Duration{(age / period.nanoseconds + 1) * period.nanoseconds};
}

bool is_not_found(const Error& error) {
  return is(error, workload::WorkloadError::kNotFound);
}

}  // namespace

ErrorInfo describe(LeaseError error) {
  switch (error) {
    case LeaseError::kNoLease: return {"lease", 2, "no lease of this with this provider"};
    case LeaseError::kNoManifest: return {"lease", 3, "no manifest has been sent yet"};
    case LeaseError::kDeploymentClosed: return {"lease", 4, "the deployment is closed"};
    case LeaseError::kWrongHash:
      return {"lease", 5, "not the manifest whose hash is on chain; update the deployment first"};
    case LeaseError::kNodeBehind: return {"lease", 6, "the node is behind"};
  }
  TP_FATAL("LeaseError out of range");
}

LeaseKeeper::LeaseKeeper(Market& market, Inventory& inventory, workload::WorkloadManager& workloads,
                         Disk& disk, const Clock& clock, KeeperSettings settings)
    : market_(market),
      inventory_(inventory),
      workloads_(workloads),
      disk_(disk),
      clock_(clock),
      settings_(std::move(settings)) {}

std::string LeaseKeeper::path_of(const OrderId& id) const {
  return settings_.directory + "/" +
         to_hex(crypto::sha256(lease_key(id, settings_.provider).text()).view()) + ".json";
}

std::optional<Manifest> LeaseKeeper::load_manifest(const OrderId& id) const {
  const auto text = disk_.read(path_of(id));
  if (!text) return std::nullopt;
  auto manifest = parse_manifest_json(*text);
  if (!manifest) {
    log_error("provider", path_of(id) + ": " + manifest.error().text);
    return std::nullopt;
  }
  return std::move(*manifest);
}

Result<void> LeaseKeeper::sync() {
  TRY_VOID(current());
  TRY(const std::vector<Lease> live, market_.own_live_leases());
  std::set<OrderId> on_chain;
  for (const Lease& lease : live) {
    on_chain.insert(lease.id);
    {
      const std::lock_guard lock(mutex_);
      if (held_.contains(lease.id)) {
        held_[lease.id].lease = lease;
        continue;
      }
    }
    TRY(const std::optional<Deployment> deployment,
        market_.deployment(lease.id.owner, lease.id.dseq));
    if (!deployment) continue;
    const auto group = std::ranges::find(deployment->groups, lease.id.gseq, &Group::gseq);
    if (group == deployment->groups.end()) continue;
    TRY_VOID(hold(lease, group->spec));
    log_info("provider", "goes on with the lease " + lease.id.text());
  }

  std::set<OrderId> missing;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, held] : held_)
      if (!on_chain.contains(id)) missing.insert(id);
    for (const workload::LeaseKey& key : workloads_.list()) {
      const OrderId id = order_of(key);
      if (key.provider == settings_.provider && !on_chain.contains(id) && !held_.contains(id) &&
          !ending_.contains(id))
        missing.insert(id);
    }
  }
  for (const OrderId& id : missing) {
    TRY(const bool over, is_over(id));
    if (over) end(id);
  }
  sweep(on_chain);
  return {};
}

// Manifests of leases that nobody has any more: a crash came between the end of a lease and the end
// of its file.
void LeaseKeeper::sweep(const std::set<OrderId>& live) {
  const std::lock_guard apply_lock(apply_mutex_);
  std::set<std::string> known;
  for (const OrderId& id : live) known.insert(path_of(id));
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, held] : held_) known.insert(path_of(id));
  }
  const auto names = disk_.list(settings_.directory);
  if (!names) {
    log_warning("provider", settings_.directory + ": " + names.error().text);
    return;
  }
  for (const std::string& name : *names) {
    const std::string path = settings_.directory + "/" + name;
    if (!name.ends_with(".json") || known.contains(path)) continue;
    log_info("provider", "removes a manifest without a lease: " + path);
    if (const auto removed = disk_.remove(path); !removed)
      log_warning("provider", path + ": " + removed.error().text);
  }
}

// A chain that does not know the lease has forgotten it after its end; a node that is behind has
// not come so far yet, which current() has ruled out.
Result<bool> LeaseKeeper::is_over(const OrderId& id) {
  TRY(const std::optional<Lease> lease, market_.own_lease(id));
  return !lease || !lease->is_live();
}

// Nothing is concluded from a node that knows less than this provider has seen already, also before
// it was restarted.
Result<void> LeaseKeeper::current() {
  TRY(const Height height, market_.height());
  const std::lock_guard lock(mutex_);
  const std::string path = settings_.directory + "/height";
  if (seen_ == Height{0} && disk_.exists(path)) {
    TRY(const Bytes text, disk_.read(path));
    TRY(const std::int64_t value, parse_int<std::int64_t>(text));
    seen_ = Height{value};
  }
  if (height < seen_)
    return fail(LeaseError::kNodeBehind, "the node stands at height " +
                                             std::to_string(height.value) + ", and height " +
                                             std::to_string(seen_.value) +
                                             " has been seen; if it is another chain on purpose, "
                                             "remove " +
                                             path);
  if (height.value < seen_.value + kHeightsBetweenWrites && seen_ != Height{0}) return {};
  TRY_VOID(write_atomically(disk_, path, std::to_string(height.value)));
  seen_ = height;
  return {};
}

void LeaseKeeper::lease_won(const Lease& lease, const GroupSpec& spec) {
  if (const auto held = hold(lease, spec); !held)
    log_error("provider", lease.id.text() + ": " + held.error().text);
}

Result<void> LeaseKeeper::hold(const Lease& lease, const GroupSpec& spec) {
  inventory_.adopt(lease.id, spec.resources, true);
  auto manifest = load_manifest(lease.id);
  const auto made = market_.block_time(lease.created_at);
  const BlockTime since = made ? *made : clock_.now();
  {
    const std::lock_guard lock(mutex_);
    if (held_.contains(lease.id)) return {};
    held_[lease.id] = {.lease = lease,
                       .spec = spec,
                       .manifest = std::move(manifest),
                       .manifest_deadline = since + settings_.manifest_timeout,
                       .next_withdraw = next_after(since, settings_.withdraw_period, clock_.now())};
  }
  start_missing(lease.id);
  return {};
}

// A manifest was accepted, and the runtime does not know of it or runs an earlier one: a crash came
// between the two.
void LeaseKeeper::start_missing(const OrderId& id) {
  const std::lock_guard apply_lock(apply_mutex_);
  GroupSpec spec;
  Manifest manifest;
  {
    const std::lock_guard lock(mutex_);
    const auto found = held_.find(id);
    if (found == held_.end() || !found->second.manifest) return;
    spec = found->second.spec;
    manifest = *found->second.manifest;
  }
  if (const auto applied = apply(id, spec, manifest); !applied)
    log_error("provider", id.text() + " cannot be started: " + applied.error().text);
}

Result<void> LeaseKeeper::apply(const OrderId& id, const GroupSpec& spec,
                                const Manifest& manifest) {
  const workload::LeaseKey key = lease_key(id, settings_.provider);
  const ManifestGroup* group = group_named(manifest, spec.name);
  if (group == nullptr)
    return fail(SpecError::kManifestMismatch, "no group \"" + spec.name + "\" in the manifest");
  TRY_VOID(check_supported(*group));
  const workload::LeaseWorkload wanted = plan(key, *group, settings_.plan);
  const auto known = workloads_.workload(key);
  if (!known && is_not_found(known.error())) {
    TRY_VOID(check_host_names(wanted, settings_.plan));
    return workloads_.start(wanted);
  }
  if (known && *known == wanted) return {};
  TRY_VOID(check_host_names(wanted, settings_.plan));
  return workloads_.update(wanted);
}

void LeaseKeeper::touch(const OrderId& id) {
  const std::lock_guard lock(mutex_);
  if (held_.contains(id)) touched_.insert(id);
}

Result<void> LeaseKeeper::work() {
  release_ended();
  TRY_VOID(look_at_touched());
  return send_due();
}

Result<void> LeaseKeeper::look_at_touched() {
  std::vector<OrderId> batch;
  {
    const std::lock_guard lock(mutex_);
    for (const OrderId& id : touched_)
      if (held_.contains(id)) batch.push_back(id);
    if (batch.empty()) {
      touched_.clear();
      return {};
    }
  }
  TRY_VOID(current());
  for (const OrderId& id : batch) {
    TRY(const bool over, is_over(id));
    if (over) end(id);
    const std::lock_guard lock(mutex_);
    touched_.erase(id);
  }
  return {};
}

void LeaseKeeper::end(const OrderId& id) {
  const std::lock_guard apply_lock(apply_mutex_);
  log_info("provider", "the lease " + id.text() + " is over");
  const workload::LeaseKey key = lease_key(id, settings_.provider);
  if (const auto stopped = workloads_.stop(key); !stopped && !is_not_found(stopped.error())) {
    // It stays held, so that the next look tries again.
    log_error("provider", id.text() + " cannot be stopped: " + stopped.error().text);
    return;
  }
  if (const std::string path = path_of(id); disk_.exists(path))
    if (const auto removed = disk_.remove(path); !removed)
      log_warning("provider", path + ": " + removed.error().text);
  const std::lock_guard lock(mutex_);
  held_.erase(id);
  ending_.insert(id);
}

void LeaseKeeper::release_ended() {
  const std::lock_guard lock(mutex_);
  std::erase_if(ending_, [&](const OrderId& id) {
    if (!workloads_.stopped(lease_key(id, settings_.provider))) return false;
    inventory_.release(id);
    return true;
  });
}

// Earnings, and leases for which nobody has sent a manifest in time.
Result<void> LeaseKeeper::send_due() {
  std::vector<Act> acts;
  std::vector<OrderId> ids;
  const BlockTime now = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, held] : held_) {
      if (acts.size() == settings_.batch_max) break;
      if (!held.manifest && held.manifest_deadline <= now) {
        if (workloads_.workload(lease_key(id, settings_.provider))) continue;  // runs all the same
        held.manifest_deadline = now + kRetry;
        acts.emplace_back(CloseBid{id, CloseReason::kManifestTimeout});
        ids.push_back(id);
      } else if (held.next_withdraw <= now) {
        held.next_withdraw = now + settings_.withdraw_period;
        acts.emplace_back(Withdraw{id});
        ids.push_back(id);
      }
    }
  }
  if (acts.empty()) return {};
  const std::vector<Result<void>> outcomes = market_.send(acts);
  for (std::size_t i = 0; i < acts.size(); ++i) {
    const bool closes = std::holds_alternative<CloseBid>(acts[i]);
    if (outcomes[i]) {
      log_info("provider", closes ? "gave up " + ids[i].text() + ": no manifest came in time"
                                  : "withdrew the earnings of " + ids[i].text());
    } else {
      log_warning("provider", (closes ? "cannot give up " : "cannot withdraw from ") +
                                  ids[i].text() + ": " + outcomes[i].error().text);
    }
    const std::lock_guard lock(mutex_);
    touched_.insert(ids[i]);
    if (const auto held = held_.find(ids[i]); !closes && !outcomes[i] && held != held_.end())
      held->second.next_withdraw = now + std::min(kRetry, settings_.withdraw_period);
  }
  return {};
}

Result<void> LeaseKeeper::put_manifest(const std::string& owner, std::uint64_t dseq,
                                       std::string_view json) {
  const std::lock_guard submit(submit_mutex_);
  TRY(const Manifest manifest, parse_manifest_json(json));
  std::vector<OrderId> leases;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, held] : held_)
      if (id.owner == owner && id.dseq == dseq) leases.push_back(id);
  }
  if (leases.empty())
    return fail(LeaseError::kNoLease, "deployment " + owner + "/" + std::to_string(dseq));
  TRY(const std::optional<Deployment> deployment, market_.deployment(owner, dseq));
  if (!deployment || !deployment->active) return fail(LeaseError::kDeploymentClosed);
  if (const Hash256 hash = manifest_hash(manifest); hash.view() != deployment->hash)
    return fail(LeaseError::kWrongHash, "manifest hash " + to_base64(hash.view()) + ", on chain " +
                                            to_base64(deployment->hash));
  std::vector<GroupSpec> specs;
  for (const Group& group : deployment->groups) specs.push_back(group.spec);
  TRY_VOID(check_manifest_against_groups(manifest, specs));

  const std::string text = canonical_json(manifest);
  for (const OrderId& id : leases) TRY_VOID(accept(id, manifest, text));
  return {};
}

Result<void> LeaseKeeper::accept(const OrderId& id, const Manifest& manifest,
                                 const std::string& text) {
  const std::lock_guard apply_lock(apply_mutex_);
  Held held;
  {
    // The chain was asked meanwhile, and the lease may have ended.
    const std::lock_guard lock(mutex_);
    const auto found = held_.find(id);
    if (found == held_.end()) return fail(LeaseError::kNoLease, id.text() + " has just ended");
    held = found->second;
  }
  if (held.manifest) TRY_VOID(check_manifest_update(*held.manifest, manifest));
  // On disk first: what was accepted is started after a crash too.
  TRY_VOID(write_atomically(disk_, path_of(id), text));
  if (const auto applied = apply(id, held.spec, manifest); !applied) {
    if (held.manifest)
      TRY_VOID(write_atomically(disk_, path_of(id), canonical_json(*held.manifest)));
    else
      TRY_VOID(disk_.remove(path_of(id)));
    return applied;
  }
  log_info("provider", "runs the manifest of " + id.text());
  const std::lock_guard lock(mutex_);
  if (const auto found = held_.find(id); found != held_.end()) found->second.manifest = manifest;
  return {};
}

Result<std::string> LeaseKeeper::manifest(const OrderId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(id);
  if (found == held_.end()) return fail(LeaseError::kNoLease, id.text());
  if (!found->second.manifest) return fail(LeaseError::kNoManifest, id.text());
  return canonical_json(*found->second.manifest);
}

Result<void> LeaseKeeper::check_running(const OrderId& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(id);
  if (found == held_.end()) return fail(LeaseError::kNoLease, id.text());
  if (!found->second.manifest && !workloads_.workload(lease_key(id, settings_.provider)))
    return fail(LeaseError::kNoManifest, id.text());
  return {};
}

LeaseKeeper::Report LeaseKeeper::report() const {
  const std::lock_guard lock(mutex_);
  Report out{.leases = held_.size(), .ending = ending_.size()};
  for (const auto& [id, held] : held_)
    if (!held.manifest) ++out.awaiting_manifest;
  return out;
}

}  // namespace tp::compute::provider
