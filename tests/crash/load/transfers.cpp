#include <chrono>
#include <optional>
#include <thread>

#include "client/error.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "crash/load/traffic.h"
#include "crypto/address.h"
#include "crypto/sha.h"

namespace tp::crash {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::uint64_t kBurstMax = 8;
constexpr std::uint64_t kAmountMax = 20'000'000;
constexpr Gas kGas{120'000};

class Transfers {
 public:
  Transfers(client::RpcClient& rpc, const std::vector<Account>& wallets, double per_second,
            std::mt19937_64 dice, Counters& counters)
      : rpc_(rpc),
        wallets_(wallets),
        states_(wallets_.size()),
        pause_(std::chrono::duration_cast<Steady::duration>(
            std::chrono::duration<double>(1 / per_second))),
        dice_(std::move(dice)),
        counters_(counters) {}

  void run(std::stop_token stop) {
    while (!stop.stop_requested()) {
      if (chain_id_.empty() && !learn_chain()) {
        std::this_thread::sleep_for(20ms);
        continue;
      }
      const std::size_t from = dice_() % wallets_.size();
      const std::uint64_t burst = 1 + dice_() % kBurstMax;
      for (std::uint64_t i = 0; i < burst && send(from); ++i) {
      }
      const auto now = Steady::now();
      next_ = std::max(next_, now - 100ms) + pause_ * static_cast<long>(burst);
      if (next_ > now) std::this_thread::sleep_until(next_);
    }
  }

 private:
  bool learn_chain() {
    const auto status = rpc_.status();
    if (status) chain_id_ = status->chain_id;
    return status.has_value();
  }

  // True while the wallet may go on with its next sequence.
  bool send(std::size_t from) {
    std::optional<client::AccountState>& state = states_[from];
    if (!state) {
      const auto known = rpc_.account(wallets_[from].text);
      if (!known || !*known) return lost();
      state = **known;
    }
    const std::uint64_t chance = dice_() % 100;
    client::SignedTx tx = transfer(from, *state, chance < 3);
    if (chance == 3) tx.bytes.back() = static_cast<char>(tx.bytes.back() ^ 1);  // its signature
    const auto admission = rpc_.broadcast_tx_sync(tx.bytes);
    if (!admission) return lost();
    if (admission->code != 0) {
      // Also where earlier ones of the wallet still wait: then the chain's sequence is not the
      // next, and a later look finds it.
      ++counters_.refused;
      state.reset();
      return false;
    }
    ++counters_.accepted;
    ++state->sequence.value;
    if (chance == 4) (void)rpc_.broadcast_tx_sync(tx.bytes);  // a replay changes nothing
    return true;
  }

  // The node is away, or so young that nobody knows the account.
  bool lost() {
    for (auto& state : states_) state.reset();
    std::this_thread::sleep_for(20ms);
    return false;
  }

  client::SignedTx transfer(std::size_t from, const client::AccountState& state, bool too_much) {
    cosmos::bank::v1beta1::MsgSend message;
    message.set_from_address(wallets_[from].text);
    message.set_to_address(wallets_[dice_() % wallets_.size()].text);
    auto& coin = *message.add_amount();
    coin.set_denom(std::string(kDenom));
    coin.set_amount(too_much ? "1000000000000000" : std::to_string(1 + dice_() % kAmountMax));
    client::TxDraft draft{.messages = {client::to_message(message)}};
    draft.fee.gas_limit = kGas;
    if (const std::uint64_t fee = dice_() % 500; fee != 0)
      draft.fee.amount = {Coin{*Denom::parse(kDenom), Amount{fee}}};
    return client::sign_tx(
        draft, {.chain_id = chain_id_, .account_number = state.number, .sequence = state.sequence},
        wallets_[from].key);
  }

  client::RpcClient& rpc_;
  const std::vector<Account>& wallets_;
  std::vector<std::optional<client::AccountState>> states_;  // the next transaction's
  const Steady::duration pause_;
  std::mt19937_64 dice_;
  Counters& counters_;
  std::string chain_id_;
  Steady::time_point next_;
};

}  // namespace

void Counters::note(const std::string& error) {
  std::string kind;
  for (const char c : error)
    if (c < '0' || c > '9') kind.push_back(c);
  const std::lock_guard lock(mutex_);
  ++errors_[kind.substr(0, 160)];
}

std::map<std::string, std::uint64_t> Counters::errors() const {
  const std::lock_guard lock(mutex_);
  return errors_;
}

Account account_of(std::uint64_t seed, std::uint64_t number) {
  const Hash256 secret =
      crypto::sha256("crash load " + std::to_string(seed) + "/" + std::to_string(number));
  auto key = crypto::Secp256k1PrivateKey::from_bytes(secret.view());
  TP_ASSERT(key);  // but for one seed in 2^128
  const Address address = crypto::address_of(key->public_key());
  return Account{std::move(*key), address, crypto::address_text(kPrefix, address)};
}

void send_transfers(client::RpcClient& rpc, const std::vector<Account>& wallets, double per_second,
                    std::mt19937_64 dice, Counters& counters, std::stop_token stop) {
  Transfers(rpc, wallets, per_second, std::move(dice), counters).run(std::move(stop));
}

}  // namespace tp::crash
