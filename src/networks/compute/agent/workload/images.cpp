#include "networks/compute/agent/workload/images.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "crypto/sha.h"
#include "networks/compute/agent/workload/error.h"
#include "networks/compute/agent/workload/kernel.h"
#include "networks/compute/agent/workload/storage.h"

namespace tp::compute::workload {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kManifestBytesMax = 4 << 20;
constexpr std::uint64_t kRoomToSpare = 64ull << 20;
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

std::vector<std::string> texts_at(const Json& object, const char* key) {
  std::vector<std::string> out;
  if (!object.is_object()) return out;
  const auto it = object.find(key);
  if (it == object.end() || !it->is_array()) return out;
  for (const Json& item : *it)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::string architecture() {
  utsname name{};
  ::uname(&name);
  const std::string machine = name.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

std::string digest_of(const std::string& manifest) {
  return std::string(kDigestPrefix) + to_hex(crypto::sha256(manifest).view());
}

Result<void> sync_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!synced) return fail(WorkloadError::kProgramFailed, "cannot sync " + path);
  return {};
}

Json to_json(const ImageConfig& config) {
  return {{"entrypoint", config.entrypoint}, {"cmd", config.cmd}, {"env", config.env},
          {"directory", config.directory},   {"uid", config.uid}, {"gid", config.gid},
          {"more_gids", config.more_gids}};
}

ImageConfig config_from_json(const Json& json) {
  ImageConfig out{.entrypoint = texts_at(json, "entrypoint"),
                  .cmd = texts_at(json, "cmd"),
                  .env = texts_at(json, "env"),
                  .directory = text_at(json, "directory"),
                  .uid = static_cast<std::uint32_t>(number_at(json, "uid")),
                  .gid = static_cast<std::uint32_t>(number_at(json, "gid"))};
  if (json.contains("more_gids"))
    for (const Json& gid : json["more_gids"])
      if (gid.is_number_unsigned()) out.more_gids.push_back(gid.get<std::uint32_t>());
  return out;
}

// Undoes what a failed step left, unless told that all is well.
class Undo {
 public:
  explicit Undo(std::function<void()> undo) : undo_(std::move(undo)) {}
  ~Undo() {
    if (undo_) undo_();
  }
  void keep() { undo_ = nullptr; }

 private:
  std::function<void()> undo_;
};

}  // namespace

// How one registry may be spoken to; the file with the credentials goes with it.
struct ImageStore::Access {
  bool plain_http = false;
  std::string authfile;
  Disk* disk = nullptr;

  Access() = default;
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;
  ~Access() {
    if (authfile.empty()) return;
    if (const auto removed = disk->remove(authfile); !removed)
      log_warning("workload", removed.error().text);
  }

  Result<void> set(Disk& on, const std::string& path, const Credentials& credentials) {
    std::string host = credentials.host;
    for (const std::string_view prefix : {"https://", "http://"})
      if (host.starts_with(prefix)) host.erase(0, prefix.size());
    host = host.substr(0, host.find('/'));
    if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io";
    const Json json{
        {"auths",
         {{host, {{"auth", to_base64(credentials.username + ":" + credentials.password)}}}}}};
    disk = &on;
    authfile = path;
    TRY(const auto file, on.open_append(path));  // mode 0600
    return file->append(json.dump());
  }

  void add_to(std::vector<std::string>& argv, const std::string& prefix) const {
    if (plain_http) argv.push_back("--" + prefix + "tls-verify=false");
    if (authfile.empty()) {
      argv.push_back("--" + prefix + "no-creds");
    } else {
      argv.push_back(prefix.empty() ? "--authfile" : "--" + prefix + "authfile");
      argv.push_back(authfile);
    }
  }
};

// Bytes of the disk that nobody else may promise while it lives.
class ImageStore::Promise {
 public:
  Promise(ImageStore& store, std::uint64_t bytes) : store_(&store), bytes_(bytes) {}
  Promise(Promise&& other) noexcept
      : store_(other.store_), bytes_(std::exchange(other.bytes_, 0)) {}
  Promise& operator=(Promise&&) = delete;
  ~Promise() {
    if (bytes_ == 0) return;
    const std::lock_guard lock(store_->room_mutex_);
    store_->promised_ -= bytes_;
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  ImageStore* store_;
  std::uint64_t bytes_;
};

// One of few that may do something at once; taken by `wait`, given back at its end.
class ImageStore::Turn {
 public:
  Turn(ImageStore& store, std::size_t& taken) : store_(store), taken_(taken) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!has_) return;
    const std::lock_guard lock(store_.mutex_);
    --taken_;
    store_.changed_.notify_all();
  }
  Result<void> wait(std::size_t most, std::stop_token stop, const std::string& what) {
    std::unique_lock lock(store_.mutex_);
    if (!store_.changed_.wait(lock, stop, [&] { return taken_ < most; }))
      return fail(WorkloadError::kCancelled, what);
    ++taken_;
    has_ = true;
    return {};
  }

 private:
  ImageStore& store_;
  std::size_t& taken_;
  bool has_ = false;
};

struct ImageStore::Kept {
  std::int64_t used_at = 0;
  std::uint64_t bytes = 0;
  std::string digest{};
};

ImageStore::ImageStore(Host& host, Disk& disk, std::string data_directory,
                       std::string run_directory, ImageLimits limits, ImageSources sources,
                       std::function<std::set<std::string>()> in_use, SpareBytes spare)
    : host_(host),
      disk_(disk),
      data_(std::move(data_directory)),
      run_(std::move(run_directory)),
      limits_(limits),
      sources_(std::move(sources)),
      in_use_(std::move(in_use)),
      spare_(std::move(spare)) {}

std::string ImageStore::kept(const std::string& digest) const {
  return data_ + "/images/" + digest.substr(kDigestPrefix.size());
}

std::string ImageStore::mounted(const std::string& digest) const {
  return run_ + "/images/" + digest.substr(kDigestPrefix.size());
}

Result<std::string> ImageStore::inspect(const std::string& reference, const Access& access,
                                        std::stop_token stop) {
  Command command{.argv = {"skopeo", "--insecure-policy", "inspect", "--raw"},
                  .env = {"HOME=/nonexistent", "XDG_RUNTIME_DIR=/nonexistent"},
                  .timeout = Duration::seconds(45),
                  .output_bytes_max = kManifestBytesMax + 1,
                  .cgroups = cgroups_};
  Turn turn(*this, fetches_);
  TRY_VOID(turn.wait(limits_.fetches_max, stop, reference));
  access.add_to(command.argv, "");
  command.argv.push_back("docker://" + reference);
  const auto ran = host_.run(command, stop);
  if (!ran && is(ran.error(), WorkloadError::kTimedOut))
    return fail(WorkloadError::kUnreachable, "image \"" + reference + "\": no answer in 45 s");
  if (!ran) return std::unexpected(ran.error());
  if (ran->exit_code != 0) return registry_error(reference, ran->errors);
  if (ran->output.size() > kManifestBytesMax)
    return fail(WorkloadError::kImageTooLarge, "image \"" + reference + "\": its manifest");
  return ran->output;
}

Result<Image> ImageStore::pull(const std::string& image,
                               const std::optional<Credentials>& credentials,
                               std::stop_token stop) {
  TRY(const ImageName name, parse_image_name(image));
  std::string refusals;
  if (!credentials) {
    for (const Mirror& mirror : sources_.mirrors) {
      if (mirror.registry != name.registry) continue;
      auto found = pull_from(mirror.instead_of(name), mirror.plain_http, std::nullopt, stop);
      // Only what another place may do better is asked for there.
      if (found || (!is(found.error(), WorkloadError::kNoSuchImage) &&
                    !is(found.error(), WorkloadError::kBadCredentials) &&
                    !is(found.error(), WorkloadError::kUnreachable) &&
                    !is(found.error(), WorkloadError::kBadImage)))
        return found;
      refusals += "mirror " + mirror.host + ": " + found.error().text + "; ";
    }
  }
  auto found = pull_from(name, false, credentials, stop);
  if (!found && !refusals.empty()) found.error().text.insert(0, refusals);
  return found;
}

Result<Image> ImageStore::pull_from(const ImageName& name, bool plain_http,
                                    const std::optional<Credentials>& credentials,
                                    std::stop_token stop) {
  const auto& insecure = sources_.insecure_registries;
  Access access;
  access.plain_http = plain_http || is_loopback_registry(name.registry) ||
                      std::ranges::find(insecure, name.registry) != insecure.end();
  if (credentials) {
    std::uint64_t serial = 0;
    {
      const std::lock_guard lock(mutex_);
      serial = ++serial_;
    }
    const std::string directory = run_ + "/auth";
    TRY_VOID(disk_.make_directories(directory));
    TRY_VOID(access.set(disk_,
                        directory + "/" + std::to_string(::getpid()) + "-" + std::to_string(serial),
                        *credentials));
  }

  // Registries lie: what was asked for by its digest must have it.
  const auto inspect_as = [&](const std::string& reference,
                              const std::string& wanted) -> Result<std::string> {
    TRY(std::string text, inspect(reference, access, stop));
    if (const std::string found = digest_of(text); !wanted.empty() && found != wanted)
      return fail(WorkloadError::kBadImage,
                  "image \"" + reference + "\": the registry answers with " + found);
    return text;
  };
  TRY(std::string text, inspect_as(name.text(), name.digest));
  TRY(Manifest manifest, parse_manifest(text, architecture()));
  if (!manifest.platform_digest.empty()) {
    const std::string wanted = manifest.platform_digest;
    TRY(text, inspect_as(name.pinned(wanted), wanted));
    TRY(manifest, parse_manifest(text, architecture()));
    if (!manifest.platform_digest.empty())
      return fail(WorkloadError::kBadImage, "image \"" + name.text() + "\": an index of indexes");
  }
  if (manifest.packed_bytes > limits_.packed_bytes_max)
    return fail(WorkloadError::kImageTooLarge,
                "image \"" + name.text() + "\": " + std::to_string(manifest.packed_bytes) +
                    " bytes packed, at most " + std::to_string(limits_.packed_bytes_max));
  const std::string digest = digest_of(text);

  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return !fetching_.contains(digest); }))
    return fail(WorkloadError::kCancelled, name.text());
  const std::shared_ptr<const void> held = hold_locked(digest);
  fetching_.insert(digest);
  lock.unlock();

  Result<Image> found = open(digest);
  if (!found && is(found.error(), WorkloadError::kNotFound)) {
    const auto fetched = fetch(name, digest, manifest, access, stop);
    found = fetched ? open(digest) : Result<Image>(std::unexpected(fetched.error()));
  }
  lock.lock();
  fetching_.erase(digest);
  changed_.notify_all();
  return found;
}

Result<void> ImageStore::fetch(const ImageName& name, const std::string& digest,
                               const Manifest& manifest, const Access& access,
                               std::stop_token stop) {
  const std::string directory = kept(digest);
  const std::string layout = directory + "/layout";
  TRY_VOID(remove_tree(directory));
  TRY_VOID(disk_.make_directories(layout));
  Undo undo([&] {
    if (const auto removed = remove_tree(directory); !removed)
      log_warning("workload", removed.error().text);
  });
  TRY(const Promise download, promise(manifest.packed_bytes, manifest.packed_bytes));

  Command command{.argv = {"skopeo", "--insecure-policy", "--tmpdir", directory, "copy", "--quiet"},
                  .env = {"HOME=/nonexistent", "XDG_RUNTIME_DIR=/nonexistent"},
                  .timeout = limits_.timeout,
                  // Registries lie: no blob gets larger than the manifest says.
                  .file_bytes_max = manifest.largest_bytes + (2u << 20),
                  .cgroups = cgroups_};
  access.add_to(command.argv, "src-");
  if (manifest.zstd) {  // umoci reads gzip only
    command.argv.insert(command.argv.end(), {"--dest-compress", "--dest-compress-format", "gzip"});
    command.file_bytes_max = limits_.packed_bytes_max;
  }
  command.argv.push_back("docker://" + name.pinned(digest));
  command.argv.push_back("oci:" + layout + ":image");
  const auto ran = [&]() -> Result<Ran> {
    Turn turn(*this, fetches_);
    TRY_VOID(turn.wait(limits_.fetches_max, stop, name.text()));
    return host_.run(command, stop);
  }();
  if (!ran && is(ran.error(), WorkloadError::kTimedOut))
    return fail(WorkloadError::kUnreachable, "image \"" + name.text() + "\": too slow");
  if (!ran) return std::unexpected(ran.error());
  if (ran->exit_code != 0) return registry_error(name.text(), ran->errors);

  // Unpacked, an image is at least as large as its archive.
  const std::uint64_t most = limits_.unpacked_bytes_max;
  TRY(const Promise unpacked,
      promise(std::min(most, std::max(manifest.packed_bytes, kRoomToSpare)), most));
  TRY(const ImageConfig config, unpack(digest, layout, manifest, unpacked.bytes(), stop));
  TRY_VOID(remove_tree(layout));
  TRY_VOID(sync_file(directory + "/rootfs.img"));
  TRY_VOID(write_atomically(disk_, directory + "/image.json", to_json(config).dump(2)));
  undo.keep();
  return {};
}

Result<ImageConfig> ImageStore::unpack(const std::string& digest, const std::string& layout,
                                       const Manifest& manifest, std::uint64_t bytes_max,
                                       std::stop_token stop) {
  const std::string file = kept(digest) + "/rootfs.img";
  const std::string target = mounted(digest);
  Turn turn(*this, unpacks_);
  TRY_VOID(turn.wait(limits_.unpacks_max, stop, digest));
  {
    TRY(const auto made, disk_.open_append(file));
  }
  TRY_VOID(disk_.truncate(file, bytes_max));
  TRY_VOID(
      run_checked(host_, {.argv = {"mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", "-E",
                                   "lazy_itable_init=1,nodiscard,root_owner=0:0", file}}));
  TRY_VOID(make_passage(target));
  TRY_VOID(mount_image(host_, file, target, false));
  const Undo undo([&] {  // also when all went well: open() mounts it again, read-only
    if (const auto unmounted = unmount(target); !unmounted)
      log_warning("workload", unmounted.error().text);
  });

  const std::string bundle = target + "/bundle";
  const auto ran = host_.run({.argv = {"umoci", "unpack", "--image", layout + ":image", bundle},
                              .env = {"HOME=/nonexistent"},
                              .timeout = limits_.timeout,
                              .cgroups = cgroups_},
                             stop);
  if (!ran) return std::unexpected(ran.error());
  if (ran->exit_code != 0) {
    const std::string what = "image " + digest + ": " + last_complaint(ran->errors);
    if (free_bytes(target) < (4u << 20) || ran->errors.find("no space left") != std::string::npos)
      return fail(bytes_max < limits_.unpacked_bytes_max ? WorkloadError::kNoSpace
                                                         : WorkloadError::kImageTooLarge,
                  what + " (at most " + std::to_string(bytes_max) + " bytes unpacked)");
    if (free_bytes(kept(digest)) < kRoomToSpare) return fail(WorkloadError::kNoSpace, what);
    return fail(WorkloadError::kBadImage, what);
  }

  // The image's own words, and what umoci made of its user.
  TRY(const Bytes blob,
      disk_.read(layout + "/blobs/sha256/" + manifest.config_digest.substr(kDigestPrefix.size())));
  TRY(const Bytes runtime, disk_.read(bundle + "/config.json"));
  const Json own = Json::parse(blob, nullptr, false);
  const Json made = Json::parse(runtime, nullptr, false);
  if (!own.is_object() || !made.is_object())
    return fail(WorkloadError::kBadImage, "image " + digest + ": its configuration is not JSON");
  const Json config = own.contains("config") ? own["config"] : Json::object();
  const Json process = made.value("process", Json::object());
  const Json user = process.is_object() ? process.value("user", Json::object()) : Json::object();
  ImageConfig out{.entrypoint = texts_at(config, "Entrypoint"),
                  .cmd = texts_at(config, "Cmd"),
                  .env = texts_at(process, "env"),
                  .directory = text_at(config, "WorkingDir"),
                  .uid = static_cast<std::uint32_t>(number_at(user, "uid")),
                  .gid = static_cast<std::uint32_t>(number_at(user, "gid"))};
  if (user.contains("additionalGids") && user["additionalGids"].is_array())
    for (const Json& gid : user["additionalGids"])
      if (gid.is_number_unsigned()) out.more_gids.push_back(gid.get<std::uint32_t>());
  if (std::max(out.uid, out.gid) >= IdRange::kSize)
    return fail(WorkloadError::kBadImage, "image " + digest + ": its user is above 65535");
  TRY_VOID(give_to(bundle, 0, 0, 0755));
  return out;
}

Result<Image> ImageStore::open(const std::string& digest) {
  if (!is_digest(digest)) return fail(WorkloadError::kNotFound, "image " + digest);
  const std::string record = kept(digest) + "/image.json";
  const auto text = disk_.read(record);
  if (!text) return fail(WorkloadError::kNotFound, "image " + digest);
  const Json json = Json::parse(*text, nullptr, false);
  if (!json.is_object()) return fail(WorkloadError::kCorrupted, record);
  const std::string target = mounted(digest);
  const std::lock_guard lock(mutex_);
  if (!is_mounted(target)) {
    TRY_VOID(make_passage(target));
    TRY_VOID(mount_image(host_, kept(digest) + "/rootfs.img", target, true));
  }
  ::utimensat(AT_FDCWD, record.c_str(), nullptr, 0);  // used now; a lost time only ages it
  return Image{.digest = digest,
               .rootfs = target + "/bundle/rootfs",
               .config = config_from_json(json),
               .held = hold_locked(digest)};
}

std::shared_ptr<const void> ImageStore::hold_locked(const std::string& digest) {
  std::weak_ptr<const void>& known = holders_[digest];
  std::shared_ptr<const void> held = known.lock();
  if (!held) known = held = std::make_shared<const char>();
  return held;
}

ImageBytes ImageStore::bytes_locked() const {
  ImageBytes out{.promised = promised_};
  std::error_code error;
  for (fs::directory_iterator it(data_ + "/images", error), end; !error && it != end;
       it.increment(error)) {
    const bool whole = fs::exists(it->path() / "image.json", error);
    if (whole) {
      const std::uint64_t bytes = occupied_bytes(it->path() / "rootfs.img");
      out.occupied += bytes;
      out.promised += bytes;
      continue;
    }
    std::error_code gone;  // a download may be renaming its files
    for (fs::recursive_directory_iterator file(it->path(), gone), last; !gone && file != last;
         file.increment(gone))
      out.occupied += occupied_bytes(file->path());
  }
  return out;
}

Result<std::unique_lock<std::mutex>> ImageStore::hold_room(std::uint64_t bytes,
                                                           const SpareBytes& spare) {
  std::unique_lock lock(room_mutex_);
  while (true) {
    const std::uint64_t now = spare(bytes_locked());
    if (now >= bytes) return lock;
    TRY(const bool evicted, evict_oldest());
    if (!evicted)
      return fail(WorkloadError::kNoSpace, std::to_string(bytes >> 20) + " MiB are asked for, " +
                                               std::to_string(now >> 20) + " MiB are free");
  }
}

Result<ImageStore::Promise> ImageStore::promise(std::uint64_t least, std::uint64_t most) {
  // What the operator promises many times over is still there only once.
  const SpareBytes spare = [&](const ImageBytes& images) {
    const std::uint64_t free = free_bytes(data_);
    return std::min(spare_(images), free > kRoomToSpare ? free - kRoomToSpare : 0);
  };
  TRY(const auto lock, hold_room(least, spare));
  const std::uint64_t bytes = std::clamp(spare(bytes_locked()) / 2, least, most);
  promised_ += bytes;
  return Promise(*this, bytes);
}

// All that are whole, least recently used first.
std::vector<ImageStore::Kept> ImageStore::kept_images() const {
  std::vector<Kept> out;
  if (!disk_.exists(data_ + "/images")) return out;
  const auto names = disk_.list(data_ + "/images");
  if (!names) return out;
  for (const std::string& name : *names) {
    const std::string digest = std::string(kDigestPrefix) + name;
    struct stat status{};
    if (!is_digest(digest) || ::stat((kept(digest) + "/image.json").c_str(), &status) != 0)
      continue;
    out.push_back({status.st_mtim.tv_sec, occupied_bytes(kept(digest) + "/rootfs.img"), digest});
  }
  std::ranges::sort(out, {}, &Kept::used_at);
  return out;
}

bool ImageStore::is_unused_locked(const std::string& digest,
                                  const std::set<std::string>& used) const {
  const auto holder = holders_.find(digest);
  return !used.contains(digest) && !fetching_.contains(digest) &&
         (holder == holders_.end() || holder->second.expired());
}

Result<void> ImageStore::remove_locked(const std::string& digest) {
  TRY_VOID(unmount(mounted(digest)));
  TRY_VOID(remove_tree(kept(digest)));
  TRY_VOID(remove_tree(mounted(digest)));
  holders_.erase(digest);
  log_info("workload", "removed unused image " + digest);
  return {};
}

// False when every image is in use.
Result<bool> ImageStore::evict_oldest() {
  const std::set<std::string> used = in_use_();
  const std::lock_guard lock(mutex_);
  for (const Kept& image : kept_images()) {
    if (!is_unused_locked(image.digest, used)) continue;
    TRY_VOID(remove_locked(image.digest));
    return true;
  }
  return false;
}

std::uint64_t ImageStore::unused_bytes() const {
  const std::set<std::string> used = in_use_();
  const std::lock_guard lock(mutex_);
  std::uint64_t out = 0;
  for (const Kept& image : kept_images())
    if (is_unused_locked(image.digest, used)) out += image.bytes;
  return out;
}

Result<void> ImageStore::evict() {
  const std::set<std::string> used = in_use_();
  const std::lock_guard lock(mutex_);
  const std::vector<Kept> all = kept_images();
  std::uint64_t total = 0;
  for (const Kept& image : all) total += image.bytes;
  for (const Kept& image : all) {
    if (total <= limits_.cache_bytes_max) break;
    if (!is_unused_locked(image.digest, used)) continue;
    TRY_VOID(remove_locked(image.digest));
    total -= image.bytes;
  }
  return {};
}

Result<void> ImageStore::clean() {
  TRY_VOID(remove_tree(run_ + "/auth"));
  if (!disk_.exists(data_ + "/images")) return {};
  TRY(const auto names, disk_.list(data_ + "/images"));
  for (const std::string& name : names) {
    const std::string directory = data_ + "/images/" + name;
    if (disk_.exists(directory + "/image.json")) continue;
    TRY_VOID(unmount(run_ + "/images/" + name));
    TRY_VOID(remove_tree(directory));
  }
  return {};
}

}  // namespace tp::compute::workload
