// A kind of network for the market's own tests: it allows what the test says and remembers what it
// is told.
#pragma once

#include <vector>

#include "base/text.h"
#include "modules/network.h"

namespace tp::market {

class FakeKind final : public NetworkKind {
 public:
  std::string_view kind() const override { return "fake"; }
  bool takes_market_messages() const override { return true; }
  bool reduces_dues() const override { return halves; }
  Result<Amount> payable(const store::Reader&, NetworkRef, AgreementId, const Agreement&,
                         escrow::Interval, Amount earned) const override {
    return Amount{(earned.units() + 1) / 2};
  }

  Result<void> admit_network(const store::Reader&, NetworkRef network) const override {
    if (network.record.params == "bad") return fail(BaseError::kInvalidText, "params");
    return {};
  }
  Result<void> validate_spec(const store::Reader&, NetworkRef, const Spec& spec) const override {
    if (spec.payload == "bad") return fail(BaseError::kInvalidText, "spec");
    return {};
  }
  Result<void> admit_bid(const store::Reader&, NetworkRef, const Order&, const Address&,
                         const Bid& bid) const override {
    if (bid.offer == "bad") return fail(BaseError::kInvalidText, "offer");
    return {};
  }
  Result<void> admit_offer(const store::Reader&, NetworkRef, const Offer& offer) const override {
    if (offer.spec.payload == "unsellable") return fail(BaseError::kInvalidText, "offer");
    return {};
  }
  // Evidence is "<sequence> <units>".
  Result<Verified> verify_evidence(const store::Reader&, NetworkRef, AgreementId, const Agreement&,
                                   const Address&, BytesView evidence) const override {
    const std::size_t space = evidence.find(' ');
    if (space == BytesView::npos) return fail(BaseError::kInvalidText, "evidence");
    TRY(const auto sequence, parse_int<std::uint64_t>(evidence.substr(0, space)));
    TRY(const auto units, parse_int<std::uint64_t>(evidence.substr(space + 1)));
    return Verified{sequence, Units{units}, units};
  }
  Result<void> agreement_formed(chain::Context&, NetworkRef, AgreementId id,
                                const Agreement&) override {
    formed.push_back(id);
    return {};
  }
  Result<void> agreement_ended(chain::Context&, NetworkRef, AgreementId id,
                               const Agreement& agreement) override {
    ended.emplace_back(id, agreement.ending->reason);
    return {};
  }
  Result<void> escrow_ran_dry(chain::Context&, NetworkRef, escrow::AccountId account,
                              chain::BillableTime due) override {
    dried.emplace_back(account, due);
    return {};
  }
  Result<void> order_forgotten(chain::Context&, NetworkRef, OrderId id, const Order&) override {
    forgotten.push_back(id);
    return {};
  }

  bool halves = false;
  std::vector<AgreementId> formed;
  std::vector<std::pair<AgreementId, Reason>> ended;
  std::vector<std::pair<escrow::AccountId, chain::BillableTime>> dried;
  std::vector<OrderId> forgotten;
};

}  // namespace tp::market
