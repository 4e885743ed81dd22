#include "networks/compute/agent/key_cache.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "crypto/address.h"

namespace tp::compute::provider {

bool KeyCache::belongs(const std::string& account, const crypto::Secp256k1PublicKey& key) const {
  return crypto::address_text(prefix_, crypto::address_of(key)) == account;
}

// One line a key: "address hex".
Result<std::unique_ptr<KeyCache>> KeyCache::open(Disk& disk, std::string path, std::string prefix,
                                                 Market& market) {
  std::unique_ptr<KeyCache> out(new KeyCache(disk, std::move(path), std::move(prefix), market));
  if (!disk.exists(out->path_)) return out;
  TRY(const Bytes text, disk.read(out->path_));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) continue;
    const auto bytes = from_hex(line.substr(space + 1));
    if (!bytes) continue;
    const auto key = crypto::Secp256k1PublicKey::from(*bytes);
    const std::string account = line.substr(0, space);
    if (key && out->belongs(account, *key)) out->keys_.emplace(account, *key);
  }
  return out;
}

Result<std::optional<crypto::Secp256k1PublicKey>> KeyCache::find(const std::string& account) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = keys_.find(account); known != keys_.end()) return known->second;
  }
  TRY(const std::optional<crypto::Secp256k1PublicKey> key, market_.public_key(account));
  if (!key || !belongs(account, *key)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (keys_.emplace(account, *key).second) {
    const auto file = disk_.open_append(path_);
    const auto written = file ? (*file)->append(account + " " + to_hex(key->view()) + "\n")
                              : Result<void>(std::unexpected(file.error()));
    // Without the file, the chain is asked again after a restart.
    if (!written) log_warning("provider", path_ + ": " + written.error().text);
  }
  return key;
}

}  // namespace tp::compute::provider
