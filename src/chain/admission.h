// Who may put a transaction into a block, and what they pay for it ("ante" in Cosmos). The rules
// need accounts and money, so modules/accounts implements this and app/ passes it to the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chain/context.h"
#include "chain/tx_codec.h"

namespace tp::chain {

enum class AdmitMode : std::uint8_t {
  kCheck,     // to the mempool: also the minimum gas price
  kRecheck,   // still in the mempool after a block: signatures are known to verify
  kDeliver,   // in a block
  kSimulate,  // for an estimate of gas: signatures may be missing
};

// The signatures of a transaction were found to verify under these account numbers, in the order of
// signers.
struct VerifiedSigners {
  std::vector<std::uint64_t> account_numbers;
  bool operator==(const VerifiedSigners&) const = default;
};

class Admission {
 public:
  virtual ~Admission() = default;

  // Verifies the signatures against a committed state. Nothing when one does not verify, or when
  // that cannot be told yet (an account that this state does not have). Thread-safe, and changes
  // nothing. Cost: one verification a signature.
  virtual std::optional<VerifiedSigners> verify(const store::Reader& state,
                                                const ChainParams& params,
                                                const DecodedTx& tx) const = 0;

  // Runs the checks in the documented order, takes the fee, sets the public key, bumps sequences,
  // and emits the events of the transaction itself. `verified` spares the verification where it
  // names the same account numbers. Errors: codespace "sdk" (specs/chain.md §2.4, "Admission
  // order"). Rules: the same section.
  virtual Result<void> admit(Context& context, const DecodedTx& tx, AdmitMode mode,
                             const std::optional<VerifiedSigners>& verified) const = 0;
};

}  // namespace tp::chain
