// The registered errors of the Akash modules: clients show codespace, code and text, so all three
// are the reference's. Numbers follow the order of declaration there
// (specs/compute-market.md §2.7); what is ours stands above them.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace tp::compute {

enum class DeploymentError : std::uint32_t {
  kInvalidRequest = 2,
  kDeploymentExists = 3,
  kDeploymentNotFound = 4,
  kDeploymentClosed = 5,
  kInvalidGroups = 7,
  kInvalidDeploymentId = 8,
  kEmptyHash = 9,
  kInvalidHash = 10,
  kInternal = 11,
  kInvalidGroupId = 13,
  kGroupNotFound = 14,
  kGroupClosed = 15,
  kGroupOpen = 16,
  kGroupPaused = 17,
  kInvalidDeposit = 20,
  kInvalidParam = 22,
  kInvalidPrice = 24,
  kInvalidReclamation = 26,
};
ErrorInfo describe(DeploymentError error);

enum class MarketError : std::uint32_t {
  kEmptyProvider = 1,
  kSameAccount = 2,
  kInternal = 3,
  kAttributeMismatch = 5,
  kUnknownBid = 6,
  kUnknownLease = 7,
  kUnknownLeaseForBid = 8,
  kUnknownOrderForBid = 9,
  kLeaseNotActive = 10,
  kBidNotActive = 11,
  kBidNotOpen = 12,
  kOrderNotOpen = 13,
  kOrderNotFound = 15,
  kGroupNotFound = 16,
  kGroupNotOpen = 17,
  kBidNotFound = 18,
  kBidZeroPrice = 19,
  kLeaseNotFound = 20,
  kBidExists = 21,
  kBidInvalidPrice = 22,
  kOrderActive = 23,
  kOrderClosed = 24,
  kInvalidDeposit = 28,
  kInvalidParam = 29,
  kUnknownProvider = 30,
  kInvalidBid = 31,
  kCapabilitiesMismatch = 32,
  kInvalidLeaseClosedReason = 33,
  kLeaseNotReclaimable = 35,
  kLeaseAlreadyReclaiming = 36,
  kReclamationNotStarted = 37,
  kReclamationWindowNotElapsed = 38,
  kReclamationWindowInvalid = 39,
  kReclamationRequired = 40,
  kReclamationWindowTooShort = 41,
};
ErrorInfo describe(MarketError error);

enum class ProviderError : std::uint32_t {
  kInvalidUri = 1,
  kNotAbsoluteUri = 2,
  kProviderNotFound = 3,
  kProviderExists = 4,
  kInvalidAddress = 5,
  kAttributes = 6,
  kInvalidWebsite = 8,
  kInternal = 9,
  kActiveLeases = 11,  // ours: the reference cannot delete (specs/compute-market.md §8.4)
};
ErrorInfo describe(ProviderError error);

enum class EscrowError : std::uint32_t {
  kAccountClosed = 2,
  kAccountNotFound = 3,
  kAccountOverdrawn = 4,
  kInvalidDenomination = 5,
  kPaymentClosed = 7,
  kPaymentNotFound = 8,
  kInvalidId = 12,
  kInvalidDeposit = 16,
};
ErrorInfo describe(EscrowError error);

enum class AuditError : std::uint32_t {
  kProviderNotFound = 1,
  kInvalidAddress = 2,
  kAttributeNotFound = 3,
};
ErrorInfo describe(AuditError error);

// Of attributes and deposits; codespace "akash".
enum class CommonError : std::uint32_t {
  kDuplicateAttributes = 1,
  kInvalidAttributeKey = 2,
  kInvalidDepositSource = 4,
};
ErrorInfo describe(CommonError error);

// "<registered text>: <detail>": how the handlers of the reference's market write it, the other way
// round than fail().
template <ErrorEnum E>
[[nodiscard]] std::unexpected<Error> fail_named(E error, std::string_view detail) {
  const ErrorInfo info = describe(error);
  return std::unexpected(Error{std::string(info.codespace), info.code,
                               std::string(info.text).append(": ").append(detail)});
}

// What the waist says, in Akash's words: errors of market, escrow and registry become those above,
// others stay as they are.
Error in_akash_words(Error error);

template <class T>
Result<T> in_akash_words(Result<T> result) {
  if (!result) return std::unexpected(in_akash_words(std::move(result).error()));
  return result;
}

}  // namespace tp::compute
