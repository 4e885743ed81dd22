#include "client/tx_builder.h"

#include "cosmos/crypto/secp256k1/keys.pb.h"
#include "cosmos/tx/v1beta1/tx.pb.h"
#include "crypto/sha.h"

namespace tp::client {
namespace {

namespace tx = cosmos::tx::v1beta1;

void set_any(google::protobuf::Any& any, const Message& message) {
  any.set_type_url(message.type_url);
  any.set_value(message.value);
}

Bytes body_bytes(const TxDraft& draft) {
  tx::TxBody body;
  for (const Message& message : draft.messages) set_any(*body.add_messages(), message);
  body.set_memo(draft.memo);
  body.set_timeout_height(static_cast<std::uint64_t>(draft.timeout_height.value));
  return body.SerializeAsString();
}

Bytes auth_info_bytes(const TxDraft& draft, Sequence sequence,
                      const crypto::Secp256k1PublicKey& key) {
  cosmos::crypto::secp256k1::PubKey public_key;
  public_key.set_key(key.bytes());

  tx::AuthInfo auth;
  tx::SignerInfo& signer = *auth.add_signer_infos();
  set_any(*signer.mutable_public_key(), to_message(public_key));
  signer.mutable_mode_info()->mutable_single()->set_mode(
      cosmos::tx::signing::v1beta1::SIGN_MODE_DIRECT);
  signer.set_sequence(sequence.value);

  tx::Fee& fee = *auth.mutable_fee();
  for (const Coin& coin : draft.fee.amount) {
    auto& out = *fee.add_amount();
    out.set_denom(coin.denom.text());
    out.set_amount(coin.amount.to_string());
  }
  fee.set_gas_limit(draft.fee.gas_limit.value);
  fee.set_payer(draft.fee.payer);
  fee.set_granter(draft.fee.granter);
  return auth.SerializeAsString();
}

Bytes raw_bytes(Bytes body, Bytes auth, Bytes signature) {
  tx::TxRaw raw;
  raw.set_body_bytes(std::move(body));
  raw.set_auth_info_bytes(std::move(auth));
  raw.add_signatures(std::move(signature));
  return raw.SerializeAsString();
}

}  // namespace

Hash256 sign_digest(BytesView body, BytesView auth_info, const SignerState& signer) {
  tx::SignDoc document;
  document.set_body_bytes(Bytes(body));
  document.set_auth_info_bytes(Bytes(auth_info));
  document.set_chain_id(signer.chain_id);
  document.set_account_number(signer.account_number.value);
  return crypto::sha256(document.SerializeAsString());
}

SignedTx sign_tx(const TxDraft& draft, const SignerState& signer,
                 const crypto::Secp256k1PrivateKey& key) {
  Bytes body = body_bytes(draft);
  Bytes auth = auth_info_bytes(draft, signer.sequence, key.public_key());
  const auto signature = key.sign(sign_digest(body, auth, signer));
  SignedTx out;
  out.bytes = raw_bytes(std::move(body), std::move(auth), signature.bytes());
  out.hash = crypto::sha256(out.bytes);
  return out;
}

Bytes unsigned_tx(const TxDraft& draft, Sequence sequence, const crypto::Secp256k1PublicKey& key) {
  return raw_bytes(body_bytes(draft), auth_info_bytes(draft, sequence, key), {});
}

}  // namespace tp::client
