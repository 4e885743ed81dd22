// The number of a network: an instance of a kind (compute, weather, ...) on this chain. Given in
// order from 1 and never reused; 0 names none. Its record is in modules/registry.
#pragma once

#include <cstdint>

#include "base/strong.h"

namespace tp {

using NetworkId = Strong<struct NetworkIdTag, std::uint32_t>;

}  // namespace tp
