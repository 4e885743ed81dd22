#include "base/memory_disk.h"

#include <algorithm>
#include <limits>

namespace tp {
namespace {

struct File {
  Bytes bytes;
  std::size_t synced = 0;
};

using Names = std::map<std::string, std::shared_ptr<File>>;

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// splitmix64: which unsynced things survive a cut.
std::uint64_t next_random(std::uint64_t& seed) {
  std::uint64_t z = (seed += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

struct MemoryDisk::State {
  mutable std::mutex mutex;
  Names now;      // what programs see
  Names durable;  // the names that survive
  std::set<std::string> directories{".", "/"};
  std::set<std::string> locked;
  std::uint64_t cuts = 0;  // handles from before a cut are dead
  bool powered = true;
  bool syncs_ignored = false;
  std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t used = 0;

  Result<void> check_power(const std::string& path) const {
    if (!powered) return fail(BaseError::kInputOutput, path + ": the power is cut");
    return {};
  }
  Result<std::shared_ptr<File>> find(const std::string& path) const {
    TRY_VOID(check_power(path));
    const auto found = now.find(path);
    if (found == now.end())
      return fail(BaseError::kNotFound, path + ": cannot open: No such file or directory");
    return found->second;
  }
};

class MemoryDisk::MemoryAppendFile final : public AppendFile {
 public:
  MemoryAppendFile(std::shared_ptr<State> state, std::shared_ptr<File> file, std::string path)
      : state_(std::move(state)),
        file_(std::move(file)),
        path_(std::move(path)),
        cuts_(state_->cuts) {}

  Result<void> append(BytesView bytes) override {
    const std::lock_guard lock(state_->mutex);
    TRY_VOID(check());
    if (bytes.size() > state_->capacity - std::min(state_->used, state_->capacity))
      return fail(BaseError::kInputOutput, path_ + ": cannot write: No space left on device");
    file_->bytes.append(bytes);
    state_->used += bytes.size();
    return {};
  }
  Result<void> sync() override {
    const std::lock_guard lock(state_->mutex);
    TRY_VOID(check());
    if (!state_->syncs_ignored) file_->synced = file_->bytes.size();
    return {};
  }
  std::uint64_t size() const override {
    const std::lock_guard lock(state_->mutex);
    return file_->bytes.size();
  }

 private:
  Result<void> check() const {
    TRY_VOID(state_->check_power(path_));
    if (cuts_ != state_->cuts)
      return fail(BaseError::kInputOutput, path_ + ": was opened before the power was cut");
    return {};
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<File> file_;
  std::string path_;
  std::uint64_t cuts_;
};

class MemoryDisk::MemoryFileLock final : public FileLock {
 public:
  MemoryFileLock(std::shared_ptr<State> state, std::string path)
      : state_(std::move(state)), path_(std::move(path)), cuts_(state_->cuts) {}
  ~MemoryFileLock() override {
    const std::lock_guard lock(state_->mutex);
    if (cuts_ == state_->cuts) state_->locked.erase(path_);
  }

 private:
  std::shared_ptr<State> state_;
  std::string path_;
  std::uint64_t cuts_;
};

MemoryDisk::MemoryDisk() : state_(std::make_shared<State>()) {}
MemoryDisk::~MemoryDisk() = default;

void MemoryDisk::power_cut(std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  State& state = *state_;
  if (seed != 0) {
    Names survivors = state.durable;
    for (const auto& [path, file] : state.now) {
      if (next_random(seed) % 2 == 0) survivors[path] = file;
    }
    for (const auto& [path, file] : state.durable) {
      if (!state.now.contains(path) && next_random(seed) % 2 == 0) survivors.erase(path);
    }
    state.durable = std::move(survivors);
  }
  state.now = state.durable;
  state.used = 0;
  for (const auto& [path, file] : state.now) {
    std::size_t kept = file->synced;
    if (seed != 0) kept += next_random(seed) % (file->bytes.size() - kept + 1);
    file->bytes.resize(kept);
    file->synced = kept;
    state.used += kept;
  }
  state.locked.clear();
  ++state.cuts;
  state.powered = false;
}

void MemoryDisk::power_on() {
  const std::lock_guard lock(state_->mutex);
  state_->powered = true;
}

void MemoryDisk::ignore_syncs(bool ignore) {
  const std::lock_guard lock(state_->mutex);
  state_->syncs_ignored = ignore;
}

void MemoryDisk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->capacity = bytes;
}

void MemoryDisk::flip_byte(const std::string& path, std::uint64_t offset) {
  const std::lock_guard lock(state_->mutex);
  Bytes& bytes = state_->now.at(path)->bytes;
  bytes.at(offset) = static_cast<char>(~bytes.at(offset));
}

std::vector<std::string> MemoryDisk::files() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> out;
  for (const auto& [path, file] : state_->now) out.push_back(path);
  return out;
}

std::unique_ptr<MemoryDisk> MemoryDisk::clone() const {
  auto out = std::make_unique<MemoryDisk>();
  const std::lock_guard lock(state_->mutex);
  for (const auto& [path, file] : state_->now) {
    const auto copy =
        std::make_shared<File>(File{.bytes = file->bytes, .synced = file->bytes.size()});
    out->state_->now[path] = copy;
    out->state_->durable[path] = copy;
    out->state_->used += copy->bytes.size();
  }
  out->state_->directories = state_->directories;
  return out;
}

Result<std::unique_ptr<AppendFile>> MemoryDisk::open_append(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TRY_VOID(state_->check_power(path));
  if (!state_->directories.contains(parent_of(path)))
    return fail(BaseError::kNotFound, path + ": cannot open: No such file or directory");
  auto& file = state_->now[path];
  if (file == nullptr) file = std::make_shared<File>();
  return std::make_unique<MemoryAppendFile>(state_, file, path);
}

Result<Bytes> MemoryDisk::read(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TRY(const auto file, state_->find(path));
  return file->bytes;
}

Result<Bytes> MemoryDisk::read_at(const std::string& path, std::uint64_t offset, std::size_t size) {
  const std::lock_guard lock(state_->mutex);
  TRY(const auto file, state_->find(path));
  if (offset >= file->bytes.size()) return Bytes();
  return file->bytes.substr(static_cast<std::size_t>(offset), size);
}

Result<std::uint64_t> MemoryDisk::file_size(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TRY(const auto file, state_->find(path));
  return file->bytes.size();
}

Result<void> MemoryDisk::truncate(const std::string& path, std::uint64_t size) {
  const std::lock_guard lock(state_->mutex);
  TRY(const auto file, state_->find(path));
  const std::uint64_t before = file->bytes.size();
  file->bytes.resize(size);
  file->synced = std::min<std::size_t>(file->synced, size);
  state_->used = state_->used - before + size;
  return {};
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(state_->mutex);
  TRY(const auto file, state_->find(from));
  state_->now[to] = file;
  state_->now.erase(from);
  return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TRY(const auto file, state_->find(path));
  state_->used -= file->bytes.size();
  state_->now.erase(path);
  return {};
}

bool MemoryDisk::exists(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  return state_->powered &&
         (state_->now.contains(path) || state_->directories.contains(without_trailing_slash(path)));
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& directory) {
  const std::lock_guard lock(state_->mutex);
  TRY_VOID(state_->check_power(directory));
  const std::string folder = without_trailing_slash(directory);
  if (!state_->directories.contains(folder))
    return fail(BaseError::kNotFound, folder + ": cannot list: No such file or directory");
  std::vector<std::string> names;
  for (const auto& [path, file] : state_->now) {
    if (parent_of(path) == folder) names.push_back(path.substr(path.rfind('/') + 1));
  }
  for (const std::string& path : state_->directories) {
    if (path != folder && path != "/" && path != "." && parent_of(path) == folder)
      names.push_back(path.substr(path.rfind('/') + 1));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Folders are durable at once: what is lost in practice, and matters, are the files in them.
Result<void> MemoryDisk::make_directories(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TRY_VOID(state_->check_power(path));
  for (std::string folder = without_trailing_slash(path); folder != "/" && folder != ".";
       folder = parent_of(folder)) {
    if (state_->now.contains(folder))
      return fail(BaseError::kInputOutput, folder + ": cannot create: Not a directory");
    state_->directories.insert(folder);
  }
  return {};
}

Result<void> MemoryDisk::sync_directory(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TRY_VOID(state_->check_power(path));
  if (state_->syncs_ignored) return {};
  const std::string folder = without_trailing_slash(path);
  std::erase_if(state_->durable, [&](const auto& name) {
    return parent_of(name.first) == folder && !state_->now.contains(name.first);
  });
  for (const auto& [name, file] : state_->now) {
    if (parent_of(name) == folder) state_->durable[name] = file;
  }
  return {};
}

Result<std::unique_ptr<FileLock>> MemoryDisk::lock(const std::string& path) {
  const std::lock_guard lock(state_->mutex);
  TRY_VOID(state_->check_power(path));
  if (!state_->locked.insert(path).second)
    return fail(BaseError::kInUse, path + " is held by another process");
  return std::make_unique<MemoryFileLock>(state_, path);
}

}  // namespace tp
