#include "engine/solo/block_maker.h"

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "base/text.h"
#include "engine/comet_types/encoding.h"
#include "engine/comet_types/hash.h"
#include "engine/comet_types/vote.h"
#include "engine/solo/results_codec.h"
#include "engine/solo/reused_buffer.h"

namespace tp::solo {
namespace {

std::string text(Height height) {
  return std::to_string(height.value);
}

std::unexpected<Error> cannot_recover(std::string_view why) {
  return fail(SoloError::kCannotRecover, why);
}

// What this engine cannot carry out, though an application may ask for it.
Result<void> check_response(const chain::BlockResponse& response, const StoredBlock& block) {
  if (response.tx_results.size() != block.executed.txs.size()) {
    return fail(SoloError::kUnsupported,
                "the application gave " + std::to_string(response.tx_results.size()) +
                    " results for " + std::to_string(block.executed.txs.size()) + " transactions");
  }
  if (!response.validator_updates.empty()) {
    return fail(SoloError::kUnsupported,
                "block " + text(block.height()) + " changes the validators: several need CometBFT");
  }
  return {};
}

}  // namespace

BlockMaker::BlockMaker(chain::Application& application, BlockStore& store,
                       const comet_types::Genesis& genesis, crypto::Ed25519PrivateKey key,
                       const Clock& clock)
    : application_(application),
      store_(store),
      key_(std::move(key)),
      clock_(clock),
      chain_id_(genesis.chain_id),
      genesis_time_(genesis.time),
      initial_height_(genesis.initial_height),
      params_(genesis.params),
      validators_(comet_types::validators_of(genesis)),
      validators_hash_(comet_types::hash(validators_).bytes()),
      params_hash_(comet_types::hash(params_).bytes()),
      last_results_hash_(comet_types::results_hash({})) {}

Result<std::unique_ptr<BlockMaker>> BlockMaker::open(chain::Application& application,
                                                     BlockStore& store,
                                                     const comet_types::Genesis& genesis,
                                                     crypto::Ed25519PrivateKey key,
                                                     const Clock& clock) {
  const crypto::Ed25519PublicKey self = key.public_key();
  if (genesis.validators.size() != 1 || genesis.validators[0].validator.public_key != self) {
    const comet_types::Validator validator{self, 1};
    return fail(SoloError::kUnsupported,
                "genesis must name one validator, this node's key " +
                    to_hex_upper(validator.address().view()) + "; it names " +
                    std::to_string(genesis.validators.size()) +
                    (genesis.validators.size() == 1 ? ", another one" : ""));
  }
  std::unique_ptr<BlockMaker> maker(
      new BlockMaker(application, store, genesis, std::move(key), clock));
  TRY_VOID(maker->recover(genesis));
  return maker;
}

Result<void> BlockMaker::recover(const comet_types::Genesis& genesis) {
  const chain::Info info = application_.info();
  const Height stored = store_.last();
  app_version_ = info.app_version;
  // Before the first block an application may call itself committed at the height before it.
  const bool is_new = info.committed_height < initial_height_;
  if (!is_new && info.committed_height > stored) {
    return cannot_recover("the state is at height " + text(info.committed_height) +
                          ", the last stored block is " + text(stored) +
                          "; the block log lost blocks that were safe");
  }
  Height next = info.committed_height.next();
  app_hash_ = info.app_hash.bytes();
  if (is_new) {
    TRY(const chain::InitResponse response,
        application_.init({.time = genesis.time,
                           .chain_id = genesis.chain_id,
                           .initial_height = genesis.initial_height,
                           .app_state_json = genesis.app_state_json}));
    app_hash_ = response.app_hash.bytes();
    next = initial_height_;
  } else {
    TRY(last_, store_.block(info.committed_height));
    // A migration changes what the next header says, not what this block gave.
    const Hash256 given = info.app_hash_before_migration.value_or(info.app_hash);
    if (last_->executed.response.app_hash != given) {
      return cannot_recover("the state at height " + text(info.committed_height) +
                            " has app hash " + to_hex_upper(given.view()) +
                            (info.app_hash_before_migration ? " before its migration" : "") +
                            ", the block log says " +
                            to_hex_upper(last_->executed.response.app_hash.view()));
    }
  }
  if (next <= stored) {
    log_info("solo", "replaying blocks " + text(next) + " to " + text(stored));
    TRY_VOID(replay(next));
    TRY_VOID(application_.sync());  // the next start need not do it again
  }
  if (last_) last_results_hash_ = results_hash(last_->executed.response);
  return {};
}

Result<void> BlockMaker::replay(Height from) {
  for (Height height = from; height <= store_.last(); height = height.next()) {
    TRY(const BlockPtr block, store_.block(height));
    if (block->meta.header.app_hash != app_hash_) {
      return cannot_recover("block " + text(height) + " was made on app hash " +
                            to_hex_upper(block->meta.header.app_hash) + ", replay gives " +
                            to_hex_upper(app_hash_));
    }
    const chain::TxBatch txs{block->executed.txs, block->executed.tx_hashes};
    application_.preverify(txs);
    TRY(const chain::BlockResponse response,
        execute({.height = height,
                 .time = block->meta.header.time,
                 .txs = txs,
                 .proposer = block->meta.header.proposer_address.bytes()}));
    const chain::BlockResponse& before = block->executed.response;
    if (response.app_hash != before.app_hash) {
      return cannot_recover("replay of block " + text(height) + " gives app hash " +
                            to_hex_upper(response.app_hash.view()) + ", before it gave " +
                            to_hex_upper(before.app_hash.view()));
    }
    if (results_hash(response) != results_hash(before)) {
      return cannot_recover("replay of block " + text(height) + " gives other results than before");
    }
    TRY_VOID(publish());
    app_hash_ = response.app_hash.bytes();
    last_ = block;
  }
  return {};
}

std::size_t BlockMaker::max_tx_bytes() const {
  const std::int64_t limit =
      params_.block_max_bytes == -1 ? comet_types::kMaxBlockBytes : params_.block_max_bytes;
  comet_types::Block frame;
  frame.header = next_meta(genesis_time_).header;
  // The largest a header of this chain can be: every integer at its longest.
  frame.header.height = Height{std::numeric_limits<std::int64_t>::max()};
  frame.header.last_block_id = {Bytes(32, '\0'), {~0u, Bytes(32, '\0')}};
  frame.last_commit =
      comet_types::sign_commit(key_, chain_id_, frame.header.height, frame.header.last_block_id,
                               BlockTime{std::numeric_limits<std::int64_t>::max()});
  const std::size_t used = comet_types::size_without_txs(frame) + 16;
  return static_cast<std::size_t>(limit) > used ? static_cast<std::size_t>(limit) - used : 0;
}

BlockTime BlockMaker::next_time() const {
  if (!last_) return genesis_time_;
  return std::max(clock_.now(), BlockTime{last_->meta.header.time.nanoseconds + 1});
}

// All of the next header but what follows from the transactions.
BlockMeta BlockMaker::next_meta(BlockTime time) const {
  BlockMeta meta;
  comet_types::Header& header = meta.header;
  header.app_version = app_version_;
  header.chain_id = chain_id_;
  header.height = last_ ? last_->height().next() : initial_height_;
  header.time = time;
  if (last_) {
    header.last_block_id = last_->meta.id;
    // Signed again with the time of this block: with one validator, header time is the timestamp
    // of the last commit (specs/chain.md §9), and it should be now, not when the last block was
    // made. The block is the same, so this is not equivocation.
    meta.last_commit =
        comet_types::sign_commit(key_, chain_id_, last_->height(), last_->meta.id, time);
  }
  header.last_commit_hash = comet_types::hash(meta.last_commit).bytes();
  header.validators_hash = validators_hash_;
  header.next_validators_hash = validators_hash_;
  header.consensus_hash = params_hash_;
  header.app_hash = app_hash_;
  header.last_results_hash = last_results_hash_.bytes();
  header.evidence_hash = comet_types::evidence_hash({}).bytes();
  header.proposer_address = validators_[0].address();
  return meta;
}

Result<BlockPtr> BlockMaker::seal(PooledTxs txs) {
  const BlockTime time = next_time();
  auto block = std::make_shared<StoredBlock>();
  chain::CommittedBlock& executed = block->executed;
  block->meta = next_meta(time);
  comet_types::Header& header = block->meta.header;
  header.data_hash = comet_types::data_hash(txs.hashes).bytes();
  executed.height = header.height;
  executed.time = time;
  executed.hash = comet_types::hash(header);

  comet_types::Block whole{.header = header,
                           .txs = std::move(txs.txs),
                           .evidence = {},
                           .last_commit = block->meta.last_commit};
  empty_for_reuse(encoded_);
  comet_types::append(whole, encoded_);
  block->meta.id = {.hash = executed.hash.bytes(), .parts = comet_types::part_set_header(encoded_)};
  block->meta.tx_count = static_cast<std::uint32_t>(whole.txs.size());
  block->meta.size_bytes = encoded_.size();
  block->meta.seen_commit =
      comet_types::sign_commit(key_, chain_id_, header.height, block->meta.id, time);

  executed.txs = std::move(whole.txs);
  executed.tx_hashes = std::move(txs.hashes);
  TRY(executed.response, execute({.height = header.height,
                                  .time = time,
                                  .txs = {executed.txs, executed.tx_hashes},
                                  .proposer = header.proposer_address.bytes()}));
  TRY_VOID(check_response(executed.response, *block));

  TRY_VOID(store_.append(*block, encoded_));
  TRY_VOID(store_.sync());
  app_hash_ = executed.response.app_hash.bytes();
  last_results_hash_ = results_hash(executed.response);
  last_ = block;
  return last_;
}

Result<void> BlockMaker::commit() {
  return publish();
}

Result<void> BlockMaker::publish() {
  TRY_VOID(application_.commit());
  if (is_long(unsynced_) && application_.begin_sync()) unsynced_ = {};
  return {};
}

Result<chain::BlockResponse> BlockMaker::execute(const chain::BlockRequest& request) {
  const Duration begun = clock_.elapsed();
  TRY(chain::BlockResponse response, application_.finalize(request));
  unsynced_.execution.nanoseconds += clock_.elapsed().nanoseconds - begun.nanoseconds;
  unsynced_.txs += request.txs.txs.size();
  return response;
}

}  // namespace tp::solo
