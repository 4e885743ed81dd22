// The customer's side of a provider's gateway (specs/compute-market.md §3.3): hand over a manifest,
// ask how a lease is doing, read its logs and events.
//
// Each request carries a fresh token that the lease's owner signs. Where the provider publishes the
// SHA-256 of its certificate, only that certificate is accepted; otherwise the system's authorities
// decide.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/secp256k1.h"

namespace tp::compute::provider {

// The provider attribute under which the SHA-256 of the gateway's certificate (DER, in hexadecimal)
// stands on chain.
inline constexpr std::string_view kCertificateAttribute = "gateway/certificate-sha256";

// Where a gateway is, from the provider's record on chain.
struct GatewayAddress {
  std::string host_uri{};            // "https://host:port"
  std::string certificate_sha256{};  // of kCertificateAttribute; empty: the system's authorities
  // Its account. Tokens are then good for it alone, so that it cannot use them with others.
  std::string provider{};
};

struct LeaseRef {
  std::uint64_t dseq = 0;
  std::uint32_t gseq = 1;
  std::uint32_t oseq = 1;
};

struct GatewayService {
  std::string name{};
  std::string state{};   // "pending", "pulling", "starting", "running", "backing off", "stopping"
  std::string reason{};  // why it does not run; else empty
  std::uint32_t total = 0;
  std::uint32_t available = 0;
  std::uint32_t ready = 0;
  std::vector<std::string> uris{};   // host names that the ingress serves for it
  std::vector<std::string> notes{};  // what was asked for and is not honoured
};

struct GatewayPort {
  std::string service{};
  std::string host{};
  std::uint16_t port = 0;           // that the service exposes
  std::uint16_t external_port = 0;  // that answers at `host`
  std::string protocol{};           // "TCP", "UDP"
  std::string reason{};             // why it does not work; else empty
};

struct GatewayLeaseStatus {
  std::vector<GatewayService> services{};
  std::vector<GatewayPort> forwarded_ports{};
  // host:port of the HTTP ingress, as the provider knows it; empty when it does not tell.
  std::string ingress{};
  bool healthy = false;  // every service has a ready replica

  // Of every service, "http://host:port" with the ingress's port (none for 80).
  std::vector<std::string> urls() const;
};

struct GatewayLogLine {
  std::string name{};     // "web-0"
  std::string message{};  // without the line end
};

struct GatewayEvent {
  std::string type{};  // "Normal", "Warning"
  std::string reason{};
  std::string note{};
  std::string object{};  // "web-0"
};

struct LogRequest {
  std::vector<std::string> services{};  // none: all
  std::int64_t tail = -1;               // the last so many lines of each replica; -1: all
  bool follow = false;
};

struct TokenOptions {
  Duration life = Duration::minutes(15);
  std::vector<std::string> scopes{};  // empty: full access
  std::string provider{};             // the only one that it is good for; empty: any
};

// A JSON Web Token (ES256K) with which `owner`, whose key this is, speaks to providers.
std::string make_token(const crypto::Secp256k1PrivateKey& key, std::string_view owner,
                       BlockTime now, const TokenOptions& options = {});

enum class GatewayError : std::uint32_t {
  kUnreachable = 2,  // nobody answers there, or with another certificate
  kRefused = 3,      // the gateway's own words
  kNotFound = 4,     // it knows no such lease (yet)
  kMalformed = 5,    // not what a gateway answers
};
ErrorInfo describe(GatewayError error);

// Errors of every method: kUnreachable, kRefused, kNotFound, kMalformed. Not thread-safe.
class GatewayClient {
 public:
  // `key` and `clock` must outlive the client; `owner` is the address of `key` as text.
  // Errors: HttpError::kInvalidUrl.
  static Result<GatewayClient> make(GatewayAddress address, const crypto::Secp256k1PrivateKey& key,
                                    std::string owner, const Clock& clock);
  GatewayClient(GatewayClient&&) noexcept;
  GatewayClient& operator=(GatewayClient&&) noexcept;
  ~GatewayClient();

  Result<std::string> provider_status();  // JSON; open to everybody

  // Returns when the provider has accepted it: it is durable there, and images are being pulled.
  // `manifest` is canonical_json() of spec/manifest.h. Asks again while the provider has not yet
  // seen the lease, for at most `patience`.
  Result<void> put_manifest(std::uint64_t dseq, std::string_view manifest,
                            Duration patience = Duration::seconds(30));
  Result<std::string> manifest(const LeaseRef& lease);
  Result<GatewayLeaseStatus> lease_status(const LeaseRef& lease);

  // Calls `sink` for each line until it returns false, `stop` is requested, or the stream ends
  // (without `follow`: after the last kept line). Blocks meanwhile.
  Result<void> stream_logs(const LeaseRef& lease, const LogRequest& request,
                           FunctionRef<bool(const GatewayLogLine&)> sink,
                           std::stop_token stop = {});
  // The events that are kept, and then new ones as they happen; those of `services`, or all.
  Result<void> stream_events(const LeaseRef& lease, FunctionRef<bool(const GatewayEvent&)> sink,
                             std::stop_token stop = {},
                             const std::vector<std::string>& services = {});

 private:
  struct State;
  explicit GatewayClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tp::compute::provider
