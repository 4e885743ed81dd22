// Lists: pages of candidates that a query looks at one by one.
//
// A query is a series of segments; each walks a source of candidates in a fixed order and admits
// the states of its mask. Sources of what lives cost what lives: they come from the index of active
// deployments and from the market's own lists of open orders and live agreements, and never touch
// what has closed. A page ends when it is full, or when so many places were looked at, in vain or
// not, that the query would take too long: then it may hold less than was asked for, and its
// next_key goes on from there. Whether any of what is left belongs to the answer is not looked up,
// as in the reference's pages: the last may hold nothing. A page from the end of a list needs a
// filter that leaves a short one. Page keys are opaque and carry the states
// (specs/compute-market.md §2.7).
#pragma once

#include <functional>

#include "chain/pagination.h"
#include "networks/compute/chain/queries.h"
#include "networks/compute/chain/wire.h"

namespace tp::compute {

inline constexpr std::uint64_t kListPageMax = 1'000;
// Each costs up to three values from disk, a few microseconds apiece.
inline constexpr std::uint64_t kCandidatesMax = 1'000;
// A page from the end of a list looks at the whole list first.
inline constexpr std::uint64_t kReversedMax = 5'000;

// What a request asks for, out of its filters. Unset members admit everything.
struct ListFilter {
  std::optional<Address> owner;
  std::uint64_t dseq = 0;
  std::uint64_t dseq_last = 0;  // set: all from dseq to this one
  std::uint32_t gseq = 0;
  std::uint32_t oseq = 0;
  std::optional<Address> provider;
  std::string state;  // the name of an enum value

  bool is_one_dseq() const { return dseq != 0 && dseq_last <= dseq; }
  bool admits(const DeploymentId& id) const;
  bool admits(const OrderId& id) const;
};

// The numbers of the states that are asked for, as bits.
using StateMask = std::uint32_t;
template <class State>
constexpr StateMask mask_of(State state) {
  return StateMask{1} << static_cast<unsigned>(state);
}
template <class State>
constexpr bool holds(StateMask mask, State state) {
  return (mask & mask_of(state)) != 0;
}

// Candidates with the positions from which a later page goes on. Positions ascend. A null item says
// that the source looked at a place and found no candidate there: it costs as much.
template <class Item>
struct Source {
  using Visitor = FunctionRef<Result<store::Step>(const Item* item, const Bytes& position)>;
  std::function<Result<void>(BytesView from, Visitor visit)> walk;
};

template <class Item>
struct Segment {
  Source<Item> source;
  StateMask states = 0;
};

struct BidItem {
  BidId id;
  market::Bid bid;
};

Source<DeploymentId> active_deployments(Queries queries, const chain::QueryContext& context,
                                        const ListFilter& filter);
Source<DeploymentId> all_deployments(const chain::QueryContext& context, const ListFilter& filter);

// The orders, open or matched, of active deployments.
Source<OrderId> live_orders(Queries queries, const chain::QueryContext& context,
                            const ListFilter& filter);
Source<OrderId> open_orders(Queries queries, const chain::QueryContext& context);
// The orders behind the live leases of a provider.
Source<OrderId> leased_orders(Queries queries, const chain::QueryContext& context,
                              const Address& provider);
Source<OrderId> all_orders(const chain::QueryContext& context, const ListFilter& filter);

// The bids on those orders; of one provider where the filter names it.
Source<BidItem> bids_on(Queries queries, const chain::QueryContext& context, Source<OrderId> orders,
                        const ListFilter& filter);

// --- Pages ---

// The states that a request asks for: those in its page key, the one in its filter, or all.
// `number_of(name)` gives 0 for a name that is none. Errors: kInvalidArgument, also for an offset
// without a state.
Result<StateMask> states_asked(const chain::PageRequest& page, const std::string& state,
                               StateMask all, FunctionRef<int(const std::string&)> number_of);

struct PageStart {
  std::size_t segment = 0;
  Bytes position;  // empty: from the beginning
};
Result<PageStart> page_start(const chain::PageRequest& page);
Bytes page_key(StateMask states, std::size_t segment, const Bytes& position);

// Fills one page. `take(item, states, wanted)` says whether the item belongs to the answer, and
// adds it when it is wanted. `total` of the response counts the items of this page, as the
// reference's does. Errors: kInvalidArgument for a key of another query, for a reverse page of a
// list that is too long, and for an offset that lies too far in.
template <class Item, class Take>
Result<chain::PageResponse> fill_page(const chain::PageRequest& page, StateMask states,
                                      std::vector<Segment<Item>> segments, Take take) {
  TRY(const PageStart start, page_start(page));
  const std::uint64_t limit =
      std::min(page.limit() == 0 ? chain::kPageLimitDefault : page.limit(), kListPageMax);
  std::uint64_t skip = page.key().empty() ? page.offset() : 0;
  std::uint64_t taken = 0, seen = 0;
  chain::PageResponse response;

  const auto visit = [&](std::size_t segment, const Item* item,
                         const Bytes& position) -> Result<store::Step> {
    if (seen == kCandidatesMax && skip > 0)
      return fail(chain::QueryError::kInvalidArgument,
                  "the offset is too large: go on from next_key instead");
    if (taken == limit || seen == kCandidatesMax) {
      response.set_next_key(page_key(states, segment, position));
      return store::Step::kStop;
    }
    ++seen;
    if (item == nullptr) return store::Step::kGoOn;
    TRY(const bool belongs, take(*item, segments[segment].states, skip == 0));
    if (!belongs) return store::Step::kGoOn;
    if (skip > 0)
      --skip;
    else
      ++taken;
    return store::Step::kGoOn;
  };

  if (page.reverse()) {
    for (std::size_t back = page.key().empty() ? segments.size() : start.segment + 1; back > 0;
         --back) {
      const std::size_t segment = back - 1;
      if (segment >= segments.size()) break;
      std::vector<std::pair<Item, Bytes>> items;
      std::uint64_t places = 0;
      TRY_VOID(segments[segment].source.walk(
          {}, [&](const Item* item, const Bytes& position) -> Result<store::Step> {
            if (segment == start.segment && !start.position.empty() && position > start.position)
              return store::Step::kStop;
            if (++places > kReversedMax)
              return fail(chain::QueryError::kInvalidArgument,
                          "the list is too long to be read from its end: narrow the filters to an "
                          "owner or a deployment");
            if (item != nullptr) items.emplace_back(*item, position);
            return store::Step::kGoOn;
          }));
      for (auto item = items.rbegin(); item != items.rend(); ++item) {
        TRY(const store::Step step, visit(segment, &item->first, item->second));
        if (step == store::Step::kStop) break;
      }
      if (!response.next_key().empty()) break;
    }
  } else {
    for (std::size_t segment = start.segment; segment < segments.size(); ++segment) {
      const Bytes from = segment == start.segment ? start.position : Bytes();
      TRY_VOID(segments[segment].source.walk(from, [&](const Item* item, const Bytes& position) {
        return visit(segment, item, position);
      }));
      if (!response.next_key().empty()) break;
    }
  }
  response.set_total(taken);
  return response;
}

// --- Requests ---

// Errors: kInvalidArgument naming the address.
Result<std::optional<Address>> query_address(const Core& core, const std::string& text,
                                             std::string_view what);

// The id of one object. Errors: kInvalidArgument.
template <class Id>
Result<Id> query_id(const Core& core, const auto& id) {
  if (!core.accounts.parse(id.owner()))
    return fail(chain::QueryError::kInvalidArgument, "invalid owner address");
  if constexpr (requires { id.provider(); }) {
    if (!core.accounts.parse(id.provider()))
      return fail(chain::QueryError::kInvalidArgument, "invalid provider address");
  }
  const Result<Id> read = wire::read(core.accounts, id);
  if (!read) return fail(chain::QueryError::kInvalidArgument, read.error().text);
  return *read;
}

// The xid of the object whose id a request holds; nothing where it is no id.
template <class Id>
std::optional<std::string> xid_asked(const Core& core, const auto& request) {
  const Result<Id> id = query_id<Id>(core, request.id());
  return id ? std::optional(wire::xid(core.accounts, *id)) : std::nullopt;
}

template <class Wire>
Result<ListFilter> read_filter(const Core& core, const Wire& wire) {
  ListFilter filter{.dseq = wire.dseq(), .state = wire.state()};
  TRY_TO(filter.owner, query_address(core, wire.owner(), "owner"));
  if constexpr (requires { wire.oseq(); }) {
    filter.gseq = wire.gseq();
    filter.oseq = wire.oseq();
  }
  if constexpr (requires { wire.provider(); })
    TRY_TO(filter.provider, query_address(core, wire.provider(), "provider"));
  return filter;
}

}  // namespace tp::compute
