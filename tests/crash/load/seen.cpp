#include "crash/load/seen.h"

#include "base/text.h"

namespace tp::crash {
namespace {

// "B height hash app_hash" and "T height index code hash".
std::string line_of(const SeenBlock& block) {
  return "B " + std::to_string(block.height.value) + " " + block.hash + " " + block.app_hash + "\n";
}
std::string line_of(const SeenTx& tx) {
  return "T " + std::to_string(tx.height.value) + " " + std::to_string(tx.index) + " " +
         std::to_string(tx.code) + " " + to_hex(tx.hash.view()) + "\n";
}

std::string_view take_word(std::string_view& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(std::min(space + 1, line.size()));
  return word;
}

Result<void> read_line(std::string_view line, Seen& seen) {
  const std::string_view kind = take_word(line);
  TRY(const auto height, parse_int<std::int64_t>(take_word(line)));
  if (kind == "B") {
    const std::string hash(take_word(line));
    seen.blocks[Height{height}] = {Height{height}, hash, std::string(take_word(line))};
    return {};
  }
  if (kind != "T") return fail(BaseError::kInvalidText, "a line of another kind");
  SeenTx tx{.height = Height{height}};
  TRY_TO(tx.index, parse_int<std::uint32_t>(take_word(line)));
  TRY_TO(tx.code, parse_int<std::uint32_t>(take_word(line)));
  TRY(const Bytes hash, from_hex(take_word(line)));
  if (hash.size() != Hash256::kSize) return fail(BaseError::kInvalidText, "a short hash");
  tx.hash = Hash256::of(hash);
  seen.txs.push_back(tx);
  return {};
}

}  // namespace

Result<std::unique_ptr<SeenFile>> SeenFile::open(Disk& disk, const std::string& path) {
  TRY(auto file, disk.open_append(path));
  return std::unique_ptr<SeenFile>(new SeenFile(std::move(file)));
}

Result<void> SeenFile::add(const SeenBlock& block, const std::vector<SeenTx>& txs) {
  std::string lines = line_of(block);
  for (const SeenTx& tx : txs) lines += line_of(tx);
  const std::lock_guard lock(mutex_);
  txs_ += txs.size();
  return file_->append(lines);
}

Result<void> SeenFile::add(const SeenTx& tx) {
  const std::lock_guard lock(mutex_);
  return file_->append(line_of(tx));
}

std::uint64_t SeenFile::txs() const {
  const std::lock_guard lock(mutex_);
  return txs_;
}

Result<Seen> read_seen(Disk& disk, const std::string& path) {
  TRY(const Bytes bytes, disk.read(path));
  Seen seen;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    TRY_VOID(read_line(rest.substr(0, end), seen));
    rest.remove_prefix(end + 1);
  }
  return seen;
}

}  // namespace tp::crash
