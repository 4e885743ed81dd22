#include "rpc/subscriptions.h"

#include <algorithm>

#include "base/text.h"
#include "rpc/comet_json.h"
#include "rpc/envelope.h"

namespace tp::rpc {
namespace {

// What happens to a block, as a subscriber may ask for it.
struct Message {
  std::string type;  // "tendermint/event/NewBlock"
  json::object value;
  std::vector<chain::Event> events;  // what queries match against
};

chain::Event event_name(std::string_view name) {
  return {"tm", {{"event", std::string(name)}}};
}

json::object block_result_json(const chain::BlockResponse& response) {
  json::array results;
  for (const chain::TxResult& result : response.tx_results) results.push_back(to_json(result));
  return {{"events", to_json(response.events)},
          {"tx_results", std::move(results)},
          {"validator_updates", nullptr},
          {"consensus_param_updates", nullptr},
          {"app_hash", base64_or_null(response.app_hash.view())}};
}

std::vector<Message> messages_of(const solo::StoredBlock& block) {
  const chain::BlockResponse& response = block.executed.response;
  const std::string height = std::to_string(block.height().value);
  std::vector<chain::Event> block_events = response.events.decode();
  block_events.push_back({"block", {{"height", height}}});
  const auto with = [&block_events](std::string_view name) {
    std::vector<chain::Event> events = block_events;
    events.push_back(event_name(name));
    return events;
  };

  std::vector<Message> messages;
  messages.push_back({"tendermint/event/NewBlock",
                      {{"block", inner_block_json(block)},
                       {"block_id", to_json(block.meta.id)},
                       {"result_finalize_block", block_result_json(response)}},
                      with("NewBlock")});
  messages.push_back({"tendermint/event/NewBlockHeader",
                      {{"header", to_json(block.meta.header)}},
                      with("NewBlockHeader")});
  messages.push_back({"tendermint/event/NewBlockEvents",
                      {{"height", height},
                       {"events", to_json(response.events)},
                       {"num_txs", std::to_string(block.meta.tx_count)}},
                      with("NewBlockEvents")});
  for (std::size_t i = 0; i < block.executed.txs.size(); ++i) {
    const chain::TxResult& result = response.tx_results[i];
    json::object tx_result{
        {"height", height}, {"tx", to_base64(block.executed.txs[i])}, {"result", to_json(result)}};
    if (i > 0) tx_result["index"] = i;  // CometBFT leaves 0 out
    std::vector<chain::Event> events = result.events.decode();
    events.push_back(event_name("Tx"));
    events.push_back(
        {"tx", {{"hash", to_hex_upper(block.executed.tx_hashes[i].view())}, {"height", height}}});
    messages.push_back(
        {"tendermint/event/Tx", {{"TxResult", std::move(tx_result)}}, std::move(events)});
  }
  return messages;
}

// {"transfer.sender": ["a", "b"], "tm.event": ["Tx"]}
json::object events_json(const std::vector<chain::Event>& events) {
  json::object out;
  for (const chain::Event& event : events) {
    for (const chain::Attribute& attribute : event.attributes) {
      json::value& list = out[event.type + "." + attribute.key];
      if (!list.is_array()) list = json::array{};
      list.get_array().emplace_back(attribute.value);
    }
  }
  return out;
}

}  // namespace

Subscriptions::Subscriptions(solo::Sequencer& sequencer, SubscriptionLimits limits)
    : sequencer_(sequencer), limits_(limits), signal_(std::make_shared<Signal>()) {
  subscribe_to_feed();
  thread_ = std::thread([this] { run(); });
}

Subscriptions::~Subscriptions() {
  {
    const std::lock_guard lock(signal_->mutex);
    signal_->stopping = true;
  }
  signal_->wake.notify_one();
  thread_.join();
  feed_.reset();
}

void Subscriptions::subscribe_to_feed() {
  feed_ = sequencer_.feed().subscribe(limits_.blocks_max, [signal = signal_] {
    {
      const std::lock_guard lock(signal->mutex);
      signal->raised = true;
    }
    signal->wake.notify_one();
  });
}

Subscriptions::ClientId Subscriptions::add_client(std::shared_ptr<http::WebSocket> socket) {
  const std::lock_guard lock(mutex_);
  clients_.emplace(next_client_, Client{.socket = std::move(socket), .entries = {}});
  return next_client_++;
}

void Subscriptions::remove_client(ClientId client) {
  const std::lock_guard lock(mutex_);
  clients_.erase(client);
}

Answer<json::value> Subscriptions::subscribe(ClientId client, json::value id,
                                             const Params& params) {
  const auto text = params.text("query");
  if (!text) return std::unexpected(text.error());
  if (!*text) return invalid_params("query cannot be empty");
  auto query = index::Query::parse(**text);
  if (!query) return invalid_params("failed to parse query: " + query.error().text);
  const solo::BlockPtr latest = sequencer_.feed().latest();

  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(client);
  if (found == clients_.end()) return internal_error("the connection is closing");
  std::size_t subscribed = 0;
  for (const auto& [other, state] : clients_) subscribed += state.entries.empty() ? 0 : 1;
  if (found->second.entries.empty() && subscribed >= limits_.clients_max)
    return internal_error("max_subscription_clients " + std::to_string(limits_.clients_max) +
                          " reached");
  if (found->second.entries.size() >= limits_.per_client_max)
    return internal_error("max_subscriptions_per_client " + std::to_string(limits_.per_client_max) +
                          " reached");
  const bool added = found->second.entries
                         .emplace(**text, std::make_shared<const Entry>(Entry{
                                              .query = *std::move(query),
                                              .id = std::move(id),
                                              .after = latest ? latest->height() : Height{0}}))
                         .second;
  if (!added) return internal_error("failed to subscribe: already subscribed");
  return json::object{};
}

Answer<json::value> Subscriptions::unsubscribe(ClientId client, const Params& params) {
  const auto text = params.text("query");
  if (!text) return std::unexpected(text.error());
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(client);
  if (found == clients_.end() || !*text || found->second.entries.erase(**text) == 0)
    return internal_error("failed to unsubscribe: subscription not found");
  return json::object{};
}

Answer<json::value> Subscriptions::unsubscribe_all(ClientId client) {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(client);
  if (found == clients_.end() || found->second.entries.empty())
    return internal_error("failed to unsubscribe: subscription not found");
  found->second.entries.clear();
  return json::object{};
}

void Subscriptions::run() {
  std::unique_lock lock(signal_->mutex);
  while (true) {
    signal_->wake.wait(lock, [this] { return signal_->raised || signal_->stopping; });
    if (signal_->stopping) return;
    signal_->raised = false;
    lock.unlock();
    while (const solo::BlockPtr block = feed_->next()) deliver(*block);
    if (feed_->overflowed()) drop_all("the server cannot keep up; subscribe again");
    lock.lock();
  }
}

// Each message is written out once, and what one query finds is put together once, for however many
// clients ask the same.
void Subscriptions::deliver(const solo::StoredBlock& block) {
  std::map<std::string, std::vector<Subscriber>> subscribers;  // by the text of the query
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, client] : clients_) {
      for (const auto& [text, entry] : client.entries)
        if (block.height() > entry->after) subscribers[text].push_back({client.socket, entry});
    }
  }
  if (subscribers.empty()) return;
  for (const Message& message : messages_of(block)) {
    std::string data_and_events;
    for (const auto& [text, asking] : subscribers) {
      if (!asking.front().entry->query.matches(message.events)) continue;
      if (data_and_events.empty())
        data_and_events =
            ",\"data\":" +
            json::serialize(json::object{{"type", message.type}, {"value", message.value}}) +
            ",\"events\":" + json::serialize(events_json(message.events)) + "}}";
      const std::string result =
          ",\"result\":{\"query\":" + json::serialize(json::string(text)) + data_and_events;
      for (const Subscriber& one : asking)
        one.socket->send("{\"jsonrpc\":\"2.0\",\"id\":" + json::serialize(one.entry->id) + result,
                         false);
    }
  }
}

void Subscriptions::drop_all(std::string_view why) {
  // First, so that who subscribes from now on misses nothing.
  subscribe_to_feed();
  std::vector<Subscriber> dropped;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, client] : clients_) {
      for (const auto& [text, entry] : client.entries) dropped.push_back({client.socket, entry});
      client.entries.clear();
    }
  }
  for (const Subscriber& one : dropped)
    one.socket->send(
        json::serialize(answer_envelope(
            one.entry->id,
            internal_error("subscription was canceled (reason: " + std::string(why) + ")"))),
        false);
}

}  // namespace tp::rpc
