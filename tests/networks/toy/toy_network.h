// Toy: operators sell units of something at a posted price; the customer's device signs a receipt
// for what it took, and the operator brings the receipt to be paid.
//
// The whole of what a new network adds to the waist: what a sale may look like, and what proves
// service. Its messages are turnpike.market.v1's, its money escrow's, its rewards the epoch's.
#pragma once

#include "crypto/secp256k1.h"
#include "modules/accounts/accounts.h"
#include "modules/network.h"

namespace tp::toy {

enum class ToyError : std::uint32_t {
  kParams = 2,
  kSpec = 3,
  kNotMetered = 4,
  kReceipt = 5,
  kSignature = 6,
  kTooManyUnits = 7,
};
ErrorInfo describe(ToyError error);

// What a customer owes for, so far unpaid: 16 bytes big-endian, then the signature of the
// customer's account key over receipt_digest.
struct Receipt {
  std::uint64_t sequence = 0;  // rises with every receipt of one agreement
  std::uint64_t units = 0;
  crypto::Secp256k1Signature signature;
};

Hash256 receipt_digest(std::string_view chain_id, market::AgreementId agreement,
                       const Receipt& receipt);
Bytes encode(const Receipt& receipt);
Result<Receipt> decode(BytesView bytes);  // Errors: kReceipt.

class ToyNetwork final : public NetworkKind {
 public:
  ToyNetwork(const accounts::Accounts& accounts, const chain::ChainParams& params)
      : accounts_(accounts), params_(params) {}

  std::string_view kind() const override { return "toy"; }
  bool takes_market_messages() const override { return true; }

  // The params of an instance are the most units that one receipt may claim, in digits.
  Result<void> admit_network(const store::Reader& state, NetworkRef network) const override;
  // A spec says in 1 to 64 bytes what is sold.
  Result<void> validate_spec(const store::Reader& state, NetworkRef network,
                             const market::Spec& spec) const override;
  // No auctions here.
  Result<void> admit_bid(const store::Reader& state, NetworkRef network, const market::Order& order,
                         const Address& bidder, const market::Bid& bid) const override;
  Result<void> admit_offer(const store::Reader& state, NetworkRef network,
                           const market::Offer& offer) const override;
  // Units are paid and weigh in the epoch's reward alike.
  Result<Verified> verify_evidence(const store::Reader& state, NetworkRef network,
                                   market::AgreementId id, const market::Agreement& agreement,
                                   const Address& submitter, BytesView evidence) const override;

  // Everything that there is to know stands in the market.
  Result<void> agreement_formed(chain::Context&, NetworkRef, market::AgreementId,
                                const market::Agreement&) override {
    return {};
  }
  Result<void> agreement_ended(chain::Context&, NetworkRef, market::AgreementId,
                               const market::Agreement&) override {
    return {};
  }
  Result<void> escrow_ran_dry(chain::Context&, NetworkRef, escrow::AccountId,
                              chain::BillableTime) override {
    return {};
  }
  Result<void> order_forgotten(chain::Context&, NetworkRef, market::OrderId,
                               const market::Order&) override {
    return {};
  }

 private:
  const accounts::Accounts& accounts_;
  const chain::ChainParams& params_;
};

}  // namespace tp::toy
