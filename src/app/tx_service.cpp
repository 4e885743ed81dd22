#include "app/tx_service.h"

#include "cosmos/base/abci/v1beta1/abci.pb.h"
#include "cosmos/tx/v1beta1/service.pb.h"

namespace tp::app {
namespace {

namespace tx = ::cosmos::tx::v1beta1;

Result<tx::SimulateResponse> simulate(const chain::Machine& machine,
                                      const tx::SimulateRequest& request) {
  Bytes raw = request.tx_bytes();
  if (raw.empty() && request.has_tx()) {  // the deprecated form, as an object
    tx::TxRaw parts;
    parts.set_body_bytes(request.tx().body().SerializeAsString());
    parts.set_auth_info_bytes(request.tx().auth_info().SerializeAsString());
    for (const std::string& signature : request.tx().signatures()) parts.add_signatures(signature);
    raw = parts.SerializeAsString();
  }
  if (raw.empty()) return fail(chain::QueryError::kInvalidArgument, "empty txBytes is not allowed");

  const chain::TxResult result = machine.simulate(raw);
  if (result.code != 0) return std::unexpected(Error{result.codespace, result.code, result.log});
  tx::SimulateResponse response;
  response.mutable_gas_info()->set_gas_wanted(static_cast<std::uint64_t>(result.gas_wanted));
  response.mutable_gas_info()->set_gas_used(static_cast<std::uint64_t>(result.gas_used));
  auto& out = *response.mutable_result();
  out.set_data(result.data);
  out.set_log(result.log);
  for (const chain::EventView& event : result.events) {
    auto& wire = *out.add_events();
    wire.set_type(std::string(event.type));
    for (const chain::AttributeView& attribute : event.attributes) {
      auto& item = *wire.add_attributes();
      item.set_key(std::string(attribute.key));
      item.set_value(std::string(attribute.value));
      item.set_index(attribute.index);
    }
  }
  cosmos::base::abci::v1beta1::TxMsgData data;
  if (data.ParseFromString(result.data)) *out.mutable_msg_responses() = data.msg_responses();
  return response;
}

}  // namespace

void add_tx_service(chain::Machine& machine) {
  machine.queries().add<tx::SimulateRequest, tx::SimulateResponse>(
      "/cosmos.tx.v1beta1.Service/Simulate",
      [&machine](const chain::QueryContext&, const tx::SimulateRequest& request) {
        return simulate(machine, request);
      });
}

}  // namespace tp::app
