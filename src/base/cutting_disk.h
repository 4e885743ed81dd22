// For crash tests: a MemoryDisk whose power is cut at the n-th thing that is done to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/memory_disk.h"

namespace tp {

// Cut at the n-th write, sync, rename, removal or cutting short; `seed` as of
// MemoryDisk::power_cut(). To be used by one thread at a time.
class CuttingDisk final : public Disk {
 public:
  CuttingDisk(MemoryDisk& disk, std::uint64_t writes, std::uint64_t seed)
      : disk_(disk), left_(writes), seed_(seed) {}

  bool was_cut() const { return cut_; }
  std::uint64_t left() const { return left_; }

  Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) override {
    step();
    TRY(auto file, disk_.open_append(path));
    return std::unique_ptr<AppendFile>(new File(*this, std::move(file)));
  }
  Result<Bytes> read(const std::string& path) override { return disk_.read(path); }
  Result<void> truncate(const std::string& path, std::uint64_t size) override {
    step();
    return disk_.truncate(path, size);
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    step();
    return disk_.rename(from, to);
  }
  Result<void> remove(const std::string& path) override {
    step();
    return disk_.remove(path);
  }
  bool exists(const std::string& path) override { return disk_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return disk_.list(directory);
  }
  Result<void> make_directories(const std::string& path) override {
    return disk_.make_directories(path);
  }
  Result<void> sync_directory(const std::string& path) override {
    step();
    return disk_.sync_directory(path);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    return disk_.lock(path);
  }

 private:
  class File final : public AppendFile {
   public:
    File(CuttingDisk& disk, std::unique_ptr<AppendFile> file)
        : disk_(disk), file_(std::move(file)) {}
    Result<void> append(BytesView bytes) override {
      // Half of what is being written has reached the file when the power goes.
      if (disk_.left_ == 0) (void)file_->append(bytes.substr(0, bytes.size() / 2));
      disk_.step();
      return file_->append(bytes);
    }
    Result<void> sync() override {
      disk_.step();
      return file_->sync();
    }
    std::uint64_t size() const override { return file_->size(); }

   private:
    CuttingDisk& disk_;
    std::unique_ptr<AppendFile> file_;
  };

  void step() {
    if (cut_) return;
    if (left_ == 0) {
      disk_.power_cut(seed_);
      cut_ = true;
      return;
    }
    --left_;
  }

  MemoryDisk& disk_;
  std::uint64_t left_;
  const std::uint64_t seed_;
  bool cut_ = false;
};

}  // namespace tp
