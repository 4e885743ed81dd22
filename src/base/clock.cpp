#include "base/clock.h"

#include <chrono>

namespace tp {
namespace {

template <class C>
std::int64_t nanoseconds_since_epoch() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(C::now().time_since_epoch()).count();
}

}  // namespace

BlockTime SystemClock::now() const {
  return {nanoseconds_since_epoch<std::chrono::system_clock>()};
}
Duration SystemClock::elapsed() const {
  return {nanoseconds_since_epoch<std::chrono::steady_clock>()};
}

}  // namespace tp
