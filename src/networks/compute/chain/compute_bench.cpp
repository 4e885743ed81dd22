// What the network's own rules cost: no signatures, no disk, no Merkle tree.
#include <benchmark/benchmark.h>

#include "networks/compute/chain/fixture.h"

namespace tp::compute {
namespace {

// Create deployment, bid, lease, close: four messages. With `open` deployments that stay open.
void BM_MarketLife(benchmark::State& state) {
  ComputeChain chain;
  chain.ledger.give(ComputeChain::alice, {ComputeChain::denom, Amount{u128{1} << 100}});
  std::uint64_t dseq = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    TP_ASSERT(chain.create(ComputeChain::alice, ++dseq).has_value());
  for (auto _ : state) {
    const LeaseId id{ComputeChain::order(++dseq), ComputeChain::oscar};
    TP_ASSERT(chain.create(ComputeChain::alice, dseq).has_value());
    state.counters["gas_create"] = static_cast<double>(chain.gas_used.value);
    TP_ASSERT(chain.bid(id).has_value());
    state.counters["gas_bid"] = static_cast<double>(chain.gas_used.value);
    TP_ASSERT(chain.accept(id).has_value());
    state.counters["gas_lease"] = static_cast<double>(chain.gas_used.value);
    TP_ASSERT(chain.close(id.order.deployment()).has_value());
    state.counters["gas_close"] = static_cast<double>(chain.gas_used.value);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_MarketLife)->Arg(0)->Arg(10'000);

// A page of ten active deployments of one owner, `closed` closed ones of whom lie before them. The
// tables are in memory and the index is not used: the worst that a query does is bounded by
// kCandidatesMax.
void BM_ListDeployments(benchmark::State& state) {
  ComputeChain chain;
  chain.ledger.give(ComputeChain::alice, {ComputeChain::denom, Amount{u128{1} << 100}});
  std::uint64_t dseq = 0;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    TP_ASSERT(chain.create(ComputeChain::alice, ++dseq).has_value());
    TP_ASSERT(chain.close({ComputeChain::alice, dseq}).has_value());
  }
  for (int i = 0; i < 10; ++i) TP_ASSERT(chain.create(ComputeChain::alice, ++dseq).has_value());
  deployment_pb::QueryDeploymentsRequest request;
  request.mutable_filters()->set_state("active");
  for (auto _ : state) {
    const auto response = chain.query<deployment_pb::QueryDeploymentsResponse>(
        "/akash.deployment.v1beta4.Query/Deployments", request);
    TP_ASSERT(response.has_value());
    benchmark::DoNotOptimize(response);
  }
}
BENCHMARK(BM_ListDeployments)->Arg(0)->Arg(10'000);

}  // namespace
}  // namespace tp::compute
