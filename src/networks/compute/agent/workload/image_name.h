// What images are called, what their manifests list, and what a registry's refusal means: the parts
// of a pull that are pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tp::compute::workload {

// "sha256:" and 64 lower-case digits: safe as a file name, too.
bool is_digest(std::string_view text);

// A reference, split and completed: "nginx" is docker.io/library/nginx:latest.
struct ImageName {
  std::string registry{};    // "docker.io", "localhost:5000"
  std::string repository{};  // "library/nginx"
  std::string tag{};         // empty when digest is given
  std::string digest{};

  std::string pinned(const std::string& to_digest) const;  // "registry/repository@digest"
  std::string text() const;
};
Result<ImageName> parse_image_name(const std::string& text);  // Errors: kBadSpec.
bool is_loopback_registry(const std::string& registry);

// Another place to ask first for the images of a registry.
struct Mirror {
  std::string registry{};  // whose images: "docker.io"
  std::string host{};      // where they are: "127.0.0.1:5000"
  std::string prefix{};    // before the repository's name there: "hub", or empty
  bool plain_http = false;

  ImageName instead_of(const ImageName& name) const;
  bool operator==(const Mirror&) const = default;
};
// "docker.io=http://127.0.0.1:5000", "ghcr.io=https://cache.lan/ghcr". Errors: kBadSpec.
Result<Mirror> parse_mirror(const std::string& text);

// What a registry's manifest says: either the layers, or where the manifest of each platform is.
struct Manifest {
  std::string platform_digest{};  // not empty: look there
  std::string config_digest{};
  std::uint64_t packed_bytes = 0;
  std::uint64_t largest_bytes = 0;
  bool zstd = false;
};
// `architecture` as images name it ("amd64"). Errors: kBadImage (not a manifest, no such platform).
Result<Manifest> parse_manifest(const std::string& text, const std::string& architecture);

// What a failed skopeo meant. `text` is its standard error.
std::unexpected<Error> registry_error(const std::string& image, const std::string& text);

// The last line of a program's complaint, without its log prefix.
std::string last_complaint(const std::string& text);

}  // namespace tp::compute::workload
