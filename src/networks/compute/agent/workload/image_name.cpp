#include "networks/compute/agent/workload/image_name.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/utf8.h"

namespace tp::compute::workload {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLayersMax = 256;
constexpr std::string_view kDigestPrefix = "sha256:";

std::string text_at(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::uint64_t number_at(const Json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto it = object.find(key);
  return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

bool contains_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

}  // namespace

bool is_digest(std::string_view text) {
  return text.size() == kDigestPrefix.size() + 64 && text.starts_with(kDigestPrefix) &&
         std::ranges::all_of(text.substr(kDigestPrefix.size()), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string last_complaint(const std::string& text) {
  const std::size_t end = text.find_last_not_of("\n ");
  if (end == std::string::npos) return {};
  const std::size_t begin = text.rfind('\n', end);
  std::string line = text.substr(begin == std::string::npos ? 0 : begin + 1,
                                 end - (begin == std::string::npos ? 0 : begin + 1) + 1);
  if (const std::size_t message = line.find("msg=\""); message != std::string::npos) {
    line = line.substr(message + 5);
    if (!line.empty() && line.back() == '"') line.pop_back();
  }
  return valid_utf8(last_bytes(line, 500));
}

std::string ImageName::pinned(const std::string& to_digest) const {
  return registry + "/" + repository + "@" + to_digest;
}

std::string ImageName::text() const {
  return digest.empty() ? registry + "/" + repository + ":" + tag : pinned(digest);
}

Result<ImageName> parse_image_name(const std::string& text) {
  const auto bad = [&] { return fail(WorkloadError::kBadSpec, "image \"" + text + "\""); };
  ImageName out;
  std::string rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string::npos) {
    out.digest = rest.substr(at + 1);
    if (!is_digest(out.digest)) return bad();
    rest.resize(at);
  }
  const std::size_t slash = rest.find('/');
  const std::string first = rest.substr(0, slash);
  if (slash != std::string::npos &&
      (first.find_first_of(".:") != std::string::npos || first == "localhost")) {
    out.registry = first;
    rest.erase(0, slash + 1);
  } else {
    out.registry = "docker.io";
  }
  if (const std::size_t colon = rest.rfind(':'); colon != std::string::npos) {
    out.tag = rest.substr(colon + 1);
    rest.resize(colon);
    if (out.tag.empty() || out.tag.size() > 128) return bad();
  }
  if (out.registry == "index.docker.io") out.registry = "docker.io";
  if (out.registry == "docker.io" && rest.find('/') == std::string::npos) rest = "library/" + rest;
  const bool fine = std::ranges::all_of(rest, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '_' ||
           c == '-';
  });
  if (!fine || rest.empty() || rest.back() == '/' || rest.find("//") != std::string::npos)
    return bad();
  out.repository = rest;
  if (!out.digest.empty()) out.tag.clear();  // the digest says more
  if (out.digest.empty() && out.tag.empty()) out.tag = "latest";
  return out;
}

bool is_loopback_registry(const std::string& registry) {
  const std::string host = registry.substr(0, registry.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

ImageName Mirror::instead_of(const ImageName& name) const {
  ImageName out = name;
  out.registry = host;
  if (!prefix.empty()) out.repository = prefix + "/" + name.repository;
  return out;
}

Result<Mirror> parse_mirror(const std::string& text) {
  const auto bad = [&](std::string_view why) {
    return fail(WorkloadError::kBadSpec, "\"" + text + "\" " + std::string(why));
  };
  constexpr std::string_view kHttp = "http://", kHttps = "https://";
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos)
    return bad("is not REGISTRY=URL such as docker.io=http://127.0.0.1:5000");
  std::string registry = text.substr(0, equals);
  if (registry == "index.docker.io") registry = "docker.io";
  const auto whose = parse_image_name(registry + "/x");
  if (!whose || whose->registry != registry)
    return bad("does not begin with a registry such as docker.io");
  std::string where = text.substr(equals + 1);
  const bool plain = where.starts_with(kHttp);
  if (!plain && !where.starts_with(kHttps)) return bad("needs http:// or https:// after the =");
  where.erase(0, (plain ? kHttp : kHttps).size());
  if (where.ends_with('/')) where.pop_back();
  const auto place = parse_image_name(where + "/x");
  if (!place || !where.starts_with(place->registry) || !place->digest.empty())
    return bad("has no host such as 127.0.0.1:5000 after the ://");
  return Mirror{.registry = std::move(registry),
                .host = place->registry,
                .prefix = where.substr(std::min(where.size(), place->registry.size() + 1)),
                .plain_http = plain};
}

Result<Manifest> parse_manifest(const std::string& text, const std::string& wanted_architecture) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return fail(WorkloadError::kBadImage, "its manifest is not JSON");
  Manifest out;
  if (json.contains("manifests") && json["manifests"].is_array()) {
    for (const Json& entry : json["manifests"]) {
      const Json platform = entry.is_object() ? entry.value("platform", Json()) : Json();
      if (text_at(platform, "os") != "linux") continue;
      if (text_at(platform, "architecture") != wanted_architecture) continue;
      out.platform_digest = text_at(entry, "digest");
      if (!is_digest(out.platform_digest))
        return fail(WorkloadError::kBadImage, "its index names no SHA-256 digest");
      return out;
    }
    return fail(WorkloadError::kBadImage, "it is not made for linux/" + wanted_architecture);
  }
  if (!json.contains("layers") || !json["layers"].is_array() || !json.contains("config"))
    return fail(WorkloadError::kBadImage, "its manifest lists no layers");
  out.config_digest = text_at(json["config"], "digest");
  if (!is_digest(out.config_digest))
    return fail(WorkloadError::kBadImage, "its manifest names no SHA-256 digest");
  const Json& layers = json["layers"];
  if (layers.size() > kLayersMax)
    return fail(WorkloadError::kImageTooLarge, std::to_string(layers.size()) + " layers");
  out.largest_bytes = number_at(json["config"], "size");
  for (const Json& layer : layers) {
    const std::uint64_t size = number_at(layer, "size");
    if (size > (1ull << 50)) return fail(WorkloadError::kImageTooLarge, "one layer");
    out.packed_bytes += size;
    out.largest_bytes = std::max(out.largest_bytes, size);
    out.zstd = out.zstd || text_at(layer, "mediaType").find("zstd") != std::string::npos;
  }
  return out;
}

std::unexpected<Error> registry_error(const std::string& image, const std::string& text) {
  const std::string what = "image \"" + image + "\": " + last_complaint(text);
  if (contains_any(text, {"manifest unknown", "name unknown", "repository name not known",
                          "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "not found"}))
    return fail(WorkloadError::kNoSuchImage, what);
  if (contains_any(text, {"unauthorized", "authentication required", "denied",
                          "invalid username/password", "403 (Forbidden)", "401 (Unauthorized)"}))
    return fail(WorkloadError::kBadCredentials, what);
  if (contains_any(text, {"no space left"})) return fail(WorkloadError::kNoSpace, what);
  if (contains_any(text, {"file too large"})) return fail(WorkloadError::kImageTooLarge, what);
  if (contains_any(text, {"connection refused", "no such host", "i/o timeout", "dial tcp",
                          "network is unreachable", "x509", "tls:", "TLS", "EOF",
                          "connection reset", "server gave HTTP response", "no route to host",
                          "Internal Server Error", "Bad Gateway", "Service Unavailable",
                          "toomanyrequests", "pinging container registry"}))
    return fail(WorkloadError::kUnreachable, what);
  return fail(WorkloadError::kBadImage, what);
}

}  // namespace tp::compute::workload
