// A small application for the tests and benchmarks of this folder: it adds numbers.
//
// Transactions: "add <n>", "add <n> <anything>"; "fail" is admitted and fails in its block;
// anything else is refused. What is durable lies outside of the object, so that a test can throw
// the object away as a crash would.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "base/text.h"
#include "chain/application.h"
#include "chain/sdk_errors.h"
#include "crypto/sha.h"

namespace tp::solo {

class CounterApp final : public chain::Application {
 public:
  struct State {
    Height height{0};
    std::uint64_t total = 0;
    Hash256 hash;
    std::optional<Hash256> hash_before_migration = {};
  };

  // `saved` survives crashes; it is written at every `save_every`-th commit and by sync().
  explicit CounterApp(State& saved, std::int64_t save_every = 1)
      : saved_(saved), save_every_(save_every), state_(saved) {}

  chain::Info info() const override {
    return {.version = "test",
            .app_version = 1,
            .committed_height = state_.height,
            .durable_height = saved_.height,
            .app_hash = state_.hash,
            .app_hash_before_migration = state_.hash_before_migration};
  }

  Result<chain::InitResponse> init(const chain::InitRequest& request) override {
    if (state_.hash.is_zero()) state_.total = request.app_state_json.size();
    state_.height = Height{request.initial_height.value - 1};
    state_.hash = hash_of(state_);
    saved_ = state_;  // genesis may become durable before the first block
    return chain::InitResponse{state_.hash};
  }

  std::vector<chain::TxResult> check(const chain::TxBatch& txs, chain::CheckKind kind) override {
    std::vector<chain::TxResult> out;
    for (const Bytes& tx : txs.txs) {
      chain::TxResult& result = out.emplace_back();
      result.gas_wanted = 1;
      if (max_gas_ >= 0 && result.gas_wanted > max_gas_) {
        result.code = static_cast<std::uint32_t>(chain::SdkError::kInvalidGasLimit);
        result.codespace = "sdk";
        continue;
      }
      const bool refused = kind == chain::CheckKind::kRecheck && refuse_rechecks;
      if ((tx == "fail" || tx.starts_with("add ")) && !refused) continue;
      result.code = 2;
      result.codespace = "sdk";
      result.log = "tx parse error";
    }
    return out;
  }

  void set_max_block_gas(std::int64_t max_gas) override { max_gas_ = max_gas; }
  void reset_check() override {}
  void preverify(const chain::TxBatch&) override {}

  Result<chain::BlockResponse> finalize(const chain::BlockRequest& request) override {
    TP_ASSERT(request.height == state_.height.next());
    next_ = {.height = request.height, .total = state_.total + skew, .hash = {}};
    chain::BlockResponse response;
    for (const Bytes& tx : request.txs.txs) response.tx_results.push_back(execute(tx));
    next_.hash = hash_of(next_);
    response.app_hash = next_.hash;
    response.validator_updates = validator_updates;
    return response;
  }

  Result<void> commit() override {
    state_ = next_;
    if (state_.height.value % save_every_ == 0) saved_ = state_;
    return {};
  }

  bool begin_sync() override {
    if (is_syncing) return false;
    ++begun_syncs;
    saved_ = state_;
    return true;
  }

  Result<void> sync() override {
    ++syncs;
    saved_ = state_;
    return {};
  }

  chain::QueryResponse query(const chain::QueryRequest&) const override {
    return {.value = std::to_string(state_.total), .height = state_.height};
  }

  Result<Bytes> export_genesis() const override { return Bytes("{}"); }

  std::uint64_t total() const { return state_.total; }

  int syncs = 0;
  int begun_syncs = 0;
  bool is_syncing = false;

  // Mistakes to make on purpose.
  std::uint64_t skew = 0;
  std::vector<chain::ValidatorUpdate> validator_updates;
  std::atomic<bool> refuse_rechecks = false;

 private:
  chain::TxResult execute(const Bytes& tx) {
    chain::TxResult result;
    result.gas_wanted = 1;
    result.gas_used = 1;
    if (tx == "fail") {
      result.code = 5;
      result.codespace = "sdk";
      result.log = "insufficient funds";
      return result;
    }
    std::string_view number = std::string_view(tx).substr(4);
    number = number.substr(0, number.find(' '));
    next_.total += parse_int<std::uint64_t>(number).value_or(0);
    result.data = std::to_string(next_.total);
    result.events.add("added", {{"number", number}});
    return result;
  }

  std::int64_t max_gas_ = -1;

  static Hash256 hash_of(const State& state) {
    return crypto::sha256(std::to_string(state.height.value) + " " + std::to_string(state.total));
  }

  State& saved_;
  const std::int64_t save_every_;
  State state_;
  State next_;
};

}  // namespace tp::solo
