// Context: everything that a message handler may touch. State with gas, events, the block; nothing
// else exists for it.
#pragma once

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
  Result<void> scan(store::StoreId store, const store::KeyRange& range,
                    store::ScanVisitor visit) const override;
  Result<void> put(store::StoreId store, BytesView key, BytesView value) override;
  Result<void> erase(store::StoreId store, BytesView key) override;

  // Charges per_event; an event that cannot be paid for ends the transaction at its next access.
  void emit(Event event);
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
};

}  // namespace tp::chain
