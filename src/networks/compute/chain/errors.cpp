#include "networks/compute/chain/errors.h"

#include "chain/sdk_errors.h"
#include "modules/escrow/account.h"
#include "modules/market/records.h"
#include "modules/registry/records.h"

namespace tp::compute {
namespace {

template <class E>
ErrorInfo named(std::string_view codespace, E error, std::string_view text) {
  return {codespace, static_cast<std::uint32_t>(error), text};
}

template <ErrorEnum E>
Error renamed(E error, std::string_view detail = {}) {
  return fail(error, detail).error();
}

}  // namespace

ErrorInfo describe(DeploymentError error) {
  const auto info = [error](std::string_view text) { return named("deployment", error, text); };
  switch (error) {
    case DeploymentError::kInvalidRequest: return info("Invalid request");
    case DeploymentError::kDeploymentExists: return info("Deployment exists");
    case DeploymentError::kDeploymentNotFound: return info("Deployment not found");
    case DeploymentError::kDeploymentClosed: return info("Deployment closed");
    case DeploymentError::kInvalidGroups: return info("Invalid groups");
    case DeploymentError::kInvalidDeploymentId: return info("Invalid: deployment id");
    case DeploymentError::kEmptyHash: return info("Invalid: empty hash");
    case DeploymentError::kInvalidHash: return info("Invalid: deployment hash");
    case DeploymentError::kInternal: return info("internal error");
    case DeploymentError::kInvalidGroupId: return info("Invalid deployment's group ID");
    case DeploymentError::kGroupNotFound: return info("Group not found");
    case DeploymentError::kGroupClosed: return info("Group already closed");
    case DeploymentError::kGroupOpen: return info("Group open");
    case DeploymentError::kGroupPaused: return info("Group paused");
    case DeploymentError::kInvalidDeposit: return info("Deposit invalid");
    case DeploymentError::kInvalidParam: return info("parameter invalid");
    case DeploymentError::kInvalidPrice: return info("invalid price");
    case DeploymentError::kInvalidReclamation: return info("invalid reclamation configuration");
  }
  TP_FATAL("DeploymentError out of range");
}

ErrorInfo describe(MarketError error) {
  const auto info = [error](std::string_view text) { return named("market", error, text); };
  switch (error) {
    case MarketError::kEmptyProvider: return info("empty provider");
    case MarketError::kSameAccount: return info("owner and provider are the same account");
    case MarketError::kInternal: return info("internal error");
    case MarketError::kAttributeMismatch: return info("attribute mismatch");
    case MarketError::kUnknownBid: return info("unknown bid");
    case MarketError::kUnknownLease: return info("unknown lease");
    case MarketError::kUnknownLeaseForBid: return info("unknown lease for bid");
    case MarketError::kUnknownOrderForBid: return info("unknown order for bid");
    case MarketError::kLeaseNotActive: return info("lease not active");
    case MarketError::kBidNotActive: return info("bid not active");
    case MarketError::kBidNotOpen: return info("bid not open");
    case MarketError::kOrderNotOpen: return info("bid: order not open");
    case MarketError::kOrderNotFound: return info("invalid order: order not found");
    case MarketError::kGroupNotFound: return info("group not found");
    case MarketError::kGroupNotOpen: return info("group not open");
    case MarketError::kBidNotFound: return info("invalid bid: bid not found");
    case MarketError::kBidZeroPrice: return info("invalid bid: zero price");
    case MarketError::kLeaseNotFound: return info("invalid lease: lease not found");
    case MarketError::kBidExists: return info("invalid bid: bid exists from provider");
    case MarketError::kBidInvalidPrice: return info("bid price is invalid");
    case MarketError::kOrderActive: return info("order active");
    case MarketError::kOrderClosed: return info("order closed");
    case MarketError::kInvalidDeposit: return info("deposit invalid");
    case MarketError::kInvalidParam: return info("parameter invalid");
    case MarketError::kUnknownProvider: return info("unknown provider");
    case MarketError::kInvalidBid: return info("invalid bid");
    case MarketError::kCapabilitiesMismatch: return info("capabilities mismatch");
    case MarketError::kInvalidLeaseClosedReason: return info("invalid lease closed reason");
    case MarketError::kLeaseNotReclaimable:
      return info("lease does not have reclamation configured");
    case MarketError::kLeaseAlreadyReclaiming: return info("reclamation already in progress");
    case MarketError::kReclamationNotStarted:
      return info("reclamation not started; call MsgLeaseStartReclaim first");
    case MarketError::kReclamationWindowNotElapsed:
      return info("reclamation window has not elapsed");
    case MarketError::kReclamationWindowInvalid:
      return info("reclamation window outside governance bounds");
    case MarketError::kReclamationRequired:
      return info("order requires reclamation but bid does not offer it");
    case MarketError::kReclamationWindowTooShort:
      return info("reclamation window shorter than order minimum");
  }
  TP_FATAL("MarketError out of range");
}

ErrorInfo describe(ProviderError error) {
  const auto info = [error](std::string_view text) { return named("provider", error, text); };
  switch (error) {
    case ProviderError::kInvalidUri: return info("invalid provider: invalid host uri");
    case ProviderError::kNotAbsoluteUri: return info("invalid provider: not absolute host uri");
    case ProviderError::kProviderNotFound: return info("invalid provider: address not found");
    case ProviderError::kProviderExists: return info("invalid provider: already exists");
    case ProviderError::kInvalidAddress: return info("invalid address");
    case ProviderError::kAttributes: return info("attribute specification error");
    case ProviderError::kInvalidWebsite: return info("invalid provider: invalid info website");
    case ProviderError::kInternal: return info("internal error");
    case ProviderError::kActiveLeases: return info("invalid provider: leases are active");
  }
  TP_FATAL("ProviderError out of range");
}

ErrorInfo describe(EscrowError error) {
  const auto info = [error](std::string_view text) { return named("escrow", error, text); };
  switch (error) {
    case EscrowError::kAccountClosed: return info("account closed");
    case EscrowError::kAccountNotFound: return info("account not found");
    case EscrowError::kAccountOverdrawn: return info("account overdrawn");
    case EscrowError::kInvalidDenomination: return info("invalid denomination");
    case EscrowError::kPaymentClosed: return info("payment closed");
    case EscrowError::kPaymentNotFound: return info("payment not found");
    case EscrowError::kInvalidId: return info("invalid ID");
    case EscrowError::kInvalidDeposit: return info("invalid deposit");
  }
  TP_FATAL("EscrowError out of range");
}

ErrorInfo describe(AuditError error) {
  const auto info = [error](std::string_view text) { return named("audit", error, text); };
  switch (error) {
    case AuditError::kProviderNotFound: return info("invalid provider: address not found");
    case AuditError::kInvalidAddress: return info("invalid address");
    case AuditError::kAttributeNotFound: return info("attribute not found");
  }
  TP_FATAL("AuditError out of range");
}

ErrorInfo describe(CommonError error) {
  const auto info = [error](std::string_view text) { return named("akash", error, text); };
  switch (error) {
    case CommonError::kDuplicateAttributes: return info("attributes cannot have duplicate keys");
    case CommonError::kInvalidAttributeKey: return info("attribute key does not match regexp");
    case CommonError::kInvalidDepositSource: return info("invalid deposit source");
  }
  TP_FATAL("CommonError out of range");
}

Error in_akash_words(Error error) {
  using market::MarketError;
  using Escrow = escrow::EscrowError;
  using Registry = registry::RegistryError;
  using Akash = compute::MarketError;
  using AkashEscrow = compute::EscrowError;

  if (is(error, MarketError::kOrderNotFound)) return renamed(Akash::kOrderNotFound);
  if (is(error, MarketError::kOrderNotOpen)) return renamed(Akash::kOrderNotOpen);
  if (is(error, MarketError::kOrderHasAgreement)) return renamed(Akash::kOrderActive);
  if (is(error, MarketError::kBidNotFound)) return renamed(Akash::kBidNotFound);
  if (is(error, MarketError::kBidNotOpen)) return renamed(Akash::kBidNotOpen);
  if (is(error, MarketError::kBidExists)) return renamed(Akash::kBidExists);
  if (is(error, MarketError::kTooManyBids)) return renamed(Akash::kInvalidBid, error.text);
  if (is(error, MarketError::kOwnOrder)) return renamed(Akash::kSameAccount);
  if (is(error, MarketError::kNotAnOperator)) return renamed(Akash::kUnknownProvider);
  if (is(error, MarketError::kWrongDenom) || is(error, MarketError::kPriceTooHigh) ||
      is(error, MarketError::kInvalidPrice))
    return renamed(Akash::kBidInvalidPrice);
  if (is(error, MarketError::kReclaimWindowTooShort))
    return renamed(Akash::kReclamationWindowTooShort);
  if (is(error, MarketError::kAgreementNotFound)) return renamed(Akash::kUnknownLease);
  if (is(error, MarketError::kAgreementNotLive)) return renamed(Akash::kLeaseNotActive);
  if (is(error, MarketError::kNoticeRequired)) return renamed(Akash::kReclamationWindowNotElapsed);
  if (is(error, MarketError::kNoticeNotPossible)) return renamed(Akash::kLeaseNotReclaimable);
  if (is(error, MarketError::kSpecTooLong) || is(error, MarketError::kInvalidDeposit))
    return renamed(Akash::kInvalidBid, error.text);

  if (is(error, Escrow::kAccountNotFound)) return renamed(AkashEscrow::kAccountNotFound);
  if (is(error, Escrow::kAccountClosed)) return renamed(AkashEscrow::kAccountClosed);
  if (is(error, Escrow::kAccountOverdrawn)) return renamed(AkashEscrow::kAccountOverdrawn);
  if (is(error, Escrow::kChargeNotFound)) return renamed(AkashEscrow::kPaymentNotFound);
  if (is(error, Escrow::kInvalidAmount) || is(error, Escrow::kTooManyDeposits))
    return renamed(AkashEscrow::kInvalidDeposit, error.text);

  if (is(error, Registry::kProviderExists)) return renamed(ProviderError::kProviderExists);
  if (is(error, Registry::kProviderNotFound)) return renamed(ProviderError::kProviderNotFound);
  if (is(error, Registry::kProviderInUse)) return renamed(ProviderError::kActiveLeases);
  if (is(error, Registry::kInvalidHostUri)) return renamed(ProviderError::kInvalidUri, error.text);
  if (is(error, Registry::kInvalidWebsite))
    return renamed(ProviderError::kInvalidWebsite, error.text);
  if (is(error, Registry::kInvalidAttributeKey)) return renamed(CommonError::kInvalidAttributeKey);
  if (is(error, Registry::kDuplicateAttribute)) return renamed(CommonError::kDuplicateAttributes);
  if (is(error, Registry::kTooManyAttributes) || is(error, Registry::kTooLong))
    return renamed(ProviderError::kAttributes, error.text);
  return error;
}

}  // namespace tp::compute
