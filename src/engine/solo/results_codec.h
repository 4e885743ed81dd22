// Results of a block as bytes: CometBFT's ResponseFinalizeBlock (specs/chain.md §1.4), the form in
// which CometBFT keeps them too.
#pragma once

#include "chain/application.h"

namespace tp::solo {

// Where something lies in bytes.
struct Place {
  std::size_t offset = 0;
  std::size_t size = 0;
};

// Appends; `tx_results` gets the place in `out` of every ExecTxResult, without its frame.
void append_results(const chain::BlockResponse& response, Bytes& out,
                    std::vector<Place>& tx_results);

// Errors: kMalformed; an app hash that is not 32 bytes.
Result<chain::BlockResponse> decode_results(BytesView bytes);
Result<chain::TxResult> decode_tx_result(BytesView bytes);

// For last_results_hash of the next header.
Hash256 results_hash(const chain::BlockResponse& response);

}  // namespace tp::solo
