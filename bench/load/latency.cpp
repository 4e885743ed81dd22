// Transfers one at a time on a node that has nothing else to do: how long from handing one over to
// the answer that says it is in a durable block.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/text.h"
#include "client/rpc_client.h"
#include "cosmos/bank/v1beta1/tx.pb.h"
#include "modes.h"
#include "signers.h"

namespace tp::load {
namespace {

namespace json = boost::json;

// The least value that `percent` of the sorted values do not exceed.
double percentile(const std::vector<double>& sorted, std::size_t percent) {
  return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

Result<void> expect_in_block(const std::string& answer) {
  const json::value result = json::parse(answer);
  if (result.at("check_tx").at("code").to_number<int>() == 0 &&
      result.at("tx_result").at("code").to_number<int>() == 0 && result.at("height") != "0")
    return {};
  return fail(BaseError::kInvalidText, "refused: " + answer.substr(0, 500));
}

}  // namespace

Result<void> latency(const Settings& settings) {
  const std::uint64_t count = settings.number("transfers", 500);
  const std::uint64_t accounts = settings.number("accounts", 1'000'000);
  if (count == 0) return fail(BaseError::kInvalidText, "transfers=0 measures nothing");
  TRY(client::RpcClient node, client::RpcClient::make(settings.text("rpc")));
  TRY(Signer wallet, Signer::load(node, 0));
  std::vector<double> milliseconds;
  std::uint64_t dice = 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    cosmos::bank::v1beta1::MsgSend message;
    message.set_from_address(wallet.text());
    message.set_to_address(address_of_key(1));
    message.add_amount()->set_denom("utoll");
    message.mutable_amount(0)->set_amount("1");
    const std::string params =
        R"({"tx":")" + to_base64(wallet.sign({client::to_message(message)}, Gas{100'000})) + "\"}";
    // Long enough for the node to rest, and of a length that lets transfers come at any moment
    // between its empty blocks.
    dice = dice * 6364136223846793005 + 1442695040888963407;
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + (dice >> 33) % 200));
    const auto began = std::chrono::steady_clock::now();
    TRY(const std::string answer, node.call("broadcast_tx_commit", params));
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - began;
    TRY_VOID(expect_in_block(answer));
    milliseconds.push_back(taken.count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  for (const auto& [name, percent] : {std::pair{"p50", 50}, std::pair{"p99", 99}})
    std::printf(
        "{\"figure\": \"broadcast_to_commit_%s\", \"value\": %.3f, \"unit\": \"ms\", \"settings\": "
        "\"`turnpike node` with %llu accounts, %llu transfers one at a time by broadcast_tx_commit "
        "over HTTP, 50 to 250 ms apart, client on the same machine\"}\n",
        name, percentile(milliseconds, static_cast<std::size_t>(percent)),
        static_cast<unsigned long long>(accounts), static_cast<unsigned long long>(count));
  return {};
}

}  // namespace tp::load
