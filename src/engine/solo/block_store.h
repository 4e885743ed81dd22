// The block log: every block with its commit and results, in files that only grow.
//
//   <directory>/CHAIN                          format, salt, chain id, hash of the genesis
//   <directory>/LOCK                           held while open
//   <directory>/blocks-<first height>.log      records, each with checksums
//   <directory>/blocks-<first height>.idx      where each record of a finished file begins
//   <directory>/blocks-<first height>.log.torn-<n>   what a crash left of a block, for a person
//
// A record says how far the log was synced when it was written, and whoever opens the log says up
// to where it must be whole. So a tail that a crash tore (moved aside on opening) can be told from
// damage to what was once safe (refused, naming file, block and byte).
//
// One thread appends; any thread reads. Errors of this folder: SoloError.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/disk.h"
#include "engine/solo/error.h"
#include "engine/solo/stored_block.h"

namespace tp::solo {

struct BlockStoreOptions {
  std::string directory;
  std::string chain_id;
  Hash256 genesis_hash;  // of the genesis file
  // Enters every checksum of a new log, and is kept with it: so that nobody can send a transaction
  // that looks like a piece of the log. Secret and unpredictable.
  std::uint32_t salt = 0;
  std::uint64_t file_bytes = 64 * 1024 * 1024;  // a log file is finished when it is this large
  // Blocks up to here were safe, because somebody holds what came of them: the state, the index.
  Height safe{0};
};

class BlockStore {
 public:
  // Opens or creates. Cost: reads the last log file once, and the .idx of the others.
  // Errors: kOtherChain, kDamaged, kInputOutput; "... is in use by another process".
  static Result<std::unique_ptr<BlockStore>> open(BlockStoreOptions options, Disk& disk);
  ~BlockStore();

  // Zero when there are none.
  Height first() const;
  // The last block that is safe on disk: what a reader may be shown.
  Height last() const;

  // Writes `block`, the encoding of which is `encoded`, after the last one; sync() makes it safe.
  // After a failure nothing more is accepted until the store is opened again.
  // Errors: kInputOutput.
  Result<void> append(const StoredBlock& block, BytesView encoded);
  // Returns when everything appended survives a power cut. Errors: kInputOutput.
  Result<void> sync();

  // Errors: kUnknownHeight (naming the range that there is), kDamaged, kInputOutput.
  Result<BlockPtr> block(Height height) const;
  // Cost: one read of a few kilobytes, whatever the size of the block.
  Result<BlockMeta> meta(Height height) const;
  // The `index`-th transaction. Cost: four small reads. Errors: also kNotFound of BaseError.
  Result<StoredTx> tx(Height height, std::size_t index) const;

 private:
  struct State;
  explicit BlockStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The last whole block of a log that nobody has open, zero where there is no log. Opens and closes
// it; `options.salt` is not looked at. Errors: as BlockStore::open.
Result<Height> last_stored_block(BlockStoreOptions options, Disk& disk);

}  // namespace tp::solo
