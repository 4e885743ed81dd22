// ChainParams as the member "chain" of app_state.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "chain/params.h"

namespace tp::chain {

// Absent members keep their defaults. Errors: ModuleError::kGenesis naming the member.
Result<ChainParams> read_chain_params(const boost::json::value& app_state,
                                      const std::string& chain_id);
boost::json::object chain_params_json(const ChainParams& params);

}  // namespace tp::chain
