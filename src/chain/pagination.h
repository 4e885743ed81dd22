// Pages of a table for queries, with the reference's PageRequest and PageResponse.
#pragma once

#include <algorithm>
#include <vector>

#include "chain/router.h"
#include "cosmos/base/query/v1beta1/pagination.pb.h"
#include "store/table.h"

namespace tp::chain {

inline constexpr std::uint64_t kPageLimitDefault = 100;
// Whoever asks is a stranger: a page has no more items, and looks at no more rows.
inline constexpr std::uint64_t kPageLimitMax = 1'000;
inline constexpr std::uint64_t kPageRowsMax = 20'000;

using PageRequest = cosmos::base::query::v1beta1::PageRequest;
using PageResponse = cosmos::base::query::v1beta1::PageResponse;

// Visits one page of the rows whose keys begin with `prefix`. `take(key, record)` says whether a
// row belongs to the answer (and adds it); rows it refuses count for nothing. next_key is the raw
// key of the first row of the next page, which may come before the page is full. Errors:
// kInvalidArgument for a key with an offset, or a key of another table; for an offset, a total or a
// page from the end when that would need more rows than kPageRowsMax.
template <class Key, class Record, class Prefix, class Take>
Result<PageResponse> paginate(const store::Reader& state, const store::Table<Key, Record>& table,
                              const Prefix& prefix, const PageRequest& request, Take take) {
  if (request.offset() != 0 && !request.key().empty())
    return fail(QueryError::kInvalidArgument, "either offset or key is expected, got both");
  const std::uint64_t limit =
      std::min(request.limit() == 0 ? kPageLimitDefault : request.limit(), kPageLimitMax);
  const bool count = request.count_total() && request.key().empty();

  PageResponse response;
  const auto too_many = [](const std::string& what) {
    return fail(QueryError::kInvalidArgument, what + " needs a look at more than " +
                                                  std::to_string(kPageRowsMax) +
                                                  " rows: go on from next_key instead");
  };
  std::uint64_t seen = 0, taken = 0, rows_seen = 0;
  const auto visit = [&](const Key& key, const Record& record) -> Result<store::Step> {
    if (rows_seen++ == kPageRowsMax) {
      if (count) return too_many("count_total");
      if (seen < request.offset()) return too_many("the offset");
      response.set_next_key(table.raw_key(key));
      return store::Step::kStop;
    }
    if (taken == limit && response.next_key().empty()) response.set_next_key(table.raw_key(key));
    if (taken == limit && !count) return store::Step::kStop;
    if (seen < request.offset() || taken == limit) {
      TRY(const bool matches, take(key, record, false));
      seen += matches ? 1 : 0;
      return store::Step::kGoOn;
    }
    TRY(const bool matches, take(key, record, true));
    seen += matches ? 1 : 0;
    taken += matches ? 1 : 0;
    return store::Step::kGoOn;
  };

  store::KeyRange range = store::KeyRange::with_prefix(table.raw_key(prefix));
  if (request.reverse()) {
    if (!request.key().empty()) {  // pages go down from the key, which is included
      range.to = request.key() + '\0';
      if (!request.key().starts_with(table.raw_key(prefix)))
        return fail(QueryError::kInvalidArgument, "the page key belongs to another query");
    }
    std::vector<std::pair<Key, Record>> rows;
    TRY_VOID(table.scan_range(state, range,
                              [&](const Key& key, const Record& record) -> Result<store::Step> {
                                if (rows.size() == kPageRowsMax) return too_many("reverse");
                                rows.emplace_back(key, record);
                                return store::Step::kGoOn;
                              }));
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
      TRY(const store::Step step, visit(row->first, row->second));
      if (step == store::Step::kStop) break;
    }
  } else {
    if (!request.key().empty()) {
      if (!request.key().starts_with(table.raw_key(prefix)))
        return fail(QueryError::kInvalidArgument, "the page key belongs to another query");
      range.from = request.key();
    }
    TRY_VOID(table.scan_range(state, range, visit));
  }
  if (count) response.set_total(seen);
  return response;
}

}  // namespace tp::chain
