#include "rpc/query.h"

#include "chain/history.h"
#include "rpc/searches.h"

namespace tp::rpc {
namespace {

// The answer that left the state in a block up to that of `response`, if any.
Result<std::optional<chain::QueryResponse>> from_history(const Sources& sources,
                                                         const chain::QueryResponse& response) {
  TRY(const std::optional<Height> left,
      sources.index.last_block_saying(chain::kLeftStateQuery, response.history_key,
                                      response.height));
  if (!left) return std::nullopt;
  TRY(const solo::BlockPtr block, sources.sequencer.feed().block(*left));
  std::optional<Bytes> answer =
      chain::answer_in(block->executed.response.events, response.history_key);
  if (!answer) return std::nullopt;
  return chain::QueryResponse{
      .info = "left the state in block " + std::to_string(left->value) + "; this is how it was",
      .value = *std::move(answer),
      .height = *left};
}

}  // namespace

void Queries::answer(const chain::QueryRequest& request, const NodeQueries::Done& done) const {
  if (!node_.answer(request, done)) done(of_chain(request));
}

chain::QueryResponse Queries::of_chain(const chain::QueryRequest& request) const {
  chain::QueryResponse response = sources_.application.query(request);
  if (response.history_key.empty()) return response;
  caught_up_index(sources_);
  // Before the search: what it has not seen then is not promised.
  const Height indexed = sources_.index.indexed_height();
  auto found = from_history(sources_, response);
  if (found && *found) return **std::move(found);
  if (!found) {
    response.info = "history cannot be read: " + found.error().text;
  } else if (indexed < response.height) {
    response.info = "history is known up to block " + std::to_string(indexed.value) +
                    " only: what has just left the state may come";
  }
  return response;
}

}  // namespace tp::rpc
