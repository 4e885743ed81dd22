// Lives of deployments, many messages to a transaction: what they leave behind is what single ones
// would.
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/text.h"
#include "client/rpc_client.h"
#include "market.h"
#include "modes.h"
#include "signers.h"

namespace tp::load {
namespace {

using client::Message;

constexpr std::size_t kMessagesPerTx = 50;
constexpr std::uint64_t kGasPerMessage = 1'000'000;
constexpr std::uint32_t kMempoolFull = 20;

class History {
 public:
  History(client::RpcClient& node, std::vector<Signer> signers)
      : node_(node), signers_(std::move(signers)) {}

  Result<void> register_providers() {
    for (std::uint64_t key = kTenants; key < kTenants + kProviders; ++key)
      TRY_VOID(send(key, {market_.register_provider(key)}));
    return {};
  }

  // Lives the deployments [first, last] as far as `stage`. One tenant's, and one provider's, go
  // into one transaction each: they come kTenants and kProviders apart.
  Result<void> live(std::uint64_t first, std::uint64_t last, Stage stage) {
    TRY_VOID(each(first, last, kTenants, &MarketMessages::create, tenant_of));
    if (stage >= Stage::kBid)
      TRY_VOID(each(first, last, kProviders, &MarketMessages::bid, provider_of));
    if (stage >= Stage::kLeased)
      TRY_VOID(each(first, last, kTenants, &MarketMessages::lease, tenant_of));
    if (stage >= Stage::kClosed)
      TRY_VOID(each(first, last, kTenants, &MarketMessages::close, tenant_of));
    return {};
  }

  // Until little is left that no block holds: a market does not send a million lives at once.
  Result<void> wait_for_most() {
    constexpr std::int64_t kLittle = 200;
    while (true) {
      TRY(const std::string text, node_.call("num_unconfirmed_txs", "{}"));
      TRY(const auto waiting,
          parse_int<std::int64_t>(std::string(boost::json::parse(text).at("total").as_string())));
      if (waiting <= kLittle) return {};
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  Result<void> wait_for_all() {
    if (last_ == Hash256{}) return {};
    TRY(const client::TxOutcome outcome, node_.wait_for_tx(last_, Duration::seconds(1'200)));
    if (outcome.code != 0) return fail(BaseError::kInvalidText, "failed: " + outcome.log);
    return {};
  }

 private:
  Result<void> each(std::uint64_t first, std::uint64_t last, std::uint64_t apart,
                    Message (MarketMessages::*make)(std::uint64_t) const,
                    std::uint64_t (*key_of)(std::uint64_t)) {
    for (std::uint64_t start = first; start < first + apart && start <= last; ++start) {
      std::vector<Message> messages;
      for (std::uint64_t dseq = start; dseq <= last; dseq += apart) {
        messages.push_back((market_.*make)(dseq));
        if (messages.size() == kMessagesPerTx)
          TRY_VOID(send(key_of(start), std::exchange(messages, {})));
      }
      if (!messages.empty()) TRY_VOID(send(key_of(start), std::move(messages)));
    }
    return {};
  }

  // The node takes transactions into blocks in the order in which they come, so nothing waits here.
  Result<void> send(std::uint64_t key, std::vector<Message> messages) {
    const Gas gas{kGasPerMessage * messages.size()};
    const Bytes tx = signers_[key].sign(std::move(messages), gas);
    while (true) {
      const auto admission = node_.broadcast_tx_sync(tx);
      if (!admission && admission.error().text.find("mempool is full") == std::string::npos)
        return std::unexpected(admission.error());
      if (admission && admission->code == 0) {
        last_ = admission->hash;
        return {};
      }
      if (admission && admission->code != kMempoolFull)
        return fail(BaseError::kInvalidText, "refused: " + admission->log);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }

  client::RpcClient& node_;
  std::vector<Signer> signers_;
  MarketMessages market_;
  Hash256 last_;
};

}  // namespace

Result<void> history(const Settings& settings) {
  const std::uint64_t closed = settings.number("closed", 1'000'000);
  const std::uint64_t open = settings.number("open", 1'000);
  TRY(client::RpcClient node, client::RpcClient::make(settings.text("rpc")));
  std::vector<Signer> signers;
  for (std::uint64_t key = 0; key < kTenants + kProviders; ++key) {
    TRY(Signer signer, Signer::load(node, key));
    signers.push_back(std::move(signer));
  }
  History history(node, std::move(signers));
  TRY_VOID(history.register_providers());
  const auto began = std::chrono::steady_clock::now();
  // In portions, so that little is alive at a time, as on a market that has run for long.
  constexpr std::uint64_t kPortion = kTenants * kMessagesPerTx / 2;
  for (std::uint64_t first = 1; first <= closed; first += kPortion) {
    const std::uint64_t last = std::min(first + kPortion - 1, closed);
    TRY_VOID(history.live(first, last, Stage::kClosed));
    TRY_VOID(history.wait_for_most());
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;
    std::printf("%llu lives lived in %.0f s\n", static_cast<unsigned long long>(last),
                taken.count());
    std::fflush(stdout);
  }
  // Some orders without a bid, some with, the rest leased.
  const std::uint64_t leased = open - open / 4, bid = open / 8;
  TRY_VOID(history.live(closed + 1, closed + leased, Stage::kLeased));
  TRY_VOID(history.live(closed + leased + 1, closed + leased + bid, Stage::kBid));
  TRY_VOID(history.live(closed + leased + bid + 1, closed + open, Stage::kOrder));
  return history.wait_for_all();
}

}  // namespace tp::load
