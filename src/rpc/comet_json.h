// CometBFT's structures as its JSON-RPC writes them: 64-bit integers as strings, hashes and
// addresses as upper-case hex, bytes as base64, times in RFC 3339. Rules: specs/chain.md §2.1,
// §2.2.
#pragma once

#include <boost/json.hpp>

#include "chain/application.h"
#include "engine/comet_types/types.h"
#include "engine/solo/stored_block.h"

namespace tp::rpc {

namespace json = boost::json;

json::string number_text(std::int64_t value);
json::value base64_or_null(BytesView bytes);

json::object to_json(const comet_types::BlockId& id);
json::object to_json(const comet_types::Header& header);
json::object to_json(const comet_types::Commit& commit);
json::object to_json(const comet_types::Validator& validator);
json::object to_json(const comet_types::ConsensusParams& params);
json::array to_json(const chain::EventList& events);
json::object to_json(const chain::TxResult& result);
json::object to_json(const chain::QueryResponse& response);
json::object public_key_json(const crypto::Ed25519PublicKey& key);

// {"block_id", "block"}
json::object block_json(const solo::StoredBlock& block);
// The member "block" of the same.
json::object inner_block_json(const solo::StoredBlock& block);
json::object header_meta_json(const solo::BlockMeta& meta);

}  // namespace tp::rpc
