// Prices as people read them. The chain counts base units per tick.
#pragma once

#include <string>

#include "base/decimal.h"
#include "base/result.h"
#include "base/time.h"

namespace tp::client {

// The one conversion from a price per tick to one per hour, exact but for digits beyond the 18th.
// Errors: kOverflow.
Result<Decimal> per_hour(const Decimal& per_tick, Duration tick);

// At most six digits that matter, the nearest, and every digit before the point: "0.333333",
// "0.000264375", "12345.7", "123456789".
std::string short_decimal(const Decimal& value);

// "0.12 toll" of 120000 utoll: micro-denominations are shown in their unit, shortly.
std::string money_for_people(const Decimal& amount, const std::string& denom);

}  // namespace tp::client
