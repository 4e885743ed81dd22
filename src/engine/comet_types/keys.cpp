#include "engine/comet_types/keys.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "crypto/address.h"
#include "crypto/secret.h"

namespace tp::comet_types {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPublicKeyType = "tendermint/PubKeyEd25519";
constexpr std::string_view kPrivateKeyType = "tendermint/PrivKeyEd25519";

std::unexpected<Error> bad(std::string_view what) {
  return fail(BaseError::kInvalidText, what);
}

// The text at `field` of what `where` names, empty where there is none. nlohmann's value() throws
// for another type.
Result<std::string> text_member(const Json& object, const char* field, const std::string& where) {
  const auto it = object.find(field);
  if (it == object.end()) return std::string();
  if (!it->is_string()) return bad(where + field + " is not a string");
  return it->get<std::string>();
}

// {"type": <type>, "value": <base64>} at `field`.
Result<Bytes> typed_bytes(const Json& document, const char* field, std::string_view type,
                          std::size_t size) {
  const auto it = document.find(field);
  if (it == document.end() || !it->is_object()) return bad(std::string(field) + " is missing");
  TRY(const std::string stated, text_member(*it, "type", std::string(field) + "."));
  if (stated != type) return bad(std::string(field) + ".type is not \"" + std::string(type) + "\"");
  TRY(std::string base64, text_member(*it, "value", std::string(field) + "."));
  const auto bytes = from_base64(base64);
  crypto::wipe(base64.data(), base64.size());
  if (!bytes || bytes->size() != size)
    return bad(std::string(field) + ".value is not base64 of " + std::to_string(size) + " bytes");
  return *bytes;
}

Result<Json> parse_object(std::string_view json) {
  Json document = Json::parse(json, nullptr, false);
  if (!document.is_object()) return bad("not a JSON object");
  return document;
}

Json private_key_json(const crypto::Ed25519PrivateKey& key) {
  // Go keeps seed and public key side by side.
  return {{"type", kPrivateKeyType},
          {"value", to_base64(Bytes(key.seed()) + key.public_key().bytes())}};
}

Result<crypto::Ed25519PrivateKey> private_key_in(const Json& document) {
  TRY(Bytes bytes, typed_bytes(document, "priv_key", kPrivateKeyType, 64));
  auto key = crypto::Ed25519PrivateKey::from_seed(BytesView(bytes).substr(0, 32));
  const bool fits = key && key->public_key().view() == BytesView(bytes).substr(32);
  crypto::wipe(bytes.data(), bytes.size());
  if (!fits) return bad("priv_key.value: its second half is not the public key of the first");
  return key;
}

using Parse = Result<crypto::Ed25519PrivateKey> (*)(std::string_view);
using Write = std::string (*)(const crypto::Ed25519PrivateKey&);

Result<crypto::Ed25519PrivateKey> load_or_make(Disk& disk, const std::string& path,
                                               crypto::Random& random, Parse parse, Write write) {
  if (disk.exists(path)) {
    TRY(Bytes text, disk.read(path));
    auto key = parse(text);
    crypto::wipe(text.data(), text.size());
    if (!key) return bad(path + ": " + key.error().text);
    return key;
  }
  auto key = crypto::Ed25519PrivateKey::generate(random);
  std::string text = write(key);
  const auto written = write_atomically(disk, path, text);
  crypto::wipe(text.data(), text.size());
  TRY_VOID(written);
  return key;
}

}  // namespace

Result<crypto::Ed25519PrivateKey> parse_validator_key(std::string_view json) {
  TRY(const Json document, parse_object(json));
  TRY(auto key, private_key_in(document));
  TRY(const Bytes public_key, typed_bytes(document, "pub_key", kPublicKeyType, 32));
  if (public_key != key.public_key().view()) return bad("pub_key does not belong to priv_key");
  const std::string address = to_hex_upper(crypto::address_of(key.public_key()).view());
  TRY(const std::string stated, text_member(document, "address", ""));
  if (stated != address) return bad("address is not that of the key, " + address);
  return key;
}

std::string write_validator_key(const crypto::Ed25519PrivateKey& key) {
  const crypto::Ed25519PublicKey public_key = key.public_key();
  return Json{{"address", to_hex_upper(crypto::address_of(public_key).view())},
              {"pub_key", {{"type", kPublicKeyType}, {"value", to_base64(public_key.view())}}},
              {"priv_key", private_key_json(key)}}
      .dump(2);
}

Result<crypto::Ed25519PrivateKey> parse_node_key(std::string_view json) {
  TRY(const Json document, parse_object(json));
  return private_key_in(document);
}

std::string write_node_key(const crypto::Ed25519PrivateKey& key) {
  return Json{{"priv_key", private_key_json(key)}}.dump();
}

std::string node_id(const crypto::Ed25519PublicKey& key) {
  return to_hex(crypto::address_of(key).view());
}

Result<crypto::Ed25519PrivateKey> load_or_make_validator_key(Disk& disk, const std::string& path,
                                                             crypto::Random& random) {
  return load_or_make(disk, path, random, parse_validator_key, write_validator_key);
}

Result<crypto::Ed25519PrivateKey> load_or_make_node_key(Disk& disk, const std::string& path,
                                                        crypto::Random& random) {
  return load_or_make(disk, path, random, parse_node_key, write_node_key);
}

}  // namespace tp::comet_types
