// What is wanted, kept so that it survives anything: one file that only grows, each entry with its
// length and a checksum, synced before put and erase return. An entry torn by a crash at the end of
// the file was never acknowledged and is cut off; damage anywhere else is reported, never guessed
// at.
//
//   8 bytes "TPWORK01", then entries: length (4 bytes, big endian), first 16 bytes of the SHA-256
//   of the body, body: 'P' key 0x00 value, or 'D' key
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/disk.h"
#include "base/result.h"

namespace tp::compute::workload {

class Journal {
 public:
  // Errors: kCorrupted with file and position.
  static Result<std::unique_ptr<Journal>> open(Disk& disk, std::string path);

  const std::map<std::string, std::string>& entries() const { return entries_; }
  // `key` holds no zero byte. Cost: one sync. After an error the entry does not count: what was
  // written of it is cut off, at once or before the next; where that fails, too, so does every
  // call.
  Result<void> put(const std::string& key, const std::string& value);
  Result<void> erase(const std::string& key);

 private:
  Journal(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Result<void> load();
  Result<void> append(const Bytes& body);
  Result<void> cut_off();
  void compact();

  Disk& disk_;
  std::string path_;
  std::unique_ptr<AppendFile> file_;
  std::map<std::string, std::string> entries_;
  bool broken_ = false;     // the file may end in more than good_ bytes
  std::uint64_t good_ = 0;  // all entries that count; 0: the whole file, which was replaced
};

}  // namespace tp::compute::workload
