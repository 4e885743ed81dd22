// What becomes of a transaction that a client hands in, in CometBFT's shapes and words. Rules:
// specs/chain.md §1.7, §2.2.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <mutex>
#include <optional>

#include "engine/solo/sequencer.h"
#include "rpc/params.h"

namespace tp::rpc {

using Respond = std::function<void(Answer<boost::json::value>)>;

// The answer of broadcast_tx_sync and broadcast_tx_async.
boost::json::object broadcast_json(const solo::Admission& admission);

// Why the mempool did not take it, in the texts that clients of CometBFT look for: an error of the
// call, not a code of the transaction.
Failure refusal(const Error& error);

// The answer of broadcast_tx_commit. What the check said and what the block did come from two
// threads of the sequencer in either order; this waits for both and answers once. Thread-safe.
class CommitAnswer {
 public:
  explicit CommitAnswer(Respond respond) : respond_(std::move(respond)) {}

  // A refusal ends the wait: no block follows.
  void admitted(const Result<solo::Admission>& admission);
  void committed(const Result<solo::TxInBlock>& in_block);

 private:
  const Respond respond_;
  std::mutex mutex_;
  std::optional<solo::Admission> admission_;
  std::optional<Result<solo::TxInBlock>> in_block_;
};

}  // namespace tp::rpc
