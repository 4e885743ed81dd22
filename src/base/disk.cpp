#include "base/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tp {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> io_error(const std::string& path, std::string_view doing, int error) {
  const std::string detail = path + ": cannot " + std::string(doing) + ": " + std::strerror(error);
  return error == ENOENT ? fail(BaseError::kNotFound, detail)
                         : fail(BaseError::kInputOutput, detail);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<void> write_all(int fd, const std::string& path, BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error(path, "write", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

class SystemAppendFile final : public AppendFile {
 public:
  SystemAppendFile(int fd, std::string path, std::uint64_t size)
      : fd_(fd), path_(std::move(path)), size_(size), synced_(size) {}

  Result<void> append(BytesView bytes) override {
    TRY_VOID(write_all(fd_.get(), path_, bytes));
    size_ += bytes.size();
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return io_error(path_, "sync", errno);
    // Whoever appends seldom reads it soon, and pages that the system takes back from here are warm
    // when the next bytes are written; a log would otherwise go through all of the memory. Advice:
    // nothing depends on it.
    ::posix_fadvise(fd_.get(), static_cast<off_t>(synced_), static_cast<off_t>(size_ - synced_),
                    POSIX_FADV_DONTNEED);
    synced_ = size_;
    return {};
  }

  std::uint64_t size() const override { return size_; }

 private:
  Descriptor fd_;
  std::string path_;
  std::uint64_t size_;
  std::uint64_t synced_;  // bytes
};

class SystemReadFile final : public ReadFile {
 public:
  SystemReadFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const ssize_t got = ::pread(fd_.get(), out.data() + filled, out.size() - filled,
                                  static_cast<off_t>(offset + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io_error(path_, "read", errno);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class SystemFileLock final : public FileLock {
 public:
  explicit SystemFileLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;
};

}  // namespace

Result<Bytes> Disk::read_at(const std::string& path, std::uint64_t offset, std::size_t size) {
  TRY(const Bytes whole, read(path));
  if (offset >= whole.size()) return Bytes();
  return whole.substr(static_cast<std::size_t>(offset), size);
}

namespace {

class PathReadFile final : public ReadFile {
 public:
  PathReadFile(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
    TRY(const Bytes bytes, disk_.read_at(path_, offset, out.size()));
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return bytes.size();
  }

 private:
  Disk& disk_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<ReadFile>> Disk::open_read(const std::string& path) {
  if (!exists(path)) return io_error(path, "open", ENOENT);
  return std::make_unique<PathReadFile>(*this, path);
}

Result<std::uint64_t> Disk::file_size(const std::string& path) {
  TRY(const Bytes whole, read(path));
  return whole.size();
}

Result<std::unique_ptr<AppendFile>> SystemDisk::open_append(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return io_error(path, "open", errno);
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    const int error = errno;
    ::close(fd);
    return io_error(path, "stat", error);
  }
  return std::make_unique<SystemAppendFile>(fd, path, static_cast<std::uint64_t>(status.st_size));
}

Result<Bytes> SystemDisk::read(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return io_error(path, "open", errno);
  Bytes out;
  std::array<char, 65'536> buffer;
  while (true) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return io_error(path, "read", errno);
    if (size == 0) return out;
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

Result<Bytes> SystemDisk::read_at(const std::string& path, std::uint64_t offset, std::size_t size) {
  TRY(const auto file, open_read(path));
  Bytes out(size, '\0');
  TRY(const std::size_t filled, file->read_at(offset, out));
  out.resize(filled);
  return out;
}

Result<std::unique_ptr<ReadFile>> SystemDisk::open_read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error(path, "open", errno);
  return std::make_unique<SystemReadFile>(fd, path);
}

Result<std::uint64_t> SystemDisk::file_size(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return io_error(path, "stat", errno);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> SystemDisk::truncate(const std::string& path, std::uint64_t size) {
  if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0)
    return io_error(path, "truncate", errno);
  return {};
}

Result<void> SystemDisk::rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return io_error(from, "rename", errno);
  return {};
}

Result<void> SystemDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return io_error(path, "remove", errno);
  return {};
}

bool SystemDisk::exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Result<std::vector<std::string>> SystemDisk::list(const std::string& directory) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  if (error) return io_error(directory, "list", error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> SystemDisk::make_directories(const std::string& path) {
  std::string made;
  for (const auto& part : fs::path(path)) {
    made = made.empty() ? part.string() : (fs::path(made) / part).string();
    if (made.empty() || ::mkdir(made.c_str(), 0700) == 0) continue;
    const int error = errno;
    std::error_code ignored;
    if (error == EEXIST && fs::is_directory(made, ignored)) continue;
    return io_error(made, "create", error == EEXIST ? ENOTDIR : error);
  }
  return {};
}

Result<void> SystemDisk::sync_directory(const std::string& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return io_error(path, "open", errno);
  if (::fsync(fd.get()) != 0) return io_error(path, "sync", errno);
  return {};
}

Result<std::unique_ptr<FileLock>> SystemDisk::lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return io_error(path, "open", errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(fd);
    if (error == EWOULDBLOCK) return fail(BaseError::kInUse, path + " is held by another process");
    return io_error(path, "lock", error);
  }
  return std::make_unique<SystemFileLock>(fd);
}

Result<void> write_atomically(Disk& disk, const std::string& path, BytesView bytes) {
  const std::string temporary = path + ".new";
  if (disk.exists(temporary)) TRY_VOID(disk.remove(temporary));
  {
    TRY(const auto file, disk.open_append(temporary));
    TRY_VOID(file->append(bytes));
    TRY_VOID(file->sync());
  }
  TRY_VOID(disk.rename(temporary, path));
  const std::string directory = fs::path(path).parent_path().string();
  return disk.sync_directory(directory.empty() ? "." : directory);
}

}  // namespace tp
