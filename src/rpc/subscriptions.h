// Subscriptions over a WebSocket: each new block is matched against the queries of each client, and
// what matches is sent under the id of the subscribing call. Rules: specs/chain.md §2.2.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "engine/solo/sequencer.h"
#include "http/server.h"
#include "index/query.h"
#include "rpc/methods.h"

namespace tp::rpc {

struct SubscriptionLimits {
  std::size_t per_client_max = 5;
  std::size_t clients_max = 100;
  std::size_t blocks_max = 200;
};

// All clients of one node, served by one thread, so that nothing here can slow a block: the thread
// that makes blocks only sets a flag here, and the list of clients is never locked while a block is
// written out.
class Subscriptions {
 public:
  Subscriptions(solo::Sequencer& sequencer, SubscriptionLimits limits);
  ~Subscriptions();

  using ClientId = std::uint64_t;
  ClientId add_client(std::shared_ptr<http::WebSocket> socket);
  void remove_client(ClientId client);

  // Errors: internal error (limits, the same query twice), invalid params (query).
  Answer<boost::json::value> subscribe(ClientId client, boost::json::value id,
                                       const Params& params);
  Answer<boost::json::value> unsubscribe(ClientId client, const Params& params);
  Answer<boost::json::value> unsubscribe_all(ClientId client);

 private:
  struct Entry {
    index::Query query;
    boost::json::value id;
    Height after;  // blocks above this one
  };
  struct Client {
    std::shared_ptr<http::WebSocket> socket;
    std::map<std::string, std::shared_ptr<const Entry>> entries;  // by the text of the query
  };
  // What the feed's thread touches; it may come once more after the end of all else here.
  struct Signal {
    std::mutex mutex;
    std::condition_variable wake;
    bool raised = false;
    bool stopping = false;
  };
  struct Subscriber {
    std::shared_ptr<http::WebSocket> socket;
    std::shared_ptr<const Entry> entry;
  };

  void subscribe_to_feed();
  void run();
  void deliver(const solo::StoredBlock& block);
  void drop_all(std::string_view why);

  solo::Sequencer& sequencer_;
  const SubscriptionLimits limits_;
  const std::shared_ptr<Signal> signal_;
  std::mutex mutex_;
  ClientId next_client_ = 1;
  std::map<ClientId, Client> clients_;
  // Only the thread's, once it runs:
  std::shared_ptr<solo::Subscription> feed_;
  std::thread thread_;
};

}  // namespace tp::rpc
