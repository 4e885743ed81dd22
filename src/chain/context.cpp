#include "chain/context.h"

#include "chain/schedule.h"
#include "chain/sdk_errors.h"

namespace tp::chain {

Result<void> GasMeter::charge(Gas amount, std::string_view what) {
  // Beyond the limit nothing is free, also not nothing.
  if (used_ <= limit_ && amount.value <= remaining().value) {
    used_ = Gas{used_.value + amount.value};
    return {};
  }
  const u128 wanted = u128{used_.value} + amount.value;
  if (limit_ != kUnlimited) used_ = Gas{limit_.value + 1};
  return fail(SdkError::kOutOfGas, "out of gas in location: " + std::string(what) +
                                       "; gasWanted: " + std::to_string(limit_.value) +
                                       ", gasUsed: " + to_string(wanted));
}

Result<bool> Context::read(store::StoreId store, BytesView key, store::ValueVisitor visit) const {
  const GasTable& price = params_->gas;
  TRY_VOID(charge(price.per_row_read, "row read"));
  std::size_t size = 0;
  TRY(const bool found, state_->read(store, key, [&](BytesView value) {
    size = value.size();
    visit(value);
  }));
  TRY_VOID(charge(Gas{price.per_byte_read.value * size}, "bytes read"));
  return found;
}

Result<bool> Context::contains(store::StoreId store, BytesView key) const {
  TRY_VOID(charge(params_->gas.per_row_read, "row read"));
  return state_->contains(store, key);
}

Result<void> Context::scan(store::StoreId store, const store::KeyRange& range,
                           store::ScanVisitor visit) const {
  const GasTable& price = params_->gas;
  return state_->scan(store, range, [&](BytesView key, BytesView value) -> Result<store::Step> {
    TRY_VOID(charge(Gas{price.per_row_read.value + price.per_byte_read.value * value.size()},
                    "row scanned"));
    return visit(key, value);
  });
}

Result<void> Context::put(store::StoreId store, BytesView key, BytesView value) {
  const GasTable& price = params_->gas;
  TRY_VOID(charge(Gas{price.per_row_written.value + price.per_byte_written.value * value.size()},
                  "row written"));
  TRY(const bool existed, state_->replace(store, key, value));
  // A transaction that cannot pay for the row is dropped as a whole.
  return existed ? Result<void>() : charge(price.per_row_created, "row created");
}

Result<void> Context::erase(store::StoreId store, BytesView key) {
  TRY_VOID(charge(params_->gas.per_row_written, "row erased"));
  return state_->erase(store, key);
}

void Context::note_scheduled(const ScheduleTicket& ticket) {
  if (scheduled_ != nullptr) scheduled_->push_back(ticket);
}

// An unpayable event exhausts the meter; the handler's next access, or the end of the transaction,
// reports it.
bool Context::pay_for_events(std::size_t count) {
  return charge(Gas{count * params_->gas.per_event.value}, "event") && keeps_events_;
}

void Context::emit(const Event& event) {
  if (!pay_for_events(1)) return;
  events_->begin_event(event.type);
  for (const Attribute& one : event.attributes) events_->attribute({one.key, one.value, one.index});
  end_event();
}

void Context::emit(std::string_view type, std::initializer_list<AttributeView> attributes) {
  if (pay_for_events(1)) add(type, attributes);
}

void Context::add(std::string_view type, std::initializer_list<AttributeView> attributes) {
  events_->begin_event(type);
  for (const AttributeView& attribute : attributes) events_->attribute(attribute);
  end_event();
}

void Context::end_event() {
  if (!message_index_.empty()) events_->attribute({"msg_index", message_index_});
  events_->end_event();
}

}  // namespace tp::chain
