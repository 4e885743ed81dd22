#include "store/table.h"

namespace tp::store {

ErrorInfo describe(StoreError) {
  return {"store", static_cast<std::uint32_t>(StoreError::kNotFound), "not found"};
}

}  // namespace tp::store
