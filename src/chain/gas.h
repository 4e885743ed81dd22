// Gas: what a transaction may cost everyone. Prices are a versioned table in state, never measured
// (design.md §5).
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>

#include "base/result.h"
#include "base/strong.h"

namespace tp::chain {

// Prices per operation, a part of ChainParams, whose version is theirs. Chosen so that a bank
// MsgSend costs under 80,000, which wallets assume as their default.
struct GasTable {
  Gas per_tx_byte{10};  // specs/chain.md §2.4: tx_size_cost_per_byte
  Gas per_secp256k1_verify{1'000};
  Gas per_ed25519_verify{590};
  Gas per_message{2'000};
  Gas per_row_read{1'000};
  Gas per_row_written{2'000};
  Gas per_row_created{4'000};  // beside per_row_written
  Gas per_byte_read{3};
  Gas per_byte_written{30};
  Gas per_event{100};

  auto fields() {
    return std::tie(per_tx_byte, per_secp256k1_verify, per_ed25519_verify, per_message,
                    per_row_read, per_row_written, per_row_created, per_byte_read, per_byte_written,
                    per_event);
  }
  auto fields() const {
    return std::tie(per_tx_byte, per_secp256k1_verify, per_ed25519_verify, per_message,
                    per_row_read, per_row_written, per_row_created, per_byte_read, per_byte_written,
                    per_event);
  }
};

// Counts up to a limit.
class GasMeter {
 public:
  static constexpr Gas kUnlimited{~std::uint64_t{0}};

  explicit GasMeter(Gas limit) : limit_(limit) {}

  // Errors: SdkError::kOutOfGas naming `what`; the meter then stays above its limit, so that every
  // later charge fails too.
  Result<void> charge(Gas amount, std::string_view what);
  Gas used() const { return used_; }
  Gas limit() const { return limit_; }
  Gas remaining() const { return Gas{used_ < limit_ ? limit_.value - used_.value : 0}; }

 private:
  Gas limit_;
  Gas used_{0};
};

}  // namespace tp::chain
