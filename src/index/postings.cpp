#include "index/postings.h"

#include <algorithm>

#include "base/varint.h"
#include "index/index.h"

namespace tp::index {
namespace {

constexpr std::size_t kSuffixSize = 16;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

Posting posting_in(std::string_view suffix) {
  return {.height = static_cast<std::int64_t>(big_endian(suffix.substr(0, 8))),
          .transaction = static_cast<std::uint32_t>(big_endian(suffix.substr(8, 4))),
          .event = static_cast<std::uint32_t>(big_endian(suffix.substr(12, 4)))};
}

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

std::unexpected<Error> database_error(const rocksdb::Status& status) {
  return fail(IndexError::kDatabase, status.ToString());
}

// The keys of one value, straight from the database.
class ValueCursor final : public Cursor {
 public:
  ValueCursor(std::unique_ptr<rocksdb::Iterator> it, Bytes prefix)
      : it_(std::move(it)), prefix_(std::move(prefix)) {}

  Result<std::optional<Posting>> seek(const Posting& target) override {
    if (current_ && *current_ >= target) return current_;
    // The next key is often the one that is wanted.
    constexpr int kSteps = 4;
    for (int i = 0; current_ && i < kSteps; ++i) {
      it_->Next();
      TRY_VOID(read());
      if (!current_ || *current_ >= target) return current_;
    }
    const Bytes key = prefix_ + suffix(target);
    it_->Seek(key);
    TRY_VOID(read());
    return current_;
  }

  static Bytes suffix(const Posting& posting) {
    Bytes out;
    append_big_endian(out, static_cast<std::uint64_t>(posting.height));
    append_big_endian(out, std::uint64_t{posting.transaction} << 32 | posting.event);
    return out;
  }

 private:
  Result<void> read() {
    current_ = std::nullopt;
    for (; it_->Valid() && view(it_->key()).starts_with(prefix_); it_->Next()) {
      const std::string_view key = view(it_->key());
      if (key.size() != prefix_.size() + kSuffixSize) continue;  // of a longer value
      current_ = posting_in(key.substr(prefix_.size()));
      return {};
    }
    if (!it_->status().ok()) return database_error(it_->status());
    return {};
  }

  const std::unique_ptr<rocksdb::Iterator> it_;
  const Bytes prefix_;
  std::optional<Posting> current_;
};

// Postings in memory.
class ListCursor final : public Cursor {
 public:
  explicit ListCursor(std::vector<Posting> postings) : postings_(std::move(postings)) {}

  Result<std::optional<Posting>> seek(const Posting& target) override {
    at_ = static_cast<std::size_t>(
        std::lower_bound(postings_.begin() + static_cast<std::ptrdiff_t>(at_), postings_.end(),
                         target) -
        postings_.begin());
    return at_ < postings_.size() ? std::optional(postings_[at_]) : std::nullopt;
  }

 private:
  const std::vector<Posting> postings_;
  std::size_t at_ = 0;
};

class Intersection final : public Cursor {
 public:
  explicit Intersection(std::vector<std::unique_ptr<Cursor>> cursors)
      : cursors_(std::move(cursors)) {}

  Result<std::optional<Posting>> seek(const Posting& target) override {
    Posting candidate = target;
    // Goes round until all stand at the same posting; each one that is ahead moves the others.
    for (std::size_t agree = 0, i = 0; agree < cursors_.size(); i = (i + 1) % cursors_.size()) {
      TRY(const std::optional<Posting> found, cursors_[i]->seek(candidate));
      if (!found) return std::optional<Posting>();
      agree = *found == candidate ? agree + 1 : 1;
      candidate = *found;
    }
    return std::optional(candidate);
  }

 private:
  const std::vector<std::unique_ptr<Cursor>> cursors_;
};

Bytes with_zero(std::string_view text) {
  Bytes out(text);
  out.push_back('\0');
  return out;
}

// Every posting of the key whose value satisfies the condition.
Result<std::vector<Posting>> scan(rocksdb::Iterator& it, const Condition& condition,
                                  HeightRange range) {
  // A key without a point names an event: any of its attributes will do.
  const bool whole_event = condition.key.find('.') == std::string::npos;
  const Bytes prefix = whole_event ? condition.key + "." : with_zero(condition.key);
  std::vector<Posting> out;
  Bytes last_value;
  bool last_holds = false;
  bool first = true;
  for (it.Seek(prefix); it.Valid() && view(it.key()).starts_with(prefix); it.Next()) {
    const std::string_view rest = view(it.key()).substr(prefix.size());
    if (rest.size() < kSuffixSize + 1) continue;
    const std::string_view value = rest.substr(0, rest.size() - kSuffixSize - 1);
    if (first || value != last_value) {
      last_value = value;
      last_holds = whole_event || condition.holds_for(value);
      first = false;
    }
    if (!last_holds) continue;
    const Posting posting = posting_in(rest.substr(rest.size() - kSuffixSize));
    if (posting.height >= range.first && posting.height <= range.last) out.push_back(posting);
  }
  if (!it.status().ok()) return database_error(it.status());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

Bytes posting_key(std::string_view key, std::string_view value, const Posting& posting) {
  Bytes out;
  out.reserve(key.size() + value.size() + 2 + kSuffixSize);
  out.append(key).push_back('\0');
  out.append(value).push_back('\0');
  return out + ValueCursor::suffix(posting);
}

Result<std::unique_ptr<Cursor>> open_cursor(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                                            const rocksdb::Snapshot* snapshot,
                                            const Condition& condition, HeightRange range) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options, &family));
  const auto* text = std::get_if<std::string>(&condition.operand);
  if (condition.op == Operator::kEqual && text != nullptr) {
    return std::unique_ptr<Cursor>(
        new ValueCursor(std::move(it), with_zero(condition.key) + with_zero(*text)));
  }
  TRY(std::vector<Posting> postings, scan(*it, condition, range));
  return std::unique_ptr<Cursor>(new ListCursor(std::move(postings)));
}

std::unique_ptr<Cursor> intersect(std::vector<std::unique_ptr<Cursor>> cursors) {
  if (cursors.size() == 1) return std::move(cursors.front());
  return std::make_unique<Intersection>(std::move(cursors));
}

}  // namespace tp::index
