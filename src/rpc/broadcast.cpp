#include "rpc/broadcast.h"

#include "base/text.h"
#include "chain/sdk_errors.h"
#include "rpc/comet_json.h"

namespace tp::rpc {
namespace {

json::object commit_json(const solo::Admission& admission, const chain::TxResult& result,
                         Height height) {
  return {{"check_tx", to_json(admission.check)},
          {"tx_result", to_json(result)},
          {"hash", to_hex_upper(admission.hash.view())},
          {"height", number_text(height.value)}};
}

Answer<json::value> answer_of(const solo::Admission& admission,
                              const Result<solo::TxInBlock>& in_block) {
  if (!in_block) return internal_error(in_block.error().text);
  const solo::StoredBlock& block = *in_block->block;
  return commit_json(admission, block.executed.response.tx_results[in_block->index],
                     block.height());
}

}  // namespace

json::object broadcast_json(const solo::Admission& admission) {
  return {{"code", admission.check.code},
          {"data", ""},
          {"log", admission.check.log},
          {"codespace", admission.check.codespace},
          {"hash", to_hex_upper(admission.hash.view())}};
}

Failure refusal(const Error& error) {
  // The others are CometBFT's words already: "mempool is full: ...", "tx too large: ...".
  if (is(error, chain::SdkError::kTxInMempoolCache))
    return internal_error("tx already exists in cache").error();
  return internal_error(error.text).error();
}

void CommitAnswer::admitted(const Result<solo::Admission>& admission) {
  if (!admission) return respond_(std::unexpected(refusal(admission.error())));
  if (admission->check.code != 0)
    return respond_(commit_json(*admission, chain::TxResult{}, Height{0}));
  {
    const std::lock_guard lock(mutex_);
    admission_ = *admission;
    if (!in_block_) return;
  }
  respond_(answer_of(*admission_, *in_block_));
}

void CommitAnswer::committed(const Result<solo::TxInBlock>& in_block) {
  {
    const std::lock_guard lock(mutex_);
    in_block_ = in_block;
    if (!admission_) return;
  }
  respond_(answer_of(*admission_, *in_block_));
}

}  // namespace tp::rpc
