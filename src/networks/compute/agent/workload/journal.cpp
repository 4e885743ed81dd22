#include "networks/compute/agent/workload/journal.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "base/log.h"
#include "crypto/sha.h"
#include "networks/compute/agent/workload/error.h"

namespace tp::compute::workload {
namespace {

constexpr BytesView kMagic = "TPWORK01";
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kSumBytes = 16;
constexpr std::size_t kBodyBytesMax = 64 << 20;
constexpr std::uint64_t kCompactFrom = 1 << 20;

Bytes checksum(BytesView body) {
  return Bytes(crypto::sha256(body).view().substr(0, kSumBytes));
}

Bytes put_body(const std::string& key, const std::string& value) {
  Bytes out = "P" + key;
  out.push_back('\0');
  return out + value;
}

Bytes framed(const Bytes& body) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((body.size() >> shift) & 255));
  return out + checksum(body) + body;
}

// The body of a whole and correct entry at the front of `bytes`.
std::optional<BytesView> entry_at(BytesView bytes) {
  if (bytes.size() < kLengthBytes + kSumBytes + 1) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) length = length << 8 | as_u8(bytes)[i];
  if (length == 0 || length > kBodyBytesMax) return std::nullopt;
  const BytesView rest = bytes.substr(kLengthBytes + kSumBytes);
  if (rest.size() < length) return std::nullopt;
  const BytesView body = rest.substr(0, length);
  if (checksum(body) != bytes.substr(kLengthBytes, kSumBytes)) return std::nullopt;
  return body;
}

bool some_entry_follows(BytesView bytes) {
  for (std::size_t i = 1; i < bytes.size(); ++i)
    if (entry_at(bytes.substr(i))) return true;
  return false;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(Disk& disk, std::string path) {
  std::unique_ptr<Journal> journal(new Journal(disk, std::move(path)));
  TRY_VOID(journal->load());
  return journal;
}

Result<void> Journal::load() {
  if (!disk_.exists(path_)) TRY_VOID(write_atomically(disk_, path_, kMagic));
  TRY(const Bytes bytes, disk_.read(path_));
  if (!bytes.starts_with(kMagic)) return fail(WorkloadError::kCorrupted, path_ + ": no journal");
  std::size_t position = kMagic.size();
  while (position < bytes.size()) {
    const BytesView rest = BytesView(bytes).substr(position);
    const auto body = entry_at(rest);
    if (!body) {
      // Each entry is synced before the next is begun: only the last can be torn.
      if (some_entry_follows(rest))
        return fail(WorkloadError::kCorrupted, path_ + ": byte " + std::to_string(position));
      log_warning("workload", path_ + ": an unfinished entry of " + std::to_string(rest.size()) +
                                  " bytes at the end is dropped");
      TRY_VOID(disk_.truncate(path_, position));
      break;
    }
    const std::size_t zero = body->find('\0');
    if (body->front() == 'P' && zero != BytesView::npos) {
      entries_[std::string(body->substr(1, zero - 1))] = std::string(body->substr(zero + 1));
    } else if (body->front() == 'D') {
      entries_.erase(std::string(body->substr(1)));
    } else {
      return fail(WorkloadError::kCorrupted,
                  path_ + ": unknown entry at byte " + std::to_string(position));
    }
    position += kLengthBytes + kSumBytes + body->size();
  }
  TRY(file_, disk_.open_append(path_));
  // What a process that was killed wrote may not be durable yet, nor the name of the file.
  TRY_VOID(file_->sync());
  good_ = file_->size();
  const std::string directory = std::filesystem::path(path_).parent_path().string();
  return disk_.sync_directory(directory.empty() ? "." : directory);
}

Result<void> Journal::append(const Bytes& body) {
  if (broken_) TRY_VOID(cut_off());
  broken_ = true;
  Result<void> written = file_->append(framed(body));
  if (written) written = file_->sync();
  if (!written) {
    if (const auto cut = cut_off(); !cut) log_error("workload", cut.error().text);
    return written;
  }
  good_ = file_->size();
  broken_ = false;
  return {};
}

// Back to the entries that count, after a write that failed.
Result<void> Journal::cut_off() {
  const auto done = [&]() -> Result<void> {
    if (good_ != 0) TRY_VOID(disk_.truncate(path_, good_));
    TRY(file_, disk_.open_append(path_));
    return file_->sync();
  }();
  if (!done)
    return fail(WorkloadError::kCorrupted,
                path_ + ": an earlier write failed and cannot be undone: " + done.error().text);
  good_ = file_->size();
  broken_ = false;
  return {};
}

Result<void> Journal::put(const std::string& key, const std::string& value) {
  TP_ASSERT(key.find('\0') == std::string::npos);
  const Bytes body = put_body(key, value);
  if (body.size() > kBodyBytesMax)
    return fail(WorkloadError::kBadSpec, "too large for the journal");
  TRY_VOID(append(body));
  entries_[key] = value;
  compact();
  return {};
}

Result<void> Journal::erase(const std::string& key) {
  if (!entries_.contains(key)) return {};
  TRY_VOID(append("D" + key));
  entries_.erase(key);
  compact();
  return {};
}

// The change is durable already, so that a failure here is no failure of the caller's: the old file
// stays in use. Only when the new one is in place and cannot be opened is the journal broken.
void Journal::compact() {
  std::uint64_t live = kMagic.size();
  for (const auto& [key, value] : entries_) live += key.size() + value.size() + 32;
  if (file_->size() < kCompactFrom || file_->size() < 4 * live) return;
  Bytes bytes(kMagic);
  for (const auto& [key, value] : entries_) bytes += framed(put_body(key, value));
  if (const auto written = write_atomically(disk_, path_, bytes); !written)
    log_warning("workload", "journal: " + written.error().text);
  auto opened = disk_.open_append(path_);
  broken_ = !opened;
  if (opened) file_ = std::move(*opened);
  good_ = opened ? file_->size() : 0;
}

}  // namespace tp::compute::workload
