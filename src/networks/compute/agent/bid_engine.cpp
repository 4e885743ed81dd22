#include "networks/compute/agent/bid_engine.h"

#include <algorithm>

#include "base/log.h"

namespace tp::compute::provider {

BidEngine::BidEngine(Market& market, Inventory& inventory, Pricing& pricing, Executor& executor,
                     LeaseSink& leases, const Clock& clock, BidSettings settings)
    : market_(market),
      inventory_(inventory),
      pricing_(pricing),
      executor_(executor),
      leases_(leases),
      clock_(clock),
      settings_(settings) {}

BidEngine::~BidEngine() {
  priced_->stop.request_stop();
}

void BidEngine::set_profile(Profile profile) {
  const std::lock_guard lock(mutex_);
  profile_ = std::move(profile);
  // What was refused for lack of an attribute may be welcome now.
  for (const OrderId& id : rejected_) touched_.insert(id);
  rejected_.clear();
}

Result<void> BidEngine::sync() {
  TRY_VOID(market_.height());
  TRY(const std::vector<Bid> bids, market_.own_open_bids());
  std::set<OrderId> on_chain;
  for (const Bid& bid : bids) {
    on_chain.insert(bid.id);
    TRY_VOID(adopt(bid));
  }
  TRY(const std::vector<Order> orders, market_.open_orders());
  TRY(std::vector<Audit> audits, market_.audits());
  const std::lock_guard lock(mutex_);
  if (audits != audits_) rejected_.clear();  // an auditor may have signed what was lacking
  audits_ = std::move(audits);
  std::set<OrderId> still_open;
  for (const Order& order : orders) {
    still_open.insert(order.id);
    if (!open_.contains(order.id) && !pricing_now_.contains(order.id) &&
        !rejected_.contains(order.id) && !lacked_room_.contains(order.id))
      touched_.insert(order.id);
  }
  for (const auto& [id, bid] : open_)
    if (!on_chain.contains(id)) touched_.insert(id);
  std::erase_if(rejected_, [&](const OrderId& id) { return !still_open.contains(id); });
  std::erase_if(lacked_room_, [&](const OrderId& id) { return !still_open.contains(id); });
  return {};
}

// A bid of an earlier run of this program.
Result<void> BidEngine::adopt(const Bid& bid) {
  {
    const std::lock_guard lock(mutex_);
    if (open_.contains(bid.id)) return {};
  }
  TRY(const std::optional<Order> order, market_.order(bid.id));
  if (!order) return {};
  // Its age comes from the chain, so that a provider that restarts often keeps its word too.
  const auto made = market_.block_time(bid.created_at);
  if (!made)
    log_warning("provider", "the age of the bid on " + bid.id.text() +
                                " is not known, it gets the whole time: " + made.error().text);
  inventory_.adopt(bid.id, order->spec.resources, false);
  log_info("provider", "goes on with the bid on " + bid.id.text());
  const std::lock_guard lock(mutex_);
  open_[bid.id] = {.spec = order->spec,
                   .deadline = (made ? *made : clock_.now()) + settings_.timeout};
  return {};
}

void BidEngine::order_created(const OrderId& id) {
  const std::lock_guard lock(mutex_);
  if (!rejected_.contains(id)) touched_.insert(id);  // told of it again, by another subscription
}

void BidEngine::touch(const OrderId& id) {
  const std::lock_guard lock(mutex_);
  if (open_.contains(id)) touched_.insert(id);
}

Result<bool> BidEngine::work() {
  look_again_when_room_was_freed();
  TRY_VOID(take_back_old_bids());
  std::vector<OrderId> batch;
  {
    const std::lock_guard lock(mutex_);
    // Told of again; its bid will be looked at once it stands.
    std::erase_if(touched_, [&](const OrderId& id) { return pricing_now_.contains(id); });
    for (const OrderId& id : touched_) {
      if (batch.size() == settings_.batch_max) break;
      batch.push_back(id);
    }
  }
  std::vector<Candidate> chosen;
  take_prices(chosen);
  Result<void> outcome;
  for (const OrderId& id : batch) {
    bool is_bid = false;
    {
      const std::lock_guard lock(mutex_);
      is_bid = open_.contains(id);
      if (!is_bid && pricing_now_.size() >= kPricingMax) continue;
    }
    outcome = is_bid ? look_at_bid(id) : look_at_order(id);
    take_prices(chosen);
    if (!outcome && is_away(outcome.error())) break;
    // One order that cannot be looked at keeps nobody from the others.
    if (!outcome) put_off(id, {RejectReason::kUnreadable, outcome.error().text});
    outcome = {};
    const std::lock_guard lock(mutex_);
    touched_.erase(id);
  }
  TRY_VOID(place(chosen));
  if (!outcome) return std::unexpected(outcome.error());
  const std::lock_guard lock(mutex_);
  return !touched_.empty() && pricing_now_.size() < kPricingMax;
}

Result<void> BidEngine::look_at_bid(const OrderId& id) {
  TRY(const std::optional<Bid> bid, market_.own_bid(id));
  if (bid && bid->state == BidState::kOpen) return {};
  if (bid && bid->state == BidState::kActive) {
    TRY(const std::optional<Lease> lease, market_.own_lease(id));
    if (lease && lease->is_live()) {
      GroupSpec spec;
      {
        const std::lock_guard lock(mutex_);
        spec = std::move(open_[id].spec);
        open_.erase(id);
        ++counts_.won;
      }
      inventory_.activate(id);
      log_info("provider", "won the lease of " + id.text());
      leases_.lease_won(*lease, spec);
      return {};
    }
  }
  log_info("provider", "lost the order " + id.text());
  inventory_.release(id);
  const std::lock_guard lock(mutex_);
  open_.erase(id);
  ++counts_.lost;
  return {};
}

Result<void> BidEngine::look_at_order(const OrderId& id) {
  TRY(const std::optional<Order> order, market_.order(id));
  if (!order || order->state != OrderState::kOpen) return {};
  // A bid of ours that we do not know: its transaction's outcome never reached us.
  TRY(const std::optional<Bid> bid, market_.own_bid(id));
  if (!bid) return consider(*order);
  return bid->state == BidState::kOpen ? adopt(*bid) : Result<void>();
}

Result<void> BidEngine::consider(const Order& order) {
  Profile profile;
  {
    const std::lock_guard lock(mutex_);
    profile = profile_;
  }
  // Auditors sign at any time, so that they are asked for when it matters.
  const SignedBy& by = order.spec.requirements.signed_by;
  if (!by.all_of.empty() || !by.any_of.empty()) TRY_TO(profile.audits, market_.audits());
  if (auto reasons = reasons_against(order, profile); !reasons.empty()) {
    reject(order.id, std::move(reasons));
    return {};
  }
  const auto most = price_max(order.spec.resources);
  if (!most) {
    reject(order.id, {{RejectReason::kLimits, most.error().text}});
    return {};
  }

  auto offer = inventory_.reserve(order.id, order.spec.resources);
  if (!offer) {
    put_off(order.id, {RejectReason::kCapacity, offer.error().text});
    const std::lock_guard lock(mutex_);
    lacked_room_.insert(order.id);
    return {};
  }
  ask_price({.order = order,
             .bid = {.id = order.id, .offer = std::move(*offer), .notice = order.notice_min},
             .most = *most});
  return {};
}

void BidEngine::ask_price(Candidate candidate) {
  const Quote quote{
      .owner = candidate.order.id.owner, .units = candidate.bid.offer, .most = candidate.most};
  const OrderId id = candidate.order.id;
  {
    const std::lock_guard lock(mutex_);
    pricing_now_.emplace(id, std::move(candidate));
  }
  executor_.post([id, quote, &pricing = pricing_, priced = priced_] {
    auto price = pricing.price(quote, priced->stop.get_token());
    const std::lock_guard lock(priced->mutex);
    priced->found.emplace_back(id, std::move(price));
  });
}

// Adds to `chosen` what is priced by now and pays enough.
void BidEngine::take_prices(std::vector<Candidate>& chosen) {
  std::vector<std::pair<OrderId, Result<Decimal>>> found;
  {
    const std::lock_guard lock(priced_->mutex);
    found.swap(priced_->found);
  }
  for (const auto& [id, price] : found) {
    Candidate candidate;
    {
      const std::lock_guard lock(mutex_);
      candidate = std::move(pricing_now_.at(id));
      pricing_now_.erase(id);
    }
    if (price && *price <= candidate.most.amount) {
      candidate.bid.price = {candidate.most.denom, *price};
      chosen.push_back(std::move(candidate));
      continue;
    }
    inventory_.release(id);
    reject(id, {price ? Reject{RejectReason::kPrice,
                               "pays at most " + candidate.most.amount.to_string_trimmed() +
                                   candidate.most.denom + " per tick, and we ask " +
                                   price->to_string_trimmed()}
                      : Reject{RejectReason::kPricing, price.error().text}});
  }
}

Result<void> BidEngine::place(const std::vector<Candidate>& chosen) {
  if (chosen.empty()) return {};
  std::vector<Act> acts;
  for (const Candidate& one : chosen) acts.emplace_back(one.bid);
  const std::vector<Result<void>> outcomes = market_.send(acts);
  Result<void> unknown;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const OrderId& id = chosen[i].order.id;
    if (outcomes[i]) {
      log_info("provider", "bid " + chosen[i].bid.price.amount.to_string_trimmed() +
                               chosen[i].bid.price.denom + " per tick on " + id.text());
      const std::lock_guard lock(mutex_);
      open_[id] = {.spec = chosen[i].order.spec, .deadline = clock_.now() + settings_.timeout};
      ++counts_.placed;
      // Somebody may have chosen it before we knew that it stands.
      touched_.insert(id);
      continue;
    }
    inventory_.release(id);
    if (is_away(outcomes[i].error())) {
      unknown = outcomes[i];
      const std::lock_guard lock(mutex_);
      touched_.insert(id);
    } else {
      put_off(id, {RejectReason::kRefused, outcomes[i].error().text});
    }
  }
  return unknown;
}

Result<void> BidEngine::take_back_old_bids() {
  std::vector<Act> acts;
  std::vector<OrderId> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, bid] : open_) {
      if (bid.deadline > clock_.now() || acts.size() == settings_.batch_max) continue;
      acts.emplace_back(CloseBid{id, CloseReason::kUnspecified});
      ids.push_back(id);
    }
  }
  if (acts.empty()) return {};
  const std::vector<Result<void>> outcomes = market_.send(acts);
  Result<void> unknown;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!outcomes[i]) {
      if (is_away(outcomes[i].error())) unknown = outcomes[i];
      // Otherwise it is no longer open: won in the last moment, or lost.
      const std::lock_guard lock(mutex_);
      touched_.insert(ids[i]);
      continue;
    }
    log_info("provider", "took back the bid on " + ids[i].text() + ": nobody chose it in time");
    inventory_.release(ids[i]);
    const std::lock_guard lock(mutex_);
    open_.erase(ids[i]);
    rejected_.insert(ids[i]);  // one bid a provider and order
    ++counts_.timed_out;
  }
  return unknown;
}

void BidEngine::reject(const OrderId& order, std::vector<Reject> reasons) {
  std::string text;
  for (const Reject& one : reasons)
    text += (text.empty() ? "" : "; ") + std::string(name_of(one.reason)) + ": " + one.text;
  log_info("provider", "no bid on " + order.text() + ": " + text);
  const std::lock_guard lock(mutex_);
  rejected_.insert(order);
  remember({order, std::move(reasons), clock_.now()});
}

// The reason may pass: the next sync() looks again.
void BidEngine::put_off(const OrderId& order, Reject reason) {
  log_info("provider", "no bid on " + order.text() +
                           " now: " + std::string(name_of(reason.reason)) + ": " + reason.text);
  const std::lock_guard lock(mutex_);
  remember({order, {std::move(reason)}, clock_.now()});
}

void BidEngine::remember(Rejection rejection) {
  rejections_.push_back(std::move(rejection));
  if (rejections_.size() > kRejectionsMax) rejections_.pop_front();
}

void BidEngine::look_again_when_room_was_freed() {
  const std::uint64_t releases = inventory_.releases();
  const std::lock_guard lock(mutex_);
  if (releases == releases_seen_) return;
  releases_seen_ = releases;
  touched_.merge(lacked_room_);
  lacked_room_.clear();
}

BidEngine::Report BidEngine::report() const {
  const std::lock_guard lock(mutex_);
  Report out = counts_;
  out.open_bids = open_.size();
  out.waiting = touched_.size() + pricing_now_.size();
  out.rejected.assign(rejections_.begin(), rejections_.end());
  return out;
}

}  // namespace tp::compute::provider
