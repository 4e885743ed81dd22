// Runs: how many places a stretch of one value's postings holds, so that what half of history
// matches is counted and paged through without walking over it.
//
//   key    <kind, 1> <event.attribute> 00 <value> 00 <height, 8> <transaction, 4>
//   value  <height, 8> <transaction, 4> <count, 4> <touches, 1>
//
// The key has the first place, the value the last, how many there are from the one to the other,
// and whether none lies between the run before and this one. Runs of one value never overlap, but
// need not touch: what lies between them is walked over. They are written when they are full, and
// shorter when their value has become rare; a restart forgets those that are not written, which
// costs later searches a few steps.
#pragma once

#include <rocksdb/db.h>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "index/budget.h"
#include "index/places.h"
#include "index/postings.h"

namespace tp::index {

enum class RunKind : char { kTx = 't', kBlock = 'b' };

// Watches what is written. For one thread.
class RunTracker {
 public:
  static constexpr std::uint32_t kFull = 1'024;
  static constexpr std::uint32_t kWorthKeeping = 64;
  static constexpr std::uint8_t kWorthWatching = 16;
  static constexpr std::size_t kValuesMax = 32'768;  // watched at a time
  static constexpr std::size_t kHashes = 1u << 20;   // and so many postings until all is forgotten

  RunTracker() : seen_(kHashes) {}

  // A posting's key, without its numbers (value_prefix), and its place. Places come in order. Cost:
  // of a value that is rare, a hash of its key.
  void add(RunKind kind, BytesView prefix, const TxPlace& place);
  // The rows that are to be written with what was added.
  std::vector<std::pair<Bytes, Bytes>> take_rows() { return std::exchange(rows_, {}); }

 private:
  struct Run {
    TxPlace first, last;
    std::uint32_t count = 0;
    bool touches = false;
  };
  using Runs = std::unordered_map<Bytes, Run>;

  bool is_rare(RunKind kind, BytesView prefix);
  void write(const Bytes& name, const Run& run);
  // Writes the runs that are worth it and begins anew. A value that was watched must not be missed
  // once while its run goes on, so that what makes values rare again ends all runs.
  void forget();

  // How often a value has been seen lately, by its hash: most values never come again.
  std::vector<std::uint8_t> seen_;
  std::size_t added_ = 0;
  Runs watched_;
  Bytes name_;
  std::vector<std::pair<Bytes, Bytes>> rows_;
};

// What one search reads.
struct Tables {
  rocksdb::DB& db;
  rocksdb::ColumnFamilyHandle& postings;
  rocksdb::ColumnFamilyHandle& runs;
  const rocksdb::Snapshot* snapshot = nullptr;
};

// The places of one value, `prefix` being its value_prefix. Cost: O(runs + postings between them +
// page). Errors: kDatabase, kTooBroad.
Result<Found<TxPlace>> places_of_value(const Tables& tables, RunKind kind, const Bytes& prefix,
                                       HeightRange range, Order order, Page page, Budget& budget);

}  // namespace tp::index
