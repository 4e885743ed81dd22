// A network as the market works with it: its number, its record, the code of its kind.
#pragma once

#include "modules/market/market.h"

namespace tp::market {

struct Market::Instance {
  NetworkId id;
  registry::Network record;
  NetworkKind* kind = nullptr;

  NetworkRef ref() const { return {id, record}; }
};

}  // namespace tp::market
