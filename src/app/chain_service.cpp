#include "app/chain_service.h"

#include "turnpike/chain/v1/query.pb.h"

namespace tp::app {

namespace wire = ::turnpike::chain::v1;

void add_chain_service(chain::Machine& machine) {
  machine.queries().add<wire::QueryParamsRequest, wire::QueryParamsResponse>(
      "/turnpike.chain.v1.Query/Params",
      [](const chain::QueryContext& context,
         const wire::QueryParamsRequest&) -> Result<wire::QueryParamsResponse> {
        const chain::ChainParams& params = context.params;
        wire::QueryParamsResponse response;
        response.set_chain_id(params.chain_id);
        response.set_prefix(params.prefix);
        response.set_fee_denom(params.fee_denom.text());
        response.set_stake_denom(params.stake_denom.text());
        response.set_coin_type(params.coin_type);
        response.mutable_tick()->set_seconds(params.tick.nanoseconds / 1'000'000'000);
        response.mutable_tick()->set_nanos(
            static_cast<std::int32_t>(params.tick.nanoseconds % 1'000'000'000));
        response.set_min_gas_price(params.min_gas_price.to_string_trimmed());
        response.set_row_deposit(params.row_deposit.to_string());
        return response;
      });
}

}  // namespace tp::app
