// What a store can refuse. Codespace "store".
#pragma once

#include <cstdint>

#include "base/result.h"

namespace tp::store {

enum class StoreError : std::uint32_t {
  kNotFound = 2,
  kUnknownStore = 3,  // no store of that id in the schema
  kInvalidWrite = 4,  // an empty key or value, or one that is too long
  kHeightOutOfOrder = 5,
  kHeightNotKept = 6,  // the version of that height was dropped, or does not exist yet
  kCorrupt = 7,  // what is on disk is not what was written; the text names the file or the height
  kSchemaMismatch = 8,  // state of another version, with no migration to this one
  kInUse = 9,           // another process holds the directory
  kDisk = 10,           // the disk refused; the text names file and reason
  kNotProvable = 11,    // nothing can be proven about an empty store
  kInvalidProof = 12,
};
ErrorInfo describe(StoreError error);

}  // namespace tp::store
