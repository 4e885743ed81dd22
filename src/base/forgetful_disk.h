// For crash tests of real processes: a disk whose unsynced writes can be taken back after the
// process was killed.
//
// A kill alone loses nothing that was written, because the system's page cache survives it; a power
// cut does. This disk passes everything through and notes what became durable; forget_unsynced()
// then brings the files to what a power cut would have left. The rules are MemoryDisk's. Slower
// than the disk below it by one small write an operation.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/disk.h"

namespace tp {

class ForgetfulDisk final : public Disk {
 public:
  enum class Syncs {
    kHonest,
    kIgnored
  };  // ignored: reported as done, never done; what a forgotten sync looks like

  // Notes go to the folder `notes`, which must not be below what is tested. Those of an earlier
  // process are carried on: what it had not synced when it was killed is still not synced. `below`:
  // where not empty, only files below this folder are noted, so that what lies in memory anyhow is
  // left alone. `disk` must outlive this. Errors: those of `disk`; kInvalidText when the notes are
  // not ForgetfulDisk's.
  static Result<std::unique_ptr<ForgetfulDisk>> open(Disk& disk, const std::string& notes,
                                                     Syncs syncs, std::string below = {});
  ~ForgetfulDisk() override;

  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override;
  Result<Bytes> read(const std::string& path) override { return disk_.read(path); }
  Result<Bytes> read_at(const std::string& path, std::uint64_t offset, std::size_t size) override {
    return disk_.read_at(path, offset, size);
  }
  Result<std::unique_ptr<ReadFile>> open_read(const std::string& path) override {
    return disk_.open_read(path);
  }
  Result<std::uint64_t> file_size(const std::string& path) override {
    return disk_.file_size(path);
  }
  Result<void> truncate(const std::string& path, std::uint64_t size) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  bool exists(const std::string& path) override { return disk_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return disk_.list(directory);
  }
  Result<void> make_directories(const std::string& path) override {
    return disk_.make_directories(path);
  }
  Result<void> sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return disk_.lock(path);
  }

 private:
  class NotingFile;
  ForgetfulDisk(Disk& disk, std::string notes, Syncs syncs, std::string below);
  bool is_noted(const std::string& path) const;
  // `values` are what the note is about: paths and numbers. Notes are in the order of what they
  // note.
  Result<void> note(char what, std::initializer_list<std::string> values);
  std::string grave(std::uint64_t number) const;

  Disk& disk_;
  const std::string notes_;
  const Syncs syncs_;
  const std::string below_;
  std::mutex mutex_;  // held over an operation and its note
  std::unique_ptr<AppendFile> log_;
  std::uint64_t graves_ = 0;
};

// Takes back what the process that wrote `notes` had not made durable. That process must be dead.
// The notes are used up. Errors: those of `disk`; kInvalidText when the notes are not
// ForgetfulDisk's.
Result<void> forget_unsynced(Disk& disk, const std::string& notes);

}  // namespace tp
