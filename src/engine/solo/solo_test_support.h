// What the tests and benchmarks of this folder share.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "crypto/sha.h"
#include "engine/comet_types/genesis.h"
#include "engine/solo/block_maker.h"

namespace tp::solo {

inline crypto::Ed25519PrivateKey test_key() {
  return *crypto::Ed25519PrivateKey::from_seed(crypto::sha256("validator").view());
}

inline comet_types::Genesis test_genesis() {
  comet_types::Genesis genesis;
  genesis.time = *from_rfc3339("2026-01-01T00:00:00Z");
  genesis.chain_id = "solo-test";
  genesis.validators = {{.validator = {test_key().public_key(), 10}, .name = "solo"}};
  genesis.app_state_json = "{}";
  return genesis;
}

inline BlockStoreOptions test_store_options(std::string directory) {
  return {.directory = std::move(directory),
          .chain_id = "solo-test",
          .genesis_hash = crypto::sha256("genesis"),
          .salt = 0x5a17u};
}

inline PooledTxs pooled(std::vector<Bytes> txs) {
  PooledTxs out;
  for (const Bytes& tx : txs) out.hashes.push_back(crypto::sha256(tx));
  out.txs = std::move(txs);
  return out;
}

// Stands until it is moved.
class HandClock final : public Clock {
 public:
  BlockTime now() const override { return now_; }
  Duration elapsed() const override { return now_ - BlockTime{0}; }
  void set(BlockTime time) { now_ = time; }
  void advance(Duration by) { now_ = now_ + by; }

 private:
  BlockTime now_ = *from_rfc3339("2026-01-02T00:00:00Z");
};

}  // namespace tp::solo
