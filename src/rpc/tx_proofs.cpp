#include "rpc/tx_proofs.h"

#include "base/text.h"
#include "engine/comet_types/hash.h"
#include "rpc/comet_json.h"

namespace tp::rpc {

Answer<const TxProofs::Tree*> TxProofs::tree_of(Height height) {
  if (const auto known = trees_.find(height); known != trees_.end()) return &known->second;
  const auto meta = feed_.meta(height);
  if (!meta) return internal_error(meta.error().text);
  bytes_ += meta->size_bytes;
  if (bytes_ > bytes_max_ && !trees_.empty())
    return internal_error("the blocks to be read for these proofs have more than " +
                          std::to_string(bytes_max_) + " bytes, after " +
                          std::to_string(trees_.size()) +
                          " blocks; ask for fewer with per_page, or without prove");
  const auto block = feed_.block(height);
  if (!block) return internal_error(block.error().text);
  const solo::StoredBlock& stored = **block;
  return &trees_
              .emplace(
                  height,
                  Tree{crypto::MerkleTree(comet_types::data_leaf_hashes(stored.executed.tx_hashes)),
                       stored.meta.header.data_hash})
              .first->second;
}

Answer<json::object> TxProofs::of(const index::TxPlace& place, BytesView tx) {
  const auto tree = tree_of(place.height);
  if (!tree) return std::unexpected(tree.error());
  const crypto::MerkleProof proof = (*tree)->leaves.proof(place.index);
  json::array aunts;
  for (const Hash256& aunt : proof.aunts) aunts.emplace_back(to_base64(aunt.view()));
  return json::object{{"root_hash", to_hex_upper((*tree)->root)},
                      {"data", to_base64(tx)},
                      {"proof", json::object{{"total", std::to_string(proof.total)},
                                             {"index", std::to_string(proof.index)},
                                             {"leaf_hash", to_base64(proof.leaf_hash.view())},
                                             {"aunts", std::move(aunts)}}}};
}

}  // namespace tp::rpc
