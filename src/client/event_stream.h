// What happens on a chain, as it happens: CometBFT's WebSocket subscriptions (specs/chain.md §2.2).
//
// A stream that breaks stays broken: what happened meanwhile was missed, so its owner looks at the
// state again before opening another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "base/time.h"
#include "client/rpc_client.h"

namespace tp::client {

// One message of a subscription.
struct Notice {
  std::string query;  // the subscription that it answers
  Height height{0};   // of the block
  // Of the transaction, or of the block itself.
  std::vector<Event> events;
  std::string data_json;  // the whole "data" of the message, for what is not taken apart here
};

class EventStream {
 public:
  // `url` is that of the node's RPC. Errors: kInvalidUrl, kUnreachable, kBroken, kTimeout.
  static Result<EventStream> open(std::string_view url, HttpOptions options = {});
  EventStream(EventStream&&) noexcept;
  EventStream& operator=(EventStream&&) noexcept;
  ~EventStream();

  // "tm.event='NewBlock'", "tm.event='Tx' AND message.action='...'". Returns when the node has
  // agreed: everything after that is seen. Errors: kRpc with the node's text, kBroken, kTimeout.
  Result<void> subscribe(std::string_view query);

  // Waits at most `timeout` for the next message; nothing when none came.
  // Errors: kBroken, kMalformed, kRpc (the node dropped us for being slow).
  Result<std::optional<Notice>> next(Duration timeout);

 private:
  struct Impl;
  explicit EventStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tp::client
