// Results of a block as bytes: CometBFT's ResponseFinalizeBlock (specs/chain.md §1.4), the form in
// which CometBFT keeps them too.
#pragma once

#include "chain/application.h"

namespace tp::solo {

Bytes encode_results(const chain::BlockResponse& response);
// tendermint.abci.ExecTxResult.
Bytes encode_tx_result(const chain::TxResult& result);

// Errors: kMalformed; an app hash that is not 32 bytes.
Result<chain::BlockResponse> decode_results(BytesView bytes);
Result<chain::TxResult> decode_tx_result(BytesView bytes);

// For last_results_hash of the next header.
Hash256 results_hash(const chain::BlockResponse& response);

}  // namespace tp::solo
