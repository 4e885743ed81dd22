// The admission of transactions ("ante"): basic checks, fee, public keys, signatures, sequences, in
// the order that clients know. Rules: specs/chain.md §2.4, "Admission order".
#pragma once

#include "base/coin.h"
#include "chain/admission.h"
#include "chain/router.h"
#include "modules/accounts/accounts.h"

namespace tp::accounts {

// Takes fees; the bank implements it and app/ passes it.
class FeeSource {
 public:
  virtual ~FeeSource() = default;
  // Errors: SdkError::kInsufficientFunds.
  virtual Result<void> pay_fee(chain::Context& context, const Address& payer,
                               const Coins& fee) const = 0;
};

class AccountAdmission final : public chain::Admission {
 public:
  AccountAdmission(const Accounts& accounts, const chain::MessageRouter& messages,
                   const FeeSource& fees)
      : accounts_(accounts), messages_(messages), fees_(fees) {}

  std::optional<chain::VerifiedSigners> verify(const store::Reader& state,
                                               const chain::ChainParams& params,
                                               const chain::DecodedTx& tx) const override;
  Result<void> admit(chain::Context& context, const chain::DecodedTx& tx, chain::AdmitMode mode,
                     const std::optional<chain::VerifiedSigners>& verified) const override;

 private:
  Result<std::vector<Address>> signers_of(const chain::DecodedTx& tx) const;
  Result<void> check_basics(const chain::Context& context, const chain::DecodedTx& tx,
                            const std::vector<Address>& signers, chain::AdmitMode mode) const;
  Result<Coins> fee_of(const chain::Context& context, const chain::DecodedTx& tx,
                       chain::AdmitMode mode) const;
  Result<void> take_fee(chain::Context& context, const chain::DecodedTx& tx, const Address& payer,
                        chain::AdmitMode mode) const;
  // Checks the signer's key, sequence and signature, and bumps the sequence.
  Result<void> admit_signer(chain::Context& context, const chain::DecodedTx& tx,
                            const Address& address, std::size_t index, chain::AdmitMode mode,
                            const std::optional<chain::VerifiedSigners>& verified) const;

  const Accounts& accounts_;
  const chain::MessageRouter& messages_;
  const FeeSource& fees_;
};

}  // namespace tp::accounts
