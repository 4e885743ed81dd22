// What the genesis file says about the whole chain (design.md §5, "The genesis file names the
// chain").
#pragma once

#include <cstdint>
#include <string>
#include <tuple>

#include "base/coin.h"
#include "base/strong.h"
#include "base/time.h"
#include "chain/gas.h"

namespace tp::chain {

struct ChainParams {
  static constexpr std::uint8_t kVersion = 1;

  std::string chain_id;
  std::string prefix = "turn";  // bech32 prefix of accounts
  Denom fee_denom = Denom::of("utoll");
  Denom stake_denom = Denom::of("utoll");
  std::uint32_t coin_type = 118;         // of HD paths (SLIP-44)
  Duration tick = Duration::seconds(6);  // rates are per tick of block time
  // Twice the slowest block interval that is promised: a timer that fires late costs nobody time.
  Duration billable_gap_max = Duration::minutes(2);
  Decimal min_gas_price;  // in fee_denom per unit of gas; checked on admission, not in blocks
  Gas schedule_gas{20'000'000};  // spent on due entries per block, at most
  std::uint32_t max_memo_characters = 256;
  std::uint32_t max_tx_signatures = 7;
  Amount row_deposit{1'000};  // refundable, in fee_denom, for a row that others must store
  GasTable gas;

  auto fields() {
    return std::tie(chain_id, prefix, fee_denom, stake_denom, coin_type, tick, billable_gap_max,
                    min_gas_price, schedule_gas, max_memo_characters, max_tx_signatures,
                    row_deposit, gas);
  }
  auto fields() const {
    return std::tie(chain_id, prefix, fee_denom, stake_denom, coin_type, tick, billable_gap_max,
                    min_gas_price, schedule_gas, max_memo_characters, max_tx_signatures,
                    row_deposit, gas);
  }
};

}  // namespace tp::chain
