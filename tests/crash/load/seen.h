// What queries of a node have shown: blocks, and transactions in them. Whatever stands here must be
// found again, unchanged, for as long as the chain lives.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/disk.h"
#include "base/result.h"
#include "base/strong.h"

namespace tp::crash {

struct SeenBlock {
  Height height;
  std::string hash;      // upper-case hex, as the RPC writes it
  std::string app_hash;  // in its header
};

struct SeenTx {
  Height height;
  std::uint32_t index = 0;
  std::uint32_t code = 0;
  Hash256 hash;

  bool operator==(const SeenTx&) const = default;
};

struct Seen {
  std::map<Height, SeenBlock> blocks;
  std::vector<SeenTx> txs;  // in the order of seeing; what was seen in several ways is there often
};

// A file that only grows. Thread-safe.
class SeenFile {
 public:
  static Result<std::unique_ptr<SeenFile>> open(Disk& disk, const std::string& path);

  Result<void> add(const SeenBlock& block, const std::vector<SeenTx>& txs);
  Result<void> add(const SeenTx& tx);  // as a query by hash, or a subscription, showed it
  std::uint64_t txs() const;

 private:
  explicit SeenFile(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}

  mutable std::mutex mutex_;
  std::unique_ptr<AppendFile> file_;
  std::uint64_t txs_ = 0;
};

// A last line without an end is not counted: it is being written. Errors: kInvalidText.
Result<Seen> read_seen(Disk& disk, const std::string& path);

}  // namespace tp::crash
