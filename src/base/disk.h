// The seam through which everything reaches files; simulation passes one that loses, tears and
// fills.
//
// Durability is explicit: bytes are safe after AppendFile::sync, a name after Disk::sync_directory
// of its folder. Errors everywhere: kInputOutput with the path and the system's reason; kNotFound
// where stated.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace tp {

// A file that grows at its end.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  // After an error the file may end in part of `bytes`; truncate it before appending again.
  virtual Result<void> append(BytesView bytes) = 0;
  virtual Result<void> sync() = 0;  // returns when everything appended survives a power cut
  virtual std::uint64_t size() const = 0;
};

// A file opened for reading. Safe to use from several threads at once.
class ReadFile {
 public:
  virtual ~ReadFile() = default;
  // Fills `out` from `offset` on and returns how many bytes there were: fewer where the file ends.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const = 0;
};

// Held while the object lives; the system drops it when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // Opens for appending, creating the file when absent.
  virtual Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) = 0;
  virtual Result<Bytes> read(const std::string& path) = 0;  // the whole file. Errors: kNotFound.
  // The bytes [offset, offset + size) of a file, fewer where it ends earlier. The default reads the
  // whole file: right for small or simulated ones. Errors: kNotFound.
  virtual Result<Bytes> read_at(const std::string& path, std::uint64_t offset, std::size_t size);
  // For many reads of one file. The default goes through read_at. Errors: kNotFound.
  virtual Result<std::unique_ptr<ReadFile>> open_read(const std::string& path);
  virtual Result<std::uint64_t> file_size(const std::string& path);  // Errors: kNotFound.
  virtual Result<void> truncate(const std::string& path, std::uint64_t size) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;  // Errors: kNotFound.
  virtual bool exists(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, sorted
  // Errors: kInputOutput where a part of the path exists and is no directory.
  virtual Result<void> make_directories(const std::string& path) = 0;
  virtual Result<void> sync_directory(const std::string& path) = 0;
  // Errors: kInUse when somebody else holds it, in this process or another.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// Replaces `path` so that after a crash it holds either the old or the new bytes, whole.
Result<void> write_atomically(Disk& disk, const std::string& path, BytesView bytes);

// The machine's file system. New files get mode 0600, folders 0700: data directories hold keys.
class SystemDisk final : public Disk {
 public:
  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;
  Result<Bytes> read(const std::string& path) override;
  Result<Bytes> read_at(const std::string& path, std::uint64_t offset, std::size_t size) override;
  Result<std::unique_ptr<ReadFile>> open_read(const std::string& path) override;
  Result<std::uint64_t> file_size(const std::string& path) override;
  Result<void> truncate(const std::string& path, std::uint64_t size) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directories(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;
};

}  // namespace tp
