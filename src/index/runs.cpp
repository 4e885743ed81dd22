#include "index/runs.h"

#include "base/varint.h"
#include "index/index.h"

namespace tp::index {
namespace {

constexpr std::size_t kPlaceSize = 12;

void append_place(Bytes& out, const TxPlace& place) {
  append_big_endian(out, static_cast<std::uint64_t>(place.height.value));
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(place.index >> shift)));
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<std::uint8_t>(c);
  return value;
}

TxPlace place_in(std::string_view bytes) {
  return {Height{static_cast<std::int64_t>(big_endian(bytes.substr(0, 8)))},
          static_cast<std::uint32_t>(big_endian(bytes.substr(8, 4)))};
}

TxPlace after(const TxPlace& place) {
  return place.index == UINT32_MAX ? TxPlace{place.height.next(), 0}
                                   : TxPlace{place.height, place.index + 1};
}

Posting posting_at(const TxPlace& place) {
  return {.height = place.height.value, .transaction = place.index, .event = 0};
}

struct StoredRun {
  TxPlace first, last;
  std::uint64_t count = 0;
  bool touches = false;
};

// Walks over the runs of one value.
class RunReader {
 public:
  RunReader(const Tables& tables, RunKind kind, const Bytes& prefix)
      : prefix_(static_cast<char>(kind) + prefix) {
    rocksdb::ReadOptions options;
    options.snapshot = tables.snapshot;
    it_.reset(tables.db.NewIterator(options, &tables.runs));
  }

  // The next run that begins at or after `place`; nothing when there is none.
  Result<std::optional<StoredRun>> next(const TxPlace& place, Budget& budget) {
    if (!started_) {
      TRY_VOID(budget.spend(Budget::kSeek));
      Bytes key = prefix_;
      append_place(key, place);
      it_->Seek(key);
      started_ = true;
    } else {
      TRY_VOID(budget.spend(Budget::kStep));
      it_->Next();
    }
    if (!it_->Valid()) {
      if (!it_->status().ok()) return fail(IndexError::kDatabase, it_->status().ToString());
      return std::optional<StoredRun>();
    }
    const std::string_view key{it_->key().data(), it_->key().size()};
    if (!is_of_value(key, prefix_)) return std::optional<StoredRun>();
    const std::string_view value{it_->value().data(), it_->value().size()};
    if (key.size() != prefix_.size() + kPlaceSize || value.size() != kPlaceSize + 5)
      return fail(IndexError::kDatabase, "a damaged run");
    return std::optional(StoredRun{.first = place_in(key.substr(prefix_.size())),
                                   .last = place_in(value),
                                   .count = big_endian(value.substr(kPlaceSize, 4)),
                                   .touches = value.back() == 1});
  }

 private:
  const Bytes prefix_;
  std::unique_ptr<rocksdb::Iterator> it_;
  bool started_ = false;
};

// A run, or places that were walked over, in the order of history.
struct Part {
  std::uint64_t before = 0;  // places in the parts before this one
  std::uint64_t count = 0;
  std::optional<TxPlace> run_first;  // nothing: `places`
  std::vector<TxPlace> places;
};

// The distinct places from `from` on: at most `most` of them, and none at or after `end`.
Result<std::vector<TxPlace>> walk(Cursor& postings, TxPlace from, const TxPlace& end,
                                  std::uint64_t most) {
  std::vector<TxPlace> out;
  while (out.size() < most) {
    TRY(const std::optional<Posting> found, postings.seek(posting_at(from)));
    if (!found) break;
    const TxPlace place{Height{found->height}, found->transaction};
    if (place >= end) break;
    out.push_back(place);
    from = after(place);
  }
  return out;
}

}  // namespace

bool RunTracker::is_rare(RunKind kind, BytesView prefix) {
  if (++added_ == seen_.size()) {
    forget();
    for (std::uint8_t& count : seen_) count /= 2;
    added_ = 0;
  }
  const std::size_t hash = std::hash<std::string_view>()(prefix) ^ static_cast<std::size_t>(kind);
  std::uint8_t& count = seen_[hash % seen_.size()];
  if (count >= kWorthWatching) return false;
  ++count;
  return true;
}

void RunTracker::add(RunKind kind, BytesView prefix, const TxPlace& place) {
  if (is_rare(kind, prefix)) return;
  name_.assign(1, static_cast<char>(kind)).append(prefix);
  auto found = watched_.find(name_);
  if (found == watched_.end()) {
    if (watched_.size() == kValuesMax) forget();
    found = watched_.emplace(name_, Run{}).first;
  }
  Run& run = found->second;
  if (run.last == place) return;  // another event of the same transaction
  if (run.count == 0) run.first = place;
  run.last = place;
  if (++run.count < kFull) return;
  write(name_, run);
  run = {.first = {}, .last = place, .count = 0, .touches = true};
}

void RunTracker::write(const Bytes& name, const Run& run) {
  Bytes key = name, value;
  append_place(key, run.first);
  append_place(value, run.last);
  for (int shift = 24; shift >= 0; shift -= 8)
    value.push_back(static_cast<char>(static_cast<std::uint8_t>(run.count >> shift)));
  value.push_back(run.touches ? 1 : 0);
  rows_.emplace_back(std::move(key), std::move(value));
}

void RunTracker::forget() {
  for (const auto& [name, run] : watched_)
    if (run.count >= kWorthKeeping) write(name, run);
  watched_.clear();
}

Result<Found<TxPlace>> places_of_value(const Tables& tables, RunKind kind, const Bytes& prefix,
                                       HeightRange range, Order order, Page page, Budget& budget) {
  const TxPlace end{Height{range.last == INT64_MAX ? range.last : range.last + 1}, 0};
  const auto postings = open_value(tables.db, tables.postings, tables.snapshot, prefix, &budget);
  RunReader runs(tables, kind, prefix);
  std::vector<Part> parts;
  std::uint64_t total = 0;
  const auto add = [&](Part part) {
    part.before = total;
    total += part.count;
    if (part.count > 0) parts.push_back(std::move(part));
  };
  TxPlace at{Height{range.first}, 0};
  for (bool begun = false;; begun = true) {
    TRY(const std::optional<StoredRun> run, runs.next(at, budget));
    const bool usable = run && run->last < end;
    std::vector<TxPlace> loose;
    if (!begun || !usable || !run->touches)
      TRY_TO(loose, walk(*postings, at, usable ? run->first : end, UINT64_MAX));
    const std::uint64_t count = loose.size();
    add({.count = count, .run_first = std::nullopt, .places = std::move(loose)});
    if (!usable) break;
    add({.count = run->count, .run_first = run->first, .places = {}});
    at = after(run->last);
  }

  Found<TxPlace> out{.total = total, .places = {}};
  const Stretch wanted = stretch_of(total, order, page);
  for (Part& part : parts) {
    if (part.before + part.count <= wanted.first) continue;
    const std::uint64_t skip = wanted.first > part.before ? wanted.first - part.before : 0;
    const std::uint64_t most = std::min(part.count, wanted.first + wanted.count - part.before);
    if (part.run_first) {
      const auto again = open_value(tables.db, tables.postings, tables.snapshot, prefix, &budget);
      TRY_TO(part.places, walk(*again, *part.run_first, end, most));
      if (part.places.size() < most)
        return fail(IndexError::kDatabase, "a run counts more than there is");
    }
    for (std::uint64_t i = skip; i < most; ++i) out.places.push_back(part.places[i]);
    if (part.before + part.count >= wanted.first + wanted.count) break;
  }
  if (order == Order::kDescending) std::reverse(out.places.begin(), out.places.end());
  return out;
}

}  // namespace tp::index
