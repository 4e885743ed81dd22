// Pages of a table for queries, with the reference's PageRequest and PageResponse.
#pragma once

#include <algorithm>
#include <vector>

#include "chain/router.h"
#include "cosmos/base/query/v1beta1/pagination.pb.h"
#include "store/table.h"

namespace tp::chain {

inline constexpr std::uint64_t kPageLimitDefault = 100;

using PageRequest = cosmos::base::query::v1beta1::PageRequest;
using PageResponse = cosmos::base::query::v1beta1::PageResponse;

// Visits one page of the rows whose keys begin with `prefix`. `take(key, record)` says whether a
// row belongs to the answer (and adds it); rows it refuses count for nothing. next_key is the raw
// key of the first row of the next page. Errors: kInvalidArgument for a key with an offset, or a
// key of another table. Cost: O(rows visited); with reverse or count_total all rows of the prefix.
template <class Key, class Record, class Prefix, class Take>
Result<PageResponse> paginate(const store::Reader& state, const store::Table<Key, Record>& table,
                              const Prefix& prefix, const PageRequest& request, Take take) {
  if (request.offset() != 0 && !request.key().empty())
    return fail(QueryError::kInvalidArgument, "either offset or key is expected, got both");
  const std::uint64_t limit = request.limit() == 0 ? kPageLimitDefault : request.limit();
  const bool count = request.count_total() && request.key().empty();

  PageResponse response;
  std::uint64_t seen = 0, taken = 0;
  const auto visit = [&](const Key& key, const Record& record) -> Result<store::Step> {
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
                              [&rows](const Key& key, const Record& record) -> Result<store::Step> {
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
