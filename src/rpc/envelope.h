// JSON-RPC 2.0 envelopes: requests, answers, batches. Rules: specs/chain.md §2.1.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <string>

#include "rpc/params.h"

namespace tp::rpc {

// One call, taken out of its envelope.
struct Call {
  boost::json::value id;  // integer, string or null; answered as it came
  std::string method;
  const boost::json::value* params = nullptr;  // into the request
  bool is_notification = false;                // no id: never answered
};

// Errors: -32600.
Answer<Call> read_call(const boost::json::value& request);
boost::json::object answer_envelope(const boost::json::value& id,
                                    Answer<boost::json::value> answer);

// Parses one request or a batch. Errors: -32700.
Answer<boost::json::value> parse_request(BytesView text);

}  // namespace tp::rpc
