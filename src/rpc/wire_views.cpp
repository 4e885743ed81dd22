#include "rpc/wire_views.h"

#include "base/text.h"
#include "chain/router.h"
#include "crypto/address.h"
#include "crypto/sha.h"
#include "engine/comet_types/encoding.h"

namespace tp::rpc {
namespace {

namespace abci = ::cosmos::base::abci::v1beta1;
namespace tx = ::cosmos::tx::v1beta1;

void write(const chain::TxResult& result, abci::TxResponse& out) {
  out.set_codespace(result.codespace);
  out.set_code(result.code);
  out.set_data(to_hex_upper(result.data));
  out.set_raw_log(result.log);
  out.set_info(result.info);
  out.set_gas_wanted(result.gas_wanted);
  out.set_gas_used(result.gas_used);
  for (const chain::EventView& event : result.events)
    TP_ASSERT(out.add_events()->ParseFromArray(event.encoded.data(),
                                               static_cast<int>(event.encoded.size())));
}

// As Go's time.RFC3339 does: without fractions.
std::string whole_seconds(BlockTime time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  return to_rfc3339(BlockTime{time.nanoseconds - time.nanoseconds % kSecond});
}

}  // namespace

Result<tx::Tx> read_tx(BytesView raw) {
  tx::TxRaw parts;
  tx::Tx out;
  if (!parts.ParseFromArray(raw.data(), static_cast<int>(raw.size())) ||
      !out.mutable_body()->ParseFromString(parts.body_bytes()) ||
      !out.mutable_auth_info()->ParseFromString(parts.auth_info_bytes()))
    return fail(chain::QueryError::kInternal, "the transaction cannot be read");
  *out.mutable_signatures() = parts.signatures();
  return out;
}

abci::TxResponse tx_response(const solo::StoredTx& stored, const tx::Tx& tx, Height height,
                             BlockTime time) {
  abci::TxResponse out;
  out.set_height(height.value);
  out.set_txhash(to_hex_upper(crypto::sha256(stored.tx).view()));
  write(stored.result, out);
  out.mutable_tx()->set_type_url("/" + tx::Tx::descriptor()->full_name());
  out.mutable_tx()->set_value(tx.SerializeAsString());
  out.set_timestamp(whole_seconds(time));
  return out;
}

abci::TxResponse tx_response(const Hash256& hash, const chain::TxResult& check) {
  abci::TxResponse out;
  out.set_txhash(to_hex_upper(hash.view()));
  out.set_codespace(check.codespace);
  out.set_code(check.code);
  out.set_raw_log(check.log);
  return out;
}

void write(const comet_types::BlockId& id, tendermint::types::BlockID& out) {
  TP_ASSERT(out.ParseFromString(comet_types::encode(id)));
}

void write(const solo::StoredBlock& block, tendermint::types::Block& out) {
  TP_ASSERT(out.ParseFromString(comet_types::encode(block.block())));
}

void write(const tendermint::types::Block& block, std::string_view prefix, const Address& proposer,
           cosmos::base::tendermint::v1beta1::Block& out) {
  const tendermint::types::Header& from = block.header();
  auto& header = *out.mutable_header();
  *header.mutable_version() = from.version();
  header.set_chain_id(from.chain_id());
  header.set_height(from.height());
  *header.mutable_time() = from.time();
  *header.mutable_last_block_id() = from.last_block_id();
  header.set_last_commit_hash(from.last_commit_hash());
  header.set_data_hash(from.data_hash());
  header.set_validators_hash(from.validators_hash());
  header.set_next_validators_hash(from.next_validators_hash());
  header.set_consensus_hash(from.consensus_hash());
  header.set_app_hash(from.app_hash());
  header.set_last_results_hash(from.last_results_hash());
  header.set_evidence_hash(from.evidence_hash());
  header.set_proposer_address(consensus_address(prefix, proposer));
  *out.mutable_data() = block.data();
  *out.mutable_evidence() = block.evidence();
  *out.mutable_last_commit() = block.last_commit();
}

std::string consensus_address(std::string_view prefix, const Address& address) {
  return crypto::address_text(std::string(prefix) + "valcons", address);
}

}  // namespace tp::rpc
