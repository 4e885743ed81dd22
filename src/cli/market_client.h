// The customer's side of the compute market: deployments, bids and leases, as messages and queries
// of the chain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/coin.h"
#include "base/time.h"
#include "client/money.h"
#include "client/rpc_client.h"
#include "client/tx_builder.h"
#include "networks/compute/agent/gateway_client.h"
#include "networks/compute/spec/compile.h"

namespace tp::cli {

// What genesis fixed; prices are per `tick`.
struct ChainFacts {
  std::string chain_id;
  std::string prefix;
  std::string fee_denom;
  Duration tick;
};

// Which lease, order or bid of one owner: (group, order, provider) below a deployment.
struct BidName {
  std::string owner;
  std::uint64_t dseq = 0;
  std::uint32_t gseq = 0;
  std::uint32_t oseq = 0;
  std::string provider;
};

struct BidView {
  BidName name;
  DecCoin price;      // of the whole group, per tick
  std::string state;  // "open", "active", "lost", "closed"
};

struct LeaseView {
  BidName name;
  DecCoin price;
  std::string state;   // "active", "insufficient_funds", "closed", "reclaiming"
  std::string reason;  // why it closed; else empty
};

struct GroupView {
  std::uint32_t gseq = 0;
  std::string name;
  std::string state;  // "open", "paused", "insufficient_funds", "closed"
};

struct DeploymentView {
  std::uint64_t dseq = 0;
  std::string state;  // "active", "closed"
  std::vector<GroupView> groups;
  std::string funds;        // what is left as of the last settlement: "4999000.5utoll"
  std::string transferred;  // what has been paid
};

struct ProviderView {
  std::string owner;
  compute::provider::GatewayAddress gateway;
  std::vector<std::pair<std::string, std::string>> attributes;
};

class MarketClient {
 public:
  // `rpc` must outlive the client.
  explicit MarketClient(client::RpcClient& rpc) : rpc_(rpc) {}

  Result<ChainFacts> facts();
  // Nothing when the owner has no such deployment.
  Result<std::optional<DeploymentView>> deployment(const std::string& owner, std::uint64_t dseq);
  // The owner's, newest first; closed ones only on request.
  Result<std::vector<DeploymentView>> deployments(const std::string& owner, bool with_closed);
  Result<std::vector<BidView>> bids(const std::string& owner, std::uint64_t dseq);
  Result<std::vector<LeaseView>> leases(const std::string& owner, std::uint64_t dseq);
  Result<ProviderView> provider(const std::string& owner);
  // The least deposit in `denom`.
  Result<Amount> min_deposit(const std::string& denom);

 private:
  client::RpcClient& rpc_;
};

client::Message create_deployment(const std::string& owner, std::uint64_t dseq,
                                  const compute::CompiledSdl& sdl, const Coin& deposit,
                                  const std::optional<Duration>& reclamation);
client::Message create_lease(const BidName& bid);
client::Message close_deployment(const std::string& owner, std::uint64_t dseq);
client::Message deposit_into(const std::string& signer, const std::string& owner,
                             std::uint64_t dseq, const Coin& deposit);
client::Message start_group(const std::string& owner, std::uint64_t dseq, std::uint32_t gseq);

}  // namespace tp::cli
