// The admission of transactions ("ante"): basic checks, fee, public keys, signatures, sequences, in
// the order that clients know. Rules: specs/chain.md §2.4, "Admission order".
#pragma once

#include "base/coin.h"
#include "chain/admission.h"
#include "chain/router.h"
#include "chain/sign_doc.h"
#include "crypto/secp256k1_key_cache.h"
#include "modules/accounts/accounts.h"

namespace tp::accounts {

// Takes fees; the bank implements it and app/ passes it.
class FeeSource {
 public:
  virtual ~FeeSource() = default;
  // Errors: SdkError::kInsufficientFunds.
  virtual Result<void> pay_fee(chain::Context& context, const Address& payer,
                               const Coins& fee) const = 0;
  // Only takes it from the payer: enough for a check, whose state tells later checks what is left
  // and is then forgotten. Errors: as pay_fee().
  virtual Result<void> set_fee_aside(chain::Context& context, const Address& payer,
                                     const Coins& fee) const = 0;
  // Names the rows of the payer that both read.
  virtual void name_fee_rows(const Address& payer, const Coins& fee,
                             store::RowNames& rows) const = 0;
};

class AccountAdmission final : public chain::Admission {
 public:
  AccountAdmission(const Accounts& accounts, const chain::MessageRouter& messages,
                   const FeeSource& fees)
      : accounts_(accounts), messages_(messages), fees_(fees) {}

  chain::TxClaims claims_of(const chain::DecodedTx& tx) const override;
  std::optional<chain::VerifiedSigners> verify(const store::Reader& state,
                                               const chain::ChainParams& params,
                                               const chain::DecodedTx& tx,
                                               const chain::TxClaims& claims) const override;
  void name_rows(const chain::TxClaims& claims, store::RowNames& rows) const override;
  Result<void> admit(chain::Context& context, const chain::DecodedTx& tx,
                     const chain::TxClaims& claims, chain::AdmitMode mode,
                     const std::optional<chain::VerifiedSigners>& verified) const override;

 private:
  struct Admitted;  // the transaction under admission, with all that is known of it

  Result<void> read_signers(const chain::DecodedTx& tx, chain::TxClaims& claims) const;
  Result<void> check_basics(const Admitted& admitted, const std::vector<Address>& signers) const;
  Result<void> check_fee(const Admitted& admitted, const Coins& fee) const;
  // Returns the payer's account.
  Result<Account> take_fee(const Admitted& admitted, const Address& payer) const;
  // Gives the account the key that the transaction carries, where it has none yet.
  Result<void> set_key(const Admitted& admitted, const Address& address, Account& account,
                       std::size_t index) const;
  Result<void> check_signature(const Admitted& admitted, const Account& account,
                               std::size_t index) const;
  Result<void> bump_sequence(const Admitted& admitted, const Address& address, Account account,
                             std::size_t index) const;
  bool signature_verifies(const chain::DecodedTx& tx, std::size_t index, BytesView key,
                          const chain::SignerContext& signer) const;

  const Accounts& accounts_;
  const chain::MessageRouter& messages_;
  const FeeSource& fees_;
  mutable crypto::Secp256k1KeyCache keys_;
};

}  // namespace tp::accounts
