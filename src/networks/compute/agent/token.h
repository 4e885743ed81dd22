// The tokens with which customers speak to a gateway: JSON Web Tokens that the lease's owner signs
// with the key of his account (ES256K, or ES256KADR36 as browser wallets sign). Everything that is
// not exactly as the rules say is refused, with words that say what is wrong.
// Rules: specs/compute-market.md §3.3 (AEP-64).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "crypto/secp256k1.h"

namespace tp::compute::provider {

enum class TokenError : std::uint32_t {
  kMalformed = 2,     // not a token of this kind
  kBadSignature = 3,  // or the issuer's key is not known on chain
  kNotYetValid = 4,
  kExpired = 5,
};
ErrorInfo describe(TokenError error);

enum class Scope : std::uint8_t {
  kSendManifest,
  kGetManifest,
  kLogs,
  kShell,
  kEvents,
  kStatus,
  kRestart,
  kHostnameMigrate,
  kIpMigrate,
  kAttestation,
};
std::string_view name_of(Scope scope);  // "send-manifest", ...

// What a request wants to do.
struct Wish {
  Scope scope = Scope::kStatus;
  std::uint64_t dseq = 0;
  std::optional<std::uint32_t> gseq{};  // absent: the whole deployment
  std::optional<std::uint32_t> oseq{};
  std::vector<std::string> services{};  // empty: all
};

// A token whose signature and times are good.
class Token {
 public:
  const std::string& issuer() const { return issuer_; }
  // Whether it lets its bearer do so with `provider`, on leases of the issuer.
  bool allows(const Wish& wish, std::string_view provider) const;

 private:
  friend class TokenChecker;
  struct DeploymentRule {
    std::uint64_t dseq = 0;
    std::optional<std::uint32_t> gseq{};
    std::optional<std::uint32_t> oseq{};
    std::vector<Scope> scopes{};
    std::vector<std::string> services{};
  };
  struct ProviderRule {
    std::string provider{};
    bool full = false;
    std::vector<Scope> scopes{};
    std::vector<DeploymentRule> deployments{};
  };

  std::string issuer_;
  bool full_ = false;
  std::vector<Scope> scopes_;
  std::vector<ProviderRule> rules_;
};

class TokenChecker {
 public:
  // The public key of an account; nothing where the chain does not know one. Errors: the chain
  // cannot be asked.
  using KeyOf =
      std::function<Result<std::optional<crypto::Secp256k1PublicKey>>(const std::string& account)>;

  explicit TokenChecker(KeyOf key_of) : key_of_(std::move(key_of)) {}

  // `text` is the token without "Bearer ". Errors: TokenError; those of KeyOf. Cost: one signature.
  Result<Token> check(std::string_view text, BlockTime now) const;

 private:
  static constexpr std::size_t kSizeMax = 8192;
  // How far clocks may be apart.
  static constexpr Duration kSkew = Duration::seconds(30);

  KeyOf key_of_;
};

}  // namespace tp::compute::provider
