// Who may put a transaction into a block, and what they pay for it ("ante" in Cosmos). The rules
// need accounts and money, so modules/accounts implements this and app/ passes it to the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/coin.h"
#include "chain/context.h"
#include "chain/tx_codec.h"
#include "store/row_names.h"

namespace tp::chain {

enum class AdmitMode : std::uint8_t {
  kCheck,     // to the mempool: also the minimum gas price
  kRecheck,   // still in the mempool after a block: signatures are known to verify
  kDeliver,   // in a block
  kSimulate,  // for an estimate of gas: signatures may be missing
};

// What a transaction says, whatever the state: worked out once and used each time it is admitted.
// What is wrong with it is kept, because the documented order of checks decides what is told first.
struct TxClaims {
  struct Key {
    Bytes bytes;      // empty when the transaction carries none for this signer
    Address address;  // of the key
  };

  Result<std::vector<Address>> signers;                 // who must sign, each once
  std::vector<std::optional<Address>> message_senders;  // the first signer of each message
  std::optional<Address> fee_payer;                     // where `signers` has no error
  Result<Coins> fee;
  std::vector<Result<Key>> keys;  // of each signer info
};

// The signatures of a transaction were found to verify under these account numbers, in the order of
// signers. Where the last one was found not to, the later ones were not tried.
struct VerifiedSigners {
  std::vector<std::uint64_t> account_numbers;
  bool last_failed = false;
  bool operator==(const VerifiedSigners&) const = default;
};

class Admission {
 public:
  virtual ~Admission() = default;

  // Reads what admit() and verify() want to know of `tx`. Thread-safe.
  virtual TxClaims claims_of(const DecodedTx& tx) const = 0;

  // Verifies the signatures against a committed state. Nothing when it cannot be told yet (an
  // account that this state does not have). Thread-safe, and changes nothing. Cost: one
  // verification a signature.
  virtual std::optional<VerifiedSigners> verify(const store::Reader& state,
                                                const ChainParams& params, const DecodedTx& tx,
                                                const TxClaims& claims) const = 0;

  // Names the rows that admit() will read, as far as `claims` tell: so that they can be fetched in
  // time. Only advice.
  virtual void name_rows(const TxClaims& claims, store::RowNames& rows) const = 0;

  // Runs the checks in the documented order, takes the fee, sets the public key, bumps sequences,
  // and emits the events of the transaction itself. `verified` spares the verification where it
  // names the same account numbers. Errors: codespace "sdk" (specs/chain.md §2.4, "Admission
  // order"). Rules: the same section.
  virtual Result<void> admit(Context& context, const DecodedTx& tx, const TxClaims& claims,
                             AdmitMode mode,
                             const std::optional<VerifiedSigners>& verified) const = 0;
};

}  // namespace tp::chain
