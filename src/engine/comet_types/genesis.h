// The genesis document in CometBFT's JSON form: the file that names a chain.
#pragma once

#include <string>
#include <vector>

#include "engine/comet_types/types.h"

namespace tp::comet_types {

struct GenesisValidator {
  Validator validator;
  std::string name;

  bool operator==(const GenesisValidator&) const = default;
};

struct Genesis {
  BlockTime time;
  std::string chain_id;  // 1 to 50 bytes
  Height initial_height{1};
  ConsensusParams params;
  std::vector<GenesisValidator> validators;
  Bytes app_hash;              // usually empty: the application computes its own
  std::string app_state_json;  // byte for byte as it stands in the file; the application reads it

  bool operator==(const Genesis&) const = default;
};

// Whole numbers may be JSON strings, as CometBFT writes them, or numbers. A missing time is an
// error: it would differ from node to node. Unknown members are refused by name.
// Errors: kInvalidText, naming the member. Cost: one pass over app_state.
//
// A node that has its state already leaves app_state out: it may be hundreds of megabytes.
enum class AppState { kTaken, kLeftOut };
Result<Genesis> parse_genesis(std::string_view json, AppState app_state = AppState::kTaken);
// With app_state as it was given.
std::string write_genesis(const Genesis& genesis);

// The validators in CometBFT's order.
ValidatorSet validators_of(const Genesis& genesis);

}  // namespace tp::comet_types
