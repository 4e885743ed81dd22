#include "rpc/comet_json.h"

#include "base/text.h"

namespace tp::rpc {
namespace {

// Go's zero time, which CometBFT writes where a time is unset.
constexpr std::string_view kZeroTime = "0001-01-01T00:00:00Z";

json::object to_json(const comet_types::CommitSig& signature) {
  return {{"block_id_flag", static_cast<int>(signature.flag)},
          {"validator_address", signature.validator_address.is_zero()
                                    ? ""
                                    : to_hex_upper(signature.validator_address.view())},
          {"timestamp",
           signature.timestamp ? to_rfc3339(*signature.timestamp) : std::string(kZeroTime)},
          {"signature", base64_or_null(signature.signature)}};
}

}  // namespace

json::string number_text(std::int64_t value) {
  return json::string(std::to_string(value));
}

json::value base64_or_null(BytesView bytes) {
  if (bytes.empty()) return nullptr;
  return json::string(to_base64(bytes));
}

json::object to_json(const comet_types::BlockId& id) {
  return {
      {"hash", to_hex_upper(id.hash)},
      {"parts", json::object{{"total", id.parts.total}, {"hash", to_hex_upper(id.parts.hash)}}}};
}

json::object to_json(const comet_types::Header& header) {
  return {{"version", json::object{{"block", std::to_string(header.block_version)},
                                   {"app", std::to_string(header.app_version)}}},
          {"chain_id", header.chain_id},
          {"height", number_text(header.height.value)},
          {"time", to_rfc3339(header.time)},
          {"last_block_id", to_json(header.last_block_id)},
          {"last_commit_hash", to_hex_upper(header.last_commit_hash)},
          {"data_hash", to_hex_upper(header.data_hash)},
          {"validators_hash", to_hex_upper(header.validators_hash)},
          {"next_validators_hash", to_hex_upper(header.next_validators_hash)},
          {"consensus_hash", to_hex_upper(header.consensus_hash)},
          {"app_hash", to_hex_upper(header.app_hash)},
          {"last_results_hash", to_hex_upper(header.last_results_hash)},
          {"evidence_hash", to_hex_upper(header.evidence_hash)},
          {"proposer_address", to_hex_upper(header.proposer_address.view())}};
}

json::object to_json(const comet_types::Commit& commit) {
  json::array signatures;
  for (const comet_types::CommitSig& signature : commit.signatures)
    signatures.push_back(to_json(signature));
  return {{"height", number_text(commit.height.value)},
          {"round", commit.round},
          {"block_id", to_json(commit.block_id)},
          {"signatures", std::move(signatures)}};
}

json::object public_key_json(const crypto::Ed25519PublicKey& key) {
  return {{"type", "tendermint/PubKeyEd25519"}, {"value", to_base64(key.view())}};
}

json::object to_json(const comet_types::Validator& validator) {
  return {{"address", to_hex_upper(validator.address().view())},
          {"pub_key", public_key_json(validator.public_key)},
          {"voting_power", number_text(validator.power)},
          {"proposer_priority", "0"}};
}

json::object to_json(const comet_types::ConsensusParams& params) {
  json::array key_types;
  for (const std::string& type : params.pub_key_types) key_types.emplace_back(type);
  return {
      {"block", json::object{{"max_bytes", number_text(params.block_max_bytes)},
                             {"max_gas", number_text(params.block_max_gas)}}},
      {"evidence",
       json::object{{"max_age_num_blocks", number_text(params.evidence_max_age_num_blocks)},
                    {"max_age_duration", number_text(params.evidence_max_age_duration.nanoseconds)},
                    {"max_bytes", number_text(params.evidence_max_bytes)}}},
      {"validator", json::object{{"pub_key_types", std::move(key_types)}}},
      {"version", json::object{{"app", std::to_string(params.app_version)}}},
      {"abci", json::object{{"vote_extensions_enable_height",
                             number_text(params.vote_extensions_enable_height)}}}};
}

json::array to_json(const chain::EventList& events) {
  json::array out;
  for (const chain::EventView& event : events) {
    json::array attributes;
    for (const chain::AttributeView& attribute : event.attributes)
      attributes.push_back(json::object{
          {"key", attribute.key}, {"value", attribute.value}, {"index", attribute.index}});
    out.push_back(json::object{{"type", event.type}, {"attributes", std::move(attributes)}});
  }
  return out;
}

json::object to_json(const chain::TxResult& result) {
  return {{"code", result.code},
          {"data", base64_or_null(result.data)},
          {"log", result.log},
          {"info", result.info},
          {"gas_wanted", number_text(result.gas_wanted)},
          {"gas_used", number_text(result.gas_used)},
          {"events", to_json(result.events)},
          {"codespace", result.codespace}};
}

json::object inner_block_json(const solo::StoredBlock& block) {
  json::array txs;
  for (const Bytes& tx : block.executed.txs) txs.emplace_back(to_base64(tx));
  return {{"header", to_json(block.meta.header)},
          {"data", json::object{{"txs", std::move(txs)}}},
          {"evidence", json::object{{"evidence", json::array{}}}},
          {"last_commit", to_json(block.meta.last_commit)}};
}

json::object block_json(const solo::StoredBlock& block) {
  return {{"block_id", to_json(block.meta.id)}, {"block", inner_block_json(block)}};
}

json::object header_meta_json(const solo::BlockMeta& meta) {
  return {{"block_id", to_json(meta.id)},
          {"block_size", std::to_string(meta.size_bytes)},
          {"header", to_json(meta.header)},
          {"num_txs", std::to_string(meta.tx_count)}};
}

json::object to_json(const chain::QueryResponse& response) {
  json::value proof_ops;
  if (!response.proof_ops.empty()) {
    json::array ops;
    for (const chain::ProofOp& op : response.proof_ops)
      ops.push_back(json::object{
          {"type", op.type}, {"key", to_base64(op.key)}, {"data", to_base64(op.data)}});
    proof_ops = json::object{{"ops", std::move(ops)}};
  }
  return {{"code", response.code},
          {"log", response.log},
          {"info", response.info},
          {"index", "0"},
          {"key", base64_or_null(response.key)},
          {"value", base64_or_null(response.value)},
          {"proofOps", std::move(proof_ops)},
          {"height", number_text(response.height.value)},
          {"codespace", response.codespace}};
}

}  // namespace tp::rpc
