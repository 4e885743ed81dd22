// The tables of the chain itself.
#pragma once

#include "chain/block_info.h"
#include "chain/ids.h"
#include "chain/params.h"
#include "chain/schedule.h"
#include "store/table.h"

namespace tp::chain {

// The clocks as of the last block.
struct BlockClock {
  static constexpr std::uint8_t kVersion = 1;
  BlockTime time;
  BillableTime billable;
  Bytes genesis_hash;  // so that a repeated init is recognised
  auto fields() { return std::tie(time, billable, genesis_hash); }
  auto fields() const { return std::tie(time, billable, genesis_hash); }
};

struct ScheduleEntry {
  static constexpr std::uint8_t kVersion = 1;
  HandlerId handler = HandlerId::kEscrowRunsDry;
  Bytes key;
  auto fields() { return std::tie(handler, key); }
  auto fields() const { return std::tie(handler, key); }
};

struct ScheduleCounter {
  static constexpr std::uint8_t kVersion = 1;
  std::uint64_t next = 1;
  auto fields() { return std::tie(next); }
  auto fields() const { return std::tie(next); }
};

inline constexpr store::Table<store::OneRow, ChainParams> kParams{kChainParamsTable};
inline constexpr store::Table<store::OneRow, BlockClock> kClock{kBlockClockTable};
inline constexpr store::Table<ScheduleTicket, ScheduleEntry> kScheduleEntries{kScheduleTable};
inline constexpr store::Table<store::OneRow, ScheduleCounter> kScheduleCounter{
    kScheduleCounterTable};

}  // namespace tp::chain
