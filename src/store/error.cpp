#include "store/error.h"

namespace tp::store {

ErrorInfo describe(StoreError error) {
  const auto info = [error](std::string_view text) {
    return ErrorInfo{"store", static_cast<std::uint32_t>(error), text};
  };
  switch (error) {
    case StoreError::kNotFound: return info("not found");
    case StoreError::kUnknownStore: return info("no such store");
    case StoreError::kInvalidWrite: return info("cannot be stored");
    case StoreError::kHeightOutOfOrder: return info("height out of order");
    case StoreError::kHeightNotKept: return info("state of that height is not kept");
    case StoreError::kCorrupt: return info("state is damaged");
    case StoreError::kSchemaMismatch: return info("state of another version");
    case StoreError::kInUse: return info("data directory is in use");
    case StoreError::kDisk: return info("disk error");
    case StoreError::kNotProvable: return info("nothing to prove");
    case StoreError::kInvalidProof: return info("invalid proof");
  }
  TP_FATAL("unknown StoreError");
}

}  // namespace tp::store
