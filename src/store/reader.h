// How everything reads and writes state: named stores of ordered byte keys.
//
// Implementations: StateVersion (an immutable height), Overlay (uncommitted writes on top of a
// Reader), and the chain's Context, which adds gas. Damage on disk never comes back as an error
// here: it stops the process with the file's name, because state that cannot be read must not be
// executed on.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "base/strong.h"

namespace tp::store {

// One Merkle tree under the multistore root; usually one per module. Numbers and names:
// chain/ids.h.
using StoreId = Strong<struct StoreIdTag, std::uint8_t>;

// The keys k with from <= k < to; an empty `to` means no upper bound.
struct KeyRange {
  Bytes from;
  Bytes to;

  // All keys that begin with `prefix`.
  static KeyRange with_prefix(BytesView prefix);
};

enum class Step { kGoOn, kStop };

using ValueVisitor = FunctionRef<void(BytesView value)>;
using ScanVisitor = FunctionRef<Result<Step>(BytesView key, BytesView value)>;

class Reader {
 public:
  virtual ~Reader() = default;

  // Shows `visit` the value where it lies and says true; false, without a call, when there is none.
  // The view is valid during the call only; the visitor must not write.
  virtual Result<bool> read(StoreId store, BytesView key, ValueVisitor visit) const = 0;

  // A copy of what read() shows.
  Result<std::optional<Bytes>> get(StoreId store, BytesView key) const;

  // Whether read() would find something; never reads a value from disk.
  virtual Result<bool> contains(StoreId store, BytesView key) const = 0;

  // Visits keys in ascending byte order until the range ends, the visitor says kStop, or it fails
  // (its error is returned). The views passed are valid during the call only; the visitor must not
  // write to what it scans.
  virtual Result<void> scan(StoreId store, const KeyRange& range, ScanVisitor visit) const = 0;
};

class Writer : public Reader {
 public:
  // Precondition: key and value are not empty (ICS-23 cannot prove empty ones).
  virtual Result<void> put(StoreId store, BytesView key, BytesView value) = 0;
  // Erasing an absent key does nothing.
  virtual Result<void> erase(StoreId store, BytesView key) = 0;
};

// A state with nothing in it.
class EmptyReader final : public Reader {
 public:
  Result<bool> read(StoreId, BytesView, ValueVisitor) const override { return false; }
  Result<bool> contains(StoreId, BytesView) const override { return false; }
  Result<void> scan(StoreId, const KeyRange&, ScanVisitor) const override { return {}; }
};

}  // namespace tp::store
