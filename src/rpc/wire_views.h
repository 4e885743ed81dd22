// Blocks and transactions as the cosmos.* queries write them. Rules: specs/chain.md §2.4.
#pragma once

#include "cosmos/base/abci/v1beta1/abci.pb.h"
#include "cosmos/base/tendermint/v1beta1/types.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"
#include "engine/solo/stored_block.h"
#include "tendermint/types/block.pb.h"

namespace tp::rpc {

// The parts of a transaction's bytes. Errors: QueryError::kInternal when they are none.
Result<cosmos::tx::v1beta1::Tx> read_tx(BytesView raw);

// With the transaction as an Any. `time`: of its block.
cosmos::base::abci::v1beta1::TxResponse tx_response(const solo::StoredTx& stored,
                                                    const cosmos::tx::v1beta1::Tx& tx,
                                                    Height height, BlockTime time);
// After a broadcast: nothing is known but what the check said.
cosmos::base::abci::v1beta1::TxResponse tx_response(const Hash256& hash,
                                                    const chain::TxResult& check);

void write(const comet_types::BlockId& id, tendermint::types::BlockID& out);
void write(const solo::StoredBlock& block, tendermint::types::Block& out);
// The same with the proposer as a bech32 address, "<prefix>valcons1...".
void write(const tendermint::types::Block& block, std::string_view prefix, const Address& proposer,
           cosmos::base::tendermint::v1beta1::Block& out);

std::string consensus_address(std::string_view prefix, const Address& address);

}  // namespace tp::rpc
