#include "crash/load/watch.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "client/error.h"
#include "client/event_stream.h"
#include "crypto/sha.h"

namespace tp::crash {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using client::ClientError;

constexpr std::int64_t kHeadersAtOnce = 20;
constexpr std::size_t kDifferencesMax = 20;
// For the index, which reads again what a kill took from it: a minute at most.
constexpr auto kCatchUpPause = 20ms;
constexpr int kCatchUpPollsMax = 3'000;

Result<json::value> ask(client::RpcClient& rpc, std::string_view method, const json::object& with) {
  TRY(const std::string text, rpc.call(method, json::serialize(with)));
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) return fail(ClientError::kMalformed, std::string(method));
  return value;
}

Result<std::string> text_at(const json::value& in, std::string_view pointer) {
  boost::system::error_code error;
  const json::value* found = in.find_pointer(pointer, error);
  if (found == nullptr) return fail(ClientError::kMalformed, "no " + std::string(pointer));
  return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

// An array; empty for null, as CometBFT writes empty lists.
Result<json::array> list_at(const json::value& in, std::string_view pointer) {
  boost::system::error_code error;
  const json::value* found = in.find_pointer(pointer, error);
  if (found != nullptr && found->is_array()) return found->get_array();
  if (found != nullptr && found->is_null()) return json::array();
  return fail(ClientError::kMalformed, "no list " + std::string(pointer));
}

Result<SeenBlock> block_of(const json::value& meta) {
  SeenBlock out;
  TRY(const std::string height, text_at(meta, "/header/height"));
  TRY_TO(out.height.value, parse_int<std::int64_t>(height));
  TRY_TO(out.hash, text_at(meta, "/block_id/hash"));
  TRY_TO(out.app_hash, text_at(meta, "/header/app_hash"));
  return out;
}

std::string text(const SeenTx& tx) {
  return to_hex(tx.hash.view()) + " in block " + std::to_string(tx.height.value) + " at " +
         std::to_string(tx.index) + " with code " + std::to_string(tx.code);
}

// One event of the subscription to SeenTx. The hash is that of the bytes, not what a server says.
Result<SeenTx> tx_of(const client::Notice& notice) {
  boost::system::error_code error;
  const json::value data = json::parse(notice.data_json, error);
  if (error) return fail(ClientError::kMalformed, "an event");
  SeenTx out{.height = notice.height};
  TRY(const std::string base64, text_at(data, "/value/TxResult/tx"));
  TRY(const Bytes bytes, from_base64(base64));
  out.hash = crypto::sha256(bytes);
  // Zeros may be left out.
  if (const auto index = text_at(data, "/value/TxResult/index"))
    TRY_TO(out.index, parse_int<std::uint32_t>(*index));
  if (const auto code = text_at(data, "/value/TxResult/result/code"))
    TRY_TO(out.code, parse_int<std::uint32_t>(*code));
  return out;
}

class Comparison {
 public:
  Comparison(client::RpcClient& rpc, const Seen& seen) : rpc_(rpc), seen_(seen) {}

  Result<void> headers() {
    if (seen_.blocks.empty()) return {};
    for (Height from = seen_.blocks.begin()->first; from <= seen_.blocks.rbegin()->first;
         from = Height{from.value + kHeadersAtOnce}) {
      const Height to{from.value + kHeadersAtOnce - 1};
      const auto answer =
          ask(rpc_, "blockchain",
              {{"minHeight", std::to_string(from.value)}, {"maxHeight", std::to_string(to.value)}});
      if (!answer && is(answer.error(), ClientError::kRpc)) {
        differ("no headers from " + std::to_string(from.value) + ": " + answer.error().text);
        return {};
      }
      if (!answer) return std::unexpected(answer.error());
      TRY(const json::array metas, list_at(*answer, "/block_metas"));
      std::map<Height, SeenBlock> now;
      for (const json::value& meta : metas) {
        TRY(SeenBlock block, block_of(meta));
        now[block.height] = std::move(block);
      }
      for (auto it = seen_.blocks.lower_bound(from); it != seen_.blocks.end() && it->first <= to;
           ++it)
        compare_header(it->second, now);
    }
    return {};
  }

  Result<void> whole_blocks(Height whole_from) {
    std::map<Height, std::vector<const SeenTx*>> by_height;
    for (const SeenTx& tx : seen_.txs)
      if (tx.height >= whole_from) by_height[tx.height].push_back(&tx);
    for (const auto& [height, txs] : by_height) {
      const auto now = read_block(rpc_, height);
      if (!now && is(now.error(), ClientError::kRpc)) {
        differ("block " + std::to_string(height.value) + ": " + now.error().text);
        continue;
      }
      if (!now) return std::unexpected(now.error());
      for (const SeenTx* tx : txs) {
        ++verdict_.txs;
        if (tx->index >= now->txs.size() || now->txs[tx->index] != *tx)
          differ("block no longer holds " + text(*tx));
      }
    }
    return {};
  }

  Result<void> by_hash(std::size_t count, std::mt19937_64& dice) {
    if (seen_.txs.empty()) return {};
    const std::size_t last = std::min(count / 2, seen_.txs.size());
    for (std::size_t i = 0; i < last; ++i) TRY_VOID(find(seen_.txs[seen_.txs.size() - 1 - i]));
    for (std::size_t i = last; i < count; ++i) TRY_VOID(find(seen_.txs[dice() % seen_.txs.size()]));
    return {};
  }

  Verdict verdict() { return std::move(verdict_); }

 private:
  void compare_header(const SeenBlock& before, const std::map<Height, SeenBlock>& now) {
    ++verdict_.blocks;
    const auto found = now.find(before.height);
    const std::string which = "block " + std::to_string(before.height.value);
    if (found == now.end()) return differ(which + " is gone");
    if (found->second.hash != before.hash)
      return differ(which + " had hash " + before.hash + ", now " + found->second.hash);
    if (found->second.app_hash != before.app_hash)
      differ(which + " had app hash " + before.app_hash + ", now " + found->second.app_hash);
  }

  Result<void> find(const SeenTx& tx) {
    ++verdict_.txs;
    auto now = rpc_.tx(tx.hash);
    for (int i = 0; i < kCatchUpPollsMax && !now && client::is_catching_up(now.error()); ++i) {
      std::this_thread::sleep_for(kCatchUpPause);
      now = rpc_.tx(tx.hash);
    }
    if (!now && !is(now.error(), ClientError::kRpc)) return std::unexpected(now.error());
    if (!now || !*now) {
      differ("not found by its hash: " + text(tx));
      return {};
    }
    const SeenTx found{(*now)->height, (*now)->index, (*now)->code, (*now)->hash};
    if (found != tx) differ("was " + text(tx) + ", now " + text(found));
    return {};
  }

  void differ(std::string what) {
    if (verdict_.differences.size() < kDifferencesMax)
      verdict_.differences.push_back(std::move(what));
  }

  client::RpcClient& rpc_;
  const Seen& seen_;
  Verdict verdict_;
};

}  // namespace

Result<WholeBlock> read_block(client::RpcClient& rpc, Height height) {
  const json::object at{{"height", std::to_string(height.value)}};
  WholeBlock out;
  TRY(const json::value results, ask(rpc, "block_results", at));
  TRY(const json::value whole, ask(rpc, "block", at));
  TRY(const json::array txs, list_at(whole, "/block/data/txs"));
  TRY(const json::array outcomes, list_at(results, "/txs_results"));
  out.block.height = height;
  TRY_TO(out.block.hash, text_at(whole, "/block_id/hash"));
  TRY_TO(out.block.app_hash, text_at(whole, "/block/header/app_hash"));
  if (txs.size() != outcomes.size()) return fail(ClientError::kMalformed, "results of a block");
  for (std::size_t i = 0; i < txs.size(); ++i) {
    TRY(const Bytes bytes, from_base64(txs[i].as_string()));
    TRY(const std::string code, text_at(outcomes[i], "/code"));
    SeenTx tx{
        .height = height, .index = static_cast<std::uint32_t>(i), .hash = crypto::sha256(bytes)};
    TRY_TO(tx.code, parse_int<std::uint32_t>(code));
    out.txs.push_back(tx);
  }
  return out;
}

Result<void> follow_blocks(client::RpcClient& rpc, SeenFile& seen, std::stop_token stop) {
  for (Height next{1}; !stop.stop_requested();) {
    const auto block = read_block(rpc, next);
    if (!block && is(block.error(), ClientError::kMalformed)) return std::unexpected(block.error());
    if (!block) {
      std::this_thread::sleep_for(5ms);
      continue;
    }
    TRY_VOID(seen.add(block->block, block->txs));
    next = next.next();
  }
  return {};
}

Result<void> follow_events(const std::string& url, SeenFile& seen, std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto stream = client::EventStream::open(url);
    if (!stream || !stream->subscribe("tm.event='Tx' AND akash.deployment.v1.EventDeploymentCreated"
                                      ".id EXISTS")) {
      std::this_thread::sleep_for(50ms);
      continue;
    }
    while (!stop.stop_requested()) {
      const auto notice = stream->next(Duration::milliseconds(100));
      if (!notice) break;
      if (!*notice) continue;
      TRY(const SeenTx tx, tx_of(**notice));
      TRY_VOID(seen.add(tx));
    }
  }
  return {};
}

Result<Verdict> compare(client::RpcClient& rpc, const Seen& seen, Height whole_from,
                        std::size_t by_hash, std::mt19937_64& dice) {
  Comparison comparison(rpc, seen);
  TRY_VOID(comparison.headers());
  TRY_VOID(comparison.whole_blocks(whole_from));
  TRY_VOID(comparison.by_hash(by_hash, dice));
  return comparison.verdict();
}

}  // namespace tp::crash
