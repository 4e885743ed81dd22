#include "networks/compute/agent/token.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <set>

#include "base/text.h"
#include "crypto/sha.h"
#include "networks/compute/agent/gateway_client.h"

namespace tp::compute::provider {
namespace {

namespace json = boost::json;

constexpr std::array kScopes{Scope::kSendManifest, Scope::kGetManifest,     Scope::kLogs,
                             Scope::kShell,        Scope::kEvents,          Scope::kStatus,
                             Scope::kRestart,      Scope::kHostnameMigrate, Scope::kIpMigrate,
                             Scope::kAttestation};

std::unexpected<Error> malformed(std::string_view text) {
  return fail(TokenError::kMalformed, text);
}

Result<json::object> parse_object(std::string_view text, std::string_view what) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return malformed(std::string(what) + " is not a JSON object");
  return std::move(value.get_object());
}

// Nothing but what is named may be there: a claim that nobody honours must not look honoured.
Result<void> only(const json::object& in, std::initializer_list<std::string_view> names,
                  std::string_view where) {
  for (const auto& member : in)
    if (std::ranges::find(names, std::string_view(member.key())) == names.end())
      return malformed(std::string(where) + " has the unknown field \"" +
                       std::string(member.key()) + "\"");
  return {};
}

Result<std::string> text_at(const json::object& in, std::string_view name) {
  const json::value* found = in.if_contains(name);
  if (found == nullptr || !found->is_string())
    return malformed("\"" + std::string(name) + "\" is missing or not a text");
  return std::string(found->get_string());
}

Result<std::int64_t> number_at(const json::object& in, std::string_view name) {
  const json::value* found = in.if_contains(name);
  boost::system::error_code error;
  const auto number = found == nullptr ? 0 : found->to_number<std::int64_t>(error);
  if (found == nullptr || error || number < 0 || number > 253'402'300'799)
    return malformed("\"" + std::string(name) + "\" is missing or not a time in seconds");
  return number;
}

Result<std::uint64_t> id_at(const json::value& value, std::string_view name) {
  boost::system::error_code error;
  if (value.is_string()) return parse_int<std::uint64_t>(value.get_string());
  const auto number = value.to_number<std::uint64_t>(error);
  if (error) return malformed("\"" + std::string(name) + "\" is not a whole number");
  return number;
}

Result<std::optional<std::uint32_t>> optional_id(const json::object& in, std::string_view name) {
  const json::value* found = in.if_contains(name);
  if (found == nullptr) return std::optional<std::uint32_t>{};
  TRY(const std::uint64_t number, id_at(*found, name));
  if (number > UINT32_MAX) return malformed("\"" + std::string(name) + "\" is too large");
  return std::optional<std::uint32_t>(static_cast<std::uint32_t>(number));
}

Result<const json::array*> list_at(const json::object& in, std::string_view name) {
  const json::value* found = in.if_contains(name);
  if (found == nullptr || !found->is_array() || found->get_array().empty())
    return malformed("\"" + std::string(name) + "\" is missing or not a list");
  return &found->get_array();
}

Result<std::vector<Scope>> scopes_at(const json::object& in) {
  TRY(const json::array* list, list_at(in, "scope"));
  std::vector<Scope> out;
  for (const json::value& one : *list) {
    const auto scope = std::ranges::find_if(
        kScopes, [&](Scope s) { return one.is_string() && one.get_string() == name_of(s); });
    if (scope == kScopes.end()) return malformed("unknown scope " + json::serialize(one));
    if (std::ranges::find(out, *scope) != out.end())
      return malformed("scope " + json::serialize(one) + " stands twice");
    out.push_back(*scope);
  }
  return out;
}

// What browser wallets sign in place of `data` (ADR-36): an amino transaction that does nothing.
std::string adr36_document(std::string_view data, std::string_view signer) {
  return R"({"account_number":"0","chain_id":"","fee":{"amount":[],"gas":"0"},"memo":"","msgs":[)"
         R"({"type":"sign/MsgSignData","value":{"data":")" +
         to_base64(data) + R"(","signer":")" + std::string(signer) + R"("}}],"sequence":"0"})";
}

BlockTime at_second(std::int64_t seconds) {
  return {seconds * 1'000'000'000};
}

bool has(const std::vector<Scope>& scopes, Scope scope) {
  return std::ranges::find(scopes, scope) != scopes.end();
}

}  // namespace

ErrorInfo describe(TokenError error) {
  switch (error) {
    case TokenError::kMalformed: return {"token", 2, "not a valid token"};
    case TokenError::kBadSignature: return {"token", 3, "the token's signature is not valid"};
    case TokenError::kNotYetValid: return {"token", 4, "the token is not valid yet"};
    case TokenError::kExpired: return {"token", 5, "the token has expired"};
  }
  TP_FATAL("TokenError out of range");
}

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::kSendManifest: return "send-manifest";
    case Scope::kGetManifest: return "get-manifest";
    case Scope::kLogs: return "logs";
    case Scope::kShell: return "shell";
    case Scope::kEvents: return "events";
    case Scope::kStatus: return "status";
    case Scope::kRestart: return "restart";
    case Scope::kHostnameMigrate: return "hostname-migrate";
    case Scope::kIpMigrate: return "ip-migrate";
    case Scope::kAttestation: return "attestation";
  }
  TP_FATAL("Scope out of range");
}

std::string make_token(const crypto::Secp256k1PrivateKey& key, std::string_view owner,
                       BlockTime now, const TokenOptions& options) {
  const std::int64_t second = now.nanoseconds / 1'000'000'000;
  json::object leases{{"access", options.scopes.empty() ? "full" : "scoped"}};
  if (!options.scopes.empty()) leases["scope"] = json::value_from(options.scopes);
  if (!options.provider.empty()) {
    leases["provider"] = options.provider;
    leases = {{"access", "granular"}, {"permissions", json::array{std::move(leases)}}};
  }
  const json::object claims{
      {"iss", owner},    {"iat", second},
      {"nbf", second},   {"exp", second + options.life.nanoseconds / 1'000'000'000},
      {"version", "v1"}, {"leases", std::move(leases)}};
  const std::string text =
      to_base64url(R"({"alg":"ES256K","typ":"JWT"})") + "." + to_base64url(json::serialize(claims));
  return text + "." + to_base64url(key.sign(crypto::sha256(text)).view());
}

bool Token::allows(const Wish& wish, std::string_view provider) const {
  if (full_ || has(scopes_, wish.scope)) return true;
  for (const ProviderRule& rule : rules_) {
    if (rule.provider != provider) continue;
    if (rule.full || has(rule.scopes, wish.scope)) return true;
    for (const DeploymentRule& one : rule.deployments) {
      if (one.dseq != wish.dseq || !has(one.scopes, wish.scope)) continue;
      if (one.gseq && one.gseq != wish.gseq) continue;
      if (one.oseq && one.oseq != wish.oseq) continue;
      if (one.services.empty()) return true;
      const bool named = std::ranges::all_of(wish.services, [&](const std::string& service) {
        return std::ranges::find(one.services, service) != one.services.end();
      });
      if (named && !wish.services.empty()) return true;
    }
  }
  return false;
}

Result<Token> TokenChecker::check(std::string_view text, BlockTime now) const {
  if (text.size() > kSizeMax) return malformed("longer than 8192 bytes");
  const std::size_t first = text.find('.');
  const std::size_t second = text.find('.', first == text.npos ? text.size() : first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos)
    return malformed("not three parts joined by \".\"");
  const std::string_view signed_text = text.substr(0, second);
  const auto header_text = from_base64url(text.substr(0, first));
  const auto claims_text = from_base64url(text.substr(first + 1, second - first - 1));
  const auto signature_bytes = from_base64url(text.substr(second + 1));
  if (!header_text || !claims_text || !signature_bytes)
    return malformed("a part is not base64url without padding");

  TRY(const json::object header, parse_object(*header_text, "the header"));
  TRY_VOID(only(header, {"alg", "typ"}, "the header"));
  TRY(const std::string algorithm, text_at(header, "alg"));
  if (algorithm != "ES256K" && algorithm != "ES256KADR36")
    return malformed("algorithm \"" + algorithm + "\" is not ES256K or ES256KADR36");
  if (header.contains("typ") && header.at("typ") != "JWT") return malformed("\"typ\" is not JWT");

  TRY(const json::object claims, parse_object(*claims_text, "the body"));
  TRY_VOID(only(claims, {"iss", "iat", "nbf", "exp", "jti", "version", "leases"}, "the body"));
  Token out;
  TRY_TO(out.issuer_, text_at(claims, "iss"));
  TRY(const std::int64_t issued, number_at(claims, "iat"));
  TRY(const std::int64_t begins, number_at(claims, "nbf"));
  TRY(const std::int64_t ends, number_at(claims, "exp"));
  TRY(const std::string version, text_at(claims, "version"));
  if (version != "v1") return malformed("version \"" + version + "\" is not v1");
  if (at_second(issued) > now + kSkew || at_second(begins) > now + kSkew)
    return fail(TokenError::kNotYetValid, "compare the clocks");
  if (at_second(ends) + kSkew <= now) return fail(TokenError::kExpired);
  if (ends <= issued) return malformed("\"exp\" is not after \"iat\"");

  const json::value* leases_value = claims.if_contains("leases");
  if (leases_value == nullptr || !leases_value->is_object())
    return malformed("\"leases\" is missing or not an object");
  const json::object& leases = leases_value->get_object();
  TRY_VOID(only(leases, {"access", "scope", "permissions"}, "\"leases\""));
  TRY(const std::string access, text_at(leases, "access"));
  if (access == "full") {
    if (leases.size() != 1) return malformed("full access names no scope and no permissions");
    out.full_ = true;
  } else if (access == "scoped") {
    if (leases.contains("permissions")) return malformed("scoped access names no permissions");
    TRY_TO(out.scopes_, scopes_at(leases));
  } else if (access == "granular") {
    if (leases.contains("scope")) return malformed("granular access names no scope of its own");
    TRY(const json::array* permissions, list_at(leases, "permissions"));
    for (const json::value& permission : *permissions) {
      if (!permission.is_object()) return malformed("a permission is not an object");
      const json::object& one = permission.get_object();
      TRY_VOID(only(one, {"provider", "access", "scope", "deployments"}, "a permission"));
      Token::ProviderRule rule;
      TRY_TO(rule.provider, text_at(one, "provider"));
      if (std::ranges::find(out.rules_, rule.provider, &Token::ProviderRule::provider) !=
          out.rules_.end())
        return malformed("provider " + rule.provider + " stands twice");
      TRY(const std::string how, text_at(one, "access"));
      if ((how != "scoped" && one.contains("scope")) ||
          (how != "granular" && one.contains("deployments")))
        return malformed("a permission with " + how + " access names what does not belong to it");
      if (how == "full") {
        rule.full = true;
      } else if (how == "scoped") {
        TRY_TO(rule.scopes, scopes_at(one));
      } else if (how == "granular") {
        TRY(const json::array* deployments, list_at(one, "deployments"));
        for (const json::value& value : *deployments) {
          if (!value.is_object()) return malformed("a deployment is not an object");
          const json::object& in = value.get_object();
          TRY_VOID(only(in, {"dseq", "gseq", "oseq", "scope", "services"}, "a deployment"));
          Token::DeploymentRule deployment;
          if (!in.contains("dseq")) return malformed("a deployment without \"dseq\"");
          TRY_TO(deployment.dseq, id_at(in.at("dseq"), "dseq"));
          TRY_TO(deployment.gseq, optional_id(in, "gseq"));
          TRY_TO(deployment.oseq, optional_id(in, "oseq"));
          TRY_TO(deployment.scopes, scopes_at(in));
          if (in.contains("services")) {
            TRY(const json::array* services, list_at(in, "services"));
            for (const json::value& service : *services) {
              if (!service.is_string()) return malformed("a service is not a text");
              deployment.services.emplace_back(service.get_string());
            }
          }
          rule.deployments.push_back(std::move(deployment));
        }
      } else {
        return malformed("access \"" + how + "\" is not full, scoped or granular");
      }
      out.rules_.push_back(std::move(rule));
    }
  } else {
    return malformed("access \"" + access + "\" is not full, scoped or granular");
  }

  const auto signature = crypto::Secp256k1Signature::from(*signature_bytes);
  if (!signature) return malformed("the signature is not 64 bytes");
  TRY(const std::optional<crypto::Secp256k1PublicKey> key, key_of_(out.issuer_));
  if (!key)
    return fail(TokenError::kBadSignature, "the chain knows no public key of " + out.issuer_ +
                                               "; it does once the account has sent a transaction");
  const Hash256 digest = algorithm == "ES256K"
                             ? crypto::sha256(signed_text)
                             : crypto::sha256(adr36_document(signed_text, out.issuer_));
  if (!crypto::verify(*key, digest, *signature)) return fail(TokenError::kBadSignature);
  return out;
}

}  // namespace tp::compute::provider
