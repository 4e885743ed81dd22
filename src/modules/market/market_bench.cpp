// What the waist itself costs per market life, without signatures, decoding or disk: an order on a
// funded escrow account, a bid, its acceptance, the end, the escrow's end.

#include <benchmark/benchmark.h>

#include "modules/market/fixture.h"

namespace tp::market {
namespace {

void market_life(benchmark::State& state) {
  MarketChain chain;
  chain.ledger.give(chain.alice, chain.coins(1'000'000'000'000));
  for (auto _ : state) {
    const AgreementId id = chain.agreement(1'000);
    TP_ASSERT(chain.close(id).has_value());
    const escrow::AccountId account = chain.get(id).escrow;
    TP_ASSERT(chain.ledger
                  .tx([&](chain::Context& context) { return chain.escrow.close(context, account); })
                  .has_value());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(market_life)->Unit(benchmark::kMicrosecond);

// One settlement of an account with `charges` open charges.
void settle(benchmark::State& state) {
  MarketChain chain;
  const escrow::AccountId id = chain.account(chain.alice, 900'000);
  for (std::int64_t i = 1; i <= state.range(0); ++i) {
    const auto opened = chain.ledger.tx([&](chain::Context& context) {
      return chain.escrow.open_charge(context, id,
                                      {.id = escrow::ChargeId{static_cast<std::uint64_t>(i)},
                                       .payee = chain.oscar,
                                       .price = *Decimal::parse("0.000000123")});
    });
    TP_ASSERT(opened.has_value());
  }
  for (auto _ : state) {
    chain.ledger.pass(Duration::milliseconds(1));
    const auto done =
        chain.ledger.tx([&](chain::Context& context) { return chain.escrow.settle(context, id); });
    TP_ASSERT(done.has_value());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(settle)->Arg(1)->Arg(20)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tp::market
