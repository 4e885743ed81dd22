// The market of a real chain: akash.* queries and messages through a node's RPC.
#pragma once

#include <memory>
#include <string>

#include "base/coin.h"
#include "base/time.h"
#include "client/rpc_client.h"
#include "client/wallet.h"
#include "networks/compute/agent/market.h"

namespace tp::compute::provider {

// What the chain says about itself that a provider needs.
struct ChainFacts {
  std::string chain_id{};
  std::string prefix{};  // of addresses
  std::string fee_denom{};
  Duration tick{};  // that prices are per
};

// Errors: those of RpcClient.
Result<ChainFacts> read_chain_facts(client::RpcClient& rpc);

// `rpc` and `wallet` must outlive it. `deposit` is what each bid puts down; where it is zero, the
// chain's least of `denom`. Errors: those of RpcClient; kNotFound when the chain takes no deposits
// in `denom`.
Result<std::unique_ptr<Market>> make_rpc_market(client::RpcClient& rpc, client::Wallet& wallet,
                                                const Denom& denom, Amount deposit);

}  // namespace tp::compute::provider
