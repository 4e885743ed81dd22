// Context: everything that a message handler may touch. State with gas, events, the block; nothing
// else exists for it.
#pragma once

#include <array>
#include <concepts>
#include <iterator>
#include <vector>

#include "chain/block_info.h"
#include "chain/event.h"
#include "chain/gas.h"
#include "chain/params.h"
#include "store/overlay.h"

namespace tp::chain {

class Context final : public store::Writer {
 public:
  // All referenced objects must outlive the context.
  Context(store::Overlay& state, const BlockInfo& block, const ChainParams& params, GasMeter& gas)
      : state_(&state), block_(&block), params_(&params), gas_(&gas) {}

  // Every access charges gas by the table in params. Errors: SdkError::kOutOfGas.
  Result<std::optional<Bytes>> get(store::StoreId store, BytesView key) const override;
  Result<bool> contains(store::StoreId store, BytesView key) const override;
  Result<void> scan(store::StoreId store, const store::KeyRange& range,
                    store::ScanVisitor visit) const override;
  Result<void> put(store::StoreId store, BytesView key, BytesView value) override;
  Result<void> erase(store::StoreId store, BytesView key) override;

  // Charges per_event; an event that cannot be paid for ends the transaction at its next access.
  void emit(Event event);
  // The same for events that are made only when somebody wants them: `make` returns a std::array of
  // them. They are paid for together.
  template <std::invocable Make>
  void emit(Make make) {
    constexpr std::size_t kCount = std::tuple_size_v<std::invoke_result_t<Make>>;
    if (!charge(Gas{kCount * params_->gas.per_event.value}, "event") || !keeps_events_) return;
    auto made = make();
    std::move(made.begin(), made.end(), std::back_inserter(events_));
  }
  // From now on events are paid for and forgotten.
  void forget_events() { keeps_events_ = false; }
  Result<void> charge(Gas amount, std::string_view what) const {
    return gas_->charge(amount, what);
  }

  const BlockInfo& block() const { return *block_; }
  const ChainParams& params() const { return *params_; }
  GasMeter& gas() const { return *gas_; }
  std::vector<Event> take_events() { return std::exchange(events_, {}); }
  const std::vector<Event>& events() const { return events_; }

 private:
  store::Overlay* state_;
  const BlockInfo* block_;
  const ChainParams* params_;
  GasMeter* gas_;
  std::vector<Event> events_;
  bool keeps_events_ = true;
};

}  // namespace tp::chain
