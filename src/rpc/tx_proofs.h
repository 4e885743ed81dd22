// Proofs that transactions are in their blocks, for the answer to one call. Rules: specs/chain.md
// §2.2.
#pragma once

#include <boost/json.hpp>
#include <map>

#include "crypto/merkle.h"
#include "engine/solo/block_feed.h"
#include "index/places.h"
#include "rpc/params.h"

namespace tp::rpc {

// Whoever asks for a hundred proofs is a stranger: each block is read and hashed once a call, and
// only so many bytes of blocks are read at all. For one thread.
class TxProofs {
 public:
  // `bytes_max`: of the blocks that are read; the first is read whatever its size. `feed` must
  // outlive the object.
  TxProofs(const solo::BlockFeed& feed, std::size_t bytes_max)
      : feed_(feed), bytes_max_(bytes_max) {}

  // The member "proof" of the transaction `tx` at `place`. Errors: internal error, also when the
  // blocks read for this call have too many bytes. Cost: of the first in a block, the whole block;
  // of the others, log(transactions).
  Answer<boost::json::object> of(const index::TxPlace& place, BytesView tx);

  std::size_t blocks_read() const { return trees_.size(); }

 private:
  struct Tree {
    crypto::MerkleTree leaves;
    Bytes root;  // data_hash of the header
  };
  Answer<const Tree*> tree_of(Height height);

  const solo::BlockFeed& feed_;
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<Height, Tree> trees_;
};

}  // namespace tp::rpc
