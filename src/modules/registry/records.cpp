#include "modules/registry/records.h"

#include <algorithm>

#include "base/text.h"

namespace tp::registry {
namespace {

constexpr std::size_t kUriBytesMax = 256;
// One row of attributes: each bid on an order with auditors reads several.
constexpr std::size_t kAttributesBytesMax = 32 * 1024;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_key_byte(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '/' || c == '.' || c == '-';
}

bool is_host_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6_literal(std::string_view host) {
  return host.size() > 4 && host.front() == '[' && host.back() == ']' &&
         std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
                  c == '.';
         });
}

// What is wrong with "host" or "host:port", or nothing.
std::string_view fault_of_authority(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
  const std::string_view host = has_port ? authority.substr(0, colon) : authority;
  if (host.empty()) return "the host is missing";
  if (!is_host_name(host) && !is_ipv6_literal(host)) return "the host is not a name or address";
  if (!has_port) return {};
  const auto port = parse_int<std::uint32_t>(authority.substr(colon + 1));
  return port && *port >= 1 && *port <= 65'535 ? "" : "the port is outside 1..65535";
}

std::unexpected<Error> bad_uri(RegistryError error, std::string_view uri, std::string_view fault) {
  return fail(error, "\"" + std::string(uri.substr(0, kUriBytesMax)) + "\": " + std::string(fault));
}

}  // namespace

bool is_attribute_key(std::string_view key, bool wildcard_end) {
  if (wildcard_end && key.size() > 2 && key.ends_with('*')) key.remove_suffix(1);
  return key.size() >= 2 && key.size() <= 127 && is_letter(key[0]) &&
         std::all_of(key.begin() + 1, key.end(), is_key_byte);
}

Result<Attributes> checked_attributes(Attributes attributes) {
  if (attributes.size() > kAttributesMax)
    return fail(
        RegistryError::kTooManyAttributes,
        std::to_string(attributes.size()) + " of at most " + std::to_string(kAttributesMax));
  for (const Attribute& attribute : attributes) {
    if (!is_attribute_key(attribute.key))
      return fail(RegistryError::kInvalidAttributeKey, "\"" + attribute.key.substr(0, 128) + "\"");
    if (attribute.value.size() > kAttributeValueBytesMax)
      return fail(RegistryError::kTooLong, "the value of attribute " + attribute.key);
  }
  std::size_t bytes = 0;
  for (const Attribute& attribute : attributes)
    bytes += attribute.key.size() + attribute.value.size();
  if (bytes > kAttributesBytesMax)
    return fail(RegistryError::kTooLong, "the attributes take " + std::to_string(bytes) +
                                             " bytes of at most " +
                                             std::to_string(kAttributesBytesMax));
  std::sort(attributes.begin(), attributes.end());
  const auto twice =
      std::adjacent_find(attributes.begin(), attributes.end(),
                         [](const Attribute& a, const Attribute& b) { return a.key == b.key; });
  if (twice != attributes.end()) return fail(RegistryError::kDuplicateAttribute, twice->key);
  return attributes;
}

Result<void> check_host_uri(std::string_view uri) {
  constexpr std::string_view kScheme = "https://";
  if (uri.size() > kUriBytesMax) return bad_uri(RegistryError::kTooLong, uri, "host URI");
  if (!uri.starts_with(kScheme))
    return bad_uri(RegistryError::kInvalidHostUri, uri, "must begin with https://");
  const std::string_view authority = uri.substr(kScheme.size());
  if (authority.find_first_of("/?#") != std::string_view::npos)
    return bad_uri(RegistryError::kInvalidHostUri, uri, "nothing may follow the host and port");
  const std::string_view fault = fault_of_authority(authority);
  if (!fault.empty()) return bad_uri(RegistryError::kInvalidHostUri, uri, fault);
  return {};
}

Result<void> check_website(std::string_view uri) {
  if (uri.empty()) return {};
  if (uri.size() > kUriBytesMax) return bad_uri(RegistryError::kTooLong, uri, "website");
  const std::size_t scheme_end = uri.find("://");
  const std::string_view scheme = uri.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || (scheme != "https" && scheme != "http"))
    return bad_uri(RegistryError::kInvalidWebsite, uri, "must begin with https:// or http://");
  const std::string_view rest = uri.substr(scheme_end + 3);
  const std::string_view fault = fault_of_authority(rest.substr(0, rest.find_first_of("/?#")));
  if (!fault.empty()) return bad_uri(RegistryError::kInvalidWebsite, uri, fault);
  return {};
}

ErrorInfo describe(RegistryError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"turnpike.registry", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case RegistryError::kNetworkNotFound: return info("network not found");
    case RegistryError::kInvalidNetwork: return info("invalid network");
    case RegistryError::kNameTaken: return info("a network has this name already");
    case RegistryError::kUnknownKind: return info("this chain does not know the kind of network");
    case RegistryError::kUnauthorized: return info("unauthorized");
    case RegistryError::kProviderExists: return info("provider is registered already");
    case RegistryError::kProviderNotFound: return info("provider not found");
    case RegistryError::kProviderInUse: return info("provider has live agreements: end them first");
    case RegistryError::kInvalidHostUri: return info("invalid host URI");
    case RegistryError::kInvalidWebsite: return info("invalid website");
    case RegistryError::kInvalidAttributeKey:
      return info("attribute keys are a letter and 1 to 126 letters, digits or any of _ / . -");
    case RegistryError::kDuplicateAttribute: return info("attribute stands twice");
    case RegistryError::kTooManyAttributes: return info("too many attributes");
    case RegistryError::kTooLong: return info("text is too long");
    case RegistryError::kAuditNotFound: return info("audited attributes not found");
    case RegistryError::kNoAttributes: return info("no attributes");
  }
  TP_FATAL("RegistryError out of range");
}

}  // namespace tp::registry
