// The home of a node that does not run, opened to look at its state.
#pragma once

#include <memory>

#include "app/app.h"
#include "base/clock.h"
#include "base/executor.h"
#include "cli/daemon_disk.h"
#include "cli/node_home.h"
#include "cli/session.h"
#include "engine/comet_types/genesis.h"
#include "engine/solo/block_store.h"

namespace tp::cli {

// Locks the home while it lives, as a node does, so that neither can start beside the other.
class StoppedNode {
 public:
  // Executes no block and migrates nothing. Errors: kUsage when there is no chain, or none that
  // ever ran; kFailed when a node runs on it or an older program wrote its state; and what is wrong
  // with the files.
  static Result<std::unique_ptr<StoppedNode>> open(const GlobalOptions& global);

  app::App& app() { return *app_; }
  const comet_types::Genesis& genesis() const { return genesis_; }  // without app_state
  const solo::BlockStore& blocks() const { return *blocks_; }
  store::StatePtr state() const { return app_->state().latest(); }

 private:
  Result<void> open_state(const NodeHome& home, const NodeConfig& config);

  DaemonDisk disk_;
  SystemClock clock_;
  std::unique_ptr<ThreadExecutor> compute_;
  InlineExecutor background_;
  comet_types::Genesis genesis_;
  std::unique_ptr<app::App> app_;
  std::unique_ptr<solo::BlockStore> blocks_;
};

}  // namespace tp::cli
