#include "chain/sign_doc.h"

#include "base/varint.h"
#include "crypto/sha.h"

namespace tp::chain {
namespace {

// Tag and length of a byte field of SignDoc. proto3 leaves out what is empty.
void append_head(Bytes& out, unsigned field, std::size_t size) {
  append_varint(out, field << 3 | 2);
  append_varint(out, size);
}

struct Heads {
  Bytes body;
  Bytes auth_info;
  Bytes rest;  // chain_id and account_number, whole
};

Heads heads_of(BytesView body, BytesView auth_info, const SignerContext& signer) {
  Heads heads;
  if (!body.empty()) append_head(heads.body, 1, body.size());
  if (!auth_info.empty()) append_head(heads.auth_info, 2, auth_info.size());
  if (!signer.chain_id.empty()) {
    append_head(heads.rest, 3, signer.chain_id.size());
    heads.rest.append(signer.chain_id);
  }
  if (signer.account_number != 0) {
    append_varint(heads.rest, 4 << 3);
    append_varint(heads.rest, signer.account_number);
  }
  return heads;
}

}  // namespace

Bytes sign_doc(BytesView body, BytesView auth_info, const SignerContext& signer) {
  const Heads heads = heads_of(body, auth_info, signer);
  Bytes out;
  out.reserve(body.size() + auth_info.size() + heads.rest.size() + 20);
  out.append(heads.body).append(body);
  out.append(heads.auth_info).append(auth_info);
  out.append(heads.rest);
  return out;
}

Hash256 sign_doc_hash(BytesView body, BytesView auth_info, const SignerContext& signer) {
  const Heads heads = heads_of(body, auth_info, signer);
  return crypto::sha256({heads.body, body, heads.auth_info, auth_info, heads.rest});
}

}  // namespace tp::chain
