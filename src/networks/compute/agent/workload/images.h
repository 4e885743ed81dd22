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
#include <map>
#include <memory>
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
  std::shared_ptr<const void> held{};  // while it lives, the image is not evicted
};

// What images take of the disk.
struct ImageBytes {
  std::uint64_t occupied = 0;  // now, by those under way too
  std::uint64_t promised = 0;  // to those that are here and, at most, to those under way
};
// How many bytes of the disk nobody was promised, when images have these.
using SpareBytes = std::function<std::uint64_t(const ImageBytes&)>;

struct ImageLimits {
  std::uint64_t packed_bytes_max = 0;
  std::uint64_t unpacked_bytes_max = 0;
  std::uint64_t cache_bytes_max = 0;
  Duration timeout{};
  // At once: the first waits for others' registries, the second works this machine's disk and
  // cores.
  std::size_t fetches_max = 16;
  std::size_t unpacks_max = 2;
};

struct ImageSources {
  std::vector<std::string> insecure_registries{};  // spoken to in plain HTTP; loopback always is
  std::vector<Mirror> mirrors{};                   // asked in this order, then the registry itself
};

class ImageStore {
 public:
  // `in_use` says which digests must stay, `spare` what there is for images.
  ImageStore(Host& host, Disk& disk, std::string data_directory, std::string run_directory,
             ImageLimits limits, ImageSources sources,
             std::function<std::set<std::string>()> in_use, SpareBytes spare);

  // Groups that skopeo and umoci enter; before the first pull. Without, they run as this process
  // does.
  void confine(std::vector<std::string> cgroups) { cgroups_ = std::move(cgroups); }

  // Asks the registry what `image` is now, which also proves that the credentials are good for it,
  // and fetches it unless it is here. The same image is fetched once however many ask. Mirrors of
  // its registry are asked first, unless there are credentials: those are for the registry alone.
  // An answer that has not the digest that was asked for is kBadImage. Room on the disk is promised
  // to it before it is fetched and again before it is unpacked: at most half of what is spare, so
  // that leases and other images find room meanwhile. Blocks. Errors: kNoSuchImage,
  // kBadCredentials, kUnreachable, kImageTooLarge, kBadImage, kNoSpace, kTimedOut, kCancelled.
  Result<Image> pull(const std::string& image, const std::optional<Credentials>& credentials,
                     std::stop_token stop);
  // An image that is here already, without asking anybody. Errors: kNotFound.
  Result<Image> open(const std::string& digest);
  // Removes unused images, least recently used first, until the rest fits the cache.
  Result<void> evict();
  // Evicts until `spare` is at least `bytes`; nothing is promised to an image while the lock lives.
  // Errors: kNoSpace.
  Result<std::unique_lock<std::mutex>> hold_room(std::uint64_t bytes, const SpareBytes& spare);
  // Of images that no lease uses: what eviction could give back.
  std::uint64_t unused_bytes() const;
  // Removes half-done downloads. Call before the first pull.
  Result<void> clean();

 private:
  struct Access;
  struct Kept;
  class Promise;
  class Turn;
  Result<Promise> promise(std::uint64_t least, std::uint64_t most);
  ImageBytes bytes_locked() const;  // under room_mutex_
  std::vector<Kept> kept_images() const;
  bool is_unused_locked(const std::string& digest, const std::set<std::string>& used) const;
  Result<void> remove_locked(const std::string& digest);
  Result<bool> evict_oldest();
  std::shared_ptr<const void> hold_locked(const std::string& digest);
  Result<Image> pull_from(const ImageName& name, bool plain_http,
                          const std::optional<Credentials>& credentials, std::stop_token stop);
  Result<std::string> inspect(const std::string& reference, const Access& access,
                              std::stop_token stop);
  Result<void> fetch(const ImageName& name, const std::string& digest, const Manifest& manifest,
                     const Access& access, std::stop_token stop);
  Result<ImageConfig> unpack(const std::string& digest, const std::string& layout,
                             const Manifest& manifest, std::uint64_t bytes_max,
                             std::stop_token stop);
  std::string kept(const std::string& digest) const;
  std::string mounted(const std::string& digest) const;

  Host& host_;
  Disk& disk_;
  std::string data_;
  std::string run_;
  ImageLimits limits_;
  ImageSources sources_;
  std::function<std::set<std::string>()> in_use_;
  SpareBytes spare_;
  std::vector<std::string> cgroups_;

  std::mutex room_mutex_;  // taken before mutex_, and while `in_use` and `spare` are asked
  std::uint64_t promised_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<std::string> fetching_;  // digests
  std::size_t fetches_ = 0;
  std::size_t unpacks_ = 0;
  std::map<std::string, std::weak_ptr<const void>> holders_;  // by digest
  std::uint64_t serial_ = 0;
};

}  // namespace tp::compute::workload
