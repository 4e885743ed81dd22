// Context: everything that a message handler may touch. State with gas, events, the block; nothing
// else exists for it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "chain/block_info.h"
#include "chain/event.h"
#include "chain/gas.h"
#include "chain/params.h"
#include "store/overlay.h"

namespace tp::chain {

struct ScheduleTicket;

class Context final : public store::Writer {
 public:
  // All referenced objects must outlive the context. Events are added to `events`.
  Context(store::Overlay& state, const BlockInfo& block, const ChainParams& params, GasMeter& gas,
          EventList& events)
      : state_(&state), block_(&block), params_(&params), gas_(&gas), events_(&events) {}

  // Every access charges gas by the table in params. Errors: SdkError::kOutOfGas.
  Result<bool> read(store::StoreId store, BytesView key, store::ValueVisitor visit) const override;
  Result<bool> contains(store::StoreId store, BytesView key) const override;
  Result<void> scan(store::StoreId store, const store::KeyRange& range,
                    store::ScanVisitor visit) const override;
  Result<void> put(store::StoreId store, BytesView key, BytesView value) override;
  Result<void> erase(store::StoreId store, BytesView key) override;

  // Charges per_event; an event that cannot be paid for ends the transaction at its next access.
  void emit(const Event& event);
  void emit(std::string_view type, std::initializer_list<AttributeView> attributes);
  // The same for `count` events whose texts are made only when somebody wants them:
  //   context.emit(2, [&](const auto& add) {
  //     add("coin_spent", {{"spender", text(from)}});
  //     add("coin_received", {{"receiver", text(to)}});
  //   });
  // They are paid for together.
  template <class Write>
  void emit(std::size_t count, Write write) {
    if (!pay_for_events(count)) return;
    std::size_t added = 0;
    write([&](std::string_view type, std::initializer_list<AttributeView> attributes) {
      add(type, attributes);
      ++added;
    });
    TP_ASSERT(added == count);
  }
  // The same with another meter, which must outlive the result.
  Context with(GasMeter& gas) const {
    Context other = *this;
    other.gas_ = &gas;
    return other;
  }
  // From now on events are paid for and forgotten.
  void forget_events() { keeps_events_ = false; }
  // From now on every event ends in the attribute msg_index, which tells a transaction's messages
  // apart.
  void set_message_index(std::size_t index) { message_index_ = std::to_string(index); }
  // From now on what is added to the schedule is noted in `tickets`, also what is taken back later.
  void note_scheduled_in(std::vector<ScheduleTicket>& tickets) { scheduled_ = &tickets; }
  void note_scheduled(const ScheduleTicket& ticket);
  Result<void> charge(Gas amount, std::string_view what) const {
    return gas_->charge(amount, what);
  }

  const BlockInfo& block() const { return *block_; }
  const ChainParams& params() const { return *params_; }
  GasMeter& gas() const { return *gas_; }

 private:
  bool pay_for_events(std::size_t count);  // false also when nobody wants them
  void add(std::string_view type, std::initializer_list<AttributeView> attributes);
  void end_event();

  store::Overlay* state_;
  const BlockInfo* block_;
  const ChainParams* params_;
  GasMeter* gas_;
  EventList* events_;
  bool keeps_events_ = true;
  std::string message_index_;
  std::vector<ScheduleTicket>* scheduled_ = nullptr;  // null where nobody asks
};

}  // namespace tp::chain
