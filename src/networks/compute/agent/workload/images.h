// Images: fetched by skopeo, unpacked by umoci, kept by digest.
//
// Every image lies in an ext4 file of its own, mounted read-only: what an archive unpacks to is
// bounded by that file system, in bytes and in files, and a lease's containers see it under their
// own user ids.
//
//   <data>/images/<digest>/rootfs.img   the file system, sparse
//   <data>/images/<digest>/image.json   what it runs; written last, so that without it nothing
//   counts <run>/images/<digest>/rootfs        where it is mounted
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"
#include "networks/compute/agent/workload/host.h"
#include "networks/compute/agent/workload/image_name.h"
#include "networks/compute/agent/workload/spec.h"

namespace tp::compute::workload {

// What the image itself says about running it.
struct ImageConfig {
  std::vector<std::string> entrypoint{};
  std::vector<std::string> cmd{};
  std::vector<std::string> env{};
  std::string directory{};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> more_gids{};

  bool operator==(const ImageConfig&) const = default;
};

struct Image {
  std::string digest{};  // of the manifest: "sha256:..."
  std::string rootfs{};  // the mounted tree
  ImageConfig config{};
};

struct ImageLimits {
  std::uint64_t packed_bytes_max = 0;
  std::uint64_t unpacked_bytes_max = 0;
  std::uint64_t cache_bytes_max = 0;
  Duration timeout{};
};

struct ImageSources {
  std::vector<std::string> insecure_registries{};  // spoken to in plain HTTP; loopback always is
  std::vector<Mirror> mirrors{};                   // asked in this order, then the registry itself
};

class ImageStore {
 public:
  // `in_use` says which digests must stay.
  ImageStore(Host& host, Disk& disk, std::string data_directory, std::string run_directory,
             ImageLimits limits, ImageSources sources,
             std::function<std::set<std::string>()> in_use);

  // Asks the registry what `image` is now, which also proves that the credentials are good for it,
  // and fetches it unless it is here. The same image is fetched once however many ask. Mirrors of
  // its registry are asked first, unless there are credentials: those are for the registry alone.
  // Blocks. Errors: kNoSuchImage, kBadCredentials, kUnreachable, kImageTooLarge, kBadImage,
  // kNoSpace, kTimedOut, kCancelled.
  Result<Image> pull(const std::string& image, const std::optional<Credentials>& credentials,
                     std::stop_token stop);
  // An image that is here already, without asking anybody. Errors: kNotFound.
  Result<Image> open(const std::string& digest);
  // Removes unused images, least recently used first, until the rest fits the cache.
  Result<void> evict();
  // Removes half-done downloads. Call before the first pull.
  Result<void> clean();

 private:
  struct Access;
  Result<Image> pull_from(const ImageName& name, bool plain_http,
                          const std::optional<Credentials>& credentials, std::stop_token stop);
  Result<std::string> inspect(const std::string& reference, const Access& access,
                              std::stop_token stop);
  Result<void> fetch(const ImageName& name, const std::string& digest, const Manifest& manifest,
                     const Access& access, std::stop_token stop);
  Result<ImageConfig> unpack(const std::string& digest, const std::string& layout,
                             const Manifest& manifest, std::stop_token stop);
  std::string kept(const std::string& digest) const;
  std::string mounted(const std::string& digest) const;

  Host& host_;
  Disk& disk_;
  std::string data_;
  std::string run_;
  ImageLimits limits_;
  ImageSources sources_;
  std::function<std::set<std::string>()> in_use_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<std::string> fetching_;  // digests
  std::set<std::string> wanted_;    // digests between pull and the caller's use; never evicted
  std::uint64_t serial_ = 0;
};

}  // namespace tp::compute::workload
