// Public keys of accounts, as the chain knows them. A key that hashes to its address is right for
// ever, so that customers reach their leases also while the chain is away; kept in a file for the
// next start. Rule: specs/compute-market.md §3.3.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/disk.h"
#include "crypto/secp256k1.h"
#include "networks/compute/agent/market.h"

namespace tp::compute::provider {

class KeyCache {
 public:
  // `disk` and `market` must outlive it. `prefix` is that of the chain's addresses. Lines of the
  // file that do not prove themselves are left out. Errors: those of the disk.
  static Result<std::unique_ptr<KeyCache>> open(Disk& disk, std::string path, std::string prefix,
                                                Market& market);

  // Nothing where the chain knows none. Thread-safe. Errors: the chain cannot be asked.
  Result<std::optional<crypto::Secp256k1PublicKey>> find(const std::string& account);

 private:
  KeyCache(Disk& disk, std::string path, std::string prefix, Market& market)
      : disk_(disk), path_(std::move(path)), prefix_(std::move(prefix)), market_(market) {}
  bool belongs(const std::string& account, const crypto::Secp256k1PublicKey& key) const;

  Disk& disk_;
  const std::string path_;
  const std::string prefix_;
  Market& market_;
  std::mutex mutex_;
  std::map<std::string, crypto::Secp256k1PublicKey> keys_;
};

}  // namespace tp::compute::provider
