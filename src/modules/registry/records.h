// What the registry stores: networks, providers, and what auditors say about providers.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/address.h"
#include "base/coin.h"
#include "base/time.h"
#include "modules/network_id.h"

namespace tp::registry {

// One claim about a provider: "capabilities/gpu/vendor/nvidia/model/a100" = "true".
struct Attribute {
  std::string key;
  std::string value;

  auto fields() { return std::tie(key, value); }
  auto fields() const { return std::tie(key, value); }
  auto operator<=>(const Attribute&) const = default;
};
using Attributes = std::vector<Attribute>;  // sorted by key, each key once

// An instance of a kind.
struct Network {
  static constexpr std::uint8_t kVersion = 1;

  std::string kind;           // "compute": names the code, modules/network.h
  std::string name;           // for people; unique on the chain
  Address admin;              // may change the record
  std::vector<Denom> denoms;  // in which prices may stand; at least one
  Duration epoch_length;      // of block time; zero: the network has no epochs
  Duration epoch_offset;      // epochs begin at offset + n x length after 1970; under the length
  Address treasury;           // pays rewards; derived from the number, no key controls it
  Coin epoch_reward;          // shared out at the end of each epoch, as far as the treasury reaches
  Bytes params;               // the kind's own, opaque here

  auto fields() {
    return std::tie(kind, name, admin, denoms, epoch_length, epoch_offset, treasury, epoch_reward,
                    params);
  }
  auto fields() const {
    return std::tie(kind, name, admin, denoms, epoch_length, epoch_offset, treasury, epoch_reward,
                    params);
  }
  bool operator==(const Network&) const = default;
};

// An operator's public account. One an address; it serves every network of the chain.
struct Provider {
  static constexpr std::uint8_t kVersion = 1;

  std::string host_uri;
  Attributes attributes;  // the operator's own claims
  std::string email;
  std::string website;

  auto fields() { return std::tie(host_uri, attributes, email, website); }
  auto fields() const { return std::tie(host_uri, attributes, email, website); }
  bool operator==(const Provider&) const = default;
};

// Names what one auditor says about one provider.
struct AuditKey {
  Address provider;
  Address auditor;

  auto fields() { return std::tie(provider, auditor); }
  auto fields() const { return std::tie(provider, auditor); }
  auto operator<=>(const AuditKey&) const = default;
};

struct Audit {
  static constexpr std::uint8_t kVersion = 1;

  Attributes attributes;  // never empty

  auto fields() { return std::tie(attributes); }
  auto fields() const { return std::tie(attributes); }
  bool operator==(const Audit&) const = default;
};

enum class RegistryError : std::uint32_t {
  kNetworkNotFound = 2,
  kInvalidNetwork = 3,
  kNameTaken = 4,
  kUnknownKind = 5,
  kUnauthorized = 6,
  kProviderExists = 7,
  kProviderNotFound = 8,
  kProviderInUse = 9,
  kInvalidHostUri = 10,
  kInvalidWebsite = 11,
  kInvalidAttributeKey = 12,
  kDuplicateAttribute = 13,
  kTooManyAttributes = 14,
  kTooLong = 15,
  kAuditNotFound = 16,
  kNoAttributes = 17,
};
ErrorInfo describe(RegistryError error);

// Checks and sorts attributes that a provider or auditor claims: keys
// ^([a-zA-Z][\w\/\.\-]{1,126})$, each once. Errors: kInvalidAttributeKey, kDuplicateAttribute,
// kTooManyAttributes, kTooLong. Rule: specs/compute-market.md §2.3.
Result<Attributes> checked_attributes(Attributes attributes);
inline constexpr std::size_t kAttributesMax = 256;
inline constexpr std::size_t kAttributeValueBytesMax = 1024;

// ^([a-zA-Z][\w\/\.\-]{1,126})$, with `wildcard_end` a last `*` too, as requirements have it.
bool is_attribute_key(std::string_view key, bool wildcard_end = false);

// An absolute https URI with a host and an empty path: "https://provider.example.com:8443".
// Errors: kInvalidHostUri saying what is wrong.
Result<void> check_host_uri(std::string_view uri);
// Empty, or an absolute http or https URI. Errors: kInvalidWebsite.
Result<void> check_website(std::string_view uri);

}  // namespace tp::registry
