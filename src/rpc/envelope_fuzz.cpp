// JSON-RPC calls come from anybody, as JSON and as URIs: reading them never crashes, and what is
// answered is JSON with the caller's id.
#include "rpc/envelope.h"

namespace tp::rpc {
namespace {

namespace json = boost::json;

const std::vector<std::string> kNames{"height", "hash", "prove", "query", "tx"};

void read_all(const Params& params) {
  for (const std::string& name : kNames) {
    (void)params.text(name);
    (void)params.integer(name);
    (void)params.boolean(name);
    (void)params.bytes(name);
    (void)params.hex_bytes(name);
  }
}

void read_one(const json::value& request) {
  const Answer<Call> call = read_call(request);
  if (!call) {
    TP_ASSERT(call.error().code == -32600);
    return;
  }
  TP_ASSERT(call->id.is_int64() || call->id.is_uint64() || call->id.is_string() ||
            call->id.is_null());
  const Answer<Params> params = Params::from_json(call->params, kNames);
  if (params) read_all(*params);
  const json::object envelope = answer_envelope(
      call->id, params ? Answer<json::value>(nullptr) : std::unexpected(params.error()));
  TP_ASSERT(json::parse(json::serialize(envelope)).at("id") == call->id);
}

}  // namespace
}  // namespace tp::rpc

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tp;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto request = rpc::parse_request(text);
  if (!request) {
    TP_ASSERT(request.error().code == -32700);
  } else if (request->is_array()) {
    for (const auto& one : request->get_array()) rpc::read_one(one);
  } else {
    rpc::read_one(*request);
  }
  const http::Request uri{.target = "/block?" + text};
  rpc::read_all(rpc::Params::from_uri(uri.query_parameters()));
  return 0;
}
