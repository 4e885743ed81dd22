#include "index/postings.h"

#include <algorithm>

#include "base/varint.h"
#include "index/index.h"

namespace tp::index {
namespace {

constexpr std::size_t kSuffixSize = 16;
// None is at or after it: heights never get there.
constexpr Posting kLastPosting{.height = INT64_MAX, .transaction = UINT32_MAX, .event = UINT32_MAX};

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
  ValueCursor(std::unique_ptr<rocksdb::Iterator> it, Bytes prefix, Budget* budget)
      : it_(std::move(it)), prefix_(std::move(prefix)), budget_(*budget) {}

  Result<std::optional<Posting>> seek(const Posting& target) override {
    if (current_ && *current_ >= target) return current_;
    // The next key is often the one that is wanted.
    constexpr int kSteps = 4;
    for (int i = 0; current_ && i < kSteps; ++i) {
      TRY_VOID(budget_.spend(Budget::kStep));
      it_->Next();
      TRY_VOID(read());
      if (!current_ || *current_ >= target) return current_;
    }
    if (ended_) return std::optional<Posting>();
    TRY_VOID(budget_.spend(Budget::kSeek));
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
    if (it_->Valid() && is_of_value(view(it_->key()), prefix_)) {
      const std::string_view suffix = view(it_->key()).substr(prefix_.size());
      if (suffix.size() != kSuffixSize) return fail(IndexError::kDatabase, "a damaged posting");
      current_ = posting_in(suffix);
      return {};
    }
    if (!it_->status().ok()) return database_error(it_->status());
    ended_ = true;
    return {};
  }

  const std::unique_ptr<rocksdb::Iterator> it_;
  const Bytes prefix_;
  Budget& budget_;
  std::optional<Posting> current_;
  bool ended_ = false;
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

// With a zero byte behind, and those within marked.
void append_ended(Bytes& out, std::string_view text) {
  for (std::size_t zero; (zero = text.find('\0')) != std::string_view::npos;
       text.remove_prefix(zero + 1))
    out.append(text.substr(0, zero + 1)).push_back('\xff');
  out.append(text).push_back('\0');
}

Bytes unmarked(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out.push_back(text[i]);
    if (text[i] == '\0') ++i;
  }
  return out;
}

// Every posting of the key whose value satisfies the condition. Within a value, only the range is
// read.
Result<std::vector<Posting>> scan(rocksdb::Iterator& it, const Condition& condition,
                                  HeightRange range, Budget& budget) {
  // A key without a point names an event: any of its attributes will do.
  const bool whole_event = condition.key.find('.') == std::string::npos;
  Bytes prefix = condition.key + ".";
  if (!whole_event) {
    prefix.clear();
    append_ended(prefix, condition.key);
  }
  std::vector<Posting> out;
  // The part of the keys that names attribute and value, with the zero behind it.
  Bytes named;
  bool holds = false;
  TRY_VOID(budget.spend(Budget::kSeek));
  it.Seek(prefix);
  while (it.Valid() && view(it.key()).starts_with(prefix)) {
    const std::string_view key = view(it.key());
    if (key.size() < prefix.size() + kSuffixSize + 1)
      return fail(IndexError::kDatabase, "a damaged posting");
    const std::string_view name = key.substr(0, key.size() - kSuffixSize);
    const Posting posting = posting_in(key.substr(name.size()));
    if (name != named) {
      named = name;
      holds = whole_event || condition.holds_for(unmarked(
                                 name.substr(prefix.size(), name.size() - prefix.size() - 1)));
    }
    if (!holds || posting.height > range.last) {  // on to the next value
      TRY_VOID(budget.spend(Budget::kSeek));
      it.Seek(named + ValueCursor::suffix(kLastPosting));
      continue;
    }
    if (posting.height < range.first) {
      TRY_VOID(budget.spend(Budget::kSeek));
      it.Seek(named + ValueCursor::suffix({.height = range.first}));
      continue;
    }
    out.push_back(posting);
    TRY_VOID(budget.spend(Budget::kStep));
    it.Next();
  }
  if (!it.status().ok()) return database_error(it.status());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

void append_value_prefix(Bytes& out, std::string_view key, std::string_view value) {
  append_ended(out, key);
  append_ended(out, value);
}

Bytes value_prefix(std::string_view key, std::string_view value) {
  Bytes out;
  append_value_prefix(out, key, value);
  return out;
}

void append_posting(Bytes& value_prefix, const Posting& posting) {
  value_prefix.append(ValueCursor::suffix(posting));
}

bool is_of_value(BytesView key, BytesView value_prefix) {
  return key.starts_with(value_prefix) && key.size() > value_prefix.size() &&
         key[value_prefix.size()] != '\xff';
}

std::unique_ptr<Cursor> open_value(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                                   const rocksdb::Snapshot* snapshot, Bytes value_prefix,
                                   Budget* budget) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  return std::make_unique<ValueCursor>(
      std::unique_ptr<rocksdb::Iterator>(db.NewIterator(options, &family)), std::move(value_prefix),
      budget);
}

Result<std::unique_ptr<Cursor>> open_cursor(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family,
                                            const rocksdb::Snapshot* snapshot,
                                            const Condition& condition, HeightRange range,
                                            Budget* budget) {
  const auto* text = std::get_if<std::string>(&condition.operand);
  if (condition.op == Operator::kEqual && text != nullptr)
    return open_value(db, family, snapshot, value_prefix(condition.key, *text), budget);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  const std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options, &family));
  TRY(std::vector<Posting> postings, scan(*it, condition, range, *budget));
  return std::unique_ptr<Cursor>(new ListCursor(std::move(postings)));
}

std::unique_ptr<Cursor> intersect(std::vector<std::unique_ptr<Cursor>> cursors) {
  if (cursors.size() == 1) return std::move(cursors.front());
  return std::make_unique<Intersection>(std::move(cursors));
}

}  // namespace tp::index
