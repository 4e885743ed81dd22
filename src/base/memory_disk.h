// A disk in memory that forgets as a real one does: for tests and simulation.
//
// What survives power_cut() is what was made durable: bytes by AppendFile::sync, names (created,
// renamed, removed files) by sync_directory. Cutting a file short is durable at once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/disk.h"

namespace tp {

class MemoryDisk final : public Disk {
 public:
  MemoryDisk();
  ~MemoryDisk() override;

  // Loses everything that was not synced. Files opened and locks held before are dead: every use of
  // them fails, and so does everything else until power_on(). With a `seed` other than 0, of each
  // file some prefix of the unsynced bytes and some unsynced names survive, as happens.
  void power_cut(std::uint64_t seed = 0);
  void power_on();

  // While set, syncs report success and do nothing: what a program that forgets to sync looks like.
  void ignore_syncs(bool ignore);
  // Appending beyond this many bytes in all files fails as on a full disk.
  void set_capacity(std::uint64_t bytes);
  // Changes the byte at `offset` of a file, durably. Precondition: it exists.
  void flip_byte(const std::string& path, std::uint64_t offset);
  std::vector<std::string> files() const;  // all paths, sorted
  // Another disk with the same files, all of them durable.
  std::unique_ptr<MemoryDisk> clone() const;

  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;
  Result<Bytes> read(const std::string& path) override;
  Result<Bytes> read_at(const std::string& path, std::uint64_t offset, std::size_t size) override;
  Result<std::uint64_t> file_size(const std::string& path) override;
  Result<void> truncate(const std::string& path, std::uint64_t size) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> make_directories(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

 private:
  struct State;
  class MemoryAppendFile;
  class MemoryFileLock;
  std::shared_ptr<State> state_;
};

}  // namespace tp
