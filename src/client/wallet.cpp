#include "client/wallet.h"

#include "base/text.h"
#include "client/error.h"
#include "crypto/address.h"

namespace tp::client {
namespace {

constexpr int kAttemptsMax = 3;

// Codes of codespace "sdk" (specs/chain.md §2.4).
bool is_in_mempool(const Admission& admission) {
  return admission.codespace == "sdk" && admission.code == 19;
}
bool is_wrong_sequence(const Admission& admission) {
  return admission.codespace == "sdk" && admission.code == 32;
}

// From "account sequence mismatch, expected 7, got 6: ...": it counts what waits in the mempool,
// which the account's own record does not.
std::optional<Sequence> expected_sequence(std::string_view log) {
  constexpr std::string_view kBefore = "expected ";
  const std::size_t start = log.find(kBefore);
  if (start == std::string_view::npos) return std::nullopt;
  const std::string_view rest = log.substr(start + kBefore.size());
  const Result<std::uint64_t> number = parse_int<std::uint64_t>(rest.substr(0, rest.find(',')));
  if (!number) return std::nullopt;
  return Sequence{*number};
}

// In the words that every Cosmos chain uses, also where a query wraps them.
bool says_wrong_sequence(std::string_view text) {
  return text.find("account sequence mismatch") != std::string_view::npos;
}

// The request may have arrived although its answer did not.
bool may_have_arrived(const Error& error) {
  return is(error, ClientError::kBroken) || is(error, ClientError::kTimeout) ||
         is(error, ClientError::kMalformed);
}

}  // namespace

Wallet::Wallet(RpcClient& rpc, crypto::Secp256k1PrivateKey key, WalletOptions options)
    : rpc_(rpc),
      key_(std::move(key)),
      public_key_(key_.public_key()),
      options_(std::move(options)),
      address_(crypto::address_of(public_key_)),
      address_text_(crypto::address_text(options_.hrp, address_)) {}

Result<TxOutcome> Wallet::send(const std::vector<Message>& messages, std::string_view memo) {
  TRY(const Submitted submitted, hand_over(messages, memo));
  Result<TxOutcome> outcome = rpc_.wait_for_tx(submitted.hash, options_.inclusion_timeout);
  if (!outcome) {
    forget_state();
    if (submitted.doubt && is(outcome.error(), ClientError::kNotIncluded))
      return std::unexpected(*submitted.doubt);
    return outcome;
  }
  if (outcome->code != 0)
    return std::unexpected(Error{outcome->codespace, outcome->code,
                                 outcome->log + " (transaction " +
                                     to_hex_upper(outcome->hash.view()) + " in block " +
                                     std::to_string(outcome->height.value) + ")"});
  return outcome;
}

Result<Hash256> Wallet::submit(const std::vector<Message>& messages, std::string_view memo) {
  TRY(const Submitted submitted, hand_over(messages, memo));
  if (submitted.doubt) return std::unexpected(*submitted.doubt);
  return submitted.hash;
}

Result<Fee> Wallet::estimate(const std::vector<Message>& messages, std::string_view memo) {
  TxDraft draft;
  draft.messages = messages;
  draft.memo = memo;
  const std::lock_guard lock(mutex_);
  if (!state_) TRY_VOID(learn_state());
  return fee_for(draft);
}

Result<Wallet::Submitted> Wallet::hand_over(const std::vector<Message>& messages,
                                            std::string_view memo) {
  TxDraft draft;
  draft.messages = messages;
  draft.memo = memo;
  const std::lock_guard lock(mutex_);
  if (!state_) TRY_VOID(learn_state());
  TRY(draft.fee, fee_for(draft));

  for (int attempt = 1;; ++attempt) {
    const SignedTx tx = sign_tx(draft, *state_, key_);
    const Result<Admission> admission = rpc_.broadcast_tx_sync(tx.bytes);
    if (!admission && may_have_arrived(admission.error())) {
      state_.reset();
      return Submitted{tx.hash, Error{admission.error().codespace, admission.error().code,
                                      "transaction " + to_hex_upper(tx.hash.view()) +
                                          " may have been accepted: " + admission.error().text}};
    }
    if (!admission) return std::unexpected(admission.error());
    if (admission->code == 0 || is_in_mempool(*admission)) {
      state_->sequence = state_->sequence.next();
      return Submitted{tx.hash, std::nullopt};
    }
    const Error refused{admission->codespace, admission->code, admission->log};
    if (!is_wrong_sequence(*admission) || attempt == kAttemptsMax) {
      state_.reset();
      return std::unexpected(refused);
    }
    TRY_VOID(correct_sequence(admission->log));
  }
}

Result<void> Wallet::learn_state() {
  TRY(const NodeStatus status, rpc_.status());
  TRY(const std::optional<AccountState> account, rpc_.account(address_text_));
  if (!account)
    return fail(ClientError::kNotFound, "account " + address_text_ + " has never held money on " +
                                            status.chain_id + "; send some to it first");
  state_ = SignerState{status.chain_id, account->number, account->sequence};
  return {};
}

Result<void> Wallet::correct_sequence(std::string_view log) {
  if (const auto expected = expected_sequence(log)) {
    state_->sequence = *expected;
    return {};
  }
  state_.reset();
  return learn_state();
}

Result<Fee> Wallet::fee_for(const TxDraft& draft) {
  const auto simulate = [&] {
    return rpc_.simulate(unsigned_tx(draft, state_->sequence, public_key_));
  };
  Result<Gas> used = simulate();
  if (!used && says_wrong_sequence(used.error().text)) {
    TRY_VOID(correct_sequence(used.error().text));
    used = simulate();
  }
  if (!used) return std::unexpected(used.error());
  TRY(const Amount scaled, Amount{used->value}.times(options_.gas_percent));
  Fee fee;
  fee.gas_limit = Gas{static_cast<std::uint64_t>((scaled.units() + 99) / 100)};
  TRY(const Decimal price, options_.gas_price.amount.times(fee.gas_limit.value));
  if (!price.is_zero()) fee.amount = {{options_.gas_price.denom, price.ceil()}};
  return fee;
}

void Wallet::forget_state() {
  const std::lock_guard lock(mutex_);
  state_.reset();
}

}  // namespace tp::client
