#include "engine/comet_types/types.h"

#include <algorithm>
#include <array>

#include "crypto/address.h"
#include "engine/comet_types/wire.h"

namespace tp::comet_types {

Address Validator::address() const {
  return crypto::address_of(public_key);
}

void sort_validators(ValidatorSet& validators) {
  std::sort(validators.begin(), validators.end(), [](const Validator& a, const Validator& b) {
    return a.power != b.power ? a.power > b.power : a.address() < b.address();
  });
}

std::int64_t total_power(const ValidatorSet& validators) {
  std::int64_t total = 0;
  for (const Validator& validator : validators) total += validator.power;
  return total;
}

Result<void> validate(const ConsensusParams& params) {
  const auto bad = [](std::string_view text) { return fail(WireError::kOutOfRange, text); };
  if (params.block_max_bytes == 0) return bad("block.max_bytes is 0; use -1 for the largest block");
  if (params.block_max_bytes < -1) return bad("block.max_bytes is below -1");
  if (params.block_max_bytes > kMaxBlockBytes) return bad("block.max_bytes is above 104857600");
  if (params.block_max_gas < -1) return bad("block.max_gas is below -1");
  if (params.evidence_max_age_num_blocks <= 0) return bad("evidence.max_age_num_blocks is below 1");
  if (params.evidence_max_age_duration.nanoseconds <= 0)
    return bad("evidence.max_age_duration is not positive");
  const std::int64_t max_bytes =
      params.block_max_bytes == -1 ? kMaxBlockBytes : params.block_max_bytes;
  if (params.evidence_max_bytes < 0 || params.evidence_max_bytes > max_bytes)
    return bad("evidence.max_bytes is negative or above block.max_bytes");
  if (params.vote_extensions_enable_height < 0)
    return bad("abci.vote_extensions_enable_height is negative");
  if (params.pub_key_types.empty()) return bad("validator.pub_key_types is empty");
  constexpr std::array<std::string_view, 2> kKnown{"ed25519", "secp256k1"};
  for (const std::string& type : params.pub_key_types) {
    if (std::find(kKnown.begin(), kKnown.end(), type) == kKnown.end())
      return bad("validator.pub_key_types: \"" + type + "\" is not a known key type");
  }
  return {};
}

}  // namespace tp::comet_types
