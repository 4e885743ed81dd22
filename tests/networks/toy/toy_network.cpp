#include "networks/toy/toy_network.h"

#include "base/text.h"
#include "base/varint.h"
#include "crypto/sha.h"

namespace tp::toy {
namespace {

constexpr std::size_t kReceiptBytes = 8 + 8 + crypto::Secp256k1Signature::kSize;

std::uint64_t read_big_endian(BytesView bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

}  // namespace

ErrorInfo describe(ToyError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"toy", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case ToyError::kParams: return info("params are the most units of a receipt, in digits");
    case ToyError::kSpec: return info("a spec has 1 to 64 bytes");
    case ToyError::kNotMetered: return info("only metered offers are sold here");
    case ToyError::kReceipt: return info("not a receipt");
    case ToyError::kSignature: return info("the customer did not sign this receipt");
    case ToyError::kTooManyUnits: return info("the receipt claims too many units");
  }
  TP_FATAL("ToyError out of range");
}

Hash256 receipt_digest(std::string_view chain_id, market::AgreementId agreement,
                       const Receipt& receipt) {
  Bytes numbers;
  append_big_endian(numbers, agreement.value);
  append_big_endian(numbers, receipt.sequence);
  append_big_endian(numbers, receipt.units);
  return crypto::sha256({"toy receipt/", chain_id, "/", numbers});
}

Bytes encode(const Receipt& receipt) {
  Bytes out;
  append_big_endian(out, receipt.sequence);
  append_big_endian(out, receipt.units);
  return out + receipt.signature.bytes();
}

Result<Receipt> decode(BytesView bytes) {
  if (bytes.size() != kReceiptBytes)
    return fail(ToyError::kReceipt, std::to_string(bytes.size()) + " bytes");
  return Receipt{.sequence = read_big_endian(bytes.substr(0, 8)),
                 .units = read_big_endian(bytes.substr(8, 8)),
                 .signature = crypto::Secp256k1Signature::of(bytes.substr(16))};
}

Result<void> ToyNetwork::admit_network(const store::Reader&, NetworkRef network) const {
  const auto units_max = parse_int<std::uint64_t>(network.record.params);
  if (!units_max || *units_max == 0) return fail(ToyError::kParams, network.record.params);
  return {};
}

Result<void> ToyNetwork::validate_spec(const store::Reader&, NetworkRef,
                                       const market::Spec& spec) const {
  if (spec.payload.empty() || spec.payload.size() > 64) return fail(ToyError::kSpec);
  return {};
}

Result<void> ToyNetwork::admit_bid(const store::Reader&, NetworkRef, const market::Order&,
                                   const Address&, const market::Bid&) const {
  return fail(ToyError::kNotMetered);
}

Result<void> ToyNetwork::admit_offer(const store::Reader&, NetworkRef,
                                     const market::Offer& offer) const {
  if (offer.charge != market::ChargeKind::kMetered) return fail(ToyError::kNotMetered);
  return {};
}

Result<Verified> ToyNetwork::verify_evidence(const store::Reader& state, NetworkRef network,
                                             market::AgreementId id,
                                             const market::Agreement& agreement, const Address&,
                                             BytesView evidence) const {
  TRY(const Receipt receipt, decode(evidence));
  TRY(const auto units_max, parse_int<std::uint64_t>(network.record.params));
  if (receipt.units > units_max)
    return fail(ToyError::kTooManyUnits,
                std::to_string(receipt.units) + " of " + std::to_string(units_max));
  TRY(const auto customer, accounts_.find(state, agreement.customer));
  if (!customer || customer->secp256k1_public_key.empty())
    return fail(ToyError::kSignature, "the customer has no key yet");
  const auto key = crypto::Secp256k1PublicKey::of(customer->secp256k1_public_key);
  if (!crypto::verify(key, receipt_digest(params_.chain_id, id, receipt), receipt.signature))
    return fail(ToyError::kSignature);
  return Verified{receipt.sequence, market::Units{receipt.units}, receipt.units};
}

}  // namespace tp::toy
