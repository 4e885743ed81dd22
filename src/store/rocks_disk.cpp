#include "store/rocks_disk.h"

#include <rocksdb/file_system.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/log.h"

namespace tp::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

BytesView bytes_of(const Slice& slice) {
  return {slice.data(), slice.size()};
}

IOStatus status_of(const Error& error) {
  if (is(error, BaseError::kNotFound)) return IOStatus::PathNotFound(error.text);
  if (error.text.find("No space left") != std::string::npos) return IOStatus::NoSpace(error.text);
  return IOStatus::IOError(error.text);
}

template <class T>
IOStatus status_of(const Result<T>& result) {
  return result ? IOStatus::OK() : status_of(result.error());
}

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  explicit SequentialFile(std::unique_ptr<ReadFile> file) : file_(std::move(file)) {}

  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    const auto got = file_->read_at(offset_, {scratch, n});
    if (!got) return status_of(got.error());
    offset_ += *got;
    *result = Slice(scratch, *got);
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t n) override {
    offset_ += n;
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<ReadFile> file_;
  std::uint64_t offset_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccessFile(std::unique_ptr<ReadFile> file) : file_(std::move(file)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    const auto got = file_->read_at(offset, {scratch, n});
    if (!got) return status_of(got.error());
    *result = Slice(scratch, *got);
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<ReadFile> file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
 public:
  explicit WritableFile(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    return status_of(file_->append(bytes_of(data)));
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return status_of(file_->sync()); }
  // Buffered writes go straight to the Disk, so a sync may run beside an append.
  bool IsSyncThreadSafe() const override { return false; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return file_->size(); }

 private:
  std::unique_ptr<AppendFile> file_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return status_of(disk_.sync_directory(path_));
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  Disk& disk_;
  std::string path_;
};

class HeldLock final : public rocksdb::FileLock {
 public:
  explicit HeldLock(std::unique_ptr<tp::FileLock> lock) : lock_(std::move(lock)) {}

 private:
  std::unique_ptr<tp::FileLock> lock_;
};

class DiskFileSystem final : public rocksdb::FileSystem {
 public:
  explicit DiskFileSystem(Disk& disk) : disk_(disk) {}

  const char* Name() const override { return "TurnpikeDisk"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out,
                             IODebugContext*) override {
    auto file = disk_.open_read(path);
    if (!file) return status_of(file.error());
    *out = std::make_unique<SequentialFile>(*std::move(file));
    return IOStatus::OK();
  }

  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                               IODebugContext*) override {
    auto file = disk_.open_read(path);
    if (!file) return status_of(file.error());
    *out = std::make_unique<RandomAccessFile>(*std::move(file));
    return IOStatus::OK();
  }

  // RocksDB expects an empty file whatever was there.
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext*) override {
    if (disk_.exists(path)) {
      if (const auto removed = disk_.remove(path); !removed) return status_of(removed.error());
    }
    return open_writable(path, out);
  }

  IOStatus ReopenWritableFile(const std::string& path, const FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* out,
                              IODebugContext*) override {
    return open_writable(path, out);
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* out, IODebugContext*) override {
    *out = std::make_unique<Directory>(disk_, path);
    return IOStatus::OK();
  }

  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    return disk_.exists(path) ? IOStatus::OK() : IOStatus::NotFound();
  }

  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* out,
                       IODebugContext*) override {
    auto names = disk_.list(path);
    if (!names) return status_of(names.error());
    *out = *std::move(names);
    return IOStatus::OK();
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(disk_.remove(path));
  }

  IOStatus Truncate(const std::string& path, size_t size, const IOOptions&,
                    IODebugContext*) override {
    return status_of(disk_.truncate(path, size));
  }

  IOStatus CreateDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return CreateDirIfMissing(path, options, debug);
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(disk_.make_directories(path));
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("removing the folder", path);
  }

  IOStatus GetFileSize(const std::string& path, const IOOptions&, uint64_t* size,
                       IODebugContext*) override {
    const auto got = disk_.file_size(path);
    if (!got) return status_of(got.error());
    *size = *got;
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string& path, const IOOptions&, uint64_t*,
                                   IODebugContext*) override {
    return IOStatus::NotSupported("the modification time of", path);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return status_of(disk_.rename(from, to));
  }

  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** out,
                    IODebugContext*) override {
    auto lock = disk_.lock(path);
    if (!lock) return status_of(lock.error());
    *out = new HeldLock(*std::move(lock));
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete lock;
    return IOStatus::OK();
  }

  IOStatus GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) override {
    return IOStatus::NotSupported("a test folder");
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* out,
                           IODebugContext*) override {
    *out = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* out,
                       IODebugContext*) override {
    *out = disk_.list(path).has_value();
    return IOStatus::OK();
  }

 private:
  IOStatus open_writable(const std::string& path, std::unique_ptr<rocksdb::FSWritableFile>* out) {
    auto file = disk_.open_append(path);
    if (!file) return status_of(file.error());
    *out = std::make_unique<WritableFile>(*std::move(file));
    return IOStatus::OK();
  }

  Disk& disk_;
};

class Complaints final : public rocksdb::Logger {
 public:
  explicit Complaints(std::string_view component)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), component_(component) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    std::array<char, 1'000> text;
    const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
    if (size > 0) log_warning(component_, "rocksdb: " + std::string(text.data()));
  }

 private:
  const std::string component_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> rocks_env_on(Disk& disk) {
  return rocksdb::NewCompositeEnv(std::make_shared<DiskFileSystem>(disk));
}

std::shared_ptr<rocksdb::Logger> rocks_complaints(std::string_view component) {
  return std::make_shared<Complaints>(component);
}

}  // namespace tp::store
