#include "engine/solo/block_store.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "engine/solo/block_record.h"
#include "engine/solo/crc32c.h"
#include "engine/solo/results_codec.h"

namespace tp::solo {
namespace {

constexpr std::string_view kLogPrefix = "blocks-";
constexpr std::string_view kLogSuffix = ".log";
constexpr std::size_t kDigits = 20;
constexpr std::string_view kIndexMagic = "TPI2";  // TPI1 had no checksum over the offsets
constexpr std::size_t kIndexHeadSize = 32;
constexpr std::size_t kMetaReadSize = 4'096;  // head and meta of a chain with few validators

std::string file_stem(Height first) {
  std::string digits = std::to_string(first.value);
  digits.insert(0, kDigits - std::min(kDigits, digits.size()), '0');
  return std::string(kLogPrefix) + digits;
}

std::optional<Height> first_height_in(std::string_view name) {
  if (!name.starts_with(kLogPrefix) || !name.ends_with(kLogSuffix) ||
      name.size() != kLogPrefix.size() + kDigits + kLogSuffix.size())
    return std::nullopt;
  const auto height = parse_int<std::int64_t>(name.substr(kLogPrefix.size(), kDigits));
  return height ? std::optional(Height{*height}) : std::nullopt;
}

void put_u64(Bytes& out, std::uint64_t value) {
  std::array<char, 8> raw;
  std::memcpy(raw.data(), &value, raw.size());
  out.append(raw.data(), raw.size());
}

std::uint64_t get_u64(BytesView bytes, std::size_t at) {
  std::uint64_t value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// One file of the log.
struct LogFile {
  Height first;
  std::string stem;  // path without ".log" or ".idx"
  std::uint64_t count = 0;
  std::uint64_t size = 0;
  std::vector<std::uint64_t> offsets;  // only of the file that grows; else they are in the .idx

  std::string log() const { return stem + ".log"; }
  std::string index() const { return stem + ".idx"; }
  Height end() const { return Height{first.value + static_cast<std::int64_t>(count)}; }
};

// Magic, checksum of the rest, first height, count, size of the log, one offset a block.
Bytes encode_index(const LogFile& file) {
  Bytes numbers;
  put_u64(numbers, static_cast<std::uint64_t>(file.first.value));
  put_u64(numbers, file.count);
  put_u64(numbers, file.size);
  for (const std::uint64_t offset : file.offsets) put_u64(numbers, offset);
  const std::uint32_t crc = crc32c(numbers);
  Bytes out(kIndexMagic);
  out.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  return out += numbers;
}

// Fills count and size from the .idx; false when it is absent or not whole.
bool read_index(Disk& disk, LogFile& file) {
  const auto index = disk.read(file.index());
  if (!index || index->size() < kIndexHeadSize || !index->starts_with(kIndexMagic)) return false;
  std::uint32_t crc;
  std::memcpy(&crc, index->data() + 4, sizeof crc);
  if (crc32c(BytesView(*index).substr(8)) != crc) return false;
  if (get_u64(*index, 8) != static_cast<std::uint64_t>(file.first.value)) return false;
  file.count = get_u64(*index, 16);
  file.size = get_u64(*index, 24);
  return index->size() == kIndexHeadSize + 8 * file.count;
}

std::unexpected<Error> damaged(const LogFile& file, Height height, std::uint64_t offset,
                               std::string_view why) {
  return fail(SoloError::kDamaged, file.log() + ": block " + std::to_string(height.value) +
                                       " at byte " + std::to_string(offset) + " " +
                                       std::string(why) +
                                       "; restore the file from a copy of this node's data");
}

// The record at `offset` when it is whole and of `height`.
std::optional<RecordHead> whole_record(BytesView log, std::uint64_t offset, Height height,
                                       std::uint32_t salt) {
  const BytesView bytes = log.substr(static_cast<std::size_t>(offset));
  const auto head = decode_record_head(bytes);
  if (!head || head->height != height || head->size() > bytes.size()) return std::nullopt;
  if (!meta_is_whole(*head, bytes, salt)) return std::nullopt;
  const BytesView body =
      bytes.substr(kRecordHeadSize + head->meta_size, static_cast<std::size_t>(head->body_size()));
  return body_is_whole(*head, body, salt) ? head : std::nullopt;
}

// A later record that says the block at `height` was already safe when it was written: then a bad
// record of `height` is not a torn tail.
bool was_safe(BytesView log, std::uint64_t offset, Height height, std::uint32_t salt) {
  constexpr std::string_view kMagic = "TPB1";
  for (std::size_t at = log.find(kMagic, static_cast<std::size_t>(offset) + 1);
       at != BytesView::npos; at = log.find(kMagic, at + 1)) {
    const auto head = decode_record_head(log.substr(at));
    if (head && head->synced >= height && meta_is_whole(*head, log.substr(at), salt)) return true;
  }
  return false;
}

// Moves what lies behind the records of `file` into a file of its own, and says so: what a crash
// tore is worth nothing, but only a person can tell it from a block that the disk damaged.
Result<void> move_tail_aside(Disk& disk, const LogFile& file, BytesView tail) {
  std::string aside;
  for (int n = 1; aside.empty() || disk.exists(aside); ++n)
    aside = file.log() + ".torn-" + std::to_string(n);
  TRY_VOID(write_atomically(disk, aside, tail));
  TRY_VOID(disk.truncate(file.log(), file.size));
  log_warning("solo", file.log() + ": the last " + std::to_string(tail.size()) +
                          " bytes are no whole block " + std::to_string(file.end().value) +
                          ", as after a crash while it was written; they are now in " + aside +
                          ", which may be deleted");
  return {};
}

// Walks over a log file and notes where records begin. With `torn_after`, what a crash left
// unfinished at its end is not counted and moved aside, but for blocks up to that height; otherwise
// it is damage.
Result<void> scan(Disk& disk, LogFile& file, std::uint32_t salt, std::optional<Height> torn_after) {
  TRY(const Bytes log, disk.read(file.log()));
  file.offsets.clear();
  file.size = 0;
  for (Height height = file.first; file.size < log.size(); height = height.next()) {
    const auto head = whole_record(log, file.size, height, salt);
    if (!head) {
      if (torn_after && height > *torn_after && !was_safe(log, file.size, height, salt)) break;
      return damaged(file, height, file.size, "is damaged");
    }
    file.offsets.push_back(file.size);
    file.size += head->size();
  }
  file.count = file.offsets.size();
  if (file.size == log.size()) return {};
  return move_tail_aside(disk, file, BytesView(log).substr(static_cast<std::size_t>(file.size)));
}

// The file CHAIN after its first line, which holds the salt.
std::string chain_lines(const BlockStoreOptions& options) {
  return "chain " + options.chain_id + "\ngenesis " + to_hex(options.genesis_hash.view()) + "\n";
}

constexpr std::string_view kFormatLine = "turnpike block log 1 salt ";

}  // namespace

struct BlockStore::State {
  State(BlockStoreOptions o, Disk& d) : options(std::move(o)), disk(d) {}

  const BlockStoreOptions options;
  Disk& disk;
  std::unique_ptr<FileLock> lock;
  std::uint32_t salt = 0;

  mutable std::shared_mutex mutex;  // over `files` and `synced`
  std::vector<LogFile> files;       // consecutive; the last one grows
  Height synced{0};                 // 0 when there is none

  // Only the appending thread.
  std::unique_ptr<AppendFile> growing;
  RecordBytes buffers;  // of the last record, for their memory
  Height appended{0};
  bool failed = false;

  Result<void> open_directory();
  Result<void> open_files();
  Result<void> open_finished(LogFile& file);
  Result<void> begin_file(Height first);
  Result<void> finish_file();
  Result<void> append(const StoredBlock& block, BytesView encoded);

  Height first() const {
    return files.empty() || files.front().count == 0 ? Height{0} : files.front().first;
  }

  struct Place {
    LogFile file;  // only its names
    std::uint64_t offset = 0;
  };
  Result<Place> find(Height height) const;
  struct Opened {
    Place place;
    RecordHead head;
    Bytes start;  // head and meta, and what was read beyond
  };
  Result<Opened> open_record(Height height) const;
  Result<Bytes> read_part(const Opened& record, std::uint64_t from, std::size_t size) const;
};

Result<void> BlockStore::State::open_directory() {
  TRY_VOID(disk.make_directories(options.directory));
  TRY(lock, disk.lock(options.directory + "/LOCK"));
  const std::string path = options.directory + "/CHAIN";
  const std::string expected = chain_lines(options);
  if (!disk.exists(path)) {
    salt = options.salt;
    return write_atomically(disk, path,
                            std::string(kFormatLine) + std::to_string(salt) + "\n" + expected);
  }
  TRY(const Bytes found, disk.read(path));
  const std::size_t line = std::min(found.find('\n'), found.size());
  if (!found.starts_with(kFormatLine) || line == found.size())
    return fail(SoloError::kDamaged, path + " does not begin with \"" + std::string(kFormatLine) +
                                         "...\"; it is damaged, or of another version");
  const auto number = parse_int<std::uint32_t>(
      BytesView(found).substr(kFormatLine.size(), line - kFormatLine.size()));
  if (!number) return fail(SoloError::kDamaged, path + ": the salt is not a number");
  salt = *number;
  if (BytesView(found).substr(line + 1) == expected) return {};
  return fail(SoloError::kOtherChain, path + " says \"" + found.substr(line + 1) +
                                          "\", expected \"" + expected +
                                          "\"; has the genesis file changed?");
}

Result<void> BlockStore::State::open_files() {
  TRY(const auto names, disk.list(options.directory));
  for (const std::string& name : names) {
    if (const auto first = first_height_in(name))
      files.push_back(
          {.first = *first, .stem = options.directory + "/" + file_stem(*first), .offsets = {}});
  }
  std::sort(files.begin(), files.end(),
            [](const LogFile& a, const LogFile& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (i + 1 < files.size()) TRY_VOID(open_finished(files[i]));
    if (i > 0 && files[i - 1].end() != files[i].first) {
      return fail(SoloError::kDamaged, files[i].log() + " begins at block " +
                                           std::to_string(files[i].first.value) +
                                           ", but the file before it ends before block " +
                                           std::to_string(files[i - 1].end().value) +
                                           "; a file between them is missing");
    }
  }
  if (files.empty()) return {};

  LogFile& last = files.back();
  TRY_VOID(scan(disk, last, salt, options.safe));
  TRY(growing, disk.open_append(last.log()));
  // What was found may have been written without having been synced.
  TRY_VOID(growing->sync());
  TRY_VOID(disk.sync_directory(options.directory));
  appended = synced = Height{last.end().value - 1};
  if (last.count == 0 && files.size() == 1) appended = synced = Height{0};
  return {};
}

// A file that is not the last was safe before the next was begun.
Result<void> BlockStore::State::open_finished(LogFile& file) {
  if (!read_index(disk, file)) {
    TRY_VOID(scan(disk, file, salt, std::nullopt));
    TRY_VOID(write_atomically(disk, file.index(), encode_index(file)));
    file.offsets = {};
    return {};
  }
  TRY(const std::uint64_t size, disk.file_size(file.log()));
  if (size == file.size) return {};
  return fail(SoloError::kDamaged, file.log() + " has " + std::to_string(size) +
                                       " bytes instead of " + std::to_string(file.size) +
                                       "; restore it from a copy of this node's data");
}

Result<void> BlockStore::State::begin_file(Height first) {
  LogFile file{.first = first, .stem = options.directory + "/" + file_stem(first), .offsets = {}};
  TRY(growing, disk.open_append(file.log()));
  TRY_VOID(disk.sync_directory(options.directory));
  const std::unique_lock guard(mutex);
  files.push_back(std::move(file));
  return {};
}

Result<void> BlockStore::State::finish_file() {
  TRY_VOID(growing->sync());
  LogFile& file = files.back();
  TRY_VOID(write_atomically(disk, file.index(), encode_index(file)));
  const std::unique_lock guard(mutex);
  file.offsets = {};
  return {};
}

Result<void> BlockStore::State::append(const StoredBlock& block, BytesView encoded) {
  const Height height = block.height();
  if (files.empty() || appended == Height{0}) {
    const std::unique_lock guard(mutex);
    if (!files.empty() && files.back().first != height) {  // an empty file of another beginning
      TRY_VOID(disk.remove(files.back().log()));
      files.clear();
    }
  } else {
    TP_ASSERT(height == appended.next());
  }
  if (!files.empty() && files.back().size >= options.file_bytes) {
    TRY_VOID(finish_file());
    TRY_VOID(begin_file(height));
  }
  if (files.empty()) TRY_VOID(begin_file(height));

  TRY_VOID(encode_record(block, encoded, synced, salt, buffers));
  TRY_VOID(growing->append(buffers.head_and_meta));
  TRY_VOID(growing->append(encoded));
  TRY_VOID(growing->append(buffers.results_and_table));
  const std::unique_lock guard(mutex);
  LogFile& file = files.back();
  file.offsets.push_back(file.size);
  file.size += buffers.head_and_meta.size() + encoded.size() + buffers.results_and_table.size();
  ++file.count;
  appended = height;
  return {};
}

Result<BlockStore::State::Place> BlockStore::State::find(Height height) const {
  const std::shared_lock guard(mutex);
  if (height < first() || height > synced || height <= Height{0}) {
    return fail(SoloError::kUnknownHeight,
                "block " + std::to_string(height.value) + " is not among those from " +
                    std::to_string(first().value) + " to " + std::to_string(synced.value));
  }
  const auto after = std::upper_bound(files.begin(), files.end(), height,
                                      [](Height h, const LogFile& file) { return h < file.first; });
  const LogFile& file = *std::prev(after);
  const auto number = static_cast<std::size_t>(height.value - file.first.value);
  LogFile names{.first = file.first, .stem = file.stem, .offsets = {}};
  if (!file.offsets.empty()) return Place{std::move(names), file.offsets[number]};
  TRY(const Bytes entry, disk.read_at(file.index(), kIndexHeadSize + 8 * number, 8));
  if (entry.size() != 8)
    return fail(SoloError::kDamaged, file.index() + " ends early; delete it to have it made again");
  return Place{std::move(names), get_u64(entry, 0)};
}

Result<BlockStore::State::Opened> BlockStore::State::open_record(Height height) const {
  TRY(Place place, find(height));
  const LogFile& file = place.file;
  TRY(Bytes start, disk.read_at(file.log(), place.offset, kMetaReadSize));
  const auto head = decode_record_head(start);
  if (!head || head->height != height) return damaged(file, height, place.offset, "is damaged");
  if (start.size() < kRecordHeadSize + head->meta_size) {
    TRY(start, disk.read_at(file.log(), place.offset, kRecordHeadSize + head->meta_size));
  }
  if (!meta_is_whole(*head, start, salt)) return damaged(file, height, place.offset, "is damaged");
  return Opened{std::move(place), *head, std::move(start)};
}

// `size` bytes from `from`, counted from the beginning of the record.
Result<Bytes> BlockStore::State::read_part(const Opened& record, std::uint64_t from,
                                           std::size_t size) const {
  if (from + size <= record.start.size())
    return record.start.substr(static_cast<std::size_t>(from), size);
  return disk.read_at(record.place.file.log(), record.place.offset + from, size);
}

BlockStore::BlockStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
BlockStore::~BlockStore() = default;

Result<std::unique_ptr<BlockStore>> BlockStore::open(BlockStoreOptions options, Disk& disk) {
  auto state = std::make_unique<State>(std::move(options), disk);
  TRY_VOID(state->open_directory());
  TRY_VOID(state->open_files());
  return std::unique_ptr<BlockStore>(new BlockStore(std::move(state)));
}

Result<Height> last_stored_block(BlockStoreOptions options, Disk& disk) {
  if (!disk.exists(options.directory + "/CHAIN")) return Height{0};
  TRY(const auto store, BlockStore::open(std::move(options), disk));
  return store->last();
}

Height BlockStore::first() const {
  const std::shared_lock guard(state_->mutex);
  return state_->synced == Height{0} ? Height{0} : state_->first();
}

Height BlockStore::last() const {
  const std::shared_lock guard(state_->mutex);
  return state_->synced;
}

Result<void> BlockStore::append(const StoredBlock& block, BytesView encoded) {
  if (state_->failed) return fail(SoloError::kStopped, "an earlier write failed");
  state_->failed = true;
  TRY_VOID(state_->append(block, encoded));
  state_->failed = false;
  return {};
}

Result<void> BlockStore::sync() {
  if (state_->failed) return fail(SoloError::kStopped, "an earlier write failed");
  if (state_->appended == state_->synced) return {};
  state_->failed = true;
  TRY_VOID(state_->growing->sync());
  state_->failed = false;
  const std::unique_lock guard(state_->mutex);
  state_->synced = state_->appended;
  return {};
}

Result<BlockPtr> BlockStore::block(Height height) const {
  TRY(const auto record, state_->open_record(height));
  const RecordHead& head = record.head;
  TRY(const Bytes body, state_->read_part(record, kRecordHeadSize + head.meta_size,
                                          static_cast<std::size_t>(head.body_size())));
  const LogFile& file = record.place.file;
  if (!body_is_whole(head, body, state_->salt))
    return damaged(file, height, record.place.offset, "is damaged");
  return decode_record(head, BytesView(record.start).substr(kRecordHeadSize, head.meta_size), body);
}

Result<BlockMeta> BlockStore::meta(Height height) const {
  TRY(const auto record, state_->open_record(height));
  return decode_meta(BytesView(record.start).substr(kRecordHeadSize, record.head.meta_size));
}

Result<StoredTx> BlockStore::tx(Height height, std::size_t index) const {
  TRY(const auto record, state_->open_record(height));
  const RecordHead& head = record.head;
  if (index >= head.tx_count) {
    return fail(BaseError::kNotFound,
                "block " + std::to_string(height.value) + " has " + std::to_string(head.tx_count) +
                    " transactions, so none at index " + std::to_string(index));
  }
  const std::uint64_t block_at = kRecordHeadSize + head.meta_size;
  const std::uint64_t results_at = block_at + head.block_size;
  const std::uint64_t table_at = results_at + head.results_size;
  TRY(const Bytes raw, state_->read_part(record, table_at + index * kTxEntrySize, kTxEntrySize));
  const LogFile& file = record.place.file;
  const std::string which = "is damaged at transaction " + std::to_string(index);
  if (raw.size() != kTxEntrySize) return damaged(file, height, record.place.offset, which);
  const TxEntry entry = decode_tx_entry(raw);
  if (std::uint64_t{entry.tx_offset} + entry.tx_size > head.block_size ||
      std::uint64_t{entry.result_offset} + entry.result_size > head.results_size)
    return damaged(file, height, record.place.offset, which);
  TRY(Bytes tx, state_->read_part(record, block_at + entry.tx_offset, entry.tx_size));
  TRY(const Bytes result,
      state_->read_part(record, results_at + entry.result_offset, entry.result_size));
  if (crc32c(result, crc32c(tx, state_->salt)) != entry.crc)
    return damaged(file, height, record.place.offset, which);
  TRY(chain::TxResult decoded, decode_tx_result(result));
  return StoredTx{std::move(tx), std::move(decoded)};
}

}  // namespace tp::solo
