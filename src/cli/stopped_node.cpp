#include "cli/stopped_node.h"

#include <thread>

#include "cli/command.h"
#include "crypto/sha.h"
#include "index/index.h"

namespace tp::cli {
namespace {

Result<Height> refuse_to_migrate(Height) {
  return fail(CliError::kFailed,
              "an older program wrote this state; start this one's node once, which migrates it, "
              "and stop it");
}

// The last block that the index has seen; the log must have it, as when the node opens it.
Result<Height> last_indexed(Disk& disk, const NodeHome& home, const std::string& chain_id) {
  if (!disk.exists(home.index() + "/CURRENT")) return Height{0};  // not made yet, or deleted
  TRY(const auto index, index::Index::open(disk, home.index(), chain_id));
  return index->indexed_height();
}

}  // namespace

Result<void> StoppedNode::open_state(const NodeHome& home, const NodeConfig& config) {
  auto app = app::App::open({.directory = home.state(),
                             .cold_cache_bytes = config.cache_mib << 20,
                             .last_block = refuse_to_migrate},
                            disk_.get(), clock_, *compute_, background_);
  if (!app && is(app.error(), store::StoreError::kInUse))
    return fail(CliError::kFailed, "a node runs on " + home.path + "; stop it first");
  TRY_TO(app_, std::move(app));
  return {};
}

Result<std::unique_ptr<StoppedNode>> StoppedNode::open(const GlobalOptions& global) {
  auto node = std::make_unique<StoppedNode>();
  TRY_VOID(node->disk_.open(global.home));
  Disk& disk = node->disk_.get();
  const NodeHome home{global.home};
  if (!disk.exists(home.genesis()))
    return fail(CliError::kUsage, "there is no chain in " + global.home);
  if (!disk.exists(home.blocks() + "/CHAIN"))
    return fail(CliError::kUsage, "the chain in " + global.home +
                                      " never ran; start it with: turnpike node --home " +
                                      global.home);
  NodeConfig config;
  TRY_VOID(declare(config).load(disk, home.settings()));
  TRY(const Bytes genesis_json, disk.read(home.genesis()));
  TRY_TO(node->genesis_, comet_types::parse_genesis(genesis_json, comet_types::AppState::kLeftOut));
  node->compute_ =
      std::make_unique<ThreadExecutor>(std::max(1u, std::thread::hardware_concurrency()) - 1);
  TRY_VOID(node->open_state(home, config));
  TRY(const Height indexed, last_indexed(disk, home, node->genesis_.chain_id));
  TRY_TO(node->blocks_,
         solo::BlockStore::open({.directory = home.blocks(),
                                 .chain_id = node->genesis_.chain_id,
                                 .genesis_hash = crypto::sha256(genesis_json),
                                 .safe = std::max(node->app_->state().durable_height(), indexed)},
                                disk));
  return node;
}

}  // namespace tp::cli
