// Evidence: units that are paid by the meter, and weights that share out an epoch's reward.
//
// An epoch has rows only when something was accepted in it; the first piece arms its end. At its
// end the reward leaves in pages, so that no number of operators overfills a block.

#include <algorithm>

#include "modules/market/instance.h"
#include "modules/market/market.h"
#include "modules/market/tables.h"

namespace tp::market {
namespace {

constexpr std::size_t kOperatorsPerPage = 50;

// The end of the epoch that contains `now`. Precondition: the network keeps epochs.
std::int64_t epoch_end(const registry::Network& network, BlockTime now) {
  const std::int64_t length = network.epoch_length.nanoseconds;
  const std::int64_t since = now.nanoseconds - network.epoch_offset.nanoseconds;
  const std::int64_t into = ((since % length) + length) % length;
  return now.nanoseconds - into + length;
}

}  // namespace

Result<Verified> Market::submit_evidence(chain::Context& context, AgreementId id,
                                         const Address& submitter, BytesView evidence) const {
  TRY(Agreement agreement, get_live_agreement(context, id));
  TRY(const Instance network, instance(context, agreement.network));
  TRY(const Verified verified,
      network.kind->verify_evidence(context, network.ref(), id, agreement, submitter, evidence));
  if (verified.sequence <= agreement.evidence_last)
    return fail(MarketError::kEvidenceReplayed, std::to_string(verified.sequence) +
                                                    " is not above " +
                                                    std::to_string(agreement.evidence_last));
  agreement.evidence_last = verified.sequence;
  if (agreement.units + verified.units.value < agreement.units) return fail(BaseError::kOverflow);
  agreement.units += verified.units.value;
  TRY_VOID(kAgreements.put(context, id, agreement));

  TRY_VOID(add_weight(context, network, agreement.provider, verified.weight));
  if (agreement.charge == ChargeKind::kMetered && agreement.escrow != escrow::AccountId{})
    TRY_VOID(escrow_.meter(context, agreement.escrow, agreement.charge_id(id), verified.units));
  return verified;
}

Result<void> Market::add_weight(chain::Context& context, const Instance& network,
                                const Address& provider, std::uint64_t weight) const {
  if (weight == 0 || network.record.epoch_length == Duration{}) return {};
  const EpochKey key{network.id, epoch_end(network.record, context.block().time)};
  TRY(std::optional<Epoch> epoch, kEpochs.find(context, key));
  if (!epoch) {
    Bytes entry;
    store::append_key(entry, key);
    TRY_VOID(schedule_.at(context, chain::ScheduleClock::kBlockTime, key.end_ns,
                          chain::HandlerId::kEpochEnds, entry));
    epoch.emplace();
  }
  // 2^64 pieces of 2^64 each fit.
  epoch->weight += weight;
  TRY_VOID(kEpochs.put(context, key, *epoch));
  const EpochWeightKey mine{key, provider};
  TRY(const std::optional<EpochWeight> before, kEpochWeights.find(context, mine));
  return kEpochWeights.put(context, mine, {before.value_or(EpochWeight{}).weight + weight});
}

// Shares out one page of the epoch's reward, rounding down; what that leaves stays in the treasury.
Result<void> Market::end_epoch(chain::Context& context, BytesView bytes) const {
  EpochKey key;
  BytesView rest = bytes;
  const bool decoded = store::take_key(rest, key) && rest.empty();
  TP_ASSERT(decoded);
  TRY(Epoch epoch, kEpochs.get(context, key));
  TRY(const registry::Network network, registry_.get_network(context, key.network));
  if (!epoch.reward) {
    TRY(const Amount treasury,
        bank_.balance(context, network.treasury, network.epoch_reward.denom));
    epoch.reward =
        Coin{network.epoch_reward.denom, std::min(network.epoch_reward.amount, treasury)};
  }

  std::vector<std::pair<EpochWeightKey, EpochWeight>> page;
  bool more = false;
  TRY_VOID(kEpochWeights.scan(
      context, std::tie(key),
      [&](const EpochWeightKey& row, const EpochWeight& weight) -> Result<store::Step> {
        more = page.size() == kOperatorsPerPage;
        if (more) return store::Step::kStop;
        page.emplace_back(row, weight);
        return store::Step::kGoOn;
      }));
  for (const auto& [row, weight] : page) {
    TRY(const QuotientAndRemainder share,
        multiply_divide(epoch.reward->amount.units(), weight.weight, 0, epoch.weight));
    // Another epoch of the network may be sharing out the same treasury.
    TRY(const Amount left, bank_.balance(context, network.treasury, epoch.reward->denom));
    const Amount amount = std::min(Amount{share.quotient}, left);
    TRY_VOID(bank_.move(context, {.from = network.treasury,
                                  .to = row.provider,
                                  .coin = {epoch.reward->denom, amount},
                                  .purpose = bank::Purpose::kReward,
                                  .payer = std::nullopt}));
    TRY_TO(epoch.paid, epoch.paid.plus(amount));
    TRY_VOID(kEpochWeights.erase(context, row));
  }
  if (more) {
    TRY_VOID(kEpochs.put(context, key, epoch));
    TRY_VOID(schedule_.at(context, chain::ScheduleClock::kBlockTime, key.end_ns,
                          chain::HandlerId::kEpochEnds, bytes));
    return {};
  }
  context.emit({"epoch_ended",
                {{"network", std::to_string(key.network.value)},
                 {"end", to_rfc3339(BlockTime{key.end_ns})},
                 {"weight", to_string(epoch.weight)},
                 {"paid", Coin{epoch.reward->denom, epoch.paid}.to_string()}}});
  return kEpochs.erase(context, key);
}

}  // namespace tp::market
