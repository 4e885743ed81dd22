// The manifest: what a customer hands to the provider, and the hash of it that stands on chain.
//
// The hash is over canonical JSON, in which one wrong null, [] or omitted field breaks every
// client, so the structs keep the difference between a list that is absent (null) and one that is
// empty. Rules: specs/compute-market.md §1.9 to §1.11; docs/networks/compute-sdl.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "networks/compute/spec/groups.h"

namespace tp::compute {

using OptionalList = std::optional<std::vector<std::string>>;  // absent: null in JSON

// How the ingress treats one HTTP service. Sizes in bytes, times in milliseconds.
struct HttpOptions {
  std::uint32_t max_body_size = 1'048'576;
  std::uint32_t read_timeout = 60'000;
  std::uint32_t send_timeout = 60'000;
  std::uint32_t next_tries = 3;
  std::uint32_t next_timeout = 0;
  std::vector<std::string> next_cases = {"error", "timeout"};
  std::uint32_t proxy_buffer_size = 0;  // 0: the provider's default, and absent from the JSON
  bool operator==(const HttpOptions&) const = default;
};

// What is wrong with one option: its key in the SDL, and the reference's words.
struct HttpOptionFault {
  std::string_view key;
  std::string text;
};
// The limits of §1.4, for files and manifests alike. 0 is within them all and means the default.
std::vector<HttpOptionFault> faults_of(const HttpOptions& options);
// With the defaults where options say 0, or name no case.
HttpOptions with_defaults(const HttpOptions& options);

struct ServiceExpose {
  std::uint32_t port = 0;
  std::uint32_t external_port = 0;  // 0: the same as `port`
  std::string proto = "TCP";        // or "UDP"
  std::string service;              // the service that may reach this one; empty: none named
  bool global = false;              // reachable from outside
  OptionalList hosts;
  HttpOptions http_options;
  std::string ip;  // the name of a leased IP endpoint
  std::uint32_t endpoint_sequence_number = 0;
  bool operator==(const ServiceExpose&) const = default;

  std::uint32_t outside_port() const { return external_port == 0 ? port : external_port; }
  // Served by host name through the shared HTTP ingress.
  bool is_ingress() const { return global && proto == "TCP" && outside_port() == 80; }
};

// What an expose claims from the market, in the order of sequence numbers. None when not global.
std::vector<Endpoint> endpoints_of(const ServiceExpose& expose);

struct StorageMount {
  std::string name;   // of the volume
  std::string mount;  // an absolute path
  bool read_only = false;
  bool operator==(const StorageMount&) const = default;
};

struct ImageCredentials {
  std::string host;
  std::string email;
  std::string username;
  std::string password;
  bool operator==(const ImageCredentials&) const = default;
};

struct ServicePermissions {
  std::vector<std::string> read;  // of "deployment", "logs", "events"
  bool operator==(const ServicePermissions&) const = default;
};

struct TeeParams {
  std::string type;  // "cpu", "cpu-gpu"
  bool attestation = true;
  bool operator==(const TeeParams&) const = default;
};

struct ServiceParams {
  std::optional<std::vector<StorageMount>> storage;
  std::optional<ImageCredentials> credentials;
  std::optional<ServicePermissions> permissions;
  std::optional<TeeParams> tee;
  bool operator==(const ServiceParams&) const = default;
};

struct Service {
  std::string name;
  std::string image;
  OptionalList command;
  OptionalList args;
  OptionalList env;  // "NAME" or "NAME=VALUE"
  Resources resources;
  std::uint32_t count = 0;
  std::vector<ServiceExpose> expose;
  std::optional<ServiceParams> params;
  std::optional<ImageCredentials> credentials;
  bool operator==(const Service&) const = default;
};

struct ManifestGroup {
  std::string name;
  std::vector<Service> services;
  bool operator==(const ManifestGroup&) const = default;
};

struct Manifest {
  std::vector<ManifestGroup> groups;
  bool operator==(const Manifest&) const = default;
};

// The canonical JSON of §1.10: keys in byte order, no spaces, Go's escapes.
std::string canonical_json(const Manifest& manifest);
// SHA-256 of canonical_json(): the deployment's hash ("version") on chain.
Hash256 manifest_hash(const Manifest& manifest);

// Reads a manifest as a client sends it; canonical_json() of the result has the hash that the
// client put on chain. At most kManifestBytesMax. Fields that nobody knows are refused by name. The
// result is not yet validated. Errors: kTooLarge, kInvalidManifest.
inline constexpr std::size_t kManifestBytesMax = std::size_t{1} << 20;
Result<Manifest> parse_manifest_json(std::string_view json);

// Names, images, environment, ports, host names, order, and at least one global service.
// Errors: kInvalidManifest, with the reference's text.
Result<void> validate_manifest(const Manifest& manifest);

// Validates the manifest and compares it with what the chain holds: every service's resources, the
// counts, and the endpoints must be used up exactly. Errors: kInvalidManifest, kManifestMismatch.
Result<void> check_manifest_against_groups(const Manifest& manifest,
                                           std::span<const GroupSpec> groups);

// What an update of a running deployment may not change: groups, names of services, resources
// (§1.11). Errors: kRenamedService, kManifestMismatch.
Result<void> check_manifest_update(const Manifest& running, const Manifest& wanted);

// Rules of names, shared with the SDL (§1.3, §1.4).
bool is_service_name(std::string_view name);  // a DNS label that begins with a letter
bool is_host_name(std::string_view host);     // RFC 1123 subdomain, at most 253 bytes
bool is_env_name(std::string_view name);      // Kubernetes: letters, digits, "_", "-", "."

}  // namespace tp::compute
