#include "networks/compute/chain/listing.h"

namespace tp::compute {
namespace {

using chain::QueryContext;
using chain::QueryError;
using store::Step;

constexpr char kPageKeyVersion = 1;
constexpr std::size_t kIndexBatch = 256;

template <class Key>
Bytes position_of(const Key& key) {
  Bytes position;
  store::append_key(position, key);
  return position;
}

template <class Key>
Result<Key> key_at(BytesView position) {
  Key key{};
  if (!position.empty() && (!store::take_key(position, key) || !position.empty()))
    return fail(QueryError::kInvalidArgument, "the page key belongs to another query");
  return key;
}

// The rows of a table that a filter admits by the leading parts of their keys.
template <class Key, class Record>
store::KeyRange filter_range(const store::Table<Key, Record>& table, const ListFilter& filter) {
  Bytes prefix = table.raw_key(std::tuple<>{});
  if (filter.owner) store::append_key(prefix, *filter.owner);
  if (!filter.owner || filter.dseq == 0) return store::KeyRange::with_prefix(prefix);
  if (!filter.is_one_dseq()) {
    store::KeyRange range = store::KeyRange::with_prefix(prefix);
    range.from = prefix;
    store::append_key(range.from, filter.dseq);
    if (filter.dseq_last == UINT64_MAX) return range;
    range.to = prefix;
    store::append_key(range.to, filter.dseq_last + 1);
    return range;
  }
  store::append_key(prefix, filter.dseq);
  if constexpr (std::same_as<Key, OrderId>) {
    if (filter.gseq != 0) store::append_key(prefix, filter.gseq);
    if (filter.gseq != 0 && filter.oseq != 0) store::append_key(prefix, filter.oseq);
  }
  return store::KeyRange::with_prefix(prefix);
}

template <class Key, class Record>
Source<Key> rows(const QueryContext& context, const store::Table<Key, Record>& table,
                 store::KeyRange range) {
  return {[&context, &table, range = std::move(range)](
              BytesView from, typename Source<Key>::Visitor visit) -> Result<void> {
    store::KeyRange rest = range;
    if (!from.empty()) {
      TRY(const Key key, key_at<Key>(from));
      rest.from = std::max(rest.from, table.raw_key(key));
    }
    return table.scan_range(context.state, rest, [&](const Key& key, const Record&) {
      return visit(&key, position_of(key));
    });
  }};
}

Result<Step> order_by_number(const Queries& queries, const QueryContext& context,
                             market::OrderId number, const Bytes& position,
                             Source<OrderId>::Visitor visit) {
  TRY(const std::optional<market::Order> order,
      queries.core.market.find_order(context.state, number));
  const std::optional<OrderId> id = order ? order_named(order->spec) : std::nullopt;
  return visit(id ? &*id : nullptr, position);
}

}  // namespace

bool ListFilter::admits(const DeploymentId& id) const {
  const bool right_dseq = dseq == 0 || (dseq <= id.dseq && id.dseq <= std::max(dseq, dseq_last));
  return (!owner || *owner == id.owner) && right_dseq;
}

bool ListFilter::admits(const OrderId& id) const {
  return admits(id.deployment()) && (gseq == 0 || gseq == id.group.gseq) &&
         (oseq == 0 || oseq == id.oseq);
}

Source<DeploymentId> all_deployments(const QueryContext& context, const ListFilter& filter) {
  return rows(context, kDeployments, filter_range(kDeployments, filter));
}

Source<OrderId> all_orders(const QueryContext& context, const ListFilter& filter) {
  return rows(context, kOrders, filter_range(kOrders, filter));
}

Source<DeploymentId> active_deployments(Queries queries, const QueryContext& context,
                                        const ListFilter& filter) {
  return {[queries, &context, filter](BytesView position,
                                      Source<DeploymentId>::Visitor visit) -> Result<void> {
    TRY(DeploymentId from, key_at<DeploymentId>(position));
    if (filter.owner && from.owner < *filter.owner) from = {*filter.owner, filter.dseq};
    while (true) {
      const auto batch = queries.index.active(context.block.height, from, kIndexBatch);
      if (!batch) break;
      for (const DeploymentId& id : *batch) {
        if (filter.owner && id.owner != *filter.owner) return {};
        if (filter.owner && filter.dseq != 0 && id.dseq > std::max(filter.dseq, filter.dseq_last))
          return {};
        TRY(const Step step, visit(&id, position_of(id)));
        if (step == Step::kStop) return {};
      }
      if (batch->size() < kIndexBatch) return {};
      from = {batch->back().owner, batch->back().dseq + 1};
    }
    // The index does not hold this height.
    store::KeyRange range = filter_range(kDeployments, filter);
    range.from = std::max(range.from, kDeployments.raw_key(from));
    return kDeployments.scan_range(
        context.state, range,
        [&](const DeploymentId& id, const Deployment& deployment) -> Result<Step> {
          const bool active = deployment.state == DeploymentState::kActive;
          return visit(active ? &id : nullptr, position_of(id));
        });
  }};
}

Source<OrderId> live_orders(Queries queries, const QueryContext& context,
                            const ListFilter& filter) {
  return {[deployments = active_deployments(queries, context, filter), &context](
              BytesView position, Source<OrderId>::Visitor visit) -> Result<void> {
    TRY(const OrderId from, key_at<OrderId>(position));
    const Bytes first = position.empty() ? Bytes() : position_of(from.deployment());
    return deployments.walk(first, [&](const DeploymentId* id, const Bytes& at) -> Result<Step> {
      Step step = Step::kGoOn;
      if (id == nullptr) {
        DeploymentId passed;
        TRY_TO(passed, key_at<DeploymentId>(at));
        return visit(nullptr, position_of(OrderId{{passed, 0}, 0}));
      }
      const auto one = [&](const GroupId& group_id, const Group& group) -> Result<Step> {
        const OrderId order{group_id, group.orders};
        if (order < from) return Step::kGoOn;
        TRY_TO(step,
               visit(group.order == market::OrderId{} ? nullptr : &order, position_of(order)));
        return step;
      };
      TRY_VOID(kGroups.scan(context.state, std::tie(*id), one));
      return step;
    });
  }};
}

Source<OrderId> open_orders(Queries queries, const QueryContext& context) {
  return {[queries, &context](BytesView position, Source<OrderId>::Visitor visit) -> Result<void> {
    TRY(const market::OrderId from, key_at<market::OrderId>(position));
    TRY(const DefaultNetwork network, kDefaultNetwork.get(context.state, {}));
    return queries.core.market.scan_open_orders(
        context.state, network.id, from, [&](market::OrderId number) {
          return order_by_number(queries, context, number, position_of(number), visit);
        });
  }};
}

Source<OrderId> leased_orders(Queries queries, const QueryContext& context,
                              const Address& provider) {
  return {[queries, &context, provider](BytesView position,
                                        Source<OrderId>::Visitor visit) -> Result<void> {
    TRY(const market::AgreementId from, key_at<market::AgreementId>(position));
    return queries.core.market.scan_live_agreements(
        context.state, provider, from, [&](market::AgreementId number) -> Result<Step> {
          TRY(const std::optional<market::Agreement> agreement,
              queries.core.market.find_agreement(context.state, number));
          const std::optional<OrderId> id = agreement ? order_named(agreement->spec) : std::nullopt;
          return visit(id ? &*id : nullptr, position_of(number));
        });
  }};
}

Source<BidItem> bids_on(Queries queries, const QueryContext& context, Source<OrderId> orders,
                        const ListFilter& filter) {
  // A bid's position is its order's, and its provider behind it.
  return {[queries, &context, orders = std::move(orders), provider = filter.provider](
              BytesView from, Source<BidItem>::Visitor visit) -> Result<void> {
    Address from_provider;
    BytesView from_order = from;
    if (!from.empty()) {
      if (from.size() <= Address::kSize)
        return fail(QueryError::kInvalidArgument, "the page key belongs to another query");
      from_order = from.substr(0, from.size() - Address::kSize);
      from_provider = Address::of(from.substr(from_order.size()));
    }
    return orders.walk(from_order, [&](const OrderId* id, const Bytes& position) -> Result<Step> {
      const auto in_vain = [&] { return visit(nullptr, position + Address().bytes()); };
      if (id == nullptr) return in_vain();
      TRY(const std::optional<OrderRow> row, kOrders.find(context.state, *id));
      if (!row) return in_vain();
      Step step = Step::kGoOn;
      bool any = false;
      const auto one = [&](const market::BidKey& key, const market::Bid& bid) -> Result<Step> {
        any = true;
        if (BytesView(position) == from_order && key.bidder < from_provider) return Step::kGoOn;
        const BidItem item{{*id, key.bidder}, bid};
        TRY_TO(step, visit(&item, position + key.bidder.bytes()));
        return step;
      };
      if (provider) {
        const market::BidKey key{row->order, *provider};
        TRY(const std::optional<market::Bid> bid, queries.core.market.find_bid(context.state, key));
        return bid ? one(key, *bid) : in_vain();
      }
      TRY_VOID(queries.core.market.scan_bids(context.state, row->order, one));
      return any ? Result<Step>(step) : in_vain();
    });
  }};
}

Result<StateMask> states_asked(const chain::PageRequest& page, const std::string& state,
                               StateMask all, FunctionRef<int(const std::string&)> number_of) {
  if (page.offset() != 0 && !page.key().empty())
    return fail(QueryError::kInvalidArgument, "either offset or key is expected, got both");
  if (!page.key().empty()) {
    if (page.key().size() < 3 || page.key()[0] != kPageKeyVersion)
      return fail(QueryError::kInvalidArgument, "invalid pagination key");
    return static_cast<std::uint8_t>(page.key()[1]) & all;
  }
  if (state.empty()) {
    if (page.offset() == 0) return all;
    return fail(QueryError::kInvalidArgument,
                "invalid request parameters. if offset is set, filter.state must be provided");
  }
  const int number = number_of(state);
  if (number <= 0) return fail(QueryError::kInvalidArgument, "invalid state value");
  return StateMask{1} << number;
}

Result<PageStart> page_start(const chain::PageRequest& page) {
  if (page.key().empty()) return PageStart{};
  if (page.key().size() < 3 || page.key()[0] != kPageKeyVersion)
    return fail(QueryError::kInvalidArgument, "invalid pagination key");
  return PageStart{.segment = static_cast<std::uint8_t>(page.key()[2]),
                   .position = page.key().substr(3)};
}

Bytes page_key(StateMask states, std::size_t segment, const Bytes& position) {
  Bytes key{kPageKeyVersion, static_cast<char>(states), static_cast<char>(segment)};
  return key + position;
}

Result<std::optional<Address>> query_address(const Core& core, const std::string& text,
                                             std::string_view what) {
  if (text.empty()) return std::nullopt;
  const auto address = core.accounts.parse(text);
  if (!address)
    return fail(QueryError::kInvalidArgument, "invalid " + std::string(what) + " address");
  return *address;
}

}  // namespace tp::compute
